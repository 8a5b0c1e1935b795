"""What the tests of fieldwork stand on: the shipped packs, and moments and stretches in a few words."""

from __future__ import annotations

from datetime import datetime, timedelta

from liuhen.base.packs import pack_of, shipped
from liuhen.core.field.closing import Explained
from liuhen.core.field.coverage import Coverage, Recorded, judge_coverage, span_of

PACKS = tuple(shipped())
ARRIVED = datetime.fromisoformat("2026-03-13T09:00:00+08:00")
ENDED = ARRIVED + timedelta(minutes=60)
LEFT = ARRIVED + timedelta(minutes=90)

MUST_MATTER = dict.fromkeys(PACKS, "investigation") | {"pengyang": "life_property"}


def at(minutes: float) -> datetime:
    """Minutes after arrival."""
    return ARRIVED + timedelta(minutes=minutes)


def rec(start: float, end: float, device: str = "A000001") -> Recorded:
    """A recording from minute to minute."""
    return Recorded(at(start), at(end), f"{device}-{start}", device)


def cover(
    pack: str, *recorded: Recorded, explained: tuple[Explained, ...] = (), matter: str | None = ""
) -> Coverage:
    """An activity of 60 minutes and a departure after 90, under a pack."""
    span = span_of(pack_of(pack), ARRIVED, ENDED, LEFT)
    told = MUST_MATTER[pack] if matter == "" else matter
    return judge_coverage(pack_of(pack), span, recorded, matter=told, explained=explained)
