"""What a dead batch left is settled by the next ingest: completed, given back, or named; and never in the way."""

from __future__ import annotations

import hashlib
import os
import threading
import uuid
from pathlib import Path

import pytest
from ingest_office import AT, StubAnalyser, Watcher, assert_sound, codes, fates, numbers, take
from simulators.cards import SimCard

from liuhen.base import home as homes
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording, Reservation, Series
from liuhen.base.storage.stores import content_path, open_stores
from liuhen.stages.ingest import book, recover
from liuhen.stages.ingest.models import Batch
from liuhen.stages.ingest.progress import Silent
from liuhen.stages.ingest.services import HomeFailedError


@pytest.fixture
def card(tmp_path) -> SimCard:
    return SimCard(tmp_path).file("a.mp4", b"alpha").file("b.mp4", b"beta")


class _DeadError(BaseException):
    """Stands for the death of the process: nothing catches it."""


def _die_before_commit(by, card, monkeypatch) -> None:
    """Objects stand, reservations are held, rows are missing: the worst moment."""

    def die(self, sealed):
        if sealed:
            raise _DeadError

    with monkeypatch.context() as patch:
        patch.setattr(book.Book, "commit", die)
        with pytest.raises(_DeadError):
            take(by, card)


def _standing_objects() -> list[Path]:
    return list(open_stores().first().root.rglob("0=ocfl_object_1.1"))


def test_an_object_without_a_row_gets_its_row_by_the_program(home, people, card, monkeypatch):
    _die_before_commit(people.custodian, card.root, monkeypatch)
    standing = len(_standing_objects())
    assert standing and not Recording.objects.exists()
    watcher = Watcher()
    outcome = take(people.custodian, card.root, progress=watcher)
    assert sorted(fates(outcome).values()) == sorted(["already"] * standing + ["stored"] * (2 - standing))
    assert sum("补登" in sentence for sentence in watcher.said) == standing
    entry = Entry.objects.filter(kind="recording.stored").order_by("position").first()
    assert '"name":"程序"' in entry.entry
    assert numbers(people.custodian.agency) == [1, 2]
    assert_sound(people.custodian.agency)


def test_a_damaged_object_without_a_row_is_named_and_its_content_stored_anew(home, people, card, monkeypatch):
    _die_before_commit(people.custodian, card.root, monkeypatch)
    for reservation in Reservation.objects.exclude(batch=""):
        for name in ("a.mp4", "b.mp4"):
            at = content_path(f"urn:uuid:{reservation.recording}", "v1", f"original/{name}")
            path = open_stores().first().root / at
            if path.exists():
                path.chmod(0o600)
                path.write_bytes(b"rot")
    watcher = Watcher()
    outcome = take(people.custodian, card.root, progress=watcher)
    assert set(fates(outcome).values()) == {"stored"}
    assert any("已损坏" in sentence for sentence in watcher.said)
    again = Watcher()
    assert take(people.custodian, card.root, progress=again).released
    assert again.said == [], "it is said once"


def test_a_reservation_of_a_living_batch_is_left_alone(home, people, card):
    agency = people.custodian.agency
    lock = homes.try_lock("batch-20261120100000-0a0a0a0a")
    Reservation.objects.create(
        agency=agency,
        sameness="x" * 64,
        recording=uuid.uuid4(),
        number="demo-YX-2026-000001",
        year=2026,
        batch="20261120100000-0a0a0a0a",
    )
    draft = open_stores().first().draft("20261120100000-0a0a0a0a-" + "b" * 32)
    draft.write("v1/content/x", b"at work")
    recover.recover_interrupted(agency, open_stores().there, at=AT, progress=Silent())
    assert Reservation.objects.get().batch
    assert open_stores().first().drafts() == [draft.key]
    os.close(lock)
    recover.recover_interrupted(agency, open_stores().there, at=AT, progress=Silent())
    assert Reservation.objects.get().batch == ""
    assert open_stores().first().drafts() == []


def test_drafts_that_are_not_of_an_ingest_are_not_ours_to_discard(home, people, card):
    store = open_stores().first()
    keys = ["restore-" + "0" * 32, f"repair-{uuid.uuid4()}", f"amend-{uuid.uuid4()}"]
    drafts = [store.draft(key) for key in keys]
    take(people.custodian, card.root)
    assert store.drafts() == sorted(keys)
    for draft in drafts:
        draft.discard()


def test_numbers_given_back_by_a_dead_batch_are_used_first(home, people, card, tmp_path, monkeypatch):
    from liuhen.stages.ingest import run

    def die(*_):
        raise _DeadError

    with monkeypatch.context() as patch:
        patch.setattr(run, "seal", die)
        with pytest.raises(_DeadError):
            take(people.custodian, card.root)
    other = SimCard(tmp_path, "other")
    for place in range(3):
        other.file(f"{place}.mp4", f"other {place}".encode())
    take(people.custodian, other.root)
    assert numbers(people.custodian.agency) == [1, 2, 3]
    take(people.custodian, card.root)
    assert numbers(people.custodian.agency) == [1, 2, 3, 4, 5]
    assert_sound(people.custodian.agency)


def test_the_numbers_of_failed_files_are_given_back_at_the_end_of_the_same_ingest(
    home, people, card, monkeypatch
):
    from liuhen.core.blobs import faults
    from liuhen.core.blobs.local_draft import LocalDraft

    def full(self, at):
        raise faults.disk_full("主存储", at)

    with monkeypatch.context() as patch:
        patch.setattr(LocalDraft, "publish", full)
        outcome = take(people.custodian, card.root)
    assert set(fates(outcome).values()) == {"failed"}
    assert set(Reservation.objects.values_list("batch", flat=True)) == {""}
    assert_sound(people.custodian.agency)


def test_what_cannot_be_settled_is_said_and_stops_no_card(home, people, card, monkeypatch):
    _die_before_commit(people.custodian, card.root, monkeypatch)
    for path in open_stores().first().root.rglob("record.json"):
        path.chmod(0o600)

    def odd(store, path):
        raise ValueError("nobody expected this")

    with monkeypatch.context() as patch:
        patch.setattr(recover, "validate_object", odd)
        watcher = Watcher()
        outcome = take(people.custodian, card.root, progress=watcher)
    assert any("仍未能整理" in sentence for sentence in watcher.said)
    assert outcome.results
    assert take(people.custodian, card.root).released
    assert_sound(people.custodian.agency)


def test_an_interrupted_batch_is_an_entry_of_the_ledger(home, people, card, monkeypatch):
    _die_before_commit(people.custodian, card.root, monkeypatch)
    dead = Batch.objects.get()
    assert dead.state == Batch.State.OPEN
    take(people.custodian, card.root)
    dead.refresh_from_db()
    assert dead.state == Batch.State.INTERRUPTED
    assert Entry.objects.filter(kind="batch.interrupted", subject=f"batch:{dead.key}").count() == 1


def test_a_person_who_stops_the_ingest_leaves_no_draft_and_no_worker(home, people, tmp_path):
    card = SimCard(tmp_path)
    for place in range(30):
        card.file(f"{place:02d}.bin", os.urandom(50_000 + place))

    class Stopping(Watcher):
        def done(self, result):
            super().done(result)
            if len(self.results) == 5:
                raise KeyboardInterrupt

    analyser = StubAnalyser()
    with pytest.raises(KeyboardInterrupt):
        take(people.custodian, card.root, progress=Stopping(), analyser=analyser)
    assert analyser.closed
    assert open_stores().first().drafts() == []
    stored = Recording.objects.count()
    assert stored >= 5
    outcome = take(people.custodian, card.root)
    assert outcome.released
    assert len(numbers(people.custodian.agency)) == 30
    assert_sound(people.custodian.agency)


def test_a_person_who_stops_the_ingest_does_not_wait_for_a_big_file_to_be_read(home, people, tmp_path):
    card = SimCard(tmp_path).file("a.mp4", b"small").sparse("b.mp4", 256 << 20)
    stopped, given = threading.Event(), []

    def read(fd, size):
        if os.fstat(fd).st_size > 1 << 20 and given:
            stopped.wait(60)
        if os.fstat(fd).st_size > 1 << 20:
            given.append(size)
        return os.read(fd, size)

    class Stopping(Watcher):
        def done(self, result):
            stopped.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(people.custodian, card.root, read=read, progress=Stopping())
    assert sum(given) < 256 << 20
    assert open_stores().first().drafts() == []


def test_locks_of_finished_batches_are_not_left_behind(home, people, card):
    take(people.custodian, card.root)
    left = [path.name for path in (home / "run").iterdir() if path.name.startswith("batch-")]
    assert left == []


# -- another card at the same moment


def test_content_stored_meanwhile_from_another_card_is_found_and_not_stored_twice(
    home, people, card, tmp_path, monkeypatch
):
    """The other card's rows appear between the look for them and the reservation."""
    from liuhen.stages.ingest.run import Run

    other = SimCard(tmp_path, "other").file("x.mp4", b"alpha").file("y.mp4", b"beta")
    real, others = Run._reserve, []

    def after_the_other_card(self, wishes):
        if not others:
            others.append(None)
            others[0] = take(people.custodian, other.root)
        return real(self, wishes)

    monkeypatch.setattr(Run, "_reserve", after_the_other_card)
    outcome = take(people.custodian, card.root)
    assert set(fates(others[0]).values()) == {"stored"}
    assert set(fates(outcome).values()) == {"already"}
    assert outcome.released
    assert numbers(people.custodian.agency) == [1, 2]
    assert_sound(people.custodian.agency)


def test_content_being_stored_from_another_card_waits_for_a_next_run(home, people, card):
    agency = people.custodian.agency
    lock = homes.try_lock("batch-20261120100000-0b0b0b0b")
    Reservation.objects.create(
        agency=agency,
        sameness=hashlib.sha256(b"beta").hexdigest(),
        recording=uuid.uuid4(),
        number="demo-YX-2026-000001",
        year=2026,
        batch="20261120100000-0b0b0b0b",
    )
    Series.objects.create(agency=agency, kind="YX", year=2026, last=1)
    outcome = take(people.custodian, card.root)
    assert fates(outcome) == {"a.mp4": "stored", "b.mp4": "failed"}
    assert codes(outcome) == {"b.mp4": "being_stored"}
    assert not outcome.released
    os.close(lock)
    again = take(people.custodian, card.root)
    assert fates(again) == {"a.mp4": "already", "b.mp4": "stored"}
    assert numbers(agency) == [1, 2]
    assert_sound(agency)


def test_the_data_folder_that_cannot_be_written_is_a_sentence(home, people, card, monkeypatch):
    def full(name):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(homes, "try_lock", full)
    with pytest.raises(HomeFailedError, match=r"磁盘已满.*怎么办"):
        take(people.custodian, card.root)
