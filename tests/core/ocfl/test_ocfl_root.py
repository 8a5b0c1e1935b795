"""The storage root: made once, opened where it was made, and everything in it that is no object is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from ocfl_objects import AT, FIRST, add_version

from liuhen.core.errors import RefusedError
from liuhen.core.ocfl import create_store, memory_store, object_path, object_paths, validate_root
from liuhen.core.ocfl.layout import LAYOUT, ROOT_FILES

OTHER = "urn:uuid:00000000-0000-4000-8000-000000000000"
FOLDER = AT.rsplit("/", 1)[0]


def make(tmp_path: Path) -> Path:
    return create_store(tmp_path / "store", tmp_path / "staging", "一号库").root


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_making_a_store_again_changes_nothing(tmp_path: Path) -> None:
    before = snapshot(make(tmp_path))
    assert set(before) == set(ROOT_FILES)
    assert snapshot(make(tmp_path)) == before


def test_a_store_begun_and_not_finished_is_finished(tmp_path: Path) -> None:
    whole = snapshot(make(tmp_path))
    for count in range(len(ROOT_FILES)):
        at = tmp_path / str(count)
        for path, data in list(ROOT_FILES.items())[:count]:
            (at / "store" / path).parent.mkdir(parents=True, exist_ok=True)
            (at / "store" / path).write_bytes(data)
        assert {path: data for path, (data, _) in snapshot(make(at)).items()} == {
            p: d for p, (d, _) in whole.items()
        }


def test_the_declaration_is_the_last_of_the_roots_files() -> None:
    assert list(ROOT_FILES)[-1] == "0=ocfl_1.1"


@pytest.mark.parametrize(
    "name", ["照片.jpg", "lost+found/a", "ocfl_layout.json", "extensions/" + LAYOUT + "/config.json"]
)
def test_a_folder_with_other_things_in_it_does_not_become_a_store(tmp_path: Path, name: str) -> None:
    path = tmp_path / "store" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    with pytest.raises(RefusedError, match="已有其他内容") as caught:
        make(tmp_path)
    assert caught.value.code == "foreign_folder"
    assert not (tmp_path / "store" / "0=ocfl_1.1").exists()


def test_another_ocfl_store_with_another_layout_is_refused(tmp_path: Path) -> None:
    root = make(tmp_path)
    (root / "ocfl_layout.json").write_bytes(
        b'{"extension": "0002-flat-direct-storage-layout", "description": ""}'
    )
    with pytest.raises(RefusedError):
        make(tmp_path)


def test_objects_are_found_sorted_and_nothing_else() -> None:
    blobs = memory_store()
    add_version(blobs, FIRST)
    add_version(blobs, FIRST, object_id=OTHER)
    assert list(object_paths(blobs)) == sorted([AT, object_path(OTHER)])
    assert [item.finding for item in validate_root(blobs)] == [None, None]


@pytest.mark.parametrize(
    ("path", "code", "at"),
    [
        ("readme.txt", "L072", "readme.txt"),
        ("aaa/note.txt", "E072", "aaa/note.txt"),
        (f"{FOLDER}/note.txt", "E072", f"{FOLDER}/note.txt"),
        ("aaa/bbb/ccc/half/inventory.json", "L003", "aaa/bbb/ccc/half"),
        ("aaa/bbb/ccc/half/v1/content/a", "L003", "aaa/bbb/ccc/half"),
    ],
)
def test_what_belongs_to_no_object_is_named(path: str, code: str, at: str) -> None:
    blobs = memory_store()
    add_version(blobs, FIRST)
    blobs.damage(path, b"x")
    found = [(item.finding.code, item.path) for item in validate_root(blobs) if item.finding]
    assert found == [(code, at)]
    assert list(object_paths(blobs)) == [AT]


@pytest.mark.parametrize(("path", "code"), [("aaa/bbb", "E073"), ("aaa", "E073")])
def test_an_empty_folder_is_named(path: str, code: str) -> None:
    blobs = memory_store()
    blobs.plant(path, "folder")
    assert [(item.finding.code, item.path) for item in validate_root(blobs) if item.finding] == [(code, path)]


@pytest.mark.parametrize("path", ["link", "aaa/link"])
def test_a_link_is_named_and_not_followed(path: str) -> None:
    blobs = memory_store()
    blobs.plant(path, "symlink")
    assert [(item.finding.code, item.path) for item in validate_root(blobs) if item.finding] == [
        ("E090", path)
    ]


@pytest.mark.parametrize(
    ("path", "code"),
    [("0=ocfl_1.1", "E069"), ("ocfl_layout.json", "E070"), (f"extensions/{LAYOUT}/config.json", "E071")],
)
def test_a_changed_or_lost_file_of_the_root_is_named(path: str, code: str) -> None:
    blobs = memory_store()
    blobs.damage(path, b"changed")
    (item,) = validate_root(blobs)
    assert item.finding is not None
    assert (item.finding.code, item.path) == (code, path)
    assert item.finding.expected != item.finding.found
    blobs.lose(path)
    (item,) = validate_root(blobs)
    assert item.finding is not None
    assert item.finding.found is None
