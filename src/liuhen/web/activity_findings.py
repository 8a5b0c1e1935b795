"""The findings of an activity as its page tells them: what is, 依据, 怎么办, and the named act that closes each.

- Most findings go away when what they lack is there; the act that brings it is named, with the way to it.
- What cannot be made good is closed by the custodian, the unit's head or the legal office, with a reason (办结).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from liuhen.base import clock
from liuhen.base.acts import Act
from liuhen.core.findings import MUST, NOTE, SHOULD
from liuhen.core.rules.pack import Pack
from liuhen.stages.fieldwork import acts
from liuhen.stages.fieldwork.checks import Found, Judged
from liuhen.stages.fieldwork.models import Activity, Settled

from .activity_items import basis_of

GROUPS = (
    (MUST, "必须处理", "bad", "规定有明文要求而缺少的"),
    (SHOULD, "请核对", "wait", "需要有人看一看的"),
    (NOTE, "说明", "busy", "供了解，不需办理"),
)

# What a hole lacks -> the act that brings it, and where.
_LACKING: dict[str, tuple[Act, str]] = {
    "spoken_reason": (acts.MARK, ""),
    "interruption_report": (acts.MAKE_REPORT, "report_new"),
    "interruption_statement": (acts.MAKE_REPORT, "report_new"),
    "work_record": (acts.MAKE_REPORT, "report_new"),
    "unrecorded_report": (acts.MAKE_REPORT, "report_new"),
    "listed_cause": (acts.MAKE_REPORT, "report_new"),
    "listed_ground": (acts.MAKE_REPORT, "report_new"),
    "review": (acts.REVIEW, "reports"),
}
_CLOSES: dict[str, tuple[Act, str]] = {
    "span_unknown": (acts.TELL, "activity_tell"),
    "one_officer": (acts.TELL, "activity_tell"),
    "no_device": (acts.TELL, "activity_tell"),
    "device_twice": (acts.CORRECT, "activity_tell"),
    "carried_unissued": (acts.CORRECT, "activity_tell"),
    "matter_unlisted": (acts.CORRECT, "activity_tell"),
    "document_outside": (acts.WITHDRAW_DOCUMENT, ""),
    "document_untimed": (acts.WITHDRAW_DOCUMENT, ""),
    "document_start_differs": (acts.WITHDRAW_DOCUMENT, ""),
    "document_end_differs": (acts.WITHDRAW_DOCUMENT, ""),
    "document_not_recorded": (acts.WITHDRAW_DOCUMENT, ""),
    "notice_missing": (acts.MARK, ""),
    "notice_late": (acts.MARK, ""),
    "opening_missing": (acts.MARK, ""),
    "key_content_missing": (acts.MARK, ""),
    "mark_outside": (acts.WITHDRAW_MARK, ""),
    "photographs_missing": (acts.MATCH, "activities_unmatched"),
    "report_waiting": (acts.REVIEW, "reports"),
    "report_without_basis": (acts.RETURN, "reports"),
    "ground_unlisted": (acts.REVIEW, "reports"),
}
_WORDS = {
    acts.WITHDRAW_DOCUMENT.kind: "撤下后按文书重新登记",
    acts.MARK.kind: "标记",
}
_REPORT_KINDS = ("interruption_report", "interruption_statement", "work_record", "unrecorded_report")


@dataclass(frozen=True)
class Closing:
    """The act that makes good what is missing: what it is called, who may, and the way to it."""

    words: str
    who: str
    href: str


@dataclass(frozen=True)
class Line:
    key: str
    text: str
    basis: str
    remedy: str
    since: datetime | None
    closings: tuple[Closing, ...]
    settled: Settled | None
    can_settle: bool


@dataclass(frozen=True)
class Group:
    words: str
    tone: str
    note: str
    open: tuple[Line, ...]
    settled: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return (*self.open, *self.settled)


def grouped(judged: Judged) -> list[Group]:
    """MUST, SHOULD, NOTE; in each what is open first. Groups without a finding are left out."""
    found = []
    for severity, words, tone, note in GROUPS:
        lines = [_line(one, judged) for one in judged.findings if one.finding.severity == severity]
        if lines:
            settled = tuple(one for one in lines if one.settled)
            found.append(Group(words, tone, note, tuple(one for one in lines if not one.settled), settled))
    return found


def counts(judged: Judged) -> dict[str, int]:
    """How many are open, for the head of the page."""
    return {
        "must": judged.must,
        "should": len(judged.open) - judged.must,
        "settled": sum(one.settled is not None for one in judged.findings),
    }


def _line(one: Found, judged: Judged) -> Line:
    finding = one.finding
    since = finding.params.get("start")
    return Line(
        one.key,
        finding.text,
        basis_of(judged.pack, finding.article),
        finding.remedy,
        clock.parse_stamp(since) if since else None,
        tuple(_closings(one, judged.activity, judged.pack)),
        one.settled,
        one.open,
    )


def _closings(one: Found, activity: Activity, pack: Pack | None) -> list[Closing]:
    finding = one.finding
    named = [(code, *_LACKING[code]) for code in finding.params.get("missing", ()) if code in _LACKING]
    if not named and finding.code in _CLOSES:
        named = [(finding.code, *_CLOSES[finding.code])]
    found: dict[str, Closing] = {}
    for code, act, route in named:
        words = _WORDS.get(act.kind, act.label)
        href = _way(route, activity, code)
        found.setdefault(words, Closing(words, act.who.in_words() if act.who else "", href))
    return list(found.values())


def _way(route: str, activity: Activity, code: str) -> str:
    """Where the act is done; empty where this installation has no page for it."""
    if not route:
        return ""
    own = route in ("activity_tell", "report_new")
    address = way(route, *([activity.pk] if own else []))
    return (
        f"{address}?kind={code}" if address and route == "report_new" and code in _REPORT_KINDS else address
    )


def way(route: str, *args: Any) -> str:
    """The address of a route; empty where there is none."""
    try:
        return reverse(route, args=args)
    except NoReverseMatch:
        return ""
