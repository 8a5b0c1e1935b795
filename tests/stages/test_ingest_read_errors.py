"""The card fails while it is read: the other files are stored, the card is kept, the next run completes."""

from __future__ import annotations

import errno
import os

import pytest
from ingest_office import (
    Watcher,
    assert_sound,
    codes,
    everything_on_the_card_is_stored,
    fates,
    numbers,
    result_of,
    take,
)
from simulators.cards import SimCard, failing_read, short_read

from liuhen.base.recordings.models import Recording
from liuhen.core.digests import CHUNK
from liuhen.stages.ingest.models import Batch, Item, Receipt


def failing_for(marker: bytes, error: int, *, after: int = 0):
    """os.read that fails in the middle of the one file that begins with `marker`."""
    given: dict[int, int] = {}

    def read(fd: int, size: int) -> bytes:
        if os.pread(fd, len(marker), 0) != marker:
            return os.read(fd, size)
        if given.get(fd, 0) >= after:
            raise OSError(error, os.strerror(error))
        data = os.read(fd, min(size, after - given.get(fd, 0)))
        given[fd] = given.get(fd, 0) + len(data)
        return data

    return read


@pytest.fixture
def card(tmp_path) -> SimCard:
    card = SimCard(tmp_path).file("b.mp4", b"BAD" + bytes(3 * CHUNK))
    return card.file("a.mp4", b"good one").file("c.mp4", b"good two")


@pytest.mark.parametrize(
    ("error", "after", "code"),
    [
        (errno.EIO, 0, "read_error"),
        (errno.EIO, CHUNK + 5, "read_error"),
        (errno.ENODEV, CHUNK, "card_pulled"),
    ],
)
def test_a_file_that_cannot_be_read_fails_alone_and_the_next_run_completes(
    home, people, card, error, after, code
):
    outcome = take(people.custodian, card.root, read=failing_for(b"BAD", error, after=after))
    assert fates(outcome) == {"a.mp4": "stored", "b.mp4": "failed", "c.mp4": "stored"}
    assert codes(outcome) == {"b.mp4": code}
    assert "b.mp4" in result_of(outcome, "b.mp4").reason and "怎么办" in result_of(outcome, "b.mp4").reason
    assert not outcome.released and outcome.receipt is None and not Receipt.objects.exists()
    assert "1 项" in outcome.note and "请勿清卡" in outcome.note
    assert Batch.objects.get().state == Batch.State.KEPT
    assert Item.objects.get(path="b.mp4").state == "failed"
    assert_sound(people.custodian.agency)

    again = take(people.custodian, card.root)
    assert fates(again) == {"a.mp4": "already", "b.mp4": "stored", "c.mp4": "already"}
    assert again.released
    assert numbers(people.custodian.agency) == [1, 2, 3]
    assert_sound(people.custodian.agency)
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)


def test_a_card_pulled_at_once_fails_every_file_and_loses_none(home, people, card):
    outcome = take(people.custodian, card.root, read=failing_read(errno.ENODEV))
    assert set(fates(outcome).values()) == {"failed"}
    assert not Recording.objects.exists()
    assert_sound(people.custodian.agency)
    assert take(people.custodian, card.root).released
    assert numbers(people.custodian.agency) == [1, 2, 3]


def test_a_card_pulled_while_a_known_card_is_checked_is_no_reason_to_release_it(home, people, card):
    take(people.custodian, card.root)
    outcome = take(people.custodian, card.root, read=failing_for(b"BAD", errno.ENODEV, after=CHUNK))
    assert fates(outcome) == {"a.mp4": "already", "b.mp4": "failed", "c.mp4": "already"}
    assert not outcome.released
    assert Recording.objects.count() == 3


def test_a_card_whose_folder_is_gone_in_the_middle_is_told_file_by_file(home, people, card):
    class Pulling(Watcher):
        def listed(self, listing):
            card.root.rename(card.root.with_name("pulled"))

    outcome = take(people.custodian, card.root, progress=Pulling())
    assert set(codes(outcome).values()) == {"card_pulled"}
    assert len(outcome.results) == 3
    assert not outcome.released
    assert_sound(people.custodian.agency)


def test_a_file_deleted_after_listing_is_told(home, people, card):
    class Deleting(Watcher):
        def listed(self, listing):
            card.path("b.mp4").unlink()

    outcome = take(people.custodian, card.root, progress=Deleting())
    assert codes(outcome) == {"b.mp4": "file_vanished"}
    assert not outcome.released


@pytest.mark.parametrize("change", ["grow", "shrink", "touch"])
def test_a_file_that_changes_while_it_is_read_is_not_stored(home, people, card, change):
    path = card.path("b.mp4")
    seen = []

    def read(fd, size):
        data = os.read(fd, size)
        if not seen and os.fstat(fd).st_ino == path.stat().st_ino:
            seen.append(fd)
            if change == "grow":
                with path.open("ab") as out:
                    out.write(b"more")
            elif change == "shrink":
                os.truncate(path, 2 * CHUNK)
            else:
                os.utime(path, ns=(1, 1))
        return data

    outcome = take(people.custodian, card.root, read=read)
    assert codes(outcome) == {"b.mp4": "changed_while_reading"}
    assert_sound(people.custodian.agency)
    assert take(people.custodian, card.root).released
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)


@pytest.mark.parametrize("most", [1, 4093])
def test_short_reads_lose_no_byte(home, people, tmp_path, most):
    card = SimCard(tmp_path).file("a.mp4", os.urandom(20_000)).file("b.mp4", b"")
    assert take(people.custodian, card.root, read=short_read(most)).released
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)


def test_of_files_with_one_content_the_second_is_stored_when_the_first_cannot_be_read(home, people, tmp_path):
    card = SimCard(tmp_path).file("a.mp4", b"twin" * 9).file("b.mp4", b"twin" * 9).file("c.mp4", b"twin" * 9)
    inode = card.path("a.mp4").stat().st_ino

    def read(fd, size):
        if os.fstat(fd).st_ino == inode:
            raise OSError(errno.EIO, "bad sector")
        return os.read(fd, size)

    outcome = take(people.custodian, card.root, read=read)
    assert fates(outcome) == {"a.mp4": "failed", "b.mp4": "stored", "c.mp4": "already"}
    assert_sound(people.custodian.agency)


def test_an_unexpected_error_is_a_sentence_too(home, people, card):
    def read(fd, size):
        if os.pread(fd, 3, 0) == b"BAD":
            raise ZeroDivisionError
        return os.read(fd, size)

    outcome = take(people.custodian, card.root, read=read)
    assert codes(outcome) == {"b.mp4": "unexpected"}
    assert "怎么办" in result_of(outcome, "b.mp4").reason
    assert_sound(people.custodian.agency)
