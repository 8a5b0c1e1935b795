"""Arithmetic on stretches, against the plainest way of doing it: counting the points."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.intervals import clip, minus, union

STRETCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12)


def _points(stretches) -> set[int]:
    return {point for start, end in stretches for point in range(start, end)}


@given(STRETCHES)
def test_a_union_has_the_same_points_in_order_and_apart(stretches) -> None:
    merged = union(stretches)
    assert _points(merged) == _points(stretches)
    assert all(one[1] < two[0] for one, two in pairwise(merged))


@given(STRETCHES, STRETCHES)
def test_what_is_left_are_the_points_that_nothing_took(whole, taken) -> None:
    assert _points(minus(whole, taken)) == _points(whole) - _points(taken)


@given(STRETCHES, st.integers(0, 40), st.integers(0, 40))
def test_what_is_clipped_lies_between(stretches, start, end) -> None:
    assert _points(clip(stretches, start, end)) == _points(stretches) & set(range(start, end))


def test_stretches_that_touch_become_one_and_empty_ones_vanish() -> None:
    assert union([(3, 5), (1, 3), (7, 7), (9, 8)]) == [(1, 5)]
