"""执法文书 of an activity, and what its page tells of documents, interruptions and reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.base.people.models import Account
from liuhen.core.rules.terms import NAMES
from liuhen.stages.fieldwork import acts, documents, selectors
from liuhen.stages.fieldwork.errors import require_live
from liuhen.stages.fieldwork.facts import pack_of
from liuhen.stages.fieldwork.models import Activity, Document
from liuhen.stages.fieldwork.owed import Owed, reports_owed

from . import scans
from .acting import button, not_there
from .field_links import activity_address
from .forms import done, moment_field
from .people_in import person_in
from .report_forms import telling


class DocumentForm(forms.Form):
    kind = forms.CharField(
        label="种类",
        max_length=60,
        widget=forms.TextInput({"list": "document-kinds", "autocomplete": "off"}),
        help_text="从列表中选，或直接填写文书名称。",
    )
    number = forms.CharField(label="文书编号", max_length=60, required=False)
    started_at = moment_field("文书记载的开始时间", required=False)
    ended_at = moment_field("文书记载的终止时间", required=False)
    on_site = forms.BooleanField(label="现场制作（起止时间与音像记录核对）", required=False, initial=True)
    scan = scans.scan_field("扫描件或文件", required=False)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, pk: UUID) -> HttpResponse:
    activity, person = telling(request, pk), person_in(request)
    back = activity_address(activity)
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            _list(activity, form.cleaned_data, person)

        if done(form, act):
            messages.success(request, "已登记文书。")
            return redirect(back)
    context = {
        "form": form,
        "activity": activity,
        "back": back,
        "kinds": documents.KINDS,
        "basis": acts.LIST_DOCUMENT.basis.cite(activity.agency.pack),
    }
    return render(
        request, "activities/document_new.html", context, status=422 if request.method == "POST" else 200
    )


def _list(activity: Activity, told: dict[str, Any], person: Account) -> Document:
    require_live(activity)
    documents.require_times(told["kind"], told["started_at"], told["ended_at"])
    scan = scans.kept(told["scan"], by=person)
    written = documents.Paperwork(**{**told, "scan": scan})
    return documents.list_document(activity, written, by=person, at=clock.now())


@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    row, person = _find(request, pk), person_in(request)
    return button(
        request,
        lambda reason: documents.withdraw_document(row, reason=reason, by=person, at=clock.now()),
        said=f"已撤下{row}。",
        to=activity_address(row.activity),
    )


@require_safe
def scan(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _find(request, pk)
    if row.scan is None:
        raise not_there()
    ending = row.scan.name.rpartition(".")[2]
    return scans.as_file(row.scan, f"{row.activity.number}{row.kind}{row.number}.{ending}")


def _find(request: HttpRequest, pk: UUID) -> Document:
    person, at = person_in(request), clock.now()
    rows = Document.objects.filter(activity__in=selectors.activities_seen(person, at).values("pk"))
    row = rows.select_related("activity__agency", "scan").filter(pk=pk).first()
    if row is None:
        raise not_there()
    return row


# -- what the page of the activity tells; included as activities/documents.html and activities/reports.html


def documents_told(activity: Activity, person: Account) -> dict[str, Any]:
    """For `activities/documents.html`, as `documents`."""
    return {
        "rows": list(selectors.documents_of(activity)),
        "may_list": _may_tell(activity, person),
        "basis": acts.LIST_DOCUMENT.basis.cite(activity.agency.pack),
    }


def reports_told(activity: Activity, person: Account) -> dict[str, Any]:
    """For `activities/reports.html`, as `reports`: stops, reports, and which report is still owed."""
    at = clock.now()
    owed = reports_owed(activity, at)
    reports = list(activity.reports.select_related("made_by", "reviewed_by", "stop"))
    stops = list(activity.stops.all())
    return {
        "stops": [
            {
                "row": stop,
                "cause": NAMES.get(stop.cause, stop.cause),
                "reports": [one for one in reports if one.stop_id == stop.pk],
                "owed": [_owed(one, activity) for one in owed if one.stop == stop],
            }
            for stop in stops
        ],
        "others": [one for one in reports if one.stop_id is None],
        "owed": [_owed(one, activity) for one in owed if one.stop is None],
        "may_tell": _may_tell(activity, person),
        "basis": acts.MAKE_REPORT.basis.cite(pack.id if (pack := pack_of(activity)) else None),
    }


def _owed(one: Owed, activity: Activity) -> dict[str, Any]:
    about = f"&stop={one.stop.pk}" if one.stop else ""
    return {
        "label": one.label,
        "sentence": one.sentence,
        "tone": one.tone,
        "href": f"{reverse('report_new', args=[activity.pk])}?kind={one.kind}{about}",
    }


def _may_tell(activity: Activity, person: Account, at: datetime | None = None) -> bool:
    who = acts.STOP.who
    return activity.live and who is not None and who.allows(person, activity, at or clock.now())
