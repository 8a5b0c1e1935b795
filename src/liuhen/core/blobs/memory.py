"""A blob store in memory: the same contract as on disk, for tests and rehearsals.

- Published files stand in one dictionary, so what is published is whole by nature.
- `fail_on(operation, nth, error)` makes the nth call of an operation from now on raise `error`. Operations
  are the method names of `base.Blobs` and `base.Draft`; `writer` is the opening of a file, `write` each write
  to it, `root_inventory` each of the two replacements at the end of `publish_version`.
- `capacity` (bytes) makes the store fill up; `missing` and `read_only` make it an unplugged or protected
  disk.
- `damage`, `lose` and `plant` do to published files what disks and people do.
"""

from __future__ import annotations

import builtins
import errno
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..digests import CHUNK
from ..durable import Reread, Watch, unwatched
from . import faults
from .base import READ_LIMIT, Entry, Kind, walk
from .memory_draft import MemoryDraft
from .paths import check_key, check_path, check_prefix


class MemoryBlobs:
    """See `base.Blobs`."""

    def __init__(self, name: str = "内存", *, capacity: int | None = None) -> None:
        self.name = name
        self.capacity = capacity
        self.missing = False
        self.read_only = False
        self.files: dict[str, bytes] = {}
        self.unfinished: dict[str, dict[str, bytes]] = {}
        self._odd: dict[str, Kind] = {}
        self._calls: Counter[str] = Counter()
        self._planned: dict[tuple[str, int], BaseException] = {}

    # -- faults

    def fail_on(self, operation: str, nth: int, error: BaseException) -> None:
        """The nth call (from 1) of `operation` after this one raises `error`; an OSError comes translated."""
        self._planned[(operation, self._calls[operation] + nth)] = error

    def hit(self, operation: str, path: str, *, writing: bool = False) -> None:
        """Count one call and raise what is planned for it."""
        self._calls[operation] += 1
        if self.missing:
            raise faults.store_missing(self.name, path)
        if writing and self.read_only:
            raise faults.read_only(self.name, path)
        planned = self._planned.pop((operation, self._calls[operation]), None)
        if isinstance(planned, OSError):
            raise faults.translate(planned, store=self.name, path=path, reading=not writing) from planned
        if planned is not None:
            raise planned

    def damage(self, path: str, data: bytes) -> None:
        """Replace the bytes of a published file behind the store's back."""
        self.files[check_path(path)] = data

    def lose(self, path: str) -> None:
        """Remove a published file behind the store's back."""
        del self.files[path]

    def plant(self, path: str, kind: Kind = "symlink") -> None:
        """Put a link, a pipe or an empty folder into the store."""
        self._odd[check_path(path)] = kind

    def room(self, path: str, size: int) -> None:
        """Raise DiskFullError unless `size` more bytes fit."""
        free = self.free_bytes()
        if free is not None and size > free:
            cause = OSError(errno.ENOSPC, "no space")
            raise faults.disk_full(self.name, path, needed=size, free=free) from cause

    def free_bytes(self) -> int | None:
        if self.capacity is None:
            return None
        drafted = sum(len(data) for files in self.unfinished.values() for data in files.values())
        return self.capacity - drafted - sum(len(data) for data in self.files.values())

    # -- writing

    def draft(self, key: str) -> MemoryDraft:
        self.hit("draft", check_key(key), writing=True)
        return MemoryDraft(self, key)

    def drafts(self) -> builtins.list[str]:
        self.hit("drafts", "")
        return sorted(self.unfinished)

    def restore(self, path: str, chunks: Iterable[bytes], expected_sha256: str) -> None:
        self.hit("restore", check_path(path), writing=True)
        data = b"".join(chunks)
        found = hashlib.sha256(data).hexdigest()
        if found != expected_sha256:
            raise faults.digest_mismatch(self.name, path, expected_sha256, found)
        self.room(path, len(data) - len(self.files.get(path, b"")))
        self._odd.pop(path, None)
        self.files[path] = data

    def remove_tree(self, prefix: str) -> None:
        self.hit("remove_tree", check_path(prefix), writing=True)
        if not self._below(prefix):
            raise faults.blob_missing(self.name, prefix)
        for path in self._below(prefix):
            self.files.pop(path, None)
            self._odd.pop(path, None)

    # -- reading

    def _below(self, prefix: str) -> builtins.list[str]:
        start = f"{prefix}/" if prefix else ""
        return [path for path in (*self.files, *self._odd) if path.startswith(start)]

    def exists(self, path: str) -> bool:
        self.hit("exists", check_path(path))
        return path in self.files or path in self._odd or bool(self._below(path))

    def stat(self, path: str) -> int:
        self.hit("stat", check_path(path))
        return len(self._bytes(path))

    def _bytes(self, path: str) -> bytes:
        if path in self._odd or self._below(path):
            raise faults.irregular(self.name, path, self._odd.get(path, "文件夹"))
        if path not in self.files:
            raise faults.blob_missing(self.name, path)
        return self.files[path]

    def read(self, path: str, offset: int = 0, size: int | None = None) -> Iterator[bytes]:
        data = self._bytes(check_path(path))
        end = len(data) if size is None else min(len(data), offset + size)
        return self._pieces(path, data, offset, end)

    def _pieces(self, path: str, data: bytes, offset: int, end: int) -> Iterator[bytes]:
        self.hit("read", path)
        for at in range(offset, end, CHUNK):
            yield data[at : min(at + CHUNK, end)]

    def read_bytes(self, path: str, *, limit: int = READ_LIMIT) -> bytes:
        self.hit("read_bytes", check_path(path))
        data = self._bytes(path)
        if len(data) > limit:
            raise faults.too_large(self.name, path, len(data), limit)
        return data

    def reread(self, path: str, watch: Watch = unwatched) -> Reread:
        self.hit("reread", check_path(path))
        data = self._bytes(path)
        watch(len(data))
        return Reread(hashlib.sha256(data).hexdigest(), len(data), "fadvise")

    def children(self, path: str = "") -> builtins.list[Entry]:
        self.hit("children", check_prefix(path))
        below = self._below(path)
        if self._odd.get(path) == "symlink":
            raise faults.irregular(self.name, path, "符号链接")
        if path and not below and self._odd.get(path) != "folder":
            raise faults.blob_missing(self.name, path)
        skip = len(path) + 1 if path else 0
        names = {below_path[skip:].split("/", 1)[0] for below_path in below}
        return [self._entry(f"{path}/{name}" if path else name) for name in sorted(names)]

    def _entry(self, path: str) -> Entry:
        return Entry(path, self._odd.get(path, "file" if path in self.files else "folder"))

    def list(self, prefix: str = "") -> Iterator[str]:
        if prefix and not self.exists(prefix):
            return
        for entry in walk(self, prefix):
            if entry.kind != "folder":
                yield entry.path

    def local_path(self, path: str) -> Path | None:
        self.stat(path)
        return None

    @contextmanager
    def as_if_unplugged(self) -> Iterator[None]:
        """For the block, the store is not there."""
        self.missing = True
        try:
            yield
        finally:
            self.missing = False
