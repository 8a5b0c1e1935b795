"""The viewing copy: what browsers can play, made from what they cannot.

- H.264 (8 bit, 4:2:0) and AAC in MP4, index first, at most 1080p; sound alone becomes AAC in .m4a.
- Timing is kept: every picture keeps its moment, also at an uneven rate; where sound is missing, silence is
  written, so that picture and sound do not drift apart behind a gap.
- Damaged packets are left out; the copy serves the eye, the original is the evidence.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error
import numpy as np
from av.audio.resampler import AudioResampler

from .packets import is_picture_or_sound, open_media

if TYPE_CHECKING:
    from av.container import OutputContainer

_TICKS = 90_000
_LONG, _SHORT = 1920, 1080
_AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
_JITTER = 0.1  # seconds of missing sound that nobody hears
_LONGEST_SILENCE = 6 * 3600


def scaled(width: int, height: int) -> tuple[int, int]:
    """Even width and height within 1920 × 1080 (or upright), the proportion kept."""
    scale = min(1.0, _LONG / max(width, height), _SHORT / min(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


class _Pictures:
    def __init__(self, out: OutputContainer, source: Any, rotation: int, origin: float) -> None:
        context = source.codec_context
        self.size = scaled(context.width, context.height)
        rate = Fraction(source.average_rate or source.guessed_rate or 25).limit_denominator(1001)
        options = {"preset": "veryfast", "crf": "23"}
        self.stream: Any = out.add_stream("libx264", rate=min(rate, Fraction(240)) or 25, options=options)
        self.stream.width, self.stream.height = self.size
        self.stream.pix_fmt = "yuv420p"
        self.stream.codec_context.time_base = Fraction(1, _TICKS)
        self.stream.codec_context.thread_count = 2
        if rotation:
            self.stream.set_display_rotation(rotation)
        self.origin, self.last = origin, -1

    def encode(self, frame: Any) -> list[Any]:
        if frame.time is None:
            return []
        pts = round((frame.time - self.origin) * _TICKS)
        if pts <= self.last:  # the encoder refuses time that stands still
            return []
        self.last = pts
        width, height = self.size
        picture = frame.reformat(width=width, height=height, format="yuv420p", dst_color_range="MPEG")
        picture.pts, picture.time_base = pts, Fraction(1, _TICKS)
        picture.pict_type = 0  # or every picture becomes a key frame, as the decoder had it
        return list(self.stream.encode(picture))


class _Sounds:
    def __init__(self, out: OutputContainer, source: Any, origin: float) -> None:
        context = source.codec_context
        self.rate = context.sample_rate if context.sample_rate in _AAC_RATES else 48_000
        self.layout = "mono" if context.channels == 1 else "stereo"
        self.channels = 1 if context.channels == 1 else 2
        self.stream: Any = out.add_stream("aac", rate=self.rate, layout=self.layout)
        self.even = AudioResampler(format="s16", layout=self.layout, rate=self.rate)
        self.origin, self.written = origin, 0

    def encode(self, frame: Any) -> list[Any]:
        packets = []
        if frame.time is not None:
            missing = frame.time - self.origin - self.written / self.rate
            if _JITTER < missing < _LONGEST_SILENCE:
                packets += self._silence(int(missing * self.rate))
        for piece in self.even.resample(frame):
            packets += self._write(piece.to_ndarray())
        return packets

    def _silence(self, samples: int) -> list[Any]:
        packets = []
        for at in range(0, samples, self.rate):
            length = min(self.rate, samples - at)
            packets += self._write(np.zeros((1, length * self.channels), dtype=np.int16))
        return packets

    def _write(self, samples: Any) -> list[Any]:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16", layout=self.layout)
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self.written, Fraction(1, self.rate)
        self.written += frame.samples
        return list(self.stream.encode(frame))


def _rotation(path: str) -> int:
    """Degrees counterclockwise that the first picture asks for."""
    with open_media(path) as container:
        if not container.streams.video:
            return 0
        return int(next(iter(container.decode(container.streams.video[0]))).rotation)


def write_viewing(path: str, draft: Path) -> None:
    """Encode the first video and the first audio stream to `draft`.

    Raises av.error.FFmpegError, ValueError or StopIteration when nothing can be decoded.
    """
    with open_media(path) as source:
        wanted = [one for one in source.streams if is_picture_or_sound(one)]
        video = next((one for one in wanted if one.type == "video"), None)
        audio = next((one for one in wanted if one.type == "audio" and one.codec_context), None)
        origin = (source.start_time or 0) / 1_000_000
        with av.open(str(draft), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            makers: dict[int, _Pictures | _Sounds] = {}
            if video is not None:
                video.codec_context.thread_count = 2
                makers[video.index] = _Pictures(out, video, _rotation(path), origin)
            if audio is not None:
                makers[audio.index] = _Sounds(out, audio, origin)
            _pump(source, [one for one in (video, audio) if one is not None], makers, out)


def _pump(
    source: Any, streams: list[Any], makers: dict[int, _Pictures | _Sounds], out: OutputContainer
) -> None:
    for packet in source.demux(streams):
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            continue
        for frame in frames:
            out.mux(makers[packet.stream_index].encode(frame))
    for maker in makers.values():
        out.mux(maker.stream.encode(None))
