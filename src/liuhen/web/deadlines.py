"""期限: what is due, overdue, waiting or done, each with its article; and what would let records go earlier."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from liuhen.base import clock
from liuhen.base.basis import OWN_RULE, article_in_words
from liuhen.base.deadlines import acts, follow, selectors, services
from liuhen.base.deadlines.models import Deadline, Matter, Shortening
from liuhen.base.ledger.selectors import entry_at
from liuhen.base.people.models import Account
from liuhen.base.recordings.acts import BROWSE
from liuhen.base.recordings.models import Recording
from liuhen.core.rules.calendar import Period
from liuhen.core.rules.terms import NAMES
from liuhen.doors.following import bring_up
from liuhen.stages.fieldwork.models import Activity

from . import registers
from .acting import button, not_there, only
from .ledger import LABELS
from .people_in import could, person_in
from .registers import Column, Nothing, Register

LABELS_OF = {
    "open": "未办",
    "overdue": "逾期",
    "soon": "将到期",
    "waiting": "等待事实",
    "undated": "未写明时限",
    "met": "已办",
}
_TONES = {"overdue": "逾期", "soon": "将到期", "late": "已办（逾期）", "met": "已办"}


def _register(at: datetime) -> Register:
    return Register(
        name="期限登记簿",
        title="期限登记簿",
        columns=(
            Column("due", "截止", lambda row: row.due_at, width=12),
            Column("state", "状态", lambda row: label_of(row, at), 6, state=lambda row: tone_of(row, at)),
            Column("duty", "事项", lambda row: NAMES[row.duty], width=9),
            Column("number", "记录或活动", _about, width=12, href=_way),
            Column("who", "责任人", _who, width=12),
            Column("article", "依据", lambda row: article_in_words(row.pack, row.article), width=22),
            Column("counted", "推算", counted, width=20),
            Column("met", "办结", lambda row: row.met_at, width=12),
            Column("version", "版本", lambda row: row.version, width=4, shown=False),
        ),
        nothing=Nothing("没有这样的期限", "记录入库后，按当天施行的规定自动推算。"),
    )


def tone_of(row: Deadline, at: datetime) -> str:
    return selectors.tone_of(row, at)


def label_of(row: Deadline, at: datetime) -> str:
    return _TONES.get(selectors.tone_of(row, at)) or row.get_state_display()


def _who(row: Deadline) -> str:
    return f"{row.who} → {row.to}" if row.to else row.who


_ACTIVITY = "activity:"


def _about(row: Any) -> str | None:
    """The number of the recording, or of the activity, that the duty is about."""
    if row.number or not row.matter.subject.startswith(_ACTIVITY):
        return row.number or None
    return _number_of(row.matter.subject.removeprefix(_ACTIVITY))


@lru_cache(maxsize=4096)
def _number_of(activity: str) -> str | None:
    """A number, once given, never changes."""
    return Activity.objects.filter(pk=activity).values_list("number", flat=True).first()


def _way(row: Any) -> str | None:
    if row.number:
        return reverse("recording", args=[row.number])
    subject = row.matter.subject
    return (
        reverse("activity", args=[subject.removeprefix(_ACTIVITY)]) if subject.startswith(_ACTIVITY) else None
    )


def counted(row: Deadline) -> str:
    """From when, how long: “执法活动结束 2026-03-13 17:00:00 起 24 小时”."""
    start, _, within = row.basis.partition(" + ")
    if start.startswith("end of the day of "):
        start, within = start.removeprefix("end of the day of "), "当日"
    length = within if within in ("", "当日") else Period.parse(within).in_words()
    moment = f" {clock.local(row.starts_at)}" if row.starts_at else "（未登记）"
    assumed = "，结束时间未登记，按录制结束推算" if row.assumed else ""
    said = f"{NAMES.get(start, _OTHER.get(start, start))}{moment} 起{f' {length}' if length else '，未写明时限'}{assumed}"
    return f"{said}；{row.warnings}" if row.warnings else said


_OTHER = {"resumed_at": "恢复记录", "interrupted_at": "中断"}


@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    only(request, BROWSE)
    person, at = person_in(request), clock.now()
    behind = bring_up(person)
    name = request.GET.get("state", "open")
    name = name if name in selectors.SELECTIONS else "open"
    choice = selectors.SELECTIONS[name]
    rows = selectors.visible_to(person, at)
    number = Recording.objects.filter(pk=OuterRef("recording")).values("number")[:1]
    shown = choice.rows(rows, at).select_related("matter").annotate(number=Subquery(number))
    register = replace(_register(at), order=choice.order, full=choice.full)
    context = {
        "choices": [
            {
                "name": key,
                "label": LABELS_OF[key],
                "here": key == name,
                "count": _count(one, rows, at) if key in ("overdue", "soon") else "",
            }
            for key, one in selectors.SELECTIONS.items()
        ],
        "behind": behind,
        "shortenings": len(selectors.shortenings(person, at)),
    }
    return registers.respond(request, register, shown, "deadlines/page.html", context)


def _count(choice: selectors.Selection, rows: QuerySet[Deadline], at: datetime) -> str:
    found = selectors.at_most(choice.rows(rows, at))
    return f"{selectors.COUNTED} 以上" if found > selectors.COUNTED else str(found)


# -- what would let records go earlier


@require_safe
def shortenings(request: HttpRequest) -> HttpResponse:
    only(request, acts.SEE)
    person, at = person_in(request), clock.now()
    behind = bring_up(person)
    context = {
        "rows": [_told(one, person, at) for one in selectors.shortenings(person, at)],
        "decides": could(request, acts.APPROVE.who),
        "basis": OWN_RULE.cite(person.agency.pack),
        "behind": behind,
    }
    return render(request, "deadlines/shortenings.html", context)


def _told(one: selectors.Pending, person: Account, at: datetime) -> dict[str, Any]:
    entry = entry_at(one.row.cause, person, at)
    numbers = dict(
        Recording.objects.filter(pk__in=[row.recording for row in one.examples]).values_list("pk", "number")
    )
    return {
        "row": one.row,
        "cause": LABELS.get(entry.kind, entry.kind) if entry else "",
        "entry": entry,
        "count": one.count,
        "examples": [
            {
                "number": numbers.get(row.recording, row.subject) if row.recording else row.subject,
                "before": keeping_in_words(row),
                "after": standing_in_words(follow.shorter_of(row)),
            }
            for row in one.examples
        ],
    }


def keeping_in_words(row: Matter) -> str:
    return standing_in_words(follow.stands(row))


def standing_in_words(one: Any) -> str:
    """How long, in the words of a list."""
    if one is None:
        return "还不知道是哪一天的活动，一直保存"
    said = {
        "silent": "没有规定期限，一直保存",
        "permanent": "永久",
        "follows_dossier": f"与案卷同期，{f'至 {one.until}' if one.until else '案卷期限未定，一直保存'}",
        "period": f"至 {one.until}（含当日）" if one.until else "录制结束时间未知，暂不起算",
    }[one.rule]
    floor = f"，不早于 {one.floor}" if one.floor and one.floor != one.until and not one.for_ever else ""
    return f"{said}{floor}{'；长期保存' if one.long_term else ''}"


def of_recording(recording: UUID, person: Account, at: datetime) -> dict[str, Any]:
    """Keeping and duties for the page of a recording; the caller has asked whether it may be seen."""
    bring_up(person)
    row = selectors.keeping_of(recording)
    if row is None:
        return {}
    shorter = follow.shorter_of(row)
    return {
        "keeping": {
            "words": keeping_in_words(row),
            "basis": article_in_words(row.pack, row.article) if row.pack and row.article else "",
            "waits": standing_in_words(shorter) if shorter else "",
        },
        "duties": [_duty(one, at) for one in selectors.duties_of_recording(recording)],
    }


def deadlines_of_activity(subject: str, person: Account, at: datetime) -> dict[str, Any]:
    """Duties for the page of an activity; the caller has asked whether it may be seen."""
    behind = bring_up(person)
    rows = Deadline.objects.filter(matter__subject=subject, agency=person.agency_id).order_by("pk")
    return {"duties": [_duty(one, at) for one in rows], "duties_behind": behind}


def _duty(row: Deadline, at: datetime) -> dict[str, Any]:
    return {
        "row": row,
        "name": NAMES[row.duty],
        "who": _who(row),
        "tone": tone_of(row, at),
        "label": label_of(row, at),
        "basis": article_in_words(row.pack, row.article),
        "counted": counted(row),
    }


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, approve=True)


@require_POST
def uphold(request: HttpRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, approve=False)


def _decide(request: HttpRequest, pk: int, *, approve: bool) -> HttpResponse:
    only(request, acts.APPROVE.who)
    person = person_in(request)
    row = Shortening.objects.filter(agency=person.agency, pk=pk).first()
    if row is None:
        raise not_there()
    return button(
        request,
        lambda reason: services.decide(row, approve=approve, reason=reason, by=person, at=clock.now()),
        said="已批准，按新的期限保管。" if approve else "已维持原保管期限。",
        to=reverse("deadlines_shortenings"),
    )
