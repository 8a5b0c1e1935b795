"""Rows against tree, tree against published tiles, tiles against the signed checkpoint; the tail included.

- Reads only, from the first row to the last; trusts nothing that was computed before.
- A finding names the position; which of row and tile is wrong is decided by the signed root.
- What cannot be seen here (rows, tiles and checkpoint all cut back together) is seen by holding a printed
  receipt's checkpoint against `consistency`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

import orjson
from django.db import connection

from liuhen.base import home
from liuhen.base.people.models import Agency
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.checkpoint import Checkpoint
from liuhen.core.tlog.merkle import Frontier, leaf_hash
from liuhen.core.tlog.tiles import TileFolder

from . import publish
from .models import Head

MOST = 200  # findings listed; the rest are counted


@dataclass(frozen=True)
class LedgerFinding:
    """Position (None: the whole log), stable code, Chinese sentence."""

    position: int | None
    code: str
    text: str


@dataclass
class LedgerReport:
    agency: str
    size: int = 0
    root: bytes = b""
    checkpoint: Checkpoint | None = None
    findings: list[LedgerFinding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def say(self, position: int | None, code: str, text: str) -> None:
        if len(self.findings) < MOST:
            self.findings.append(LedgerFinding(position, code, text))

    def as_json(self) -> dict[str, object]:
        return {
            "agency": self.agency,
            "ok": self.ok,
            "size": self.size,
            "root": base64.b64encode(self.root).decode(),
            "checkpoint_size": self.checkpoint.size if self.checkpoint else None,
            "findings": [
                {"position": finding.position, "code": finding.code, "text": finding.text}
                for finding in self.findings
            ],
        }


Row = tuple[int, str, str, str]


def verify_ledger(agency: Agency) -> LedgerReport:
    """Check one agency's whole ledger. Never raises for what is wrong in it: that is a finding."""
    report = LedgerReport(agency.code)
    report.checkpoint = _checkpoint(report, agency.code)
    tree, signed_root, differing = _walk(report, agency)
    report.size, report.root = tree.size, tree.root()
    _judge_signed_part(report, signed_root, differing)
    _check_tiles_root(report, agency.code)
    _check_head(report, agency)
    report.findings.sort(key=lambda finding: (finding.position is None, finding.position or 0))
    return report


def _checkpoint(report: LedgerReport, code: str) -> Checkpoint | None:
    try:
        checkpoint = publish.published(code)
    except (LiuhenError, OSError) as error:
        report.say(None, "checkpoint_invalid", f"检查点的签名不成立或读不出：{error}")
        return None
    if checkpoint is None:
        report.say(None, "checkpoint_missing", "没有已签名的检查点。")
    elif checkpoint.origin != publish.origin_of(code):
        report.say(None, "checkpoint_foreign", f"检查点属于另一个账本（{checkpoint.origin}）。")
    return checkpoint


def _walk(report: LedgerReport, agency: Agency) -> tuple[Frontier, bytes | None, list[int]]:
    """One pass over the rows: the tree of all rows, its root at the signed size, and where tiles differ."""
    tree = Frontier()
    signed_size = report.checkpoint.size if report.checkpoint else 0
    signed_root: bytes | None = tree.root() if signed_size == 0 else None
    differing: list[int] = []
    expected = 0
    tiles = _tile_hashes(report, agency.code, signed_size)
    for row, tile in zip_longest(_rows(agency), tiles):
        if row is None:
            break
        position, text, kind, subject = row
        if position != expected:
            report.say(expected, "row_missing", f"缺少第 {expected} 条（库中下一条是第 {position} 条）。")
            return tree, signed_root, differing
        raw = text.encode("utf-8", "surrogatepass")
        leaf = leaf_hash(raw)
        tree.append(leaf)
        expected += 1
        if tile is not None and tile != leaf:
            differing.append(position)
        else:
            _check_columns(report, position, raw, kind, subject, agency.code)
        if expected == signed_size:
            signed_root = tree.root()
    if expected < signed_size:
        report.say(expected, "tail_cut", f"库中只到第 {expected - 1} 条，而检查点签到了 {signed_size} 条。")
    return tree, signed_root, differing


def _rows(agency: Agency) -> Iterator[Row]:
    """Raw rows in order, without the cost of model instances."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT position, entry, kind, subject FROM ledger_entry WHERE agency_id = %s ORDER BY position",
            [agency.pk],
        )
        while rows := cursor.fetchmany(5000):
            yield from rows


def _tile_hashes(report: LedgerReport, code: str, size: int) -> Iterator[bytes]:
    """Published leaf hashes; a damaged tile is a finding and ends the comparison."""
    try:
        yield from TileFolder(home.ledger_folder(code)).leaf_hashes(size)
    except (LiuhenError, OSError) as error:
        report.say(None, "tile_damaged", f"已公布的账本文件损坏：{error}")


def _check_columns(
    report: LedgerReport, position: int, raw: bytes, kind: str, subject: str, code: str
) -> None:
    """The columns only find an entry; they must say what its bytes say."""
    try:
        entry = orjson.loads(raw)
        agrees = (entry["position"], entry["kind"], entry["subject"], entry["agency"]) == (
            position,
            kind,
            subject,
            code,
        )
    except (orjson.JSONDecodeError, KeyError, TypeError):
        agrees = False
    if not agrees:
        report.say(position, "column_altered", f"第 {position} 条的索引列与其内容不符。")


def _judge_signed_part(report: LedgerReport, signed_root: bytes | None, differing: list[int]) -> None:
    if report.checkpoint is None:
        for position in differing:
            report.say(position, "row_altered", f"第 {position} 条与已公布的账本不符。")
        return
    rows_are_good = signed_root == report.checkpoint.root
    for position in differing:
        if rows_are_good:
            report.say(position, "tile_altered", f"已公布账本的第 {position} 条被改动，库中内容与签名相符。")
        else:
            report.say(position, "row_altered", f"第 {position} 条被改动，与已签名的账本不符。")
    if signed_root is not None and not rows_are_good and not differing:
        report.say(None, "root_differs", "库中账本的树根与检查点签名的树根不符。")


def _check_tiles_root(report: LedgerReport, code: str) -> None:
    """The inner tiles too must give the signed root, or proofs made from them fail."""
    if report.checkpoint is None or report.checkpoint.size == 0:
        return
    tiles = TileFolder(home.ledger_folder(code))
    try:
        good = tiles.root(report.checkpoint.size) == report.checkpoint.root
    except (LiuhenError, OSError) as error:
        report.say(None, "tile_damaged", f"已公布的账本文件损坏：{error}")
        return
    if not good:
        report.say(None, "tile_root_differs", "已公布的账本文件算出的树根与检查点签名的树根不符。")
    _check_bundles(report, tiles, report.checkpoint.size)


def _check_bundles(report: LedgerReport, tiles: TileFolder, size: int) -> None:
    """The published entries are what the published hashes are of."""
    try:
        for position, (raw, leaf) in enumerate(
            zip(tiles.entries(0, size), tiles.leaf_hashes(size), strict=True)
        ):
            if leaf_hash(raw) != leaf:
                report.say(position, "tile_entry_altered", f"已公布的第 {position} 条内容被改动。")
    except (LiuhenError, OSError, ValueError) as error:
        report.say(None, "tile_damaged", f"已公布的账本文件损坏：{error}")


def _check_head(report: LedgerReport, agency: Agency) -> None:
    size = Head.objects.filter(agency=agency).values_list("size", flat=True).first()
    if size != report.size:
        report.say(None, "head_differs", f"账本登记为 {size} 条，实有 {report.size} 条。")
