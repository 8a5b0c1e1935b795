"""Reading ahead changes nothing but the time it takes."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from liuhen.core.blobs import rereading
from liuhen.core.digests import CHUNK

SIZES = [0, 1, 4095, 4096, 4097, CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + 4096, 2 * CHUNK, 3 * CHUNK + 5]


@pytest.fixture(autouse=True)
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "AHEAD_FROM", 0)


def file_of(folder: Path, size: int) -> tuple[Path, str]:
    data = os.urandom(size)
    (folder / "f").write_bytes(data)
    return folder / "f", hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("size", SIZES)
def test_the_digest_is_that_of_the_whole_file(tmp_path: Path, size: int) -> None:
    path, digest = file_of(tmp_path, size)
    seen = rereading.reread_ahead(path)
    assert (seen.sha256, seen.size) == (digest, size)


def test_a_file_below_the_threshold_is_read_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "AHEAD_FROM", 10)
    monkeypatch.setattr(rereading, "_hash", lambda fd: pytest.fail("read ahead"))
    path, digest = file_of(tmp_path, 9)
    assert rereading.reread_ahead(path).sha256 == digest


def failing(number: int, after: int):  # type: ignore[no-untyped-def]
    preadv = os.preadv

    def read(fd: int, buffers: list[memoryview], offset: int) -> int:
        if offset >= after:
            raise OSError(number, os.strerror(number))
        return preadv(fd, buffers, offset)

    return read


def test_a_bad_sector_in_the_middle_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = file_of(tmp_path, 3 * CHUNK)
    monkeypatch.setattr(os, "preadv", failing(errno.EIO, 2 * CHUNK))
    with pytest.raises(OSError, match="Input/output error"):
        rereading.reread_ahead(path)


def test_a_file_system_without_direct_reading_is_read_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, digest = file_of(tmp_path, CHUNK + 7)
    monkeypatch.setattr(os, "preadv", failing(errno.EINVAL, 0))
    seen = rereading.reread_ahead(path)
    assert (seen.sha256, seen.method) == (digest, "fadvise")
