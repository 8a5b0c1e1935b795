"""Writing that survives a power cut, and reading that does not trust the page cache.

- A file is durable after fsync(file), rename, fsync(directory); each of the three is needed.
- Re-reading asks the device: O_DIRECT where the file system has it; else the page cache is asked to drop the
  file first (posix_fadvise; a file system in memory has no device to ask). The road taken is returned.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .digests import CHUNK

_ALIGN = 4096


def fsync_dir(path: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_dirs(path: Path) -> None:
    """Create a directory and its missing parents, each durable in its own parent."""
    missing = []
    at = path
    while not at.exists():
        missing.append(at)
        at = at.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        fsync_dir(folder.parent)


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write every byte, looping over short writes."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Create a file that must not exist, durably (its directory is not synced). Raises FileExistsError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put `data` at `path` all or nothing: temporary file, fsync, rename, fsync the directory."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        write_new(draft, data, mode=mode)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    fsync_dir(path.parent)


@dataclass(frozen=True)
class Reread:
    """Digest of a file's bytes, how many there were, and by which road they came."""

    sha256: str
    size: int
    method: str  # "direct" | "fadvise"


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags | os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        yield fd
    finally:
        os.close(fd)


Watch = Callable[[int], None]


def unwatched(_count: int) -> None:
    """Nobody asks how far it is."""


def reread_sha256(path: Path, watch: Watch = unwatched) -> Reread:
    """SHA-256 of the bytes on the device. `watch` is told of each piece, and may raise to end it.

    Raises OSError (EIO and the like) when the device cannot give them.
    """
    try:
        with _opened(path, os.O_DIRECT) as fd:
            return _hash_direct(fd, watch)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    with _opened(path, 0) as fd:
        os.fdatasync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return _hash_plain(fd, "fadvise", watch)


def _hash_direct(fd: int, watch: Watch) -> Reread:
    digest, size = hashlib.sha256(), 0
    room = min(
        CHUNK, -(-max(1, os.fstat(fd).st_size) // _ALIGN) * _ALIGN
    )  # what lies behind the end is zeroed at a cost
    with mmap.mmap(-1, room, flags=mmap.MAP_PRIVATE) as buffer, memoryview(buffer) as view:
        while True:
            got = os.preadv(fd, [view], size)
            if got == 0:
                return Reread(digest.hexdigest(), size, "direct")
            digest.update(view[:got])
            size += got
            watch(got)
            if got % _ALIGN:  # an unaligned read is the last one
                return Reread(digest.hexdigest(), size, "direct")


def _hash_plain(fd: int, method: str, watch: Watch) -> Reread:
    digest, size = hashlib.sha256(), 0
    while chunk := os.read(fd, CHUNK):
        digest.update(chunk)
        size += len(chunk)
        watch(len(chunk))
    return Reread(digest.hexdigest(), size, method)
