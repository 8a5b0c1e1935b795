"""From the facts of one matter to its duties and its retention, by the regulation of its day.

- Without a registered end of the activity the end of the recording is taken for it, and the row says so: the
  activity ended no earlier, so what is in time is truly in time.
- Facts that the engine cannot read give no duty, and are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from pydantic import ValidationError

from liuhen.base.clock import SHANGHAI
from liuhen.core.rules.calendar import Calendar
from liuhen.core.rules.clocks import Due, duties_of
from liuhen.core.rules.facts import Facts
from liuhen.core.rules.holding import Standing, standing_of
from liuhen.core.rules.pack import Pack

from .folds import Told

_OF_A_RECORDING = frozenset({"recordings", "handover", "met"})
_ENDED, _AT = {"ended_at"}, {"at"}
_STAMP = re.compile(
    r"20\d\d-(0\d|1[0-2])-([01]\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z"
)  # the rest is read
KEPT = Standing("silent", None, None, None, long_term=False)


class Seen(NamedTuple):
    """Facts as they are judged. `day`: of the act, in Shanghai, None where no moment is known; `assumed`: the end of the
    activity is that of the recording; `plain`: nothing else is known that a rule of retention asks for."""

    facts: Facts
    day: date | None
    assumed: bool
    plain: bool


def seen_of(told: Told) -> Seen | None:
    """None where the engine cannot read what was told."""
    return _of_a_recording(told) or _read(told)


def _read(told: Told) -> Seen | None:
    try:
        facts = Facts.model_validate({name: part for name, part in told.items() if name != "met"})
    except ValidationError:
        return None
    act, recorded = facts.act, facts.at("recorded_at")
    day = _day(act.ended_at or act.arrived_at or recorded or facts.handed_over_at)
    assumed = act.ended_at is None and recorded is not None
    return Seen(facts.with_end(recorded) if assumed else facts, day, assumed, facts.plain)


def _of_a_recording(told: Told) -> Seen | None:
    """The same without asking what a stored recording's entry cannot say otherwise; None for everything else."""
    if not told.keys() <= _OF_A_RECORDING:
        return None
    recordings, handover = told.get("recordings"), told.get("handover")
    if not (isinstance(recordings, list) and len(recordings) == 1 and isinstance(handover, dict)):
        return None
    (one,) = recordings
    if not isinstance(one, dict) or one.keys() != _ENDED or handover.keys() != _AT:
        return None
    ended, at = one["ended_at"], handover["at"]
    if not (_is_stamp(ended) and _is_stamp(at)):
        return None
    end, handed = _moment(ended), _moment(at)
    return Seen(Facts.of_recording(end, handed), _day(end or handed), end is not None, True)


def _is_stamp(text: object) -> bool:
    return text is None or (isinstance(text, str) and _STAMP.fullmatch(text) is not None)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(SHANGHAI).date() if moment else None


class Keeps:
    """How long a matter is kept. Recordings of one day of which nothing else is known are answered alike, and once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, date | None, bool], tuple[Pack, Standing]] = {}

    def of(self, pack: Pack | None, seen: Seen | None) -> Standing:
        if pack is None or seen is None:
            return KEPT
        if not seen.plain:
            return standing_of(pack, seen.facts)
        key = (id(pack), seen.day, seen.assumed)
        found = self._known.get(key)
        if found is None:  # the pack is held: nothing else gets its identity
            found = self._known[key] = pack, standing_of(pack, seen.facts)
        return found[1]


def duties_in(pack: Pack | None, seen: Seen | None, told: Told, calendar: Calendar) -> Iterator[Due]:
    """The duties of these facts, met where the ledger says so and the facts have no word for it."""
    if pack is None or seen is None:
        return
    met = told.get("met", {})
    for due in duties_of(pack, seen.facts, calendar):
        at = met.get(due.duty)
        yield due._replace(state="met", met_at=_moment(at)) if at and due.state != "met" else due
