"""Marks at the player: made by one key, withdrawn with a reason."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from liuhen.base import clock
from liuhen.base.people.models import Account
from liuhen.base.people.rules import may_ever, roles_of
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.base.rulebook.selectors import pack_at
from liuhen.core.errors import UsageError
from liuhen.stages.fieldwork import acts, marking
from liuhen.stages.fieldwork.models import Mark
from liuhen.stages.fieldwork.proposing import marks_proposed
from liuhen.stages.fieldwork.selectors import activities_seen, marks_of_recording
from liuhen.stages.fieldwork.words import mark_in_words

from .acting import button, not_there
from .contents import seen
from .people_in import person_in
from .templatetags.liuhen import milliseconds


class MarkForm(forms.Form):
    code = forms.CharField(max_length=41)
    seconds = forms.FloatField(min_value=0, max_value=10_000_000)
    note = forms.CharField(max_length=200, required=False)
    proposed = forms.BooleanField(required=False)


def marks_told(recording: Recording, person: Account, at: datetime) -> dict[str, Any]:
    """The marks of a recording and the keys that make more; the caller has asked whether it may be seen."""
    pack = pack_at(recording.agency, recording.taken_at or recording.stored_at)
    roles = roles_of(person)
    withdraw = acts.WITHDRAW_MARK.who
    rows = marks_of_recording(recording, person, at)
    marks = acts.MARK.who is not None and may_ever(acts.MARK.who, roles)
    return {
        "proposed": [
            {
                "code": one.code,
                "seconds": one.seconds,
                "elapsed": milliseconds(round(one.seconds * 1000)),
                "label": mark_in_words(pack, one.code),
                "why": one.why,
                "article": one.article,
            }
            for one in (marks_proposed(recording) if marks else ())
        ],
        "choices": marking.choices(pack),
        "may_mark": marks,
        "marks": [
            {
                "pk": one.pk,
                "seconds": one.seconds or 0,
                "elapsed": milliseconds(round((one.seconds or 0) * 1000)),
                "label": mark_in_words(pack, one.code) + (f"：{one.note}" if one.note else ""),
                "by": one.made_by.name,
                "made_at": one.made_at,
                "may_withdraw": withdraw is not None and withdraw.allows(person, one, at),
            }
            for one in rows
            if one.seconds is not None
        ],
    }


def elapsed(seconds: float) -> str:
    """As one says it: 00:12, 1:02:12."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"


@require_POST
def mark(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Make a mark at a second of a recording; answers with the list of marks."""
    recording, person, at = seen(request, pk), person_in(request), clock.now()
    form = MarkForm(request.POST)
    if not form.is_valid():
        raise UsageError("没有说明标记什么、在哪一刻。", remedy="请在播放的画面上用列出的按键标记。")
    told = form.cleaned_data
    made = marking.mark_recording(
        recording,
        told["code"],
        told["seconds"],
        note=told["note"],
        proposed=told["proposed"],
        by=person,
        at=at,
    )
    label = mark_in_words(pack_at(recording.agency, recording.taken_at or recording.stored_at), made.code)
    said = f"已标记：{label} {elapsed(told['seconds'])}"
    if request.headers.get("HX-Request") == "true":
        context = {
            "recording": recording,
            **marks_told(recording, person, at),
            "may_mark": False,
            "said": said,
        }
        return render(request, "recordings/marks.html", context)
    messages.success(request, f"{said}。")
    return redirect("recording", name=recording.number)


@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    person, at = person_in(request), clock.now()
    row = Mark.objects.filter(pk=pk, agency=person.agency_id).select_related("recording", "activity").first()
    if row is None or not _seen(row, person, at):
        raise not_there()
    back = reverse("recording", args=[row.recording.number]) if row.recording else _activity(row)
    return button(
        request,
        lambda reason: marking.withdraw_mark(row, reason=reason, by=person, at=at),
        said="标记已撤销；谁在何时撤销、为什么，记入留痕账本。",
        to=back,
    )


def _seen(row: Mark, person: Account, at: datetime) -> bool:
    if row.recording_id:
        return visible_to(person, at).filter(pk=row.recording_id).exists()
    return row.activity_id is not None and activities_seen(person, at).filter(pk=row.activity_id).exists()


def _activity(row: Mark) -> str:
    return reverse("activity", args=[row.activity_id])
