"""What cards and hands do wrong: each has its state, its Chinese sentence with the next step, and loses nothing."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from ingest_office import (
    AT,
    StubAnalyser,
    Watcher,
    assert_judged_valid,
    assert_sound,
    assert_told_alike,
    codes,
    everything_on_the_card_is_stored,
    fates,
    record_of,
    result_of,
    stored_bytes,
    take,
)
from simulators.cards import SimCard

from liuhen.base.acts import NotAllowedError
from liuhen.base.devices.models import ClockReading
from liuhen.base.devices.services import UnknownDeviceError
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry
from liuhen.base.people import services as people_services
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.core.cards.errors import CardEmptyError, CardMissingError, CardUnreadableError
from liuhen.core.errors import UsageError
from liuhen.core.media.sandbox import Analyser
from liuhen.core.tlog.keys import KeyFileError
from liuhen.stages.ingest.docking import CardBusyError, hold_card
from liuhen.stages.ingest.models import Batch, Item


def _refused(error, by, card, **more):
    """The refusal comes before anything is changed, and says what to do."""
    before = Entry.objects.count()
    with pytest.raises(error) as caught:
        take(by, card, **more)
    assert "怎么办：" in str(caught.value)
    assert Entry.objects.count() == before
    assert not Batch.objects.exists()
    return str(caught.value)


# -- the card itself


def test_a_card_that_is_not_there_is_refused(home, people, tmp_path):
    assert "没插好" in _refused(CardMissingError, people.custodian, tmp_path / "没插好")


def test_a_card_that_cannot_be_read_is_refused(home, people, tmp_path):
    os.mkfifo(tmp_path / "card")
    _refused(CardUnreadableError, people.custodian, tmp_path / "card")


def test_an_empty_card_is_refused(home, people, tmp_path):
    assert "没有任何文件" in _refused(CardEmptyError, people.custodian, SimCard(tmp_path).root)


def test_a_card_of_empty_folders_is_an_empty_card(home, people, tmp_path):
    card = SimCard(tmp_path)
    (card.root / "DCIM" / "100MEDIA").mkdir(parents=True)
    _refused(CardEmptyError, people.custodian, card.root)


def test_an_unknown_device_is_refused_and_named(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1)
    assert "XX999" in _refused(UnknownDeviceError, people.custodian, card.root, device="XX999")


def test_a_shown_clock_without_a_known_device_is_wrong_usage_and_leaves_no_reading(home, people, tmp_path):
    card = SimCard(tmp_path).file("a.mp4")
    _refused(UsageError, people.custodian, card.root, device_clock=AT)
    assert not ClockReading.objects.exists()


def test_the_same_card_in_two_hands_is_refused_to_the_second(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1)
    with hold_card(card.root):
        _refused(CardBusyError, people.custodian, card.root)
    assert take(people.custodian, card.root).released


def test_the_same_card_by_another_path_is_the_same_card(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1)
    (tmp_path / "link").symlink_to(card.root)
    with hold_card(card.root):
        _refused(CardBusyError, people.custodian, tmp_path / "link")


# -- who


@pytest.mark.parametrize("name", ["officer", "head", "sysadmin", "secadmin", "auditor", "archivist", "legal"])
def test_only_the_custodian_takes_a_card_in(home, people, tmp_path, name):
    card = SimCard(tmp_path).recording(1)
    _refused(NotAllowedError, getattr(people, name), card.root)


def test_a_clock_shown_to_the_wrong_person_is_not_kept_either(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1)
    _refused(NotAllowedError, people.officer, card.root, device="4701A01", device_clock=AT)
    assert not ClockReading.objects.exists()


def test_a_closed_account_takes_no_card_in(home, people, tmp_path):
    people_services.close_account(people.custodian, reason="调离", by=people.sysadmin, at=AT)
    card = SimCard(tmp_path).recording(1)
    _refused(NotAllowedError, Account.objects.get(username="custodian"), card.root)


def test_a_stranger_knows_nothing_of_our_recorder(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1)
    _refused(UnknownDeviceError, people.stranger, card.root, device="4701A01")


# -- the key


def test_a_missing_key_is_said_before_the_work(home, people, tmp_path):
    publish.key_path("demo").unlink()
    _refused(KeyFileError, people.custodian, SimCard(tmp_path).recording(1).root)


def test_a_key_that_others_can_read_is_said_before_the_work(home, people, tmp_path):
    publish.key_path("demo").chmod(0o644)
    _refused(KeyFileError, people.custodian, SimCard(tmp_path).recording(1).root)
    publish.key_path("demo").chmod(0o600)
    assert take(people.custodian, SimCard(tmp_path, "other").recording(1).root).released


# -- names


def _all_stored(people, card, count):
    outcome = take(people.custodian, card.root)
    assert list(fates(outcome).values()) == ["stored"] * count
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)
    assert_sound(people.custodian.agency)
    for recording in Recording.objects.all():
        assert_told_alike(recording)
    return outcome


def test_a_name_in_gbk_bytes_is_read_by_people_and_kept_as_bytes(home, people, tmp_path):
    card = SimCard(tmp_path).gbk("现场录像.mp4")
    outcome = _all_stored(people, card, 1)
    assert list(fates(outcome)) == ["现场录像.mp4"]
    original = record_of(Recording.objects.get())["original"]
    assert bytes.fromhex(original["raw_path"]) == "现场录像.mp4".encode("gbk")
    assert original["name_encoding"] == "gbk"
    assert_judged_valid(home)


def test_a_gbk_name_and_its_utf8_twin_are_two_records_with_two_names(home, people, tmp_path):
    card = SimCard(tmp_path).gbk("现场.mp4", b"one").file("现场.mp4", b"two")
    assert len(fates(_all_stored(people, card, 2))) == 2


def test_bytes_that_are_no_text_are_shown_escaped_and_kept(home, people, tmp_path):
    card = SimCard(tmp_path).undecodable()
    assert list(fates(_all_stored(people, card, 1))) == ["caf\\xe9.mp4"]
    assert_judged_valid(home)


def test_names_that_look_like_paths_or_options_are_plain_names(home, people, tmp_path):
    card = SimCard(tmp_path).dotdot_names()
    _all_stored(people, card, 8)
    assert_judged_valid(home)
    assert not (home / "secret.mp4").exists() and not (home.parent / "secret.mp4").exists()


def test_names_that_would_disturb_a_terminal_are_shown_harmless(home, people, tmp_path):
    card = SimCard(tmp_path).file("a\x1b[2J.mp4", b"1").file("gpj\u202e.exe", b"2").file("new\nline", b"3")
    outcome = _all_stored(people, card, 3)
    assert not any(char in path for path in fates(outcome) for char in "\x1b\u202e\n")
    assert_judged_valid(home)


def test_the_longest_names_and_paths_are_kept(home, people, tmp_path):
    card = SimCard(tmp_path).longest_name().deep(20)
    folder = "/".join([os.fsdecode(b"\xff" * 255)] * 5)
    card.file(os.fsencode(f"{folder}/x.mp4"), b"5,120 characters when shown")
    _all_stored(people, card, 3)
    assert max(len(item.path) for item in Item.objects.all()) > 4096
    assert_judged_valid(home)


def test_names_that_differ_by_case_alone_are_both_stored_and_said(home, people, tmp_path):
    card = SimCard(tmp_path).case_twins()
    outcome = _all_stored(people, card, 2)
    assert all("大小写" in result.reason for result in outcome.results)
    assert {stored_bytes(row) for row in Recording.objects.all()} == {b"small", b"LARGE"}


# -- what is no file


def test_links_pipes_and_sockets_are_refused_and_listed_and_the_files_stored(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1).symlink("b.mp4").fifo("pipe.mp4").socket("sock")
    card.symlink("loop", card.root)
    outcome = take(people.custodian, card.root)
    assert sorted(fates(outcome).values()) == ["refused"] * 4 + ["stored"]
    assert set(codes(outcome).values()) == {"symlink", "fifo", "socket"}
    assert all("怎么办" in result.reason for result in outcome.results if result.state == "refused")
    assert not outcome.released
    assert outcome.receipt is not None
    assert "拒收" in outcome.note
    assert Batch.objects.get().state == Batch.State.KEPT
    assert Item.objects.filter(state="refused").count() == 4
    assert_sound(people.custodian.agency)


def test_device_nodes_are_refused_and_never_opened(home, people, tmp_path):
    card = SimCard(tmp_path).recording(1)
    try:
        os.mknod(card.path("null.mp4"), stat.S_IFCHR | 0o600, os.makedev(1, 3))
        os.mknod(card.path("disk.mp4"), stat.S_IFBLK | 0o600, os.makedev(7, 0))
    except PermissionError:
        pytest.skip("device nodes cannot be made here")
    outcome = take(people.custodian, card.root)
    assert codes(outcome) == {"null.mp4": "char_device", "disk.mp4": "block_device"}
    assert not outcome.released


def test_a_card_with_nothing_but_links_is_told_and_not_released(home, people, tmp_path):
    outcome = take(people.custodian, SimCard(tmp_path).symlink("a.mp4").root)
    assert fates(outcome) == {"a.mp4": "refused"}
    assert not outcome.released


def test_a_folder_swapped_for_a_link_after_listing_leads_nowhere(home, people, tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir()
    card = SimCard(tmp_path).file("DCIM/a.mp4", b"the real one").file("z.mp4", b"z")
    (secret / "a.mp4").write_bytes(b"the real one")

    class Swapping(Watcher):
        def listed(self, listing):
            card.swap_folder_for_symlink("DCIM", secret)

    outcome = take(people.custodian, card.root, progress=Swapping())
    assert fates(outcome) == {"DCIM/a.mp4": "failed", "z.mp4": "stored"}
    assert result_of(outcome, "DCIM/a.mp4").code == "became_symlink"
    assert not outcome.released and outcome.receipt is None
    assert_sound(people.custodian.agency)


# -- what is in the files


def test_an_empty_file_is_kept_and_said_to_be_empty(home, people, tmp_path):
    with Analyser() as analyser:
        outcome = take(people.custodian, SimCard(tmp_path).zero().root, analyser=analyser)
    assert list(fates(outcome).values()) == ["stored"]
    assert "空" in outcome.results[0].reason
    assert outcome.released


def test_a_truncated_video_and_a_wrong_extension_are_kept_and_marked(home, people, tmp_path):
    from liuhen.demo.card import make_demo_card

    made = make_demo_card(tmp_path / "whole", serial="4701A01", officer="100001", started=AT)
    video = next(path for path in made if path.suffix == ".mp4").read_bytes()
    photo = next(path for path in made if path.suffix == ".jpg").read_bytes()
    card = SimCard(tmp_path).file("cut.mp4", video[: len(video) // 2]).file("photo.mp4", photo)
    card.file("words.mp4", b"no video at all")
    with Analyser() as analyser:
        outcome = take(people.custodian, card.root, analyser=analyser)
    assert set(fates(outcome).values()) == {"stored"}
    assert outcome.released
    found = {row.name: set(row.findings.values_list("code", flat=True)) for row in Recording.objects.all()}
    assert found["cut.mp4"] & {"truncated", "unreadable", "chunk_out_of_range"}
    assert "wrong_extension" in found["photo.mp4"]
    assert found["words.mp4"]
    assert all(result.reason for result in outcome.results)
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)


def test_a_file_larger_than_the_room_left_is_refused_before_copying_and_the_others_stored(
    home, people, tmp_path
):
    read = []

    def watched(fd, size):
        read.append(fd)
        return os.read(fd, size)

    room = os.statvfs(home).f_bavail * os.statvfs(home).f_frsize
    card = SimCard(tmp_path).sparse("huge.mp4", max(200 << 30, 2 * room)).recording(1)
    watcher = Watcher()
    outcome = take(people.custodian, card.root, read=watched, progress=watcher)
    huge = result_of(outcome, "huge.mp4")
    assert (huge.state, huge.code) == ("refused", "does_not_fit")
    assert "huge.mp4" in huge.reason and "没有开始复制" in huge.reason and "怎么办" in huge.reason
    assert len(fates(outcome)) == 2 and "stored" in fates(outcome).values()
    assert len(read) <= 3, "the huge file was read"
    assert any("放不下" in sentence for sentence in watcher.said), "the room is told before copying"
    assert not outcome.released and outcome.receipt is None
    assert_sound(people.custodian.agency)


def test_the_room_to_be_kept_free_is_a_setting(home, people, tmp_path):
    free = os.statvfs(home).f_bavail * os.statvfs(home).f_frsize
    (home / "settings.yaml").write_text(f"reserve_mebibytes: {free >> 20}\n", encoding="utf-8")
    outcome = take(people.custodian, SimCard(tmp_path).file("a.mp4", bytes(2 << 20)).root)
    assert codes(outcome) == {"a.mp4": "does_not_fit"}


def test_the_warning_about_room_counts_only_what_is_new(home, people, tmp_path, monkeypatch):
    card = SimCard(tmp_path).file("a.mp4", b"x" * 1000)
    take(people.custodian, card.root)
    monkeypatch.setattr("liuhen.core.blobs.local.LocalBlobs.free_bytes", lambda self: 500)
    watcher = Watcher()
    outcome = take(people.custodian, card.root, progress=watcher)
    assert (set(fates(outcome).values()), watcher.said) == ({"already"}, [])


# -- the server's clock


def test_a_clock_set_back_is_said_and_written_and_numbers_keep_their_year(
    home, people, tmp_path, monkeypatch
):
    from liuhen.base import clock

    take(people.custodian, SimCard(tmp_path, "before").recording(1).root)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - timedelta(days=365 * 30))
    watcher = Watcher()
    outcome = take(people.custodian, SimCard(tmp_path).recording(2).root, progress=watcher, at=clock.now())
    assert outcome.released
    assert any("时钟" in sentence and "怎么办" in sentence for sentence in watcher.said)
    assert Entry.objects.filter(kind="clock.set_back").exists()
    years = {number.split("-")[2] for number in Recording.objects.values_list("number", flat=True)}
    assert len(years) == 1
    assert_sound(people.custodian.agency)


def test_an_analyser_given_to_the_ingest_is_closed_with_it(home, people, tmp_path):
    analyser = StubAnalyser()
    take(people.custodian, SimCard(tmp_path).recording(1).root, analyser=analyser)
    assert analyser.closed


def test_every_refusal_is_a_row_with_its_sentence(home, people, tmp_path):
    card = SimCard(tmp_path).symlink("a").fifo("b").file("c", b"c")
    outcome = take(people.custodian, card.root)
    rows = {row.path: (row.state, row.reason) for row in Item.objects.all()}
    assert rows == {result.path: (str(result.state), result.reason) for result in outcome.results}
    assert Path(outcome.paths["json"]).exists()
