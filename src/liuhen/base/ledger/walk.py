"""One pass over the rows and the published files, tile by tile.

- Whether row or tile is wrong is decided by the signed root; where neither gives it, and beyond the signed
  size, the published entry has the casting vote.
- Files are looked up before the rows, so publishing and new entries may go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from liuhen.base import home
from liuhen.base.people.models import Agency
from liuhen.core.tlog.merkle import HASH_SIZE, leaf_hash
from liuhen.core.tlog.tile_files import ENTRIES, WIDTH, Level

from .pages import Row, columns_agree, pages_of, running, sound
from .published import Published, Tile, entries_in, first_under
from .report import MOST, LedgerReport
from .rows import OTHER, SQLITE, fetch
from .second import NOT_SOUND, Share, answer_of, begun
from .trees import TileTree, leaves_of, split

WORTH_TWO = 50_000  # entries from which a second process repays its start


class _Difference(NamedTuple):
    """Where row, published hash and published entry do not agree: their leaf hashes, None where not there."""

    position: int
    row: bytes | None
    tile: bytes | None
    entry: bytes | None


class Walk:
    """One pass over rows and published files, tile by tile."""

    def __init__(self, report: LedgerReport, agency: Agency) -> None:
        self.report = report
        self.agency = agency
        self.published = Published(home.ledger_folder(agency.code), report.say)
        self.signed = report.checkpoint.size if report.checkpoint else 0
        self.there = max(self.signed, self.published.size())
        self.rows = TileTree(self.signed)
        self.tiles = TileTree(self.signed)
        self.expected = 0
        self.differences: list[_Difference] = []
        self.unequal = False  # some row and its signed hash differ

    def everything(self) -> None:
        """Every row and every published leaf, from the first to the last."""
        share = self._share()
        if share is None:
            self._look(0, None)
        else:
            with begun(share) as process:
                self._look(0, share.first)
                self._take_over(share, answer_of(process, share))
            self._look(share.stop, None)
        if self.expected < self.there:
            text = f"库中到第 {self.expected} 条之前为止，而账本已签名 {self.signed} 条、已公布 {self.there} 条。"
            self.report.say(self.expected, "tail_cut", text)

    def _share(self) -> Share | None:
        """The later half of the full tiles, when that is worth a second process and it can see the rows."""
        full = min(self.signed, self.there) // WIDTH
        plain_file = connection.vendor == "sqlite" and not connection.in_atomic_block
        database = Path(str(connection.settings_dict["NAME"]))
        if full * WIDTH < WORTH_TWO or not plain_file or not database.is_file():
            return None
        folder = home.ledger_folder(self.agency.code).absolute()
        return Share(str(database.absolute()), str(folder), self.agency.pk, self.agency.code, full // 2, full)

    def _take_over(self, share: Share, roots: list[bytes]) -> None:
        """What the second process found sound is so; the rest is looked at here."""
        for number, root in enumerate(roots, share.first):
            if root == NOT_SOUND or self.expected != number * WIDTH:
                self._look(number, number + 1)
            else:
                self.rows.add_root(number, root)
                self.tiles.add_root(number, root)
                self.expected += WIDTH

    def _look(self, first: int, stop: int | None) -> None:
        """The tiles [first, stop), and with stop None all that stands behind."""
        bounds = (first * WIDTH if first else None, None if stop is None else stop * WIDTH)
        tiles = -(-self.there // WIDTH) if stop is None else stop
        with connection.chunked_cursor() as cursor:
            columns = SQLITE if connection.vendor == "sqlite" else OTHER
            rows = fetch(cursor, columns, "%s", self.agency.pk, *bounds)
            for number, page in _without_holes(pages_of(rows), first, tiles):
                if number < 0:
                    for row in page:
                        self._in_order(row[0])
                else:
                    self._tile(number, page)

    def _tile(self, number: int, rows: list[Row]) -> None:
        first = number * WIDTH
        need = min(WIDTH, self.there - first)
        hashes = self.published.hashes(0, number, need) if need > 0 else None
        bundle = self.published.bundle(number, need) if need > 0 else None
        if hashes and bundle and self.expected == first:
            leaves = sound(number, rows, hashes, bundle, self.agency.code)
            if leaves is not None:
                self.rows.add(number, leaves)
                self.tiles.add(number, leaves, same_as=self.rows)
                self.expected += WIDTH
                return
        self._look_closer(first, rows, hashes, bundle)

    def _look_closer(self, first: int, rows: list[Row], hashes: Tile | None, bundle: Tile | None) -> None:
        leaves = leaves_of([row[1] for row in rows])
        together = running(rows, first) if self.expected == first else 0
        self.rows.add(first // WIDTH, leaves[: together * HASH_SIZE])
        if first < self.there:
            self.tiles.add(first // WIDTH, hashes.data if hashes else None)
        tile_leaves = split(hashes.data) if hashes else []
        entry_leaves = self._entry_leaves(first, bundle)
        seen: dict[int, bytes] = {}
        agree = columns_agree(rows, self.agency.code)
        for row, leaf, columns_good in zip(rows, split(leaves), agree, strict=True):
            position = row[0]
            if self._in_order(position):
                seen[position] = leaf
                if not columns_good and _at(tile_leaves, position - first) in (None, leaf):
                    self.report.say(position, "column_altered", f"第 {position} 条的索引列与其内容不符。")
        for offset in range(max(len(tile_leaves), len(entry_leaves))):
            found = _Difference(
                first + offset, seen.get(first + offset), _at(tile_leaves, offset), _at(entry_leaves, offset)
            )
            if len({leaf for leaf in found[1:] if leaf is not None}) > 1:
                self._differ(found)

    def _differ(self, found: _Difference) -> None:
        if None not in (found.row, found.tile) and found.row != found.tile and found.position < self.signed:
            self.unequal = True
        if len(self.differences) < MOST:
            self.differences.append(found)
        else:
            self.report.more += 1

    def _in_order(self, position: int) -> bool:
        """Count a row; a hole before it, or a row too many, is a finding."""
        if not isinstance(position, int) or position < self.expected:
            self.report.say(None, "row_extra", f"库中多出一行，其序号为 {position}。")
            return False
        if position > self.expected:
            hole = f"第 {self.expected} 条" + (
                f"至第 {position - 1} 条" if position - self.expected > 1 else ""
            )
            self.report.say(self.expected, "row_missing", f"缺少{hole}（库中下一条是第 {position} 条）。")
        self.expected = position + 1
        return True

    def _entry_leaves(self, first: int, bundle: Tile | None) -> list[bytes]:
        if bundle is None:
            return []
        entries = entries_in(bundle)
        if entries is None:
            self.report.say(first, "tile_damaged", f"已公布的第 {first} 条起的条目文件长度不对，无法拆开。")
            return []
        return [leaf_hash(entry) for entry in entries]

    def judge(self) -> None:
        """With both trees known: which side is wrong, and do the inner tiles follow from the leaves?"""
        root = self.report.checkpoint.root if self.report.checkpoint else None
        rows_good = self.signed > 0 and self.rows.root(self.signed) == root
        tiles_good = self.signed > 0 and self.tiles.root(self.signed) == root
        for found in self.differences:
            signed = found.position < self.signed
            self._judge_one(found, rows_good=rows_good and signed, tiles_good=tiles_good and signed)
        complete = self.rows.size >= self.signed
        if root is not None and complete and not self.unequal and self.rows.root(self.signed) != root:
            self.report.say(None, "root_differs", "库中账本的树根与检查点签名的树根不符。")
        self._inner_tiles(self.rows if rows_good and not tiles_good else self.tiles)
        self._narrower_tiles()

    def _judge_one(self, found: _Difference, *, rows_good: bool, tiles_good: bool) -> None:
        position, row, tile, entry = found
        row_wins = row is not None and (rows_good or (not tiles_good and row == entry))
        if row is not None and tile is not None and row != tile:
            if row_wins:
                text = f"已公布账本的第 {position} 条的摘要被改动，库中内容未变。"
                self.report.say(position, "tile_altered", text)
            else:
                text = f"第 {position} 条被改动，与已公布的账本不符。"
                self.report.say(position, "row_altered", text)
        trusted = row if row_wins or tile is None else tile
        if entry is not None and trusted is not None and entry != trusted:
            self.report.say(position, "tile_entry_altered", f"已公布的第 {position} 条内容被改动。")

    def _inner_tiles(self, tree: TileTree) -> None:
        """A proof is made from inner tiles: each must hold what the leaves under it give."""
        level, count = 1, self.there // WIDTH
        while count:
            wanted = tree.level(level)
            for number in range(-(-count // WIDTH)):
                need = min(WIDTH, count - number * WIDTH)
                tile = self.published.hashes(level, number, need)
                if tile is not None:
                    self._inner_tile(level, number, split(tile.data), wanted[number * WIDTH :][:WIDTH])
            level, count = level + 1, count // WIDTH

    def _inner_tile(self, level: int, number: int, found: list[bytes], wanted: list[bytes | None]) -> None:
        for index, (one, other) in enumerate(zip(found, wanted, strict=False)):
            if other is not None and one != other:
                first = first_under(level, number, index)
                last = first_under(level, number, index + 1) - 1
                text = f"已公布的第 {first} 条至第 {last} 条的子树摘要与其下各条不符。"
                self.report.say(first, "tile_root_differs", text)

    def _narrower_tiles(self) -> None:
        """Older partial tiles beside the widest one begin as it begins."""
        level, count = 0, self.there
        while count:
            if count % WIDTH:
                for kind in (level, ENTRIES) if level == 0 else (level,):
                    self._narrower(kind, count // WIDTH)
            level, count = level + 1, count // WIDTH

    def _narrower(self, level: Level, number: int) -> None:
        widest, others = self.published.narrower(level, number)
        for tile in others:
            if widest is not None and not widest.data.startswith(tile.data):
                text = f"已公布的不满页文件（宽 {tile.width}）与现行文件不符。"
                self.report.say(first_under(level, number), "tile_altered", text)


def _without_holes(
    pages: Iterable[tuple[int, list[Row]]], first: int, tiles: int
) -> Iterator[tuple[int, list[Row]]]:
    """Every tile from `first` on that has rows or is published, in order; pages of no tile as they come."""
    number = first
    for found, rows in pages:
        if found >= number:
            yield from ((empty, []) for empty in range(number, min(found, tiles)))
            number = found + 1
        yield found, rows
    yield from ((empty, []) for empty in range(number, tiles))


def _at(hashes: list[bytes], offset: int) -> bytes | None:
    return hashes[offset] if 0 <= offset < len(hashes) else None
