"""The store fails: full, gone, read-only, damaged, or one of two away. Nothing stored is lost, the card is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ingest_office import (
    Watcher,
    assert_judged_valid,
    assert_sound,
    codes,
    entry_of,
    everything_on_the_card_is_stored,
    fates,
    numbers,
    result_of,
    stored_bytes,
    take,
)
from simulators.cards import SimCard

from liuhen.base import site
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.recordings.models import Copy, Recording
from liuhen.base.storage.repair import repair_stores
from liuhen.base.storage.stores import add_store, content_path, open_stores
from liuhen.core.blobs import faults
from liuhen.core.blobs.local_draft import LocalDraft, LocalWriter
from liuhen.core.ocfl.layout import object_path
from liuhen.stages.ingest.services import DatabaseFailedError


@pytest.fixture
def card(tmp_path) -> SimCard:
    card = SimCard(tmp_path)
    for letter in "abc":
        card.file(f"{letter}.mp4", f"content of {letter}".encode() * 100)
    return card


@pytest.fixture
def small_disk(home, tmp_path):
    """The whole home on 8 MiB of memory, as a disk that can be full."""
    from the_office import point_at

    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        shutil.copytree(home, disk / "home")
        point_at(disk / "home")
        yield disk / "home"
    finally:
        from django.db import connection

        connection.close()
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _fill(folder: Path, leave: int) -> Path:
    """Take all room on a disk but `leave` bytes."""
    status = os.statvfs(folder)
    path = folder / "ballast"
    with path.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, max(status.f_bavail * status.f_frsize - leave, 4096))
    return path


# -- one store


def test_a_store_that_is_not_mounted_is_refused_before_anything_is_read(home, people, card):
    (home / "store").rename(home / "unplugged")
    (home / "store").mkdir()
    before = Entry.objects.count()
    with pytest.raises(faults.StoreMissingError, match="怎么办"):
        take(people.custodian, card.root)
    assert Entry.objects.count() == before
    assert os.listdir(home / "store") == [], "the empty mount point was written to"


def test_a_store_that_goes_away_in_the_middle_fails_the_files_and_not_the_person(home, people, card):
    class Unplugging(Watcher):
        def listed(self, listing):
            (home / "store").rename(home / "unplugged")
            (home / "store").mkdir()

    outcome = take(people.custodian, card.root, progress=Unplugging())
    assert set(codes(outcome).values()) == {"store_missing"}
    assert not outcome.released and outcome.receipt is None
    assert os.listdir(home / "store") == []
    shutil.rmtree(home / "store")
    (home / "unplugged").rename(home / "store")
    assert_sound(people.custodian.agency)
    assert take(people.custodian, card.root).released
    assert numbers(people.custodian.agency) == [1, 2, 3]


def test_a_read_only_store_is_named_with_the_remedy(home, people, card, tmp_path):
    command = ["mount", "--bind", str(home / "store"), str(home / "store")]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(home / "store")], check=True)
        try:
            outcome = take(people.custodian, card.root)
            told = {result.reason for result in outcome.results}
            assert set(fates(outcome).values()) == {"failed"}
            assert all("怎么办" in sentence for sentence in told)
            assert not outcome.released
        except faults.StoreReadOnlyError as error:
            assert "只读" in str(error)
    finally:
        subprocess.run(["umount", "-l", str(home / "store")], check=True)
    assert take(people.custodian, card.root).released
    assert_sound(people.custodian.agency)


def test_a_full_store_fails_the_files_that_do_not_fit_and_the_next_run_completes(
    small_disk, people, tmp_path
):
    card = SimCard(tmp_path).file("small.mp4", os.urandom(1000))
    third = (
        (shutil.disk_usage(small_disk).free - 1_200_000) * 10 // 31
    )  # three fit, and leave the database room
    for place in range(4):
        card.file(f"big-{place}.mp4", os.urandom(third))
    (small_disk / "settings.yaml").write_text("reserve_mebibytes: 0\n", encoding="utf-8")
    outcome = take(people.custodian, card.root)
    states = fates(outcome)
    assert states["small.mp4"] == "stored"
    assert "stored" in {states[f"big-{place}.mp4"] for place in range(4)}
    assert set(codes(outcome).values()) <= {"disk_full", "does_not_fit"} and codes(outcome)
    assert not outcome.released and outcome.receipt is None
    assert_sound(people.custodian.agency)
    card_left = [path for path, state in states.items() if state != "stored"]
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk.parent)], check=True)
    again = take(people.custodian, card.root)
    assert {path for path, state in fates(again).items() if state == "stored"} == set(card_left)
    assert again.released
    assert_sound(people.custodian.agency)
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)


@pytest.mark.parametrize("leave", [0, 50_000, 150_000, 400_000])
def test_a_full_disk_under_database_and_store_ends_in_sentences_and_the_next_run_completes(
    small_disk, people, card, leave
):
    ballast = _fill(small_disk.parent, leave)
    (small_disk / "settings.yaml").unlink(missing_ok=True)
    try:
        outcome = take(people.custodian, card.root)
        assert all("怎么办" in result.reason for result in outcome.results if result.state != "stored")
        assert not outcome.released or set(fates(outcome).values()) == {"stored"}
    except (DatabaseFailedError, faults.DiskFullError) as error:
        assert "怎么办" in str(error)
    ballast.unlink()
    again = take(people.custodian, card.root)
    assert set(fates(again).values()) <= {"stored", "already"}
    assert again.released
    assert numbers(people.custodian.agency) == [1, 2, 3]
    assert_sound(people.custodian.agency)


def test_a_copy_that_reads_back_differently_is_not_stored(home, people, card, monkeypatch):
    real = LocalWriter.write

    def flipping(self, data):
        real(self, data.replace(b"content of b", b"content of B"))

    monkeypatch.setattr(LocalWriter, "write", flipping)
    outcome = take(people.custodian, card.root)
    assert codes(outcome) == {"b.mp4": "copy_differs"}
    assert "坏道" in result_of(outcome, "b.mp4").reason
    assert_sound(people.custodian.agency)


def test_an_error_after_the_object_appeared_is_made_good_by_the_next_run(home, people, card, monkeypatch):
    real = LocalDraft.publish

    def failing(self, at):
        real(self, at)
        raise faults.write_failed("主存储", at)

    monkeypatch.setattr(LocalDraft, "publish", failing)
    outcome = take(people.custodian, card.root)
    assert set(fates(outcome).values()) == {"failed"}
    assert not Recording.objects.exists()
    monkeypatch.setattr(LocalDraft, "publish", real)
    watcher = Watcher()
    again = take(people.custodian, card.root, progress=watcher)
    assert set(fates(again).values()) == {"already"}
    assert sum("现已补登" in sentence for sentence in watcher.said) == 3
    assert numbers(people.custodian.agency) == [1, 2, 3]
    assert again.released
    assert_sound(people.custodian.agency)


def test_a_commit_that_fails_leaves_the_object_to_the_next_run(home, people, card, monkeypatch):
    from liuhen.stages.ingest import commit

    real = commit.commit

    def failing(batch, sealed):
        if any(one.taken.file.path == "b.mp4" for one in sealed):
            raise RuntimeError("the row cannot be written")
        return real(batch, sealed)

    monkeypatch.setattr(commit, "commit", failing)
    outcome = take(people.custodian, card.root)
    assert fates(outcome) == {"a.mp4": "stored", "b.mp4": "failed", "c.mp4": "stored"}
    monkeypatch.setattr(commit, "commit", real)
    again = take(people.custodian, card.root)
    assert set(fates(again).values()) == {"already"}
    assert again.released
    assert_sound(people.custodian.agency)


# -- a damaged copy, and the card that still has the bytes


def _damage(recording: Recording, store=None) -> Path:
    store = store or open_stores().first()
    path = store.root / content_path(recording.urn, "v1", f"original/{recording.name}")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    return path


def test_a_damaged_stored_copy_is_healed_from_the_card_and_the_healing_is_in_the_ledger(home, people, card):
    take(people.custodian, card.root)
    recording = Recording.objects.get(name="b.mp4")
    _damage(recording)
    outcome = take(people.custodian, card.root)
    assert set(fates(outcome).values()) == {"already"}
    assert "已用" in (reason := result_of(outcome, "b.mp4").reason) or "修复" in reason
    assert stored_bytes(recording) == card.path("b.mp4").read_bytes()
    healing = Entry.objects.get(kind="recording.repaired")
    assert healing.subject == recording.urn and f"batch:{outcome.batch}" in healing.entry
    assert outcome.released
    assert_sound(people.custodian.agency)
    assert_judged_valid(home)


def test_a_missing_original_is_healed_from_the_card(home, people, card):
    take(people.custodian, card.root)
    _damage(Recording.objects.get(name="b.mp4")).unlink()
    assert take(people.custodian, card.root).released
    assert_sound(people.custodian.agency)


def test_a_link_in_the_place_of_an_original_is_replaced_and_not_followed(home, people, card, tmp_path):
    take(people.custodian, card.root)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"must stay")
    path = _damage(Recording.objects.get(name="b.mp4"))
    path.unlink()
    path.symlink_to(elsewhere)
    assert take(people.custodian, card.root).released
    assert elsewhere.read_bytes() == b"must stay"
    assert_sound(people.custodian.agency)


def test_an_object_that_is_gone_is_not_half_made_again_from_the_card(home, people, card):
    take(people.custodian, card.root)
    recording = Recording.objects.get(name="b.mp4")
    folder = home / "store" / object_path(recording.urn)
    shutil.rmtree(folder)
    outcome = take(people.custodian, card.root)
    told = result_of(outcome, "b.mp4")
    assert (told.state, told.code) == ("failed", "stored_copy_not_whole")
    assert "请勿清卡" in told.reason and "liuhen repair" in told.reason
    assert not folder.exists()
    assert not outcome.released and outcome.receipt is None


def test_a_row_that_was_altered_is_seen_when_the_card_comes_again(home, people, card):
    take(people.custodian, card.root)
    Recording.objects.filter(name="b.mp4").update(sha256="0" * 64)
    outcome = take(people.custodian, card.root)
    assert codes(outcome) == {"b.mp4": "row_differs"}
    assert not outcome.released


# -- two stores


@pytest.fixture
def second(home, tmp_path) -> Path:
    add_store("第二存储", str(tmp_path / "second"))
    return tmp_path / "second"


def test_with_two_stores_both_are_written_and_verified(home, people, card, second):
    outcome = take(people.custodian, card.root)
    assert outcome.released
    for recording in Recording.objects.all():
        assert set(recording.copies.values_list("store", flat=True)) == {"主存储", "第二存储"}
        assert entry_of(recording)["data"]["copies"] == ["主存储", "第二存储"]
    assert {result.copies for result in outcome.results} == {("主存储", "第二存储")}
    assert_sound(people.custodian.agency)
    assert_judged_valid(second)


def test_without_the_second_store_the_files_are_stored_the_card_is_kept_and_repair_then_releases(
    home, people, card, second
):
    (second / "store").rename(second / "unplugged")
    watcher = Watcher()
    outcome = take(people.custodian, card.root, progress=watcher)
    assert set(fates(outcome).values()) == {"stored"}
    assert any("第二存储" in sentence and "怎么办" in sentence for sentence in watcher.said)
    assert not outcome.released and outcome.receipt is None
    assert "副本份数不足" in outcome.note and "liuhen repair" in outcome.note
    (second / "unplugged").rename(second / "store")
    again = take(people.custodian, card.root)
    assert set(codes(again).values()) == {"stored_copy_not_whole"}, "one copy is too few, also when known"
    assert repair_stores(
        open_stores(), by=people.custodian, at=again.results and Copy.objects.first().verified_at
    ).ok
    last = take(people.custodian, card.root)
    assert set(fates(last).values()) == {"already"}
    assert last.released
    assert_sound(people.custodian.agency)


def test_a_second_store_that_is_full_is_missed_file_by_file_and_the_first_goes_on(
    home, people, card, second, monkeypatch
):
    real = LocalWriter.write

    def full(self, data):
        if self._store.name == "第二存储" and b"content of b" in bytes(data):
            raise faults.disk_full("第二存储", "b.mp4")
        real(self, data)

    monkeypatch.setattr(LocalWriter, "write", full)
    outcome = take(people.custodian, card.root)
    assert set(fates(outcome).values()) == {"stored"}
    assert "第二存储没有写入" in result_of(outcome, "b.mp4").reason
    assert result_of(outcome, "b.mp4").copies == ("主存储",)
    assert result_of(outcome, "a.mp4").copies == ("主存储", "第二存储")
    assert not outcome.released and "有 1 个文件的副本份数不足" in outcome.note
    for store in open_stores().there:
        assert store.drafts() == []


def test_a_second_store_that_fails_while_sealing_leaves_no_draft(home, people, card, second, monkeypatch):
    real = LocalDraft.publish

    def failing(self, at):
        if self._store.name == "第二存储":
            raise faults.write_failed("第二存储", at)
        real(self, at)

    monkeypatch.setattr(LocalDraft, "publish", failing)
    outcome = take(people.custodian, card.root)
    assert set(fates(outcome).values()) == {"stored"}
    assert not outcome.released
    for store in open_stores().there:
        assert store.drafts() == []


def test_an_office_may_ask_for_one_copy_of_two(home, people, card, second):
    site.save(site.load().model_copy(update={"copies_before_release": 1}))
    (second / "store").rename(second / "unplugged")
    outcome = take(people.custodian, card.root)
    assert outcome.released


def test_one_damaged_copy_of_two_is_healed_from_the_card(home, people, card, second):
    take(people.custodian, card.root)
    recording = Recording.objects.get(name="c.mp4")
    _damage(recording, open_stores().there[1])
    outcome = take(people.custodian, card.root)
    assert outcome.released
    assert "第二存储中的副本已损坏" in result_of(outcome, "c.mp4").reason
    assert_sound(people.custodian.agency)


# -- the ledger cannot be published


def test_a_ledger_that_cannot_be_published_keeps_the_card(home, people, card):
    class Blocking(Watcher):
        def listed(self, listing):
            (home / "ledger" / "demo").rename(home / "ledger" / "away")
            (home / "ledger" / "demo").write_text("not a folder")

    outcome = take(people.custodian, card.root, progress=Blocking())
    assert set(fates(outcome).values()) == {"stored"}
    assert not outcome.released and outcome.receipt is None
    assert "请勿清卡" in outcome.note
    (home / "ledger" / "demo").unlink()
    (home / "ledger" / "away").rename(home / "ledger" / "demo")
    again = take(people.custodian, card.root)
    assert set(fates(again).values()) == {"already"}
    assert again.released
    assert verify_ledger(people.custodian.agency).ok
    assert_sound(people.custodian.agency)
