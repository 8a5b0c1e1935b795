"""One video segment of the demo card, written with PyAV; the demo's only user of it.

- H.264 and AAC in MP4, 15 frames a second, eight seconds: at 48 kHz that is 120 frames and exactly 375
  packets of sound, so that segments named by whole seconds follow each other without a gap.
- A hole is made in presentation time: the picture stops, the burnt-in clock jumps, the sound runs on.
- A recorder's chip leaves no encoder's signature in the stream. Ours is taken out: else the probe would
  rightly call every demo file re-encoded, and the one finding that matters would not stand out.
- Nothing of the machine or the moment of writing gets in (bit-exact flags, fixed thread count, the creation
  time is the recording's): the same inputs give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.bitstream import BitStreamFilterContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from liuhen.demo.picture import HEIGHT, WIDTH, frame_yuv, osd_lines

FRAME_RATE: Final = 15
SECONDS: Final = 8
SAMPLE_RATE: Final = 48_000
_SAMPLES_A_PACKET: Final = 1024
_NO_SIGNATURE: Final = "filter_units=remove_types=6"  # H.264 unit 6: supplemental information
_BIT_EXACT: Final = 0x800000  # AV_CODEC_FLAG_BITEXACT
_X264: Final = {"preset": "veryfast", "crf": "26", "bf": "0", "x264-params": "threads=2:scenecut=0"}


@dataclass(frozen=True)
class Hole:
    """The picture before `start` stays until `start + length` (seconds of the segment, whole frames)."""

    start: Fraction
    length: Fraction


def write_segment(
    path: Path, *, serial: str, officer: str, at: datetime, first_frame: int, hole: Hole | None = None
) -> None:
    """Write one segment that begins at `at` (aware, local); `first_frame` keeps the picture moving on."""
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        container.metadata["creation_time"] = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        video = _video_stream(container)
        audio = _audio_stream(container)
        unsigned = BitStreamFilterContext(_NO_SIGNATURE, video)
        for number in range(SECONDS * FRAME_RATE):
            if _shown(number, hole):
                moment = at + timedelta(seconds=number / FRAME_RATE)
                lines = osd_lines(serial, officer, moment)
                for packet in video.encode(_picture(first_frame + number, number, lines)):
                    container.mux(unsigned.filter(packet))
        for packet in [*video.encode(None), None]:
            container.mux(unsigned.filter(packet))
        for number in range(SECONDS * SAMPLE_RATE // _SAMPLES_A_PACKET):
            container.mux(audio.encode(_sound(number)))
        container.mux(audio.encode(None))


def _shown(number: int, hole: Hole | None) -> bool:
    """The frame at `start` is the last one before the hole; the one at `start + length` the next."""
    moment = Fraction(number, FRAME_RATE)
    return hole is None or not hole.start < moment < hole.start + hole.length


def _video_stream(container: Any) -> Any:
    stream = container.add_stream("libx264", rate=FRAME_RATE, options=_X264)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.codec_context.time_base = Fraction(1, FRAME_RATE)
    stream.codec_context.flags |= _BIT_EXACT
    stream.codec_context.gop_size = FRAME_RATE * 2
    return stream


def _audio_stream(container: Any) -> Any:
    stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
    stream.bit_rate = 48_000
    stream.codec_context.flags |= _BIT_EXACT
    return stream


def _picture(picture: int, number: int, lines: tuple[str, str]) -> VideoFrame:
    frame = VideoFrame.from_ndarray(frame_yuv(picture, lines), format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
    frame.pict_type = 0  # else every picture is a key picture
    return frame


def _sound(number: int) -> AudioFrame:
    first = number * _SAMPLES_A_PACKET
    samples = tones(first, _SAMPLES_A_PACKET).astype(np.float32) / 32768
    frame = AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, first, Fraction(1, SAMPLE_RATE)
    return frame


def tones(first: int, count: int, rate: int = SAMPLE_RATE) -> NDArray[np.int16]:
    """A low hum, and a beep at every whole second by which picture and sound can be compared."""
    at = np.arange(first, first + count)
    hum = 900 * np.sin(2 * np.pi * 220 * (at % rate) / rate)
    beep = np.where(at % rate < rate // 10, 7000 * np.sin(2 * np.pi * 1000 * (at % rate) / rate), 0)
    samples: NDArray[np.int16] = np.rint(hum + beep).astype(np.int16)
    return samples
