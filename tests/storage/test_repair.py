# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen repair: one store heals the other, good is what the ledger says, and nothing good is ever lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import ocfl.validator
import pytest
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import (
    AT,
    CLIP,
    DAMAGES,
    SECOND,
    flip,
    object_of,
    original_of,
    recording_of,
    rewrite_consistently,
    root_of,
    sha256,
    tree_of,
)

from liuhen.base import home as homes
from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.recordings.models import Copy
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.repair import repair_stores
from liuhen.base.storage.stores import open_stores
from liuhen.core.blobs.faults import StoreReadOnlyError
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError


def _repair(by):
    return repair_stores(open_stores(), by=by, at=AT)


def _told() -> list[dict]:
    rows = Entry.objects.filter(kind="recording.repaired").order_by("position")
    return [json.loads(text) for text in rows.values_list("entry", flat=True)]


@pytest.mark.parametrize("second", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("name", DAMAGES)
def test_every_damage_in_one_store_is_healed_from_the_other(doubled: Path, people, name: str, second: bool):
    damage, _, code = DAMAGES[name]
    sick, good = object_of(doubled, second=second), object_of(doubled, second=not second)
    whole = tree_of(good)
    damage(sick)
    report = _repair(people.custodian)
    assert (report.ok, report.lost, report.failed, len(report.repaired)) == (True, [], [], 1)
    assert tree_of(sick) == whole == tree_of(good)
    assert verify_stores(open_stores()).ok
    assert ocfl.validator.Validator(log_warnings=True).validate_object(str(sick))
    told = _told()
    assert [(one["by"]["account"], one["data"]["store"]) for one in told] == [
        ("custodian", SECOND if second else "主存储")
    ]
    assert code in told[0]["data"]["found"]
    assert verify_ledger(people.custodian.agency).ok


def test_whole_stores_are_left_alone_and_the_ledger_too(doubled: Path, people):
    before = Entry.objects.count()
    report = _repair(people.custodian)
    assert (report.ok, report.whole, report.repaired) == (True, 5, [])
    assert Entry.objects.count() == before


def test_what_no_store_has_is_lost_and_nothing_is_changed(doubled: Path, people):
    flip(original_of(doubled))
    flip(original_of(doubled, second=True), 3)
    flip(object_of(doubled) / "v1/content/record.json")
    before = tree_of(doubled / "store"), tree_of(doubled / "second/store"), Entry.objects.count()
    report = _repair(people.custodian)
    assert not report.ok
    assert [row["recording"] for row in report.lost] == [recording_of().urn]
    assert "都没有完好的" in report.lost[0]["text"]
    assert (tree_of(doubled / "store"), tree_of(doubled / "second/store"), Entry.objects.count()) == before


def test_each_store_gives_what_the_other_lacks(doubled: Path, people):
    flip(original_of(doubled))
    flip(object_of(doubled, second=True) / "v1/content/record.json")
    (object_of(doubled, second=True) / "inventory.json").unlink()
    report = _repair(people.custodian)
    assert (report.ok, len(report.repaired)) == (True, 2)
    assert verify_stores(open_stores()).ok


def test_two_copies_altered_alike_with_their_inventories_are_not_taken_for_good(doubled: Path, people):
    for second in (False, True):
        folder = object_of(doubled, second=second)
        rewrite_consistently(folder, f"v1/content/original/{CLIP}", b"another film")
    before = tree_of(doubled / "store")
    report = _repair(people.custodian)
    assert [row["number"] for row in report.lost] == [recording_of().number]
    assert tree_of(doubled / "store") == before


def test_a_whole_but_false_copy_in_the_first_store_never_goes_over_the_second(doubled: Path, people):
    true = tree_of(object_of(doubled, second=True))
    rewrite_consistently(object_of(doubled), f"v1/content/original/{CLIP}", b"another film")
    _repair(people.custodian)
    assert tree_of(object_of(doubled, second=True)) == true == tree_of(object_of(doubled))


def test_what_describes_the_bytes_can_be_made_again_with_one_store_only(stocked: Path, people):
    folder = object_of(stocked)
    whole = tree_of(folder)
    (folder / "inventory.json").unlink()
    flip(folder / "inventory.json.sha256")
    (folder / "0=ocfl_object_1.1").unlink()
    report = _repair(people.custodian)
    assert (report.ok, len(report.repaired)) == (True, 1)
    assert tree_of(folder) == whole


def test_damaged_bytes_and_strangers_are_set_aside_not_destroyed(doubled: Path, people):
    folder = object_of(doubled)
    flip(original_of(doubled), 11)
    damaged = original_of(doubled).read_bytes()
    (folder / "v1/content/smuggled.mp4").write_bytes(b"smuggled")
    (folder / "notes").mkdir()
    (folder / "notes/a.txt").write_bytes(b"a")
    report = _repair(people.custodian)
    kept = {path.read_bytes() for path in (doubled / "staging/.set-aside").rglob("*") if path.is_file()}
    assert kept == {damaged, b"smuggled", b"a"}
    assert len(report.repaired[0]["set_aside"]) == 3
    assert open_stores().first().drafts() == []  # nobody sweeps them away as left-overs of a crash


def test_a_store_added_later_gets_every_recording(stocked: Path, people):
    from liuhen.base.storage.stores import add_store

    add_store(SECOND, str(stocked / "second"))
    report = _repair(people.custodian)
    assert (report.ok, len(report.repaired)) == (True, 5)
    assert Copy.objects.filter(store=SECOND).count() == 5
    assert _repair(people.stranger).ok
    assert verify_stores(open_stores()).ok


@pytest.mark.parametrize("who", ["officer", "head", "principal", "legal", "archivist", "auditor", "secadmin"])
def test_whoever_may_not_repair_touches_no_byte(doubled: Path, people, who: str):
    flip(original_of(doubled))
    before = tree_of(doubled / "store")
    with pytest.raises(NotAllowedError):
        _repair(getattr(people, who))
    assert tree_of(doubled / "store") == before


def test_another_agencys_recordings_are_not_mine_to_repair(doubled: Path, people):
    flip(original_of(doubled))
    assert (_repair(people.stranger).repaired, _repair(people.sysadmin).ok) == ([], True)
    assert verify_stores(open_stores()).ok


def test_a_missing_key_is_said_before_any_byte_is_written(doubled: Path, people):
    flip(original_of(doubled))
    (doubled / "keys/demo.key").unlink()
    before = tree_of(doubled / "store")
    with pytest.raises(LiuhenError) as refused:
        _repair(people.custodian)
    assert refused.value.code == "key_missing"
    assert tree_of(doubled / "store") == before


def test_a_store_that_cannot_be_written_is_said_and_the_others_go_on(doubled: Path, people, monkeypatch):
    flip(original_of(doubled))
    flip(original_of(doubled, "张三询问.txt", second=True))
    real = LocalBlobs.restore

    def restore(self, path, chunks, expected):
        if self.name == SECOND:
            raise StoreReadOnlyError("第二存储是只读的。", remedy="请检查写保护。")
        real(self, path, chunks, expected)

    monkeypatch.setattr(LocalBlobs, "restore", restore)
    report = _repair(people.custodian)
    assert [row["store"] for row in report.repaired] == ["主存储"]
    assert [(row["store"], "只读" in row["text"]) for row in report.failed] == [(SECOND, True)]
    assert not report.ok


def test_a_recording_somebody_works_on_waits(doubled: Path, people):
    flip(original_of(doubled))
    lock = homes.try_lock(f"recording-{recording_of().pk}")
    try:
        report = _repair(people.custodian)
    finally:
        os.close(lock)
    assert ("办理" in report.failed[0]["text"], report.repaired) == (True, [])
    assert _repair(people.custodian).ok


@pytest.mark.parametrize("step", [0, 1, 2])
def test_cut_off_at_any_step_the_next_run_finishes(doubled: Path, people, monkeypatch, step: int):
    folder = object_of(doubled)
    whole = tree_of(folder)
    for inside in ("v1/content/record.json", f"v1/content/original/{CLIP}", "inventory.json"):
        flip(folder / inside)
    real, seen = LocalBlobs.restore, []

    def restore(self, path, chunks, expected):
        if len(seen) == step:
            raise KeyboardInterrupt
        seen.append(path)
        real(self, path, chunks, expected)

    monkeypatch.setattr(LocalBlobs, "restore", restore)
    with pytest.raises(KeyboardInterrupt):
        _repair(people.custodian)
    monkeypatch.setattr(LocalBlobs, "restore", real)
    assert _repair(people.custodian).ok
    assert tree_of(folder) == whole
    assert verify_stores(open_stores()).ok


def test_a_missing_object_appears_whole_or_not_at_all(doubled: Path, people, monkeypatch):
    DAMAGES["a missing object"][0](object_of(doubled))
    monkeypatch.setattr(
        "liuhen.core.blobs.local_draft.LocalDraft.publish",
        lambda self, at: (_ for _ in ()).throw(KeyboardInterrupt),
    )
    with pytest.raises(KeyboardInterrupt):
        _repair(people.custodian)
    assert not object_of(doubled).exists()
    monkeypatch.undo()
    assert _repair(people.custodian).ok


def _with_second_version(doubled: Path, people) -> None:
    from liuhen.base.devices.models import Device
    from liuhen.base.storage.amend import Owner, assign

    owner = Owner(Device.objects.get(serial="4701A01"), None)
    unknown = recording_of("张三询问.txt")
    assign(unknown, owner, open_stores(), reason="查明", by=people.custodian, at=AT)


def test_a_store_that_missed_a_version_gets_it(doubled: Path, people):
    root_of(doubled, second=True).rename(doubled / "unplugged")
    _with_second_version(doubled, people)
    (doubled / "unplugged").rename(root_of(doubled, second=True))
    assert [bad.damages[0].store for bad in verify_stores(open_stores()).bad] == [SECOND]
    assert _repair(people.custodian).ok
    assert verify_stores(open_stores()).ok
    name = "张三询问.txt"
    assert tree_of(object_of(doubled, name)) == tree_of(object_of(doubled, name, second=True))


@pytest.mark.parametrize("name", ["v1/content/record.json", "v1/inventory.json", "v2/content/record.json"])
def test_an_object_of_two_versions_is_healed_too(doubled: Path, people, name: str):
    _with_second_version(doubled, people)
    sick = object_of(doubled, "张三询问.txt")
    whole = tree_of(sick)
    flip(sick / name, 3)
    assert _repair(people.custodian).ok
    assert tree_of(sick) == whole
    assert verify_stores(open_stores()).ok


def test_a_version_that_no_entry_registered_is_set_aside(doubled: Path, people, monkeypatch):
    from liuhen.base.storage import versions

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    whole = tree_of(object_of(doubled, "张三询问.txt"))
    monkeypatch.setattr(versions, "perform", killed)
    with pytest.raises(KeyboardInterrupt):
        _with_second_version(doubled, people)
    monkeypatch.undo()
    for second in (False, True):  # the inventory of before is gone, and follows from the later one
        flip(object_of(doubled, "张三询问.txt", second=second) / "v1/inventory.json", 5)
    assert not verify_stores(open_stores()).ok
    assert len(_repair(people.custodian).repaired) == 2
    assert tree_of(object_of(doubled, "张三询问.txt")) == whole
    assert verify_stores(open_stores()).ok
    assert len(list((doubled / "staging/.set-aside").rglob("record.json"))) == 1


def test_the_same_folder_is_no_second_store(stocked: Path):
    from liuhen.base.storage.stores import add_store

    for place in (stocked, stocked / "store" / "3c0"):
        with pytest.raises(LiuhenError) as refused:
            add_store("另一存储", str(place))
        assert refused.value.code == "store_same_place"


def test_a_store_inside_the_home_is_written_down_without_an_absolute_path(doubled: Path):
    assert str(doubled) not in (doubled / "settings.yaml").read_text()
    assert sha256(original_of(doubled, second=True).read_bytes()) == recording_of().sha256
