"""Where a regulation asks less than a higher one that binds it: each such place is a question for the legal office.

- Only what both packs hold as data is compared: times, recorded matters, notice, grounds, long-term cases, discs,
  periods of retention, approvers. Asking more than the higher rule is no conflict, nor is saying nothing of
  retention: then everything is kept.
- Two times in different units are compared by the longest that each can take: days do not count the first, working
  days wait for weekends. What cannot be told is not called a conflict.
- The code of a question holds the higher regulation's id, so that a ruling stays with both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .calendar import Period
from .conflicts import Found
from .pack import Clock, Pack, Retention
from .terms import NAMES

PREFIX = "over-"
_WHEN = {"case": "已立案的", "evidence": "作为证据的", "always": "一般情形"}
_PURPOSES = {"internal": "内部调阅", "external": "外部调取"}
_HOURS_A_DAY, _HOURS_A_WORKING_DAY, _HOURS_A_MONTH = 24, 24 * 1.4, 24 * 31


def beneath(own: Pack, higher: Pack) -> list[Found]:
    """Where `own` asks less than `higher`, in the order of the work; empty for a regulation held against itself."""
    if own.id == higher.id:
        return []
    found = [
        *_matters(own, higher),
        *_missing(own, higher),
        *_grounds(own, higher),
        *_times(own, higher),
        *_kept(own, higher),
        *_approvers(own, higher),
    ]
    return [
        Found(f"{PREFIX}{higher.id}-{code}", "conflict", articles, f"低于《{higher.title}》：{text}")
        for code, articles, text in found
    ]


_Below = tuple[str, tuple[str, ...], str]  # code, our articles, what is less


def _matters(own: Pack, higher: Pack) -> Iterator[_Below]:
    mine = {one.code: one for one in own.matters}
    for theirs in higher.matters:
        if theirs.duty != "must":
            continue
        here = mine.get(theirs.code)
        if here is None:
            text = f"“{theirs.name}”上位规定第 {theirs.article} 条要求必须记录，本规定没有列出。"
            yield f"matter-{theirs.code}", (), text
        elif here.duty != "must":
            text = f"“{theirs.name}”上位规定第 {theirs.article} 条要求必须记录，本规定第 {here.article} 条不是必须。"
            yield f"matter-{theirs.code}", (here.article,), text


def _missing(own: Pack, higher: Pack) -> Iterator[_Below]:
    for code, words in (
        ("notice", "告知"),
        ("unrecorded", "未记录的说明"),
        ("interruption", "中断的处理"),
        ("long_term", "长期保存的情形"),
        ("evidence_disc", "作为证据的刻盘"),
    ):
        theirs = getattr(higher, code)
        if code == "long_term" and own.kept_events:
            continue  # by a permanent period: which events, `_long_term` says
        if theirs is not None and getattr(own, code) is None:
            text = f"上位规定第 {theirs.article} 条规定了{words}，本规定没有。"
            yield code.replace("_", "-"), (), text


def _grounds(own: Pack, higher: Pack) -> Iterator[_Below]:
    for code, field, words in (
        ("unrecorded", "grounds", "不记录的理由"),
        ("interruption", "causes", "中断的原因"),
    ):
        mine, theirs = getattr(own, code), getattr(higher, code)
        if mine is None or theirs is None or not theirs.closed:
            continue
        more = [NAMES.get(one, one) for one in getattr(mine, field) if one not in getattr(theirs, field)]
        if more or not mine.closed:
            said = "、".join(more) if more else "列举之外的情形"
            text = f"{words}多出{said}，上位规定第 {theirs.article} 条所列以外的不算。"
            yield f"{code}-{field}", (mine.article,), text


def _times(own: Pack, higher: Pack) -> Iterator[_Below]:
    mine = {one.duty: one for one in own.clocks}
    for theirs in higher.clocks:
        here, limit = mine.get(theirs.duty), _longest(theirs)
        words = NAMES[theirs.duty]
        if here is None:
            text = f"{words}，上位规定第 {theirs.article} 条为{_said(theirs)}，本规定没有要求。"
            yield f"clock-{theirs.duty}", (), text
            continue
        length = _longest(here)
        waits = here.start == "returned_at" != theirs.start
        if limit is not None and (length is None or length > limit or waits):
            text = (
                f"{words}，本规定第 {here.article} 条为{_said(here)}，"
                f"上位规定第 {theirs.article} 条为{_said(theirs)}。"
            )
            yield f"clock-{theirs.duty}", (here.article,), text
        named = set(theirs.exception.circumstances) if theirs.exception else set()
        more = [one for one in (here.exception.circumstances if here.exception else ()) if one not in named]
        if more:
            said = "、".join(NAMES.get(one, one) for one in more)
            text = f"{words}，本规定对{said}另给时限，上位规定第 {theirs.article} 条没有这一例外。"
            yield f"exception-{theirs.duty}", (here.article,), text


def _longest(clock: Clock) -> float | None:
    """Hours that the clock can take at most; None where the text names none."""
    if clock.same_day:
        return _HOURS_A_DAY
    if clock.within is None:
        return None
    length = Period.parse(clock.within)
    if length.hours:
        return float(length.hours)
    return (
        (length.days + 1) * _HOURS_A_DAY * bool(length.days)
        + (length.working + 1) * _HOURS_A_WORKING_DAY * bool(length.working)
        + length.months * _HOURS_A_MONTH
    )


def _said(clock: Clock) -> str:
    if clock.same_day:
        return "当日"
    begins = "返回单位后" if clock.start == "returned_at" else ""
    return f"{begins} {Period.parse(clock.within).in_words()}" if clock.within else "没有写明时限"


def _kept(own: Pack, higher: Pack) -> Iterator[_Below]:
    mine = {one.when: one for one in own.retention}
    for theirs in higher.retention:
        here = mine.get(theirs.when)
        if here is not None and theirs.when in _WHEN and _shorter(here, theirs):
            text = (
                f"保管期限，{_WHEN[theirs.when]}：本规定第 {here.article} 条为{_length(here)}，"
                f"上位规定第 {theirs.article} 条为{_length(theirs)}。"
            )
            yield f"retention-{theirs.when}", (here.article,), text
    if own.kept_events and higher.kept_events:
        yield from _long_term(own, higher)


def _long_term(own: Pack, higher: Pack) -> Iterator[_Below]:
    mine, theirs = own.long_term, higher.long_term
    lacking = [one for one in higher.kept_events if one not in own.kept_events]
    if lacking:
        said = "、".join(NAMES.get(one, one) for one in lacking)
        text = f"长期或永久保存，上位规定第 {_kept_by(higher, lacking)} 条还列有{said}。"
        yield "long-term-events", (mine.article,) if mine else (), text
    if mine and theirs and mine.disc and theirs.disc and mine.copies < theirs.copies:
        text = f"光盘份数，本规定 {mine.copies} 份，上位规定 {theirs.copies} 份。"
        yield "long-term-copies", (mine.article,), text


def _kept_by(pack: Pack, events: Sequence[str]) -> str:
    """The articles that keep these events."""
    rules: list[tuple[str, Sequence[str]]] = []
    if pack.long_term:
        rules += [(pack.long_term.article, one.events) for one in pack.long_term.triggers]
    rules += [(one.article, one.events) for one in pack.retention if one.rule == "permanent"]
    return "、".join(dict.fromkeys(article for article, held in rules if not set(held).isdisjoint(events)))


def _shorter(here: Retention, theirs: Retention) -> bool:
    """Only what can be told: for ever against not, and two fixed periods."""
    if theirs.rule == "permanent":
        return here.rule != "permanent"
    if here.rule != "period" or theirs.rule != "period" or not here.period or not theirs.period:
        return False
    return Period.parse(here.period).about_days < Period.parse(theirs.period).about_days


def _length(rule: Retention) -> str:
    if rule.rule == "period" and rule.period:
        return f" {Period.parse(rule.period).in_words()}"
    return "永久" if rule.rule == "permanent" else "随案卷"


def _approvers(own: Pack, higher: Pack) -> Iterator[_Below]:
    mine = {one.purpose: one for one in own.access}
    for theirs in higher.access:
        here = mine.get(theirs.purpose)
        if theirs.purpose in _PURPOSES and theirs.approver and (here is None or here.approver is None):
            text = (
                f"{_PURPOSES[theirs.purpose]}，上位规定第 {theirs.article} 条须经"
                f"{higher.who(theirs.approver)}批准，本规定没有写明由谁批准。"
            )
            yield f"approver-{theirs.purpose}", (here.article,) if here else (), text
