"""Continuity within one file, from what its probe already knows; junctions.py goes on across the files of a device.

- Nothing is read again: packet gaps, lengths, edit lists and traces all stand in the probe's result (contract.py).
- A file is recorded wherever picture or sound goes on: a gap in one of them is told, and only a gap in all of
  them breaks the file into pieces.
- Picture and sound may be a second apart (GA/T 947.2 [K?]); a longer stretch of the one without the other is told.
- An editor's name is a trace. The name of a general encoder (`Lavf…`) is one only where the times and the position
  that recorders write are gone as well: some recorders use such encoders themselves.
- The head of a header may be rewritten: later than the recording's end by more than a minute, it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..findings import NOTE, SHOULD, Finding, found
from ..intervals import minus, union
from .contract import Probe

Piece = tuple[float, float]
Origin = Literal["camera", "library", "editor", "unknown"]
Sameness = Literal["same_file", "metadata_edited", "different"]

APART_SECONDS = 1.0  # picture and sound, head and tail
FINISH_SECONDS = 60.0  # a recorder may take this long to finish a file
_EDITORS = re.compile(
    r"HandBrake|Adobe|Premiere|Final Cut|iMovie|Movie Maker|CapCut|剪映|格式工厂|FormatFactory|VLC|Vegas|Shotcut|"
    r"Kdenlive|Avidemux|MP4Box|GPAC|mkvmerge",
    re.IGNORECASE,
)
_NAMES = {"video": "画面", "audio": "声音"}
_BROKEN_END = ("truncated", "packets_damaged", "packets_missing", "chunk_out_of_range", "zero_byte")


@dataclass(frozen=True, slots=True)
class FileContinuity:
    """One file. `pieces`: where picture or sound goes on, in seconds from its start; `finished`: it reached its end."""

    pieces: tuple[Piece, ...]
    finished: bool
    origin: Origin
    findings: tuple[Finding, ...]


def within_file(probe: Probe) -> FileContinuity:
    """Judge one probe's result (contract.blank()). Lengths in seconds on the file's timeline. Never raises."""
    lanes = {kind: union(_pieces(probe, kind)) for kind in _NAMES}
    findings = [
        *_gaps(probe),
        *_one_without_the_other(probe, lanes),
        *_tail(probe),
        *_edits(probe),
        *_traces(probe),
        *_rewritten(probe),
    ]
    return FileContinuity(
        tuple(union([*lanes["video"], *lanes["audio"]])),
        finished=not _broken_end(probe),
        origin=origin_of_file(probe),
        findings=tuple(findings),
    )


def same_content(one: tuple[str, str | None], other: tuple[str, str | None]) -> Sameness:
    """Two files, each as (digest of its bytes, `stream_digest` or None): the same, or only the header edited."""
    if one[0] == other[0]:
        return "same_file"
    same_streams = one[1] is not None and one[1] == other[1]
    return "metadata_edited" if same_streams else "different"


def edited_twins(files: Iterable[tuple[str, str, str | None]]) -> list[Finding]:
    """Of files, each as (name, digest of its bytes, `stream_digest`): those whose streams stand in an earlier one too,
    under another header. One finding each, in the order given."""
    first: dict[str, tuple[str, str]] = {}
    twins = []
    for name, digest, streams in files:
        if streams is None:
            continue
        twin = first.setdefault(streams, (name, digest))
        if same_content((twin[1], streams), (digest, streams)) == "metadata_edited":
            twins.append(found("metadata_edited", SHOULD, name=name, twin=twin[0]))
    return twins


def origin_of_file(probe: Probe) -> Origin:
    """Who wrote the file, by its traces: an editor, a general encoder, a camera that names itself, or nobody says."""
    trace = _trace(probe)
    if trace:
        return "editor" if _EDITORS.search(trace) else "library"
    return "camera" if probe["make"] or probe["model"] or probe["encoder"] else "unknown"


# -- the parts


def _streams(probe: Probe, kind: str) -> Iterator[dict[str, Any]]:
    for stream in probe["streams"]:
        if stream["type"] == kind and stream["first_pts"] is not None and stream["last_end"] is not None:
            yield stream


def _pieces(probe: Probe, kind: str) -> Iterator[Piece]:
    """Of each stream of a kind, what its gaps leave."""
    for stream in _streams(probe, kind):
        gaps = [
            (gap["start"], gap["start"] + gap["length"])
            for gap in probe["gaps"]
            if gap["stream"] == stream["index"]
        ]
        yield from minus([(stream["first_pts"], stream["last_end"])], gaps)


def _gaps(probe: Probe) -> Iterator[Finding]:
    kinds = {stream["index"]: _NAMES[stream["type"]] for stream in probe["streams"]}
    for gap in probe["gaps"]:
        yield found(
            "interrupted",
            SHOULD,
            what=kinds.get(gap["stream"], f"第 {gap['stream']} 路流"),
            at=gap["start"],
            seconds=gap["length"],
        )


def _one_without_the_other(probe: Probe, lanes: dict[str, list[Piece]]) -> Iterator[Finding]:
    picture, sound = lanes["video"], lanes["audio"]
    if not picture or not sound:
        if picture and probe["kind"] == "video":
            yield found("no_sound", NOTE)
        return
    for name, mine, other, kind in (
        ("sound_without_picture", sound, picture, "video"),
        ("picture_without_sound", picture, sound, "audio"),
    ):
        begins = min(stream["first_pts"] for stream in _streams(probe, kind))
        for start, end in minus(mine, other):
            length = end - start
            if length <= APART_SECONDS:
                continue
            if end == begins:
                yield found("head_missing", SHOULD, what=_NAMES[kind], seconds=length)
            else:
                yield found(name, SHOULD, at=start, seconds=length)


def _broken_end(probe: Probe) -> list[str]:
    return [str(one["text"]).rstrip("。") for one in probe["findings"] if one["code"] in _BROKEN_END]


def _tail(probe: Probe) -> Iterator[Finding]:
    reasons = _broken_end(probe)
    header, measured = probe["header_duration"], probe["duration"]
    disagrees = any(one["code"] == "duration_disagrees" for one in probe["findings"])
    if disagrees and header is not None and measured is not None and header > measured:
        reasons.append(f"文件头写明 {header:.3f} 秒，实有 {measured:.3f} 秒")
    if reasons:
        yield found("tail_missing", SHOULD, reason="；".join(reasons))


def _edits(probe: Probe) -> Iterator[Finding]:
    """One edit shifts a track, two begin it later than the other: every camera does. More cut it up."""
    for one in probe["findings"]:
        if one["code"] == "edit_list" and one["params"]["edits"] > 2:
            yield found("edit_list_cuts", SHOULD, **one["params"])


def _trace(probe: Probe) -> str | None:
    traces = (one["params"]["trace"] for one in probe["findings"] if one["code"] == "reencoding_trace")
    return next(traces, None)


def _traces(probe: Probe) -> Iterator[Finding]:
    trace, origin = _trace(probe), origin_of_file(probe)
    if trace is None:
        return
    bare = probe["gps"] is None and not any(time["utc"] for time in probe["times"])
    if origin == "editor":
        yield found("edited_with", SHOULD, trace=trace)
    elif bare:
        yield found("reencoded", SHOULD, trace=trace)
    else:
        yield found("encoder_library", NOTE, trace=trace)


def _rewritten(probe: Probe) -> Iterator[Finding]:
    moments = {time["field"]: time["utc"] for time in probe["times"]}
    made, changed = moments.get("mvhd.creation_time"), moments.get("mvhd.modification_time")
    if made is None or changed is None:
        return
    after = (datetime.fromisoformat(changed) - datetime.fromisoformat(made)).total_seconds()
    after -= probe["duration"] or 0
    if after > FINISH_SECONDS:
        yield found("modified_later", SHOULD, seconds=after)
