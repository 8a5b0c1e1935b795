"""What an audio or video file says of itself: the packets' facts put into the contract's shape.

- Times and positions: FFmpeg's reading (`format.…`, `stream[i].…`) and our own of the boxes and chunks
  (`mvhd.…`, `IDIT`, `ICRD`, `bext …`) both stand; two readers that disagree are worth seeing.
- Length and frames come from the packets; what the header says is kept apart and compared.
"""

from __future__ import annotations

import re
from typing import Any

from .bmff import Boxes
from .contract import Probe, add, note_gaps, note_times
from .gps import from_iso6709, is_no_fix
from .packets import FileFacts, StreamFacts
from .playable import playable_in_browser
from .timeline import end_of, gaps, origin_of, seconds
from .times import read_text

_TIME_KEY = re.compile(
    r"(?:^|[._ -])(creation_?time|creationdate|date|date_?time(?:original)?)$", re.IGNORECASE
)
_PLACE_KEY = re.compile(r"^(?:location(?:-\w+)?|.*location\.iso6709|gpscoordinates)$", re.IGNORECASE)
_ENCODER_KEYS = ("encoder", "software", "com.apple.quicktime.software", "firmware", "encoding_tool", "tool")
_MAKE_KEYS = ("com.apple.quicktime.make", "com.android.manufacturer", "make", "manufacturer")
_MODEL_KEYS = ("com.apple.quicktime.model", "com.android.model", "model")
_TRACE = re.compile(
    r"Lav[fc]\d*[\d.]*|x26[45] - core \d*|FFmpeg|HandBrake|Adobe|Premiere|Final Cut|iMovie|Movie Maker|"
    r"CapCut|剪映|格式工厂|FormatFactory|VLC|Vegas|Shotcut|Kdenlive|Avidemux|MP4Box|GPAC|mkvmerge",
    re.IGNORECASE,
)
_UTC_FAMILIES = {"bmff", "matroska"}
# A header may round, and a data stream may outlast the picture, without meaning anything.
_HEADER_SECONDS, _HEADER_SHARE = 1.0, 0.02
_AV_SECONDS = 1.0


def _first(tags: dict[str, str], keys: tuple[str, ...]) -> str | None:
    lower = {key.lower(): value for key, value in tags.items()}
    return next((lower[key].strip() for key in keys if lower.get(key, "").strip()), None)


def _tag_times(result: Probe, tags: dict[str, str], prefix: str, family: str) -> None:
    for key, raw in tags.items():
        if not _TIME_KEY.search(key) or not raw.strip():
            continue
        name = key if "." in key else f"{prefix}.{key}"
        standard = family in _UTC_FAMILIES and key.lower() == "creation_time"
        result["times"].append(read_text(raw, name, standard_utc=standard))


def _times(result: Probe, facts: FileFacts, family: str) -> None:
    _tag_times(result, facts.tags, "format", family)
    for index, tags in sorted(facts.stream_tags.items()):
        _tag_times(result, tags, f"stream[{index}]", family)


def _places(result: Probe, tags: dict[str, str]) -> None:
    for key, raw in tags.items():
        position = from_iso6709(raw, key) if _PLACE_KEY.match(key) else None
        if position is None:
            continue
        if is_no_fix(position["lat"], position["lon"]):
            if not any(one["code"] == "gps_no_fix" for one in result["findings"]):
                add(result, "gps_no_fix", raw=raw)
        elif result["gps"] is None:
            result["gps"] = position


def _maker(result: Probe, facts: FileFacts) -> None:
    stream_tags = [facts.stream_tags[index] for index in sorted(facts.stream_tags)]
    result["encoder"] = _first(facts.tags, _ENCODER_KEYS) or next(
        (text for tags in stream_tags if (text := _first(tags, ("encoder",)))), None
    )
    result["make"], result["model"] = _first(facts.tags, _MAKE_KEYS), _first(facts.tags, _MODEL_KEYS)
    said = [*facts.tags.values(), *(value for tags in stream_tags for value in tags.values())]
    said += [stream.head.decode("latin-1") for stream in facts.of_kind("video")]
    trace = next((match.group() for text in said if (match := _TRACE.search(text))), None)
    if trace:
        add(result, "reencoding_trace", trace=trace.strip(" -"))


def _timeline(result: Probe, facts: FileFacts) -> None:
    tracks = [stream.track for stream in facts.streams]
    origin, end = origin_of(tracks), end_of(tracks)
    if end is not None:
        result["duration"] = seconds(end - origin)
    result["gaps"] = [gap for track in tracks for gap in gaps(track, origin)]
    result["streams"] = [_stream(stream, origin) for stream in facts.streams]
    if result["duration"] is None:
        result["duration"] = _counted(facts)


def _counted(facts: FileFacts) -> float | None:
    """Raw streams carry no times: frames over their rate is all there is."""
    for stream in facts.of_kind("video"):
        if stream.packets and stream.described.get("fps"):
            return round(stream.packets / float(stream.described["fps"]), 6)
    return None


def _stream(stream: StreamFacts, origin: Any) -> dict[str, Any]:
    first, end = stream.track.first(), stream.track.end()
    return {
        "index": stream.track.index,
        "type": stream.track.kind,
        "codec": stream.codec,
        **stream.described,
        "packets": stream.packets,
        "key_packets": stream.key_packets,
        "bytes": stream.size,
        "first_pts": None if first is None else seconds(first - origin),
        "last_end": None if end is None else seconds(end - origin),
        "duration": None if first is None or end is None else seconds(end - first),
        "decoded": stream.decoded,
        "digest": f"sha256:{stream.hexdigest}" if stream.packets else None,
    }


def _shape(result: Probe, facts: FileFacts) -> None:
    video, audio = facts.of_kind("video"), facts.of_kind("audio")
    result["codecs"] = [stream.codec for stream in facts.streams]
    result["format"] = facts.format_name
    result["bit_rate"] = facts.bit_rate
    result["stream_digest"] = facts.digest()
    if video:
        result["frames"] = video[0].packets
        result["rotation"] = video[0].rotation
        result |= {key: video[0].described.get(key) for key in ("width", "height", "fps")}
    if audio:
        result |= {key: audio[0].described.get(key) for key in ("sample_rate", "channels")}
    result["readable"] = any(stream.decoded for stream in (video or audio))
    result["playable_in_browser"] = result["readable"] and playable_in_browser(
        result["container"],
        [(stream.codec, stream.described.get("pixel_format")) for stream in video],
        [stream.codec for stream in audio],
        next((stream.described.get("profile") for stream in video if stream.codec == "h264"), None),
    )


def _compare(result: Probe, facts: FileFacts) -> None:
    """What the header says against what the packets show, and picture against sound."""
    header, measured = result["header_duration"], result["duration"]
    if header and measured is not None:
        apart = abs(header - measured)
        if apart > _HEADER_SECONDS and apart > _HEADER_SHARE * max(header, measured):
            add(result, "duration_disagrees", header=header, measured=measured)
    lengths = {
        kind: max(
            (one["duration"] for one in result["streams"] if one["type"] == kind and one["duration"]),
            default=0,
        )
        for kind in ("video", "audio")
    }
    if all(lengths.values()) and abs(lengths["video"] - lengths["audio"]) > _AV_SECONDS:
        add(result, "av_length_disagrees", **lengths)


def _decoding(result: Probe, facts: FileFacts, boxes: Boxes | None) -> None:
    explained = boxes is not None and any(not track.has_stsd for track in boxes.tracks)
    for stream in facts.streams:
        if stream.packets and not stream.decoded and not (explained and stream.codec == "unknown"):
            add(result, "undecodable", stream=stream.track.index, codec=stream.codec)
    if not any(stream.packets for stream in facts.streams):
        add(result, "no_streams")
    if facts.damage:
        add(result, "packets_damaged", reason=facts.damage)


def _missing(result: Probe, facts: FileFacts, boxes: Boxes | None) -> None:
    """Frames that the header counts and nobody finds (edit lists hide some by right)."""
    if boxes is not None and any(track.edits for track in boxes.tracks):
        return
    for stream in facts.of_kind("video"):
        lost = stream.declared - stream.packets
        if lost > max(2, stream.declared // 100):
            add(
                result,
                "packets_missing",
                stream=stream.track.index,
                declared=stream.declared,
                found=stream.packets,
            )


def note_streams(result: Probe, facts: FileFacts, boxes: Boxes | None, family: str) -> None:
    """Fill in the result from one pass over the packets."""
    _shape(result, facts)
    if result["header_duration"] is None:
        result["header_duration"] = facts.header_duration
    _times(result, facts, family)
    _places(result, facts.tags)
    _maker(result, facts)
    _timeline(result, facts)
    _decoding(result, facts, boxes)
    _missing(result, facts, boxes)
    _compare(result, facts)
    note_gaps(result)
    note_times(result)
