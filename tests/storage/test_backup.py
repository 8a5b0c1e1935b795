# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen backup and restore: drilled, checked before anything changes, and history never gets shorter."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import AT, CLIP, flip, original_of, sha256, tree_of

from liuhen.base import backup, restore, tls
from liuhen.base.backup import make_backup
from liuhen.base.devices import replay as devices
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.people import replay as people_replay
from liuhen.base.people import services
from liuhen.base.people.models import Account, Agency
from liuhen.base.people.services import Person
from liuhen.base.recordings.models import Recording
from liuhen.base.storage import rebuilding
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.checkpoint import Checkpoint, Signer
from liuhen.stages.ingest import replay as ingest_replay
from liuhen.stages.ingest.models import Receipt
from liuhen.stages.ingest.services import Request, ingest_card

REPLAYERS = {**people_replay.REPLAYERS, **devices.REPLAYERS, **ingest_replay.REPLAYERS}


@pytest.fixture
def undrilled(monkeypatch):
    monkeypatch.setattr(backup, "drill", lambda folder: 0)


def _restore(folder: Path, *, replace: bool = True):
    return restore.restore_backup(folder, replace=replace, at=AT)


def _move_to(home: Path) -> None:
    """Work in another home from now on."""
    from django.conf import settings
    from django.db import connection

    connection.close()
    settings.LIUHEN_HOME = home
    connection.settings_dict["NAME"] = str(home / "db.sqlite3")


def _open_units(count: int, first: int = 0) -> None:
    sysadmin = Account.objects.get(username="sysadmin")
    with publish.batched():
        for number in range(first, first + count):
            services.open_unit(sysadmin.agency, f"7{number:05d}", "股", by=sysadmin, at=AT)


def _size(code: str = "demo") -> int:
    return Entry.objects.filter(agency__code=code).count()


def _mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


# -- backup


def test_a_backup_is_drilled_and_lists_every_file(stocked: Path, tmp_path: Path):
    made = make_backup(tmp_path / "disk", at=AT)
    assert made.entries == Entry.objects.count()
    listed = json.loads((made.folder / "manifest.json").read_bytes())["files"]
    assert listed == {
        name: sha256(data) for name, data in tree_of(made.folder).items() if name != "manifest.json"
    }
    assert {name.split("/")[0] for name in listed} >= {"db.sqlite3", "keys", "ledger", "receipts"}
    assert made.files == len(listed)
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [made.folder.name]  # no drill left behind
    assert (_mode(made.folder), _mode(made.folder / "keys")) == ("0o700", "0o700")
    assert _mode(made.folder / "keys/demo.key") == _mode(made.folder / "db.sqlite3") == "0o600"
    assert "同一块磁盘" in made.notes[0]


def test_a_backup_whose_drill_fails_is_said_to_be_none(stocked: Path, tmp_path: Path):
    flip(max((stocked / "ledger/demo/tile/entries/000.p").iterdir(), key=lambda p: int(p.name)), 30)
    with pytest.raises(LiuhenError) as refused:
        make_backup(tmp_path / "disk", at=AT)
    assert (refused.value.code, "ledger verify" in refused.value.remedy) == ("backup_damaged", True)


@pytest.mark.parametrize("table", ["ledger_entry", "sqlite_schema"])
def test_a_damaged_database_is_not_taken_for_a_backup(stocked: Path, tmp_path: Path, table: str):
    import sqlite3
    from contextlib import closing

    from django.db import connection

    connection.close()
    with closing(sqlite3.connect(stocked / "db.sqlite3")) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = rows.execute("PRAGMA page_size").fetchone()
        page = rows.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()
    data = bytearray((stocked / "db.sqlite3").read_bytes())
    at = (page[0] - 1) * size if page else 100
    data[at : at + size - 100] = b"\xff" * (size - 100)
    (stocked / "db.sqlite3").write_bytes(data)
    with pytest.raises(LiuhenError) as refused:
        make_backup(tmp_path / "disk", at=AT)
    assert (refused.value.code, "rebuild" in refused.value.remedy) == ("backup_damaged", True)


def test_a_home_without_an_office_can_be_backed_up(empty_home: Path, tmp_path: Path):
    assert make_backup(tmp_path / "disk", at=AT).entries == 0


def test_what_is_published_while_the_backup_runs_does_not_spoil_it(stocked: Path, tmp_path, monkeypatch):
    real = backup._copy_database

    def busy(target: Path) -> None:
        _open_units(3)
        real(target)
        _open_units(3, first=3)

    monkeypatch.setattr(backup, "_copy_database", busy)
    assert make_backup(tmp_path / "disk", at=AT).entries == Entry.objects.count() - 3


def test_drafts_and_links_are_not_kept(stocked: Path, tmp_path: Path, undrilled):
    (stocked / "receipts/.x.json.1.ab.tmp").write_bytes(b"half")
    (stocked / "receipts/link").symlink_to("/etc/hostname")
    folder = make_backup(tmp_path, at=AT).folder
    assert not any("tmp" in name or "link" in name for name in tree_of(folder))


def test_a_backup_into_what_is_backed_up_is_wrong_usage(stocked: Path):
    with pytest.raises(LiuhenError) as refused:
        make_backup(stocked / "receipts/backup", at=AT)
    assert refused.value.code == "usage"


def test_a_missing_key_is_said(stocked: Path, tmp_path: Path, undrilled):
    (stocked / "keys/demo.key").unlink()
    notes = make_backup(tmp_path, at=AT).notes
    assert any("demo 签名密钥" in note for note in notes)


def test_a_full_disk_is_said_and_leaves_no_backup(stocked: Path, tmp_path: Path, monkeypatch, undrilled):
    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "copy_file", full)
    with pytest.raises(LiuhenError) as refused:
        make_backup(tmp_path, at=AT)
    assert refused.value.code == "storage"
    monkeypatch.undo()
    (folder,) = tmp_path.glob("liuhen-2026*")
    with pytest.raises(LiuhenError) as refused:
        _restore(folder)
    assert refused.value.code == "backup_damaged"


def test_another_database_server_has_its_own_tools(stocked: Path, tmp_path: Path, monkeypatch):
    from django.db import connection

    monkeypatch.setattr(connection, "vendor", "postgresql")
    with pytest.raises(LiuhenError) as refused:
        make_backup(tmp_path, at=AT)
    assert refused.value.code == "not_sqlite"
    for name in ("settings.yaml", "keys", "ledger", "receipts", "papers"):
        assert name in refused.value.remedy
    assert list(tmp_path.glob("liuhen-*")) == []


# -- restore


def test_restored_into_an_empty_folder_the_office_works_on(stocked: Path, tmp_path: Path, undrilled):
    folder = make_backup(tmp_path / "disk", at=AT).folder
    elsewhere = tmp_path / "new-computer"
    _move_to(elsewhere)
    done = _restore(folder, replace=False)
    shutil.copytree(stocked / "store", elsewhere / "store")
    assert (done.aside, done.newer) == (None, [])
    assert (_mode(elsewhere / "keys"), _mode(elsewhere / "keys/demo.key")) == ("0o700", "0o600")
    assert [verify_ledger(agency).ok for agency in Agency.objects.all()] == [True, True]
    assert verify_stores(open_stores()).ok
    card = tmp_path / "more"
    card.mkdir()
    (card / "more.mp4").write_bytes(b"more")
    outcome = ingest_card(Request(card, Account.objects.get(username="custodian")), at=AT)
    assert (outcome.released, outcome.receipt) == (True, "demo-YJ-2026-000003")


def test_keys_from_a_disk_that_keeps_no_modes_are_the_owners_alone_again(
    stocked: Path, tmp_path: Path, undrilled
):
    made = tls.certificates()
    folder = make_backup(tmp_path / "usb", at=AT).folder
    for path in (folder / "keys", folder / "keys/demo.key", folder / "keys/tls", folder / "keys/tls/ca.key"):
        path.chmod(0o777)
    _move_to(tmp_path / "new")
    _restore(folder)
    publish.signing_key("demo")
    assert _mode(tmp_path / "new/keys") == _mode(tmp_path / "new/keys/tls") == "0o700"
    assert _mode(tmp_path / "new/keys/tls/ca.key") == "0o600"
    assert tls.certificates().fingerprint == made.fingerprint


def test_over_an_existing_home_only_when_asked_and_the_old_one_is_kept(
    stocked: Path, tmp_path: Path, undrilled
):
    folder = make_backup(tmp_path / "disk", at=AT).folder
    before = tree_of(stocked)
    with pytest.raises(LiuhenError) as refused:
        _restore(folder, replace=False)
    assert refused.value.code == "home_in_use"
    assert {k: v for k, v in tree_of(stocked).items() if not k.endswith((".lock", "-shm"))} == {
        k: v for k, v in before.items() if not k.endswith((".lock", "-shm"))
    }
    (stocked / "receipts/note.txt").write_bytes(b"kept")
    done = _restore(folder)
    assert (done.aside / "receipts/note.txt").read_bytes() == b"kept"
    assert (done.aside / "db.sqlite3").is_file()
    assert _mode(done.aside) == "0o700"
    assert _restore(folder).aside.name == f"{done.aside.name}-2"
    assert Recording.objects.count() == 6
    assert list(stocked.glob("restoring-*")) == []


@pytest.mark.parametrize("name", ["db.sqlite3", "keys/demo.key", "ledger/demo/checkpoint"])
@pytest.mark.parametrize("how", ["flipped", "missing", "a link"])
def test_a_damaged_backup_is_refused_by_name_before_anything_changes(
    stocked: Path, tmp_path: Path, undrilled, name: str, how: str
):
    folder = make_backup(tmp_path / "disk", at=AT).folder
    path = folder / name
    if how == "flipped":
        flip(path, 20)
    else:
        path.rename(tmp_path / "moved")
        if how == "a link":
            path.symlink_to(tmp_path / "moved")
    before = sorted(stocked.iterdir())
    with pytest.raises(LiuhenError) as refused:
        _restore(folder)
    assert refused.value.code == "backup_damaged"
    assert name in refused.value.message
    assert sorted(stocked.iterdir()) == before


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/outside",
        "keys/../../outside",
        "store/planted",
        "run/x.lock",
        "keys",
        "./db.sqlite3",
        "logs/x",
        "keys//x",
    ],
)
def test_a_manifest_that_leads_elsewhere_is_refused(stocked: Path, tmp_path: Path, undrilled, name: str):
    folder = make_backup(tmp_path / "disk", at=AT).folder
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][name] = sha256(b"planted")
    target = folder / name.lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"planted")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    before = sorted(stocked.iterdir())
    with pytest.raises(LiuhenError) as refused:
        _restore(folder)
    assert (refused.value.code, "路径" in refused.value.message) == ("backup_damaged", True)
    assert sorted(stocked.iterdir()) == before


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"files": {}}', '{"files": []}', '{"files": {"keys/a": 3}}']
)
def test_a_manifest_that_is_none_is_refused(stocked: Path, tmp_path: Path, text: str):
    folder = tmp_path / "no-backup"
    folder.mkdir()
    (folder / "manifest.json").write_text(text)
    with pytest.raises(LiuhenError) as refused:
        _restore(folder)
    assert refused.value.code == "backup_damaged"
    assert Recording.objects.count() == 6


def test_a_restore_cut_off_between_the_renames_can_be_done_again(
    stocked: Path, tmp_path: Path, undrilled, monkeypatch
):
    folder = make_backup(tmp_path / "disk", at=AT).folder
    real = restore._move_aside

    def killed(base, at):
        real(base, at)
        raise KeyboardInterrupt

    monkeypatch.setattr(restore, "_move_aside", killed)
    with pytest.raises(KeyboardInterrupt):
        _restore(folder)
    monkeypatch.undo()
    assert not (stocked / "db.sqlite3").exists()
    _restore(folder)
    assert Recording.objects.count() == 6
    assert verify_ledger(Agency.objects.get(code="demo")).ok


def test_while_a_card_is_taken_in_nothing_is_restored(stocked: Path, tmp_path: Path, undrilled):
    import os

    from liuhen.base import home as homes

    folder = make_backup(tmp_path / "disk", at=AT).folder
    fd = homes.try_lock("batch-alive")
    try:
        with pytest.raises(LiuhenError) as refused:
            _restore(folder)
    finally:
        os.close(fd)
    assert refused.value.code == "busy"


# -- history published after the backup


@pytest.fixture
def moved_on(stocked: Path, tmp_path: Path, undrilled):
    """A backup; then more was done and published."""
    folder = make_backup(tmp_path / "disk", at=AT).folder
    card = tmp_path / "later-card"
    card.mkdir()
    (card / "later.mp4").write_bytes(b"later")
    ingest_card(Request(card, Account.objects.get(username="custodian")), at=AT)
    return folder


def test_a_ledger_newer_than_the_backup_stays_in_force(stocked: Path, moved_on: Path):
    size, root = _size(), verify_ledger(Agency.objects.get(code="demo")).root
    done = _restore(moved_on)
    assert done.newer == ["demo"]
    assert publish.published("demo").size == size
    assert (stocked / "receipts/demo-YJ-2026-000003.json").is_file()
    report = rebuilding.rebuild(REPLAYERS, replace=True, at=AT)
    assert report.ok
    assert (_size(), verify_ledger(Agency.objects.get(code="demo")).root) == (size, root)
    assert Recording.objects.filter(name="later.mp4").exists()
    assert Receipt.objects.filter(number="demo-YJ-2026-000003").exists()


def test_the_restored_database_alone_cannot_sign_a_second_history(stocked: Path, moved_on: Path):
    """Before the rebuild: whoever acts is told, and the published head stays as it was."""
    _restore(moved_on)
    before = publish.published_note("demo")
    with pytest.raises(LiuhenError) as refused:
        _open_units(1)
    assert refused.value.code == "ledger_fork"
    assert publish.published_note("demo") == before
    assert not verify_ledger(Agency.objects.get(code="demo")).ok
    assert rebuilding.rebuild(REPLAYERS, replace=True, at=AT).ok
    _open_units(1, first=5)
    assert verify_ledger(Agency.objects.get(code="demo")).ok


def test_the_mirror_speaks_when_the_home_is_lost(doubled: Path, tmp_path: Path, undrilled):
    """The disk of the home died; the second store's disk has the longer ledger."""
    folder = make_backup(tmp_path / "disk", at=AT).folder
    _open_units(3)
    size = _size()
    from django.db import connection

    connection.close()
    for path in doubled.iterdir():
        if path.name not in ("second", "settings.yaml"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = _restore(folder)
    assert done.newer == ["demo"]
    assert publish.published("demo").size == size


def test_the_mirror_is_found_by_the_backups_own_settings_too(doubled: Path, tmp_path: Path, undrilled):
    """Nothing at all is left of the home but the second disk."""
    folder = make_backup(tmp_path / "disk", at=AT).folder
    _open_units(3)
    size = _size()
    second = tmp_path / "second-disk"
    shutil.copytree(doubled / "second", second)
    raw = (folder / "settings.yaml").read_bytes().replace(b"second/", f"{second}/".encode())
    (folder / "settings.yaml").write_bytes(raw)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["settings.yaml"] = sha256(raw)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    _move_to(tmp_path / "new")
    assert _restore(folder).newer == ["demo"]
    assert publish.published("demo").size == size


def test_an_older_home_gives_way_to_a_newer_backup(stocked: Path, tmp_path: Path, undrilled):
    old = tmp_path / "old-home"
    from django.db import connection

    connection.close()
    shutil.copytree(stocked, old)
    _open_units(4)
    size = _size()
    folder = make_backup(tmp_path / "disk", at=AT).folder
    _move_to(old)
    done = _restore(folder)
    assert (done.newer, _size()) == ([], size)
    assert verify_ledger(Agency.objects.get(code="demo")).ok


def test_two_histories_of_one_key_are_refused_whichever_is_longer(stocked: Path, tmp_path: Path, undrilled):
    other = tmp_path / "other-home"
    from django.db import connection

    connection.close()
    shutil.copytree(stocked, other)
    _open_units(2)
    folder = make_backup(tmp_path / "disk", at=AT).folder
    _move_to(other)
    for count in (1, 4):
        _open_units(count, first=100 * count)
        before = tree_of(other / "ledger")
        with pytest.raises(LiuhenError) as refused:
            _restore(folder)
        assert refused.value.code == "history_differs"
        assert tree_of(other / "ledger") == before
        assert Recording.objects.count() == 6


def test_a_newer_head_whose_ledger_is_damaged_is_not_thrown_away(stocked: Path, moved_on: Path):
    flip(max((stocked / "ledger/demo/tile/entries/000.p").iterdir(), key=lambda p: int(p.name)), 30)
    before = publish.published_note("demo")
    with pytest.raises(LiuhenError) as refused:
        _restore(moved_on)
    assert (refused.value.code, "登记簿" in refused.value.remedy) == ("history_differs", True)
    assert publish.published_note("demo") == before
    (stocked / "ledger/demo").rename(stocked.parent / "set-apart")  # a person decides
    assert _restore(moved_on).newer == []


def test_an_office_founded_since_the_backup_is_kept(stocked: Path, tmp_path: Path, undrilled):
    folder = make_backup(tmp_path / "disk", at=AT).folder
    services.found_office(
        code="young",
        name="新设单位",
        pack="",
        unit=("000000000001", "科"),
        system=Person("young-s", "甲"),
        security=Person("young-t", "乙"),
        at=AT,
    )
    done = _restore(folder)
    assert done.newer == ["young"]
    assert rebuilding.rebuild(REPLAYERS, replace=True, at=AT).ok
    assert set(Agency.objects.values_list("code", flat=True)) == {"demo", "other", "young"}
    publish.signing_key("young")


def test_another_offices_home_is_moved_aside_whole(stocked: Path, tmp_path: Path, undrilled):
    """Of the same name, with another key: a trial that the real office replaces."""
    from liuhen.base.office import make_ready
    from liuhen.base.people import cast

    folder = make_backup(tmp_path / "disk", at=AT).folder
    size = _size()
    _move_to(tmp_path / "trial")
    make_ready()
    cast.assemble(AT)
    _open_units(40)
    key = publish.vkeys_text("demo")
    done = _restore(folder)
    assert (done.newer, _size()) == ([], size)
    assert publish.vkeys_text("demo") != key
    assert (done.aside / "ledger/demo/vkey").read_text() == key


def test_what_was_witnessed_is_never_forgotten(stocked: Path, tmp_path: Path, undrilled):
    from liuhen.base.ledger.witness import witness

    agency = Agency.objects.get(code="demo")
    seen = Signer.generate("elsewhere.example/log")
    witness(agency, seen.sign(Checkpoint(seen.name, 1, b"\1" * 32)), seen.vkey, None, at=AT)
    folder = make_backup(tmp_path / "disk", at=AT).folder
    (path,) = (stocked / "witness").iterdir()
    later = seen.sign(Checkpoint(seen.name, 9, b"\2" * 32))
    path.write_text(later)
    _restore(folder)
    assert (stocked / "witness" / path.name).read_text() == later


def test_originals_are_not_touched(stocked: Path, tmp_path: Path, undrilled):
    folder = make_backup(tmp_path / "disk", at=AT).folder
    before = original_of(stocked, CLIP).stat().st_ino
    _restore(folder)
    assert original_of(stocked, CLIP).stat().st_ino == before


def test_adopted_regulations_come_back_with_a_backup(stocked: Path, tmp_path: Path, undrilled):
    from datetime import date

    from liuhen.base import packs
    from liuhen.base.rulebook.selectors import book_of
    from liuhen.base.rulebook.services import adopt, candidate
    from liuhen.core.rules.starter import write_starter

    write_starter(tmp_path / "mine")
    legal = Account.objects.get(username="legal")
    day = date(2026, 12, 1)
    adopt(candidate(tmp_path / "mine"), legal.agency, day, by=legal, at=AT)
    made = make_backup(tmp_path / "disk", at=AT)
    shutil.rmtree(packs.own_folder("my-regulation", "1"))
    _restore(made.folder)
    assert book_of(Account.objects.get(username="legal").agency).on(day).id == "my-regulation"
