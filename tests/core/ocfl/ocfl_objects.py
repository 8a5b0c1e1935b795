"""Objects for the tests of `core.ocfl`: a small recording, written by the code under test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from liuhen.core.blobs import Blobs
from liuhen.core.ocfl import Inventory, object_path, staged_path, write_version

OBJECT_ID = "urn:uuid:6f1c2f9e-3b0a-4c55-9a4e-0d4f8f6f2a11"
AT = object_path(OBJECT_ID)
BEIJING = timezone(timedelta(hours=8))
CREATED = datetime(2025, 3, 14, 9, 26, 53, tzinfo=BEIJING)

FIRST = {
    "original/DSJ-000123_执法一中队_20250314092653.mp4": b"moving pictures" * 1000,
    "record.json": b'{"number": "1"}\n',
    "说明.html": "<p>执法音像记录</p>\n".encode(),
}
SECOND = {**FIRST, "record.json": b'{"number": "1", "case": "2"}\n', "附注.txt": b"note"}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def add_version(
    blobs: Blobs, files: Mapping[str, bytes], previous: Inventory | None = None, *, object_id: str = OBJECT_ID
) -> Inventory:
    """One more version holding exactly `files`; only content that is new is stored."""
    draft = blobs.draft(object_id.rsplit(":", 1)[-1])
    known = set(previous.manifest.values()) if previous else set()
    for logical, data in files.items():
        if sha256(data) not in known:
            with draft.writer(staged_path(previous, logical), size_hint=len(data)) as out:
                out.write(data)
    inventory = write_version(
        draft,
        previous,
        object_id=object_id,
        files={logical: sha256(data) for logical, data in files.items()},
        created=CREATED + timedelta(days=len(previous.versions) if previous else 0),
        message="采集入库" if previous is None else "补充说明",
        user_name="王建国",
        user_address="mailto:wangjianguo@example.invalid",
    )
    if previous is None:
        draft.publish(object_path(object_id))
    else:
        draft.publish_version(object_path(object_id), version=inventory.head)
    return inventory


def two_versions(blobs: Blobs) -> Inventory:
    return add_version(blobs, SECOND, add_version(blobs, FIRST))
