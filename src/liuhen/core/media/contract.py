"""The shape of a probe's result, the same for every file, the unreadable ones included.

- The first block of keys is the contract other tools rely on (`liuhen probe --json`); the second is kept
  because the registers and the metadata standards ask for it.
- A key is always there; what is not known is None, never absent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .findings import Finding, finding

Probe = dict[str, Any]

_MAX_GAP_FINDINGS = 20


def blank(path: str, size: int | None, analyser: str) -> Probe:
    """A result that says nothing yet: not readable, nothing known.

    Keys: path; readable; container (short name such as `mp4`); codecs (audio and video, in stream order);
    duration (s, from the packets); frames (packets of the first video stream, 1 for a photo, None for
    sound); times, gps, gaps (see times.py, gps.py, timeline.py); encoder; stream_digest;
    playable_in_browser; findings. Rotation is the degrees clockwise that make the picture upright.
    """
    return {
        "path": path,
        "readable": False,
        "container": None,
        "codecs": [],
        "duration": None,
        "frames": None,
        "times": [],
        "gps": None,
        "encoder": None,
        "gaps": [],
        "stream_digest": None,
        "playable_in_browser": False,
        "findings": [],
        "kind": "other",
        "mime": None,
        "format": None,
        "size": size,
        "header_duration": None,
        "width": None,
        "height": None,
        "rotation": 0,
        "fps": None,
        "sample_rate": None,
        "channels": None,
        "bit_rate": None,
        "make": None,
        "model": None,
        "streams": [],
        "stream_digest_note": None,
        "analyser": analyser,
    }


def add(result: Probe, code: str, **params: Any) -> Finding:
    """Append one finding to the result."""
    one = finding(code, **params)
    result["findings"].append(one)
    return one


def note_gaps(result: Probe) -> None:
    """One finding a gap, up to a bound: a stuttering file must not bury the rest."""
    for gap in result["gaps"][:_MAX_GAP_FINDINGS]:
        add(result, "gap", **gap)


def note_times(result: Probe) -> None:
    """Findings about times: those not to be believed, and a file without any that is."""
    for time in result["times"]:
        if time["utc"] is None and time["zone"] != "unknown":
            add(result, "time_implausible", field=time["field"], raw=time["raw"])
    if not any(time["utc"] for time in result["times"]):
        add(result, "no_time")


def blank_preview(analyser: str) -> dict[str, Any]:
    """What a preview made: names of files in the folder asked for, None for what was not made.

    Keys: thumbnail; strip, with its grid (columns, rows, count, interval in s, width and height of a tile in
    pixels); peaks; viewing (None also where browsers play the original); seconds (length of the sound or
    picture); quality: width and height of a film, figures of its pictures (quality.py) and of its sound (peaks.py),
    each None where there was nothing to measure; findings.
    """
    return {
        "thumbnail": None,
        "strip": None,
        "peaks": None,
        "viewing": None,
        "seconds": None,
        "quality": {"size": None, "pictures": None, "sound": None},
        "findings": [],
        "analyser": analyser,
    }


DRAFT = ".draft-"  # files whose making was interrupted begin so; nobody needs them


def drop_drafts(folder: Path) -> None:
    """Remove what an interrupted preview left behind."""
    for path in folder.glob(f"{DRAFT}*"):
        path.unlink(missing_ok=True)
