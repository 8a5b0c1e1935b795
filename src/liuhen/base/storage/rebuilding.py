"""Where the rebuilt database goes: made beside its place, put there in one rename, the old one kept.

- Killed at any moment, the old database or the new one stands, and the next rebuild works.
- A write-ahead log belongs to its database: the old one's is folded in or moved with it, never left for the new.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from liuhen.base import home
from liuhen.base.clock import SHANGHAI
from liuhen.core.durable import fsync_dir
from liuhen.core.errors import RefusedError, StorageError
from liuhen.core.reasons import why

from .rebuild import Replayer, database_path, published_logs, rebuild_rows
from .report import RebuildReport
from .stores import open_stores

_TAILS = ("", "-wal", "-shm")


def rebuild(replayers: Mapping[str, Replayer], *, replace: bool, at: datetime) -> RebuildReport:
    """Make the database again.

    Raises RefusedError when one exists and `replace` is not given, BusyError while a card is taken in,
    LedgerNotWholeError, StorageError; what was there is unchanged then.
    """
    home.prepare()
    place = database_path()
    if place.exists() and not replace:
        raise RefusedError(
            f"数据库 {place.name} 还在，没有重建。",
            remedy="确认要用存储和账本重建时，请加 --replace；原数据库会改名保留，不会删除。",
            code="database_exists",
        )
    with alone():
        published_logs()
        draft = place.with_name(f"{place.name}.rebuilding")
        try:
            _remove(draft)
            report = _make(draft, place, replayers)
            report.kept = put_in_place(draft, place, at)
        except OSError as error:
            raise StorageError(
                f"数据库写不进 {place.parent}（{why(error)}）。", remedy="请检查磁盘空间和权限后再重建。"
            ) from error
    return report


def _make(draft: Path, place: Path, replayers: Mapping[str, Replayer]) -> RebuildReport:
    connection.close()
    connection.settings_dict["NAME"] = str(draft)
    try:
        # A draft that a power cut spoils is made again: it is made durable once, when it is whole.
        _pragma("synchronous=OFF")
        call_command("migrate", verbosity=0, interactive=False)
        report = rebuild_rows(open_stores(), replayers)
        _pragma("wal_checkpoint(TRUNCATE)")
    except BaseException:
        connection.close()
        _remove(draft)
        raise
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(place)
    return report


def _pragma(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {text}")


@contextmanager
def alone() -> Iterator[None]:
    """Nobody takes a card in or rebuilds meanwhile. Raises BusyError."""
    hold = home.try_lock("rebuild")
    if hold is None:
        raise home.BusyError("另一个重建或恢复正在进行。", remedy="请等它结束后再试。")
    try:
        for lock in sorted(home.run_folder().glob("*.lock")):
            if lock.name.startswith(("batch-", "card-", "recording-")):
                _refuse_if_held(lock)
        yield
    finally:
        os.close(hold)


def _refuse_if_held(lock: Path) -> None:
    fd = home.try_lock(lock.stem)
    if fd is None:
        raise home.BusyError(
            "正在采集存储卡或办理事项，现在不能替换数据库。", remedy="请等它结束，或先停止采集，再试。"
        )
    os.close(fd)


def put_in_place(draft: Path, place: Path, at: datetime) -> Path | None:
    """Replace the database by `draft`; returns where the old one is kept, None when there was none."""
    kept = _keep(place, at) if place.exists() else None
    aside = kept or _free_name(place, at)
    for tail in _TAILS[1:]:
        left = place.with_name(place.name + tail)
        if left.exists():
            left.replace(aside.with_name(aside.name + tail))
    _fsync(draft)
    draft.replace(place)
    fsync_dir(place.parent)
    _remove(draft)
    return kept


def _fsync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _keep(place: Path, at: datetime) -> Path:
    """A second name for the old database, its write-ahead log folded in where that is possible."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(place)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = _free_name(place, at)
    try:
        os.link(place, kept)
    except OSError:  # a disk without hard links
        place.replace(kept)
    return kept


def _free_name(place: Path, at: datetime) -> Path:
    stem = f"{place.name}.before-{at.astimezone(SHANGHAI):%Y%m%d%H%M%S}"
    for number in range(1, 1000):
        name = place.with_name(stem if number == 1 else f"{stem}-{number}")
        if not any(name.with_name(name.name + tail).exists() for tail in _TAILS):
            return name
    raise FileExistsError(17, "too many kept databases", str(place))


def _remove(draft: Path) -> None:
    for tail in _TAILS:
        with suppress(FileNotFoundError):
            draft.with_name(draft.name + tail).unlink()
