"""The newest committed version, in every state a crash can leave; and nothing but damage is refused."""

from __future__ import annotations

import itertools

import pytest
from ocfl_objects import AT, FIRST, OBJECT_ID, SECOND, add_version, two_versions

from liuhen.core.blobs import MemoryBlobs
from liuhen.core.blobs.base import BlobMissingError, ReadFailedError
from liuhen.core.ocfl import InventoryError, finish_version, memory_store, read_inventory, validate_object
from liuhen.core.ocfl.write import sidecar

PAIR = (f"{AT}/inventory.json", f"{AT}/inventory.json.sha256")


def cut_short(inventory: str, side: str) -> MemoryBlobs:
    """An object with two whole versions, its root inventory and root sidecar those of the versions named."""
    blobs = memory_store()
    two_versions(blobs)
    blobs.damage(PAIR[0], blobs.files[f"{AT}/{inventory}/inventory.json"])
    blobs.damage(PAIR[1], blobs.files[f"{AT}/{side}/inventory.json.sha256"])
    return blobs


@pytest.mark.parametrize(("inventory", "side"), list(itertools.product(["v1", "v2"], repeat=2)))
def test_a_version_whose_folder_stands_is_read_and_can_be_completed(inventory: str, side: str) -> None:
    blobs = cut_short(inventory, side)
    before = dict(blobs.files)
    assert read_inventory(blobs, AT).head == "v2"
    assert blobs.files == before
    whole = (inventory, side) == ("v2", "v2")
    assert finish_version(blobs, AT) is not whole
    assert validate_object(blobs, AT).ok
    assert finish_version(blobs, AT) is False


def test_the_version_after_a_completed_one_is_the_third() -> None:
    blobs = cut_short("v1", "v1")
    finish_version(blobs, AT)
    third = add_version(blobs, FIRST, read_inventory(blobs, AT))
    assert third.head == "v3"
    assert validate_object(blobs, AT).ok


def test_a_damaged_root_inventory_is_not_taken_for_a_crash() -> None:
    blobs = memory_store()
    two_versions(blobs)
    blobs.damage(PAIR[0], blobs.files[PAIR[0]].replace("王建国".encode(), "王建軍".encode()))
    before = dict(blobs.files)
    for ask in (read_inventory, finish_version):
        with pytest.raises(InventoryError) as caught:
            ask(blobs, AT)
        assert caught.value.codes == ["E060"]
    assert blobs.files == before


@pytest.mark.parametrize("path", PAIR)
def test_a_lost_root_file_is_damage(path: str) -> None:
    blobs = memory_store()
    two_versions(blobs)
    blobs.lose(path)
    with pytest.raises(InventoryError):
        read_inventory(blobs, AT)


def test_a_new_version_without_an_agreeing_sidecar_was_never_committed() -> None:
    blobs = cut_short("v1", "v1")
    blobs.damage(f"{AT}/v2/inventory.json.sha256", b"half")
    assert read_inventory(blobs, AT).head == "v1"
    assert finish_version(blobs, AT) is False


@pytest.mark.parametrize(
    ("was", "forged_as"),
    [("采集入库", "入库采集"), (OBJECT_ID, "urn:uuid:0"), ('"head": "v2"', '"head": "v3"'), ("v2", "v3")],
)
def test_a_version_of_another_history_is_refused(was: str, forged_as: str) -> None:
    blobs = cut_short("v1", "v1")
    forged = blobs.files[f"{AT}/v2/inventory.json"].replace(was.encode(), forged_as.encode())
    blobs.damage(f"{AT}/v2/inventory.json", forged)
    blobs.damage(f"{AT}/v2/inventory.json.sha256", sidecar(forged))
    with pytest.raises(InventoryError) as caught:
        finish_version(blobs, AT)
    assert caught.value.codes[0] in ("E066", "E040", "E010")


def test_an_object_that_is_not_there_is_missing() -> None:
    blobs = memory_store()
    with pytest.raises(BlobMissingError):
        read_inventory(blobs, AT)


def test_an_unreadable_inventory_is_a_failed_read_not_damage() -> None:
    blobs = memory_store()
    add_version(blobs, SECOND)
    blobs.fail_on("read_bytes", 1, OSError(5, "bad sector"))
    with pytest.raises(ReadFailedError):
        read_inventory(blobs, AT)
