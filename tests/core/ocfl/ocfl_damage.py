"""A corpus of damaged objects, made from a good one: the name begins with the finding it must cause.

Each entry does one thing to the files of a two-version object and says which (code, path) must be reported,
all of them and no others but W004. `other_tools` is what an outside validator makes of it: "bad", or "good"
where the specification allows what this store does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ocfl_objects import AT, FIRST

from liuhen.core.blobs import MemoryBlobs
from liuhen.core.ocfl.write import sidecar

VIDEO = f"v1/content/{next(iter(FIRST))}"
PAGE = "v1/content/说明.html"
Files = dict[str, bytes]


@dataclass(frozen=True)
class Damage:
    do: Callable[[MemoryBlobs, Files], None]
    found: set[tuple[str, str]]
    other_tools: str = "bad"


def flip(path: str, at: int = 0, bit: int = 1) -> Callable[[MemoryBlobs, Files], None]:
    def do(blobs: MemoryBlobs, files: Files) -> None:
        data = bytearray(files[path])
        data[at] ^= bit
        files[path] = bytes(data)

    return do


def lose(*paths: str) -> Callable[[MemoryBlobs, Files], None]:
    def do(blobs: MemoryBlobs, files: Files) -> None:
        for path in paths:
            for name in [name for name in files if name == path or name.startswith(f"{path}/")]:
                del files[name]

    return do


def put(path: str, data: bytes = b"x") -> Callable[[MemoryBlobs, Files], None]:
    return lambda blobs, files: files.update({path: data})


def plant(path: str, kind: Any) -> Callable[[MemoryBlobs, Files], None]:
    def do(blobs: MemoryBlobs, files: Files) -> None:
        files.pop(path, None)
        blobs.plant(f"{AT}/{path}", kind)

    return do


def signed(change: Callable[[dict[str, Any]], None], *folders: str) -> Callable[[MemoryBlobs, Files], None]:
    """Change an inventory and make its sidecars agree: the work of someone who knows the format."""

    def do(blobs: MemoryBlobs, files: Files) -> None:
        for folder in folders:
            raw = json.loads(files[f"{folder}inventory.json"])
            change(raw)
            files[f"{folder}inventory.json"] = json.dumps(raw, ensure_ascii=False).encode()
            files[f"{folder}inventory.json.sha256"] = sidecar(files[f"{folder}inventory.json"])

    return do


def _blame_another(raw: dict[str, Any]) -> None:
    raw["versions"]["v1"]["user"]["name"] = "李四"


def _other_content_directory(raw: dict[str, Any]) -> None:
    raw["contentDirectory"] = "data"
    raw["manifest"] = {d: [p.replace("/content/", "/data/") for p in ps] for d, ps in raw["manifest"].items()}


def _fixity(digest: str) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw.update(fixity={"md5": {digest: [PAGE]}})


_ROOTS = ("", "v2/")
_GONE = "v2/content/record.json"

DAMAGE = {
    "E092_content_flipped": Damage(flip(VIDEO, 700), {("E092", VIDEO)}),
    "E092_content_missing": Damage(lose(PAGE), {("E092", PAGE)}),
    "E092_content_emptied": Damage(put(PAGE, b""), {("E092", PAGE)}),
    "E023_content_added": Damage(
        put("v1/content/original/多余.mp4"), {("E023", "v1/content/original/多余.mp4")}
    ),
    "E015_file_beside_content": Damage(put("v1/notes.txt"), {("E015", "v1/notes.txt")}),
    "E001_file_in_root": Damage(put("thumbs.db"), {("E001", "thumbs.db")}),
    "E001_folder_in_root": Damage(put("extra/a"), {("E001", "extra")}),
    "E003_no_declaration": Damage(lose("0=ocfl_object_1.1"), {("E003", "0=ocfl_object_1.1")}),
    "E003_two_declarations": Damage(
        put("0=ocfl_object_1.0", b"ocfl_object_1.0\n"), {("E003", "0=ocfl_object_1.1")}
    ),
    "E004_unknown_declaration": Damage(
        lambda blobs, files: files.update({"0=ocfl_object_9.9": files.pop("0=ocfl_object_1.1")}),
        {("E004", "0=ocfl_object_9.9")},
    ),
    "E007_declaration_text": Damage(flip("0=ocfl_object_1.1", 3), {("E007", "0=ocfl_object_1.1")}),
    "E058_root_sidecar_missing": Damage(lose("inventory.json.sha256"), {("E058", "inventory.json.sha256")}),
    "E058_version_sidecar_missing": Damage(
        lose("v1/inventory.json.sha256"), {("E058", "v1/inventory.json.sha256")}
    ),
    "E060_root_inventory_changed": Damage(
        lambda blobs, files: files.update(
            {"inventory.json": files["inventory.json"].replace("王建国".encode(), "王建軍".encode())}
        ),
        {("E060", "inventory.json")},
    ),
    "E060_root_sidecar_changed": Damage(
        flip("inventory.json.sha256", 5), {("E060", "inventory.json.sha256")}
    ),
    "E060_newest_inventory_changed": Damage(flip("v2/inventory.json", 300), {("E060", "v2/inventory.json")}),
    "E060_newest_sidecar_changed": Damage(
        flip("v2/inventory.json.sha256", 5), {("E060", "v2/inventory.json.sha256")}
    ),
    "E060_earlier_inventory_changed": Damage(
        lambda blobs, files: files.update(
            {"v1/inventory.json": files["v1/inventory.json"].replace("王建国".encode(), "王建軍".encode())}
        ),
        {("E060", "v1/inventory.json"), ("E066", "v1/inventory.json")},
    ),
    "E060_earlier_sidecar_changed": Damage(
        flip("v1/inventory.json.sha256", 5), {("E060", "v1/inventory.json.sha256")}
    ),
    "E061_sidecar_names_another_file": Damage(
        flip("v1/inventory.json.sha256", 70), {("E061", "v1/inventory.json.sha256")}
    ),
    "L061_sidecar_written_otherwise": Damage(
        flip("inventory.json.sha256", 64, 0x29), {("L061", "inventory.json.sha256")}, other_tools="good"
    ),
    "E033_root_inventory_cut_off": Damage(
        lambda blobs, files: files.update({"inventory.json": files["inventory.json"][:-40]}),
        {("E033", "inventory.json"), ("E060", "inventory.json")},
    ),
    "E063_root_inventory_missing": Damage(lose("inventory.json"), {("E063", "inventory.json")}),
    "E064_newest_inventory_is_another": Damage(
        signed(_blame_another, "v2/"), {("E064", "v2/inventory.json")}
    ),
    "E066_history_rewritten": Damage(
        signed(_blame_another, *_ROOTS), {("E066", "v1/inventory.json")}, other_tools="good"
    ),
    "E066_earlier_state_rewritten": Damage(
        signed(lambda raw: raw["versions"]["v1"]["state"].popitem(), *_ROOTS), {("E066", "v1/inventory.json")}
    ),
    "E037_earlier_version_of_another": Damage(
        signed(lambda raw: raw.update(id="urn:uuid:0"), "v1/"), {("E037", "v1/inventory.json")}
    ),
    "E040_earlier_head": Damage(
        signed(lambda raw: raw.update(head="v7"), "v1/"), {("E040", "v1/inventory.json")}
    ),
    "E020_content_directory_changed": Damage(
        signed(_other_content_directory, "v1/"),
        {("E020", "v1/inventory.json"), ("E066", "v1/inventory.json")},
    ),
    "E046_version_missing": Damage(
        lose("v1"),
        {("E046", "v1"), *(("E092", f"v1/content/{name}") for name in FIRST)},
    ),
    "E046_newest_version_missing": Damage(
        lose("v2"), {("E046", "v2"), ("E092", _GONE), ("E092", "v2/content/附注.txt")}
    ),
    "E046_version_added": Damage(put("v9/content/a"), {("E046", "v9")}),
    "L010_earlier_inventory_missing": Damage(lose("v1/inventory.json"), {("L010", "v1/inventory.json")}),
    "L010_newest_inventory_missing": Damage(
        lose("v2/inventory.json", "v2/inventory.json.sha256"),
        {("L010", "v2/inventory.json")},
        other_tools="good",
    ),
    "E024_empty_folder": Damage(plant("v1/content/empty", "folder"), {("E024", "v1/content/empty")}),
    "W002_folder_beside_content": Damage(put("v1/other/a"), {("W002", "v1/other")}, other_tools="good"),
    "E090_link_for_content": Damage(plant(PAGE, "symlink"), {("E090", PAGE)}),
    "E090_link_for_declaration": Damage(
        plant("0=ocfl_object_1.1", "symlink"), {("E090", "0=ocfl_object_1.1")}
    ),
    "E063_link_for_root_inventory": Damage(
        plant("inventory.json", "symlink"), {("E063", "inventory.json"), ("E090", "inventory.json")}
    ),
    "E058_link_for_version_sidecar": Damage(
        plant("v1/inventory.json.sha256", "symlink"),
        {("E058", "v1/inventory.json.sha256"), ("E090", "v1/inventory.json.sha256")},
    ),
    "E090_link_added": Damage(plant("v1/content/link", "symlink"), {("E090", "v1/content/link")}),
    "E090_link_in_root": Damage(plant("link", "symlink"), {("E090", "link")}),
    "E023_pipe_in_content": Damage(plant("v1/content/pipe", "special"), {("E023", "v1/content/pipe")}),
    "E092_pipe_for_content": Damage(plant(PAGE, "special"), {("E092", PAGE)}),
    "E001_pipe_in_root": Damage(plant("pipe", "special"), {("E001", "pipe")}),
    "E015_pipe_beside_content": Damage(plant("v1/pipe", "special"), {("E015", "v1/pipe")}),
    "E067_file_in_extensions": Damage(put("extensions/a"), {("E067", "extensions/a")}),
    "W013_unknown_extension": Damage(
        put("extensions/mine/a"), {("W013", "extensions/mine")}, other_tools="good"
    ),
    "W000_logs_are_left_alone": Damage(put("logs/today.txt"), set(), other_tools="good"),
    "E093_fixity": Damage(signed(_fixity("0" * 32), *_ROOTS), {("E093", PAGE)}),
    "W000_fixity_agrees": Damage(
        signed(_fixity(hashlib.md5(FIRST["说明.html"]).hexdigest()), *_ROOTS), set(), other_tools="good"
    ),
    "L025_sha512": Damage(
        signed(
            lambda raw: raw.update(
                digestAlgorithm="sha512",
                manifest={"a" * 128: ["v1/content/a"]},
                versions={v: {**b, "state": {"a" * 128: ["a"]}} for v, b in raw["versions"].items()},
            ),
            *_ROOTS,
        ),
        {("L025", "inventory.json")},
    ),
}
