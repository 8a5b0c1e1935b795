"""The axis of an activity's timeline: which moments it shows, where each stands, and where the ticks are.

- From the first to the last of what is known of the activity; what lies hours away from it (a wrong clock) draws
  nothing and is told in words.
- A return long after the departure stands beyond a marked break: hours on the road would press the rest together.
- Positions are percents of the drawing's width; times are Shanghai's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from liuhen.base.clock import SHANGHAI

NEAR = timedelta(hours=2)  # of arrival and departure: still drawn
_LONG_WAY = timedelta(minutes=30)
_LEAST = timedelta(seconds=20)
_TILL_BREAK, _BEYOND = 88.0, 98.8
_EDGE = 0.02  # of the length, empty at both ends
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_TICKS, _FINE_TICKS = 9, 72
_DIGIT = 0.7  # percent of the width that a figure of a label takes, where the drawing is narrowest

Stretch = tuple[datetime, datetime]


class Tick(NamedTuple):
    """`fine`: shown only when the drawing is enlarged. `anchor`: middle, but start or end at the edges."""

    x: float
    text: str
    fine: bool
    anchor: str = "middle"


@dataclass(frozen=True)
class Axis:
    """`beyond`: the return, where it stands behind a break."""

    start: datetime
    end: datetime
    beyond: datetime | None = None

    @property
    def room(self) -> float:
        """Percent of the width that the time from start to end takes."""
        return _TILL_BREAK if self.beyond else 100.0

    def at(self, moment: datetime) -> float:
        """Percent from the left; what lies outside stands at the edge."""
        if self.beyond and moment > self.end:
            return _BEYOND
        share = (moment - self.start) / (self.end - self.start)
        return round(min(1.0, max(0.0, share)) * self.room, 4)

    def shows(self, start: datetime, end: datetime | None = None) -> bool:
        """Does any of it lie where something is drawn?"""
        last = end or start
        return (last >= self.start and start <= self.end) or start == self.beyond

    def ticks(self) -> Iterator[Tick]:
        """At whole minutes, hours or days; the coarse ones are among the fine ones."""
        length = (self.end - self.start).total_seconds()
        coarse, fine = _step(length, _TICKS), _step(length, _FINE_TICKS)
        if coarse % fine:
            fine = coarse
        midnight = self.start.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        number = int((self.start - midnight).total_seconds() // fine) + 1
        while (moment := midnight + timedelta(seconds=number * fine)) < self.end:
            seconds, x, text = number * fine, self.at(moment), _label(moment, fine)
            yield Tick(x, text, bool(seconds % coarse), self._anchor(x, text))
            number += 1

    def _anchor(self, x: float, text: str) -> str:
        """Half a label must not hang over the edge, nor over the break."""
        half = len(text) * _DIGIT / 2
        return "start" if x < half else "end" if x > self.room - half else "middle"


def axis_of(
    moments: Iterable[datetime | None], returned: datetime | None, stretches: Iterable[Stretch]
) -> Axis | None:
    """The axis; None while nothing of the activity has a time. `moments`: arrival, end, departure."""
    known, near = [one for one in moments if one], sorted(stretches)
    if not known and near:
        known = [near[0][0]]
    known = known or ([returned] if returned else [])
    if not known:
        return None
    start, end = min(known), max(known)
    for first, last in near:
        if first <= end + NEAR and last >= start - NEAR:
            start, end = max(min(start, first), start - NEAR), min(max(end, last), end + NEAR)
    beyond = None
    if returned and returned > end:
        way = max(_LONG_WAY, (end - start) / 2)
        end, beyond = (returned, None) if returned - end <= way else (end, returned)
    length = max(end - start, _LEAST)
    return Axis(start - length * _EDGE, start + length * (1 + _EDGE), beyond)


def _step(length: float, most: int) -> int:
    return next((one for one in _STEPS if length / one <= most), _STEPS[-1])


def _label(moment: datetime, step: int) -> str:
    there = moment.astimezone(SHANGHAI)
    if there.hour == there.minute == there.second == 0:
        return f"{there:%m-%d} 0:00"
    return f"{there:%H:%M:%S}" if step < 60 else f"{there:%H:%M}"
