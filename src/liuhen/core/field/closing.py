"""How a hole closes: which explanation the pack accepts for which kind of hole, and what of it is still missing.

- A not-recorded report closes any hole it spans, on a ground the pack lists (or any, where its list is open).
- JJ 10, SF 11, PY 9: a hole that ended closes with the reason spoken when recording goes on; one that did not end
  closes with a report at once and a written statement afterwards, both.
- BF 12 (`report_every_stop`): after every stop a work record, which closes it once it is reviewed, as does a report
  of not having recorded; the list of causes is closed, so another cause leaves it open.
- AK says nothing of interruptions: only a not-recorded report closes there.
- A late start is no interruption: recording had not begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from ..rules.pack import Interruption, Pack

HoleKind = Literal["late_start", "early_stop", "hole", "nothing_recorded"]
Explanation = Literal[
    "spoken_reason", "interruption_report", "interruption_statement", "work_record", "unrecorded_report"
]
LACKING = {
    "spoken_reason": "恢复时的语音说明",
    "interruption_report": "立即报告",
    "interruption_statement": "事后书面说明",
    "work_record": "工作记录",
    "review": "审核备案",
    "listed_cause": "条文所列的原因",
    "listed_ground": "条文所列的理由",
    "unrecorded_report": "未记录的说明",
}
SPOKEN_WITHIN = timedelta(minutes=5)  # of the resumption: "when recording begins again"
NEAR = timedelta(minutes=2)  # officers write times by the minute


@dataclass(frozen=True, slots=True)
class Explained:
    """One explanation. `start`/`end`: the stretch it is about, None for open (the whole activity when both are);
    a spoken reason is said at `start`. `code`: the cause or ground; `reviewed`: by whom the pack names."""

    kind: Explanation
    start: datetime | None = None
    end: datetime | None = None
    code: str | None = None
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch that ought to be recorded and is not. `closed_by` says what closed it, `missing` what does not yet."""

    kind: HoleKind
    start: datetime
    end: datetime
    seconds: float
    closed_by: tuple[Explanation, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        return bool(self.closed_by)


def close(pack: Pack, hole: Hole, explained: Sequence[Explained]) -> Hole:
    """The hole, closed or with what is missing (codes of LACKING)."""
    report = _unrecorded(pack, hole, explained)
    if report.closed:
        return report
    rule = pack.interruption
    if rule is None or hole.kind in ("late_start", "nothing_recorded"):
        return report
    stopped = _every_stop(rule, hole, explained) if rule.report_every_stop else _told(hole, explained)
    return stopped if stopped.closed else replace(stopped, missing=(*stopped.missing, *_half(report)))


def _half(report: Hole) -> tuple[str, ...]:
    """Of a report that is there and not enough; that there is none at all is nothing to ask for here."""
    return tuple(one for one in report.missing if one != "unrecorded_report")


def _unrecorded(pack: Pack, hole: Hole, explained: Sequence[Explained]) -> Hole:
    rule = pack.unrecorded
    reports = [one for one in explained if one.kind == "unrecorded_report" and _spans(one, hole)]
    if not reports or rule is None:
        return replace(hole, missing=("unrecorded_report",))
    listed = [one for one in reports if not rule.closed or not rule.grounds or one.code in rule.grounds]
    if not listed:
        return replace(hole, missing=("listed_ground",))
    reviewed = any(one.reviewed for one in listed)
    if pack.interruption and pack.interruption.report_every_stop and not reviewed:
        return replace(hole, missing=("review",))
    return replace(hole, closed_by=("unrecorded_report",))


def _told(hole: Hole, explained: Sequence[Explained]) -> Hole:
    if hole.kind == "hole" and any(_spoken(one, hole) for one in explained):
        return replace(hole, closed_by=("spoken_reason",))
    kinds: tuple[Explanation, ...] = ("interruption_report", "interruption_statement")
    there = tuple(kind for kind in kinds if any(one.kind == kind and _spans(one, hole) for one in explained))
    if there == kinds and hole.kind == "early_stop":
        return replace(hole, closed_by=kinds)
    if hole.kind == "hole":
        return replace(hole, missing=("spoken_reason",))
    return replace(hole, missing=tuple(kind for kind in kinds if kind not in there))


def _every_stop(rule: Interruption, hole: Hole, explained: Sequence[Explained]) -> Hole:
    records = [one for one in explained if one.kind == "work_record" and _spans(one, hole)]
    if not records:
        return replace(hole, missing=("work_record",))
    listed = [one for one in records if not rule.closed or one.code in rule.causes]
    if not listed:
        return replace(hole, missing=("listed_cause",))
    if not any(one.reviewed for one in listed):
        return replace(hole, missing=("review",))
    return replace(hole, closed_by=("work_record",))


def _spoken(one: Explained, hole: Hole) -> bool:
    return (
        one.kind == "spoken_reason"
        and one.start is not None
        and hole.end - NEAR <= one.start <= hole.end + SPOKEN_WITHIN
    )


def _spans(one: Explained, hole: Hole) -> bool:
    """Whether the explanation is about this hole: it reaches over it, as exactly as officers write times."""
    return (one.start is None or one.start <= hole.start + NEAR) and (
        one.end is None or one.end >= hole.end - NEAR
    )
