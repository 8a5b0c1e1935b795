"""Inventories: what is refused, with which code; and how the next version is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ocfl_objects import CREATED, OBJECT_ID

from liuhen.core.blobs.base import BadPathError
from liuhen.core.ocfl import Inventory, InventoryError, next_version, parse

A, B, C = "a" * 64, "b" * 64, "c" * 64
WHO = {"message": "采集入库", "user_name": "王建国", "user_address": "mailto:w@example.invalid"}


def grow(previous: Inventory | None, files: dict[str, str], **more: Any) -> Inventory:
    return next_version(previous, files, object_id=OBJECT_ID, created=CREATED, **WHO, **more)


def good() -> dict[str, Any]:
    first = grow(None, {"original/录像.mp4": A, "record.json": B})
    return json.loads(grow(first, {"original/录像.mp4": A, "record.json": C}).to_bytes())


def codes(data: bytes) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        parse(data)
    assert "liuhen verify" in caught.value.remedy
    return caught.value.codes


def drop(*keys: str) -> Callable[[dict[str, Any]], object]:
    def do(raw: dict[str, Any]) -> None:
        for key in keys[:-1]:
            raw = raw[key]
        del raw[keys[-1]]

    return do


def give(value: Any, *keys: str) -> Callable[[dict[str, Any]], object]:
    def do(raw: dict[str, Any]) -> None:
        for key in keys[:-1]:
            raw = raw[key]
        raw[keys[-1]] = value

    return do


V1 = ("versions", "v1")
BAD: dict[str, tuple[Callable[[dict[str, Any]], object], list[str]]] = {
    "no id": (drop("id"), ["E036"]),
    "empty id": (give("", "id"), ["E037"]),
    "id of another kind": (give(7, "id"), ["E037"]),
    "no type": (drop("type"), ["E036"]),
    "type of another version": (give("https://ocfl.io/2.0/spec/#inventory", "type"), ["E038"]),
    "no algorithm": (drop("digestAlgorithm"), ["E036", *["E025"] * 3, *["E050"] * 4, *["E107"] * 3]),
    "md5": (give("md5", "digestAlgorithm"), ["E025"] * 4 + ["E050"] * 4 + ["E107"] * 3),
    "no head": (drop("head"), ["E036"]),
    "old head": (give("v1", "head"), ["E040"]),
    "no manifest": (drop("manifest"), ["E041", *["E050"] * 4]),
    "manifest is a list": (give([], "manifest"), ["E041", *["E050"] * 4]),
    "no versions": (drop("versions"), ["E041"]),
    "versions is a list": (give([], "versions"), ["E044"]),
    "versions is empty": (give({}, "versions"), ["E008"]),
    "a version called one": (give({}, "versions", "one"), ["E046"]),
    "slash in content directory": (give("a/b", "contentDirectory"), ["E017", *["E042"] * 3]),
    "content directory above": (give("..", "contentDirectory"), ["E018", *["E042"] * 3]),
    "path without version": (give(["content/a"], "manifest", A), ["E042"]),
    "path of an unknown version": (give(["v7/content/a"], "manifest", A), ["E042"]),
    "absolute path": (give(["/v1/content/a"], "manifest", A), ["E100", "E042"]),
    "path that climbs": (give(["v1/content/../a"], "manifest", A), ["E099"]),
    "paths are a text": (give("v1/content/a", "manifest", A), ["E092"]),
    "same path twice": (give(["v1/content/record.json"], "manifest", A), ["E101"]),
    "path is also a folder": (give(["v1/content/record.json/a"], "manifest", A), ["E101"]),
    "short digest": (give(["v1/content/x"], "manifest", "abc"), ["E025", "E107"]),
    "unused digest": (give(["v1/content/x"], "manifest", "d" * 64), ["E107"]),
    "digest in two cases": (give(["v1/content/x"], "manifest", A.upper()), ["E096"]),
    "version is a text": (give("x", *V1), ["E048", "E107"]),
    "no created": (drop(*V1, "created"), ["E048"]),
    "created without zone": (give("2025-03-14T09:26:53", *V1, "created"), ["E049"]),
    "created without time": (give("2025-03-14", *V1, "created"), ["E049"]),
    "created on no day": (give("2025-02-30T09:26:53Z", *V1, "created"), ["E049"]),
    "created is a number": (give(0, *V1, "created"), ["E049"]),
    "no state": (drop(*V1, "state"), ["E048", "E107"]),
    "state is a list": (give([], *V1, "state"), ["E050", "E107"]),
    "state of unknown content": (give(["x"], *V1, "state", "d" * 64), ["E050"]),
    "state paths are a text": (give("x", *V1, "state", A), ["E050"]),
    "logical path absolute": (give(["/x"], *V1, "state", A), ["E053"]),
    "logical path climbs": (give(["a/../x"], *V1, "state", A), ["E052"]),
    "logical path twice": (give(["x", "x"], *V1, "state", A), ["E095"]),
    "logical path is also a folder": (give(["x", "x/y"], *V1, "state", A), ["E095"]),
    "message is a number": (give(1, *V1, "message"), ["E094"]),
    "user is a text": (give("王建国", *V1, "user"), ["E054"]),
    "user without name": (give({}, *V1, "user"), ["E054"]),
    "address is a number": (give({"name": "x", "address": 1}, *V1, "user"), ["E054"]),
    "fixity is a list": (give([], "fixity"), ["E111"]),
    "fixity by sm3": (give({"sm3": {}}, "fixity"), ["E056"]),
    "fixity block is a list": (give({"md5": []}, "fixity"), ["E057"]),
    "fixity of an unknown file": (give({"md5": {"0" * 32: ["x"]}}, "fixity"), ["E057"]),
    "fixity in two cases": (give({"md5": {"a" * 32: [], "A" * 32: []}}, "fixity"), ["E097"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_inventory_is_refused_with_its_codes(name: str) -> None:
    raw = good()
    change, expected = BAD[name]
    change(raw)
    assert codes(json.dumps(raw).encode()) == expected


@pytest.mark.parametrize("drop_at", ["v1", "v2"])
def test_versions_start_at_one_and_leave_no_gap(drop_at: str) -> None:
    raw = good()
    raw["versions"]["v3" if drop_at == "v2" else "v2"] = raw["versions"].pop(drop_at)
    raw["head"] = max(raw["versions"])
    assert ("E010" if drop_at == "v2" else "E009") in codes(json.dumps(raw).encode())


@pytest.mark.parametrize("names", [["v01", "v2"], ["v1", "v02"], ["v01", "v002"]])
def test_zero_padding_is_kept_to_by_all_versions_or_none(names: list[str]) -> None:
    raw = good()
    raw["versions"] = dict(zip(names, raw["versions"].values(), strict=True))
    raw["head"] = names[1]
    assert "E011" in codes(json.dumps(raw).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[1]",
        b"{",
        b"\xff",
        b'{"id": NaN}',
        b'{"id": "a", "id": "b"}',
        b"[" * 100_000,
        b"1" * 5000,
        '{"id": "留痕"}'.encode("gb18030"),
    ],
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    assert codes(data)[0] == "E033"


def test_what_the_specification_leaves_open_is_read() -> None:
    raw = good()
    raw["x-note"] = {"anything": 1}
    del raw["versions"]["v1"]["message"], raw["versions"]["v1"]["user"]
    raw["versions"]["v2"]["created"] = "2025-03-14T09:26:53.123+08:00"
    raw["manifest"] = {digest.upper(): paths for digest, paths in raw["manifest"].items()}
    for version in raw["versions"].values():
        version["state"] = {digest.upper(): paths for digest, paths in version["state"].items()}
    inventory = parse(json.dumps(raw).encode())
    assert inventory.state["original/录像.mp4"] == A
    assert inventory.versions["v1"].user_name is None


# -- the next version


def test_reading_back_gives_the_same_inventory_and_the_same_bytes() -> None:
    inventory = parse(json.dumps(good()).encode())
    assert parse(inventory.to_bytes()) == inventory
    assert parse(inventory.to_bytes()).to_bytes() == inventory.to_bytes()


def test_the_bytes_do_not_depend_on_the_order_of_the_files() -> None:
    files = {"b": A, "a": B, "说明.html": A}
    backwards = dict(reversed(files.items()))
    assert grow(None, files).to_bytes() == grow(None, backwards).to_bytes()


def test_unchanged_content_is_not_stored_again() -> None:
    first = grow(None, {"original/a.mp4": A, "record.json": B})
    second = grow(first, {"original/a.mp4": A, "record.json": C, "copy.mp4": A})
    assert {path: d for path, d in second.manifest.items() if path.startswith("v2/")} == {
        "v2/content/record.json": C
    }
    assert second.content_path("copy.mp4") == "v1/content/original/a.mp4"
    assert second.content_path("record.json", "v1") == "v1/content/record.json"
    assert second.versions["v1"] == first.versions["v1"]


def test_content_that_stands_twice_is_stored_once() -> None:
    assert grow(None, {"b": A, "a": A}).manifest == {"v1/content/a": A}


def test_every_copy_that_was_stored_is_in_the_manifest() -> None:
    assert set(grow(None, {"b": A, "a": A}, stored=["a", "b"]).manifest) == {"v1/content/a", "v1/content/b"}


def test_the_inventory_of_an_earlier_version_can_be_made_again() -> None:
    first = grow(None, {"a": A})
    second = grow(first, {"a": B})
    assert second.until("v1").to_bytes() == first.to_bytes()
    assert second.until("v2") == second
    with pytest.raises(KeyError):
        second.until("v3")


def test_ten_versions_stay_in_the_order_of_their_numbers() -> None:
    inventory = None
    for number in range(11):
        inventory = grow(inventory, {"a": f"{number:064x}"})
    assert inventory is not None
    assert inventory.head == "v11"
    again = parse(inventory.to_bytes())
    assert list(again.versions) == [f"v{n}" for n in range(1, 12)]
    assert again.until("v9").head == "v9"


def test_a_zero_padded_history_goes_on_zero_padded() -> None:
    raw = json.loads(grow(None, {"a": A}).to_bytes().replace(b"v1", b"v001"))
    second = grow(parse(json.dumps(raw).encode()), {"a": B})
    assert second.head == "v002"
    assert "v002/content/a" in second.manifest


def test_time_is_written_in_utc() -> None:
    assert grow(None, {"a": A}).versions["v1"].created == "2025-03-14T01:26:53Z"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next_version(None, {"a": A}, object_id=OBJECT_ID, created=datetime(2025, 3, 14), **WHO)


def test_another_objects_history_is_refused() -> None:
    with pytest.raises(ValueError, match="earlier version"):
        next_version(grow(None, {"a": A}), {"a": A}, object_id="urn:uuid:0", created=CREATED, **WHO)


def test_content_stored_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        grow(None, {"a": A, "b": B}, stored=["a"])


@pytest.mark.parametrize("path", ["../a", "/a", "a//b", "a/."])
def test_a_logical_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(BadPathError):
        grow(None, {path: A})


def test_a_name_cannot_be_a_file_and_a_folder() -> None:
    with pytest.raises(ValueError, match="folder"):
        grow(None, {"a": A, "a/b": B})


@pytest.mark.parametrize("digest", [A.upper(), "abc", "g" * 64, ""])
def test_a_digest_is_lower_case_sha256(digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        grow(None, {"a": digest})


def test_moments_keep_their_fractions() -> None:
    moment = datetime(2025, 3, 14, 9, 26, 53, 120_000, tzinfo=timezone(timedelta(hours=8)))
    inventory = next_version(None, {"a": A}, object_id=OBJECT_ID, created=moment, **WHO)
    assert inventory.versions["v1"].created == "2025-03-14T01:26:53.120000Z"
    assert parse(inventory.to_bytes()) == inventory
