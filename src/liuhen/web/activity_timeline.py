"""The timeline of an activity as it is drawn: lanes, blocks and flags with their places, made on the server.

- Horizontal places are percents, so that the drawing can be enlarged by its width alone; vertical ones are pixels.
- It is laid out for BASE pixels of width, its least on any screen and about what an A4 sheet holds; what would run into
  its neighbour there goes a row down, or keeps only its number.
- Every block leads somewhere: to its recording, or to its line in the table below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from liuhen.base import clock, site
from liuhen.core.findings import length_in_words
from liuhen.stages.fieldwork.checks import Judged, placed_of

from . import activity_items as items
from .activity_axis import Axis, axis_of
from .activity_items import Item
from .activity_shapes import AXIS, ROW, Block, Flag, Lane, Line, Timeline, Told

BASE = 900  # pixels
_CHARACTER = 100 * 11 / BASE  # percent that one Chinese character takes
_AROUND = 1.8  # percent around the words of a moment: they stand a little off its line
_ZOOMS = (1, 2, 4, 8, 16, 32)
_MOST_ROWS = 6
GAP, BAR, FLAG = 6, 26, 22  # heights


def told_of(judged: Judged, seen: frozenset[UUID]) -> Told:
    """`seen`: the recordings that the person may see."""
    activity, rows = judged.activity, placed_of(judged.activity)
    carried = {
        one.device.serial: one.officer.name if one.officer else ""
        for one in activity.carried.select_related("device", "officer")
    }
    return Told(
        items.moments_of(activity),
        items.span_in(judged),
        items.recordings_in(rows, seen),
        items.documents_in(activity),
        items.marks_in(activity, judged.pack, seen),
        items.holes_in(judged),
        items.stops_in(activity),
        items.reports_in(activity),
        carried,
        sum(row.recording_id not in seen for row in rows),
    )


def drawn(told: Told) -> Timeline | None:
    """None while nothing of the activity has a time."""
    moments = {one.key: one.start for one in told.moments}
    returned = moments.pop("moment-returned_at", None)
    timed = [*told.recordings, *told.documents, *told.marks, *told.stops]
    axis = axis_of(moments.values(), returned, items.stretches_of(timed))
    if axis is None:
        return None
    return _Drawing(axis, told).finished()


class _Drawing:
    """Lays one lane under the other."""

    def __init__(self, axis: Axis, told: Told) -> None:
        self.axis, self.told = axis, told
        self.lanes: list[Lane] = []
        self.y = 0

    def finished(self) -> Timeline:
        lines = self._lines()
        self.y = AXIS + ROW * (1 + max((one.row for one in lines), default=0)) + GAP
        top = self.y
        span = self._span()
        for name in sorted({one.lane for one in self.told.recordings} | set(self.told.carried)):
            self._device(name)
        self._bars("文书", "按文书所载", self.told.documents, "没有登记文书")
        self._marks()
        edge = f"没有空缺（首尾各 {site.current().edge_seconds:g} 秒以内不计）"
        self._bars("空缺与中断", "", [*self.told.holes, *self.told.stops], edge, self.told.reports)
        return Timeline(
            self.axis,
            list(self.axis.ticks()),
            lines,
            span,
            self.lanes,
            self.y,
            top,
            f"{self.axis.start.astimezone(clock.SHANGHAI):%Y-%m-%d}",
            sum(not self._shown(one) for one in self.told.table),
        )

    def _shown(self, one: Item) -> bool:
        return one.start is not None and self.axis.shows(one.start, one.end)

    # -- the top

    def _lines(self) -> list[Line]:
        ends: list[float] = []
        found = []
        for one in self.told.moments:
            if not one.start:
                continue
            x, text = self.axis.at(one.start), f"{one.name} {clock.local(one.start)[11:16]}"
            width = _wide(text) + _AROUND
            beyond = self.axis.beyond and one.start == self.axis.beyond
            left = x + width > (100 if beyond else self.axis.room + 1)
            row = _free_row(ends, x - width if left else x, x if left else x + width, len(self.told.moments))
            found.append(Line(_percent(x), text, "end" if left else "start", row or 0))
        return found

    def _span(self) -> Block | None:
        one = self.told.span
        if one is None:
            return None
        lane = self._lane("应当记录", "", BAR)
        block = self._block(one, lane.y + 5, f"#{one.key}")
        lane.blocks.append(block)
        return block

    # -- lanes

    def _lane(self, name: str, note: str, height: int, empty: str = "") -> Lane:
        lane = Lane(name, note, self.y, height + GAP, empty=empty)
        self.lanes.append(lane)
        self.y += lane.height
        return lane

    def _device(self, name: str) -> None:
        mine = [one for one in self.told.recordings if one.lane == name]
        films = [one for one in mine if one.kind != "photo" and self._shown(one)]
        photos = [one for one in mine if one.kind == "photo" and self._shown(one)]
        empty = "" if films or photos else "没有录像"
        lane = self._lane(name, self.told.carried.get(name, "未登记携带"), BAR + 12 * bool(photos) + 6, empty)
        for one in films:
            lane.blocks.append(self._block(one, lane.y + 3, one.href or f"#{one.key}"))
        for number, one in enumerate(photos, start=1):
            lane.flags.append(self._flag(one, lane.y + BAR + 11, number, "", "", one.href or f"#{one.key}"))

    def _bars(
        self, name: str, note: str, found: Sequence[Item], nothing: str, flags: Iterable[Item] = ()
    ) -> None:
        """Bars in as many rows as they need, and flags below them."""
        shown = [one for one in items.in_order(found) if self._shown(one)]
        lane = self._lane(name, note, BAR, nothing if not found else "")
        rows = self._rows(shown)
        for one, row in zip(shown, rows, strict=True):
            lane.blocks.append(self._block(one, lane.y + 3 + row * (BAR + 2), f"#{one.key}"))
        below = [one for one in flags if self._shown(one)]
        last = max(rows, default=-1) + 1
        lane.height = max(1, last) * (BAR + 2) + GAP
        if below:
            top = lane.y + last * (BAR + 2) + 4
            count = self._flags(lane, below, top)
            lane.height = top - lane.y + count * FLAG + GAP
            lane.empty = ""
        self.y = lane.y + lane.height

    def _rows(self, shown: Sequence[Item]) -> list[int]:
        """The row of each bar, so that none lies on another; its words count, where they are wider than it."""
        ends: list[float] = []
        found = []
        for one in shown:
            x, width = self._place(one)
            row = _free_row(ends, x, x + width + 0.4, 50)
            found.append(row or 0)
        return found

    def _marks(self) -> None:
        shown = [one for one in self.told.marks if self._shown(one)]
        lane = self._lane("标记", "数字见下表", BAR, "" if self.told.marks else "没有标记")
        if shown:
            lane.height = self._flags(lane, shown, lane.y + 4, numbered=self.told.marks) * FLAG + GAP + 4
        self.y = lane.y + max(lane.height, BAR)

    def _flags(
        self, lane: Lane, shown: Sequence[Item], top: int, numbered: Sequence[Item] | None = None
    ) -> int:
        """Places flags with their words in rows; returns how many rows they took."""
        ends: list[float] = []
        numbers = {one.key: number for number, one in enumerate(numbered or shown, start=1)}
        used = 1
        for one in shown:
            x = self.axis.at(one.start or self.axis.start)
            text = one.short if len(one.short) <= 12 else f"{one.short[:11]}…"
            width, side = 2.6 + _wide(text), "start"
            first, last = x - 1.2, x + width
            if last > 100:
                first, last, side = x - width, x + 1.2, "end"
            row = _free_row(ends, first, last, _MOST_ROWS)
            if row is None:
                row, side = min(range(len(ends)), key=ends.__getitem__), ""
            used = max(used, row + 1)
            y = top + row * FLAG + FLAG // 2 - 2
            lane.flags.append(self._flag(one, y, numbers[one.key], text, side, f"#{one.key}"))
        return used

    # -- pieces

    def _place(self, one: Item) -> tuple[float, float]:
        start = one.start or self.axis.start
        x, end = self.axis.at(start), self.axis.at(one.end or start)
        width = max(end - x, 0.7)
        return min(x, 100 - width), width

    def _block(self, one: Item, y: int, href: str) -> Block:
        x, width = self._place(one)
        text = f"{one.short}　{one.length}" if one.kind.startswith(("hole", "film", "audio")) else one.short
        need = _wide(text) + 1
        zoom = next((zoom for zoom in _ZOOMS if width * zoom >= need), 0)
        return Block(one, _percent(x), _percent(width), y, text, zoom, href, _parts(one))

    def _flag(self, one: Item, y: int, number: int, text: str, side: str, href: str) -> Flag:
        return Flag(one, _percent(self.axis.at(one.start or self.axis.start)), y, number, text, side, href)


def _parts(one: Item) -> tuple[tuple[str, str], ...]:
    """What of a recording was recorded, in percents of its block."""
    whole = one.seconds or 0 if one.kind in ("film", "audio", "unseen") else 0
    parts = one.parts or (((0.0, whole),) if whole else ())
    if not whole:
        return ()
    return tuple(
        (_percent(100 * start / whole), _percent(100 * (end - start) / whole)) for start, end in parts
    )


def _free_row(ends: list[float], start: float, end: float, most: int) -> int | None:
    """The first row that is free from `start` on, taken until `end`; None where every row is taken."""
    for row, taken in enumerate(ends):
        if taken <= start:
            ends[row] = end
            return row
    if len(ends) >= most:
        return None
    ends.append(end)
    return len(ends) - 1


def _wide(text: str) -> float:
    """How much of the width a text takes."""
    return sum(_CHARACTER if ord(one) > 0x2E80 else _CHARACTER * 0.56 for one in text)


def _percent(value: float) -> str:
    return f"{value:.3f}%"


def coverage_words(judged: Judged) -> dict[str, str] | None:
    """How much of what ought to be recorded is; None where that cannot be said."""
    one = judged.coverage
    if one is None or one.share is None:
        return None
    missing = one.of_seconds - one.seconds
    return {
        "recorded": length_in_words(one.seconds),
        "of": length_in_words(one.of_seconds),
        "missing": length_in_words(missing) if missing > 0.5 else "",
        "share": f"{one.share * 100:.1f}",
        "tone": "good" if one.share >= 0.995 else "wait" if one.share >= 0.9 else "bad",
    }
