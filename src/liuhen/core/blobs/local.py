"""A blob store in a folder of this computer.

- `root` holds what is published, `staging` the drafts of this store and nothing else; both are on one file
  system, so that publishing is one rename.
- The root is ours only while its marker `0=ocfl_1.1` is there: the empty mount point of an unplugged disk is
  never written to, and nothing is reported as missing from it.
- Links are never followed, and every path stays under the root (`Path.is_relative_to`).
"""

from __future__ import annotations

import builtins
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..digests import CHUNK
from ..durable import Reread, Watch, fsync_dir, make_dirs, unwatched
from . import faults
from .base import READ_LIMIT, Entry, Kind, walk
from .local_draft import LocalDraft, make_below, remove_all
from .paths import check_key, check_path, check_prefix, stays_below
from .rereading import reread_ahead

MARKER = "0=ocfl_1.1"


class LocalBlobs:
    """See `base.Blobs`. Opens an existing store; `core.ocfl.create_store` makes a new one.

    Raises StoreMissingError (no marker) and StagingElsewhereError (two file systems).
    """

    def __init__(self, name: str, root: Path, staging: Path) -> None:
        self.name = name
        self.root = root
        self.staging = staging
        self.check_present()
        with self.translated(str(staging)):
            make_dirs(staging)
        self.check_staging()

    # -- the store itself

    def check_present(self) -> None:
        """Raise StoreMissingError unless the marker stands in the root."""
        if not self._is_there(self.root / MARKER):
            raise faults.store_missing(self.name)

    def _is_there(self, path: Path) -> bool:
        """Unlike `Path.exists`, an unreadable disk is an error and not a No."""
        try:
            with faults.translated(self.name, str(path), reading=True):
                path.lstat()
        except faults.BlobMissingError:
            return False
        return True

    def check_staging(self) -> None:
        """Raise StagingElsewhereError unless a draft can be renamed into the root."""
        root, staging = self.root.resolve(), self.staging.resolve()
        if staging.is_relative_to(root):
            raise faults.staging_elsewhere(self.name, "staging inside the store")
        with self.translated(str(staging)):
            if staging.stat().st_dev != root.stat().st_dev:
                raise faults.staging_elsewhere(self.name)

    def free_bytes(self) -> int | None:
        with self.translated(""):
            numbers = os.statvfs(self.root)
        return numbers.f_bavail * numbers.f_frsize

    @contextmanager
    def translated(self, path: str, *, reading: bool = False) -> Iterator[None]:
        """`faults.translated`, and a file missing from a missing store is a missing store."""
        try:
            with faults.translated(self.name, path, reading=reading):
                yield
        except faults.BlobMissingError as error:
            if not self._is_there(self.root / MARKER):
                raise faults.store_missing(self.name, path) from error
            raise

    def full(self, path: str) -> Path:
        """The real path of a key. Raises BadPathError, and IrregularEntryError where a link leads outside."""
        full = self.root / check_path(path)
        if not stays_below(self.root, full.parent):
            raise faults.irregular(self.name, path, "经符号链接指向存储之外")
        return full

    # -- writing

    def draft(self, key: str) -> LocalDraft:
        self.check_present()
        return LocalDraft(self, check_key(key))

    def drafts(self) -> builtins.list[str]:
        with self.translated(str(self.staging), reading=True), os.scandir(self.staging) as found:
            names = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
        return sorted(name for name in names if not name.startswith("."))

    def restore(self, path: str, chunks: Iterable[bytes], expected_sha256: str) -> None:
        full = self.full(path)
        draft = self.draft(f"restore-{_short(path)}")
        try:
            with draft.writer("file") as out:
                for chunk in chunks:
                    out.write(chunk)
            found = draft.reread("file").sha256
            if found != expected_sha256:
                raise faults.digest_mismatch(self.name, path, expected_sha256, found)
            with self.translated(path):
                make_below(self.root, full.parent)
                (draft.tree / "file").replace(full)
                self._settle(full.parent)
        finally:
            draft.discard()

    def _settle(self, folder: Path) -> None:
        """Make a folder durable, and its way down from the root."""
        while folder != self.root:
            fsync_dir(folder)
            folder = folder.parent
        fsync_dir(self.root)

    def remove_tree(self, prefix: str) -> None:
        full, key = self.full(prefix), f"removed-{_short(prefix)}"
        self.check_present()
        grave = self.staging / key
        with self.translated(prefix):
            begun = grave.exists()
            remove_all(grave)
            if os.path.lexists(full) or not begun:
                self._bury(full, grave)
            self._prune(full.parent)

    def _bury(self, full: Path, grave: Path) -> None:
        grave.mkdir()
        try:
            full.rename(grave / "tree")
        except OSError:
            grave.rmdir()
            raise
        fsync_dir(full.parent)
        remove_all(grave)

    def _prune(self, folder: Path) -> None:
        """Remove folders that an object has left empty; rmdir refuses the ones still in use."""
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent
            fsync_dir(folder)

    # -- reading

    def exists(self, path: str) -> bool:
        if self._is_there(self.full(path)):
            return True
        self.check_present()
        return False

    def stat(self, path: str) -> int:
        full = self.full(path)
        with self.translated(path, reading=True):
            status = full.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise faults.irregular(self.name, path, _KINDS.get(stat.S_IFMT(status.st_mode), "特殊文件"))
        return status.st_size

    def read(self, path: str, offset: int = 0, size: int | None = None) -> Iterator[bytes]:
        whole = self.stat(path)
        end = whole if size is None else min(whole, offset + size)
        return self._pieces(path, offset, end)

    def _pieces(self, path: str, offset: int, end: int) -> Iterator[bytes]:
        with self.translated(path, reading=True):
            fd = os.open(self.full(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            while offset < end:
                with self.translated(path, reading=True):
                    piece = os.pread(fd, min(CHUNK, end - offset), offset)
                if not piece:  # cut short while we read
                    raise faults.read_failed(self.name, path)
                offset += len(piece)
                yield piece
        finally:
            os.close(fd)

    def read_bytes(self, path: str, *, limit: int = READ_LIMIT) -> bytes:
        size = self.stat(path)
        if size > limit:
            raise faults.too_large(self.name, path, size, limit)
        return b"".join(self._pieces(path, 0, size))

    def reread(self, path: str, watch: Watch = unwatched) -> Reread:
        self.stat(path)
        with self.translated(path, reading=True):
            return reread_ahead(self.full(path), watch)

    def children(self, path: str = "") -> builtins.list[Entry]:
        full = self.full(path) if check_prefix(path) else self.root
        if not path:
            self.check_present()
        elif full.is_symlink():
            raise faults.irregular(self.name, path, "符号链接")
        with self.translated(path, reading=True), os.scandir(full) as found:
            entries = sorted(found, key=lambda entry: entry.name)
            return [_entry(path, entry) for entry in entries]

    def list(self, prefix: str = "") -> Iterator[str]:
        if prefix and not self.exists(prefix):
            return
        for entry in walk(self, prefix):
            if entry.kind != "folder":
                yield entry.path

    def local_path(self, path: str) -> Path | None:
        self.stat(path)
        return self.full(path)


_KINDS = {
    stat.S_IFDIR: "文件夹",
    stat.S_IFLNK: "符号链接",
    stat.S_IFIFO: "管道",
    stat.S_IFSOCK: "套接字",
    stat.S_IFBLK: "设备",
    stat.S_IFCHR: "设备",
}


def _short(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()[:32]


def _entry(folder: str, found: os.DirEntry[str]) -> Entry:
    path = f"{folder}/{found.name}" if folder else found.name
    return Entry(path, _kind(found)) if _is_utf8(path) else Entry(_shown(path), "badname")


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _kind(found: os.DirEntry[str]) -> Kind:
    if found.is_symlink():
        return "symlink"
    if found.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if found.is_file(follow_symlinks=False) else "special"
