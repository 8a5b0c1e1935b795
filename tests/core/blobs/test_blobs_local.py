"""What only a store in a folder can meet: links, pipes, odd names, two disks, neighbours at work."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from liuhen.core.blobs import Entry, LocalBlobs, faults, local_draft
from liuhen.core.blobs.base import (
    AlreadyThereError,
    IrregularEntryError,
    StagingElsewhereError,
    StoreMissingError,
)
from liuhen.core.blobs.local import MARKER
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl import create_store


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobs:
    return create_store(tmp_path / "store", tmp_path / "staging", "一号库")


def put(store: LocalBlobs, at: str) -> None:
    draft = store.draft("rec")
    draft.write("f", b"x")
    draft.publish(at)


# -- root and staging


def test_staging_on_another_file_system_is_refused(tmp_path: Path, store: LocalBlobs) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    staging = shm / f"liuhen-test-{os.getpid()}"
    try:
        with pytest.raises(StagingElsewhereError, match="同一个文件系统") as caught:
            LocalBlobs("一号库", store.root, staging)
    finally:
        staging.rmdir()
    assert caught.value.code == "staging_elsewhere"
    assert "暂存目录设在" in str(caught.value)


def test_staging_inside_the_store_is_refused(store: LocalBlobs) -> None:
    with pytest.raises(StagingElsewhereError):
        LocalBlobs("一号库", store.root, store.root / "staging")


def test_an_empty_mount_point_is_never_written_to(store: LocalBlobs, tmp_path: Path) -> None:
    draft = store.draft("rec")
    draft.write("f", b"x")
    store.root.rename(tmp_path / "unplugged")
    store.root.mkdir()
    with pytest.raises(StoreMissingError):
        draft.publish("a/b/rec")
    with pytest.raises(StoreMissingError):
        store.draft("other")
    assert list(store.root.iterdir()) == []


def test_a_published_tree_is_closed_to_other_accounts(store: LocalBlobs) -> None:
    put(store, "a/rec")
    assert (store.root / "a/rec/f").stat().st_mode & 0o007 == 0
    assert (store.root / "a/rec").stat().st_mode & 0o007 == 0


# -- things that are no plain files


def test_pipes_sockets_and_links_are_named_by_kind_and_never_opened(store: LocalBlobs) -> None:
    put(store, "rec")
    folder = store.root / "rec"
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to("f")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(folder / "sock"))
    kinds = {entry.path: entry.kind for entry in store.children("rec")}
    assert kinds == {"rec/f": "file", "rec/link": "symlink", "rec/pipe": "special", "rec/sock": "special"}
    for path, word in (("rec/pipe", "管道"), ("rec/link", "符号链接"), ("rec/sock", "套接字")):
        with pytest.raises(IrregularEntryError, match=word):
            store.read(path)
        with pytest.raises(IrregularEntryError, match=word):
            store.reread(path)


def test_a_linked_folder_does_not_lead_outside(store: LocalBlobs, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "f").write_bytes(b"secret")
    (store.root / "door").symlink_to(tmp_path / "outside")
    with pytest.raises(IrregularEntryError):
        store.read_bytes("door/f")
    draft = store.draft("rec")
    draft.write("f", b"x")
    with pytest.raises(IrregularEntryError):
        draft.publish("door/rec")
    with pytest.raises(IrregularEntryError):
        list(store.list("door"))
    assert sorted(p.name for p in (tmp_path / "outside").iterdir()) == ["f"]


def test_discarding_a_draft_deletes_links_not_what_they_point_to(store: LocalBlobs, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "f").write_bytes(b"x")
    draft = store.draft("rec")
    (draft.tree / "link").symlink_to(tmp_path / "precious")
    draft.discard()
    assert (tmp_path / "precious" / "f").read_bytes() == b"x"


def test_a_name_that_is_not_utf8_is_listed_escaped(store: LocalBlobs) -> None:
    put(store, "rec")
    (store.root / "rec" / os.fsdecode("录".encode("gbk") + b"\xff")).write_bytes(b"x")
    assert store.children("rec")[-1] == Entry("rec/¼\\xff", "badname")


# -- publishing beside others


def test_a_crash_before_the_rename_leaves_no_empty_folder_in_the_store(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = store.draft("rec")
    draft.write("v1/f", b"x")
    monkeypatch.setattr(local_draft.LocalDraft, "_unwrap", lambda *_: pytest.fail("crash"))
    monkeypatch.setattr(Path, "rename", _fails_into(store.root))
    with pytest.raises(pytest.fail.Exception):
        draft.publish("abc/def/123/rec")
    assert sorted(path.name for path in store.root.iterdir()) == [MARKER, "extensions", "ocfl_layout.json"]
    assert store.drafts() == ["rec"]


def _fails_into(root: Path):  # type: ignore[no-untyped-def]
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if target.is_relative_to(root):
            raise OSError(errno.EIO, "crash")
        return rename(self, target)

    return failing


def test_a_neighbour_who_makes_the_same_folder_first_is_no_hindrance(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap = local_draft.LocalDraft._wrap
    neighbours = iter(["abc/def/999/other", "abc/def/123/third"])

    def overtaken(self: local_draft.LocalDraft, below: tuple[str, ...]) -> Path:
        moved = wrap(self, below)
        at = next(neighbours, None)
        if self.key == "rec" and at:
            (store.root / at).mkdir(parents=True)
            (store.root / at / "g").write_bytes(b"y")
        return moved

    monkeypatch.setattr(local_draft.LocalDraft, "_wrap", overtaken)
    draft = store.draft("rec")
    draft.write("v1/f", b"x")
    draft.publish("abc/def/123/rec")
    assert list(store.list("abc")) == ["abc/def/123/rec/v1/f", "abc/def/123/third/g", "abc/def/999/other/g"]
    assert store.drafts() == []


def test_of_two_who_publish_at_one_place_the_second_is_refused(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap = local_draft.LocalDraft._wrap

    def overtaken(self: local_draft.LocalDraft, below: tuple[str, ...]) -> Path:
        moved = wrap(self, below)
        (store.root / "abc/rec").mkdir(parents=True)
        (store.root / "abc/rec/f").write_bytes(b"first")
        return moved

    monkeypatch.setattr(local_draft.LocalDraft, "_wrap", overtaken)
    draft = store.draft("rec")
    draft.write("f", b"second")
    with pytest.raises(AlreadyThereError):
        draft.publish("abc/rec")
    assert (store.root / "abc/rec/f").read_bytes() == b"first"
    assert draft.reread("f").size == 6


def test_a_removal_cut_short_is_finished_by_the_next_call(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "abc/rec")
    bury = LocalBlobs._bury

    def crash(self: LocalBlobs, full: Path, grave: Path) -> None:
        grave.mkdir()
        full.rename(grave / "tree")
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalBlobs, "_bury", crash)
    with pytest.raises(KeyboardInterrupt):
        store.remove_tree("abc/rec")
    assert not store.exists("abc/rec")
    assert [key.split("-")[0] for key in store.drafts()] == ["removed"]
    monkeypatch.setattr(LocalBlobs, "_bury", bury)
    store.remove_tree("abc/rec")
    assert store.drafts() == []
    assert not store.exists("abc")


def test_a_file_cut_short_while_it_is_read_is_a_failed_read(store: LocalBlobs) -> None:
    put(store, "rec")
    pieces = store.read("rec/f")
    (store.root / "rec/f").write_bytes(b"")
    with pytest.raises(faults.ReadFailedError):
        list(pieces)


def test_a_disk_that_cannot_answer_is_an_error_and_not_a_no(
    store: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Path) -> None:
        raise OSError(errno.EIO, "bad sector")

    monkeypatch.setattr(Path, "lstat", failing)
    for ask in (lambda: store.exists("a/rec"), store.check_present):
        with pytest.raises(faults.ReadFailedError):
            ask()


# -- sentences


@pytest.mark.parametrize(
    ("number", "reading", "expected"),
    [
        (errno.ENOSPC, False, faults.DiskFullError),
        (errno.EDQUOT, False, faults.DiskFullError),
        (errno.EROFS, False, faults.StoreReadOnlyError),
        (errno.EACCES, True, faults.StoreDeniedError),
        (errno.EPERM, False, faults.StoreDeniedError),
        (errno.EIO, True, faults.ReadFailedError),
        (errno.EIO, False, faults.WriteFailedError),
        (errno.EINVAL, True, faults.ReadFailedError),
        (errno.ENOENT, True, faults.BlobMissingError),
        (errno.EEXIST, False, faults.AlreadyThereError),
        (errno.ELOOP, True, faults.IrregularEntryError),
        (errno.EXDEV, False, faults.StagingElsewhereError),
        (errno.ENAMETOOLONG, False, faults.BadPathError),
        (None, False, faults.WriteFailedError),
    ],
)
def test_every_fault_of_the_system_becomes_a_sentence_with_a_remedy(
    number: int | None, reading: bool, expected: type[LiuhenError]
) -> None:
    cause = OSError(number, "x") if number else OSError("x")
    with pytest.raises(expected) as caught, faults.translated("一号库", "a/b.mp4", reading=reading):
        raise cause
    assert caught.value.__cause__ is cause
    assert "一号库" in str(caught.value) or "a/b.mp4" in str(caught.value)
    assert "怎么办：" in str(caught.value)
