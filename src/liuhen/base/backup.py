"""Backup and restore of what is not a recording: database, keys, ledger, settings, receipts, papers.

- The database is copied by SQLite's own online backup, so a backup may be made while people work.
- Every file of a backup is listed with its SHA-256 in `manifest.json`, written last.
- A backup counts only after a restore drill: restored into an empty folder, its ledger verified from there.
- Restoring never overwrites: what is there is moved aside and kept.
- The recordings themselves are kept by the stores (a second store is their backup).
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from django.db import connection

from liuhen.core.durable import fsync_dir, make_dirs, replace_file, reread_sha256, write_new
from liuhen.core.errors import DamagedError, RefusedError, StorageError

from . import home
from .clock import SHANGHAI, stamp

MANIFEST = "manifest.json"
DATABASE = "db.sqlite3"
_FOLDERS = ("keys", "ledger", "receipts", "papers", "profiles", "witness")
_FILES = ("settings.yaml",)
_DRILL_SECONDS = 3600


class BackupDamagedError(DamagedError):
    code = "backup_damaged"


@dataclass(frozen=True)
class Made:
    folder: Path
    files: int
    entries: int


@dataclass
class Restored:
    files: int
    notes: list[str] = field(default_factory=list)


def make_backup(target: Path, *, at: datetime) -> Made:
    """Write a backup into a new folder under `target`, then drill. Raises StorageError, BackupDamagedError."""
    if connection.vendor != "sqlite":
        raise RefusedError(
            "当前使用外部数据库，本命令只能备份 SQLite。",
            remedy="请用该数据库自带的备份工具，并另行复制 LIUHEN_HOME 下的 keys、ledger、receipts 和 settings.yaml。",
            code="not_sqlite",
        )
    folder = target / f"liuhen-{at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}"
    try:
        make_dirs(target.absolute())
        folder.mkdir(mode=0o700)
        _copy_database(folder / DATABASE)
        for path in _to_keep():
            _copy(path, folder / path.relative_to(home.home()))
        files = _write_manifest(folder, at)
        fsync_dir(folder)
    except OSError as error:
        raise StorageError(
            f"备份写不进 {folder}（{error.strerror}）。", remedy="请检查目标盘的空间和权限后再备份。"
        ) from error
    return Made(folder, files, drill(folder))


def _copy_database(target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    target.chmod(0o600)


def _to_keep() -> list[Path]:
    base = home.home()
    files = [base / name for name in _FILES if (base / name).is_file()]
    for name in _FOLDERS:
        files += sorted(path for path in (base / name).rglob("*") if path.is_file() and not path.is_symlink())
    return files


def _copy(source: Path, target: Path) -> None:
    make_dirs(target.parent)
    write_new(target, source.read_bytes(), mode=source.stat().st_mode & 0o777)


def _write_manifest(folder: Path, at: datetime) -> int:
    listed = {
        path.relative_to(folder).as_posix(): reread_sha256(path).sha256
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    document = {"made_at": stamp(at), "files": listed}
    replace_file(folder / MANIFEST, json.dumps(document, ensure_ascii=False, indent=2).encode())
    return len(listed)


def drill(folder: Path) -> int:
    """Restore into an empty home and verify the ledger from there; returns its entries.

    Raises BackupDamagedError.
    """
    with tempfile.TemporaryDirectory(prefix="liuhen-drill-") as trial:
        _restore_files(folder, Path(trial))
        _check_database(Path(trial) / DATABASE)
        environment = {**os.environ, "LIUHEN_HOME": trial}
        environment.pop("LIUHEN_DATABASE_URL", None)
        command = [sys.executable, "-m", "liuhen.cli.main", "ledger", "verify", "--json"]
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=_DRILL_SECONDS, check=False
        )
    if done.returncode != 0:
        detail = done.stderr.decode("utf-8", "replace")[-500:]
        raise BackupDamagedError(
            "备份已写出，但恢复演练没有通过，这份备份不可依赖。", remedy=f"请重新备份。演练输出：{detail}"
        )
    return int(sum(ledger["size"] for ledger in json.loads(done.stdout)["ledgers"]))


def _check_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise BackupDamagedError(f"备份中的数据库不完整（{verdict}）。", remedy="请重新备份。")


def restore_backup(folder: Path, *, replace: bool, at: datetime) -> Restored:
    """Put a backup in place. Raises BackupDamagedError before anything is changed, RefusedError when data exists."""
    _manifest(folder)
    base = home.home()
    moved = [name for name in (DATABASE, *_FILES, *_FOLDERS) if (base / name).exists()]
    if moved and not replace:
        raise RefusedError(
            f"{base} 已有数据（{'、'.join(moved)}），没有恢复。",
            remedy="确认要用备份替换时请加 --replace；现有数据会移到一旁保留。",
            code="home_in_use",
        )
    connection.close()
    notes = []
    if moved:
        aside = base / f"before-restore-{at.astimezone(SHANGHAI):%Y%m%d%H%M%S}"
        make_dirs(aside)
        for name in (*moved, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            if (base / name).exists():
                (base / name).replace(aside / name)
        notes.append(f"原有数据已移到 {aside}。")
    files = _restore_files(folder, base)
    fsync_dir(base)
    notes.append("备份之后入库的记录，请用 liuhen verify 查看未登记的对象。")
    return Restored(files, notes)


def _manifest(folder: Path) -> dict[str, str]:
    """The listed files, each checked. Raises BackupDamagedError naming the first that is not as listed."""
    try:
        listed: dict[str, str] = json.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupDamagedError(
            f"{folder} 不是完整的备份（清单读不出）。", remedy="请换一份备份。"
        ) from error
    for name, digest in listed.items():
        path = folder / name
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BackupDamagedError(f"备份清单中有不该有的路径 {name}。", remedy="请换一份备份。")
        try:
            found = reread_sha256(path).sha256
        except OSError as error:
            raise BackupDamagedError(f"备份缺少 {name}。", remedy="请换一份备份。") from error
        if found != digest:
            raise BackupDamagedError(f"备份中的 {name} 已损坏。", remedy="请换一份备份。")
    return listed


def _restore_files(folder: Path, base: Path) -> int:
    listed = _manifest(folder)
    for name in listed:
        _copy(folder / name, base / name)
    keys = base / "keys"
    if keys.is_dir():
        keys.chmod(0o700)
    return len(listed)
