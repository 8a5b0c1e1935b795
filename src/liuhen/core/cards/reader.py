"""Reading the files of a card without trusting it.

- A file is opened component by component below the root, links refused at every step, so that a folder
  swapped for a link between listing and reading leads nowhere.
- What is opened must still be the regular file that was listed (device and inode). FAT-like file systems
  number their files anew when memory runs short; there size and modification time stand for the inode.
- Reading leaves no trace on the card: O_NOATIME where the system grants it. Never mmap: a pulled card would
  be SIGBUS, which nobody can answer.
- A file that grows, shrinks or is touched while it is read is not stored: `confirm_unchanged`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from liuhen.core.cards.errors import (
    PULLED,
    CardEmptyError,
    CardError,
    CardMissingError,
    CardReadError,
    CardUnreadableError,
    pulled,
    read_failed,
)
from liuhen.core.cards.listing import CardFile, CardListing, Refusal, list_card, resolve_root
from liuhen.core.digests import CHUNK

__all__ = [
    "CardEmptyError",
    "CardError",
    "CardFile",
    "CardListing",
    "CardMissingError",
    "CardReadError",
    "CardUnreadableError",
    "Refusal",
    "card_key",
    "confirm_unchanged",
    "list_card",
    "open_card_file",
    "read_chunks",
]

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FORGET_EVERY: Final = 8 * CHUNK  # how much of the source stays in the page cache behind the reader
_RENUMBERING: Final = frozenset({"vfat", "msdos", "exfat", "fuseblk", "fuse", "ntfs", "ntfs3"})


def card_key(root: Path) -> str:
    """One card, one key, by whatever path it is reached: the lock against two ingests at once.

    Sixteen hex digits from device number and root inode. Raises CardMissingError, CardUnreadableError.
    """
    _, status = resolve_root(root)
    return sha256(f"{status.st_dev}:{status.st_ino}".encode()).hexdigest()[:16]


@contextmanager
def open_card_file(root: Path, file: CardFile) -> Iterator[int]:
    """A descriptor on a listed file, closed at the end.

    Raises CardReadError: file_vanished, file_unreadable, became_symlink, not_regular, swapped, card_pulled,
    read_error.
    """
    try:
        base, status = resolve_root(root)
    except CardMissingError as error:
        raise pulled(file.path, FileNotFoundError(errno.ENOENT, "root is gone")) from error
    if not stat.S_ISDIR(status.st_mode):
        base = base.parent
    with ExitStack() as opened:
        try:
            fd = _descend(opened, base, file)
        except FileNotFoundError as error:
            # An empty mount point is left where the card was: another device under the same path.
            gone = status.st_dev != file.device_inode[0]
            raise pulled(file.path, error) if gone else _cannot_open(file.path, error) from error
        except OSError as error:
            raise _cannot_open(file.path, error) from error
        yield fd


def _descend(opened: ExitStack, base: Path, file: CardFile) -> int:
    *folders, name = file.raw.split(b"/")
    if any(part in (b"", b".", b"..") for part in (*folders, name)):
        raise _not_the_file(file.path, "swapped")
    at = _kept(opened, os.open(base, _FOLDER))
    for folder in folders:
        at = _kept(opened, os.open(folder, _FOLDER, dir_fd=at))
    # Asked before opening: opening a device node can already do something.
    _confirm_same(file, os.stat(name, dir_fd=at, follow_symlinks=False))
    fd = _kept(opened, _open_unmarked(name, at))
    _confirm_same(file, os.fstat(fd))
    return fd


def _kept(opened: ExitStack, fd: int) -> int:
    opened.callback(os.close, fd)
    return fd


def _open_unmarked(name: bytes, folder: int) -> int:
    try:
        return os.open(name, _FILE | os.O_NOATIME, dir_fd=folder)
    except PermissionError:  # O_NOATIME is granted to the owner of the file only
        return os.open(name, _FILE, dir_fd=folder)


def _confirm_same(file: CardFile, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _not_the_file(file.path, "became_symlink")
    if not stat.S_ISREG(status.st_mode):
        raise _not_the_file(file.path, "not_regular")
    if (status.st_dev, status.st_ino) == file.device_inode:
        return
    alike = (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)
    if status.st_dev != file.device_inode[0] or not alike or not renumbers_files(status.st_dev):
        raise _not_the_file(file.path, "swapped")


def renumbers_files(device: int, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether the file system of a device may give one file another inode number later (FAT and its like)."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False  # unknown: the strict rule holds
    for line in lines:
        mount, _, kind = line.partition(" - ")
        if mount.split(" ")[2:3] == [wanted]:
            return kind.split(" ")[0].partition(".")[0] in _RENUMBERING
    return False


def read_chunks(
    fd: int,
    *,
    path: str = "卡上的一个文件",
    chunk: int = CHUNK,
    read: Callable[[int, int], bytes] = os.read,
) -> Iterator[bytes]:
    """The bytes of an open card file, in full chunks but for the last. `path` is named in errors.

    `read` stands for os.read (tests pass one that fails). Raises CardReadError: card_pulled, read_error.
    """
    _advise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    done = forgotten = 0
    while data := _full_chunk(fd, path, chunk, read):
        yield data
        done += len(data)
        if done - forgotten >= _FORGET_EVERY:
            _advise(fd, forgotten, done - forgotten, os.POSIX_FADV_DONTNEED)
            forgotten = done
    _advise(fd, forgotten, 0, os.POSIX_FADV_DONTNEED)


def _full_chunk(fd: int, path: str, chunk: int, read: Callable[[int, int], bytes]) -> bytes:
    """Loop over short reads; short only at the end of the file."""
    parts: list[bytes] = []
    missing = chunk
    try:
        while missing and (part := read(fd, missing)):
            if len(part) == chunk:
                return part
            parts.append(part)
            missing -= len(part)
    except OSError as error:
        raise (pulled if error.errno in PULLED else read_failed)(path, error) from error
    return b"".join(parts)


def confirm_unchanged(fd: int, file: CardFile, bytes_read: int) -> None:
    """After the last chunk: the file must be what was listed. Raises CardReadError changed_while_reading."""
    try:
        status = os.fstat(fd)
    except OSError as error:
        raise (pulled if error.errno in PULLED else read_failed)(file.path, error) from error
    if (bytes_read, status.st_size, status.st_mtime_ns) != (file.size, file.size, file.mtime_ns):
        raise CardReadError(
            f"「{file.path}」在读取过程中变了（列出时 {file.size} 字节，读到 {bytes_read} 字节，"
            f"现在 {status.st_size} 字节），这次没有存。",
            remedy="先让设备停止录制、不要在卡上改动文件，再重新采集。",
            code="changed_while_reading",
            path=file.path,
        )


def _advise(fd: int, offset: int, length: int, advice: int) -> None:
    with suppress(OSError):  # advice only: a file system may know nothing of it
        os.posix_fadvise(fd, offset, length, advice)


_NOT_THE_FILE: Final = {
    "became_symlink": "列出之后变成了符号链接，没有读取。",
    "not_regular": "列出之后变成了管道、设备一类的特殊文件，没有读取。",
    "swapped": "列出之后被换成了另一个文件，没有读取。",
}


def _not_the_file(path: str, code: str) -> CardReadError:
    return CardReadError(
        f"「{path}」{_NOT_THE_FILE[code]}",
        remedy="查明谁在采集时动了这张卡，再重新采集。",
        code=code,
        path=path,
    )


def _cannot_open(path: str, error: OSError) -> CardReadError:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return _not_the_file(path, "became_symlink")
    if error.errno == errno.ENOENT:
        return CardReadError(
            f"「{path}」已不在卡上。",
            remedy="确认存储卡插好且没有人在删除文件，再重新采集。",
            code="file_vanished",
            path=path,
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return CardReadError(
            f"没有权限读取「{path}」。",
            remedy="用有权读取该卡的账户重新挂载，再采集。",
            code="file_unreadable",
            path=path,
        )
    return (pulled if error.errno in PULLED else read_failed)(path, error)
