"""A ZIP archive as a stream of known length: stored, not deflated, of any size, in flat memory.

- Sizes and CRC-32 are known before a byte is written, so every header is complete: no data descriptors, which some
  unpackers of stored files misread.
- ZIP64 fields (APPNOTE 4.5.3, 4.3.14) appear only where a size or an offset needs them.
- Names are UTF-8 (flag bit 11) and relative; nothing else is taken.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

_LIMIT = 0xFFFFFFFF
_UTF8 = 1 << 11
_PLAIN, _ZIP64 = 20, 45  # version needed


@dataclass(frozen=True)
class Member:
    """One file: `read` gives its bytes in pieces, `size` of them in all, whose CRC-32 is `crc`."""

    name: str
    size: int
    crc: int
    read: Callable[[], Iterable[bytes]]


def zip_length(members: list[Member]) -> int:
    """Bytes of the whole archive."""
    offset = ends = 0
    for one in members:
        ends += len(_central(one, offset, _EPOCH))
        offset += len(_local(one, _EPOCH)) + one.size
    return offset + ends + len(_end(len(members), ends, offset))


def zip_stream(members: list[Member], *, at: datetime) -> Iterator[bytes]:
    """The archive in pieces. `at` is the local time that its files bear. Raises ValueError when a file gives another
    number of bytes than it said: the archive is then left without its end."""
    offset, directory = 0, b""
    for one in members:
        head = _local(one, at)
        directory += _central(one, offset, at)
        yield head
        given = 0
        for piece in one.read():
            given += len(piece)
            if given > one.size:
                break
            yield piece
        if given != one.size:
            raise ValueError(f"{one.name}: {given} bytes instead of {one.size}")
        offset += len(head) + one.size
    yield directory + _end(len(members), len(directory), offset)


_EPOCH = datetime(1980, 1, 1)


def _stamp(at: datetime) -> tuple[int, int]:
    year = min(max(at.year, 1980), 2107)
    return at.hour << 11 | at.minute << 5 | at.second // 2, (year - 1980) << 9 | at.month << 5 | at.day


def _local(one: Member, at: datetime) -> bytes:
    name, big = _name(one), one.size >= _LIMIT
    extra = struct.pack("<HHQQ", 1, 16, one.size, one.size) if big else b""
    size = _LIMIT if big else one.size
    head = struct.pack(
        "<4s5H3L2H", b"PK\3\4", _ZIP64 if big else _PLAIN, _UTF8, 0, *_stamp(at), one.crc, size, size,
        len(name), len(extra),
    )  # fmt: skip
    return head + name + extra


def _central(one: Member, offset: int, at: datetime) -> bytes:
    name, big, far = _name(one), one.size >= _LIMIT, offset >= _LIMIT
    extra = (struct.pack("<QQ", one.size, one.size) if big else b"") + (
        struct.pack("<Q", offset) if far else b""
    )
    extra = struct.pack("<HH", 1, len(extra)) + extra if extra else b""
    size, needed = (_LIMIT if big else one.size), (_ZIP64 if extra else _PLAIN)
    head = struct.pack(
        "<4s2B5H3L5H2L", b"PK\1\2", needed, 3, needed, _UTF8, 0, *_stamp(at), one.crc, size, size,
        len(name), len(extra), 0, 0, 0, 0o100644 << 16, _LIMIT if far else offset,
    )  # fmt: skip
    return head + name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    big = offset >= _LIMIT or size >= _LIMIT or count >= 0xFFFF
    zip64 = b""
    if big:
        zip64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, _ZIP64, _ZIP64, 0, 0, count, count, size, offset)
        zip64 += struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    few, small, near = min(count, 0xFFFF), min(size, _LIMIT), min(offset, _LIMIT)
    return zip64 + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, few, few, small, near, 0)


def _name(one: Member) -> bytes:
    parts = one.name.split("/")
    if not one.name or any(part in ("", ".", "..") for part in parts) or "\\" in one.name:
        raise ValueError(f"not a name for an archive: {one.name!r}")
    return one.name.encode()
