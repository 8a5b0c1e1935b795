"""The log as plain files: hash tiles and entry bundles (C2SP tlog-tiles) that anyone can read.

- A hash tile of level L holds 256 roots of subtrees of 256^L leaves; a bundle holds the 256 entries of one
  level-0 tile, each after its length (two bytes, big-endian).
- Order of writing: bundles, then hash tiles from the top level down, level 0 last and in rising order. So the
  leaves that level 0 holds are complete everywhere, and publishing the same range again finishes any crash.
- What is published is compared, never replaced. One publisher at a time: the caller holds the log's lock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import RefusedError
from .merkle import HASH_SIZE, leaf_hash, range_root, root_of
from .tile_files import (
    ENTRIES,
    MAX_ENTRY,
    WIDTH,
    TileConflictError,
    TileError,
    TileFiles,
    conflict,
    damaged,
    tile_path,
)

__all__ = [
    "MAX_ENTRY",
    "EntryTooLargeError",
    "TileConflictError",
    "TileError",
    "TileFolder",
    "TileGapError",
    "tile_path",
]

_TILE_BYTES = WIDTH * HASH_SIZE
_CACHED_TILES = 64


class TileGapError(RefusedError):
    """The range does not join on to what is published."""

    code = "tile_gap"


class EntryTooLargeError(RefusedError):
    """An entry is longer than a bundle can say (65,535 bytes)."""

    code = "entry_too_large"


class TileFolder:
    """A log's folder, which holds `tile/…`. Reads are cached: a tile does not change, it only gets longer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = TileFiles(path)
        self._cache: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def size_on_disk(self) -> int:
        """How many leaves the level-0 tiles hold; 0 for an empty folder. Raises TileError."""
        number = self._files.last_number(0)
        if number is None:
            return 0
        return number * WIDTH + max(self._files.widths(0, number), default=0)

    def hash_at(self, level: int, index: int) -> bytes:
        """Root of the complete subtree over leaves [index·2^level, (index+1)·2^level). Raises TileError."""
        tile_level, inner = divmod(level, 8)
        number, offset = divmod(index << inner, WIDTH)
        stop = offset + (1 << inner)
        row = self._row(tile_level, number, stop)
        return root_of(_split(row[offset * HASH_SIZE : stop * HASH_SIZE]))

    def root(self, size: int) -> bytes:
        """Root of the tree of the first `size` leaves, from the tiles alone. Raises TileError."""
        return range_root(0, size, self.hash_at)

    def leaf_hashes(self, size: int) -> Iterator[bytes]:
        """The first `size` leaf hashes, in order. Raises TileError."""
        for number, width in _tiles_over(0, size):
            yield from _split(self._read_row(0, number, width)[: width * HASH_SIZE])

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """The entries at [start, stop) as stored, not compared with their hashes. Raises TileError."""
        for number, width in _tiles_over(start, stop):
            yield from self._read_bundle(number, width)[max(start - number * WIDTH, 0) : width]

    def publish(self, start: int, entries: Sequence[bytes]) -> None:
        """Make the tiles for `entries`, standing at [start, start + len(entries)), durable.

        Entries that are published already must be the same ones. Raises EntryTooLargeError, TileGapError when
        `start` is beyond what is published, TileConflictError when something published differs, TileError on
        damage, OSError when the disk cannot be written.
        """
        for offset, entry in enumerate(entries):
            _refuse_large(start + offset, entry)
        have, stop = self.size_on_disk(), start + len(entries)
        if not 0 <= start <= have:
            raise _gap(start, have)
        leaves = [leaf_hash(entry) for entry in entries]
        self._compare(start, leaves[: have - start])
        if entries and stop >= have:
            self._write_bundles(start, entries)
            self._write_rows(start, leaves)

    def _compare(self, start: int, leaves: Sequence[bytes]) -> None:
        for position, leaf in enumerate(leaves, start):
            if self.hash_at(0, position) != leaf:
                raise conflict(tile_path(0, position // WIDTH))

    def _write_bundles(self, start: int, entries: Sequence[bytes]) -> None:
        number, head = divmod(start, WIDTH)
        pending = [*self.entries(start - head, start), *entries]
        for at in range(0, len(pending), WIDTH):
            bundle = pending[at : at + WIDTH]
            data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in bundle)
            self._files.put(ENTRIES, number + at // WIDTH, len(bundle), data)

    def _write_rows(self, start: int, leaves: Sequence[bytes]) -> None:
        rows = sorted(self._rows(start, leaves), key=lambda row: (-row[0], row[1]))
        for level, number, row in rows:
            self._files.put(level, number, len(row) // HASH_SIZE, row)

    def _rows(self, start: int, leaves: Sequence[bytes]) -> Iterator[tuple[int, int, bytes]]:
        """(level, number, hashes) of every tile that leaves from `start` on touch, lowest level first."""
        level, first, fresh = 0, start, list(leaves)
        while fresh:
            number, head = divmod(first, WIDTH)
            before = self._row(level, number, head)[: head * HASH_SIZE] if head else b""
            joined = before + b"".join(fresh)
            rows = [joined[at : at + _TILE_BYTES] for at in range(0, len(joined), _TILE_BYTES)]
            yield from ((level, number + i, row) for i, row in enumerate(rows))
            fresh = [root_of(_split(row)) for row in rows if len(row) == _TILE_BYTES]
            level, first = level + 1, number

    def _row(self, level: int, number: int, need: int) -> bytes:
        """At least the first `need` hashes of a tile, from the cache when it has them."""
        row = self._cache.get((level, number), b"")
        if len(row) < need * HASH_SIZE:
            row = self._cache[level, number] = self._read_row(level, number, need)
        self._cache.move_to_end((level, number))
        if len(self._cache) > _CACHED_TILES:
            self._cache.popitem(last=False)
        return row

    def _read_row(self, level: int, number: int, need: int) -> bytes:
        width = self._files.width_for(level, number, need)
        path = tile_path(level, number, width)
        row = self._files.read(path)
        if len(row) != width * HASH_SIZE:
            raise damaged(path, f"长度不对，应有 {width * HASH_SIZE} 字节，实有 {len(row)} 字节")
        return row

    def _read_bundle(self, number: int, need: int) -> list[bytes]:
        width = self._files.width_for(ENTRIES, number, need)
        path = tile_path(ENTRIES, number, width)
        data = self._files.read(path)
        found, at = [], 0
        while at + 2 <= len(data):
            stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
            found.append(data[at + 2 : stop])
            at = stop
        if at != len(data) or len(found) != width:
            raise damaged(path, f"内容不完整，应有 {width} 条")
        return found


def _split(row: bytes) -> list[bytes]:
    return [row[at : at + HASH_SIZE] for at in range(0, len(row), HASH_SIZE)]


def _tiles_over(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """(number, how many of its leaves lie before `stop`) of each tile that [start, stop) touches."""
    if stop > start:
        for number in range(start // WIDTH, (stop - 1) // WIDTH + 1):
            yield number, min(stop - number * WIDTH, WIDTH)


def _refuse_large(position: int, entry: bytes) -> None:
    if len(entry) > MAX_ENTRY:
        raise EntryTooLargeError(
            f"第 {position} 条日志有 {len(entry)} 字节，超过 {MAX_ENTRY} 字节的上限。",
            remedy="请把长文字放在记录中，日志只留其摘要。",
            position=position,
            size=len(entry),
        )


def _gap(start: int, have: int) -> TileGapError:
    return TileGapError(
        f"已公布 {have} 条，不能从第 {start} 条（从 0 数起）续写：中间缺条目。",
        remedy="请从已公布的末尾起重新公布。",
        start=start,
        published=have,
    )
