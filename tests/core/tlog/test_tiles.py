"""Tiles: the layout of C2SP, any slicing gives the same files, a crash is finished by publishing again."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tlog_oracle import mth, some_entries

from liuhen.core.tlog import tile_files
from liuhen.core.tlog.merkle import leaf_hash, root_of
from liuhen.core.tlog.proof import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from liuhen.core.tlog.tiles import (
    EntryTooLargeError,
    TileConflictError,
    TileError,
    TileFolder,
    TileGapError,
    tile_path,
)


@pytest.fixture(autouse=True)
def _no_disk_waits(monkeypatch):
    """The order of writes is what these tests look at; waiting for the platter is durable's own test."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def without_partials_of_full(files: dict[str, bytes]) -> dict[str, bytes]:
    """Partial tiles that another slicing may leave or skip are no part of the tree at its last size."""
    last = {}
    for name, data in files.items():
        tile, _, width = name.partition(".p/")
        last[tile] = max(last.get(tile, (0, b"")), (int(width or 256), data))
    return last


@pytest.mark.parametrize(
    ("number", "width", "expected"),
    [
        (0, 256, "tile/0/000"),
        (67, 1, "tile/0/067.p/1"),
        (999, 256, "tile/0/999"),
        (1000, 256, "tile/0/x001/000"),
        (1234067, 256, "tile/0/x001/x234/067"),
        (1234067, 255, "tile/0/x001/x234/067.p/255"),
    ],
)
def test_tiles_are_named_as_the_standard_says(number, width, expected):
    assert tile_path(0, number, width) == PurePosixPath(expected)
    assert tile_path("entries", 5) == PurePosixPath("tile/entries/005")


@pytest.mark.slow
def test_a_tree_of_70000_has_the_tiles_that_the_standard_lists(tmp_path):
    entries = [b"%d" % i for i in range(70_000)]
    folder = TileFolder(tmp_path)
    folder.publish(0, entries)
    tiles = {path for path in files_of(tmp_path) if "entries" not in path}
    expected = {str(tile_path(0, n)) for n in range(273)}
    expected |= {"tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"}
    assert tiles == expected
    leaves = [leaf_hash(entry) for entry in entries]
    root = root_of(leaves)
    assert folder.root(70_000) == root
    assert folder.root(65_536) == root_of(leaves[:65_536])
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        verify_inclusion(index, 70_000, leaves[index], inclusion_proof(index, 70_000, folder.hash_at), root)
    for old in (1, 256, 257, 65_536, 69_999):
        proof = consistency_proof(old, 70_000, folder.hash_at)
        verify_consistency(old, 70_000, proof, root_of(leaves[:old]), root)


def test_256_leaves_are_one_full_tile_and_one_hash_above_it(tmp_path):
    TileFolder(tmp_path).publish(0, some_entries(256))
    assert set(files_of(tmp_path)) == {"tile/0/000", "tile/1/000.p/1", "tile/entries/000"}


def test_a_bundle_holds_each_entry_after_its_length(tmp_path):
    TileFolder(tmp_path).publish(0, [b"", b"ab", b"c" * 300])
    stored = (tmp_path / "tile/entries/000.p/3").read_bytes()
    assert stored == b"\0\0" + b"\0\2ab" + b"\1\x2c" + b"c" * 300


def test_an_empty_folder_is_an_empty_tree(tmp_path):
    folder = TileFolder(tmp_path / "not yet there")
    assert folder.size_on_disk() == 0
    assert folder.root(0) == mth([])
    assert list(folder.entries(0, 0)) == list(folder.leaf_hashes(0)) == []
    folder.publish(0, [])
    assert not folder.path.exists()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_publishing_in_slices_gives_what_publishing_at_once_gives(tmp_path_factory, slices):
    entries = some_entries(sum(slices))
    sliced, whole = (tmp_path_factory.mktemp("log") for _ in range(2))
    at, folder = 0, TileFolder(sliced)
    for width in slices:
        folder.publish(at, entries[at : at + width])
        at += width
        assert folder.size_on_disk() == at
        assert folder.root(at) == mth(entries[:at])
    TileFolder(whole).publish(0, entries)
    assert without_partials_of_full(files_of(sliced)) == without_partials_of_full(files_of(whole))
    assert list(folder.entries(0, at)) == entries
    assert list(folder.leaf_hashes(at)) == [leaf_hash(entry) for entry in entries]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 700), st.integers(0, 700))
def test_any_stretch_of_entries_can_be_read(big_log, start, stop):
    assert list(TileFolder(big_log).entries(start, stop)) == some_entries(700)[start:stop]


@pytest.fixture(scope="module")
def big_log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("big")
    TileFolder(folder).publish(0, some_entries(700))
    return folder


def test_old_heads_stay_provable_while_their_tiles_are_partial(tmp_path):
    entries, folder = some_entries(9), TileFolder(tmp_path)
    for at, entry in enumerate(entries):
        folder.publish(at, [entry])
    assert {f"tile/0/000.p/{width}" for width in range(1, 10)} <= set(files_of(tmp_path))
    assert all(TileFolder(tmp_path).root(size) == mth(entries[:size]) for size in range(10))


def test_partial_tiles_go_only_when_the_full_tile_is_there(tmp_path):
    folder = TileFolder(tmp_path)
    folder.publish(0, some_entries(255))
    folder.publish(255, some_entries(257)[255:])
    names = set(files_of(tmp_path))
    assert "tile/0/000" in names and "tile/entries/000" in names
    assert not [name for name in names if name.startswith(("tile/0/000.p", "tile/entries/000.p"))]


class PowerCutError(Exception):
    pass


@pytest.mark.parametrize(("before", "more"), [(0, 3), (250, 20), (255, 1), (256, 300), (500, 30)])
def test_a_publish_cut_off_at_any_write_is_finished_by_the_next(tmp_path_factory, monkeypatch, before, more):
    entries = some_entries(before + more)
    whole = tmp_path_factory.mktemp("whole")
    for part in (slice(0, before), slice(before, None)):
        TileFolder(whole).publish(part.start, entries[part])
    real, cut_at = tile_files.replace_file, 0
    while True:
        log = tmp_path_factory.mktemp("log")
        TileFolder(log).publish(0, entries[:before])
        left = cut_at

        def write(path, data, **mode):
            nonlocal left
            if left == 0:
                raise PowerCutError
            left -= 1
            real(path, data, **mode)

        monkeypatch.setattr(tile_files, "replace_file", write)
        try:
            TileFolder(log).publish(before, entries[before:])
        except PowerCutError:
            cut_at += 1
        else:
            break
        finally:
            monkeypatch.setattr(tile_files, "replace_file", real)
        size = TileFolder(log).size_on_disk()
        assert before <= size <= before + more
        assert TileFolder(log).root(size) == mth(entries[:size]), "what level 0 holds is complete"
        assert list(TileFolder(log).entries(0, size)) == entries[:size]
        TileFolder(log).publish(before, entries[before:])
        assert files_of(log) == files_of(whole)
    assert cut_at >= 2


def test_publishing_the_same_again_changes_nothing(tmp_path):
    entries, folder = some_entries(300), TileFolder(tmp_path)
    folder.publish(0, entries)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for start, stop in ((0, 300), (10, 20), (299, 300), (300, 300)):
        TileFolder(tmp_path).publish(start, entries[start:stop])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("lost", ["tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"])
def test_publishing_everything_again_brings_a_lost_file_back(tmp_path, lost):
    folder = TileFolder(tmp_path)
    folder.publish(0, some_entries(300))
    before = files_of(tmp_path)
    (tmp_path / lost).unlink()
    TileFolder(tmp_path).publish(0, some_entries(300))
    assert files_of(tmp_path) == before


def test_a_range_that_leaves_a_hole_is_refused(tmp_path):
    folder = TileFolder(tmp_path)
    folder.publish(0, some_entries(3))
    with pytest.raises(TileGapError, match="已公布 3 条"):
        folder.publish(4, [b"x"])
    with pytest.raises(TileGapError):
        folder.publish(-1, [b"x"])


def test_an_entry_longer_than_a_length_can_say_is_refused_before_anything_is_written(tmp_path):
    folder = TileFolder(tmp_path)
    with pytest.raises(EntryTooLargeError, match="第 1 条"):
        folder.publish(0, [b"a" * 65_535, b"b" * 65_536])
    assert files_of(tmp_path) == {}
    folder.publish(0, [b"a" * 65_535])
    assert list(folder.entries(0, 1)) == [b"a" * 65_535]


@pytest.mark.parametrize(("start", "changed"), [(0, 0), (0, 299), (256, 260), (0, 100)])
def test_other_entries_than_the_published_ones_are_refused(tmp_path, start, changed):
    entries = some_entries(300)
    TileFolder(tmp_path).publish(0, entries)
    before = files_of(tmp_path)
    entries[changed] = b"rewritten"
    with pytest.raises(TileConflictError):
        TileFolder(tmp_path).publish(start, [*entries[start:], b"one more"])
    assert files_of(tmp_path) == before


def test_an_altered_entry_in_the_middle_is_refused(tmp_path):
    TileFolder(tmp_path).publish(0, some_entries(300))
    with pytest.raises(TileConflictError):
        TileFolder(tmp_path).publish(10, [b"rewritten"])


@pytest.mark.parametrize("name", ["tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"])
def test_a_file_that_only_grew_is_refused_too(tmp_path, name):
    TileFolder(tmp_path).publish(0, some_entries(300))
    with (tmp_path / name).open("ab") as file:
        file.write(b"more")
    with pytest.raises(TileConflictError):
        TileFolder(tmp_path).publish(0, some_entries(300))


def test_a_pipe_in_place_of_a_tile_neither_blocks_nor_passes(tmp_path):
    TileFolder(tmp_path).publish(0, some_entries(3))
    tile = tmp_path / "tile/0/000.p/3"
    tile.unlink()
    os.mkfifo(tile)
    writer = os.open(tile, os.O_RDWR)
    try:
        with pytest.raises(TileError):
            TileFolder(tmp_path).root(3)
    finally:
        os.close(writer)


def test_a_smaller_publish_after_a_larger_one_that_was_cut_off_goes_on(tmp_path, monkeypatch):
    entries, real, left = some_entries(300), tile_files.replace_file, [1]

    def first_bundle_only(path, data, **mode):
        if not left:
            raise PowerCutError
        left.pop()
        real(path, data, **mode)

    monkeypatch.setattr(tile_files, "replace_file", first_bundle_only)
    with pytest.raises(PowerCutError):
        TileFolder(tmp_path).publish(0, entries)
    monkeypatch.setattr(tile_files, "replace_file", real)
    TileFolder(tmp_path).publish(0, entries[:100])
    assert set(files_of(tmp_path)) == {"tile/entries/000", "tile/0/000.p/100"}
    assert list(TileFolder(tmp_path).entries(0, 100)) == entries[:100]
    TileFolder(tmp_path).publish(100, entries[100:])
    assert TileFolder(tmp_path).root(300) == mth(entries)


@pytest.mark.parametrize("name", ["tile/1/000.p/1", "tile/entries/000"])
def test_a_full_or_upper_tile_that_disagrees_is_refused(tmp_path, name):
    TileFolder(tmp_path).publish(0, some_entries(300))
    file = tmp_path / name
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])
    with pytest.raises(TileConflictError) as refusal:
        TileFolder(tmp_path).publish(0, some_entries(300))
    assert refusal.value.facts["path"] == name


@pytest.mark.parametrize(
    "name", ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/entries/000", "tile/entries/002.p/188"]
)
@pytest.mark.parametrize("damage", ["missing", "short", "long", "fewer", "folder", "link"])
def test_damage_names_the_tile(tmp_path, name, damage):
    log = tmp_path / "log"
    TileFolder(log).publish(0, some_entries(700))
    file = log / name
    data = file.read_bytes()
    file.unlink()
    if damage == "folder":
        file.mkdir()
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(data)
        file.symlink_to(tmp_path / "elsewhere")
    elif damage == "fewer":
        file.write_bytes(data[2 + data[1] :] if "entries" in name else data[32:])
    elif damage != "missing":
        file.write_bytes(data[:-1] if damage == "short" else data + b"\0")
    with pytest.raises(TileError) as refusal:
        list(TileFolder(log).entries(0, 700))
        list(TileFolder(log).leaf_hashes(700))
    assert refusal.value.facts["path"] == name
    assert name in str(refusal.value)


def test_a_folder_that_links_out_is_neither_read_nor_written(tmp_path):
    log, outside = tmp_path / "log", tmp_path / "outside"
    TileFolder(log).publish(0, some_entries(300))
    (log / "tile/0").rename(outside)
    (log / "tile/0").symlink_to(outside)
    before = files_of(outside)
    with pytest.raises(TileError, match="日志目录之外"):
        TileFolder(log).size_on_disk()
    with pytest.raises(TileError, match="日志目录之外"):
        TileFolder(log).hash_at(0, 0)
    with pytest.raises(TileError, match="日志目录之外"):
        TileFolder(log).publish(300, [b"x"])
    assert files_of(outside) == before
    (log / "tile/0").unlink()
    (log / "tile/0").symlink_to(log / "tile/0")
    with pytest.raises(TileError):
        TileFolder(log).size_on_disk()


def test_the_log_folder_itself_may_stand_behind_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "log").symlink_to(tmp_path / "disk")
    TileFolder(tmp_path / "log").publish(0, some_entries(3))
    assert TileFolder(tmp_path / "log").root(3) == mth(some_entries(3))


@pytest.mark.parametrize("tiles", [999, 1000, 1001, 2500, 1_000_000, 1_234_067])
def test_the_size_is_found_in_folders_of_every_depth(tmp_path, tiles):
    # Only the tiles that decide are made: the first of each depth and the last ones.
    for number in {0, *(n for n in (999, 1000, 999_999, 1_000_000) if n < tiles), tiles - 1}:
        file = tmp_path / tile_path(0, number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(8192))
    folder = TileFolder(tmp_path)
    assert folder.size_on_disk() == tiles * 256
    partial = tmp_path / tile_path(0, tiles, 7)
    partial.parent.mkdir(parents=True)
    assert folder.size_on_disk() == tiles * 256, "an empty folder of partial tiles counts for nothing"
    partial.write_bytes(bytes(7 * 32))
    (partial.parent / ".8.123.abc.tmp").write_bytes(bytes(8 * 32))
    assert folder.size_on_disk() == tiles * 256 + 7


def test_a_longer_tile_published_by_someone_else_is_seen(tmp_path):
    reader, writer = TileFolder(tmp_path), TileFolder(tmp_path)
    writer.publish(0, some_entries(3))
    assert reader.root(3) == mth(some_entries(3))
    writer.publish(3, some_entries(300)[3:])
    assert reader.root(300) == mth(some_entries(300))
