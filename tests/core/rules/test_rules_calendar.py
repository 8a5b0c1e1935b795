"""Working days and the ends of periods: the traps of 2024 to 2027."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.base.packs import calendar
from liuhen.core.rules.calendar import SHANGHAI, Period, plus_months

TRAPS = [
    # start, period, end
    (
        "2026-02-13T16:00",
        "P2WD",
        "2026-02-24T23:59:59",
    ),  # Sat 14 Feb is worked, then Spring Festival to the 23rd
    ("2026-02-13T23:59:59", "P1WD", "2026-02-14T23:59:59"),
    ("2026-02-27T10:00", "P1WD", "2026-02-28T23:59:59"),  # a made-up Saturday
    ("2026-02-14T10:00", "PT24H", "2026-02-15T10:00"),  # hours run through the festival
    ("2026-01-20T10:00", "P30D", "2026-02-24T23:59:59"),  # day 30 is 19 Feb, a holiday
    ("2026-09-14T10:00", "P20D", "2026-10-08T23:59:59"),  # day 20 is 4 Oct
    ("2026-09-30T10:00", "P10D", "2026-10-10T23:59:59"),  # a worked Saturday: no roll
    ("2026-09-18T10:00", "P2WD", "2026-09-21T23:59:59"),  # Sunday the 20th is worked
    ("2026-01-31T10:00", "P1M", "2026-02-28T23:59:59"),  # the last of a short month, a worked Saturday
    ("2025-11-30T10:00", "P3M", "2026-02-28T23:59:59"),
    ("2024-02-29T10:00", "P12M", "2025-02-28T23:59:59"),
    ("2025-01-25T10:00", "P1WD", "2025-01-26T23:59:59"),
    ("2024-12-31T17:00", "P1D", "2025-01-02T23:59:59"),
    ("2026-03-13T00:00", "P20D", "2026-04-02T23:59:59"),  # the starting day is not counted, whatever its hour
]


@pytest.mark.parametrize(("start", "period", "end"), TRAPS)
def test_a_period_ends_where_the_notice_says(start: str, period: str, end: str) -> None:
    moment = datetime.fromisoformat(start).replace(tzinfo=SHANGHAI)
    found = calendar().due(moment, Period.parse(period))
    assert found == datetime.fromisoformat(end).replace(tzinfo=SHANGHAI)


def test_a_moment_abroad_is_counted_from_its_day_in_shanghai() -> None:
    found = calendar().due(datetime.fromisoformat("2026-03-12T16:30:00+00:00"), Period.parse("P1D"))
    assert found == datetime(2026, 3, 16, 23, 59, 59, tzinfo=SHANGHAI)  # the 13th there, the 14th a Saturday


def test_a_year_without_a_notice_is_said_and_only_where_it_counts() -> None:
    start = datetime(2026, 12, 30, tzinfo=SHANGHAI)
    for period, told in (("P20D", True), ("P2WD", True), ("PT72H", False), ("P1D", False)):
        length = Period.parse(period)
        assert bool(calendar().warnings(start, calendar().due(start, length), length)) is told, period


def test_every_notice_names_its_source_and_its_own_year() -> None:
    known = calendar()
    assert set(known.sources) == {2024, 2025, 2026}
    assert all(source.startswith("国办发明电〔") for source in known.sources.values())
    assert {day.year for day in known.worked | known.off} == {2024, 2025, 2026}
    assert all(day.weekday() >= 5 for day in known.worked)


@pytest.mark.parametrize("text", ["", "P0D", "P", "PT", "24H", "P1Y2M", "P-1D", "PT0H", "P2wd", "P1.5D"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Period.parse(text)


LENGTHS = st.sampled_from(["PT24H", "PT1H", "P1D", "P20D", "P30D", "P3M", "P12M", "P1WD", "P2WD", "P5WD"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 30)).map(
    lambda at: at.replace(tzinfo=SHANGHAI)
)


@given(MOMENTS, st.timedeltas(timedelta(), timedelta(days=40)), LENGTHS)
def test_a_later_start_never_ends_earlier_and_no_end_precedes_its_start(start, more, text) -> None:
    length = Period.parse(text)
    first, second = calendar().due(start, length), calendar().due(start + more, length)
    assert start < first <= second
    if not length.hours:
        assert calendar().is_working(first.date())


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(1, 1200))
def test_months_land_on_the_day_or_the_months_last(day: date, months: int) -> None:
    later = plus_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)
