"""The walkers of boxes, chunks and markers: what they see, and that no bytes make them stumble."""

from __future__ import annotations

import io
import struct

import pytest
from corpus.media.media_makers import box, chunk, make_photo
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.media.bmff import read_boxes
from liuhen.core.media.jpeg import read_jpeg
from liuhen.core.media.riff import read_riff
from liuhen.core.media.sniff import disagrees, extension_of, sniff


def _boxes(data: bytes):
    return read_boxes(io.BytesIO(data), len(data))


def _riff(data: bytes):
    return read_riff(io.BytesIO(data), len(data))


def _mvhd(created: int, changed: int, scale: int, length: int) -> bytes:
    return box(b"mvhd", struct.pack(">IIIII", 0, created, changed, scale, length) + bytes(80))


def _track(*tables: bytes, edits: bytes = b"") -> bytes:
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    described = box(b"stsd", struct.pack(">II", 0, 1) + bytes(16))
    inner = box(b"minf", box(b"stbl", described + b"".join(tables)))
    return box(b"trak", edits + box(b"mdia", handler + inner))


def test_the_movie_header_gives_times_and_length() -> None:
    found = _boxes(box(b"ftyp", b"isom") + box(b"moov", _mvhd(10, 20, 600, 1200)))
    assert (found.creation, found.modification, found.duration) == (10, 20, 2.0)
    assert found.has_ftyp and found.has_moov and not found.missing_bytes


def test_the_long_movie_header_is_read_as_well() -> None:
    header = box(b"mvhd", struct.pack(">IQQIQ", 1 << 24, 10, 20, 600, 1200) + bytes(80))
    found = _boxes(box(b"moov", header))
    assert (found.creation, found.modification, found.duration) == (10, 20, 2.0)


def test_an_unknown_length_is_none() -> None:
    assert _boxes(box(b"moov", _mvhd(0, 0, 600, 2**32 - 1))).duration is None
    assert _boxes(box(b"moov", _mvhd(0, 0, 0, 5))).duration is None


def test_a_box_past_the_end_is_named_with_what_is_missing() -> None:
    found = _boxes(box(b"ftyp", b"isom") + box(b"mdat", bytes(100))[:-30])
    assert (found.missing_bytes, found.cut_box) == (30, "mdat")


def test_a_64_bit_box_and_one_to_the_end_are_followed() -> None:
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 8) + bytes(8)
    last = struct.pack(">I4s", 0, b"moov") + _mvhd(7, 7, 1, 1)
    assert _boxes(large + last).creation == 7


def test_tracks_tell_handler_edits_and_chunks() -> None:
    elst = box(b"edts", box(b"elst", struct.pack(">II", 0, 1) + struct.pack(">IiI", 50, 1024, 1 << 16)))
    stco = box(b"stco", struct.pack(">III", 0, 2, 16) + struct.pack(">I", 99_999))
    (track,) = _boxes(box(b"moov", _track(stco, edits=elst))).tracks
    assert (track.handler, track.has_stsd, track.edits) == ("vide", True, 1)
    assert (track.chunks, track.chunks_outside, track.out_of_range) == (2, 1, 1)


def test_an_edit_that_changes_nothing_is_no_edit() -> None:
    elst = box(b"edts", box(b"elst", struct.pack(">II", 0, 1) + struct.pack(">IiI", 50, 0, 1 << 16)))
    assert _boxes(box(b"moov", _track(edits=elst))).tracks[0].edits == 0


def test_a_table_that_speaks_of_chunks_that_are_not_there() -> None:
    stsc = box(b"stsc", struct.pack(">II", 0, 1) + struct.pack(">III", 9, 1, 1))
    co64 = box(b"co64", struct.pack(">IIQ", 0, 1, 8))
    assert _boxes(box(b"moov", _track(stsc, co64))).tracks[0].out_of_range == 1


def test_a_count_that_lies_reads_no_further_than_the_box() -> None:
    stco = box(b"stco", struct.pack(">III", 0, 2**32 - 1, 4))
    assert _boxes(box(b"moov", _track(stco))).tracks[0].chunks == 1


def test_boxes_nested_for_ever_end() -> None:
    nested = b""
    for _ in range(3000):
        nested = box(b"trak", nested)
    assert _boxes(box(b"moov", nested)).has_moov


@given(st.binary(max_size=400))
def test_no_bytes_make_the_box_walker_stumble(data) -> None:
    _boxes(data)
    _boxes(box(b"moov", box(b"trak", data)) + data)


def test_dates_of_avi_and_of_broadcast_wave() -> None:
    idit = chunk(b"LIST", b"hdrl" + chunk(b"IDIT", b"MON SEP 10 20:52:00 2012\n\0"))
    info = chunk(b"LIST", b"INFO" + chunk(b"ICRD", b"2012-09-10"))
    bext = chunk(b"bext", bytes(320) + b"2012-09-1020-52-00" + bytes(8))
    found = _riff(chunk(b"RIFF", b"AVI " + idit + info + bext))
    assert found.dates == [
        ("IDIT", "MON SEP 10 20:52:00 2012"),
        ("ICRD", "2012-09-10"),
        ("bext OriginationDate/Time", "2012-09-10 20:52:00"),
    ]
    assert not found.missing_bytes


def test_a_cut_wav_says_how_much_is_missing() -> None:
    found = _riff(chunk(b"RIFF", b"WAVE" + chunk(b"data", bytes(100)))[:-40])
    assert (found.missing_bytes, found.cut_chunk) == (40, "RIFF")


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_wav_whose_recorder_lost_power(length) -> None:
    head = b"RIFF" + struct.pack("<I", 0) + b"WAVE" + b"data" + struct.pack("<I", length)
    assert _riff(head + bytes(100)).unfinished
    assert not _riff(b"RF64" + head[4:] + bytes(100)).unfinished


def test_an_empty_wav_that_was_closed_is_finished() -> None:
    assert not _riff(chunk(b"RIFF", b"WAVE" + chunk(b"data"))).unfinished


@given(st.binary(max_size=400))
def test_no_bytes_make_the_chunk_walker_stumble(data) -> None:
    _riff(data)
    _riff(chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + data)))


def test_metadata_leaves_the_digest_of_the_picture_alone(tmp_path) -> None:
    plain = make_photo(tmp_path / "a.jpg").read_bytes()
    tagged = make_photo(tmp_path / "b.jpg", taken="2026:01:01 00:00:00").read_bytes()
    other = make_photo(tmp_path / "c.jpg", size=(328, 240)).read_bytes()
    assert plain != tagged
    assert read_jpeg(plain).digest == read_jpeg(tagged).digest != read_jpeg(other).digest
    assert read_jpeg(plain) == read_jpeg(plain + b"something after the picture")


def test_one_bit_of_the_picture_changes_its_digest(tmp_path) -> None:
    data = bytearray(make_photo(tmp_path / "a.jpg").read_bytes())
    before = read_jpeg(bytes(data)).digest
    data[len(data) // 2] ^= 1
    assert read_jpeg(bytes(data)).digest != before


def test_a_jpeg_without_its_end_is_not_complete(tmp_path) -> None:
    data = make_photo(tmp_path / "a.jpg").read_bytes()
    assert read_jpeg(data).complete
    assert not read_jpeg(data[:-2]).complete
    assert not read_jpeg(data[:30]).complete


@given(st.binary(max_size=300))
def test_no_bytes_make_the_marker_walker_stumble(data) -> None:
    read_jpeg(data)
    read_jpeg(b"\xff\xd8\xff\xda\0\4ab" + data)


@pytest.mark.parametrize(
    ("name", "family", "wrong"),
    [
        ("a.MP4", "bmff", False),
        ("a.mov", "bmff", False),
        ("a.mp4", "jpeg", True),
        ("a.jpg", "heif", True),
        ("a.part", "jpeg", False),
        ("noextension", "jpeg", False),
        ("a.docx", "zip", False),
    ],
)
def test_what_a_name_claims(name, family, wrong) -> None:
    assert disagrees(name, family) is wrong


def test_a_hidden_file_has_no_extension() -> None:
    assert extension_of(".mp4") == ""


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\0\0\0\x20ftypqt  ", "mov"),
        (b"\0\0\0\x20ftyp3gp5", "3gp"),
        (b"\0\0\0\x20ftypM4A ", "m4a"),
        (b"\0\0\0\x20ftypisom", "mp4"),
        (b"\0\0\0\x20ftypheic", "heic"),
        (b"\0\0\0\x20mdat", "mp4"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0nope", None),
        (b"#!AMR\n", "amr"),
        (b"", None),
        (b"text", None),
    ],
)
def test_what_the_first_bytes_show(head, container) -> None:
    kind = sniff(head)
    assert (kind.container if kind else None) == container
