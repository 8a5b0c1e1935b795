"""What every blob store promises, over every backend there is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from liuhen.core.blobs import Blobs, MemoryBlobs
from liuhen.core.blobs.base import (
    CHUNK,
    AlreadyThereError,
    BadPathError,
    BlobMissingError,
    DigestMismatchError,
    DiskFullError,
    Entry,
    IrregularEntryError,
    StoreMissingError,
    TooLargeError,
)
from liuhen.core.blobs.local import MARKER, LocalBlobs
from liuhen.core.ocfl import create_store

BAD_PATHS = ["", "/etc/passwd", "a/../b", "..", ".", "a//b", "a/", "a\0b", "a/\udcff", "x" * 256, "执" * 86]


class Backend:
    """A store under test, and the two things only its owner can do to it."""

    def __init__(self, blobs: Blobs, link: Callable[[str], None], unplug: Callable[[], None]) -> None:
        self.blobs, self.link, self.unplug = blobs, link, unplug


@pytest.fixture(params=["local", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    if request.param == "memory":
        memory = MemoryBlobs("内存库")
        return Backend(memory, memory.plant, lambda: setattr(memory, "missing", True))
    local = create_store(tmp_path / "store", tmp_path / "staging", "一号库")
    return Backend(
        local, lambda path: os.symlink("/etc/passwd", local.root / path), (local.root / MARKER).unlink
    )


@pytest.fixture
def blobs(backend: Backend) -> Blobs:
    return backend.blobs


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(blobs: Blobs, at: str, files: dict[str, bytes]) -> None:
    draft = blobs.draft(at.replace("/", "-"))
    for path, data in files.items():
        draft.write(path, data)
    draft.publish(at)


def put_version(blobs: Blobs, at: str, version: str, data: bytes) -> None:
    draft = blobs.draft("next")
    draft.write(f"{version}/content/record.json", data)
    draft.write("inventory.json.sha256", b"new sidecar")
    draft.write("inventory.json", b"new inventory")
    draft.publish_version(at, version=version)


OBJECT = {"v1/content/a.mp4": b"moving", "inventory.json": b"old", "inventory.json.sha256": b"old side"}


# -- drafts and publishing


def test_a_draft_is_invisible_until_it_is_published(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    draft.write("v1/content/说明.html", b"x")
    assert not blobs.exists("a/b/rec")
    assert list(blobs.list("a")) == []
    draft.publish("a/b/rec")
    assert blobs.exists("a/b/rec")
    assert list(blobs.list("a")) == ["a/b/rec/v1/content/说明.html"]
    assert blobs.drafts() == []


def test_an_unfinished_draft_is_named_until_it_is_discarded(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    draft.write("a", b"x")
    assert blobs.drafts() == ["rec"]
    draft.discard()
    assert blobs.drafts() == []


def test_a_left_over_draft_of_the_same_key_is_discarded_first(blobs: Blobs) -> None:
    blobs.draft("rec").write("old", b"x")
    draft = blobs.draft("rec")
    assert draft.paths() == []
    draft.write("new", b"y")
    draft.publish("rec")
    assert list(blobs.list("rec")) == ["rec/new"]


def test_publishing_where_something_stands_is_refused_and_the_draft_stays(blobs: Blobs) -> None:
    put(blobs, "a/rec", {"f": b"first"})
    draft = blobs.draft("again")
    draft.write("f", b"second")
    with pytest.raises(AlreadyThereError):
        draft.publish("a/rec")
    assert blobs.read_bytes("a/rec/f") == b"first"
    assert blobs.drafts() == ["again"]
    draft.publish("a/other")
    assert blobs.read_bytes("a/other/f") == b"second"


def test_objects_share_the_folders_above_them(blobs: Blobs) -> None:
    for at in ("abc/def/123/one", "abc/def/123/two", "abc/def/456/three", "abc/xyz/000/four"):
        put(blobs, at, {"f": at.encode()})
    assert [path.rsplit("/", 2)[1] for path in blobs.list("abc")] == ["one", "two", "three", "four"]


def test_a_published_or_discarded_draft_takes_nothing_more(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    draft.write("a", b"x")
    draft.publish("rec")
    with pytest.raises(RuntimeError):
        draft.write("b", b"y")


def test_a_file_is_written_in_pieces_and_read_back_whole(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    pieces = [b"a" * 3, bytearray(b"b" * 5), memoryview(b"c" * CHUNK)]
    with draft.writer("original/录像.mp4", size_hint=8 + CHUNK) as out:
        for piece in pieces:
            out.write(piece)
        assert out.size == 8 + CHUNK
    data = b"".join(pieces)
    seen = draft.reread("original/录像.mp4")
    assert (seen.sha256, seen.size) == (sha256(data), len(data))
    draft.publish("rec")
    assert blobs.read_bytes("rec/original/录像.mp4") == data
    assert max(map(len, blobs.read("rec/original/录像.mp4"))) == CHUNK
    assert blobs.reread("rec/original/录像.mp4").sha256 == sha256(data)


def test_a_file_ends_where_writing_ended_whatever_was_announced(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    with draft.writer("short", size_hint=100_000) as out:
        out.write(b"abc")
    with draft.writer("long", size_hint=1) as out:
        out.write(b"abcdef")
    draft.publish("rec")
    assert (blobs.read_bytes("rec/short"), blobs.read_bytes("rec/long")) == (b"abc", b"abcdef")


def test_a_file_whose_writing_failed_is_gone(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    with pytest.raises(OSError, match="card pulled"), draft.writer("f") as out:
        out.write(b"half")
        raise OSError("card pulled")
    assert draft.paths() == []
    with draft.writer("f") as out:
        out.write(b"whole")
    draft.publish("rec")
    assert blobs.read_bytes("rec/f") == b"whole"


def test_a_file_is_written_once(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    draft.write("f", b"first")
    with pytest.raises(AlreadyThereError):
        draft.write("f", b"second")
    with pytest.raises(AlreadyThereError), draft.writer("f"):
        pass
    draft.publish("rec")
    assert blobs.read_bytes("rec/f") == b"first"


def test_what_is_not_in_the_draft_cannot_be_reread(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    with pytest.raises(BlobMissingError):
        draft.reread("f")
    with pytest.raises(BlobMissingError):
        draft.open_local("f")


def test_an_analyser_gets_the_real_file_or_none(blobs: Blobs) -> None:
    draft = blobs.draft("rec")
    draft.write("f", b"x")
    path = draft.open_local("f")
    assert path is None or path.read_bytes() == b"x"
    draft.publish("rec")
    path = blobs.local_path("rec/f")
    assert path is None or path.read_bytes() == b"x"


def test_an_announced_size_that_cannot_fit_is_refused_before_copying(tmp_path: Path) -> None:
    stores: list[Blobs] = [MemoryBlobs(capacity=1000), create_store(tmp_path / "s", tmp_path / "g", "一号库")]
    for blobs in stores:
        draft = blobs.draft("rec")
        with pytest.raises(DiskFullError, match="空间不足") as caught, draft.writer("f", size_hint=200 << 50):
            pytest.fail("writing began")
        assert caught.value.facts["needed"] == 200 << 50
        assert draft.paths() == []


# -- versions


def test_a_version_is_added_and_the_root_pair_replaced(blobs: Blobs) -> None:
    put(blobs, "a/rec", OBJECT)
    put_version(blobs, "a/rec", "v2", b"{}")
    assert list(blobs.list("a/rec")) == [
        "a/rec/inventory.json",
        "a/rec/inventory.json.sha256",
        "a/rec/v1/content/a.mp4",
        "a/rec/v2/content/record.json",
    ]
    assert blobs.read_bytes("a/rec/inventory.json") == b"new inventory"
    assert blobs.read_bytes("a/rec/inventory.json.sha256") == b"new sidecar"
    assert blobs.drafts() == []


def test_a_version_that_is_there_is_not_replaced(blobs: Blobs) -> None:
    put(blobs, "a/rec", OBJECT)
    with pytest.raises(AlreadyThereError):
        put_version(blobs, "a/rec", "v1", b"{}")
    assert blobs.read_bytes("a/rec/inventory.json") == b"old"


def test_a_version_of_nothing_is_refused(blobs: Blobs) -> None:
    with pytest.raises(BlobMissingError):
        put_version(blobs, "a/rec", "v2", b"{}")
    assert not blobs.exists("a/rec")


@pytest.mark.parametrize("extra", ["0=ocfl_object_1.1", "v1/content/a.mp4"])
def test_a_version_draft_holds_its_version_and_the_root_pair_and_nothing_else(
    blobs: Blobs, extra: str
) -> None:
    put(blobs, "a/rec", OBJECT)
    draft = blobs.draft("next")
    for path in ("v2/content/b", "inventory.json.sha256", "inventory.json", extra):
        draft.write(path, b"x")
    with pytest.raises(ValueError, match="inventory"):
        draft.publish_version("a/rec", version="v2")
    assert not blobs.exists("a/rec/v2")


# -- reading


def test_a_range_is_read(blobs: Blobs) -> None:
    put(blobs, "rec", {"f": b"0123456789"})
    assert b"".join(blobs.read("rec/f", 2, 3)) == b"234"
    assert b"".join(blobs.read("rec/f", 8, 100)) == b"89"
    assert b"".join(blobs.read("rec/f", 10)) == b""
    assert b"".join(blobs.read("rec/f", 99, 5)) == b""
    assert b"".join(blobs.read("rec/f", 0, 0)) == b""


def test_a_missing_file_is_told_at_the_call_not_while_reading(blobs: Blobs) -> None:
    put(blobs, "rec", {"f": b"x"})
    for ask in (blobs.stat, blobs.read, blobs.read_bytes, blobs.reread, blobs.local_path, blobs.children):
        with pytest.raises(BlobMissingError):
            ask("rec/g")
    assert not blobs.exists("rec/g")


def test_a_small_file_is_not_read_when_it_is_large(blobs: Blobs) -> None:
    put(blobs, "rec", {"f": b"12345"})
    assert blobs.stat("rec/f") == 5
    assert blobs.read_bytes("rec/f", limit=5) == b"12345"
    with pytest.raises(TooLargeError):
        blobs.read_bytes("rec/f", limit=4)


def test_listing_is_depth_first_each_folder_sorted(blobs: Blobs) -> None:
    put(blobs, "rec", {"b": b"", "a/z": b"", "a/b/c": b"", "a-b": b"", "说明": b""})
    assert list(blobs.list("rec")) == ["rec/a/b/c", "rec/a/z", "rec/a-b", "rec/b", "rec/说明"]
    assert list(blobs.list("nothing")) == []
    assert blobs.children("rec")[0] == Entry("rec/a", "folder")
    assert blobs.children("rec/a") == [Entry("rec/a/b", "folder"), Entry("rec/a/z", "file")]


def test_names_stay_as_given_in_either_normal_form(blobs: Blobs) -> None:
    composed, decomposed = "caf\u00e9.mp4", "cafe\u0301.mp4"
    put(blobs, "rec", {composed: b"1", decomposed: b"2"})
    assert sorted(blobs.list("rec")) == sorted([f"rec/{composed}", f"rec/{decomposed}"])
    assert blobs.read_bytes(f"rec/{decomposed}") == b"2"


def test_a_link_is_listed_and_never_followed(backend: Backend) -> None:
    put(backend.blobs, "rec", {"f": b"x"})
    backend.link("rec/link")
    assert list(backend.blobs.list("rec")) == ["rec/f", "rec/link"]
    assert Entry("rec/link", "symlink") in backend.blobs.children("rec")
    with pytest.raises(IrregularEntryError):
        backend.blobs.children("rec/link")
    for ask in (backend.blobs.stat, backend.blobs.read, backend.blobs.read_bytes, backend.blobs.reread):
        with pytest.raises(IrregularEntryError):
            ask("rec/link")


def test_a_folder_is_no_file(blobs: Blobs) -> None:
    put(blobs, "rec", {"a/b": b"x"})
    for ask in (blobs.stat, blobs.read, blobs.read_bytes, blobs.reread, blobs.local_path):
        with pytest.raises(IrregularEntryError):
            ask("rec/a")


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_path_that_could_lead_elsewhere_is_refused(blobs: Blobs, path: str) -> None:
    for ask in (blobs.exists, blobs.stat, blobs.read, blobs.read_bytes, blobs.reread, blobs.remove_tree):
        with pytest.raises(BadPathError):
            ask(path)
    draft = blobs.draft("rec")
    for ask in (lambda path: draft.write(path, b""), draft.publish):
        with pytest.raises(BadPathError):
            ask(path)
    with pytest.raises(BadPathError), draft.writer(path):
        pass
    with pytest.raises(BadPathError):
        blobs.restore(path, [b""], sha256(b""))
    if path:
        with pytest.raises(BadPathError):
            list(blobs.list(path))


@pytest.mark.parametrize("key", [*BAD_PATHS, "a/b", ".hidden"])
def test_a_drafts_key_is_one_visible_part(blobs: Blobs, key: str) -> None:
    with pytest.raises(BadPathError):
        blobs.draft(key)


# -- repair and disposal


def test_a_missing_and_a_damaged_file_are_put_back(blobs: Blobs) -> None:
    put(blobs, "rec", {"f": b"dam aged"})
    blobs.restore("rec/f", [b"who", b"le"], sha256(b"whole"))
    blobs.restore("rec/new/g", [b"lost"], sha256(b"lost"))
    assert (blobs.read_bytes("rec/f"), blobs.read_bytes("rec/new/g")) == (b"whole", b"lost")
    assert blobs.drafts() == []


def test_bytes_of_another_digest_are_not_put_back(blobs: Blobs) -> None:
    put(blobs, "rec", {"f": b"as it was"})
    with pytest.raises(DigestMismatchError) as caught:
        blobs.restore("rec/f", [b"worse"], sha256(b"whole"))
    assert caught.value.facts["found"] == sha256(b"worse")
    assert blobs.read_bytes("rec/f") == b"as it was"
    assert blobs.drafts() == []


def test_a_repair_whose_source_fails_changes_nothing(blobs: Blobs) -> None:
    def failing() -> Iterator[bytes]:
        yield b"who"
        raise OSError("the other disk failed")

    put(blobs, "rec", {"f": b"as it was"})
    with pytest.raises(OSError, match="the other disk"):
        blobs.restore("rec/f", failing(), sha256(b"whole"))
    assert blobs.read_bytes("rec/f") == b"as it was"
    assert blobs.drafts() == []


def test_a_link_in_a_files_place_is_replaced_by_the_file(backend: Backend) -> None:
    put(backend.blobs, "rec", {"f": b"x"})
    backend.link("rec/link")
    backend.blobs.restore("rec/link", [b"real"], sha256(b"real"))
    assert backend.blobs.read_bytes("rec/link") == b"real"


def test_an_object_is_removed_with_the_folders_it_leaves_empty(blobs: Blobs) -> None:
    put(blobs, "abc/def/one", {"v1/f": b"1"})
    put(blobs, "abc/xyz/two", {"v1/f": b"2"})
    blobs.remove_tree("abc/def/one")
    assert [entry.path for entry in blobs.children("abc")] == ["abc/xyz"]
    assert list(blobs.list("abc")) == ["abc/xyz/two/v1/f"]
    assert blobs.drafts() == []
    with pytest.raises(BlobMissingError):
        blobs.remove_tree("abc/def/one")


# -- the store itself


def test_an_unplugged_store_is_a_missing_store_never_a_missing_file(backend: Backend) -> None:
    blobs = backend.blobs
    put(blobs, "rec", {"f": b"x"})
    draft = blobs.draft("next")
    draft.write("f", b"y")
    backend.unplug()
    asks: list[Callable[[], object]] = [
        lambda: blobs.exists("gone"),
        lambda: blobs.stat("gone"),
        lambda: blobs.read_bytes("gone"),
        lambda: blobs.reread("gone"),
        lambda: list(blobs.list()),
        lambda: list(blobs.list("gone")),
        lambda: blobs.draft("other"),
        lambda: draft.publish("a/b/next"),
        lambda: blobs.restore("gone", [b""], sha256(b"")),
        lambda: blobs.remove_tree("gone"),
    ]
    for ask in asks:
        with pytest.raises(StoreMissingError, match="不存在或未挂载"):
            ask()


def test_free_space_is_known_or_admitted_unknown(blobs: Blobs) -> None:
    free = blobs.free_bytes()
    assert free is None or free > 0


def test_a_store_opens_only_where_one_was_made(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    with pytest.raises(StoreMissingError):
        LocalBlobs("一号库", tmp_path / "store", tmp_path / "staging")
    assert not (tmp_path / "staging").exists()
