"""Reading a card's files: opened without trust, read to the end, every failure a sentence and a code."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace

import pytest
from simulators.cards import SimCard, failing_read, pulled_card, short_read

from liuhen.core.cards import reader
from liuhen.core.cards.errors import CardReadError
from liuhen.core.cards.reader import (
    card_key,
    confirm_unchanged,
    list_card,
    open_card_file,
    read_chunks,
    renumbers_files,
)


def _read(root, file, **options):
    with open_card_file(root, file) as fd:
        data = b"".join(read_chunks(fd, path=file.path, **options))
        confirm_unchanged(fd, file, len(data))
        return data


def _refusal(root, file):
    with pytest.raises(CardReadError, match="怎么办") as caught:
        _read(root, file)
    assert file.path in caught.value.message
    return caught.value.code


@pytest.fixture
def card(tmp_path):
    return SimCard(tmp_path)


def test_every_awkward_name_is_read_byte_for_byte(card):
    card.dotdot_names().gbk().undecodable().longest_name().zero().recording(3)
    for file in list_card(card.root).files:
        assert _read(card.root, file) == card.path(file.raw).read_bytes()


def test_a_single_file_given_as_the_card_is_read(card):
    card.file("old.avi", b"1234")
    [file] = list_card(card.root / "old.avi").files
    assert _read(card.root / "old.avi", file) == b"1234"


def test_chunks_are_full_but_for_the_last_even_when_the_reader_is_slow(card):
    data = os.urandom(10_000)
    [file] = list_card(card.file("a.mp4", data).root).files
    with open_card_file(card.root, file) as fd:
        chunks = list(read_chunks(fd, chunk=4096, read=short_read(1000)))
    assert [len(chunk) for chunk in chunks] == [4096, 4096, 1808]
    assert b"".join(chunks) == data


def test_the_page_cache_is_let_go_behind_the_reader(card, monkeypatch):
    advice = []
    monkeypatch.setattr(reader.os, "posix_fadvise", lambda fd, *rest: advice.append(rest))
    monkeypatch.setattr(reader, "_FORGET_EVERY", 8)
    [file] = list_card(card.file("a.mp4", b"x" * 20).root).files
    with open_card_file(card.root, file) as fd:
        list(read_chunks(fd, chunk=4))
    forget = os.POSIX_FADV_DONTNEED
    assert advice == [(0, 0, os.POSIX_FADV_SEQUENTIAL), (0, 8, forget), (8, 8, forget), (16, 0, forget)]


def test_advice_that_nobody_takes_is_no_error(card, monkeypatch):
    def refuse(*args):
        raise OSError(errno.EINVAL, "no such advice")

    monkeypatch.setattr(reader.os, "posix_fadvise", refuse)
    [file] = list_card(card.file("a.mp4", b"x").root).files
    assert _read(card.root, file) == b"x"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errno.EIO, "read_error"),
        (errno.ENODEV, "card_pulled"),
        (errno.ENXIO, "card_pulled"),
        (errno.ESTALE, "card_pulled"),
        (errno.ENOENT, "card_pulled"),
        (errno.ENOMEDIUM, "card_pulled"),
        (errno.EBADMSG, "read_error"),
    ],
)
def test_a_device_that_fails_half_way_is_told_by_file_and_cause(card, error, code):
    [file] = list_card(card.file("DCIM/a.mp4", b"x" * 100).root).files
    got = []
    with open_card_file(card.root, file) as fd, pytest.raises(CardReadError, match="怎么办") as caught:
        got.extend(read_chunks(fd, path=file.path, chunk=16, read=failing_read(error, after=40)))
    assert caught.value.code == code
    assert "「DCIM/a.mp4」" in caught.value.message
    assert caught.value.facts["errno"] == error
    assert b"".join(got) == b"x" * 32


def test_a_card_pulled_before_the_first_byte_gives_none(card):
    [file] = list_card(card.file("a.mp4", b"x").root).files
    with open_card_file(card.root, file) as fd, pytest.raises(CardReadError):
        next(read_chunks(fd, read=pulled_card()))


CHANGED = {
    "file_vanished": lambda card: card.path("DCIM/a.mp4").unlink(),
    "became_symlink": lambda card: (
        card.path("DCIM/a.mp4").unlink(),
        card.symlink("DCIM/a.mp4", "/etc/passwd"),
    ),
    "not_regular": lambda card: (card.path("DCIM/a.mp4").unlink(), card.fifo("DCIM/a.mp4")),
    "swapped": lambda card: (
        card.path("DCIM/a.mp4").rename(card.path("kept")),
        card.file("DCIM/a.mp4", b"x" * 9),
    ),
}


@pytest.mark.parametrize("code", CHANGED)
def test_a_file_that_is_no_longer_what_was_listed_is_not_read(card, code):
    [file] = list_card(card.file("DCIM/a.mp4", b"x" * 9).root).files
    CHANGED[code](card)
    assert _refusal(card.root, file) == code


def test_a_special_file_is_refused_before_it_is_opened(card, monkeypatch):
    [file] = list_card(card.file("DCIM/a.mp4").root).files
    CHANGED["not_regular"](card)
    monkeypatch.setattr(reader, "_open_unmarked", lambda *any: pytest.fail("opened"))
    assert _refusal(card.root, file) == "not_regular"


@pytest.mark.parametrize("code", ["became_symlink", "not_regular", "swapped"])
def test_a_file_swapped_in_the_last_moment_before_opening_is_not_read(card, monkeypatch, code):
    [file] = list_card(card.file("DCIM/a.mp4", b"x" * 9).root).files
    really = reader._open_unmarked

    def too_late(name, folder):
        CHANGED[code](card)
        return really(name, folder)

    monkeypatch.setattr(reader, "_open_unmarked", too_late)
    assert _refusal(card.root, file) == code


def test_a_folder_swapped_for_a_link_leads_nowhere(card, tmp_path):
    [file] = list_card(card.file("DCIM/sub/a.mp4", b"ours").root).files
    elsewhere = SimCard(tmp_path, "elsewhere").file("a.mp4", b"theirs")
    card.swap_folder_for_symlink("DCIM/sub", elsewhere.root)
    assert _refusal(card.root, file) == "became_symlink"


def test_a_folder_swapped_for_a_link_to_itself_is_refused_too(card):
    [file] = list_card(card.file("DCIM/a.mp4", b"ours").root).files
    card.swap_folder_for_symlink("DCIM", card.root.parent / "was-DCIM")
    assert _refusal(card.root, file) == "became_symlink"


def test_a_path_that_climbs_is_refused_whoever_made_it(card):
    [file] = list_card(card.file("a.mp4").root).files
    (card.root.parent / "secret").write_bytes(b"secret")
    for raw in (b"../secret", b"./a.mp4", b"/etc/passwd", b"", b"..", b"DCIM//a.mp4"):
        assert _refusal(card.root, replace(file, raw=raw)) == "swapped"


def test_a_card_that_left_before_opening_is_a_pulled_card(card):
    [file] = list_card(card.file("a.mp4").root).files
    assert _refusal(card.root.parent / "unmounted", file) == "card_pulled"
    card.path("a.mp4").unlink()
    elsewhere = replace(file, device_inode=(file.device_inode[0] + 1, 1))
    assert _refusal(card.root, elsewhere) == "card_pulled"


@pytest.mark.parametrize(
    ("error", "code"),
    [(errno.EACCES, "file_unreadable"), (errno.EIO, "read_error"), (errno.ENODEV, "card_pulled")],
)
def test_an_opening_that_fails_is_told_by_its_cause(card, monkeypatch, error, code):
    [file] = list_card(card.file("a.mp4").root).files

    def refuse(name, folder):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(reader, "_open_unmarked", refuse)
    assert _refusal(card.root, file) == code


def test_reading_leaves_no_access_time_behind(card):
    [file] = list_card(card.file("a.mp4", b"x").root).files
    os.utime(card.path("a.mp4"), ns=(1, file.mtime_ns))
    assert _read(card.root, file) == b"x"
    assert card.path("a.mp4").stat().st_atime_ns == 1


def test_who_may_not_read_without_a_trace_still_reads(card, monkeypatch):
    [file] = list_card(card.file("a.mp4", b"x").root).files
    really = os.open

    def not_the_owner(path, flags, **where):
        if flags & os.O_NOATIME:
            raise PermissionError(errno.EPERM, "not the owner")
        return really(path, flags, **where)

    monkeypatch.setattr(reader.os, "open", not_the_owner)
    assert _read(card.root, file) == b"x"


@pytest.mark.parametrize("change", ["grown", "shrunk", "touched"])
def test_a_file_that_changes_while_it_is_read_is_not_taken(card, change):
    path = card.file("a.mp4", b"x" * 50).path("a.mp4")
    [file] = list_card(card.root).files
    with open_card_file(card.root, file) as fd:
        if change == "touched":
            os.utime(path, ns=(5, 5))
        else:
            os.truncate(path, 60 if change == "grown" else 40)
            os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
        got = sum(map(len, read_chunks(fd)))
        with pytest.raises(CardReadError) as caught:
            confirm_unchanged(fd, file, got)
    assert caught.value.code == "changed_while_reading"


def test_a_file_that_grows_after_its_last_byte_was_read_is_not_taken(card):
    [file] = list_card(card.file("a.mp4", b"x" * 50).root).files
    with open_card_file(card.root, file) as fd:
        got = sum(map(len, read_chunks(fd)))
        os.truncate(card.path("a.mp4"), 60)
        os.utime(card.path("a.mp4"), ns=(file.mtime_ns, file.mtime_ns))
        with pytest.raises(CardReadError, match="60 字节"):
            confirm_unchanged(fd, file, got)


def test_bytes_lost_on_the_way_are_noticed_although_the_file_is_the_same(card):
    [file] = list_card(card.file("a.mp4", b"x" * 50).root).files
    with open_card_file(card.root, file) as fd, pytest.raises(CardReadError):
        confirm_unchanged(fd, file, 49)


def test_on_fat_a_new_inode_number_of_the_same_file_is_accepted(card, monkeypatch):
    [file] = list_card(card.file("a.mp4", b"x").root).files
    renumbered = replace(file, device_inode=(file.device_inode[0], 0))
    assert _refusal(card.root, renumbered) == "swapped"
    monkeypatch.setattr(reader, "renumbers_files", lambda device: True)
    assert _read(card.root, renumbered) == b"x"
    assert _refusal(card.root, replace(renumbered, size=2)) == "swapped"
    assert _refusal(card.root, replace(renumbered, mtime_ns=1)) == "swapped"
    assert _refusal(card.root, replace(renumbered, device_inode=(0, 0))) == "swapped"


def test_which_file_systems_renumber_is_read_from_the_mount_table(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "36 35 8:1 / / rw,noatime shared:1 - ext4 /dev/sda1 rw\n"
        "40 36 8:17 / /media/card rw,nosuid - vfat /dev/sdb1 rw\n"
        "41 36 0:52 / /media/phone rw - fuse.jmtpfs jmtpfs rw\n"
    )
    assert [renumbers_files(os.makedev(*n), mounts) for n in ((8, 17), (0, 52), (8, 1), (9, 9))] == [
        True,
        True,
        False,
        False,
    ]
    assert not renumbers_files(os.makedev(8, 17), tmp_path / "absent")


def test_no_descriptor_stays_open(card):
    card.recording(1).recording(2)
    first, second = list_card(card.root).files
    before = len(os.listdir("/proc/self/fd"))
    _read(card.root, first)
    card.path(second.raw).unlink()
    _refusal(card.root, second)
    assert len(os.listdir("/proc/self/fd")) == before


def test_one_card_has_one_key_by_whatever_path(card, tmp_path):
    (tmp_path / "alias").symlink_to(card.root)
    key = card_key(card.root)
    assert card_key(tmp_path / "alias") == key
    assert len(key) == 16
    shutil.copytree(card.root, tmp_path / "copy")
    assert card_key(tmp_path / "copy") != key
