"""Making the database again from the stores and the published ledger, alone.

- The published ledger comes first: signature, every entry, tree. What does not verify is not used.
- Rows of the ledger are the published bytes, so the root is the same root. Nothing is appended.
- People, devices and batches are read out of the ledger's own entries (replay); recordings out of the stores.
- Every difference between stores and ledger is reported; nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from django.db import connection, transaction

from liuhen.base import home
from liuhen.base.clock import parse_stamp
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry, Head
from liuhen.base.people.models import SYNTHETIC, Agency
from liuhen.base.recordings.lists.rows import make_again
from liuhen.base.recordings.unrelated import flags_again
from liuhen.core.canonical import canonical
from liuhen.core.errors import LiuhenError, RefusedError
from liuhen.core.tlog.notes import b64

from .expected import in_groups
from .logs import LedgerNotWholeError, PublishedLog, log_codes, mirrors, not_whole, open_log
from .recollect import recollect, tell_strays
from .report import RebuildReport
from .series import resume_numbers
from .stores import Stores

Replayer = Callable[[Agency, dict[str, Any]], None]
SLICE = 2000


def database_path() -> Path:
    """Raises RefusedError when the database is not SQLite: another server's is made empty by its own tools."""
    if connection.vendor != "sqlite":
        raise RefusedError(
            "重建会写入一个新的 SQLite 文件，而当前用 LIUHEN_DATABASE_URL 指定了其他数据库。",
            remedy="请取消 LIUHEN_DATABASE_URL 后重建到 SQLite；原数据库请用它自带的备份工具恢复。",
            code="not_sqlite",
        )
    return Path(str(connection.settings_dict["NAME"]))


def rebuild_rows(stores: Stores, replayers: Mapping[str, Replayer]) -> RebuildReport:
    """Fill the (empty) database. Raises LedgerNotWholeError when a published ledger does not verify."""
    report = RebuildReport()
    for log in published_logs():
        with transaction.atomic():
            _ledger(log, replayers, report)
    recollect(stores, report)
    flags_again()  # here, not as a replayer: they hang on recordings, which are there only now
    for name, error in stores.away.items():
        report.differ("store_away", f"{name}不在：{error.message}", store=name)
    tell_strays(stores, report)
    for agency in Agency.objects.order_by("pk"):
        resume_numbers(agency, report.claimed)
    make_again()
    if any(ledger["agency"] == SYNTHETIC for ledger in report.ledgers):
        report.notes.append("合成数据没有字节和留痕条目，不重建；需要时再运行 liuhen generate。")
    return report


def published_logs() -> list[PublishedLog]:
    """The ledgers to rebuild from, the oldest first. Raises LedgerNotWholeError when there is none."""
    logs = [open_log(home.ledger_folder(code), code) for code in log_codes()]
    if not logs:
        beside = "、".join(str(path) for path in mirrors())
        found = f"第二存储旁有：把 {beside} 下的各文件夹" if beside else "把 ledger 文件夹从备份或第二存储旁"
        raise LedgerNotWholeError(
            "这里没有已公布的账本，无从重建。", remedy=f"{found}拷到 {home.home() / 'ledger'} 后再试。"
        )
    return sorted(logs, key=lambda log: (_first(log)["recorded_at"], log.code))


def _first(log: PublishedLog) -> dict[str, Any]:
    raw = next(log.entries(), None)
    if raw is None:
        raise not_whole(log.code, "账本是空的")
    return _read(log, 0, raw)


def _ledger(log: PublishedLog, replayers: Mapping[str, Replayer], report: RebuildReport) -> None:
    first = _first(log)
    data = first["data"]
    agency = Agency.objects.create(
        code=log.code,
        name=data.get("name", log.code),
        pack=data.get("pack", ""),
        founded_pack=data.get("pack", ""),
        founded_at=parse_stamp(first["at"]),
    )
    last = first
    for group in in_groups(_entries(log), SLICE):
        Entry.objects.bulk_create(_row(agency, raw, entry) for raw, entry in group)
        for _, entry in group:
            _replay(log, agency, entry, replayers)
            last = entry
    size = log.checkpoint.size
    Head.objects.create(agency=agency, size=size, recorded_at=parse_stamp(last["recorded_at"]))
    report.ledgers.append({"agency": log.code, "size": size, "root": b64(log.checkpoint.root)})
    _note_key(log.code, report)


def _entries(log: PublishedLog) -> Iterator[tuple[bytes, dict[str, Any]]]:
    for position, raw in enumerate(log.entries()):
        yield raw, _read(log, position, raw)


def _read(log: PublishedLog, position: int, raw: bytes) -> dict[str, Any]:
    """An entry as we write it: canonical, of this agency, at this position."""
    try:
        entry: dict[str, Any] = orjson.loads(raw)
        agrees = (entry["agency"], entry["position"], canonical(entry)) == (log.code, position, raw)
    except (ValueError, KeyError, TypeError):
        agrees = False
    if not agrees:
        raise not_whole(log.code, f"已公布账本的第 {position} 条不是本系统的写法")
    return entry


def _row(agency: Agency, raw: bytes, entry: dict[str, Any]) -> Entry:
    return Entry(
        agency=agency,
        position=entry["position"],
        kind=entry["kind"],
        subject=entry["subject"],
        recorded_at=parse_stamp(entry["recorded_at"]),
        entry=raw.decode(),
    )


def _replay(
    log: PublishedLog, agency: Agency, entry: dict[str, Any], replayers: Mapping[str, Replayer]
) -> None:
    replay = replayers.get(entry["kind"])
    if replay is None:
        return
    try:
        replay(agency, entry)
    except Exception as error:
        what = f"已公布账本的第 {entry['position']} 条（{entry['kind']}）不能重做（{type(error).__name__}）"
        raise not_whole(log.code, what) from error


def _note_key(code: str, report: RebuildReport) -> None:
    try:
        publish.signing_key(code)
    except LiuhenError as error:
        report.notes.append(f"{code}：可以查看和核对，但不能办理新的事项。{error}")
