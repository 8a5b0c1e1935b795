"""A list's whole state as a URL carries it: what is typed, what is chosen, in which order.

- Values are what a person can read and type: a unit's code, a device's serial, an officer's staff number.
  "-" stands for "none of them"; what the registers do not know matches nothing and is said.
- Whatever a URL brings is read without complaint: a value that is none is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from liuhen.base.clock import SHANGHAI

from ..models import Recording
from .rows import taken_ms

NONE = "-"
COLUMNS = {  # parameter -> column of rows and counters
    "state": "state",
    "kind": "kind",
    "findings": "findings",
    "unit": "unit",
    "officer": "holder",
    "device": "device",
    "month": "month",
}
YES, NO = "yes", "no"
_FIXED = {
    "state": frozenset(Recording.State.values),
    "kind": frozenset(Recording.Kind.values),
    "findings": frozenset({YES, NO}),
}
_LONGEST, _MOST = 60, 50


class Sort(StrEnum):
    """Every order a list is offered in; each has an index for whatever it is filtered by."""

    NEWEST = "-taken"
    OLDEST = "taken"
    LAST_STORED = "-stored"
    FIRST_STORED = "stored"

    @property
    def by_taken(self) -> bool:
        return self in (Sort.NEWEST, Sort.OLDEST)

    @property
    def descending(self) -> bool:
        return self in (Sort.NEWEST, Sort.LAST_STORED)


@dataclass(frozen=True)
class Filters:
    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None  # this day included
    sort: Sort = Sort.NEWEST

    @classmethod
    def read(cls, given: Mapping[str, Iterable[str]]) -> Filters:
        """From the lists of a query string."""
        one = {name: next(iter(values), "") for name, values in given.items()}
        chosen = {name: _fit(name, given.get(name, ())) for name in COLUMNS}
        return cls(
            text=one.get("q", ""),
            chosen={name: values for name, values in chosen.items() if values},
            since=_day(one.get("from", "")),
            until=_day(one.get("to", "")),
            sort=_sort(one.get("sort", "")),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The query string again, always in the same order."""
        found = [("q", self.text)] if self.text.strip() else []
        found += [(name, value) for name in COLUMNS for value in self.chosen.get(name, ())]
        found += [(name, day.isoformat()) for name, day in (("from", self.since), ("to", self.until)) if day]
        return found + ([("sort", str(self.sort))] if self.sort is not Sort.NEWEST else [])

    def toggled(self, name: str, value: str) -> Filters:
        """With this value chosen, or no longer chosen."""
        values = self.chosen.get(name, ())
        after = tuple(one for one in values if one != value) if value in values else (*values, value)
        chosen = {**self.chosen, name: after}
        return replace(self, chosen={key: left for key, left in chosen.items() if left})

    def without_dates(self) -> Filters:
        return replace(self, since=None, until=None)

    @property
    def asks_anything(self) -> bool:
        return bool(self.text.strip() or self.chosen or self.since or self.until)

    def span(self) -> Span:
        return Span.of_days(self.since, self.until)


@dataclass(frozen=True)
class Span:
    """Moments from `start` up to `stop`, in ms since 1970; None: open."""

    start: int | None = None
    stop: int | None = None

    @classmethod
    def of_days(cls, first: date | None, last: date | None) -> Span:
        """Whole days in Shanghai, the last one included."""
        return cls(
            _midnight(first) if first else None,
            _midnight(last + timedelta(days=1)) if last and last < date.max else None,
        )

    def within(self, other: Span) -> Span:
        starts = [one for one in (self.start, other.start) if one is not None]
        stops = [one for one in (self.stop, other.stop) if one is not None]
        return Span(max(starts, default=None), min(stops, default=None))

    @property
    def open(self) -> bool:
        return self.start is None and self.stop is None

    def holds(self, taken: int) -> bool:
        return (self.start is None or self.start <= taken) and (self.stop is None or taken < self.stop)


def month_span(month: int) -> Span:
    """All of 202611."""
    first = date(month // 100, month % 100, 1)
    return Span.of_days(first, last_of_month(first))


def last_of_month(day: date) -> date:
    after = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return after - timedelta(days=1)


def _midnight(day: date) -> int:
    return taken_ms(datetime.combine(day, time(), SHANGHAI))


def _fit(name: str, values: Iterable[str]) -> tuple[str, ...]:
    clean = dict.fromkeys(value.strip() for value in values)
    return tuple(value for value in clean if 0 < len(value) <= _LONGEST and _is_one(name, value))[:_MOST]


def _is_one(name: str, value: str) -> bool:
    if name == "month":
        return value == NONE or _is_month(value)
    return value in _FIXED.get(name, frozenset({value}))


def _is_month(value: str) -> bool:
    return (
        value.isascii()
        and value.isdecimal()
        and len(value) == 6
        and 1 <= int(value[4:]) <= 12
        and value > "1970"
    )


def _day(text: str) -> date | None:
    """A day as a calendar field sends it; years a calendar cannot count on from are none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


def _sort(text: str) -> Sort:
    try:
        return Sort(text)
    except ValueError:
        return Sort.NEWEST
