"""What a pack leaves unclear: silences that the engine finds, and the conflicts and questions the pack tells of.

- A silence found here is one that nothing in the pack answers: no retention, no hand-over, no notice, no grounds, no
  interruption, no span, no date of force, a clock without hours, an access without approver, a report to nobody.
- Two clocks for one dossier are a conflict where it would be arranged after it is filed, and two periods for one event;
  two packs differ item by item (`differences`).
- A question is ruled by the legal office; a ruling that ships with a pack is told with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from .calendar import Period
from .pack import Clock, Pack
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
    handed = [one for one in pack.clocks if one.duty in ("handover", "store")]
    missing = {
        "handover_silent": (handed, "没有规定移交、存储的时限。"),
        "retention_silent": (pack.retention, "没有规定音像记录的保管期限：一直保存。"),
        "notice_silent": (pack.notice, "没有规定告知。"),
        "unrecorded_silent": (pack.unrecorded, "没有规定哪些情形可以不记录：没有记录的不会要求报告。"),
        "interruption_silent": (pack.interruption, "没有规定中断或停止记录怎么办。"),
        "long_term_silent": (pack.long_term or pack.kept_events, "没有规定长期保存的情形。"),
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
    if pack.interruption and pack.interruption.to is None:
        yield Found(
            "interruption_recipient", "silence", (pack.interruption.article,), "中断没有写明报告给谁。"
        )
    if pack.long_term:
        yield Found("long_term_length", "silence", (pack.long_term.article,), "“长期保存”没有写明多久。")


def _conflicts(pack: Pack) -> Iterator[Found]:
    clocks = {one.duty: one for one in pack.clocks}
    first, second = clocks.get("dossier"), clocks.get("dossier_arrangement")
    if first and second and first.within and second.within and not _arranged_first(first, second):
        text = f"同一案卷，第 {first.article} 条为{_said(first)}，第 {second.article} 条为{_said(second)}。"
        yield Found("dossier_twice", "conflict", (first.article, second.article), text)
    yield from _kept_twice(pack)


def _arranged_first(dossier: Clock, arranged: Clock) -> bool:
    """Is what goes into the dossier arranged by the time that it is filed? Then the two articles agree."""
    return (
        dossier.start == arranged.start
        and Period.parse(arranged.within or "").about_days <= Period.parse(dossier.within or "").about_days
    )


def _said(clock: Clock) -> str:
    return f"{NAMES[clock.start]}后 {Period.parse(clock.within or '').in_words()}"


def _kept_twice(pack: Pack) -> Iterator[Found]:
    """Events with different periods: the engine takes the rule that stands first. One question tells of all of them."""
    rules = [one for one in pack.retention if one.when == "events"]
    texts, articles = [], []
    for first, second in itertools.combinations(rules, 2):
        both = [NAMES[one] for one in first.events if one in second.events]
        if both and (first.rule, first.period, first.start) != (second.rule, second.period, second.start):
            texts.append(f"{'、'.join(both)}的保管期限，第 {first.article} 条和第 {second.article} 条不同")
            articles += [first.article, second.article]
    if texts:
        text = f"{'；'.join(texts)}：按写在前面的。"
        yield Found("retention_twice", "conflict", tuple(dict.fromkeys(articles)), text)


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
            " ".join((rule.when, *rule.events, *rule.matters)): {
                "article": rule.article,
                "rule": rule.rule,
                "period": rule.period,
                "from": rule.start if rule.rule == "period" else None,
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
        found["interruption"] = {"causes": list(stop.causes), "within": stop.within, "to": pack.who(stop.to)}
    return found
