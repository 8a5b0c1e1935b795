"""Every kind of damage is named: its code, its path, the digest expected and the digest found."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest
from ocfl.validator import Validator
from ocfl_damage import DAMAGE, PAGE, VIDEO
from ocfl_objects import AT, FIRST, OBJECT_ID, SECOND, add_version, sha256, two_versions

from liuhen.core.blobs import MemoryBlobs
from liuhen.core.blobs.base import BlobMissingError, StoreMissingError
from liuhen.core.ocfl import ObjectReport, finish_version, memory_store, read_inventory, validate_object


def damaged(name: str) -> MemoryBlobs:
    """A store whose one object has suffered what `name` says."""
    blobs = memory_store()
    two_versions(blobs)
    files = {path[len(AT) + 1 :]: data for path, data in blobs.files.items() if path.startswith(AT)}
    DAMAGE[name].do(blobs, files)
    blobs.files = {f"{AT}/{path}": data for path, data in files.items()}
    return blobs


def found(report: ObjectReport) -> set[tuple[str, str]]:
    return {(finding.code, finding.path[len(AT) + 1 :]) for finding in report.findings}


def test_a_good_object_has_nothing_but_the_note_on_sha256() -> None:
    blobs = memory_store()
    two_versions(blobs)
    report = validate_object(blobs, AT)
    assert found(report) == {("W004", "inventory.json")}
    assert report.ok
    assert (report.object_id, report.head, report.interrupted) == (OBJECT_ID, "v2", False)
    stored = [*FIRST.values(), SECOND["record.json"], SECOND["附注.txt"]]
    assert (report.files, report.bytes) == (len(stored), sum(map(len, stored)))


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(name: str) -> None:
    report = validate_object(damaged(name), AT)
    assert found(report) - {("W004", "inventory.json")} == DAMAGE[name].found
    code = name.split("_")[0]
    assert code in {finding.code for finding in report.findings} or name.startswith("W000")
    assert report.ok is all(code.startswith("W") for code, _ in DAMAGE[name].found)
    assert not report.interrupted
    for finding in report.findings:
        assert finding.path in finding.message


@pytest.mark.parametrize("name", [name for name in DAMAGE if "link" not in name and "pipe" not in name])
def test_the_outside_judge_agrees(name: str, tmp_path: Path) -> None:
    blobs = damaged(name)
    for path, data in blobs.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    if name == "E024_empty_folder":
        (tmp_path / AT / "v1/content/empty").mkdir()
    verdict = Validator(log_errors=False).validate_object(str(tmp_path / AT))
    assert verdict is (DAMAGE[name].other_tools == "good")


def test_a_flipped_byte_is_told_with_both_digests() -> None:
    (finding,) = [
        f for f in validate_object(damaged("E092_content_flipped"), AT).findings if f.code == "E092"
    ]
    changed = bytearray(FIRST[VIDEO.removeprefix("v1/content/")])
    changed[700] ^= 1
    assert finding.expected == sha256(FIRST[VIDEO.removeprefix("v1/content/")])
    assert finding.found == sha256(bytes(changed))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("E092_content_missing", PAGE),
        ("E063_root_inventory_missing", "inventory.json"),
        ("E058_root_sidecar_missing", "inventory.json.sha256"),
        ("E058_version_sidecar_missing", "v1/inventory.json.sha256"),
        ("L010_earlier_inventory_missing", "v1/inventory.json"),
        ("L010_newest_inventory_missing", "v2/inventory.json"),
        ("E060_root_inventory_changed", "inventory.json"),
        ("E060_root_sidecar_changed", "inventory.json.sha256"),
        ("E060_newest_inventory_changed", "v2/inventory.json"),
        ("E060_newest_sidecar_changed", "v2/inventory.json.sha256"),
        ("E060_earlier_inventory_changed", "v1/inventory.json"),
        ("E060_earlier_sidecar_changed", "v1/inventory.json.sha256"),
        ("E061_sidecar_names_another_file", "v1/inventory.json.sha256"),
        ("L061_sidecar_written_otherwise", "inventory.json.sha256"),
        ("E007_declaration_text", "0=ocfl_object_1.1"),
    ],
)
def test_the_digest_expected_is_that_of_the_file_as_it_was(name: str, path: str) -> None:
    good = memory_store()
    two_versions(good)
    bad = damaged(name)
    (finding,) = [
        f
        for f in validate_object(bad, AT).findings
        if f.path == f"{AT}/{path}" and f.code == name.split("_")[0]
    ]
    assert finding.expected == sha256(good.files[f"{AT}/{path}"])
    after = bad.files.get(f"{AT}/{path}")
    assert finding.found == (sha256(after) if after is not None else None)


def test_an_added_file_is_told_with_its_digest() -> None:
    (finding,) = [f for f in validate_object(damaged("E023_content_added"), AT).findings if f.code == "E023"]
    assert (finding.expected, finding.found) == (None, hashlib.sha256(b"x").hexdigest())


def test_the_content_is_checked_even_where_the_root_inventory_is_lost() -> None:
    blobs = damaged("E063_root_inventory_missing")
    blobs.damage(f"{AT}/{PAGE}", b"changed")
    assert ("E092", PAGE) in found(validate_object(blobs, AT))


def test_a_changed_root_inventory_does_not_hide_a_changed_file() -> None:
    blobs = memory_store()
    two_versions(blobs)
    page = FIRST["说明.html"]
    blobs.damage(f"{AT}/{PAGE}", b"changed")
    forged = blobs.files[f"{AT}/inventory.json"].replace(sha256(page).encode(), sha256(b"changed").encode())
    blobs.damage(f"{AT}/inventory.json", forged)
    assert found(validate_object(blobs, AT)) >= {("E092", PAGE), ("E060", "inventory.json")}


def test_without_content_only_names_and_inventories_are_checked() -> None:
    assert validate_object(damaged("E092_content_flipped"), AT, content=False).ok
    assert not validate_object(damaged("E092_content_missing"), AT, content=False).ok
    assert not validate_object(damaged("E060_root_sidecar_changed"), AT, content=False).ok
    assert validate_object(damaged("W000_logs_are_left_alone"), AT, content=False).files == 0


def test_an_unreadable_file_is_a_finding_and_the_others_are_still_read() -> None:
    blobs = memory_store()
    two_versions(blobs)
    blobs.damage(f"{AT}/v2/content/record.json", b"changed")
    blobs.fail_on("reread", 2, OSError(errno.EIO, "bad sector"))
    report = validate_object(blobs, AT)
    codes = {finding.code for finding in report.findings}
    assert codes == {"W004", "L001", "E092"}
    assert report.files == 4


def test_an_unreadable_inventory_is_a_finding() -> None:
    blobs = memory_store()
    two_versions(blobs)
    blobs.fail_on("read_bytes", 1, OSError(errno.EIO, "bad sector"))
    assert ("L001", "inventory.json") in found(validate_object(blobs, AT))


def test_an_object_in_anothers_place_is_named() -> None:
    blobs = memory_store()
    two_versions(blobs)
    moved = {path.replace(AT, "aaa/bbb/ccc/object"): data for path, data in blobs.files.items()}
    blobs.files = moved
    assert "L002" in {f.code for f in validate_object(blobs, "aaa/bbb/ccc/object").findings}
    assert validate_object(blobs, "aaa/bbb/ccc/object", layout=False).ok


def test_a_missing_object_and_a_missing_store_are_errors_not_findings() -> None:
    blobs = memory_store()
    with pytest.raises(BlobMissingError):
        validate_object(blobs, AT)
    two_versions(blobs)
    with blobs.as_if_unplugged(), pytest.raises(StoreMissingError):
        validate_object(blobs, AT)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_version_cut_short_is_told_as_such_and_can_be_finished(nth: int) -> None:
    blobs = memory_store()
    first = add_version(blobs, FIRST)
    blobs.fail_on("root_inventory", nth, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        add_version(blobs, SECOND, first)
    report = validate_object(blobs, AT)
    assert report.interrupted
    assert "L020" in {finding.code for finding in report.findings}
    assert not report.ok
    assert finish_version(blobs, AT)
    assert validate_object(blobs, AT).ok
    assert read_inventory(blobs, AT).head == "v2"
