"""Gaps and lengths from packet times alone."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.media.timeline import Track, end_of, gaps, median, origin_of


def _track(starts, *, base=Fraction(1, 1000), duration=40, index=0, kind="video") -> Track:
    track = Track(index, kind, base)
    for start in starts:
        track.add(start, duration)
    return track


def test_an_even_stream_has_no_gap() -> None:
    assert gaps(_track(range(0, 4000, 40))) == []


def test_a_gap_runs_from_one_presentation_to_the_next() -> None:
    starts = [*range(0, 1000, 40), *range(3000, 4000, 40)]
    assert gaps(_track(starts, index=3)) == [{"stream": 3, "start": 0.96, "length": 2.04}]


def test_packets_out_of_order_are_put_in_order_of_presentation() -> None:
    assert gaps(_track([0, 120, 40, 80, 240, 160, 200])) == []


def test_four_times_the_median_is_still_no_gap() -> None:
    assert gaps(_track([0, 100, 200, 300, 700])) == []
    assert len(gaps(_track([0, 100, 200, 300, 701]))) == 1


def test_a_quarter_of_a_second_is_the_least_gap() -> None:
    assert gaps(_track([0, 10, 20, 30, 279])) == []
    assert [gap["length"] for gap in gaps(_track([0, 10, 20, 30, 280]))] == [0.25]


def test_a_slow_stream_is_measured_by_its_own_pace() -> None:
    assert gaps(_track(range(0, 60_000, 5000))) == []


def test_start_counts_from_the_beginning_of_the_file() -> None:
    track = _track([1400, 1440, 1480, 1520, 2520])
    assert gaps(track, origin_of([track]))[0]["start"] == 0.12


def test_one_packet_or_none_has_no_gap_and_no_trouble() -> None:
    assert gaps(_track([])) == gaps(_track([7])) == gaps(_track([0, 10_000])) == []
    assert origin_of([_track([])]) == 0
    assert end_of([_track([])]) is None


def test_the_end_is_that_of_the_packet_presented_last() -> None:
    track = Track(0, "video", Fraction(1, 1000))
    for start, duration in ((0, 40), (80, 999), (120, 40), (40, 5000)):
        track.add(start, duration)
    assert end_of([track]) == Fraction(160, 1000)


def test_an_unsaid_duration_counts_as_the_median_interval() -> None:
    assert end_of([_track([0, 40, 80], duration=0)]) == Fraction(120, 1000)


def test_the_end_of_one_kind_does_not_look_at_the_other() -> None:
    tracks = [_track([0]), _track([9000], kind="audio")]
    assert end_of(tracks, "video") == Fraction(40, 1000)
    assert end_of(tracks) == Fraction(9040, 1000)


@pytest.mark.parametrize(
    ("values", "middle"), [([], None), ([5], 5), ([9, 1, 5], 5), ([1, 2], Fraction(3, 2))]
)
def test_median(values, middle) -> None:
    assert median(values) == middle


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=60))
def test_gaps_never_overlap_and_never_exceed_the_span(starts) -> None:
    found = gaps(_track(starts))
    assert sum(gap["length"] for gap in found) <= (max(starts) - min(starts)) / 1000 + 1e-3
    for before, after in pairwise(found):
        assert before["start"] + before["length"] <= after["start"] + 1e-5
    assert all(gap["length"] >= 0.25 for gap in found)
