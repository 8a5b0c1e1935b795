"""The archive against Python's own zipfile, and beyond four gigabytes against a sparse stream."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liuhen.core.zipping import Member, zip_length, zip_stream

AT = datetime(2026, 3, 2, 16, 31, 5)


def member(name: str, data: bytes, step: int = 7) -> Member:
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    return Member(name, len(data), zlib.crc32(data), lambda: pieces)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=["C"]),
    min_size=1,
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(NAMES.filter(lambda name: name not in (".", "..")), st.binary(max_size=60), max_size=5)
)
def test_what_goes_in_comes_out_and_the_length_is_known_before(files):
    members = [member(f"导出/{name}", data) for name, data in files.items()]
    whole = b"".join(zip_stream(members, at=AT))
    assert len(whole) == zip_length(members)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == {
            f"导出/{name}": data for name, data in files.items()
        }
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.date_time == (2026, 3, 2, 16, 31, 4)


@pytest.mark.slow
def test_a_file_beyond_four_gigabytes_can_be_read_back(tmp_path: Path):
    size = (4 << 30) + 12345
    zeros = bytes(1 << 20)
    crc, left = 0, size
    while left:
        step = min(left, len(zeros))
        crc, left = zlib.crc32(zeros[:step], crc), left - step

    def read():
        left = size
        while left:
            step = min(left, len(zeros))
            left -= step
            yield zeros[:step]

    members = [member("a.txt", b"before"), Member("big.bin", size, crc, read), member("z.txt", b"after")]
    path = tmp_path / "big.zip"
    with path.open("wb") as out:
        for piece in zip_stream(members, at=AT):
            if piece.count(0) == len(piece) and len(piece) == len(zeros):
                out.seek(len(piece), io.SEEK_CUR)  # sparse: four gigabytes of nothing
            else:
                out.write(piece)
    assert path.stat().st_size == zip_length(members)
    with zipfile.ZipFile(path) as archive:
        assert [(info.filename, info.file_size) for info in archive.infolist()] == [
            ("a.txt", 6),
            ("big.bin", size),
            ("z.txt", 5),
        ]
        assert archive.read("z.txt") == b"after"
    if shutil.which("unzip"):
        done = subprocess.run(["unzip", "-p", path, "z.txt"], capture_output=True, check=True)
        assert done.stdout == b"after"


@pytest.mark.parametrize("data", [b"short", b"much too long"])
def test_a_file_that_gives_other_bytes_than_it_said_leaves_no_whole_archive(data: bytes):
    out = b""
    with pytest.raises(ValueError):
        for piece in zip_stream([Member("a", 8, 0, lambda: [data])], at=AT):
            out += piece
    assert not zipfile.is_zipfile(io.BytesIO(out))


@pytest.mark.parametrize("name", ["", "/a", "a//b", "../a", "a/..", ".", "a\\b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str):
    with pytest.raises(ValueError):
        list(zip_stream([member(name, b"")], at=AT))
