"""A device's clock from fixes and readings: zone error, constant, drift, stale fix, and what cannot be told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from core.field.field_office import ARRIVED, at
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.field.offsets import (
    Fix,
    Limits,
    median,
    offset_by_readings,
    offset_of,
    whole_hours,
)

HOUR = 3600


def fix(minute: float, difference: float, source: str = "gps", name: str = "") -> Fix:
    """The device says `difference` seconds more than the reference."""
    return Fix(at(minute) + timedelta(seconds=difference), at(minute), name or f"{minute}", source)


def series(*differences: float, step: float = 10) -> list[Fix]:
    return [fix(number * step, difference) for number, difference in enumerate(differences)]


def test_nothing_is_known_without_a_fix() -> None:
    assert offset_of([]).kind == "unknown"
    assert offset_by_readings([], ARRIVED).kind == "unknown"


def test_a_right_clock_agrees() -> None:
    found = offset_of(series(1, 2, 3))
    assert (found.kind, found.seconds, found.confidence) == ("agrees", 2, "high")


@pytest.mark.parametrize("hours", [8, -8, 7, -13, 14, -20])
def test_local_time_written_as_utc_is_a_zone_error_with_its_residue(hours: int) -> None:
    found = offset_of(series(hours * HOUR + 5, hours * HOUR + 6, hours * HOUR + 7))
    assert (found.kind, found.hours, found.residue) == ("zone", hours, 6)
    assert found.correct(at(0) + timedelta(hours=hours, seconds=6)) == at(0)


@pytest.mark.parametrize("seconds", [8 * HOUR + 181, -21 * HOUR, 15 * HOUR, 45, -3 * HOUR + 1800])
def test_what_no_zone_can_do_is_a_wrong_clock(seconds: float) -> None:
    found = offset_of(series(seconds, seconds, seconds + 1))
    assert (found.kind, found.seconds) == ("clock", seconds)


def test_a_stale_fix_is_left_out_and_named() -> None:
    found = offset_of([*series(-79108, -79107, -79109), fix(99, -79054, name="old")])
    assert (found.kind, found.seconds, found.used) == ("clock", -79108, 3)
    assert [one.name for one in found.stale] == ["old"]


def test_fixes_newer_than_the_rest_allow_are_a_clock_that_was_set() -> None:
    found = offset_of(series(100, 101, 100, 20))
    assert (found.kind, found.confidence) == ("unsteady", "low")


def test_two_that_contradict_each_other_prove_nothing() -> None:
    assert offset_of(series(0, 300)).kind == "unsteady"


def test_a_difference_that_grows_evenly_is_drift() -> None:
    found = offset_of([fix(number * 1440, 3 * number) for number in range(21)])
    assert (found.kind, found.used) == ("drift", 21)
    assert found.per_day == pytest.approx(3, abs=0.01)
    assert found.correct(at(20 * 1440) + timedelta(seconds=60)) == pytest.approx(
        at(20 * 1440), abs=timedelta(seconds=1)
    )


def test_a_few_stale_fixes_at_the_end_are_no_drift() -> None:
    found = offset_of(series(0, 1, 0, 1, 0, 400))
    assert (found.kind, len(found.stale)) == ("agrees", 1)


def test_one_fix_ahead_may_be_stale_and_one_behind_is_a_slow_clock() -> None:
    assert offset_of([fix(0, 55)]).kind == "unsure"
    behind = offset_of([fix(0, -55)])
    assert (behind.kind, behind.confidence) == ("clock", "low")
    assert offset_of([fix(0, 20)]).kind == "agrees"


def test_one_fix_of_whole_hours_counts_by_the_hours_alone() -> None:
    found = offset_of([fix(0, 8 * HOUR + 70)])
    assert (found.kind, found.seconds, found.residue, found.confidence) == ("zone", 8 * HOUR, 70, "medium")


@pytest.mark.parametrize(
    ("difference", "hours"), [(8 * HOUR, 8), (-8 * HOUR + 180, -8), (100, None), (HOUR / 2, None)]
)
def test_whole_hours(difference: float, hours: int | None) -> None:
    zone = whole_hours(difference, Limits())
    assert (zone.hours if zone else None) == hours


def test_between_two_readings_the_clock_goes_by_the_line() -> None:
    readings = [fix(0, 0, "dock"), fix(10 * 1440, 40, "dock")]
    found = offset_by_readings(readings, at(5 * 1440))
    assert (found.kind, found.confidence) == ("drift", "high")
    assert found.seconds == pytest.approx(20, abs=0.01)
    assert offset_by_readings(readings, at(15 * 1440)).seconds == 40


def test_two_readings_alike_are_a_constant_and_no_drift() -> None:
    readings = [fix(0, 90, "dock"), fix(10 * 1440, 95, "dock")]
    found = offset_by_readings(readings, at(5 * 1440))
    assert (found.kind, found.used, found.per_day) == ("clock", 2, 0)
    assert found.seconds == pytest.approx(92.5, abs=0.01)


@pytest.mark.parametrize(
    ("days", "confidence"), [(2.9, "high"), (3.1, "medium"), (-9.9, "medium"), (-10.1, "low"), (10.1, "low")]
)
def test_a_reading_days_away_is_less_sure(days: float, confidence: str) -> None:
    found = offset_by_readings([fix(0, 90, "dock")], at(days * 1440))
    assert (found.kind, found.seconds, found.confidence) == ("clock", 90, confidence)


def test_a_median_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no values"):
        median([])


@given(
    st.integers(-200_000, 200_000),
    st.lists(st.integers(0, 4), min_size=3, max_size=12),
    st.lists(st.integers(30, 100_000), max_size=1),
    st.randoms(),
)
def test_a_constant_clock_is_found_whatever_the_order_and_one_stale_fix(offset, noise, late, random) -> None:
    fixes = [fix(number, offset + one) for number, one in enumerate(noise)]
    fixes += [fix(len(noise) + number, offset + one) for number, one in enumerate(late)]
    random.shuffle(fixes)
    found = offset_of(fixes)
    assert offset <= found.seconds <= offset + 4
    assert len(found.stale) == len(late)
