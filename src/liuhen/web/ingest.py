"""The ingest wall: cards going in, cards waiting at the dock, files sent from the browser.

- The page is asked again every second by its own script; an answer that has not changed is a 304.
- Closing the page stops nothing: cards are taken in by the worker.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from liuhen.base import clock
from liuhen.base.basis import INTAKE
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to
from liuhen.base.jobs import selectors as jobs
from liuhen.base.jobs import services
from liuhen.base.jobs.models import Job
from liuhen.base.people.models import Account
from liuhen.stages.ingest import acts, docks
from liuhen.stages.ingest import jobs as ingests
from liuhen.stages.ingest.selectors import SEE_RECEIPTS

from .ingest_tiles import tiles_for
from .people_in import could, person_in

_NOT_RECORDERS = (Device.Kind.DOCK, Device.Kind.STORE)


class ClockField(forms.DateTimeField):
    """The time on a recorder's screen, as somebody types it; Asia/Shanghai."""

    input_formats = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
    _PLAIN = str.maketrans("：－／．年月", ":-/---", "日")

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = " ".join(value.replace("日", " ").translate(self._PLAIN).replace("T", " ").split())
        return super().to_python(value)


class CardForm(forms.Form):
    """How a card is started, and how an upload: whose it is, and what its clock shows."""

    device = forms.CharField(label="设备", required=False, max_length=60)
    device_clock = ClockField(label="设备此刻显示的时间", required=False)


def device_clock_of(form: CardForm) -> dict[str, Any]:
    return {
        "device": form.cleaned_data["device"].strip() or None,
        "device_clock": form.cleaned_data["device_clock"],
    }


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    person = person_in(request)
    may = acts.may_begin(person)
    context = {
        "may": may,
        "receipts": could(request, SEE_RECEIPTS),
        "devices": _recorders(person) if may else [],
        "basis": INTAKE.cite(person.agency.pack),
        **_tiles(person),
    }
    return render(request, "ingest/wall.html", context)


@require_safe
def tiles(request: HttpRequest) -> HttpResponse:
    context = _tiles(person_in(request))
    return _unless_known(request, "ingest/tiles.html", context, context["version"])


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """The cards at the docks; nothing for whoever may not take one in."""
    person = person_in(request)
    found = docks.candidates(person)
    busy = {job.key.partition(":")[2] for job in jobs.jobs_of(person, clock.now()).filter(state__in=_LIVE)}
    cards = [
        {"card": card, "version": _version(card, card.key in busy), "busy": card.key in busy}
        for card in found
    ]
    context = {"cards": cards, "devices": _recorders(person) if found else []}
    return _unless_known(request, "ingest/docks.html", context, _version([one["version"] for one in cards]))


_LIVE = Job.LIVE


def _tiles(person: Account) -> dict[str, Any]:
    at = clock.now()
    found = tiles_for(person, at)
    idle = jobs.nobody_works(at)
    marks = [(tile.id, tile.version, tile.acts_version) for tile in found]
    return {"tiles": found, "nobody_works": idle, "version": _version(marks, idle)}


def _recorders(person: Account) -> list[Device]:
    rows = visible_to(person, clock.now()).filter(state=Device.State.IN_USE).exclude(kind__in=_NOT_RECORDERS)
    return list(rows.order_by("serial"))


def _version(*values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def _unless_known(request: HttpRequest, template: str, context: dict[str, Any], version: str) -> HttpResponse:
    mark = f'"{version}"'
    if request.headers.get("If-None-Match") == mark:
        return HttpResponseNotModified(headers={"ETag": mark})
    return HttpResponse(render_to_string(template, context, request=request), headers={"ETag": mark})


@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Take in a card that waits at a dock."""
    person = person_in(request)
    card = docks.candidate_named(key, person)
    form = CardForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, "设备时间看不懂，没有开始采集。怎么办：请写成 2026-11-21 09:30:00 的样子，或留空。"
        )
        return redirect("ingest")
    ingests.ask_for_card(card.path, by=person, at=clock.now(), label=card.label, **device_clock_of(form))
    return redirect("ingest")


@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    person = person_in(request)
    services.cancel(jobs.job_with(pk, person, clock.now()), by=person, at=clock.now())
    messages.success(request, "已请它停下，通常一秒之内停止；已入库的文件不受影响。")
    return redirect("ingest")


@require_POST
def again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    person = person_in(request)
    ingests.ask_again(jobs.job_with(pk, person, clock.now()), by=person, at=clock.now())
    return redirect("ingest")
