"""The faults a store in memory can be told to have."""

from __future__ import annotations

import errno

import pytest

from liuhen.core.blobs import MemoryBlobs
from liuhen.core.blobs.base import DiskFullError, ReadFailedError, StoreReadOnlyError, WriteFailedError


def test_the_nth_call_from_now_fails_and_the_next_one_does_not() -> None:
    blobs = MemoryBlobs()
    blobs.draft("a").write("f", b"1")
    blobs.fail_on("write", 2, OSError(errno.EIO, "bad sector"))
    draft = blobs.draft("b")
    draft.write("f", b"1")
    with pytest.raises(WriteFailedError) as caught:
        draft.write("g", b"2")
    assert isinstance(caught.value.__cause__, OSError)
    draft.write("g", b"2")
    assert draft.paths() == ["f", "g"]


def test_a_planned_read_error_reads_as_one() -> None:
    blobs = MemoryBlobs()
    draft = blobs.draft("a")
    draft.write("f", b"1")
    draft.publish("a")
    blobs.fail_on("reread", 1, OSError(errno.EIO, "bad sector"))
    with pytest.raises(ReadFailedError):
        blobs.reread("a/f")
    blobs.fail_on("publish", 1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        blobs.draft("b").publish("b")


def test_a_store_fills_up_and_what_was_stored_stays() -> None:
    blobs = MemoryBlobs(capacity=10)
    draft = blobs.draft("a")
    draft.write("f", b"12345678")
    draft.publish("a")
    assert blobs.free_bytes() == 2
    with pytest.raises(DiskFullError):
        blobs.draft("b").write("f", b"123")
    assert blobs.read_bytes("a/f") == b"12345678"


def test_a_protected_store_reads_and_does_not_write() -> None:
    blobs = MemoryBlobs()
    draft = blobs.draft("a")
    draft.write("f", b"1")
    draft.publish("a")
    blobs.read_only = True
    assert blobs.read_bytes("a/f") == b"1"
    with pytest.raises(StoreReadOnlyError):
        blobs.draft("b")


def test_unplugging_lasts_as_long_as_the_block() -> None:
    blobs = MemoryBlobs()
    with blobs.as_if_unplugged(), pytest.raises(Exception, match="未挂载"):
        blobs.exists("a")
    assert not blobs.exists("a")
