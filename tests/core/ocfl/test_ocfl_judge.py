"""An outside judge, ocfl-py, reads what we write: no error, and no warning but W004 (SHA-256)."""

from __future__ import annotations

from pathlib import Path

import ocfl
import pytest
from ocfl.layout_registry import get_layout
from ocfl.validator import Validator
from ocfl_objects import AT, FIRST, OBJECT_ID, add_version, two_versions

from liuhen.core.blobs import LocalBlobs
from liuhen.core.ocfl import create_store, object_path


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobs:
    return create_store(tmp_path / "store", tmp_path / "staging", "一号库")


def complaints(folder: Path) -> tuple[bool, set[str]]:
    judge = Validator(log_warnings=True)
    passed = judge.validate_object(str(folder))
    codes = {line.split("]")[0].strip("[ ") for line in str(judge).splitlines() if line.strip()}
    return passed, codes


def test_the_judge_finds_nothing_but_sha256_in_a_first_version(store: LocalBlobs) -> None:
    add_version(store, FIRST)
    assert complaints(store.root / AT) == (True, {"W004"})


def test_the_judge_finds_nothing_but_sha256_in_a_second_version(store: LocalBlobs) -> None:
    two_versions(store)
    assert complaints(store.root / AT) == (True, {"W004"})


def test_the_judge_accepts_the_storage_root_and_finds_the_object_where_the_layout_says(
    store: LocalBlobs,
) -> None:
    two_versions(store)
    root = ocfl.StorageRoot(root=str(store.root))
    assert root.validate(validate_objects=True, check_digests=True, log_warnings=True)
    assert (root.num_objects, root.good_objects, root.num_traversal_errors) == (1, 1, 0)
    assert root.layout_name == "0003-hash-and-id-n-tuple-storage-layout"
    assert root.object_path(OBJECT_ID) == AT
    assert {line.split("]")[2].strip(" [") for _, text in root.errors for line in text.splitlines()} <= {
        "W004"
    }
    assert str(root.log) == ""


def test_the_judge_reads_the_chinese_names_as_given(store: LocalBlobs) -> None:
    add_version(store, FIRST)
    inventory = ocfl.Object(path=str(store.root / AT)).parse_inventory()
    assert set(inventory.version("v1").logical_paths) == set(FIRST)


@pytest.mark.parametrize(
    "object_id",
    ["object-01", "..hor/rib:le-$id", "..Hor/rib:lè-$id", "留痕:一", "abcdefghij" * 10, "abcdefghij" * 26],
)
def test_our_layout_and_the_judges_layout_agree(object_id: str) -> None:
    judge = get_layout("0003-hash-and-id-n-tuple-storage-layout")
    assert object_path(object_id) == judge.identifier_to_path(object_id)


def test_the_layout_matches_the_extensions_own_examples() -> None:
    assert object_path("object-01") == "3c0/ff4/240/object-01"
    assert object_path("..hor/rib:le-$id") == "487/326/d8c/%2e%2ehor%2frib%3ale-%24id"
