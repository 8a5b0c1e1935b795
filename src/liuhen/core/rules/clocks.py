"""Duties: what a pack asks of given facts, from which article, until when, of whom.

- A duty whose start is not known waits; one for which the text names no hours says so and has no due moment.
- An exception holds only for circumstances that the text names: it waits for the return, and the duty then ends
  with the later of the two clocks.
- Without a moment to judge at, nothing is overdue. A duty that is met stays in the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from .calendar import SHANGHAI, Calendar, Period, end_of_day
from .facts import Facts
from .facts import Interruption as Stop
from .pack import Clock, Pack
from .terms import NAMES

State = Literal["running", "waiting", "no_hours_named", "immediate", "met", "overdue"]


class Due(NamedTuple):
    """One duty: a tuple, since replaying a ledger makes millions.

    Moments have Shanghai's offset; `to` is None where the text names nobody.
    """

    duty: str
    article: str
    state: State
    who: str
    to: str | None
    basis: str
    starts_at: datetime | None = None
    due_at: datetime | None = None
    met_at: datetime | None = None
    listed: bool | None = None  # of a ground or cause: does the text list it?
    recording: int | None = None
    ruling: str | None = None
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The contract's fields, then what only some duties have."""
        told: dict[str, Any] = {
            "duty": self.duty,
            "article": self.article,
            "starts_at": _iso(self.starts_at),
            "due_at": _iso(self.due_at),
            "state": self.state,
            "who": self.who,
            "to": self.to,
            "basis": self.basis,
        }
        more = {
            "met_at": _iso(self.met_at),
            "listed": self.listed,
            "recording": self.recording,
            "ruling": self.ruling,
            "warnings": list(self.warnings) or None,
        }
        return {**told, **{key: value for key, value in more.items() if value is not None}}


def duties_of(pack: Pack, facts: Facts, calendar: Calendar, *, at: datetime | None = None) -> list[Due]:
    """Every duty the pack opens for these facts, in the order of its articles' work."""
    found = [*_clocks(pack, facts, calendar, at)]
    if facts.activity is not None:
        found += _unrecorded(pack, facts, calendar)
        found += _stops(pack, facts, calendar)
    found += _discs(pack, facts)
    return [_judged(due, at) for due in found] if at else found


def notes_of(pack: Pack, facts: Facts) -> list[str]:
    """What the pack does not know of the facts: told beside the duties, never an error."""
    matter = facts.act.matter
    if matter and pack.matters and matter not in {one.code for one in pack.matters}:
        return [f"事项“{matter}”不在{pack.title}的清单中：按一般规则推算。"]
    return []


# -- clocks


class _Fixed(NamedTuple):
    """What a clock says whatever the facts are. Pack and clock are held, so that nothing else gets their identity."""

    pack: Pack
    clock: Clock
    who: str
    to: str | None
    basis: str
    period: Period | None
    hours: timedelta | None  # of a period in hours: from moment to moment, and no calendar is asked
    excepted: frozenset[str]
    later: Period | None
    later_basis: str


_FIXED: dict[tuple[int, int], _Fixed] = {}
_MANY = 4096


def _fixed(pack: Pack, clock: Clock) -> _Fixed:
    key = (id(pack), id(clock))
    found = _FIXED.get(key)
    if found is None:
        if len(_FIXED) >= _MANY:
            _FIXED.clear()
        found = _FIXED[key] = _fix(pack, clock)
    return found


def _fix(pack: Pack, clock: Clock) -> _Fixed:
    other = clock.exception
    period = Period.parse(clock.within) if clock.within else None
    return _Fixed(
        pack,
        clock,
        pack.roles[clock.who],
        pack.who(clock.to),
        _basis(clock.start, clock.within, clock.same_day),
        period,
        timedelta(hours=period.hours) if period and period.hours else None,
        frozenset(other.circumstances) if other else frozenset(),
        Period.parse(other.within) if other else None,
        _basis("returned_at", other.within, same_day=False) if other else "",
    )


def _clocks(pack: Pack, facts: Facts, calendar: Calendar, at: datetime | None) -> Iterator[Due]:
    for clock in pack.clocks:
        fixed = _fixed(pack, clock)
        if not clock.per_recording:
            yield _clock(fixed, facts, calendar, facts.at(clock.start), at)
        elif facts.recordings:
            for number, one in enumerate(facts.recordings):
                yield _clock(fixed, facts, calendar, one.ended_at, at, number)
        else:
            yield _clock(fixed, facts, calendar, None, at)


def _clock(
    fixed: _Fixed,
    facts: Facts,
    calendar: Calendar,
    start: datetime | None,
    at: datetime | None,
    recording: int | None = None,
) -> Due:
    clock = fixed.clock
    timed = _timed(fixed, facts, calendar, start)
    met = _met(clock, facts, start, at)
    return Due(
        clock.duty,
        clock.article,
        "met" if met else timed.state,
        fixed.who,
        fixed.to,
        timed.basis,
        timed.starts_at,
        timed.due_at,
        _local(met),
        None,
        recording,
        clock.ruling,
        timed.warnings,
    )


def _met(clock: Clock, facts: Facts, start: datetime | None, at: datetime | None) -> datetime | None:
    """When the duty was met, as far as is known at the moment judged at; a recording made later was not in it."""
    met = facts.at(clock.met_by) if clock.met_by else None
    if met and start and clock.per_recording and met < start:
        return None
    return met if met and (at is None or met <= at) else None


class _Timed(NamedTuple):
    state: State
    basis: str
    starts_at: datetime | None
    due_at: datetime | None = None
    warnings: tuple[str, ...] = ()


def _timed(fixed: _Fixed, facts: Facts, calendar: Calendar, start: datetime | None) -> _Timed:
    """The due moment, as far as the facts reach."""
    clock, local = fixed.clock, _local(start)
    excepted = not fixed.excepted.isdisjoint(facts.act.circumstances or ())
    if local is None and (clock.per_recording or not excepted):
        return _Timed("waiting", fixed.basis, None)
    main, warnings = _main(fixed, calendar, local)
    if not excepted or fixed.later is None:
        if clock.same_day:
            return _Timed("immediate", fixed.basis, local, main)
        return _Timed("running" if main else "no_hours_named", fixed.basis, local, main, warnings)
    returned = facts.act.returned_at
    if returned is None:
        return _Timed("waiting", fixed.later_basis, local)
    later = calendar.due(returned, fixed.later)
    # of both clocks: either may still move, and the later one is the end
    warnings = tuple(dict.fromkeys((*warnings, *calendar.warnings(returned, later, fixed.later))))
    if main and main > later:
        return _Timed("running", fixed.basis, local, main, warnings)
    return _Timed("running", fixed.later_basis, _local(returned), later, warnings)


def _main(
    fixed: _Fixed, calendar: Calendar, start: datetime | None
) -> tuple[datetime | None, tuple[str, ...]]:
    if start is None:
        return None, ()
    if fixed.clock.same_day:
        return end_of_day(start), ()
    if fixed.hours:
        return start + fixed.hours, ()
    if fixed.period is None:
        return None, ()
    due = calendar.due(start, fixed.period)
    return due, tuple(calendar.warnings(start, due, fixed.period))


def _basis(start: str, within: str | None, same_day: bool) -> str:
    if same_day:
        return f"end of the day of {start}"
    return f"{start} + {within}" if within else start


# -- not recorded, stopped


def _unrecorded(pack: Pack, facts: Facts, calendar: Calendar) -> Iterator[Due]:
    told, rule = facts.act.not_recorded, pack.unrecorded
    if told is None or rule is None:
        return
    listed = None if told.ground is None else told.ground in rule.grounds or not rule.closed
    if rule.no_report and listed is not False:
        return
    yield _report(pack, rule.article, rule.within, rule.who, rule.to, facts.act.ended_at, calendar, listed)


def _stops(pack: Pack, facts: Facts, calendar: Calendar) -> Iterator[Due]:
    rule = pack.interruption
    if rule is None:
        return
    for stop in facts.act.interruptions or []:
        listed = None if stop.cause is None else stop.cause in rule.causes or not rule.closed
        if rule.report_every_stop:
            yield _report(
                pack, rule.article, rule.within, rule.who, rule.to, facts.act.ended_at, calendar, listed
            )
        else:
            yield from _told(pack, stop, facts.act.ended_at, listed, calendar)


def _report(
    pack: Pack,
    article: str,
    within: str | None,
    who: Any,
    to: Any,
    ended: datetime | None,
    calendar: Calendar,
    listed: bool | None,
) -> Due:
    """What is to be written of it after the activity, within the text's hours where it names any."""
    due = Due(
        "unrecorded_report",
        article,
        "waiting",
        pack.roles[who],
        pack.who(to),
        _basis("ended_at", within, same_day=False),
        _local(ended),
        listed=listed,
    )
    if ended is None:
        return due
    if within is None:
        return due._replace(state="no_hours_named")
    period = Period.parse(within)
    last = calendar.due(ended, period)
    warnings = tuple(calendar.warnings(ended, last, period))
    return due._replace(state="running", due_at=last, warnings=warnings)


def _told(
    pack: Pack, stop: Stop, ended: datetime | None, listed: bool | None, calendar: Calendar
) -> Iterator[Due]:
    """A spoken reason when it went on; else a report at once, and a written statement afterwards."""
    rule = pack.interruption
    if rule is None:
        return
    who, to = pack.roles[rule.who], pack.who(rule.to)
    if stop.resumed_at:
        yield Due(
            "voice_reason",
            rule.article,
            "immediate",
            who,
            None,
            "resumed_at",
            _local(stop.resumed_at),
            listed=listed,
        )
        return
    report: State = "immediate" if stop.at else "waiting"
    yield Due(
        "interruption_report", rule.article, report, who, to, "interrupted_at", _local(stop.at), listed=listed
    )
    written = _report(pack, rule.article, rule.within, rule.who, rule.to, ended, calendar, listed)
    state: State = written.state if rule.within else "no_hours_named"
    yield written._replace(duty="interruption_statement", state=state)


# -- discs


def _discs(pack: Pack, facts: Facts) -> Iterator[Due]:
    rules: list[Any] = []
    if pack.long_term and pack.long_term.disc and long_term_items(pack, facts):
        rules.append(pack.long_term)
    if pack.evidence_disc and facts.evidence:
        rules.append(pack.evidence_disc)
    for rule in rules:
        start = _local(facts.at("recorded_at"))
        yield Due("disc", rule.article, "no_hours_named", pack.roles[rule.who], None, "recorded_at", start)


def long_term_items(pack: Pack, facts: Facts) -> list[str]:
    """The texts of the long-term article that these facts meet."""
    events = facts.act.events
    if not events or pack.long_term is None:
        return []
    return [one.text for one in pack.long_term.triggers if not set(events).isdisjoint(one.events)]


# -- judged


def _judged(due: Due, at: datetime) -> Due:
    late = due.due_at is not None and at > due.due_at
    return due._replace(state="overdue") if late and due.state in ("running", "immediate") else due


def in_words(due: Due) -> str:
    """For a person: 移交音像记录（第 11 条）… 2026-11-26 17:30:00 前."""
    said = {
        "waiting": "等待所缺的事实",
        "no_hours_named": "条文未写明时限，应及时办理",
        "immediate": "应立即办理",
        "met": "已办理",
        "overdue": "已逾期",
        "running": "办理中",
    }[due.state]
    until = f"，{due.due_at:%Y-%m-%d %H:%M:%S} 前" if due.due_at else ""
    to = f"，交（报）{due.to}" if due.to else ""
    beyond = "；所述情形不在条文所列之内" if due.listed is False else ""
    return f"{NAMES[due.duty]}（第 {due.article} 条）：{due.who}{to}，{said}{until}{beyond}"


def _local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(SHANGHAI) if moment else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
