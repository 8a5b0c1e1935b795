"""Where bytes live: the contract every backend keeps (`tests/contracts/test_blobs_contract.py`).

- Files stand under relative POSIX keys (`paths.check_path`); folders exist only through the files in them.
- What a reader can see is whole: a tree is drafted out of sight and appears in one step, durably, or not
  at all.
- Nothing published is rewritten, but for an object's root inventory pair (`Draft.publish_version`) and the
  repair of a damaged file (`Blobs.restore`).
- One writer a key at a time: the caller holds the lock of the recording it works on.
- Errors are those of `faults`, all of them `LiuhenError`; `BadPathError` comes from every method that takes
  a path.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ..digests import CHUNK
from ..durable import Reread, Watch, unwatched
from .faults import (
    AlreadyThereError,
    BadPathError,
    BlobMissingError,
    DigestMismatchError,
    DiskFullError,
    IrregularEntryError,
    ReadFailedError,
    StagingElsewhereError,
    StoreDeniedError,
    StoreMissingError,
    StoreReadOnlyError,
    TooLargeError,
    WriteFailedError,
)

READ_LIMIT = 64 << 20  # bytes; `read_bytes` is for inventories and records, not for recordings

Kind = Literal["file", "folder", "symlink", "special", "badname"]


@dataclass(frozen=True)
class Entry:
    """One name in a folder: its full key, and what it is ("badname": not UTF-8, shown escaped)."""

    path: str
    kind: Kind


class Writer(Protocol):
    """An open file of a draft."""

    size: int  # bytes written so far

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append all of `data`. Raises DiskFullError, WriteFailedError, StoreReadOnlyError."""


class Draft(Protocol):
    """A tree being written; invisible to readers until published."""

    key: str

    def writer(self, path: str, *, size_hint: int | None = None) -> AbstractContextManager[Writer]:
        """Open a new file; durable on normal exit, gone after an exception.

        `size_hint` (bytes) is reserved at once, so that a full disk shows before copying (DiskFullError); the
        file still ends where writing ended. Raises AlreadyThereError.
        """

    def write(self, path: str, data: bytes) -> None:
        """Write one small new file, durably. Raises AlreadyThereError."""

    def paths(self) -> list[str]:
        """Every file finished in this draft, sorted."""

    def reread(self, path: str, watch: Watch = unwatched) -> Reread:
        """SHA-256 of a finished file, past the page cache.

        `watch` is told of each piece, and may raise to end it. Raises BlobMissingError, ReadFailedError.
        """

    def open_local(self, path: str) -> Path | None:
        """The real path of a finished file, for analysers; None where a backend has none."""

    def publish(self, at: str) -> None:
        """The whole tree appears at `at`, all or nothing, durably.

        Raises AlreadyThereError; the draft then stays as it was.
        """

    def publish_version(self, at: str, *, version: str) -> None:
        """Add the draft's folder `version` (such as "v2") to the object at `at`, then replace its root pair.

        The version folder is durable before the root sidecar is replaced, the root inventory comes last; a
        crash in between leaves a state that `core.ocfl.finish_version` completes and `read_inventory`
        understands. The draft holds the version folder, `inventory.json` and its sidecar, nothing else.
        Raises BlobMissingError (no object), AlreadyThereError (that version is there).
        """

    def discard(self) -> None:
        """Remove the draft and all it holds."""


class Blobs(Protocol):
    """A store of published files."""

    name: str

    def draft(self, key: str) -> Draft:
        """Begin a tree under a key of one part (a recording's uuid); a left-over of that key is discarded."""

    def drafts(self) -> builtins.list[str]:
        """Keys of unfinished trees, sorted. Beside recordings': `restore-…`, `removed-…` (discard these)."""

    def exists(self, path: str) -> bool:
        """Is there a file or folder of that name?"""

    def stat(self, path: str) -> int:
        """Size of a file in bytes. Raises BlobMissingError, IrregularEntryError."""

    def read(self, path: str, offset: int = 0, size: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset` (at most `size` of them) in pieces of at most `CHUNK` bytes.

        Raises BlobMissingError and IrregularEntryError at the call, ReadFailedError while reading.
        """

    def read_bytes(self, path: str, *, limit: int = READ_LIMIT) -> bytes:
        """A whole small file. Raises TooLargeError over `limit` bytes, and what `read` raises."""

    def reread(self, path: str, watch: Watch = unwatched) -> Reread:
        """SHA-256 of a published file, past the page cache.

        `watch` is told of each piece, and may raise to end it. Raises what `read` raises.
        """

    def children(self, path: str = "") -> builtins.list[Entry]:
        """The names in one folder ("" is the root), sorted; links not followed.

        Raises BlobMissingError (no such folder), IrregularEntryError (it is a link).
        """

    def list(self, prefix: str = "") -> Iterator[str]:
        """Every name under a folder that is not itself a folder, depth first, each folder sorted.

        Links are not followed. Links, pipes and devices are listed like files, because they take a file's
        place: whoever stats or reads one gets IrregularEntryError, so nothing irregular passes unseen.
        A missing prefix lists nothing.
        """

    def local_path(self, path: str) -> Path | None:
        """The real path of a file, or None where a backend has none. Raises what `stat` raises."""

    def free_bytes(self) -> int | None:
        """Bytes that can still be written, or None when nobody can say."""

    def restore(self, path: str, chunks: Iterable[bytes], expected_sha256: str) -> None:
        """Put back one damaged or missing file, atomically, after checking the digest of what was written.

        Used by repair. Raises DigestMismatchError (nothing is changed then).
        """

    def remove_tree(self, prefix: str) -> None:
        """Remove an object for good. Called by one function only: the disposal of `base.storage`.

        The tree disappears in one step and is then deleted; called again after a crash, it finishes the work.
        Raises BlobMissingError when there is nothing to remove.
        """


def walk(blobs: Blobs, prefix: str = "") -> Iterator[Entry]:
    """Every entry under a folder, folders included, depth first, each folder sorted."""
    for entry in blobs.children(prefix):
        yield entry
        if entry.kind == "folder":
            yield from walk(blobs, entry.path)


__all__ = [
    "CHUNK",
    "READ_LIMIT",
    "AlreadyThereError",
    "BadPathError",
    "BlobMissingError",
    "Blobs",
    "DigestMismatchError",
    "DiskFullError",
    "Draft",
    "Entry",
    "IrregularEntryError",
    "Kind",
    "ReadFailedError",
    "Reread",
    "StagingElsewhereError",
    "StoreDeniedError",
    "StoreMissingError",
    "StoreReadOnlyError",
    "TooLargeError",
    "WriteFailedError",
    "Writer",
    "walk",
]
