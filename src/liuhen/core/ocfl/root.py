"""What stands in a storage root: objects, and whatever does not belong (part of `validate`).

- An object is a folder with a declaration `0=ocfl_object_…`; nothing inside it is looked at here.
- Files outside objects (E072), empty folders (E073), objects without a declaration (L003) and the root's own
  files (E069, E070, E071) are findings.
- Memory does not grow with the store: one folder at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..blobs.base import BlobMissingError, Blobs, Entry, IrregularEntryError
from .codes import Finding
from .layout import ROOT_FILES
from .write import INVENTORY

_CODES = {"0=ocfl_1.1": "E069", "ocfl_layout.json": "E070"}


@dataclass(frozen=True)
class RootItem:
    """Either an object (`finding` is None) or something found wrong at `path`."""

    path: str
    finding: Finding | None = None


def validate_root(blobs: Blobs) -> Iterator[RootItem]:
    """Every object root in the store, sorted, and a finding on all else. Raises StoreMissingError."""
    for path, data in ROOT_FILES.items():
        yield from _root_file(blobs, path, data)
    ours = {path.split("/", 1)[0] for path in ROOT_FILES}
    for entry in blobs.children():
        if entry.kind == "folder" and entry.path not in ours:
            yield from _folder(blobs, entry.path)
        elif entry.path not in ours:
            yield _item("E090" if entry.kind == "symlink" else "L072", entry.path)


def object_paths(blobs: Blobs) -> Iterator[str]:
    """The folders of all objects in the store, sorted."""
    return (item.path for item in validate_root(blobs) if item.finding is None)


def _item(code: str, path: str, expected: str | None = None, found: str | None = None) -> RootItem:
    return RootItem(path, Finding(code, path, expected=expected, found=found))


def _root_file(blobs: Blobs, path: str, data: bytes) -> Iterator[RootItem]:
    try:
        found = blobs.read_bytes(path)
    except (BlobMissingError, IrregularEntryError):
        found = None
    if found != data:
        digests = [None if each is None else hashlib.sha256(each).hexdigest() for each in (data, found)]
        yield _item(_CODES.get(path, "E071"), path, *digests)


def _folder(blobs: Blobs, path: str) -> Iterator[RootItem]:
    inside = blobs.children(path)
    names = [entry.path.rsplit("/", 1)[1] for entry in inside]
    if any(name.startswith("0=ocfl_object_") for name in names):
        yield RootItem(path)
    elif not inside:
        yield _item("E073", path)
    elif INVENTORY in names or "v1" in names:
        yield _item("L003", path)
    else:
        yield from _plain_folder(blobs, inside)


def _plain_folder(blobs: Blobs, inside: list[Entry]) -> Iterator[RootItem]:
    for entry in inside:
        if entry.kind == "folder":
            yield from _folder(blobs, entry.path)
        else:
            yield _item("E090" if entry.kind == "symlink" else "E072", entry.path)
