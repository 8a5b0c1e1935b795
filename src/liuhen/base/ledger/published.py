"""The published files as `ledger verify` reads them.

- Nothing is believed: a file that is missing, short or unreadable is told to `say` and read as nothing.
- A publisher may be at work: a partial tile that has given way to its full tile is looked for once more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.merkle import HASH_SIZE
from liuhen.core.tlog.tile_files import ENTRIES, WIDTH, Level, TileError, TileFiles, damaged, tile_path

Say = Callable[[int | None, str, str], None]


class Tile(NamedTuple):
    """What a tile file holds: `width` hashes or entries."""

    width: int
    data: bytes


class Published:
    """One log's published folder."""

    def __init__(self, folder: Path, say: Say) -> None:
        self._files = TileFiles(folder)
        self._say = say

    def size(self) -> int:
        """How many leaf hashes are there, by the names of the files."""
        try:
            number = self._files.last_number(0)
            if number is None:
                return 0
            return number * WIDTH + max(self._files.widths(0, number), default=0)
        except (LiuhenError, OSError) as error:
            self._say(None, "tile_damaged", f"已公布的账本文件夹读不出：{error}")
            return 0

    def hashes(self, level: int, number: int, need: int) -> Tile | None:
        """A hash tile with at least `need` hashes; None (and a finding) when there is none."""
        return self._read(level, number, need)

    def bundle(self, number: int, need: int) -> Tile | None:
        """The entries under a level-0 tile, each after its length (two bytes, big-endian)."""
        return self._read(ENTRIES, number, need)

    def narrower(self, level: Level, number: int) -> tuple[Tile | None, list[Tile]]:
        """The widest file of a tile and the others: partial ones that an old checkpoint may still need.

        A file that is gone when it is to be read was dropped by the publisher, because the full tile stands.
        """
        found: list[Tile] = []
        widths = self._widths(level, number)
        for width in widths:
            try:
                found.append(self._once(level, number, width))
            except (LiuhenError, OSError) as error:
                if width != widths[-1] and width in self._widths(level, number):
                    self._say(first_under(level, number), "tile_damaged", f"已公布的文件损坏：{error}")
        if not found or found[-1].width != widths[-1]:
            return None, []  # the widest was read before, and is told as damaged
        return found[-1], found[:-1]

    def _widths(self, level: Level, number: int) -> list[int]:
        try:
            return sorted(self._files.widths(level, number))
        except (LiuhenError, OSError):
            return []

    def _read(self, level: Level, number: int, need: int) -> Tile | None:
        for last_try in (False, True):
            try:
                return self._once(level, number, self._files.width_for(level, number, need))
            except (TileError, OSError) as error:
                if last_try:
                    path = tile_path(level, number)
                    self._say(first_under(level, number), "tile_damaged", f"已公布的 {path} 损坏：{error}")
        return None

    def _once(self, level: Level, number: int, width: int) -> Tile:
        path = tile_path(level, number, width)
        data = self._files.read(path)
        if level != ENTRIES and len(data) != width * HASH_SIZE:
            raise damaged(path, f"长度不对，应有 {width * HASH_SIZE} 字节，实有 {len(data)} 字节")
        return Tile(width, data)


def first_under(level: Level, number: int, index: int = 0) -> int:
    """The first position under the `index`-th hash (or entry) of a tile."""
    return int((number * WIDTH + index) * WIDTH ** (level if isinstance(level, int) else 0))


def entries_in(bundle: Tile) -> list[bytes] | None:
    """The entries of a bundle; None when the lengths do not add up."""
    found, at, data = [], 0, bundle.data
    while at < len(data):
        stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : stop])
        at = stop
    return found if at == len(data) and len(found) == bundle.width else None
