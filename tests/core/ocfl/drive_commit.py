"""Commit one small recording, then stop: run under strace to visit every crash point of a commit.

    python -I -S -B drive_commit.py HOME v1|v2

- It does what a run after a crash does: discard left-over drafts, finish a version cut short, then go on.
- Without Django, and without what `site` does at start-up, so that what it asks of the system is short and always
  the same.
- The failing open of BEGIN marks in the trace where start-up ends and the commit begins.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "src"))
sys.path.append(  # for orjson
    str(
        Path(sys.executable).parents[1]
        / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    )
)

from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.ocfl.inventory import Inventory
from liuhen.core.ocfl.layout import create_store, object_path
from liuhen.core.ocfl.read import finish_version, read_inventory
from liuhen.core.ocfl.write import staged_path, write_version

BEGIN = "/the-commit-begins-here"
OBJECT_ID = "urn:uuid:6f1c2f9e-3b0a-4c55-9a4e-0d4f8f6f2a11"
FIRST = {"original/录像.mp4": b"moving pictures" * 500, "record.json": b"{}\n"}
SECOND = {**FIRST, "record.json": b'{"case": "2"}\n'}


def commit(store: LocalBlobs, files: dict[str, bytes], previous: Inventory | None) -> None:
    """One version; content that an earlier version has is not written again."""
    draft = store.draft(OBJECT_ID.rsplit(":", 1)[1])
    digests = {logical: hashlib.sha256(data).hexdigest() for logical, data in files.items()}
    known = set(previous.manifest.values()) if previous else set()
    for logical, data in files.items():
        if digests[logical] not in known:
            with draft.writer(staged_path(previous, logical), size_hint=len(data)) as out:
                out.write(data)
            if draft.reread(staged_path(previous, logical)).sha256 != digests[logical]:
                raise SystemExit("re-read differs")
    inventory = write_version(
        draft,
        previous,
        object_id=OBJECT_ID,
        files=digests,
        created=datetime(2025, 3, 14, 1, 26, 53, tzinfo=UTC),
        message="采集入库",
        user_name="王建国",
        user_address="mailto:wangjianguo@example.invalid",
    )
    if previous is None:
        draft.publish(object_path(OBJECT_ID))
    else:
        draft.publish_version(object_path(OBJECT_ID), version=inventory.head)


def main(home: Path, goal: str) -> None:
    """Make the store if need be, tidy up, and commit what is missing up to version `goal`."""
    store = create_store(home / "store", home / "staging", "一号库")
    at = object_path(OBJECT_ID)
    for key in store.drafts():
        store.draft(key).discard()
    if store.exists(at):
        finish_version(store, at)
    else:
        commit(store, FIRST, None)
    if goal == "v2" and read_inventory(store, at).head == "v1":
        commit(store, SECOND, read_inventory(store, at))


if __name__ == "__main__":
    with suppress(FileNotFoundError):
        os.close(os.open(BEGIN, os.O_RDONLY))
    main(Path(sys.argv[1]), sys.argv[2])
