"""Making the database again from the stores and the published ledger, alone.

- The published ledger is checked first: signature, tree, every entry. What does not verify is not used.
- Rows of the ledger are the published bytes, so the root is the same root. Nothing is appended.
- People, devices and batches are read out of the ledger's own entries (replay); recordings out of the stores.
- Every difference between stores and ledger is reported; nothing is deleted.
- The new database is made beside the old place and put there in one rename, at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from liuhen.base import home
from liuhen.base.clock import parse_stamp
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry, Head
from liuhen.base.people.models import Agency
from liuhen.base.recordings.models import Copy, Finding, Recording, Series
from liuhen.base.recordings.record import ORIGINAL_FOLDER, RECORD
from liuhen.base.recordings.rows import findings_from_record, recording_from_record
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.canonical import canonical
from liuhen.core.digests import digests_of
from liuhen.core.errors import DamagedError, LiuhenError, RefusedError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_inventory
from liuhen.core.ocfl.root import object_paths
from liuhen.core.tlog.merkle import leaf_hash
from liuhen.core.tlog.tiles import TileFolder

from .stores import Stores, content_path

Replayer = Callable[[Agency, dict[str, Any]], None]
STORED = "recording.stored"
SLICE = 5000


class LedgerNotWholeError(DamagedError):
    code = "ledger_not_whole"


@dataclass
class RebuildReport:
    ledgers: list[dict[str, Any]] = field(default_factory=list)
    recordings: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)

    def differ(self, code: str, text: str, **facts: Any) -> None:
        self.differences.append({"code": code, "text": text, **facts})


def database_path() -> Path:
    """Raises RefusedError when the database is not SQLite (restore that one with its own tools first)."""
    if connection.vendor != "sqlite":
        raise RefusedError(
            "重建会写入一个新的 SQLite 文件，而当前配置的是其他数据库。",
            remedy="请先为该数据库新建空库并取消 LIUHEN_DATABASE_URL 或指向空库后再运行。",
            code="not_sqlite",
        )
    return Path(str(connection.settings_dict["NAME"]))


def ledger_codes() -> list[str]:
    """Agencies that have a published ledger here."""
    folder = home.home() / "ledger"
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if (path / "checkpoint").is_file())


def rebuild_rows(stores: Stores, replayers: Mapping[str, Replayer], *, at: datetime) -> RebuildReport:
    """Fill the (empty) database. Raises LedgerNotWholeError when a published ledger does not verify."""
    report = RebuildReport()
    codes = ledger_codes()
    if not codes:
        raise LedgerNotWholeError(
            "这里没有已公布的账本，无从重建。", remedy="请把 ledger 文件夹从备份或第二存储拷回后再试。"
        )
    for code in codes:
        with transaction.atomic():
            _agency(code, stores, replayers, report, at)
    _unknown_objects(stores, report)
    return report


def _agency(
    code: str, stores: Stores, replayers: Mapping[str, Replayer], report: RebuildReport, at: datetime
) -> None:
    checkpoint = publish.published(code)
    if checkpoint is None:
        raise LedgerNotWholeError(
            f"{code} 的账本没有检查点。", remedy="请从备份或第二存储取回 ledger 文件夹。"
        )
    tiles = TileFolder(home.ledger_folder(code))
    if tiles.root(checkpoint.size) != checkpoint.root:
        raise LedgerNotWholeError(
            f"{code} 已公布的账本与其签名不符，不能据以重建。",
            remedy="请从备份或第二存储取回完好的 ledger 文件夹。",
        )
    agency: Agency | None = None
    stored: dict[str, tuple[int, dict[str, Any]]] = {}
    for position, raw in enumerate(_whole_entries(code, tiles, checkpoint.size)):
        entry = json.loads(raw)
        if agency is None:
            agency = _first_entry(code, entry, at)
        _row(agency, position, raw, entry)
        replay = replayers.get(entry["kind"])
        if replay is not None:
            replay(agency, entry)
        if entry["kind"] == STORED:
            stored[entry["data"]["recording"]] = (position, entry)
    if agency is None:
        raise LedgerNotWholeError(f"{code} 的账本是空的。", remedy="请从备份恢复。")
    _head(agency, checkpoint.size)
    for urn, (position, entry) in stored.items():
        _recording(agency, urn, position, entry, stores, report)
    _series(agency)
    report.ledgers.append({"agency": code, "size": checkpoint.size, "root": checkpoint.root.hex()})


def _whole_entries(code: str, tiles: TileFolder, size: int) -> Iterator[bytes]:
    for position, (raw, leaf) in enumerate(zip(tiles.entries(0, size), tiles.leaf_hashes(size), strict=True)):
        if leaf_hash(raw) != leaf:
            raise LedgerNotWholeError(
                f"{code} 已公布账本的第 {position} 条被改动。",
                remedy="请从备份或第二存储取回完好的 ledger 文件夹。",
            )
        yield raw


def _first_entry(code: str, entry: dict[str, Any], at: datetime) -> Agency:
    data = entry.get("data", {})
    founded = parse_stamp(entry["at"]) if "at" in entry else at
    return Agency.objects.create(
        code=code, name=data.get("name", code), pack=data.get("pack", ""), founded_at=founded
    )


def _row(agency: Agency, position: int, raw: bytes, entry: dict[str, Any]) -> None:
    Entry.objects.create(
        agency=agency,
        position=position,
        kind=entry["kind"],
        subject=entry["subject"],
        recorded_at=parse_stamp(entry["recorded_at"]),
        entry=raw.decode(),
    )
    if canonical(entry) != raw:
        raise LedgerNotWholeError(f"{agency.code} 第 {position} 条的写法不规范。", remedy="请从备份恢复。")


def _head(agency: Agency, size: int) -> None:
    last = Entry.objects.filter(agency=agency).order_by("-position").first()
    if last is not None:
        Head.objects.create(agency=agency, size=size, recorded_at=last.recorded_at)


def _recording(
    agency: Agency, urn: str, position: int, entry: dict[str, Any], stores: Stores, report: RebuildReport
) -> None:
    """One recording's row, from the first store whose record is the one the ledger knows."""
    data, copies = entry["data"], []
    record: dict[str, Any] | None = None
    for store in stores.there:
        found = _record_in(store, urn, data, report)
        if found is not None:
            record = record or found
            copies.append(store.name)
    if record is None:
        text = f"账本第 {position} 条入库的 {data['number']} 在各存储中都找不到完好的对象。"
        report.differ("object_missing", text, recording=urn, position=position)
        return
    row = recording_from_record(agency, record, data["record_sha256"])
    row.position = position
    row.save(force_insert=True)
    stored_at = parse_stamp(entry["recorded_at"])
    Copy.objects.bulk_create(
        Copy(recording=row, store=name, verified_at=stored_at, method="ledger") for name in copies
    )
    Finding.objects.bulk_create(findings_from_record(row, record))
    report.recordings += 1


def _record_in(
    store: LocalBlobs, urn: str, data: dict[str, Any], report: RebuildReport
) -> dict[str, Any] | None:
    """The record in one store, if it and the inventory agree with the ledger; else a difference is told."""
    facts = {"recording": urn, "store": store.name}
    try:
        raw = store.read_bytes(content_path(urn, "v1", RECORD))
        inventory = read_inventory(store, object_path(urn))
    except LiuhenError as error:
        report.differ("object_unreadable", f"{data['number']} 在{store.name}中读不出：{error}", **facts)
        return None
    if digests_of(raw).sha256 != data["record_sha256"]:
        report.differ(
            "record_differs", f"{data['number']} 在{store.name}中的 record.json 与账本不符。", **facts
        )
        return None
    record: dict[str, Any] = json.loads(raw)
    wanted = f"v1/content/{ORIGINAL_FOLDER}/{record['original']['content_name']}"
    if inventory.manifest.get(wanted) != data["sha256"]:
        report.differ("original_differs", f"{data['number']} 在{store.name}中的原件摘要与账本不符。", **facts)
        return None
    return record


def _series(agency: Agency) -> None:
    """Numbers go on after the highest ones the ledger names, also of recordings that are lost."""
    highest: dict[tuple[str, int], int] = {}
    rows = Entry.objects.filter(agency=agency, kind__in=(STORED, "batch.released", "batch.kept"))
    for text in rows.values_list("entry", flat=True).iterator():
        data = json.loads(text)["data"]
        number = data.get("number") or data.get("receipt")
        if number:
            series, year, last = number.removeprefix(f"{agency.code}-").split("-")
            highest[series, int(year)] = max(highest.get((series, int(year)), 0), int(last))
    for (series, in_year), top in highest.items():
        Series.objects.create(agency=agency, kind=series, year=in_year, last=top)


def _unknown_objects(stores: Stores, report: RebuildReport) -> None:
    """Objects that no ledger knows: stored but never registered, or foreign."""
    for store in stores.there:
        for path in object_paths(store):
            try:
                urn = read_inventory(store, path).id
            except LiuhenError as error:
                report.differ("object_unreadable", f"{store.name}中 {path} 读不出：{error}", store=store.name)
                continue
            if not Recording.objects.filter(pk=urn.removeprefix("urn:uuid:")).exists():
                text = f"{store.name}中有账本不知道的对象 {urn}。怎么办：再次采集其来源卡，或交维护人员核对。"
                report.differ("object_unknown", text, recording=urn, store=store.name)
