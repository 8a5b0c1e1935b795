"""Arithmetic on half-open stretches `(start, end)`: of moments or of seconds, as long as they compare.

- An empty or reversed stretch counts as nothing. Results are in order and do not touch each other.
- Everything is a sort and one pass: n log n.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Ordered)


def union(stretches: Iterable[tuple[T, T]]) -> list[tuple[T, T]]:
    """What at least one of the stretches covers."""
    merged: list[tuple[T, T]] = []
    for start, end in sorted(one for one in stretches if one[0] < one[1]):
        if merged and not merged[-1][1] < start:
            if merged[-1][1] < end:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def clip(stretches: Iterable[tuple[T, T]], start: T, end: T) -> list[tuple[T, T]]:
    """What of the stretches lies between `start` and `end`, in the order given."""
    inside = ((_later(one, start), _earlier(two, end)) for one, two in stretches)
    return [(one, two) for one, two in inside if one < two]


def minus(whole: Iterable[tuple[T, T]], taken: Iterable[tuple[T, T]]) -> list[tuple[T, T]]:
    """What of `whole` nothing in `taken` covers."""
    away, at = union(taken), 0
    left: list[tuple[T, T]] = []
    for start, end in union(whole):
        while at < len(away) and not start < away[at][1]:
            at += 1
        here, step = start, at
        while step < len(away) and away[step][0] < end:
            if here < away[step][0]:
                left.append((here, away[step][0]))
            here = away[step][1]
            step += 1
        if here < end:
            left.append((here, end))
        at = max(at, step - 1)  # the last one may reach into the next stretch
    return left


def _later(one: T, other: T) -> T:
    return other if one < other else one


def _earlier(one: T, other: T) -> T:
    return one if one < other else other
