"""The page of one recording: opening it is a viewing; what it shows is worked out in recording_facts.py."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from liuhen.base import clock
from liuhen.base.devices import selectors as devices
from liuhen.base.devices.models import Device
from liuhen.base.jobs.chores import previews_for
from liuhen.base.jobs.models import Job
from liuhen.base.people.models import Account, Officer
from liuhen.base.people.selectors import officers_of
from liuhen.base.recordings import acts
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import find_recording, not_withheld, visible_to
from liuhen.base.recordings.visits import open_visit
from liuhen.base.storage.amend import Owner, assign
from liuhen.base.storage.reading import record_of
from liuhen.base.storage.stills import take_still
from liuhen.base.storage.stores import open_stores

from . import deadlines, unrelated
from . import recording_facts as facts
from .contents import seen, session_of
from .forms import done
from .people_in import could, person_in


class OwnerForm(forms.Form):
    """Whose recording it is: a device, an officer, or both, and why."""

    device = forms.ModelChoiceField(
        Device.objects.none(), label="设备", required=False, empty_label="（不指定）"
    )
    holder = forms.ModelChoiceField(
        Officer.objects.none(), label="执法人员", required=False, empty_label="（不指定）"
    )
    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea({"rows": 2}), strip=True)

    def __init__(self, *args: Any, person: Account, **more: Any) -> None:
        super().__init__(*args, **more)
        at = clock.now()
        self.fields["device"].queryset = devices.visible_to(person, at).exclude(kind__in=("dock", "store"))  # type: ignore[attr-defined]
        self.fields["holder"].queryset = officers_of(person, at)  # type: ignore[attr-defined]


@require_GET
def page(request: HttpRequest, name: str) -> HttpResponseBase:
    """By number, by OCFL id, or by digest."""
    person = person_in(request)
    at = clock.now()
    recording = not_withheld(find_recording(name, visible_to(person, at)), person, at)
    return _page(request, recording, _owner_form(request, recording))


def _page(
    request: HttpRequest, recording: Recording, form: OwnerForm | None, *, status: int = 200
) -> HttpResponse:
    person, at = person_in(request), clock.now()
    record_of(recording)  # where it is lost, nothing is shown, and nothing was viewed
    visit = open_visit(recording, by=person, session=session_of(request), at=at)
    job = previews_for(recording, at=at)
    context = {
        **facts.page_of(recording, visit, person, at, job),
        **deadlines.of_recording(recording.pk, person, at),
        **unrelated.on_the_page(request, recording, person),
        "form": form,
        "may_download": could(request, acts.DOWNLOAD.who),
        "may_export": could(request, acts.EXPORT.who),
    }
    return render(request, "recordings/recording.html", context, status=status)


def _owner_form(request: HttpRequest, recording: Recording) -> OwnerForm | None:
    act = acts.ASSIGN if recording.state == Recording.State.TO_ASSIGN else acts.CORRECT
    if not could(request, act.who):
        return None
    given = request.POST if request.method == "POST" else None
    initial = {"device": recording.device_id, "holder": recording.holder_id}
    return OwnerForm(given, person=person_in(request), initial=initial)


@require_POST
def assign_owner(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    recording, person = seen(request, pk), person_in(request)
    form = OwnerForm(request.POST, person=person)
    if form.is_valid() and done(form, lambda: _assign(recording, form.cleaned_data, person)):
        messages.success(request, f"{recording.number} 的归属已登记。")
        return redirect("recording", name=recording.number)
    return _page(request, recording, form, status=400)


def _assign(recording: Recording, told: dict[str, Any], person: Account) -> None:
    owner = Owner(told["device"], told["holder"])
    assign(recording, owner, open_stores(), reason=told["reason"], by=person, at=clock.now())


class MomentForm(forms.Form):
    """A moment of a film, in seconds after its start."""

    seconds = forms.FloatField(min_value=0, max_value=10_000_000)


@require_POST
def snapshot(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Keep the picture of a moment; answers with the list of stills, this one first."""
    recording, person, at = seen(request, pk), person_in(request), clock.now()
    form = MomentForm(request.POST)
    seconds = form.cleaned_data["seconds"] if form.is_valid() else 0.0
    still = take_still(recording, seconds, open_stores(), by=person, at=at)
    visit = open_visit(recording, by=person, session=session_of(request), at=at)
    context = {"stills": facts.stills_of(recording, visit), "newest": still.number}
    if request.headers.get("HX-Request") == "true":
        return render(request, "recordings/stills.html", context)
    messages.success(request, f"已截取画面 {still.number}。")
    return redirect("recording", name=recording.number)


@require_GET
def preparing(request: HttpRequest, pk: uuid.UUID, job: uuid.UUID) -> HttpResponseBase:
    """How far the making of what this page lacks has come; when it ended, the page is loaded again, unless something is
    being played on it already."""
    recording, plays = seen(request, pk), "plays" in request.GET
    row = Job.objects.filter(pk=job, agency=recording.agency).first()
    context: dict[str, Any] = {"recording": recording, "source": plays, "mode": "" if plays else "making"}
    if row is not None and row.live:
        return render(request, "recordings/preparing.html", {**context, "job": facts.job_told(row)})
    if plays:
        return render(request, "recordings/prepared.html", context)
    response = HttpResponse()
    response["HX-Redirect"] = reverse("recording", args=[recording.number])
    return response
