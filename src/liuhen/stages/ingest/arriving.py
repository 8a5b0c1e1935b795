"""The bytes of an upload on disk: appended, measured, laid out as a card's folder, removed.

- A file's own length is what has come. After a restart of the computer only what had been synced counts:
  a file system may show a length whose bytes never reached the device.
- Every path is made of names of our own; the names that came from outside are put back, made safe
  (core.cards.filenames), only when the set is taken in.
- Laying out and removing can be repeated from any point.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from liuhen.base import home
from liuhen.core.cards.filenames import safe_name
from liuhen.core.durable import fsync_dir, make_dirs, write_all
from liuhen.core.errors import StorageError
from liuhen.core.reasons import why

from .models import UploadFile, UploadSet

CARD = "card"  # the folder, inside a set's, that is taken in
SYNC_EVERY = 8 << 20


class UploadBrokenError(StorageError):
    code = "upload_storage"


class UploadBusyError(home.BusyError):
    code = "upload_busy"


def uploads_folder() -> Path:
    return home.home() / "uploads"


def folder_of(upload: UploadSet) -> Path:
    return uploads_folder() / upload.folder


def place_of(file: UploadFile) -> Path:
    return folder_of(file.set) / file.name


@lru_cache(maxsize=1)
def this_boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def length_of(file: UploadFile) -> int:
    """How much of the file has come and will stay."""
    try:
        length = place_of(file).stat().st_size
    except FileNotFoundError:
        return 0
    if file.boot not in ("", this_boot()):
        length = min(length, file.synced)
    return min(length, file.size)


def make_folder(upload: UploadSet) -> None:
    with _in_sentences():
        make_dirs(folder_of(upload))


@contextmanager
def opened(file: UploadFile) -> Iterator[int]:
    """A descriptor on the file's bytes, for one writer at a time; the kernel lets go of it at death.

    Raises UploadBusyError, UploadBrokenError.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    with _in_sentences():
        fd = os.open(place_of(file), flags, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield fd
    except BlockingIOError as error:
        raise UploadBusyError("这个文件正由另一个窗口上传。", remedy="请稍等；页面会自动接着传。") from error
    finally:
        os.close(fd)


def append(fd: int, offset: int, size: int, pieces: Iterable[bytes]) -> int:
    """Write from `offset` up to `size`; returns the length afterwards, all of it synced.

    Whoever sends more than was announced has the rest thrown away. When the sender breaks off, what came is
    synced all the same before the error goes on. Raises UploadBrokenError and what `pieces` raises.
    """
    with _in_sentences():
        os.ftruncate(fd, offset)
        os.lseek(fd, offset, os.SEEK_SET)
    synced = offset
    try:
        for piece in pieces:
            part = memoryview(piece)[: size - offset]
            with _in_sentences():
                write_all(fd, part)
            offset += len(part)
            if offset - synced >= SYNC_EVERY:
                with _in_sentences():
                    os.fsync(fd)
                synced = offset
            if offset == size:
                break
    finally:
        with _in_sentences():
            os.fsync(fd)
    return offset


def facts_of(file: UploadFile) -> dict[str, Any]:
    """For the log: a path may name a party, so its digest stands for it."""
    return {
        "file": str(file.pk),
        "path_sha256": file.path_digest,
        "size": file.size,
        "received": file.size if file.finished_at else length_of(file),
    }


def forget_bytes(file: UploadFile) -> None:
    """Remove what has come of this file."""
    with _in_sentences():
        place_of(file).unlink(missing_ok=True)


def lay_out(upload: UploadSet, files: Iterable[UploadFile]) -> Path:
    """The finished files under the names they had, as a folder that can be taken in like a card.

    Raises UploadBrokenError, also for a finished file whose bytes are gone.
    """
    root, places = folder_of(upload) / CARD, Places()
    with _in_sentences():
        make_dirs(root)
        for file in files:
            source, target = place_of(file), root.joinpath(*places.free(safe_parts(file.path)))
            if source.exists():
                make_dirs(target.parent)
                source.replace(target)
                fsync_dir(target.parent)
            status = target.stat()
            if file.modified_at is not None and status.st_mtime != file.modified_at.timestamp():
                os.utime(target, (file.modified_at.timestamp(),) * 2)
    return root


def safe_parts(path: str) -> list[str]:
    """The components of a name from outside, each safe as a file name; never none."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return [safe_name(part) for part in parts] or [safe_name("")]


class Places:
    """Two names may become one when made safe, or one the folder of another: the later one is set apart."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def free(self, parts: list[str]) -> list[str]:
        wanted, number = parts, 1
        while self._clashes(wanted):
            number += 1
            wanted = [f"重名{number}", *parts]
        self._files.add("/".join(wanted))
        self._folders.update("/".join(wanted[:depth]) for depth in range(1, len(wanted)))
        return wanted

    def _clashes(self, parts: list[str]) -> bool:
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        path = "/".join(parts)
        return path in self._files or path in self._folders or any(one in self._files for one in above)


def remove(upload: UploadSet) -> None:
    """Every byte of the set. What cannot be removed now is removed by the next sweep."""
    remove_folder(folder_of(upload))


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def strays(known: set[str]) -> Iterator[Path]:
    """Folders of no living set: of ended ones whose removal was cut off, or of a database that was lost."""
    try:
        folders = sorted(path for path in uploads_folder().iterdir() if path.is_dir())
    except FileNotFoundError:
        return
    yield from (path for path in folders if path.name not in known)


def free_bytes() -> int:
    folder = uploads_folder()
    return shutil.disk_usage(folder if folder.exists() else home.home()).free


@contextmanager
def _in_sentences() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UploadBrokenError(
            f"服务器写不进上传的内容（{why(error)}）。",
            remedy="已传到的部分保留着：请清出磁盘空间或检查磁盘，然后继续上传。",
        ) from error
