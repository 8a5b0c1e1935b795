"""Where a recording's stored files are, for whoever may have them; who may is asked elsewhere (serving.py).

- The first store that has the file whole in size gives it; a store that is away or has lost it is passed over.
- `record_of` is held against the digest that the ledger's row names, and kept in memory by it: the same digest is
  the same record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.record import ORIGINAL_FOLDER, RECORD
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.digests import digests_of
from liuhen.core.errors import DamagedError, LiuhenError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_inventory

from .stores import Stores, content_path, open_stores


class NoGoodCopyError(DamagedError):
    code = "no_good_copy"


def no_good_copy(number: str, what: str = "原件") -> NoGoodCopyError:
    return NoGoodCopyError(
        f"{number} 在各存储中都没有完好的{what}。",
        remedy="请运行 liuhen verify 查明，再用 liuhen repair 或备份修复。",
    )


def original_in(stores: Stores, recording: Recording) -> Path:
    """The original's file. Raises NoGoodCopyError."""
    return _whole(
        stores, recording, f"{ORIGINAL_FOLDER}/{safe_name(recording.name)}", recording.bytes, "原件"
    )


def derivative_in(stores: Stores, recording: Recording, logical: str, size: int) -> Path:
    """A kept derivative's file. Raises NoGoodCopyError."""
    return _whole(stores, recording, logical, size, "截图")


def _whole(stores: Stores, recording: Recording, logical: str, size: int, what: str) -> Path:
    for store in stores.there:
        for key in _keys(store, recording, logical):
            try:
                path = store.local_path(key)
                if path is not None and store.stat(key) == size:
                    return path
            except LiuhenError:
                continue
    raise no_good_copy(recording.number, what)


def _keys(store: LocalBlobs, recording: Recording, logical: str) -> Iterator[str]:
    """Where the file should be; then where the inventory says it is."""
    if logical.startswith(f"{ORIGINAL_FOLDER}/"):
        yield content_path(recording.urn, "v1", logical)
    path = object_path(recording.urn)
    try:
        inventory = read_inventory(store, path)
        yield f"{path}/{inventory.content_path(logical, recording.head)}"
    except (LiuhenError, KeyError, IndexError):
        return


def record_of(recording: Recording) -> dict[str, Any]:
    """`record.json` as the ledger last knew it; not to be changed by the caller. Raises NoGoodCopyError."""
    return _record(recording.urn, recording.head, recording.record_sha256, recording.number)


@lru_cache(maxsize=256)
def _record(urn: str, head: str, sha256: str, number: str) -> dict[str, Any]:
    path = object_path(urn)
    for store in open_stores().there:
        try:
            inventory = read_inventory(store, path)
            raw = store.read_bytes(f"{path}/{inventory.content_path(RECORD, head)}")
        except (LiuhenError, KeyError, IndexError):
            continue
        if digests_of(raw).sha256 == sha256:
            record: dict[str, Any] = json.loads(raw)
            return record
    raise no_good_copy(number, " record.json ")
