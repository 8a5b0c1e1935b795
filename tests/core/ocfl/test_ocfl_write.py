"""Writing a version: what is in the draft and what the version says are the same, or it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ocfl_objects import AT, CREATED, FIRST, OBJECT_ID, SECOND, add_version, sha256, two_versions

from liuhen.core.blobs import MemoryBlobs
from liuhen.core.ocfl import Inventory, memory_store, parse, read_inventory, staged_path, write_version

WHO = {"message": "采集入库", "user_name": "王建国", "user_address": "mailto:w@example.invalid"}


def write(draft: Any, files: dict[str, str], previous: Inventory | None = None) -> Inventory:
    return write_version(draft, previous, object_id=OBJECT_ID, files=files, created=CREATED, **WHO)


def test_the_root_inventory_is_written_last() -> None:
    blobs = MemoryBlobs()
    draft = blobs.draft("rec")
    draft.write("v1/content/a", b"x")
    write(draft, {"a": sha256(b"x")})
    assert list(blobs.unfinished["rec"]) == [
        "v1/content/a",
        "v1/inventory.json",
        "v1/inventory.json.sha256",
        "0=ocfl_object_1.1",
        "inventory.json.sha256",
        "inventory.json",
    ]


def test_the_version_says_what_was_written() -> None:
    blobs = memory_store()
    inventory = two_versions(blobs)
    assert read_inventory(blobs, AT) == inventory
    assert dict(inventory.state) == {name: sha256(data) for name, data in SECOND.items()}
    for name, data in SECOND.items():
        assert blobs.read_bytes(f"{AT}/{inventory.content_path(name)}") == data
    for name, data in FIRST.items():
        assert blobs.read_bytes(f"{AT}/{inventory.content_path(name, 'v1')}") == data


def test_each_version_keeps_the_inventory_of_its_time() -> None:
    blobs = memory_store()
    first = add_version(blobs, FIRST)
    second = add_version(blobs, SECOND, first)
    assert parse(blobs.read_bytes(f"{AT}/v1/inventory.json")) == first
    assert parse(blobs.read_bytes(f"{AT}/v2/inventory.json")) == second
    assert blobs.read_bytes(f"{AT}/inventory.json") == blobs.read_bytes(f"{AT}/v2/inventory.json")


def test_a_version_that_only_drops_a_file_stores_nothing() -> None:
    blobs = memory_store()
    first = add_version(blobs, FIRST)
    only = {"record.json": FIRST["record.json"]}
    second = add_version(blobs, only, first)
    assert set(second.state) == {"record.json"}
    assert second.manifest == first.manifest
    assert not any(path.startswith(f"{AT}/v2/content") for path in blobs.list(AT))


def test_a_stray_in_the_draft_is_refused() -> None:
    draft = MemoryBlobs().draft("rec")
    draft.write("v1/content/a", b"x")
    draft.write("v1/content/b", b"y")
    with pytest.raises(ValueError, match="v1/content/b"):
        write(draft, {"a": sha256(b"x")})


def test_content_outside_its_place_in_the_draft_is_refused() -> None:
    draft = MemoryBlobs().draft("rec")
    draft.write("a", b"x")
    with pytest.raises(ValueError, match="draft"):
        write(draft, {"a": sha256(b"x")})


def test_content_that_is_nowhere_is_refused() -> None:
    draft = MemoryBlobs().draft("rec")
    with pytest.raises(ValueError, match="nowhere"):
        write(draft, {"a": sha256(b"x")})


def test_the_staged_path_names_the_next_version() -> None:
    blobs = memory_store()
    first = add_version(blobs, FIRST)
    assert staged_path(None, "original/录像.mp4") == "v1/content/original/录像.mp4"
    assert staged_path(first, "record.json") == "v2/content/record.json"
