"""A small tolerant walker of ISO base media boxes (MP4, MOV, 3GP), for what the demuxer hides.

- Reads headers and small payloads only; every loop and every read has a bound; damage ends the walk, it never
  raises.
- Reports what the boxes say: times, durations, tracks, chunk offsets, and where they point outside the file.
- Source: ISO/IEC 14496-12 (box header 4.2, mvhd 8.2.2, hdlr 8.4.3, stsd 8.5.2, elst 8.6.6, stsc 8.7.4,
  stco/co64 8.7.5).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

_MAX_BOXES = 20_000
_MAX_DEPTH = 8
_MAX_PAYLOAD = 64 << 20
_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}


@dataclass
class TrackBoxes:
    """What one `trak` says.

    `chunks_outside` counts chunk offsets at or past the end of the file; `highest_run` is the highest chunk
    number that the sample-to-chunk table speaks of.
    """

    handler: str = ""
    has_stsd: bool = False
    edits: int = 0
    chunks: int = 0
    chunks_outside: int = 0
    highest_run: int = 0

    @property
    def out_of_range(self) -> int:
        """How many entries of the index point where nothing can be."""
        return self.chunks_outside + (1 if self.chunks and self.highest_run > self.chunks else 0)


@dataclass
class Boxes:
    """What the boxes of a file say. Times are seconds since 1904 (UTC), durations in seconds."""

    has_ftyp: bool = False
    has_moov: bool = False
    has_fragments: bool = False
    missing_bytes: int = 0  # how far the outermost boxes reach past the end of the file
    cut_box: str = ""
    creation: int | None = None
    modification: int | None = None
    duration: float | None = None
    tracks: list[TrackBoxes] = field(default_factory=list)


@dataclass(frozen=True)
class _Box:
    name: bytes
    payload: int
    end: int


class _Walker:
    def __init__(self, source: BinaryIO, size: int) -> None:
        self.source, self.size, self.seen = source, size, 0
        self.found = Boxes()

    def _read(self, at: int, length: int) -> bytes:
        self.source.seek(at)
        return self.source.read(min(length, _MAX_PAYLOAD))

    def _header(self, at: int, end: int) -> _Box | None:
        head = self._read(at, 16)
        if len(head) < 8:
            return None
        length, name, payload = struct.unpack(">I", head[:4])[0], head[4:8], at + 8
        if length == 1 and len(head) == 16:
            length, payload = struct.unpack(">Q", head[8:16])[0], at + 16
        elif length == 0:
            length = end - at
        if length < payload - at:
            return None
        return _Box(name, payload, at + length)

    def children(self, at: int, end: int) -> Iterator[_Box]:
        """The boxes between two offsets, until the bound, the end, or nonsense."""
        while at + 8 <= min(end, self.size) and self.seen < _MAX_BOXES:
            self.seen += 1
            box = self._header(at, end)
            if box is None:
                return
            yield box
            at = box.end

    def walk(self) -> Boxes:
        for box in self.children(0, self.size):
            if box.end > self.size:
                self.found.missing_bytes = box.end - self.size
                self.found.cut_box = _name(box.name)
            if box.name == b"ftyp":
                self.found.has_ftyp = True
            elif box.name == b"moof":
                self.found.has_fragments = True
            elif box.name == b"moov":
                self.found.has_moov = True
                self._descend(box, None, 0)
        return self.found

    def _descend(self, parent: _Box, track: TrackBoxes | None, depth: int) -> None:
        for box in self.children(parent.payload, parent.end):
            inner = track
            if box.name == b"trak":
                inner = TrackBoxes()
                self.found.tracks.append(inner)
            if box.name in _PARENTS and depth < _MAX_DEPTH:
                self._descend(box, inner, depth + 1)
            else:
                self._leaf(box, track)

    def _leaf(self, box: _Box, track: TrackBoxes | None) -> None:
        if box.name == b"mvhd":
            self._mvhd(self._read(box.payload, 32))
        elif track is None:
            return
        elif box.name == b"hdlr" and not track.handler:
            track.handler = _name(self._read(box.payload, 12)[8:12])
        elif box.name == b"stsd":
            head = self._read(box.payload, 8)
            track.has_stsd = len(head) == 8 and struct.unpack(">I", head[4:8])[0] > 0
        elif box.name == b"elst":
            track.edits = _real_edits(self._read(box.payload, min(box.end - box.payload, 4096)))
        elif box.name == b"stsc":
            track.highest_run = _highest_run(
                self._read(box.payload, min(box.end - box.payload, _MAX_PAYLOAD))
            )
        elif box.name in (b"stco", b"co64"):
            self._chunks(box, track)

    def _mvhd(self, data: bytes) -> None:
        wide = data[:1] == b"\x01"
        if len(data) < (32 if wide else 20):
            return
        form = ">QQIQ" if wide else ">IIII"
        created, modified, scale, length = struct.unpack_from(form, data, 4)
        self.found.creation, self.found.modification = created, modified
        unknown = length == (1 << 64) - 1 if wide else length == (1 << 32) - 1
        self.found.duration = length / scale if scale and not unknown else None

    def _chunks(self, box: _Box, track: TrackBoxes) -> None:
        head = self._read(box.payload, 8)
        if len(head) < 8:
            return
        width, code = (4, "I") if box.name == b"stco" else (8, "Q")
        data = self._read(
            box.payload + 8, min(struct.unpack(">I", head[4:8])[0] * width, box.end - box.payload)
        )
        offsets = array(code)
        offsets.frombytes(data[: len(data) // width * width])
        if sys.byteorder == "little":
            offsets.byteswap()
        track.chunks += len(offsets)
        track.chunks_outside += sum(1 for offset in offsets if offset >= self.size)


def _name(raw: bytes) -> str:
    return raw.decode("latin-1").strip("\0 ")


def _real_edits(data: bytes) -> int:
    """Edits that hide or shift something: more than one entry, an empty edit, or a start past zero."""
    if len(data) < 8:
        return 0
    form = ">QqI" if data[0] == 1 else ">IiI"
    entries = min(struct.unpack(">I", data[4:8])[0], (len(data) - 8) // struct.calcsize(form))
    starts = [struct.unpack_from(form, data, 8 + i * struct.calcsize(form))[1] for i in range(entries)]
    return len(starts) if len(starts) > 1 or any(start != 0 for start in starts) else 0


def _highest_run(data: bytes) -> int:
    """The last entry of stsc has the highest first-chunk number, for the entries ascend."""
    entries = min(struct.unpack(">I", data[4:8])[0], (len(data) - 8) // 12) if len(data) >= 20 else 0
    return int(struct.unpack_from(">I", data, 8 + (entries - 1) * 12)[0]) if entries > 0 else 0


def read_boxes(source: BinaryIO, size: int) -> Boxes:
    """Walk the boxes of an open file of `size` bytes. Never raises for what the bytes say."""
    return _Walker(source, size).walk()
