"""Backup of what is not a recording: database, keys, ledger, settings, receipts, papers.

- The published ledger is copied before the database, so the database always knows at least as much; the rest
  after it, so every row's file is there. People may work meanwhile.
- Every file of a backup is listed with its SHA-256 in `manifest.json`, written last.
- A backup counts only after a restore drill: restored into an empty folder, its ledger verified from there.
- The recordings themselves are kept by the stores (a second store is their backup).
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import connection

from liuhen.core.durable import fsync_dir, make_dirs, replace_file, reread_sha256, write_new
from liuhen.core.errors import DamagedError, LiuhenError, RefusedError, StorageError, UsageError
from liuhen.core.reasons import why

from . import home
from .clock import SHANGHAI, stamp
from .ledger import publish
from .people.models import Agency

MANIFEST = "manifest.json"
DATABASE = "db.sqlite3"
SETTINGS = "settings.yaml"
LEDGER, KEYS = "ledger", "keys"
FOLDERS = (LEDGER, KEYS, "receipts", "papers", "profiles", "packs", "witness")
_DRILL_SECONDS = 4 * 3600


class BackupDamagedError(DamagedError):
    code = "backup_damaged"


@dataclass(frozen=True)
class Made:
    folder: Path
    files: int
    entries: int
    notes: list[str] = field(default_factory=list)


def make_backup(target: Path, *, at: datetime) -> Made:
    """Write a backup into a new folder under `target`, then drill.

    Raises RefusedError for another database than SQLite, UsageError for a folder that would back itself up,
    StorageError, BackupDamagedError.
    """
    _need_sqlite()
    target = target.absolute()
    _refuse_inside(target)
    folder = target / f"liuhen-{at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}"
    try:
        make_dirs(target)
        folder.mkdir(mode=0o700)
        _copy_ledgers(folder)
        _copy_database(folder / DATABASE)
        for path in _to_keep():
            copy_file(path, folder / path.relative_to(home.home()))
        files = _write_manifest(folder, at)
    except OSError as error:
        raise StorageError(
            f"备份写不进 {folder}（{why(error)}）。",
            remedy="请检查目标盘的空间和权限后再备份；没有 manifest.json 的文件夹不是备份，可以删去。",
        ) from error
    return Made(folder, files, drill(folder), list(_notes(target)))


def _need_sqlite() -> None:
    if connection.vendor != "sqlite":
        raise RefusedError(
            "当前用 LIUHEN_DATABASE_URL 指定了其他数据库，本命令只能备份 SQLite。",
            remedy="请用该数据库自带的备份工具备份，并把 LIUHEN_HOME 下的 "
            f"{'、'.join((SETTINGS, *FOLDERS))} 另行复制到同一处。",
            code="not_sqlite",
        )


def _refuse_inside(target: Path) -> None:
    kept = [home.home().absolute() / name for name in FOLDERS]
    if any(target.resolve().is_relative_to(folder.resolve()) for folder in kept):
        raise UsageError(f"{target} 本身在要备份的文件夹里。", remedy="请指定另一块磁盘上的文件夹。")


def _copy_ledgers(folder: Path) -> None:
    """Each agency's ledger while nobody publishes it."""
    base = home.ledger_folder("")
    for ledger in sorted(path for path in base.iterdir() if path.is_dir()):
        with home.locked(f"publish-{ledger.name}"):
            for path in _files_in(ledger):
                copy_file(path, folder / LEDGER / path.relative_to(base))


def _copy_database(target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        target.chmod(0o600)
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise _database_damaged(str(error)) from error


def _to_keep() -> list[Path]:
    base = home.home()
    files = [base / SETTINGS] if (base / SETTINGS).is_file() else []
    for name in FOLDERS:
        if name != LEDGER and (base / name).is_dir():
            files += _files_in(base / name)
    return files


def _files_in(folder: Path) -> list[Path]:
    """Plain files; links are not followed, drafts of this moment (`.….tmp`) are not kept."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in found if not (path.name.startswith(".") and path.name.endswith(".tmp"))]


def copy_file(source: Path, target: Path) -> None:
    """A new, durable copy with the same mode; the keys' folder is for the owner alone."""
    make_dirs(target.parent)
    if target.parent.name == KEYS:
        target.parent.chmod(0o700)
    write_new(target, source.read_bytes(), mode=source.stat().st_mode & 0o777)


def _write_manifest(folder: Path, at: datetime) -> int:
    listed = {
        path.relative_to(folder).as_posix(): reread_sha256(path).sha256
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        fsync_dir(path)
    document = {"made_at": stamp(at), "files": listed}
    replace_file(folder / MANIFEST, json.dumps(document, ensure_ascii=False, indent=2).encode())
    fsync_dir(folder.parent)
    return len(listed)


def _notes(target: Path) -> Iterator[str]:
    if target.stat().st_dev == home.home().stat().st_dev:
        yield "备份与数据在同一块磁盘上，磁盘损坏时会一起丢失：请复制到另一块磁盘。"
    for agency in Agency.objects.order_by("pk"):
        try:
            publish.signing_key(agency.code)
        except LiuhenError as error:
            yield f"备份中没有可用的 {agency.code} 签名密钥。{error}"


def drill(folder: Path) -> int:
    """Restore into an empty home beside the backup and verify the ledger from there; returns its entries.

    Raises BackupDamagedError, StorageError when there is no room for the drill.
    """
    listed = read_manifest(folder)
    try:
        with tempfile.TemporaryDirectory(prefix="liuhen-drill-", dir=folder.parent) as trial:
            for name in listed:
                copy_file(folder / name, Path(trial) / name)
            if not _offices(Path(trial) / DATABASE):
                return 0
            return _verify_there(Path(trial))
    except OSError as error:
        raise StorageError(
            f"备份已写出，但恢复演练做不成（{why(error)}）。", remedy="请检查目标盘的空间后重新备份。"
        ) from error


def _offices(database: Path) -> int:
    """How many agencies the database has. Raises BackupDamagedError when it is not whole."""
    try:
        with closing(sqlite3.connect(database)) as rows:
            verdict = rows.execute("PRAGMA integrity_check").fetchone()[0]
            count = int(rows.execute("SELECT count(*) FROM people_agency").fetchone()[0])
    except sqlite3.Error as error:
        verdict, count = str(error), 0
    if verdict != "ok":
        raise _database_damaged(verdict)
    return count


def _database_damaged(verdict: str) -> BackupDamagedError:
    return BackupDamagedError(
        f"备份没有做成：数据库不完整（{verdict}）。",
        remedy="现有数据库多半已损坏：请用更早的备份恢复（liuhen restore），"
        "或运行 liuhen rebuild --replace 重建，再重新备份。",
    )


def _verify_there(trial: Path) -> int:
    environment = {**os.environ, "LIUHEN_HOME": str(trial)}
    environment.pop("LIUHEN_DATABASE_URL", None)
    command = [sys.executable, "-m", "liuhen.cli.main", "ledger", "verify", "--json"]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=_DRILL_SECONDS, check=False
        )
        ledgers = json.loads(done.stdout)["ledgers"] if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise _drill_failed(str(error)) from error
    if ledgers is None:
        raise _drill_failed(done.stderr.decode("utf-8", "replace")[-500:])
    return int(sum(ledger["size"] for ledger in ledgers))


def _drill_failed(detail: str) -> BackupDamagedError:
    return BackupDamagedError(
        "备份已写出，但恢复演练没有通过，这份备份不可依赖。",
        remedy=f"请先运行 liuhen ledger verify 查明现有账本是否一致，再重新备份。演练输出：{detail}",
    )


def read_manifest(folder: Path) -> dict[str, str]:
    """The listed files, each checked. Raises BackupDamagedError naming the first that is not as listed."""
    listed: dict[str, Any] = {}
    with suppress(OSError, ValueError, KeyError, TypeError):
        document = json.loads((folder / MANIFEST).read_bytes())
        listed = document["files"]
    if not isinstance(listed, dict) or DATABASE not in listed:
        raise BackupDamagedError(
            f"{folder} 不是完整的备份（清单读不出，或其中没有数据库）。",
            remedy="请指定 liuhen backup 建立的、含有 manifest.json 的文件夹，或换一份备份。",
        )
    for name, digest in listed.items():
        _refuse_strange(name)
        try:
            found = reread_sha256(folder / name).sha256
        except OSError as error:
            raise BackupDamagedError(f"备份缺少 {name}，或读不出。", remedy="请换一份备份。") from error
        if found != digest:
            raise BackupDamagedError(f"备份中的 {name} 已损坏。", remedy="请换一份备份。")
    return listed


def _refuse_strange(name: str) -> None:
    """Only what a backup holds is ever written: no path leads elsewhere, nor to a file of another kind."""
    parts = PurePosixPath(name).parts
    ours = name in (DATABASE, SETTINGS) or (len(parts) > 1 and parts[0] in FOLDERS)
    if not ours or name != "/".join(parts) or ".." in parts or "\0" in name:
        raise BackupDamagedError(f"备份清单中有不该有的路径 {name!r}。", remedy="请换一份备份。")
