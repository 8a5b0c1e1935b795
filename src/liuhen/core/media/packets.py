"""One pass over the packets of an audio or video file: the only reader of PyAV's demuxer for probing.

- Only the bytes at hand are read: the only protocol is `file`, and playlists and whatever follows references
  are not in the list of formats, so a hostile file cannot make us open another one.
- Every packet is demuxed; only the first frame of each stream is decoded, to say honestly whether it can be.
- `stream_digest`: SHA-256 over one ASCII line `<n>:<codec>:<hex>` + LF for each audio and video stream, in
  order of the stream index, n counting those streams from 0; `<hex>` is the SHA-256 over that stream's packet
  bytes, one after the other in demux order. Attached pictures and data streams stay out. A change of tags
  leaves it as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.error
from av.stream import Disposition

from .timeline import Track

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,avi,wav,w64,mp3,aac,amr,amrnb,amrwb,flac,ogg,matroska,webm,mpegts,mpeg,mpegvideo,"
    "h264,hevc,m4v,h263,asf,flv,aiff,caf,au,ac3,dhav,dv,mxf,ivf,rm,gsm,ape,obu"
)
_TRIES = 32  # packets given to the decoder before the first frame must be there


@dataclass
class StreamFacts:
    """What was seen of one audio or video stream."""

    track: Track
    codec: str
    packets: int = 0
    size: int = 0
    key_packets: int = 0
    untimed: int = 0
    corrupt: int = 0
    declared: int = 0
    decoded: bool = False
    decode_error: str = ""
    rotation: int = 0
    head: bytes = b""
    hexdigest: str = ""
    described: dict[str, Any] = field(default_factory=dict)


@dataclass
class FileFacts:
    """What was seen of one file. `damage` says why the pass ended early, empty when it did not."""

    format_name: str
    tags: dict[str, str]
    stream_tags: dict[int, dict[str, str]]
    header_duration: float | None
    bit_rate: int | None
    streams: list[StreamFacts]
    damage: str = ""

    def of_kind(self, kind: str) -> list[StreamFacts]:
        """The streams of one kind, `video` or `audio`."""
        return [stream for stream in self.streams if stream.track.kind == kind]

    def digest(self) -> str | None:
        """The `stream_digest`; None when no stream has packets."""
        if not any(stream.packets for stream in self.streams):
            return None
        whole = hashlib.sha256()
        for number, stream in enumerate(sorted(self.streams, key=lambda one: one.track.index)):
            whole.update(f"{number}:{stream.codec}:{stream.hexdigest}\n".encode("ascii"))
        return f"sha256:{whole.hexdigest()}"


def open_media(path: str) -> InputContainer:
    """Open a local file for demuxing. Raises av.error.FFmpegError and ValueError for what is no media."""
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    return av.open(path, "r", options=options, metadata_errors="replace")


def is_picture_or_sound(stream: Stream) -> bool:
    """Audio and video only: attached pictures, data and subtitles have no timeline of their own."""
    return stream.type in ("video", "audio") and not stream.disposition & Disposition.attached_pic


def codec_name(stream: Stream) -> str:
    """FFmpeg's canonical name of the codec (`amr_nb`, not the decoder `amrnb`); `unknown` without one."""
    try:
        return str(stream.codec_context.codec.canonical_name)
    except (AttributeError, ValueError):
        return "unknown"


def _rate(value: Fraction | None) -> float | None:
    return round(float(value), 3) if value else None


def _describe(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    known: dict[str, Any] = {"profile": stream.profile, "codec_tag": _tag(context)}
    if context is None:
        return known
    if stream.type == "video":
        known |= {"width": context.width, "height": context.height, "fps": _rate(stream.average_rate)}
        known |= {"pixel_format": context.pix_fmt}
    else:
        known |= {"sample_rate": context.sample_rate, "channels": context.channels}
    return known


def _tag(context: Any) -> str | None:
    tag = getattr(context, "codec_tag", None)
    text = tag.strip("\0 ") if isinstance(tag, str) else ""
    return text if text and text.isprintable() else None


def _facts(stream: Any) -> StreamFacts:
    track = Track(stream.index, stream.type, stream.time_base or Fraction(1, 1000))
    facts = StreamFacts(track, codec_name(stream), declared=stream.frames or 0, described=_describe(stream))
    if stream.codec_context is not None:
        stream.codec_context.thread_count = 1  # threads would only delay the one frame we ask for
    return facts


class _Reader:
    """Decodes a stream until its first frame, then stops."""

    def __init__(self, stream: Any, facts: StreamFacts) -> None:
        self.stream, self.facts, self.tries = stream, facts, 0
        self.done = facts.codec == "unknown"
        self.digest = hashlib.sha256()

    def take(self, packet: Packet[Any]) -> None:
        facts = self.facts
        self.digest.update(packet)
        facts.packets += 1
        facts.size += packet.size
        facts.key_packets += packet.is_keyframe
        facts.corrupt += packet.is_corrupt
        if not facts.head:
            facts.head = bytes(packet)[: 64 << 10]
        start = packet.pts if packet.pts is not None else packet.dts
        if start is None:
            facts.untimed += 1
        elif not packet.is_discard:
            facts.track.add(start, packet.duration or 0)
        if not self.done:
            self._decode(packet)

    def _decode(self, packet: Packet[Any] | None) -> None:
        self.tries += 1
        self.done = self.tries >= _TRIES or packet is None
        try:
            frames = self.stream.decode(packet)
        except (av.error.FFmpegError, ValueError) as error:
            if isinstance(error, MemoryError):
                raise
            self.facts.decode_error = error_text(error)
            return
        if frames:
            self.done = self.facts.decoded = True
            # FFmpeg counts counterclockwise; people and EXIF turn clockwise
            self.facts.rotation = -int(getattr(frames[0], "rotation", 0) or 0) % 360

    def finish(self) -> None:
        if not self.done:
            self._decode(None)
        self.facts.hexdigest = self.digest.hexdigest()


_REASONS = {
    av.error.InvalidDataError: "数据不符合格式",
    av.error.ArgumentError: "不是认识的音视频格式",
    av.error.EOFError: "文件提前结束",
}


def error_text(error: BaseException) -> str:
    """Why, in a few words and without our path; the library's own words where we have none."""
    known = next((text for kind, text in _REASONS.items() if isinstance(error, kind)), None)
    return known or str(getattr(error, "strerror", None) or error or type(error).__name__)


def _demux(container: InputContainer, damage: list[str]) -> Iterator[Packet[Any]]:
    packets = container.demux()
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.error.FFmpegError, ValueError, OSError) as error:
            if isinstance(error, MemoryError):
                raise
            damage.append(error_text(error))
            return
        if packet.size:
            yield packet


def read_file(path: str) -> FileFacts:
    """Demux a whole file. Raises av.error.FFmpegError or ValueError when it cannot be opened at all."""
    with open_media(path) as container:
        readers = {s.index: _Reader(s, _facts(s)) for s in container.streams if is_picture_or_sound(s)}
        damage: list[str] = []
        for packet in _demux(container, damage):
            reader = readers.get(packet.stream_index)
            if reader is not None:
                reader.take(packet)
        for reader in readers.values():
            reader.finish()
        return FileFacts(
            format_name=container.format.name,
            tags=dict(container.metadata),
            stream_tags={stream.index: dict(stream.metadata) for stream in container.streams},
            header_duration=container.duration / 1_000_000 if container.duration else None,
            bit_rate=container.bit_rate or None,
            streams=[reader.facts for reader in readers.values()],
            damage="; ".join(damage),
        )
