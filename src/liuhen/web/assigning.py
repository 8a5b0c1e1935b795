"""确定归属 of a selection: look at what is meant, say whose it is and why, see what became of each."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from liuhen.base import clock
from liuhen.base.basis import CLASSIFY
from liuhen.base.jobs.assigning import ask_to_assign
from liuhen.base.jobs.selectors import job_with, nobody_works
from liuhen.base.ledger import publish
from liuhen.base.recordings import acts
from liuhen.base.recordings.lists.selection import Selection
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.amend import Owner
from liuhen.base.storage.assigning import assign_each
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import UsageError
from liuhen.stages.ingest import waiting

from .acting import not_there, only
from .forms import done
from .people_in import person_in
from .recording_list import selection_in, told_again
from .recordings import OwnerForm

AT_ONCE = 30  # recordings assigned while the page waits; more are a job
_SHOWN = 10


@require_safe
def to_assign(request: HttpRequest) -> HttpResponse:
    """待归属, card by card."""
    only(request, acts.ASSIGN.who)
    person, at = person_in(request), clock.now()
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 7 else 1
    groups, more = waiting.groups_waiting(person, at, page=max(1, page))
    loose = waiting.without_card(person, at) if page <= 1 else None
    context = {
        "groups": groups,
        "loose": loose,
        "before": page - 1,
        "after": page + 1 if more else 0,
        "basis": CLASSIFY.cite(person.agency.pack),
    }
    return render(request, "recordings/to_assign.html", context)


@require_POST
def assign(request: HttpRequest) -> HttpResponseBase:
    """First the question, with `sure` the deed."""
    only(request, acts.ASSIGN.who)
    selection = _selection(request)
    if "sure" not in request.POST:
        guess = {"device": request.POST.get("device") or None, "holder": request.POST.get("holder") or None}
        return _ask(request, selection, OwnerForm(person=person_in(request), initial=guess))
    form = OwnerForm(request.POST, person=person_in(request))
    results: list[HttpResponseBase] = []
    if form.is_valid() and done(form, lambda: results.append(_do(request, selection, form.cleaned_data))):
        return results[0]
    return _ask(request, selection, form, status=422)


def _selection(request: HttpRequest) -> Selection:
    """A card's waiting recordings, or what a list selected."""
    key = request.POST.get("batch", "")
    if not key:
        return selection_in(request)
    person, at = person_in(request), clock.now()
    batch = waiting.batch_waiting(key, person, at)
    if batch is None:
        raise UsageError("这张卡已没有待归属的记录。", remedy="请刷新待归属页面。")
    return Selection(tuple(row.pk for row in waiting.waiting_of(batch, person, at)))


def _ask(request: HttpRequest, selection: Selection, form: OwnerForm, *, status: int = 200) -> HttpResponse:
    person, at = person_in(request), clock.now()
    first: list[Recording] = []
    for row in selection.rows(person, at):
        first.append(row)
        if len(first) > _SHOWN:
            break
    if not first:
        raise not_there()
    count = selection.count(person, at)
    context = {
        "title": f"确定{'所选' if count is None else f' {count} 条'}记录的归属",
        "form": form,
        "fields": told_again(selection),
        "first": first[:_SHOWN],
        "more": len(first) > _SHOWN,
        "count": count,
        "not_waiting": any(row.state != Recording.State.TO_ASSIGN for row in first),
        "basis": CLASSIFY.cite(person.agency.pack),
    }
    return render(request, "recordings/assign.html", context, status=status)


def _do(request: HttpRequest, selection: Selection, told: dict[str, Any]) -> HttpResponseBase:
    person, at = person_in(request), clock.now()
    owner = Owner(told["device"], told["holder"])
    if owner.device is None and owner.holder is None:
        raise UsageError("没有说明归属。", remedy="请选择设备、执法人员，或两者都选。")
    count = selection.count(person, at)
    if count is None or count > AT_ONCE:
        job = ask_to_assign(selection, owner, reason=told["reason"], by=person, at=at)
        return redirect("recordings_assigning", job=job.pk)
    wanted = list(selection.rows(person, at))
    with publish.batched():
        rows = list(assign_each(wanted, owner, open_stores(), reason=told["reason"], by=person, at=at))
    assigned = sum(row.done for row in rows)
    context = {
        "rows": [(row.number, row.done, row.sentence) for row in rows],
        "assigned": assigned,
        "left": len(rows) - assigned,
        "owner": owner,
    }
    return render(request, "recordings/assigned.html", context)


@require_safe
def progress(request: HttpRequest, job: uuid.UUID) -> HttpResponse:
    """How far the job has come, and at its end what became of each."""
    only(request, acts.ASSIGN.who)
    row, at = job_with(job, person_in(request), clock.now()), clock.now()
    result = row.result or {}
    context = {
        "job": row,
        "rows": result.get("rows", []),
        "assigned": result.get("assigned", 0),
        "left": result.get("left", 0),
        "nobody_works": row.live and nobody_works(at),
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "recordings/assigning_part.html" if part else "recordings/assigning.html", context)
