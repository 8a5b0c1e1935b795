"""What a pack leaves unclear: silences that the engine finds, and the conflicts and questions the pack tells of.

- A silence found here is one that nothing in the pack answers: no retention, no notice, no interruption, no span, no date of
  force, a clock without hours, an access without approver, a report to nobody.
- Two clocks for what is one work are a conflict; two packs differ item by item (`differences`).
- A question is ruled by the legal office; a ruling that ships with a pack is told with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from .pack import Pack
from .rulings import Answer
from .terms import NAMES


@dataclass(frozen=True)
class Found:
    """One question. `code` is stable; `ruling` None: nobody has ruled."""

    code: str
    kind: str
    articles: tuple[str, ...]
    text: str
    ruling: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "kind": self.kind,
            "articles": list(self.articles),
            "text": self.text,
            "ruling": self.ruling,
        }


def questions_of(pack: Pack, answers: Iterable[Answer] = ()) -> list[Found]:
    """Told by the pack, then found; what the pack already tells of the same code is not found again.

    `answers`: what the office's legal office has ruled, told with each; the pack is the regulation's own.
    """
    told = [Found(one.code, one.kind, one.articles, one.text, one.ruling) for one in pack.questions]
    known = {one.code for one in told}
    found = told + [one for one in (*_silences(pack), *_conflicts(pack)) if one.code not in known]
    ruled = {one.code: one.text for one in answers}
    return [replace(one, ruling=ruled.get(one.code, one.ruling)) for one in found]


def _silences(pack: Pack) -> Iterator[Found]:
    missing = {
        "retention_silent": (pack.retention, "没有规定音像记录的保管期限：一直保存。"),
        "notice_silent": (pack.notice, "没有规定告知。"),
        "interruption_silent": (pack.interruption, "没有规定中断或停止记录怎么办。"),
        "long_term_silent": (pack.long_term, "没有规定长期保存的情形。"),
        "in_force_blank": (pack.in_force, "没有写明施行日期。"),
    }
    for code, (value, text) in missing.items():
        if not value:
            yield Found(code, "silence", (), text)
    span = pack.full_span
    if span is None or span.start is None or span.end is None:
        articles = (span.article,) if span else ()
        text = "没有写明从何时录到何时：按到达现场起、活动结束止核对。"
        yield Found("span_silent", "silence", articles, text)
    for clock in pack.clocks:
        if clock.within is None and not clock.same_day:
            text = f"{NAMES[clock.duty]}没有写明时限。"
            yield Found(f"{clock.duty}_no_hours", "silence", (clock.article,), text)
    for access in pack.access:
        if access.approver is None and access.purpose in ("internal", "external"):
            yield Found(
                f"{access.purpose}_approver", "silence", (access.article,), "要求批准，没有写明由谁批准。"
            )
    if pack.unrecorded and pack.unrecorded.to is None and not pack.unrecorded.no_report:
        yield Found(
            "unrecorded_recipient", "silence", (pack.unrecorded.article,), "工作记录没有写明报告给谁。"
        )
    if pack.long_term:
        yield Found("long_term_length", "silence", (pack.long_term.article,), "“长期保存”没有写明多久。")


def _conflicts(pack: Pack) -> Iterator[Found]:
    dossiers = [one for one in pack.clocks if one.duty in ("dossier", "dossier_arrangement")]
    if len(dossiers) == 2:
        first, second = dossiers
        text = f"同一案卷，第 {first.article} 条为 {first.within}，第 {second.article} 条为 {second.within}。"
        yield Found("dossier_twice", "conflict", (first.article, second.article), text)


def differences(one: Pack, other: Pack) -> list[dict[str, Any]]:
    """What changes between two packs for recordings, deadlines, forms and approvers: field by field."""
    found = []
    for area, key, before, after in _compared(one, other):
        if before != after:
            found.append({"area": area, "key": key, "before": before, "after": after})
    return found


def _compared(one: Pack, other: Pack) -> Iterator[tuple[str, str, Any, Any]]:
    areas: dict[str, Callable[[Pack], dict[str, Any]]] = {
        "deadlines": lambda pack: {
            clock.duty: {
                "article": clock.article,
                "from": clock.start,
                "within": clock.within,
                "same_day": clock.same_day,
                "exception": list(clock.exception.circumstances) if clock.exception else [],
            }
            for clock in pack.clocks
        },
        "retention": lambda pack: {
            " ".join((rule.when, *rule.events)): {
                "article": rule.article,
                "rule": rule.rule,
                "period": rule.period,
            }
            for rule in pack.retention
        },
        "span": lambda pack: (
            {
                "full_span": {
                    "article": pack.full_span.article,
                    "from": pack.full_span.start,
                    "until": pack.full_span.end,
                }
            }
            if pack.full_span
            else {}
        ),
        "matters": lambda pack: {matter.code: matter.duty for matter in pack.matters},
        "approvers": lambda pack: {access.purpose: pack.who(access.approver) for access in pack.access},
        "forms": lambda pack: {access.purpose: access.form for access in pack.access if access.form},
        "reports": _reports,
        "discs": lambda pack: (
            {
                "long_term": {
                    "article": pack.long_term.article,
                    "copies": pack.long_term.copies,
                    "disc": pack.long_term.disc,
                }
            }
            if pack.long_term
            else {}
        ),
    }
    for area, read in areas.items():
        before, after = read(one), read(other)
        for key in sorted({*before, *after}):
            yield area, key, before.get(key), after.get(key)


def _reports(pack: Pack) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if pack.unrecorded:
        rule = pack.unrecorded
        found["unrecorded"] = {"grounds": list(rule.grounds), "within": rule.within, "to": pack.who(rule.to)}
    if pack.interruption:
        stop = pack.interruption
        found["interruption"] = {"causes": list(stop.causes), "to": pack.who(stop.to)}
    return found
