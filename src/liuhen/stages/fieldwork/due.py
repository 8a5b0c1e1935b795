"""By when a report is due, asked before it is made: what the rule engine would say if it were owed now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from liuhen.base import packs
from liuhen.base.clock import local
from liuhen.core.findings import length_in_words
from liuhen.core.rules.calendar import Period
from liuhen.core.rules.clocks import Due, duties_of

from .facts import facts_of, pack_of, read
from .models import Activity, Report

_DUTIES = {Report.Kind.WORK_RECORD.value: Report.Kind.UNRECORDED.value}


class DueSaid(NamedTuple):
    """`tone` as of a state: late, soon, or nothing; `due_at` where the text names hours."""

    sentence: str
    tone: str = ""
    due_at: datetime | None = None


def due_of(activity: Activity, kind: str, at: datetime) -> DueSaid | None:
    """None where the regulation asks for no such report."""
    found = _found(activity, kind)
    if found is None:
        return None
    if found.state == "waiting":
        return DueSaid("执法活动结束后开始计算（还没有登记结束时间）")
    if found.due_at is None:
        said = "应当立即报告" if found.state == "immediate" else "应当及时办理（条文没有写明几小时）"
        return DueSaid(said, "immediate" if found.state == "immediate" else "")
    return _dated(found, at)


def _dated(found: Due, at: datetime) -> DueSaid:
    due = found.due_at
    if due is None:
        raise ValueError("no moment")
    told = f"应在 {local(due)} 前提交（{_span(found.basis)}）"
    if due < at:
        return DueSaid(f"{told}，已超过 {_length(at - due)}", "late", due)
    return DueSaid(f"{told}，还有 {_length(due - at)}", "soon" if due - at < timedelta(hours=4) else "", due)


def _span(basis: str) -> str:
    _start, plus, within = basis.partition(" + ")
    return f"执法活动结束后 {Period.parse(within).in_words()}内" if plus else "执法活动结束后"


def _length(span: timedelta) -> str:
    hours, rest = divmod(int(span.total_seconds()), 3600)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} 天 {hours} 小时"
    return f"{hours} 小时 {rest // 60} 分" if hours else length_in_words(max(rest, 1))


def _found(activity: Activity, kind: str) -> Due | None:
    pack = pack_of(activity)
    if pack is None:
        return None
    told = facts_of(activity)
    if kind == Report.Kind.UNRECORDED:
        told = {**told, "not_recorded": {}}
    wanted = _DUTIES.get(kind, kind)
    for one in duties_of(pack, read(told), packs.calendar()):
        if one.duty == wanted:
            return one
    return None
