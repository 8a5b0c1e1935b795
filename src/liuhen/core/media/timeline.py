"""The packet timeline of a stream: where it starts and ends, and where it is interrupted.

- Times come from the packets' presentation, never from a header: one was seen to say 143165 s for 1.07 s.
- A gap is an interval between two packets, in order of presentation, longer than 4 × the median interval and
  at least 0.25 s. Measured against the stream's own median, so that a slow or uneven frame rate is no gap.
- The gap's length runs from the presentation of one packet to the presentation of the next.
- Pure functions over whole ticks of the stream's time base; seconds appear only in the results.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TypedDict

GAP_FACTOR = 4
GAP_SECONDS = Fraction(1, 4)


class Gap(TypedDict):
    """An interruption: stream index, start in seconds on the file's timeline, length in seconds."""

    stream: int
    start: float
    length: float


def _ticks() -> array[int]:
    return array("q")


@dataclass
class Track:
    """The presentation times of one audio or video stream, in ticks of `time_base` (seconds a tick)."""

    index: int
    kind: str
    time_base: Fraction
    starts: array[int] = field(default_factory=_ticks)
    last_start: int | None = None
    last_duration: int = 0

    def add(self, start: int, duration: int) -> None:
        """Note one packet. A duration of 0 means that the file does not say."""
        self.starts.append(start)
        if self.last_start is None or start >= self.last_start:
            self.last_start, self.last_duration = start, duration

    def first(self) -> Fraction | None:
        """Presentation of the earliest packet, in seconds."""
        return min(self.starts) * self.time_base if self.starts else None

    def end(self) -> Fraction | None:
        """End of the last packet presented, in seconds; an unsaid duration counts as the median interval."""
        if self.last_start is None:
            return None
        length = self.last_duration or median(intervals(sorted(self.starts))) or 0
        return (self.last_start + length) * self.time_base


def intervals(ordered: Sequence[int]) -> list[int]:
    """Differences between neighbours of an ordered sequence, twins (difference 0) left out."""
    return [after - before for before, after in pairwise(ordered) if after > before]


def median(values: Sequence[int]) -> Fraction | None:
    """The median, exact; None of nothing."""
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    if len(ordered) % 2:
        return Fraction(ordered[middle])
    return Fraction(ordered[middle - 1] + ordered[middle], 2)


def seconds(value: Fraction) -> float:
    """Seconds as a float of six decimals, the precision of every result."""
    return round(float(value), 6)


def gaps(track: Track, origin: Fraction = Fraction(0)) -> list[Gap]:
    """The interruptions of one stream, in order; `start` counts from `origin` (seconds)."""
    ordered = sorted(track.starts)
    typical = median(intervals(ordered))
    if typical is None:
        return []
    more_than = math.floor(GAP_FACTOR * typical)
    at_least = math.ceil(GAP_SECONDS / track.time_base)
    found: list[Gap] = []
    for before, after in pairwise(ordered):
        step = after - before
        if step > more_than and step >= at_least:
            start = seconds(before * track.time_base - origin)
            found.append(Gap(stream=track.index, start=start, length=seconds(step * track.time_base)))
    return found


def origin_of(tracks: Sequence[Track]) -> Fraction:
    """Where the file's timeline begins: the earliest packet of any stream, in seconds."""
    firsts = [first for track in tracks if (first := track.first()) is not None]
    return min(firsts, default=Fraction(0))


def end_of(tracks: Sequence[Track], kind: str | None = None) -> Fraction | None:
    """Where the last packet of the streams (of one kind) ends, in seconds; None without packets."""
    ends = [end for track in tracks if kind in (None, track.kind) and (end := track.end()) is not None]
    return max(ends, default=None)
