"""Days as people write them: 2026-11-19, 20261119, 11月19日, 2026年11月, 昨天, 11月1日至11月19日.

A day without a year is the last one that has been; a bare number is a day only when it cannot be less.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from .filters import last_of_month


class Days(NamedTuple):
    """First and last day, both included."""

    first: date
    last: date

    def in_words(self) -> str:
        if self.first == self.last:
            return self.first.isoformat()
        if self.first.day == 1 and self.last == last_of_month(self.first):
            return f"{self.first:%Y-%m}"
        if (self.first.month, self.first.day, self.last.month, self.last.day) == (1, 1, 12, 31):
            return f"{self.first:%Y} 年" if self.first.year == self.last.year else _span(self)
        return _span(self)


def _span(days: Days) -> str:
    return f"{days.first.isoformat()} 至 {days.last.isoformat()}"


_DAY = re.compile(r"(\d{4})(?:年|[-./])(\d{1,2})(?:月|[-./])(\d{1,2})[日号]?")
_PLAIN_DAY = re.compile(r"(20\d\d)(\d\d)(\d\d)")
_MONTH = re.compile(r"(\d{4})(?:年|[-./])(\d{1,2})月?")
_PLAIN_MONTH = re.compile(r"(20\d\d)(\d\d)")
_YEAR = re.compile(r"(20\d\d)年?")
_DAY_OF_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?")
_MONTH_OF_YEAR = re.compile(r"(\d{1,2})月份?")
_BETWEEN = re.compile(r"(.+?)(?:至|到|~|—+|\.\.)(.+)")


def days_in(text: str, today: date) -> Days | None:
    """The days that folded `text` names, or None when it names none."""
    if len(text) > 40:
        return None
    one = _one(text, today)
    if one is not None:
        return one
    if match := _BETWEEN.fullmatch(text):
        first, last = _one(match[1], today), _one(match[2], today)
        if first and last and first.first <= last.last:
            return Days(first.first, last.last)
    return None


def _one(text: str, today: date) -> Days | None:
    if text in _NAMED:
        return _NAMED[text](today)
    try:
        return _written(text, today)
    except ValueError:  # 2月30日
        return None


def _written(text: str, today: date) -> Days | None:
    if match := _DAY.fullmatch(text) or _PLAIN_DAY.fullmatch(text):
        day = date(int(match[1]), int(match[2]), int(match[3]))
        return Days(day, day) if _counts(day) else None
    if match := _MONTH.fullmatch(text) or _PLAIN_MONTH.fullmatch(text):
        return _month(date(int(match[1]), int(match[2]), 1))
    if match := _YEAR.fullmatch(text):
        return Days(date(int(match[1]), 1, 1), date(int(match[1]), 12, 31))
    if match := _DAY_OF_YEAR.fullmatch(text):
        return _last_such(int(match[1]), int(match[2]), today)
    if match := _MONTH_OF_YEAR.fullmatch(text):
        month = int(match[1])
        return _month(date(today.year - (month > today.month), month, 1))
    return None


def _counts(day: date) -> bool:
    return 1970 <= day.year <= 9000


def _month(first: date) -> Days | None:
    return Days(first, last_of_month(first)) if _counts(first) else None


def _last_such(month: int, day: int, today: date) -> Days | None:
    """29 February may be years ago."""
    for year in range(today.year, today.year - 9, -1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today:
            return Days(found, found)
    return None


def _week(today: date, before: int) -> Days:
    monday = today - timedelta(days=today.weekday() + 7 * before)
    return Days(monday, monday + timedelta(days=6))


def _this_month(today: date) -> Days:
    first = today.replace(day=1)
    return Days(first, last_of_month(first))


def _month_before(today: date) -> Days:
    last = today.replace(day=1) - timedelta(days=1)
    return Days(last.replace(day=1), last)


_NAMED: dict[str, Callable[[date], Days]] = {
    "今天": lambda today: Days(today, today),
    "昨天": lambda today: Days(today - timedelta(days=1), today - timedelta(days=1)),
    "前天": lambda today: Days(today - timedelta(days=2), today - timedelta(days=2)),
    "本周": lambda today: _week(today, 0),
    "上周": lambda today: _week(today, 1),
    "本月": _this_month,
    "上月": _month_before,
    "今年": lambda today: Days(date(today.year, 1, 1), date(today.year, 12, 31)),
    "去年": lambda today: Days(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
}
