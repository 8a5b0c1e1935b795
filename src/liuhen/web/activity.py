"""The page of one activity: everything of it on one timeline, what it lacks, and its recordings played in step.

- Whoever may see the activity sees the page; recordings stand there as far as the person may see them.
- Opening the page views nothing: a recording is viewed when its bytes are asked for (`play`), one entry each.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from liuhen.base import clock
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.core.errors import UsageError
from liuhen.stages.fieldwork import acts, settling
from liuhen.stages.fieldwork.checks import as_seen, judge
from liuhen.stages.fieldwork.models import Activity, Settled
from liuhen.stages.fieldwork.selectors import activities_seen, recordings_of

from . import activity_facts, activity_findings, activity_timeline, activity_times, registers
from .acting import button, not_there, only
from .activity_findings import way
from .activity_play import LANES, MOST, lanes_of, source_told
from .deadlines import deadlines_of_activity
from .documents import documents_told, reports_told
from .people_in import could, person_in


@require_safe
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    activity, person, at = find_activity(request, pk), person_in(request), clock.now()
    context = {
        **shown(activity, person, at),
        "documents": documents_told(activity, person),
        "reports": reports_told(activity, person),
        **deadlines_of_activity(activity.subject, person, at),
        "list_address": way("activities"),
        "ways": _ways(activity, person, at),
        "may_settle": could(request, acts.SETTLE.who),
        "settles": acts.SETTLE.who.in_words() if acts.SETTLE.who else "",
    }
    return render(request, "activities/activity.html", context)


def shown(activity: Activity, person: Account, at: datetime) -> dict[str, Any]:
    """What page and paper have in common."""
    judged = as_seen(judge(activity), person, at)
    seen = list(recordings_of(activity, person, at).select_related("device", "holder"))
    told = activity_timeline.told_of(judged, frozenset(one.pk for one in seen))
    drawing = activity_timeline.drawn(told)
    return {
        "activity": activity,
        "judged": judged,
        "told": told,
        "drawing": drawing,
        "axis_facts": json.dumps(drawing.facts) if drawing else "",
        "coverage": activity_timeline.coverage_words(judged),
        "groups": activity_findings.grouped(judged),
        "counts": activity_findings.counts(judged),
        "play_lanes": lanes_of(told),
        "most_lanes": LANES,
        **activity_facts.facts_of(activity, judged),
    }


def _ways(activity: Activity, person: Account, at: datetime) -> dict[str, str]:
    """Pages of other rooms that this person may go on to."""
    tells = activity.live and acts.TELL.who is not None and acts.TELL.who.allows(person, activity, at)
    voids = activity.live and acts.VOID.who is not None and acts.VOID.who.allows(person, activity, at)
    return {
        "tell": way("activity_tell", activity.pk) if tells else "",
        "stop": way("stop_new", activity.pk) if tells else "",
        "report": way("report_new", activity.pk) if tells else "",
        "document": way("document_new", activity.pk) if tells else "",
        "void": way("activity_void", activity.pk) if voids else "",
    }


@require_safe
def paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One A4 sheet; a longer activity goes on to the next."""
    activity, person, at = find_activity(request, pk), person_in(request), clock.now()
    return render(request, "activities/print.html", {**shown(activity, person, at), "at": at})


@require_safe
def times(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """《时间一致性核对表》."""
    activity = find_activity(request, pk)
    judged = judge(activity)
    context = {"activity": activity, **activity_times.said_of(judged)}
    register = activity_times.register_of(judged)
    return registers.respond(request, register, list(judged.table), "activities/times.html", context)


@require_POST
def play(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Sources of the recordings chosen, each a viewing of its own. Raises UsageError for none or too many."""
    activity, person, at = find_activity(request, pk), person_in(request), clock.now()
    wanted = {key for text in request.POST.getlist("recording") if (key := _key(text))}
    rows = recordings_of(activity, person, at).filter(pk__in=wanted)
    rows = rows.filter(kind__in=(Recording.Kind.VIDEO, Recording.Kind.AUDIO))
    found = list(rows.select_related("device", "holder", "placed")[: MOST + 1])
    if not found:
        raise UsageError(
            "没有选中可以播放的录像或录音。", remedy="请勾选要播放的记录。", code="nothing_chosen"
        )
    if len(found) > MOST:
        raise UsageError(f"一次最多打开 {MOST} 条记录。", remedy="请减少勾选。", code="too_many")
    session = request.session.session_key or ""
    return JsonResponse({"sources": [source_told(one, person, session, at) for one in found]})


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# -- findings


@require_POST
def settle(request: HttpRequest, pk: UUID) -> HttpResponse:
    activity, person = find_activity(request, pk), person_in(request)
    only(request, acts.SETTLE.who)
    key = request.POST.get("key", "")
    return button(
        request,
        lambda reason: settling.settle(activity, key, reason=reason, by=person, at=clock.now()),
        said="已办结；问题仍列在下面，注明办结人和理由。",
        to=_findings(activity),
    )


@require_POST
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    activity, person = find_activity(request, pk), person_in(request)
    only(request, acts.REOPEN.who)
    rows = activity.settled.filter(state=Settled.State.SETTLED, key=request.POST.get("key", ""))
    row = rows.first()
    if row is None:
        raise not_there()
    return button(
        request,
        lambda reason: settling.reopen(row, reason=reason, by=person, at=clock.now()),
        said="已重新打开。",
        to=_findings(activity),
    )


def _findings(activity: Activity) -> str:
    return f"{reverse('activity', args=[activity.pk])}#findings"


def find_activity(request: HttpRequest, pk: UUID) -> Activity:
    """The activity, if this person may know of it. Raises NotFoundError."""
    only(request, acts.BROWSE)
    rows = activities_seen(person_in(request), clock.now()).select_related("unit", "agency", "opened_by")
    activity = rows.filter(pk=pk).first()
    if activity is None:
        raise not_there()
    return activity
