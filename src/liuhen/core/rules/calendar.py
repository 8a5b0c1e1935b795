"""Working days by the State Council's yearly notice, and when a period ends.

- Hours are counted from moment to moment, holidays included.
- Days and months do not count the day they start on; they end at 23:59:59 of their last day in Shanghai, and on
  the next working day when that one is none (行政处罚法、民法典 on periods).
- Working days count only working days; made-up Saturdays and Sundays are working days.
- Retention never rolls and asks no calendar: `plus_months` alone.
- A year whose notice is not known is counted by weekends alone, and says so.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .errors import Fault, PackError

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991
_LAST_SECOND = time(23, 59, 59)
_PERIOD = re.compile(r"P(?:(\d{1,3})Y|(\d{1,4})M|(\d{1,5})(W?)D|T(\d{1,5})H)")
_MOST_STEPS = 40_000  # days looked at before a calendar is called wrong


class Notice(BaseModel):
    """One year's notice: days off beyond weekends, and weekend days worked, both inclusive."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: int
    source: str
    holidays: dict[str, list[date]]
    worked: list[date] = []


@dataclass(frozen=True)
class Period:
    """A length: exactly one of the four. `text` is how it is written: P2Y, P12M, P20D, P2WD (working days), PT24H."""

    text: str
    months: int = 0
    days: int = 0
    working: int = 0
    hours: int = 0

    @classmethod
    @lru_cache(maxsize=512)
    def parse(cls, text: str) -> Period:
        """Raises ValueError for what is no period, and for one of nothing."""
        match = _PERIOD.fullmatch(text)
        if match is None:
            raise ValueError(text)
        years, months, days, working, hours = match.groups()
        found = cls(
            text,
            months=12 * int(years or 0) + int(months or 0),
            days=0 if working else int(days or 0),
            working=int(days or 0) if working else 0,
            hours=int(hours or 0),
        )
        if not (found.months or found.days or found.working or found.hours):
            raise ValueError(text)
        return found

    @property
    def about_days(self) -> float:
        """For comparing only: months as the shortest they can be would tie 12 months with a year."""
        return self.months * 30.4375 + self.days + self.working * 1.4 + self.hours / 24

    def in_words(self) -> str:
        """24 小时, 2 个工作日, 20 日, 12 个月, 2 年."""
        if self.text.endswith("Y"):
            return f"{self.months // 12} 年"
        for count, words in ((self.hours, "小时"), (self.working, "个工作日"), (self.months, "个月")):
            if count:
                return f"{count} {words}"
        return f"{self.days} 日"


@dataclass(frozen=True)
class Calendar:
    """Which days are worked; `years` are those with a notice."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    sources: dict[int, str] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def next_working(self, day: date) -> date:
        """The day itself when it is worked."""
        for _ in range(_MOST_STEPS):
            if self.is_working(day):
                return day
            day += timedelta(days=1)
        raise ValueError("no working day")

    def plus_working(self, day: date, count: int) -> date:
        """The count-th working day after `day`, which is not counted."""
        while count:
            day = self.next_working(day + timedelta(days=1))
            count -= 1
        return day

    def due(self, start: datetime, period: Period) -> datetime:
        """The moment a period that starts with `start` ends, in Shanghai's time. Raises OverflowError beyond time."""
        local = start.astimezone(SHANGHAI)
        if period.hours:
            return local + timedelta(hours=period.hours)
        if period.working:
            return _end_of(self.plus_working(local.date(), period.working))
        last = (
            plus_months(local.date(), period.months)
            if period.months
            else local.date() + timedelta(days=period.days)
        )
        return _end_of(self.next_working(last))

    def warnings(self, start: datetime, due: datetime, period: Period) -> list[str]:
        """Years whose days were counted by weekends alone."""
        if period.hours:
            return []
        years = range(start.astimezone(SHANGHAI).year, due.year + 1)
        first = [start.astimezone(SHANGHAI).year] if period.working else []
        asked = {*first, *(years if period.working else [due.year])}
        return [
            f"{year} 年的放假通知尚未收录，暂按周末推算；通知公布后期限可能变动。"
            for year in sorted(asked)
            if year not in self.sources
        ]


def end_of_day(moment: datetime) -> datetime:
    """23:59:59 of its day in Shanghai."""
    return _end_of(moment.astimezone(SHANGHAI).date())


def _end_of(day: date) -> datetime:
    return datetime.combine(day, _LAST_SECOND, SHANGHAI)


def plus_months(day: date, months: int) -> date:
    """The same day so many months on, or the last of a shorter month: 29 February and 12 months is 28 February."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        raise OverflowError("beyond the last year")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def load_calendar(folder: Path) -> Calendar:
    """Every `<year>.yaml` of a folder as one calendar. Raises PackError."""
    return calendar_of(_notice(path) for path in sorted(folder.glob("*.yaml")))


def calendar_of(notices: Iterable[Notice]) -> Calendar:
    off: set[date] = set()
    worked: set[date] = set()
    sources: dict[int, str] = {}
    for notice in notices:
        off.update(day for span in notice.holidays.values() for day in _days(span))
        worked.update(notice.worked)
        sources[notice.year] = notice.source
    return Calendar(frozenset(off - worked), frozenset(worked), sources)


def _days(span: list[date]) -> list[date]:
    first, last = span[0], span[-1]
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def _notice(path: Path) -> Notice:
    try:
        said: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return Notice.model_validate(said)
    except (OSError, UnicodeDecodeError, YAMLError, ValidationError) as error:
        fault = Fault(path.name, "放假日历读不懂。", "请对照随程序的日历文件改正。", "calendar")
        raise PackError("放假日历不能使用", [fault]) from error
