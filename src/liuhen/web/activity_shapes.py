"""The shapes of an activity's timeline: what was told of it, and blocks, flags, lanes and lines with their places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import activity_items as items
from .activity_axis import Axis, Tick
from .activity_items import Item

AXIS, ROW = 26, 16  # pixels: of the hours, and of a row of moments below them


@dataclass(frozen=True)
class Block:
    """A stretch of time. `from_zoom`: from which enlargement on its words fit; 0: never. `parts`: (x, width) within it."""

    item: Item
    x: str
    width: str
    y: int
    text: str
    from_zoom: int
    href: str
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Flag:
    """A moment. `side`: on which side of it its words stand; empty: they do not fit."""

    item: Item
    x: str
    y: int
    number: int
    text: str
    side: str
    href: str


@dataclass
class Lane:
    name: str
    note: str
    y: int
    height: int
    blocks: list[Block] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    empty: str = ""

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


@dataclass(frozen=True)
class Line:
    """A moment of the activity: a line through all lanes."""

    x: str
    text: str
    anchor: str
    row: int

    @property
    def y(self) -> int:
        return AXIS + ROW * self.row


@dataclass(frozen=True)
class Timeline:
    """`facts`: what the script needs to know of the axis."""

    axis: Axis
    ticks: list[Tick]
    lines: list[Line]
    span: Block | None
    lanes: list[Lane]
    height: int
    top: int
    day: str
    outside: int

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "start": self.axis.start.timestamp(),
            "end": self.axis.end.timestamp(),
            "room": self.axis.room,
        }


@dataclass(frozen=True)
class Told:
    """The items of an activity, kind by kind."""

    moments: list[Item]
    span: Item | None
    recordings: list[Item]
    documents: list[Item]
    marks: list[Item]
    holes: list[Item]
    stops: list[Item]
    reports: list[Item]
    carried: dict[str, str]
    unseen: int

    @property
    def table(self) -> list[Item]:
        """Everything in the order of time, for the table below the drawing."""
        more = (
            self.moments,
            self.recordings,
            self.documents,
            self.marks,
            self.holes,
            self.stops,
            self.reports,
        )
        return items.in_order(one for kind in more for one in kind)
