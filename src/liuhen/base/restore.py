"""Restoring a backup: checked whole before anything is changed, nothing overwritten, history never shortened.

- The new files are laid out beside the old ones first; then old ones are moved aside and new ones in, by
  renames. Cut off in between, both sets still lie there, and restoring again works.
- A ledger that was published after the backup is history already: the longest published ledger that continues
  the backup's stays in force, and the database is made again from it. Else the key would sign a second history.
  With it stay the offices founded since, their keys, the receipts and papers kept since, and what we witnessed.
- A published head that the backup's ledger cannot be joined to is refused: a person must look first.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import connection
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from liuhen.core.durable import fsync_dir, make_dirs
from liuhen.core.errors import DamagedError, LiuhenError, RefusedError, StorageError
from liuhen.core.reasons import why
from liuhen.core.tlog.checkpoint import Checkpoint, open_checkpoint
from liuhen.core.tlog.notes import Vkey

from . import home, site
from .backup import DATABASE, FOLDERS, KEYS, LEDGER, SETTINGS, copy_file, read_manifest
from .clock import SHANGHAI
from .storage.logs import PublishedLog, log_codes, open_log
from .storage.rebuilding import alone

_TAILS = ("-wal", "-shm", "-journal")


class HistoryDiffersError(DamagedError):
    """What was published here and what the backup holds are two histories, or cannot be compared."""

    code = "history_differs"


@dataclass
class Restored:
    """`newer`: agencies whose published ledger is longer than the backup's; rebuild brings their rows back."""

    files: int
    newer: list[str] = field(default_factory=list)
    aside: Path | None = None


def restore_backup(folder: Path, *, replace: bool, at: datetime) -> Restored:
    """Put a backup in place.

    Raises BackupDamagedError and HistoryDiffersError before anything is changed, RefusedError when data exists
    and `replace` is not given, BusyError while others work, StorageError.
    """
    listed = read_manifest(folder)
    base = home.home()
    present = [name for name in (DATABASE, SETTINGS, *FOLDERS) if _holds_something(base / name)]
    if present and not replace:
        raise RefusedError(
            f"{base} 已有数据（{'、'.join(present)}），没有恢复。",
            remedy="确认要用备份替换时请加 --replace；现有数据会移到一旁保留。",
            code="home_in_use",
        )
    try:
        make_dirs(base)
        with alone():
            longer = {code: log for code in _codes(listed) if (log := _longest(folder, code)) is not None}
            same = any(_is_ours(folder, code) for code in _codes(listed))
            since = _founded_since(_codes(listed)) if same else {}
            return _put(folder, listed, {**longer, **since}, same=same, at=at)
    except OSError as error:
        raise StorageError(
            f"恢复没有做完：{base} 写不进（{why(error)}）。",
            remedy="请检查磁盘空间和权限后再次恢复；移到一旁的数据仍在 before-restore- 开头的文件夹中。",
        ) from error


def _holds_something(path: Path) -> bool:
    if path.is_dir():
        return any(child.is_file() for child in path.rglob("*"))
    return path.exists()


def _codes(listed: dict[str, str]) -> list[str]:
    return sorted({name.split("/")[1] for name in listed if name.startswith(f"{LEDGER}/")})


# -- history


def _longest(folder: Path, code: str) -> PublishedLog | None:
    """The published ledger (ours, or a mirror) that goes on where the backup's ends; None when none does."""
    backup = folder / LEDGER / code
    if not (backup / "checkpoint").is_file():
        return None
    keys = _keys(backup)
    old = open_checkpoint((backup / "checkpoint").read_text(encoding="utf-8"), keys)
    best: PublishedLog | None = None
    for place in _published_places(folder, code):
        log = _continuing(place, backup, code, old, keys)
        if log is not None and log.checkpoint.size > (best.checkpoint.size if best else old.size):
            best = log
    return best


def _is_ours(folder: Path, code: str) -> bool:
    """Is the office of the backup the one that published here? (Not another one being replaced.)"""
    return _signed_head(home.ledger_folder(code), _keys(folder / LEDGER / code)) is not None


def _keys(ledger: Path) -> list[Vkey]:
    try:
        return Vkey.parse_lines((ledger / "vkey").read_text(encoding="utf-8"))
    except (OSError, ValueError, LiuhenError):
        return []


def _founded_since(known: list[str]) -> dict[str, PublishedLog]:
    """Whole ledgers of offices that the backup does not know yet. Raises HistoryDiffersError for a damaged one."""
    found = {}
    for code in sorted(set(log_codes()) - set(known)):
        try:
            found[code] = open_log(home.ledger_folder(code), code)
            found[code].check()
        except LiuhenError as error:
            raise HistoryDiffersError(
                f"备份之后设立的单位 {code} 的账本已损坏：{error.message}",
                remedy=f"请先从第二存储旁的 ledger/{code} 取回，或把它移走留存并在登记簿写明，再恢复。",
            ) from error
    return found


def _published_places(folder: Path, code: str) -> Iterator[Path]:
    yield home.ledger_folder(code)
    stores = [*site.load().stores[1:], *_settings_of(folder).stores[1:]]
    yield from dict.fromkeys(store.root().parent / LEDGER / code for store in stores)


def _settings_of(folder: Path) -> site.SiteSettings:
    """The backup's own settings: on a new computer nothing else knows the second store."""
    try:
        text = (folder / SETTINGS).read_text(encoding="utf-8")
        return site.SiteSettings.model_validate(YAML(typ="safe", pure=True).load(text) or {})
    except (OSError, ValueError, YAMLError):
        return site.SiteSettings()


def _continuing(
    place: Path, backup: Path, code: str, old: Checkpoint, keys: list[Vkey]
) -> PublishedLog | None:
    """The log at `place` if it says more than the backup; None when it says less, or is of another key."""
    head = _signed_head(place, keys)
    if head is None or (head.size, head.root) == (old.size, old.root):
        return None
    try:
        longer, shorter = (place, old) if head.size >= old.size else (backup, head)
        log = PublishedLog(code, longer, head if longer == place else old)
        joined = log.extends(shorter)
    except LiuhenError as error:
        raise HistoryDiffersError(
            f"{place} 中已签发的账本有 {head.size} 条，比备份（{old.size} 条）新，但已损坏，无法衔接：{error.message}",
            remedy=f"请先用完好的副本（第二存储旁的 ledger/{code}，或更新的备份）替换它再恢复。"
            "确实取不回时，把它移走留存并在登记簿写明，再恢复。",
            place=place,
        ) from error
    if not joined:
        raise HistoryDiffersError(
            f"{place} 中已签发的账本与备份中的账本不是同一历史，没有恢复。",
            remedy="请保全两者并查明原因；同一密钥不能签发两种历史。",
            place=place,
        )
    return log if log.folder == place else None


def _signed_head(place: Path, keys: list[Vkey]) -> Checkpoint | None:
    """A head of the office that holds one of `keys`; None when there is none (no ledger, or another office's).

    A key changed since the backup stands beside the old one in the `vkey` file there.
    """
    known = _keys(place)
    if not set(known) & set(keys):
        return None
    try:
        return open_checkpoint((place / "checkpoint").read_text(encoding="utf-8"), known)
    except (OSError, ValueError, LiuhenError):
        return None


# -- files


def _put(
    folder: Path, listed: dict[str, str], longer: dict[str, PublishedLog], *, same: bool, at: datetime
) -> Restored:
    base = home.home()
    connection.close()
    fresh = Path(tempfile.mkdtemp(prefix="restoring-", dir=base))
    try:
        for name in listed:
            if not (name.startswith(f"{LEDGER}/") and name.split("/")[1] in longer):
                copy_file(folder / name, fresh / name)
        for code, log in longer.items():
            shutil.copytree(log.folder, fresh / LEDGER / code)
        if same:
            _carry_over(base, fresh, list(longer))
        _guard_keys(fresh / KEYS)
        aside = _move_aside(base, at)
        for path in sorted(fresh.iterdir()):
            path.rename(base / path.name)
        fsync_dir(base)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Restored(len(listed), sorted(longer), aside)


def _carry_over(base: Path, fresh: Path, codes: list[str]) -> None:
    """What was kept since the backup and belongs to the longer ledger."""
    for name in ("receipts", "papers", "packs", "witness"):
        for path in (base / name).rglob("*"):
            target = fresh / path.relative_to(base)
            if path.is_file() and (name == "witness" or not target.exists()):
                target.unlink(missing_ok=True)
                copy_file(path, target)
    for path in (base / KEYS).glob("*"):
        if path.is_file() and path.name.split(".")[0] in codes:  # a key may have been changed since
            (fresh / KEYS / path.name).unlink(missing_ok=True)
            copy_file(path, fresh / KEYS / path.name)


def _guard_keys(keys: Path) -> None:
    """For the owner alone, also when the backup came from a disk that keeps no modes."""
    if keys.is_dir():
        for path in (keys, *keys.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)


def _move_aside(base: Path, at: datetime) -> Path | None:
    names = [DATABASE, *(f"{DATABASE}{tail}" for tail in _TAILS), SETTINGS, *FOLDERS]
    present = [name for name in names if (base / name).exists()]
    kept = [name for name in present if _holds_something(base / name)]
    for name in sorted(set(present) - set(kept)):
        shutil.rmtree(base / name)  # folders that a new home is given, empty
    if not kept:
        return None
    aside = _free_folder(base, at)
    for name in kept:
        (base / name).rename(aside / name)
    fsync_dir(base)
    return aside


def _free_folder(base: Path, at: datetime) -> Path:
    stem = f"before-restore-{at.astimezone(SHANGHAI):%Y%m%d%H%M%S}"
    for number in range(1, 1000):
        folder = base / (stem if number == 1 else f"{stem}-{number}")
        if not folder.exists():
            folder.mkdir(mode=0o700)
            return folder
    raise FileExistsError(17, "too many restores", str(base))
