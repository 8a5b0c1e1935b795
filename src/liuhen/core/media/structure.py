"""What the container's own structure says, read by ourselves before FFmpeg is asked.

- Works for files that FFmpeg cannot open, too: their times and the reason they are broken stand here.
- A part that reaches past the end of the file means that the file was cut.
"""

from __future__ import annotations

from typing import BinaryIO

from .bmff import Boxes, read_boxes
from .contract import Probe, add
from .riff import Riff, read_riff
from .times import read_1904, read_text


def note_boxes(result: Probe, boxes: Boxes) -> None:
    """Times and findings of the ISO boxes."""
    result["header_duration"] = None if not boxes.duration else round(boxes.duration, 6)
    if boxes.creation is not None:
        result["times"].append(read_1904(boxes.creation, "mvhd.creation_time"))
        if boxes.modification and boxes.modification != boxes.creation:
            result["times"].append(read_1904(boxes.modification, "mvhd.modification_time"))
    if boxes.missing_bytes:
        add(result, "truncated", what=f"{boxes.cut_box} 部分缺少 {boxes.missing_bytes} 字节")
    elif not boxes.has_moov and not boxes.has_fragments:
        add(result, "truncated", what="缺少索引（moov），录制可能未正常结束")
    for number, track in enumerate(boxes.tracks):
        if track.out_of_range:
            add(result, "chunk_out_of_range", track=number, count=track.out_of_range)
        if not track.has_stsd:
            add(result, "missing_stsd", track=number)
        if track.edits:
            add(result, "edit_list", track=number, edits=track.edits)


def note_riff(result: Probe, riff: Riff) -> None:
    """Dates and findings of the RIFF chunks."""
    result["times"] += [read_text(raw, name) for name, raw in riff.dates]
    if riff.missing_bytes:
        add(result, "truncated", what=f"{riff.cut_chunk.strip()} 部分缺少 {riff.missing_bytes} 字节")
    elif riff.unfinished:
        add(result, "truncated", what="文件头未写完，录制可能未正常结束")


def note_structure(result: Probe, source: BinaryIO, size: int, family: str) -> Boxes | None:
    """Our own look at the container, before FFmpeg's."""
    if family == "bmff":
        boxes = read_boxes(source, size)
        note_boxes(result, boxes)
        return boxes
    if family in ("wav", "avi"):
        note_riff(result, read_riff(source, size))
    return None
