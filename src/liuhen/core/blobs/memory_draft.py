"""A draft in memory; see `memory` for the faults it can be told to have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..durable import Reread, Watch, unwatched
from . import faults
from .paths import check_path, root_pair

if TYPE_CHECKING:
    from .memory import MemoryBlobs


class MemoryWriter:
    """See `base.Writer`."""

    def __init__(self, store: MemoryBlobs, path: str) -> None:
        self.size = 0
        self.data = bytearray()
        self._store = store
        self._path = path

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._store.hit("write", self._path, writing=True)
        self._store.room(self._path, self.size + memoryview(data).nbytes)
        self.data += data
        self.size = len(self.data)


class MemoryDraft:
    """See `base.Draft`."""

    def __init__(self, store: MemoryBlobs, key: str) -> None:
        self.key = key
        self._store = store
        self._files: dict[str, bytes] = {}
        self._open = True
        store.unfinished[key] = self._files

    def _new(self, path: str) -> str:
        if not self._open:
            raise RuntimeError(f"draft {self.key} is already published or discarded")
        if check_path(path) in self._files:
            raise faults.already_there(self._store.name, path)
        return path

    @contextmanager
    def writer(self, path: str, *, size_hint: int | None = None) -> Iterator[MemoryWriter]:
        self._store.hit("writer", self._new(path), writing=True)
        self._store.room(path, size_hint or 0)
        out = MemoryWriter(self._store, path)
        yield out
        self._files[path] = bytes(out.data)

    def write(self, path: str, data: bytes) -> None:
        with self.writer(path) as out:
            out.write(data)

    def paths(self) -> list[str]:
        return sorted(self._files)

    def reread(self, path: str, watch: Watch = unwatched) -> Reread:
        self._store.hit("reread", path)
        if path not in self._files:
            raise faults.blob_missing(self._store.name, path)
        data = self._files[path]
        watch(len(data))
        return Reread(hashlib.sha256(data).hexdigest(), len(data), "fadvise")

    def open_local(self, path: str) -> Path | None:
        if path not in self._files:
            raise faults.blob_missing(self._store.name, path)
        return None

    def publish(self, at: str) -> None:
        self._store.hit("publish", check_path(at), writing=True)
        if self._store.exists(at):
            raise faults.already_there(self._store.name, at)
        self._store.files.update({f"{at}/{path}": data for path, data in self._files.items()})
        self.discard()

    def publish_version(self, at: str, *, version: str) -> None:
        self._store.hit("publish_version", check_path(at), writing=True)
        pair = root_pair(self._files, version)
        if not self._store.exists(at):
            raise faults.blob_missing(self._store.name, at)
        if self._store.exists(f"{at}/{version}"):
            raise faults.already_there(self._store.name, f"{at}/{version}")
        inside = {path: data for path, data in self._files.items() if path not in pair}
        self._store.files.update({f"{at}/{path}": data for path, data in inside.items()})
        for name in pair:
            self._store.hit("root_inventory", at, writing=True)
            self._store.files[f"{at}/{name}"] = self._files[name]
        self.discard()

    def discard(self) -> None:
        self._open = False
        self._store.unfinished.pop(self.key, None)
