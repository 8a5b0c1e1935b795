"""Tiles and checkpoint follow the rows, whatever stops the program between the two."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_sim import AT, flip, folder, grow, published_ledger, sql, tile

from liuhen.base import site
from liuhen.base.ledger import proofs, publish, walk
from liuhen.base.ledger.append import PROGRAM, append
from liuhen.base.ledger.models import Entry, Head
from liuhen.base.ledger.verify import verify_ledger
from liuhen.core import durable
from liuhen.core.errors import DamagedError, StorageError
from liuhen.core.tlog.checkpoint import open_checkpoint
from liuhen.core.tlog.merkle import leaf_hash
from liuhen.core.tlog.proof import verify_inclusion
from liuhen.core.tlog.tile_files import TileError, TileFiles


@pytest.fixture
def agency(people):
    return people.custodian.agency


def _note(agency):
    with transaction.atomic():
        row = append(agency, "test.noted", "thing:1", by=PROGRAM, at=AT, data={})
        publish.soon(agency)
    return row


def test_an_entry_committed_just_before_a_crash_is_published_by_the_next_one(agency):
    size = Head.objects.get(agency=agency).size
    with transaction.atomic():  # the process dies between commit and publishing
        append(agency, "test.noted", "thing:1", by=PROGRAM, at=AT, data={})
    assert publish.published(agency.code).size == size
    assert verify_ledger(agency).ok
    _note(agency)
    assert publish.published(agency.code).size == size + 2
    assert verify_ledger(agency).ok


class _FullDisk:
    """Every write after the first `room` calls fails, as on a disk without room."""

    def __init__(self, room):
        self.room = room

    def __call__(self, fd, data):
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= 1
        return _write(fd, data)


_write = os.write


def test_a_full_disk_at_any_write_leaves_what_was_published_and_the_next_publish_goes_on(agency, monkeypatch):
    grow(agency, 600)
    before = publish.published_note(agency.code)
    broken_off = 0
    while True:
        with monkeypatch.context() as patch:
            patch.setattr(durable.os, "write", _FullDisk(1))  # room for one file more each time
            try:
                publish.publish(agency)
                break
            except StorageError as error:
                assert error.code == "ledger_not_published"
        assert publish.published_note(agency.code) == before
        assert verify_ledger(agency).ok, broken_off
        broken_off += 1
    assert broken_off == 7  # three bundles, an inner tile, three leaf tiles; then the checkpoint has room
    assert publish.published(agency.code).size == 600
    assert verify_ledger(agency).ok


def test_an_act_whose_checkpoint_cannot_be_written_has_been_done_all_the_same(agency, monkeypatch):
    size = Head.objects.get(agency=agency).size
    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "write", _FullDisk(0))
        with pytest.raises(publish.NotPublishedError, match="已经记下"):
            _note(agency)
    assert Entry.objects.filter(agency=agency).count() == size + 1
    publish.publish(agency)
    assert verify_ledger(agency).ok


def test_a_batch_is_published_once_at_its_end_also_when_it_fails(agency, monkeypatch):
    published = []
    real = publish._publish
    monkeypatch.setattr(publish, "_publish", lambda one: published.append(one.code) or real(one))
    with pytest.raises(ZeroDivisionError), publish.batched():
        with publish.batched():
            _note(agency)
        _note(agency)
        assert published == []
        raise ZeroDivisionError
    assert published == [agency.code]
    assert publish.published(agency.code).size == Head.objects.get(agency=agency).size


def test_one_agencys_fork_keeps_no_other_agency_unpublished(agency, people):
    other = people.stranger.agency
    last = Head.objects.get(agency=agency).size - 1
    with pytest.raises(publish.ForkError), publish.batched():
        _note(agency)
        _note(other)
        sql(
            "UPDATE ledger_entry SET entry = entry || ' ' WHERE agency_id = %s AND position = %s",
            agency.pk,
            last,
        )
    assert publish.published(other.code).size == Head.objects.get(agency=other).size


_PUBLISHER = """
import os, django
django.setup()
from django.db import transaction
from liuhen.base.ledger import publish
from liuhen.base.ledger.append import PROGRAM, append
from liuhen.base.people.models import Agency
from datetime import UTC, datetime
agency = Agency.objects.get(code="demo")
for number in range(40):
    with transaction.atomic():
        append(agency, "test.noted", f"p:{os.getpid()}", by=PROGRAM, at=datetime(2026, 11, 20, tzinfo=UTC), data={})
        publish.soon(agency)
"""


@pytest.mark.slow
def test_two_processes_append_and_publish_at_once(agency, home):
    size = Head.objects.get(agency=agency).size
    env = {**os.environ, "LIUHEN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "liuhen.config.settings"}
    command = [sys.executable, "-c", _PUBLISHER]
    running = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate()[1] for process in running]
    assert errors == ["", ""]
    assert publish.published(agency.code).size == size + 80
    report = verify_ledger(agency)
    assert (report.ok, report.size) == (True, size + 80)


def test_the_second_store_gets_the_published_ledger_and_catches_up_when_it_was_away(agency, tmp_path):
    from liuhen.base.storage.stores import add_store

    disk = tmp_path / "disk"
    add_store("第二存储", str(disk))
    grow(agency, 300)
    publish.publish(agency)
    (mirror,) = publish.mirror_folders(agency.code)
    assert (mirror / "checkpoint").read_text() == publish.published_note(agency.code)
    disk.rename(tmp_path / "unplugged")
    grow(agency, 600)
    publish.publish(agency)
    assert not disk.exists()
    (tmp_path / "unplugged").rename(disk)
    _note(agency)
    assert (mirror / "checkpoint").read_text() == publish.published_note(agency.code)
    names = sorted(path.relative_to(mirror) for path in (mirror / "tile").rglob("*") if path.is_file())
    for name in names:
        assert (mirror / name).read_bytes() == (folder(agency) / name).read_bytes()
    assert site.load().stores[1].name == "第二存储"


def test_a_proof_from_altered_tiles_is_never_handed_out_as_good(agency):
    published_ledger(agency, 700)
    flip(tile(agency, 0, 0), 3 * 32)
    found = proofs.prove_entry(agency, 2)
    checkpoint = open_checkpoint(found.note, publish.vkeys_of(agency.code))
    with pytest.raises(DamagedError):
        verify_inclusion(2, checkpoint.size, leaf_hash(found.entry), found.hashes, checkpoint.root)


@pytest.mark.parametrize("position", [0, 255, 256, 511, 512, 699])
def test_every_entry_can_be_proven(agency, position):
    published_ledger(agency, 700)
    found = proofs.prove_entry(agency, position)
    checkpoint = open_checkpoint(found.note, publish.vkeys_of(agency.code))
    verify_inclusion(position, checkpoint.size, leaf_hash(found.entry), found.hashes, checkpoint.root)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=1, max_size=5))
def test_however_it_grew_it_verifies_and_every_two_checkpoints_are_consistent(agency, steps):
    notes = [publish.publish(agency)]
    for count, then_publish in steps:
        grow(agency, Head.objects.get(agency=agency).size + count)
        if then_publish:
            notes.append(publish.publish(agency))
        assert verify_ledger(agency).ok
    for note in notes:
        assert proofs.prove_consistency(agency, note)["ok"]


@pytest.fixture
def long_agency(agency, monkeypatch):
    """Long enough for the second process, which is asked from 1,024 entries on here."""
    monkeypatch.setattr(walk, "WORTH_TWO", 1024)
    return published_ledger(agency, 1400)


def _found(agency):
    return [(finding.position, finding.code) for finding in verify_ledger(agency).findings]


def test_a_long_ledger_is_shared_with_a_second_process_and_the_root_is_the_same(long_agency, monkeypatch):
    asked = []
    real = walk.begun
    monkeypatch.setattr(walk, "begun", lambda share: asked.append((share.first, share.stop)) or real(share))
    report = verify_ledger(long_agency)
    assert asked == [(2, 5)]
    assert (report.ok, report.root) == (True, publish.published(long_agency.code).root)


@pytest.mark.parametrize("position", [100, 600, 1279, 1399])
def test_what_the_second_process_does_not_find_sound_is_named_as_ever(long_agency, position):
    sql(
        "UPDATE ledger_entry SET entry = entry || ' ' WHERE agency_id = %s AND position = %s",
        long_agency.pk,
        position,
    )
    sql("UPDATE ledger_entry SET kind = 'x' WHERE agency_id = %s AND position = 800", long_agency.pk)
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position = 900", long_agency.pk)
    expected = [(position, "row_altered"), (800, "column_altered"), (900, "row_missing")]
    assert _found(long_agency) == sorted(expected)


def test_damage_in_the_second_half_of_the_files_is_named_as_ever(long_agency):
    flip(tile(long_agency, 0, 3), 32)
    tile(long_agency, "entries", 4).unlink()
    assert _found(long_agency) == [(769, "tile_altered"), (1024, "tile_damaged")]


@pytest.mark.parametrize("executable", ["/bin/false", "/bin/true"])
def test_without_the_second_process_the_first_does_it_all(long_agency, monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    assert _found(long_agency) == []
    sql("UPDATE ledger_entry SET kind = 'x' WHERE agency_id = %s AND position = 800", long_agency.pk)
    assert _found(long_agency) == [(800, "column_altered")]


@pytest.mark.parametrize("position", [511, 767, 1023])
def test_a_page_without_its_last_row_is_named_in_either_half(long_agency, position):
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position = %s", long_agency.pk, position)
    assert _found(long_agency) == [(position, "row_missing")]


def test_a_partial_tile_that_gives_way_while_it_is_read_is_no_damage(agency, monkeypatch):
    """The publisher drops a partial tile when the full one stands; whoever was about to read it looks again."""
    published_ledger(agency, 700)
    real, gone = TileFiles.read, []

    def read(self, path):
        if path.name == "188" and path not in gone:
            gone.append(path)
            raise TileError("日志文件缺失。", remedy="再读。")
        return real(self, path)

    monkeypatch.setattr(TileFiles, "read", read)
    assert verify_ledger(agency).ok
    assert len(gone) == 2  # hash tile and bundle


def test_nothing_is_signed_over_tiles_that_no_longer_give_the_signed_root(agency):
    published_ledger(agency, 700)
    before = publish.published_note(agency.code)
    flip(tile(agency, 1, 0, 2), 3)
    with pytest.raises(publish.ForkError):
        _note(agency)
    assert publish.published_note(agency.code) == before
