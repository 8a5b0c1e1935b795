"""A small tolerant walker of RIFF chunks (WAV, AVI), for dates and for lengths that lie.

- Reads headers and small payloads only, with bounds; `movi` and `data` are stepped over.
- Chunk names and dates: IDIT and LIST INFO ICRD (AVI), bext OriginationDate/Time (EBU Tech 3285).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_MAX_CHUNKS = 20_000
_SMALL = 4096
_UNFINISHED = {0xFFFFFFFF, 0}


@dataclass
class Riff:
    """What the chunks say. `dates` are (field, raw text); `missing_bytes` reach past the end of the file."""

    dates: list[tuple[str, str]] = field(default_factory=list)
    missing_bytes: int = 0
    cut_chunk: str = ""
    unfinished: bool = False  # the recorder never came back to write the length of the sound


class _Walker:
    def __init__(self, source: BinaryIO, size: int) -> None:
        self.source, self.size, self.seen = source, size, 0
        self.large = False
        self.found = Riff()

    def _read(self, at: int, length: int) -> bytes:
        self.source.seek(at)
        return self.source.read(length)

    def _chunks(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        while at + 8 <= min(end, self.size) and self.seen < _MAX_CHUNKS:
            self.seen += 1
            head = self._read(at, 8)
            if len(head) < 8:
                return
            name, length = head[:4], struct.unpack("<I", head[4:])[0]
            yield name, at + 8, length
            at += 8 + length + (length & 1)

    def walk(self) -> Riff:
        for name, at, length in self._chunks(0, self.size):
            if name not in (b"RIFF", b"RF64"):
                break
            self.large = name == b"RF64"  # its lengths stand in ds64, by design
            if length in _UNFINISHED:
                length = self.size - at
            self._note_cut(name, at + length)
            self._inside(at + 4, at + length, depth=0)
        return self.found

    def _note_cut(self, name: bytes, end: int) -> None:
        over = end - self.size
        if over > max(self.found.missing_bytes, 1):  # one byte is the padding some writers leave out
            self.found.missing_bytes, self.found.cut_chunk = over, name.decode("latin-1")

    def _inside(self, at: int, end: int, depth: int) -> None:
        for name, payload, length in self._chunks(at, end):
            if name == b"data" and length in _UNFINISHED:
                self.found.unfinished = not self.large and payload < self.size
                return
            self._note_cut(name, payload + length)
            if name == b"LIST" and depth < 4:
                if self._read(payload, 4) != b"movi":
                    self._inside(payload + 4, payload + length, depth + 1)
            elif name in (b"IDIT", b"ICRD"):
                self._date(name.decode("ascii"), self._read(payload, min(length, _SMALL)))
            elif name == b"bext":
                self._bext(self._read(payload, min(length, 346)))

    def _date(self, field_name: str, raw: bytes) -> None:
        text = raw.decode("latin-1").strip(" \0\r\n\t")
        if text:
            self.found.dates.append((field_name, text))

    def _bext(self, data: bytes) -> None:
        """Description 256, originator 32, reference 32, then date 10 and time 8 bytes."""
        date, time = data[320:330], data[330:338]
        if date.strip(b"\0 "):
            self._date("bext OriginationDate/Time", date + b" " + time.replace(b"-", b":"))


def read_riff(source: BinaryIO, size: int) -> Riff:
    """Walk the chunks of an open file of `size` bytes. Never raises for what the bytes say."""
    return _Walker(source, size).walk()
