"""Cards at the docks: found without being touched, guessed at, and named by their key alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ingest_office import take
from simulators.cards import SimCard

from liuhen.base import site
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.stages.ingest import docks


@pytest.fixture
def dock(home: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "dock"
    folder.mkdir()
    site.save(site.SiteSettings(dock_paths=[str(folder)]))
    return folder


def _found(people, name="custodian"):
    return docks.candidates(getattr(people, name))


def test_folders_below_a_dock_path_are_cards_and_empty_ones_are_not(people, dock):
    SimCard(dock, "CARD-1").recording(1).recording(2)
    SimCard(dock, "EMPTY")
    SimCard(dock, ".hidden").recording(1)
    (dock / "a file").write_bytes(b"x")
    (found,) = _found(people)
    assert (found.label, found.look.files, found.look.more) == ("CARD-1", 2, False)
    assert found.look.bytes == sum(path.stat().st_size for path in (dock / "CARD-1").rglob("*.mp4"))
    assert (found.used, found.total) == (0, 0), "the room on our own disk is not the card's"


def test_a_link_at_a_dock_is_not_followed(people, dock, tmp_path):
    SimCard(tmp_path, "elsewhere").recording(1)
    (dock / "link").symlink_to(tmp_path / "elsewhere")
    assert _found(people) == []


def test_looking_changes_nothing_on_the_card_not_even_the_time_of_last_access(people, dock):
    card = SimCard(dock, "CARD").recording(1).file("config.ini", b"DeviceID=4701A01\n")
    before = {path: path.stat() for path in card.root.rglob("*")}
    _found(people)
    after = {path: path.stat() for path in card.root.rglob("*")}
    assert {
        path: (s.st_atime_ns, s.st_mtime_ns, s.st_size) for path, s in before.items() if path.is_file()
    } == {path: (s.st_atime_ns, s.st_mtime_ns, s.st_size) for path, s in after.items() if path.is_file()}


def test_the_registered_recorder_its_names_agree_on_is_offered(people, dock):
    SimCard(dock, "CARD").recording(1)
    (found,) = _found(people)
    assert (found.serial, found.device) == ("A000001", None)
    kind = Device.Kind.BODY_RECORDER
    from the_office import AT

    register_device(people.custodian.unit, "A000001", kind, by=people.custodian, at=AT)
    (found,) = _found(people)
    assert found.device.serial == "A000001"


def test_the_card_of_another_offices_recorder_is_not_shown(people, dock):
    from the_office import AT

    SimCard(dock, "CARD").recording(1)
    unit, kind = people.stranger.agency.units.get(), Device.Kind.BODY_RECORDER
    assert len(_found(people)) == 1
    register_device(unit, "A000001", kind, by=people.stranger, at=AT)
    assert _found(people) == []
    assert _found(people, "stranger")[0].device.serial == "A000001"


def test_names_of_two_recorders_offer_neither(people, dock):
    card = SimCard(dock, "CARD").recording(1)
    card.file("DCIM/20260716/B000002_000012_20260716093002_0002.mp4", b"x")
    (found,) = _found(people)
    assert (found.serial, found.device) == (None, None)


def test_a_card_that_was_taken_in_shows_that_nothing_on_it_is_new(people, dock):
    card = SimCard(dock, "CARD").recording(1).recording(2)
    assert not _found(people)[0].nothing_new
    take(people.custodian, card.root)
    assert _found(people)[0].nothing_new
    card.recording(3)
    (found,) = _found(people)
    assert (found.known, found.look.files, found.nothing_new) == (2, 3, False)
    assert _found(people, "stranger")[0].known == 0, "another office's records are not ours to tell"


def test_a_first_look_ends_after_so_many_files(people, dock, monkeypatch):
    monkeypatch.setattr(docks, "LOOK", 5)
    card = SimCard(dock, "CARD")
    for number in range(9):
        card.recording(number)
    (found,) = _found(people)
    assert (found.look.files, found.look.more) == (5, True)


def test_our_own_home_is_no_card(people, home):
    site.save(site.SiteSettings(dock_paths=[str(home), str(home.parent)]))
    assert [one for one in _found(people) if one.path.is_relative_to(home)] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: mounting needs root")
def test_a_mounted_volume_is_found_below_a_dock_path_at_any_depth(people, dock):
    import subprocess

    place = dock / "user" / "VOLUME"
    place.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"NOT TESTED: this machine does not mount ({done.stderr.decode().strip()})")
    try:
        (place / "a.mp4").write_bytes(b"x")
        (found,) = _found(people)
        assert (found.label, found.path) == ("VOLUME", place)
        assert 0 < found.used < found.total
    finally:
        subprocess.run(["umount", place], check=True)


def test_mounts_are_read_with_their_blanks_and_only_those_of_a_whole_disk(tmp_path):
    mounts, blocks = tmp_path / "mountinfo", tmp_path / "block"
    mounts.write_text(
        "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "30 21 8:17 / /media/user/NO\\040NAME rw - vfat /dev/sdb1 rw\n"
        "31 21 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
        "32 21 8:2 / /data rw - ext4 /dev/sda2 rw\n"
    )
    for name, removable in (("sdb", "1"), ("sda", "0")):
        (tmp_path / "devices" / name / f"{name}1").mkdir(parents=True)
        (tmp_path / "devices" / name / "removable").write_text(removable)
    blocks.mkdir()
    (blocks / "8:17").symlink_to(tmp_path / "devices" / "sdb" / "sdb1")
    (blocks / "8:2").symlink_to(tmp_path / "devices" / "sda" / "sda1")
    assert list(docks._mounted(mounts, blocks)) == [
        (Path("/media/user/NO NAME"), True),
        (Path("/data"), False),
    ]


@pytest.mark.parametrize(
    "name", ["officer", "head", "principal", "legal", "archivist", "auditor", "sysadmin", "secadmin"]
)
def test_whoever_may_take_no_card_in_is_told_of_none(people, dock, name):
    card = SimCard(dock, "CARD").recording(1)
    (found,) = _found(people)
    assert _found(people, name) == []
    with pytest.raises(NotFoundError):
        docks.candidate_named(found.key, getattr(people, name))
    assert card.root.exists()


def test_a_card_is_named_by_its_key_and_gone_when_it_is_pulled(people, dock):
    card = SimCard(dock, "CARD").recording(1)
    (found,) = _found(people)
    assert docks.candidate_named(found.key, people.custodian).path == card.root
    for guess in ("", "..", "/etc", str(card.root), found.key.upper() + "0"):
        with pytest.raises(NotFoundError):
            docks.candidate_named(guess, people.custodian)
    card.root.rename(dock.parent / "pulled")
    with pytest.raises(NotFoundError) as refused:
        docks.candidate_named(found.key, people.custodian)
    assert "怎么办" in str(refused.value)
