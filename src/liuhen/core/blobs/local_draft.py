"""A draft in a folder, and how it becomes part of the store.

- A draft is `staging/<key>/`: its files under `tree/`, a scaffold of missing folders under `wrap/` while
  it is being published.
- Order: every file fsynced when finished, every folder of the tree fsynced, ONE rename, the folder it arrived
  in fsynced, the folder it left fsynced.
- Folders that the target still lacks are built in `wrap/` around the tree and arrive with it by the same
  rename, so a crash leaves no empty folder in the store (OCFL 1.1, E073).
- A root inventory pair is renamed into an object, never written there: no temporary file ever stands in one.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..durable import Reread, Watch, fsync_dir, unwatched, write_all, write_new
from . import faults
from .paths import check_path, root_pair
from .rereading import reread_ahead

if TYPE_CHECKING:
    from .local import LocalBlobs

FILE_MODE = 0o640  # recordings show people: nothing for other accounts of the machine
FOLDER_MODE = 0o750
_SEND_AFTER = 8 << 20  # bytes after which the kernel is asked to begin writing out
_TRIES = 50


def remove_all(folder: Path) -> None:
    """Delete a folder and all in it, links not followed; nothing happens where there is none."""
    if os.path.lexists(folder):
        shutil.rmtree(folder)


def remove_emptied(folder: Path) -> None:
    """Delete a folder that should hold nothing any more; what it holds all the same goes with it."""
    try:
        folder.rmdir()
    except OSError:
        remove_all(folder)


def make_below(top: Path, folder: Path) -> None:
    """Make `folder` and its missing parents, but never `top` or what is above it: a disk may be unplugged."""
    if folder != top and not folder.is_dir():
        make_below(top, folder.parent)
        folder.mkdir(FOLDER_MODE, exist_ok=True)


class LocalWriter:
    """See `base.Writer`."""

    def __init__(self, fd: int, store: LocalBlobs, path: str) -> None:
        self.size = 0
        self._fd = fd
        self._sent = 0
        self._store = store
        self._path = path

    def write(self, data: bytes | bytearray | memoryview) -> None:
        with self._store.translated(self._path):
            write_all(self._fd, data)
            self.size += memoryview(data).nbytes
            if self.size - self._sent >= _SEND_AFTER:
                # Begins write-out without waiting, so the fsync at the end finds little left to do.
                os.posix_fadvise(self._fd, self._sent, self.size - self._sent, os.POSIX_FADV_DONTNEED)
                self._sent = self.size

    def reserve(self, size: int) -> None:
        """Claim `size` bytes now. Raises DiskFullError before a single byte is copied."""
        free = self._store.free_bytes()
        if free is not None and size > free:
            raise faults.disk_full(self._store.name, self._path, needed=size, free=free)
        if size:
            with self._store.translated(self._path):
                os.posix_fallocate(self._fd, 0, size)

    def finish(self) -> None:
        """Cut off what was reserved and not written, and make the file durable."""
        with self._store.translated(self._path):
            os.ftruncate(self._fd, self.size)
            os.fsync(self._fd)


class LocalDraft:
    """See `base.Draft`."""

    def __init__(self, store: LocalBlobs, key: str) -> None:
        self.key = key
        self.folder = store.staging / key
        self.tree = self.folder / "tree"
        self._store = store
        self._finished: set[str] = set()
        self._folders: set[Path] = {self.tree}
        self._open = True
        with store.translated(key):
            remove_all(self.folder)
            self.folder.mkdir(FOLDER_MODE)
            self.tree.mkdir(FOLDER_MODE)

    def _new(self, path: str) -> Path:
        if not self._open:
            raise RuntimeError(f"draft {self.key} is already published or discarded")
        full = self.tree / check_path(path)
        if full.parent not in self._folders:
            with self._store.translated(path):
                make_below(self.tree, full.parent)
            above = (folder for folder in full.parents if folder.is_relative_to(self.tree))
            self._folders.update(above)
        return full

    @contextmanager
    def writer(self, path: str, *, size_hint: int | None = None) -> Iterator[LocalWriter]:
        full = self._new(path)
        with self._store.translated(path):
            fd = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        try:
            out = LocalWriter(fd, self._store, path)
            out.reserve(size_hint or 0)
            yield out
            out.finish()
        except BaseException:
            full.unlink(missing_ok=True)
            raise
        finally:
            os.close(fd)
        self._finished.add(path)

    def write(self, path: str, data: bytes) -> None:
        full = self._new(path)
        with self._store.translated(path):
            write_new(full, data, mode=FILE_MODE)
        self._finished.add(path)

    def paths(self) -> list[str]:
        return sorted(self._finished)

    def _file(self, path: str) -> Path:
        if path not in self._finished:
            raise faults.blob_missing(self._store.name, path)
        return self.tree / path

    def reread(self, path: str, watch: Watch = unwatched) -> Reread:
        with self._store.translated(path, reading=True):
            return reread_ahead(self._file(path), watch)

    def open_local(self, path: str) -> Path | None:
        return self._file(path)

    def publish(self, at: str) -> None:
        target = self._store.full(at)
        self._settle()
        with self._store.translated(at):
            self._place(target)
            fsync_dir(self.folder)
            self._open = False
            remove_emptied(self.folder)

    def publish_version(self, at: str, *, version: str) -> None:
        target = self._store.full(at)
        pair = root_pair(self._finished, version)
        if not self._store.exists(at):
            raise faults.blob_missing(self._store.name, at)
        if self._store.exists(f"{at}/{version}"):
            raise faults.already_there(self._store.name, f"{at}/{version}")
        self._settle()
        with self._store.translated(at):
            (self.tree / version).rename(target / version)
            fsync_dir(target)
            for name in pair:
                (self.tree / name).replace(target / name)
            fsync_dir(target)
        self.discard()

    def discard(self) -> None:
        self._open = False
        with self._store.translated(self.key):
            remove_all(self.folder)

    def _settle(self) -> None:
        """Make every name in the tree durable, leaves first."""
        self._store.check_present()
        with self._store.translated(self.key):
            for folder in sorted(self._folders, key=lambda each: len(each.parts), reverse=True):
                fsync_dir(folder)

    def _place(self, target: Path) -> None:
        for _ in range(_TRIES):
            self._store.check_present()
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "already published", str(target))
            try:
                return self._rename_in(target)
            except OSError as error:
                # A neighbour made or removed one of the folders between our look and our rename: look again.
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOENT):
                    raise
        raise OSError(errno.EBUSY, "the folders kept changing", str(target))

    def _rename_in(self, target: Path) -> None:
        top = target.parent
        while not top.is_dir():
            top = top.parent
        missing = target.relative_to(top).parts
        moved = self._wrap(missing[1:])
        try:
            moved.rename(top / missing[0])
        except OSError:
            self._unwrap(missing[1:])
            raise
        fsync_dir(top)

    def _wrap(self, below: tuple[str, ...]) -> Path:
        """Put the tree under the folders that the store still lacks; returns what is to be renamed."""
        if not below:
            return self.tree
        wrap = self.folder / "wrap"
        inside = wrap.joinpath(*below[:-1])
        make_below(self.folder, inside)
        self.tree.rename(inside / below[-1])
        for depth in range(len(below) - 1, -1, -1):
            fsync_dir(wrap.joinpath(*below[:depth]))
        return wrap

    def _unwrap(self, below: tuple[str, ...]) -> None:
        if below:
            wrap = self.folder / "wrap"
            wrap.joinpath(*below).rename(self.tree)
            remove_all(wrap)
