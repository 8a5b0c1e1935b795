# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen rebuild: delete the database, and stores and published ledger give it back, or say what is missing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import (
    AT,
    CLIP,
    DAMAGES,
    clone_object,
    flip,
    object_of,
    original_of,
    recording_of,
    rewrite_consistently,
    root_of,
    tree_of,
)

from liuhen.base.devices import replay as devices
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry, Head
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.people import replay as people_replay
from liuhen.base.people.models import Account, Agency, Officer, RoleGrant, Unit
from liuhen.base.recordings.models import Copy, Finding, Recording, Reservation, Series
from liuhen.base.storage import rebuilding
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.checkpoint import Checkpoint, Signer
from liuhen.stages.equipment import replay as equipment_replay
from liuhen.stages.equipment.models import Check, Issue
from liuhen.stages.ingest import replay as ingest_replay
from liuhen.stages.ingest.models import Batch, Receipt
from liuhen.stages.ingest.services import Request, ingest_card

REPLAYERS = {
    **people_replay.REPLAYERS,
    **devices.REPLAYERS,
    **equipment_replay.REPLAYERS,
    **ingest_replay.REPLAYERS,
}


@pytest.fixture(autouse=True)
def _empty_tables(request, monkeypatch, _templates) -> None:
    """Migrating takes most of a rebuild's time here: all tests but the first copy the empty tables instead."""
    if "comes_back_the_same" not in request.node.name:
        monkeypatch.setattr(rebuilding, "call_command", lambda *_, **__: _copy_tables(_templates.empty))


def _copy_tables(empty: Path) -> None:
    from django.db import connection

    with closing(sqlite3.connect(empty / "db.sqlite3")) as source:
        source.backup(connection.connection)


def _rebuild(*, replace: bool = False):
    return rebuilding.rebuild(REPLAYERS, replace=replace, at=AT)


def _delete_database(home: Path) -> None:
    from django.db import connection

    connection.close()
    for path in home.glob("db.sqlite3*"):
        path.unlink()


# What of each table a person can see; keys of rows may differ.
SEEN = {
    Agency: ("code", "name", "pack", "founded_at"),
    Unit: ("agency__code", "code", "name", "parent__code"),
    Officer: ("staff_no", "name", "certificate_no", "unit__code", "left_on"),
    Account: ("username", "name", "state", "unit__code", "officer__staff_no"),
    RoleGrant: (
        "account__username",
        "role",
        "state",
        "proposed_by__username",
        "confirmed_by__username",
        "unit__code",
    ),
    Device: (
        *("serial", "kind", "model", "state", "keeper__staff_no", "unit__code"),
        *("resolution", "battery_hours", "storage_gb", "no_delete", "explosion_proof", "bought_on"),
    ),
    ClockReading: ("device__serial", "shown_at", "server_at", "read_by__username"),
    Entry: ("agency__code", "position", "kind", "subject", "recorded_at", "entry"),
    Head: ("agency__code", "size", "recorded_at"),
    Recording: (
        *("id", "agency__code", "number", "sameness", "sha256", "sm3", "bytes", "kind", "name", "card_path"),
        *("state", "key_file", "device__serial", "holder__staff_no", "unit__code", "taken_at", "duration_ms"),
        *("stored_at", "record_sha256", "head", "position"),
    ),
    Finding: ("recording__number", "code", "severity", "text", "params"),
    Copy: ("recording__number", "store"),
    Series: ("agency__code", "kind", "year", "last"),
    Batch: (
        "key",
        "by__username",
        "state",
        "started_at",
        "finished_at",
        "device__serial",
        "holder__staff_no",
    ),
    Receipt: ("number", "issued_at", "content_sha256", "batch__key"),
}


def _everything() -> dict[str, list[tuple]]:
    return {
        model.__name__: sorted(map(repr, model.objects.values_list(*fields)))
        for model, fields in SEEN.items()
    }


def _roots() -> list[tuple]:
    return [
        (agency.code, verify_ledger(agency).ok, verify_ledger(agency).root)
        for agency in Agency.objects.order_by("code")
    ]


def test_the_deleted_database_comes_back_the_same(stocked: Path):
    before, roots = _everything(), _roots()
    published = tree_of(stocked / "ledger")
    _delete_database(stocked)
    report = _rebuild()
    assert (report.differences, report.recordings, report.kept) == ([], 6, None)
    after = _everything()
    for table in before:
        assert after[table] == before[table], table
    assert _roots() == roots
    assert tree_of(stocked / "ledger") == published
    assert verify_stores(open_stores()).ok


def test_people_and_their_acts_come_back_too(stocked: Path, people):
    """Everything an office does to its people and devices, once each."""
    from datetime import timedelta

    from liuhen.base.devices.services import correct_device, read_clock, register_device, retire_device
    from liuhen.base.people import services
    from liuhen.base.people.models import Deputy, Paper, Role
    from liuhen.base.people.services import Person
    from liuhen.base.storage.amend import Owner, assign

    unit = services.open_unit(people.sysadmin.agency, "350582000002", "渔政股", by=people.sysadmin, at=AT)
    newcomer = services.open_account(unit, Person("newcomer", "新人"), by=people.sysadmin, at=AT)
    declined = services.propose_role(newcomer, Role.AUDITOR, by=people.sysadmin, at=AT)
    services.decline_role(declined, reason="无需", by=people.secadmin, at=AT)
    granted = services.propose_role(newcomer, Role.CUSTODIAN, by=people.sysadmin, at=AT)
    services.confirm_role(granted, by=people.secadmin, at=AT)
    services.withdraw_role(granted, reason="调离", by=people.secadmin, at=AT)
    services.close_account(newcomer, reason="离职", by=people.sysadmin, at=AT)
    until = AT + timedelta(days=3)
    deputy = services.appoint_deputy(
        people.head, people.legal, Role.UNIT_HEAD, starts_at=AT, ends_at=until, by=people.head, at=AT
    )
    services.end_deputy(deputy, by=people.head, at=AT)
    device = register_device(unit, "8800001", Device.Kind.CAMERA, by=people.custodian, at=AT)
    read_clock(device, AT + timedelta(seconds=42), server_at=AT, by=people.custodian)
    keeper = Officer.objects.get(staff_no="100002")
    changed = {"kind": Device.Kind.CAMCORDER, "model": "新型号", "keeper": keeper, "reason": "登记有误"}
    correct_device(device, unit=people.officer.unit, **changed, by=people.custodian, at=AT)
    retire_device(device, reason="损坏", by=people.custodian, at=AT)
    services.open_unit(unit.agency, "35058200000A", "渔政一组", parent=unit, by=people.sysadmin, at=AT)
    services.rename_unit(unit, "渔业执法股", reason="机构改革", by=people.sysadmin, at=AT)
    moved = {"name": "陈思远", "certificate_no": "35058200099", "unit": unit, "reason": "换证"}
    services.correct_officer(keeper, **moved, by=people.sysadmin, at=AT)
    services.leave_officer(keeper, AT.date(), reason="调离", by=people.sysadmin, at=AT)
    services.set_password(people.officer, "石榴-Tractor-77-lamp", by=people.secadmin, at=AT)
    services.remove_second_factor(people.officer, reason="手机丢失", by=people.secadmin, at=AT)
    owner = Owner(Device.objects.get(serial="4701A01"), Officer.objects.get(staff_no="100002"))
    unknown = recording_of("张三询问.txt")
    assign(unknown, owner, open_stores(), reason="查明", by=people.custodian, at=AT)
    scan = stocked / "scan.pdf"
    scan.write_bytes(b"signed on paper")
    services.keep_paper(scan, by=people.custodian, at=AT)
    tables = {Deputy: ("absent__username", "deputy__username", "role", "starts_at", "ends_at", "state")}
    tables[Paper] = ("sha256", "sm3", "size", "kept_by__username", "kept_at")
    SEEN_NOW = {**SEEN, **tables}

    def everything():
        return {m.__name__: sorted(map(repr, m.objects.values_list(*f))) for m, f in SEEN_NOW.items()}

    before = everything()
    _delete_database(stocked)
    assert _rebuild().differences == []
    after = everything()
    for table in before:
        assert after[table] == before[table], table


def test_issues_checks_and_the_states_of_devices_come_back_too(stocked: Path, people):
    """What the use register holds; purposes and notes are words of the lost rows and come back empty."""
    from datetime import date, timedelta

    from equipment.equipment_office import drawn, fit

    from liuhen.base.devices import services
    from liuhen.base.devices.norm import Norm
    from liuhen.stages.equipment.services import Terms, check_device, issue_device, return_device
    from liuhen.stages.equipment.signing import Proved

    told = {"by": people.custodian, "at": AT}
    norm = Norm("1920x1080", 8, 128, True, None, date(2025, 3, 1))
    device = Device.objects.get(serial="4701A01")
    said = {"unit": device.unit, "kind": device.kind, "model": "甲", "keeper": device.keeper}
    services.correct_device(device, **said, norm=norm, reason="补填性能", **told)
    check_device(device, fit(battery_percent=10, free_bytes=9), **told)
    officer = Officer.objects.get(staff_no="100001")
    terms = Terms(due_back_at=AT + timedelta(hours=9))
    row = issue_device(device, officer, signature=drawn(), terms=terms, override="急", **told)
    return_device(row, signature=drawn(), by=people.custodian, at=AT + timedelta(hours=1))
    check_device(device, fit(), by=people.officer, at=AT)
    issue_device(device, officer, signature=Proved(people.officer), **told)
    for serial, acts in (("B", ("report_loss",)), ("C", ("send_to_repair",)), ("D", ("maintain",))):
        other = services.register_device(device.unit, serial, Device.Kind.CAMERA, **told)
        for act in acts:
            getattr(services, act)(other, **{"note" if act == "maintain" else "reason": "试"}, **told)
    tables = {
        Check: (
            *("key", "device__serial", "at", "by__username", "fault_free", "battery_percent", "free_bytes"),
            *("free_minutes", "reading__shown_at", "reading__server_at", "passed", "failed"),
        ),
        Issue: (
            *("key", "device__serial", "officer__staff_no", "check_before__key", "overridden", "state"),
            *("issued_by__username", "issued_at", "due_back_at", "taken_signed", "taken_paper__sha256"),
            *("received_by__username", "returned_at", "back_signed", "back_paper__sha256"),
        ),
        **SEEN,
    }

    def everything():
        return {m.__name__: sorted(map(repr, m.objects.values_list(*f))) for m, f in tables.items()}

    before = everything()
    assert [len(before[name]) for name in ("Check", "Issue")] == [2, 2]
    _delete_database(stocked)
    assert _rebuild().differences == []
    after = everything()
    for table in before:
        assert after[table] == before[table], table


def test_work_goes_on_with_the_next_numbers(stocked: Path, tmp_path: Path):
    numbers = set(Recording.objects.values_list("number", flat=True))
    receipts = set(Receipt.objects.values_list("number", flat=True))
    _delete_database(stocked)
    _rebuild()
    card = tmp_path / "next-card"
    card.mkdir()
    (card / CLIP).write_bytes(original_of(stocked).read_bytes())
    (card / "new.mp4").write_bytes(b"new")
    outcome = ingest_card(Request(card, Account.objects.get(username="custodian")), at=AT)
    assert sorted(str(result.state) for result in outcome.results) == ["already", "stored"]
    new = set(Recording.objects.values_list("number", flat=True)) - numbers
    assert new == {"demo-YX-2026-000006"}
    assert outcome.receipt == "demo-YJ-2026-000003"
    assert outcome.receipt not in receipts
    assert [ok for _, ok, _ in _roots()] == [True, True]
    assert verify_stores(open_stores()).ok


def test_an_existing_database_is_kept_aside_and_only_when_asked(stocked: Path):
    from django.db import connection

    connection.close()
    before = (stocked / "db.sqlite3").read_bytes()
    with pytest.raises(LiuhenError) as refused:
        _rebuild()
    assert refused.value.code == "database_exists"
    assert (stocked / "db.sqlite3").read_bytes() == before
    first, second = _rebuild(replace=True), _rebuild(replace=True)
    assert first.kept.name == "db.sqlite3.before-20261120100000"
    assert second.kept.name == "db.sqlite3.before-20261120100000-2"
    assert first.kept.read_bytes() == before
    assert Recording.objects.count() == 6


def test_a_damaged_database_is_replaced_when_asked(stocked: Path):
    from django.db import connection

    connection.close()
    for rubbish in (b"not a database at all" * 400, b""):
        (stocked / "db.sqlite3").write_bytes(rubbish)
        assert _rebuild(replace=True).ok
        assert Recording.objects.count() == 6
        connection.close()


def test_a_left_over_write_ahead_log_is_not_taken_for_the_new_ones(stocked: Path):
    _delete_database(stocked)
    (stocked / "db.sqlite3-wal").write_bytes(b"of the lost database")
    assert _rebuild().ok
    assert Recording.objects.count() == 6
    kept = list(stocked.glob("db.sqlite3.before-*-wal"))
    assert [path.read_bytes() for path in kept] == [b"of the lost database"]


def test_a_home_copied_elsewhere_is_rebuilt_there(stocked: Path, tmp_path: Path):
    from django.conf import settings
    from django.db import connection

    roots = _roots()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for part in ("store", "ledger"):
        shutil.copytree(stocked / part, elsewhere / part)
    connection.close()
    stocked.rename(tmp_path / "gone")
    settings.LIUHEN_HOME = elsewhere
    connection.settings_dict["NAME"] = str(elsewhere / "db.sqlite3")
    report = _rebuild()
    assert (report.differences, report.recordings) == ([], 6)
    assert [note.split("：")[0] for note in report.notes] == ["demo", "other"]
    assert "liuhen restore" in report.notes[0]
    assert _roots() == roots


def test_without_its_key_the_office_can_look_but_not_write(stocked: Path, tmp_path: Path):
    shutil.rmtree(stocked / "keys")
    _delete_database(stocked)
    assert _rebuild().ok
    assert verify_stores(open_stores()).ok
    card = tmp_path / "late"
    card.mkdir()
    (card / "a.mp4").write_bytes(b"late")
    with pytest.raises(LiuhenError) as refused:
        ingest_card(Request(card, Account.objects.get(username="custodian")), at=AT)
    assert (refused.value.code, "liuhen restore" in refused.value.remedy) == ("key_missing", True)
    assert Recording.objects.count() == 6


def test_the_first_office_stays_the_first(empty_home: Path):
    """Two agencies whose names sort the other way round."""
    from datetime import timedelta

    from liuhen.base.people import services
    from liuhen.base.people.services import Person
    from liuhen.base.storage.stores import make_first_store

    make_first_store()
    for number, code in enumerate(("zz", "aa")):
        services.found_office(
            code=code,
            name=code,
            pack="",
            unit=("000000000001", "科"),
            system=Person(f"{code}-s", "甲"),
            security=Person(f"{code}-t", "乙"),
            at=AT + timedelta(hours=number),
        )
    _delete_database(empty_home)
    _rebuild()
    assert list(Agency.objects.order_by("pk").values_list("code", flat=True)) == ["zz", "aa"]


# -- differences between stores and ledger


def _differences(report) -> list[tuple]:
    return [(one["code"], one.get("recording")) for one in report.differences]


def test_a_flipped_original_is_left_to_the_verification(stocked: Path):
    flip(original_of(stocked))
    _delete_database(stocked)
    assert _rebuild().ok
    assert [bad.damages[0].code for bad in verify_stores(open_stores()).bad] == ["E092"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a missing object", "object_unreadable"),
        ("a missing root inventory", "object_unreadable"),
        ("a flipped bit of the root inventory", "object_unreadable"),
        ("a flipped bit of the record", "record_differs"),
        ("another original, inventories rewritten with it", "differs_from_ledger"),
        ("another record, inventories rewritten with it", "record_differs"),
    ],
)
def test_what_the_store_cannot_give_is_reported_and_keeps_its_place_in_the_list(stocked: Path, name, code):
    urn, before = (
        recording_of().urn,
        sorted(Recording.objects.values_list("number", "sha256", "bytes", "sm3")),
    )
    DAMAGES[name][0](object_of(stocked))
    _delete_database(stocked)
    report = _rebuild()
    assert {(code, urn), ("record_missing", urn)} <= set(_differences(report))
    assert sorted(Recording.objects.values_list("number", "sha256", "bytes", "sm3")) == before
    row = Recording.objects.get(pk=urn.removeprefix("urn:uuid:"))
    assert [finding.code for finding in row.findings.all()] == ["record_missing"]
    assert row.copies.count() == 0
    assert [bad.recording for bad in verify_stores(open_stores()).bad] == [urn]


def test_of_two_stores_the_good_one_speaks(doubled: Path):
    before = _everything()
    flip(object_of(doubled) / "v1/content/record.json")
    _delete_database(doubled)
    report = _rebuild()
    assert [code for code, _ in _differences(report)] == ["record_differs"]
    after = _everything()
    assert after["Recording"] == before["Recording"]
    assert list(recording_of().copies.values_list("store", flat=True)) == ["第二存储"]


def test_a_record_from_another_object_is_not_believed(stocked: Path):
    other = object_of(stocked, "张三询问.txt")
    target = object_of(stocked)
    shutil.rmtree(target)
    shutil.copytree(other, target)
    urn = recording_of().urn
    _delete_database(stocked)
    assert ("differs_from_ledger", urn) in _differences(_rebuild())


def test_a_store_that_is_away_is_a_difference(doubled: Path):
    root_of(doubled, second=True).rename(doubled / "unplugged")
    _delete_database(doubled)
    report = _rebuild()
    assert _differences(report) == [("store_away", None)]
    assert not root_of(doubled, second=True).exists()


def test_no_store_is_made_where_one_is_missing(stocked: Path):
    root_of(stocked).rename(stocked / "unplugged")
    _delete_database(stocked)
    report = _rebuild()
    assert not root_of(stocked).exists()
    assert {code for code, _ in _differences(report)} == {"store_away", "record_missing"}
    assert Recording.objects.count() == 6


def test_what_nobody_knows_is_told_and_not_deleted(stocked: Path):
    foreign = root_of(stocked) / "fff/fff/fff/urn%3auuid%3afff"
    shutil.copytree(object_of(stocked), foreign)
    (root_of(stocked) / "notes.txt").write_bytes(b"?")
    _delete_database(stocked)
    report = _rebuild()
    assert {code for code, _ in _differences(report)} == {"object_unknown", "L072"}
    assert foreign.is_dir()


def test_an_object_whose_registration_a_crash_cut_off_is_registered_by_the_next_ingest(
    stocked: Path, people, tmp_path, monkeypatch
):
    """Killed between store and row, then the database is lost too: the number is not given twice."""
    from liuhen.base import home as homes
    from liuhen.stages.ingest import commit

    card = tmp_path / "cut-off"
    card.mkdir()
    (card / "cut-off.mp4").write_bytes(b"whole in the store")

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(commit, "commit", killed)
    with pytest.raises(KeyboardInterrupt):
        ingest_card(Request(card, people.custodian), at=AT)
    monkeypatch.undo()
    (number,) = Reservation.objects.exclude(batch="").values_list("number", flat=True)
    assert homes.run_folder().is_dir()
    _delete_database(stocked)
    report = _rebuild()
    assert [(one["code"], number in one["text"]) for one in report.differences] == [
        ("object_unregistered", True)
    ]
    assert Recording.objects.count() == 6
    (card / "second.mp4").write_bytes(b"second")
    outcome = ingest_card(Request(card, Account.objects.get(username="custodian")), at=AT)
    assert sorted(str(result.state) for result in outcome.results) == ["already", "stored"]
    assert Recording.objects.get(number=number).name == "cut-off.mp4"
    assert len(set(Recording.objects.values_list("number", flat=True))) == 8
    assert verify_stores(open_stores()).ok


def test_a_planted_object_gets_no_number_and_no_registration(stocked: Path, tmp_path):
    """Its record names a batch that ended long ago."""
    clone_object(stocked)
    _delete_database(stocked)
    report = _rebuild()
    assert [code for code, _ in _differences(report)] == ["object_unknown"]
    assert Reservation.objects.count() == 0


def test_a_number_left_free_by_a_crash_is_given_to_the_next_file(stocked: Path, people, tmp_path):
    from liuhen.base.recordings.numbers import numbers_for_recordings

    agency = people.custodian.agency
    from django.db import transaction

    with transaction.atomic():
        assert numbers_for_recordings(agency, AT, 1) == [
            "demo-YX-2026-000006"
        ]  # reserved, and nothing came of it
    card = tmp_path / "after"
    card.mkdir()
    (card / "after.mp4").write_bytes(b"after")
    ingest_card(Request(card, people.custodian), at=AT)
    assert Recording.objects.filter(number="demo-YX-2026-000007").exists()
    _delete_database(stocked)
    assert _rebuild().ok
    with transaction.atomic():
        agency = Agency.objects.get(code="demo")
        assert numbers_for_recordings(agency, AT, 2) == ["demo-YX-2026-000006", "demo-YX-2026-000008"]


def test_numbers_committed_out_of_order_leave_only_true_gaps(stocked: Path, people, monkeypatch):
    from liuhen.base.storage import series

    agency = people.custodian.agency
    Series.objects.filter(agency=agency).delete()
    told = [
        "demo-YX-2026-000005",
        "demo-YX-2026-000002",
        "demo-YJ-2026-000009",
        "demo-YX-2026-000001",
        "",
        "odd",
    ]
    monkeypatch.setattr(series, "_told", lambda _: iter(told))
    far = "demo-YX-2026-099999"  # no honest number: the series does not jump
    series.resume_numbers(agency, ["demo-YX-2026-000007", far, "other-YX-2026-000050"])
    assert set(Series.objects.filter(agency=agency).values_list("kind", "last")) == {("YX", 7), ("YJ", 9)}
    assert list(Reservation.objects.order_by("number").values_list("number", flat=True)) == [
        "demo-YX-2026-000003",
        "demo-YX-2026-000004",
        "demo-YX-2026-000006",
    ]


# -- a ledger that cannot be relied on


def _refused(stocked: Path) -> LiuhenError:
    _delete_database(stocked)
    with pytest.raises(LiuhenError) as refused:
        _rebuild()
    assert not (stocked / "db.sqlite3").exists()
    assert list(stocked.glob("db.sqlite3*")) == []
    return refused.value


def _entries_tile(home: Path) -> Path:
    return max((home / "ledger/demo/tile/entries/000.p").iterdir(), key=lambda path: int(path.name))


def _hash_tile(home: Path) -> Path:
    return max((home / "ledger/demo/tile/0/000.p").iterdir(), key=lambda path: int(path.name))


def _swap_letters(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def test_an_altered_published_entry_is_named_with_its_position(stocked: Path):
    _swap_letters(_entries_tile(stocked), "王晓兰".encode(), "王晓芳".encode())
    error = _refused(stocked)
    assert error.code == "ledger_not_whole"
    assert "第 " in error.message


def test_an_entry_altered_together_with_its_hash_is_refused(stocked: Path):
    from liuhen.core.tlog.merkle import leaf_hash
    from liuhen.core.tlog.tiles import TileFolder

    tiles = TileFolder(stocked / "ledger/demo")
    size = tiles.size_on_disk()
    before = list(tiles.entries(0, size))
    _swap_letters(_entries_tile(stocked), "王晓兰".encode(), "王晓芳".encode())
    after = list(TileFolder(stocked / "ledger/demo").entries(0, size))
    for old, new in zip(before, after, strict=True):
        if old != new:
            _swap_letters(_hash_tile(stocked), leaf_hash(old), leaf_hash(new))
    assert _refused(stocked).code == "ledger_not_whole"


@pytest.mark.parametrize("name", ["checkpoint", "vkey"])
@pytest.mark.parametrize("how", ["flipped", "missing", "rubbish"])
def test_a_damaged_checkpoint_or_key_is_refused_with_the_place(stocked: Path, name: str, how: str):
    path = stocked / "ledger/demo" / name
    if how == "flipped":
        flip(path, 40)
    elif how == "missing":
        path.unlink()
    else:
        path.write_bytes(b"\xff\xfe rubbish")
    error = _refused(stocked)
    assert (error.code, "demo" in error.message) == ("ledger_not_whole", True)


@pytest.mark.parametrize("tile", [_entries_tile, _hash_tile])
def test_a_missing_or_short_tile_is_refused(stocked: Path, tile):
    path = tile(stocked)
    path.write_bytes(path.read_bytes()[:-5])
    assert _refused(stocked).code == "ledger_not_whole"
    path.unlink()
    assert _refused(stocked).code == "ledger_not_whole"


def test_a_checkpoint_of_a_foreign_key_is_refused(stocked: Path):
    folder = stocked / "ledger/demo"
    foreign = Signer.generate(publish.origin_of("demo"))
    checkpoint = publish.published("demo")
    (folder / "checkpoint").write_text(foreign.sign(checkpoint))
    assert _refused(stocked).code == "ledger_not_whole"
    (folder / "vkey").write_text(f"{foreign.vkey}\n")  # replaced throughout: our own key still tells
    error = _refused(stocked)
    assert "整体替换" in error.message


def test_a_ledger_under_another_agencys_name_is_refused(stocked: Path):
    shutil.rmtree(stocked / "ledger/other")
    shutil.copytree(stocked / "ledger/demo", stocked / "ledger/other")
    assert _refused(stocked).code == "ledger_not_whole"


def test_a_ledger_whose_checkpoint_is_gone_is_not_forgotten(stocked: Path):
    (stocked / "ledger/other/checkpoint").unlink()
    error = _refused(stocked)
    assert (error.code, "other" in error.message) == ("ledger_not_whole", True)


def test_an_older_checkpoint_gives_the_older_history_and_reports_the_rest(stocked: Path):
    """Cut back to before the recordings: nothing signed is wrong, but the stores know more."""
    from liuhen.core.tlog.tiles import TileFolder

    folder = stocked / "ledger/demo"
    signer = publish.signing_key("demo")
    first = Entry.objects.filter(agency__code="demo", kind="batch.begun").order_by("position").first()
    size = first.position
    root = TileFolder(folder).root(size)
    (folder / "checkpoint").write_text(signer.sign(Checkpoint(publish.origin_of("demo"), size, root)))
    _delete_database(stocked)
    report = _rebuild()
    assert [code for code, _ in _differences(report)] == ["object_unknown"] * 5
    assert Recording.objects.count() == 1
    assert dict(Series.objects.filter(agency__code="demo").values_list("kind", "last")) == {"YX": 5}
    assert Reservation.objects.count() == 0  # the numbers those objects bear are not given again


def test_without_any_ledger_the_mirror_beside_the_second_store_is_named(doubled: Path):
    (doubled / "ledger").rename(doubled / "lost")
    error = _refused(doubled)
    assert error.code == "ledger_not_whole"
    mirror = doubled / "second/ledger"
    assert str(mirror / "demo") in error.remedy
    (doubled / "ledger").rmdir()
    shutil.copytree(mirror, doubled / "ledger")
    assert _rebuild().ok
    assert Recording.objects.count() == 6


def test_a_damaged_ledger_names_its_mirror(doubled: Path):
    flip(_entries_tile(doubled), 30)
    error = _refused(doubled)
    assert str(doubled / "second/ledger/demo") in error.remedy


def test_a_tree_beyond_one_tile_is_checked_down_to_its_entries(stocked: Path, people):
    """Inner tiles keep the root right while entry and hash below them are altered."""
    from liuhen.base.people import services
    from liuhen.core.tlog.merkle import leaf_hash
    from liuhen.core.tlog.tiles import TileFolder

    with publish.batched():
        for number in range(260):
            services.open_unit(people.sysadmin.agency, f"9{number:05d}", "股", by=people.sysadmin, at=AT)
    folder = stocked / "ledger/demo"
    bundle, hashes = folder / "tile/entries/000", folder / "tile/0/000"
    before = list(TileFolder(folder).entries(0, 256))
    _swap_letters(bundle, "王晓兰".encode(), "王晓芳".encode())
    after = list(TileFolder(folder).entries(0, 256))
    for old, new in zip(before, after, strict=True):
        if old != new:
            _swap_letters(hashes, leaf_hash(old), leaf_hash(new))
    checkpoint = publish.published("demo")
    assert TileFolder(folder).root(checkpoint.size) == checkpoint.root  # the inner tile hides it
    assert _refused(stocked).code == "ledger_not_whole"


# -- cut off, and in company


@pytest.mark.parametrize("step", ["recollect", "resume_numbers", "put_in_place"])
def test_killed_in_the_middle_nothing_is_lost_and_the_next_one_works(stocked: Path, monkeypatch, step):
    from django.db import connection

    from liuhen.base.storage import rebuild as rebuild_module

    connection.close()
    before = (stocked / "db.sqlite3").read_bytes()
    where = rebuilding if step == "put_in_place" else rebuild_module

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(where, step, killed)
    with pytest.raises(KeyboardInterrupt):
        _rebuild(replace=True)
    monkeypatch.undo()
    assert (stocked / "db.sqlite3").read_bytes() == before
    (stocked / "db.sqlite3.rebuilding-wal").write_bytes(b"left by a kill -9")
    assert _rebuild(replace=True).ok
    assert Recording.objects.count() == 6


@pytest.mark.parametrize("lock", ["batch-20261120-0a", "card-feed", "rebuild"])
def test_while_others_work_nothing_is_replaced(stocked: Path, lock: str):
    import os

    from liuhen.base import home as homes

    fd = homes.try_lock(lock)
    try:
        with pytest.raises(LiuhenError) as refused:
            _rebuild(replace=True)
    finally:
        os.close(fd)
    assert refused.value.code == "busy"
    assert _rebuild(replace=True).ok


def test_another_database_server_is_not_ours_to_replace(stocked: Path, monkeypatch):
    from django.db import connection

    monkeypatch.setattr(connection, "vendor", "postgresql")
    with pytest.raises(LiuhenError) as refused:
        _rebuild(replace=True)
    assert refused.value.code == "not_sqlite"


def test_an_amended_record_altered_later_is_found(stocked: Path, people):
    from liuhen.base.storage.amend import Owner, assign

    unknown = recording_of("张三询问.txt")
    owner = Owner(Device.objects.get(serial="4701A01"), None)
    assign(unknown, owner, open_stores(), reason="查明", by=people.custodian, at=AT)
    folder = object_of(stocked, "张三询问.txt")
    record = json.loads((folder / "v2/content/record.json").read_bytes())
    record["holder"] = {"staff_no": "100002", "name": "陈思远", "certificate_no": "x", "unit": "y"}
    rewrite_consistently(folder, "v2/content/record.json", json.dumps(record).encode())
    _delete_database(stocked)
    codes = {code for code, _ in _differences(_rebuild())}
    assert codes == {"record_differs", "record_missing"}
    assert Recording.objects.get(pk=unknown.pk).state == "stored"
