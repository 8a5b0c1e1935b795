"""Listing a card: what is taken, what is refused and by which code, and in which order."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from simulators.cards import SimCard

from liuhen.core.cards import listing as listing_module
from liuhen.core.cards.errors import CardMissingError, CardUnreadableError
from liuhen.core.cards.listing import _Walk, list_card, volume_label

REFUSED = {
    "symlink": lambda card: card.symlink("link.mp4", "/etc/passwd"),
    "fifo": lambda card: card.fifo(),
    "socket": lambda card: card.socket(),
    "too_deep": lambda card: card.deep(33),
    "name_too_long": lambda card: card.file("/".join(["长" * 80] * 5) + "/a.mp4").file("short.mp4"),
}
CORPUS = {
    "utf-8": (lambda card: card.file("现场.mp4"), ["现场.mp4"]),
    "gbk": (lambda card: card.gbk("现场.mp4"), ["现场.mp4"]),
    "escaped": (lambda card: card.undecodable(), ["caf\\xe9.mp4"]),
    "zero": (lambda card: card.zero("a.mp4"), ["a.mp4"]),
    "longest": (lambda card: card.longest_name(), ["录" * 83 + ".mp4ab"]),
    "deepest": (lambda card: card.deep(32), ["d/" * 32 + "deep.mp4"]),
}


@pytest.mark.parametrize("code", sorted(set(REFUSED) - {"name_too_long"}))
def test_what_is_not_a_file_is_refused_and_listed_by_its_code(tmp_path, code):
    card = SimCard(tmp_path).recording(1)
    REFUSED[code](card)
    found = list_card(card.root)
    assert [refusal.code for refusal in found.refusals] == [code]
    assert "怎么办" in found.refusals[0].reason
    assert len(found.files) == 1


def test_a_path_past_the_limit_is_refused(tmp_path, monkeypatch):
    card = REFUSED["name_too_long"](SimCard(tmp_path))
    monkeypatch.setattr(listing_module, "MAX_PATH_BYTES", len(os.fsencode(card.root)) + 500)
    found = list_card(card.root)
    assert [refusal.code for refusal in found.refusals] == ["name_too_long"]
    assert [file.path for file in found.files] == ["short.mp4"]


@pytest.mark.parametrize("code", ["block_device", "char_device", "not_regular", "other_filesystem"])
def test_devices_and_mounted_disks_are_refused(code):
    mode = {
        "block_device": stat.S_IFBLK,
        "char_device": stat.S_IFCHR,
        "not_regular": 0,
        "other_filesystem": stat.S_IFDIR,
    }
    walk = _Walk(b"/card", device=7)
    walk.take(b"x", 0, os.stat_result((mode[code] | 0o644, 1, 8, 1, 0, 0, 0, 0, 0, 0)))
    assert [refusal.code for refusal in walk.refusals] == [code]
    assert (walk.files, walk.pending) == ([], [])


@pytest.mark.parametrize("encoding", CORPUS)
def test_awkward_names_are_taken(tmp_path, encoding):
    build, paths = CORPUS[encoding]
    found = list_card(build(SimCard(tmp_path)).root)
    assert [file.path for file in found.files] == paths
    assert found.refusals == ()
    if encoding in ("utf-8", "gbk", "escaped"):
        assert found.files[0].name_encoding == encoding


def test_names_with_dots_and_dashes_are_plain_names(tmp_path):
    card = SimCard(tmp_path).dotdot_names()
    found = list_card(card.root)
    assert len(found.files) == len(list((card.root / "DCIM").iterdir())) == 8
    assert found.total_bytes == sum(len(file.raw) - len("DCIM/") for file in found.files)


def test_files_come_by_the_time_in_their_names_then_by_path(tmp_path):
    card = SimCard(tmp_path).file("z.txt").file("b.txt")
    card.file("DCIM/20260717/A000001_000012_20260717080000_0001.mp4")
    card.file("DCIM/20260716/Z000001_000012_20260716090000_0001.mp4")
    card.file("DCIM/20260716/B000001_000012_20260716100000_0001.mp4")
    names = [file.path.split("/")[-1] for file in list_card(card.root).files]
    assert [name[0] for name in names] == ["Z", "B", "A", "b", "z"]
    assert [file.path[-5] for file in list_card(card.root, profiles=[]).files[:2]] == ["1", "1"]


def test_size_time_and_inode_are_those_of_the_disk(tmp_path):
    at = datetime(2026, 7, 16, 1, 30, tzinfo=UTC)
    card = SimCard(tmp_path).file("a.mp4", b"12345", mtime=at).sparse("b.mp4", 200 << 30)
    first, second = list_card(card.root).files
    status = (card.root / "a.mp4").stat()
    assert (first.size, first.mtime_ns) == (5, int(at.timestamp()) * 10**9)
    assert first.device_inode == (status.st_dev, status.st_ino)
    assert second.size == 200 << 30


def test_twins_that_windows_would_hold_for_one_are_named(tmp_path):
    found = list_card(SimCard(tmp_path).case_twins().recording(1).root)
    assert found.case_twins == (("DCIM/CLIP.MP4", "DCIM/clip.mp4"),)
    assert len(found.files) == 3


def test_a_gbk_name_that_reads_like_a_utf_8_one_is_shown_by_its_bytes(tmp_path):
    found = list_card(SimCard(tmp_path).gbk("白.mp4").file("白.mp4").root)
    assert {file.path for file in found.files} == {"白.mp4", "\\xb0\\xd7.mp4"}
    assert {file.name_encoding for file in found.files} == {"utf-8", "escaped"}


def test_an_empty_card_is_an_empty_listing(tmp_path):
    found = list_card(SimCard(tmp_path).root)
    assert (found.files, found.refusals, found.total_bytes, found.case_twins) == ((), (), 0, ())


def test_a_single_file_is_a_card_of_one_file(tmp_path):
    card = SimCard(tmp_path).recording(1).file("old.avi", b"1234")
    found = list_card(card.root / "old.avi")
    assert [(file.path, file.size) for file in found.files] == [("old.avi", 4)]


def test_a_card_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(CardMissingError, match="怎么办"):
        list_card(tmp_path / "nowhere")


def test_a_pipe_a_ring_of_links_or_a_nul_is_no_card(tmp_path):
    card = SimCard(tmp_path).fifo("pipe").symlink("ring", "ring")
    for path in (card.root / "pipe", card.root / "ring", tmp_path / "a\0b"):
        with pytest.raises(CardUnreadableError):
            list_card(path)


def test_a_folder_that_breaks_off_is_a_refusal_and_a_root_that_gives_nothing_raises(tmp_path, monkeypatch):
    card = SimCard(tmp_path).recording(1).file("bad/a.mp4")
    scandir = os.scandir

    def broken(at):
        if at.rstrip(b"/").endswith(bad):
            raise OSError(5, "Input/output error")
        return scandir(at)

    monkeypatch.setattr(listing_module.os, "scandir", broken)
    bad = b"/bad"
    found = list_card(card.root)
    assert [(refusal.path, refusal.code) for refusal in found.refusals] == [("bad", "unreadable_folder")]
    assert len(found.files) == 1
    bad = os.fsencode(card.root)
    with pytest.raises(CardUnreadableError, match="Input/output error"):
        list_card(card.root)


def test_a_root_that_breaks_off_half_way_keeps_what_it_gave(tmp_path, monkeypatch):
    card = SimCard(tmp_path).file("a.mp4").file("b.mp4")
    scandir = os.scandir

    @contextmanager
    def broken(at):
        def entries():
            yield next(whole)
            raise OSError(5, "Input/output error")

        with scandir(at) as whole:
            yield entries()

    monkeypatch.setattr(listing_module.os, "scandir", broken)
    found = list_card(card.root)
    assert len(found.files) == 1
    assert [(refusal.path, refusal.code) for refusal in found.refusals] == [(".", "unreadable_folder")]


def test_an_entry_whose_status_cannot_be_read_is_a_refusal(tmp_path):
    class Gone:
        name = b"a.mp4"

        def stat(self, *, follow_symlinks):
            raise OSError(5, "Input/output error")

    walk = _Walk(os.fsencode(tmp_path), 0)
    walk._entry(b"a.mp4", 0, Gone())
    assert [refusal.code for refusal in walk.refusals] == ["unreadable_file"]


def test_the_volume_label_is_that_of_the_device_under_a_mounted_card(tmp_path):
    class Mounted:
        def is_mount(self):
            return True

    class NotMounted:
        def is_mount(self):
            return False

    labels = tmp_path / "by-label"
    labels.mkdir()
    (labels / "CAM01\\x20\\xbf\\xa8").symlink_to("/dev/null")
    (labels / "GONE").symlink_to("/dev/no-such-device")
    null = os.stat("/dev/null")
    status = os.stat_result((0, 1, null.st_rdev, 1, 0, 0, 0, 0, 0, 0))
    assert volume_label(Mounted(), status, labels) == "CAM01 卡"
    assert volume_label(NotMounted(), status, labels) is None
    assert volume_label(Mounted(), os.stat(tmp_path), labels) is None
    assert volume_label(Mounted(), status, tmp_path / "no-udev") is None
