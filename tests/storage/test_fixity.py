# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen verify: every damage is found, named once an object, and nothing is changed by looking."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import (
    AT,
    CLIP,
    DAMAGES,
    FILES,
    SECOND,
    clone_object,
    flip,
    object_of,
    original_of,
    recording_of,
    rewrite_consistently,
    root_of,
    sha256,
)

from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording, Reservation
from liuhen.base.storage import expected, fixity
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.stores import open_stores
from liuhen.core.blobs.local import LocalBlobs


def _sql(statement: str, *values: object) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _one(report):
    assert not report.ok
    assert len(report.bad) == 1, [bad.as_json() for bad in report.bad]
    return report.bad[0].as_json()


def test_whole_stores_are_ok_and_every_byte_is_counted_once(stocked: Path):
    report = verify_stores(open_stores())
    content = [path for path in root_of(stocked).rglob("v1/content/**/*") if path.is_file()]
    inventories = [path for path in root_of(stocked).rglob("v1/inventory.json*") if path.is_file()]
    assert (report.ok, report.objects, report.bad) == (True, 6, [])
    assert report.bytes == sum(path.stat().st_size for path in content)
    assert len(inventories) == 12  # read too, and not counted as recordings' bytes


def test_two_stores_are_both_read(doubled: Path):
    once = verify_stores(open_stores())
    assert (once.ok, once.objects) == (True, 6)
    flip(original_of(doubled, second=True))
    bad = _one(verify_stores(open_stores()))
    assert (bad["store"], bad["recording"]) == (SECOND, recording_of().urn)


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_named_with_its_place_and_digests(stocked: Path, name: str):
    damage, inside, code = DAMAGES[name]
    folder, recording = object_of(stocked), recording_of()
    damage(folder)
    bad = _one(verify_stores(open_stores()))
    expected_path = f"{folder.relative_to(root_of(stocked)).as_posix()}/{inside}".rstrip("/")
    assert (bad["recording"], bad["path"], bad["code"]) == (recording.urn, expected_path, code)
    assert bad["number"] == recording.number
    assert recording.number in bad["text"]


def test_a_flipped_byte_comes_with_the_digest_expected_and_the_digest_found(stocked: Path):
    flip(original_of(stocked), 9)
    bad = _one(verify_stores(open_stores()))
    assert (bad["expected"], bad["found"]) == (sha256(FILES[CLIP]), sha256(original_of(stocked).read_bytes()))


@pytest.mark.parametrize("name", ["a missing original", "a missing object"])
def test_what_is_missing_is_found_null(stocked: Path, name: str):
    DAMAGES[name][0](object_of(stocked))
    bad = _one(verify_stores(open_stores()))
    assert (bad["expected"], bad["found"]) == (sha256(FILES[CLIP]), None)


def test_everything_wrong_with_one_object_is_one_row_with_the_original_first(doubled: Path):
    flip(object_of(doubled) / "0=ocfl_object_1.1")
    flip(object_of(doubled) / "v1/content/说明.html")
    flip(original_of(doubled))
    flip(original_of(doubled, second=True))
    bad = _one(verify_stores(open_stores()))
    assert bad["path"].endswith(CLIP)
    assert [(one["store"], one["code"]) for one in bad["all"]] == [
        ("主存储", "E092"),
        ("主存储", "E092"),
        ("主存储", "E007"),
        (SECOND, "E092"),
    ]
    assert "另有 3 处" in bad["text"]


def test_a_copy_replaced_whole_by_another_recordings_is_found(stocked: Path):
    other = object_of(stocked, "张三询问.txt")
    shutil.rmtree(object_of(stocked))
    shutil.copytree(other, object_of(stocked))
    codes = {one["code"] for one in _one(verify_stores(open_stores()))["all"]}
    assert {"L002", "differs_from_ledger"} <= codes


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sha256", "0" * 64),
        ("sm3", "0" * 64),
        ("bytes", 1),
        ("number", "demo-YX-2026-999999"),
        ("record_sha256", "0" * 64),
        ("head", "v9"),
        ("position", 0),
    ],
)
def test_a_row_altered_by_plain_sql_is_told_beside_the_ledgers_digest(stocked: Path, column, value):
    was, pk = getattr(recording_of(), column), recording_of().pk.hex
    _sql(f"UPDATE recordings_recording SET {column} = %s WHERE id = %s", value, pk)
    bad = _one(verify_stores(open_stores()))
    assert (bad["code"], bad["path"], bad["expected"], bad["found"]) == (
        "row_differs",
        f"(数据库){column}",
        str(was),
        str(value),
    )


def test_an_altered_row_does_not_hide_altered_bytes(stocked: Path):
    data = b"another film"
    rewrite_consistently(object_of(stocked), f"v1/content/original/{CLIP}", data)
    _sql("UPDATE recordings_recording SET sha256 = %s WHERE id = %s", sha256(data), recording_of().pk.hex)
    codes = [one["code"] for one in _one(verify_stores(open_stores()))["all"]]
    assert codes == ["row_differs", "differs_from_ledger"]


def _forget_row(pk) -> None:
    _sql("PRAGMA foreign_keys=OFF")
    for table in ("recordings_copy", "recordings_finding", "ingest_item"):
        _sql(f"DELETE FROM {table} WHERE recording_id = %s", pk.hex)
    _sql("DELETE FROM recordings_recording WHERE id = %s", pk.hex)


def test_a_recording_whose_row_was_deleted_is_still_looked_for(stocked: Path):
    urn, pk = recording_of().urn, recording_of().pk
    _forget_row(pk)
    bad = _one(verify_stores(open_stores()))
    assert (bad["recording"], bad["code"], bad["found"]) == (urn, "row_missing", None)


def test_a_recording_deleted_from_store_and_rows_together_is_missed(stocked: Path):
    folder, pk = object_of(stocked), recording_of().pk
    shutil.rmtree(folder)
    _forget_row(pk)
    assert [one["code"] for one in _one(verify_stores(open_stores()))["all"]] == [
        "row_missing",
        "object_missing",
    ]


def test_a_row_that_no_entry_stored_is_told(stocked: Path):
    row = recording_of()
    row.pk, row.number, row.sameness = "00000000-0000-4000-8000-000000000000", "demo-YX-2026-000099", "x"
    row.save(force_insert=True)
    bad = _one(verify_stores(open_stores()))
    assert (bad["code"], bad["number"]) == ("row_unknown", "demo-YX-2026-000099")


def test_an_object_that_no_ledger_knows_is_told(stocked: Path):
    urn = clone_object(stocked)
    bad = _one(verify_stores(open_stores()))
    assert (bad["recording"], bad["code"]) == (urn, "object_unknown")


def test_an_object_of_an_ingest_that_was_cut_off_is_told_apart(stocked: Path, people):
    urn = clone_object(stocked)
    Reservation.objects.create(
        agency=people.custodian.agency,
        sameness="1" * 64,
        recording=urn.removeprefix("urn:uuid:"),
        number="demo-YX-2026-000042",
        year=2026,
        batch="20261120-dead",
    )
    report = verify_stores(open_stores())
    assert report.ok
    assert [(one.recording, one.number) for one in report.unfinished] == [(urn, "demo-YX-2026-000042")]
    flip(next(root_of(stocked).rglob(f"*{urn[-12:]}/v1/content/original/*")))
    assert _one(verify_stores(open_stores()))["code"] == "unfinished_damaged"


def test_an_object_registered_between_two_questions_is_no_stranger(stocked: Path, monkeypatch):
    """An ingest runs beside the check: no entry yet, no reservation any more, and then an entry."""
    from liuhen.base.storage import strays

    real, asked = strays.known_urns, []

    def late(urns):
        asked.append(urns)
        return set() if len(asked) == 1 else real(urns)

    monkeypatch.setattr(strays, "known_urns", late)
    assert verify_stores(open_stores()).ok


@pytest.mark.parametrize(
    ("inside", "code"),
    [("stray.txt", "L072"), ("3c0/stray.txt", "E072"), ("fff/fff", "E073")],
)
def test_what_is_no_object_is_told(stocked: Path, inside: str, code: str):
    place = root_of(stocked) / inside
    if code == "E073":
        place.mkdir(parents=True)
    else:
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"?")
    assert _one(verify_stores(open_stores()))["code"] == code


def test_a_store_that_is_away_is_one_row_and_the_other_is_still_read(doubled: Path):
    root_of(doubled).rename(doubled / "unplugged")
    report = verify_stores(open_stores())
    bad = _one(report)
    assert (bad["store"], bad["code"], bad["recording"]) == ("主存储", "store_missing", None)
    assert report.objects == 6


def test_a_store_pulled_out_in_the_middle_is_one_row(doubled: Path, monkeypatch):
    real = LocalBlobs.check_present
    seen = []

    def pulled(self):
        seen.append(self.name)
        if self.name == SECOND and len(seen) > 3 and root_of(doubled, second=True).exists():
            root_of(doubled, second=True).rename(doubled / "unplugged")
        real(self)

    monkeypatch.setattr(LocalBlobs, "children", _after(LocalBlobs.children, pulled))
    report = verify_stores(open_stores())
    assert [(bad.damages[0].store, bad.damages[0].code) for bad in report.bad] == [(SECOND, "store_missing")]


def _after(real, before):
    def children(self, path=""):
        before(self)
        return real(self, path)

    return children


def test_without_any_store_nothing_was_examined(stocked: Path):
    root_of(stocked).rename(stocked / "unplugged")
    report = verify_stores(open_stores())
    assert (report.ok, report.objects, report.bytes) == (False, 0, 0)


def test_looking_changes_neither_ledger_nor_store(stocked: Path):
    flip(original_of(stocked))
    before = (Entry.objects.count(), _state(stocked))
    verify_stores(open_stores())
    assert (Entry.objects.count(), _state(stocked)) == before


def _state(home: Path) -> dict[str, bytes]:
    return {
        str(p): p.read_bytes()
        for part in ("ledger", "store")
        for p in (home / part).rglob("*")
        if p.is_file()
    }


def test_a_sample_reads_as_many_recordings_as_asked_for_and_no_more(stocked: Path):
    assert verify_stores(open_stores(), sample=2).objects == 2
    assert verify_stores(open_stores(), sample=50).objects == 6


def test_a_sample_chooses_every_recording_sooner_or_later(stocked: Path):
    seen = {one.urn for _ in range(200) for one in expected.sample_expected(2)}
    assert len(seen) == 6


def test_many_recordings_are_asked_for_in_groups(stocked: Path, monkeypatch):
    monkeypatch.setattr(expected, "GROUP", 2)
    assert sorted(one.number for one in expected.all_expected()) == [
        *(f"demo-YX-2026-{n:06d}" for n in range(1, 6)),
        "other-YX-2026-000001",
    ]
    assert verify_stores(open_stores()).ok


def test_an_act_during_the_check_is_no_finding(stocked: Path, people, monkeypatch):
    """The ledger was asked before the act, the object is read after it: it is asked again."""
    from liuhen.base.devices.models import Device
    from liuhen.base.storage.amend import Owner, assign

    stale = list(expected.all_expected())
    owner = Owner(Device.objects.get(serial="4701A01"), None)
    unknown = recording_of("张三询问.txt")
    assign(unknown, owner, open_stores(), reason="查明", by=people.custodian, at=AT)
    monkeypatch.setattr(fixity, "all_expected", lambda: iter(stale))
    assert verify_stores(open_stores()).ok


def test_a_version_that_no_entry_registered_is_told(stocked: Path, people, monkeypatch):
    from liuhen.base.devices.models import Device
    from liuhen.base.storage import amend, versions

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(versions, "perform", killed)
    owner = amend.Owner(Device.objects.get(serial="4701A01"), None)
    with pytest.raises(KeyboardInterrupt):
        amend.assign(
            recording_of("张三询问.txt"), owner, open_stores(), reason="查明", by=people.custodian, at=AT
        )
    bad = _one(verify_stores(open_stores()))
    assert (bad["code"], bad["expected"], bad["found"]) == ("version_unregistered", "v1", "v2")


def test_the_record_of_every_registered_version_is_held_against_the_ledger(stocked: Path, people):
    from liuhen.base.devices.models import Device
    from liuhen.base.storage.amend import Owner, assign

    unknown = recording_of("张三询问.txt")
    owner = Owner(Device.objects.get(serial="4701A01"), None)
    assign(unknown, owner, open_stores(), reason="查明", by=people.custodian, at=AT)
    assert verify_stores(open_stores()).ok
    folder = object_of(stocked, "张三询问.txt")
    rewrite_consistently(folder, "v2/content/record.json", b'{"device": "another"}')
    bad = _one(verify_stores(open_stores()))
    assert (bad["code"], bad["path"].endswith("v2/content/record.json")) == ("record_differs", True)


def test_every_agencys_recordings_are_read(stocked: Path):
    flip(original_of(stocked, "elsewhere.jpg"))
    assert _one(verify_stores(open_stores()))["number"] == "other-YX-2026-000001"


def test_the_json_of_a_row_begins_as_the_contract_says(stocked: Path):
    flip(original_of(stocked))
    document = json.loads(json.dumps(verify_stores(open_stores()).as_json()))
    assert {"objects", "bytes", "ok", "bad"} <= set(document)
    assert list(document["bad"][0])[:4] == ["recording", "path", "expected", "found"]


def test_rows_and_objects_are_few_in_an_empty_office(empty_home: Path):
    from liuhen.base.storage.stores import make_first_store

    make_first_store()
    report = verify_stores(open_stores())
    assert (report.ok, report.objects, Recording.objects.count()) == (True, 0, 0)
