"""Tiny media made on the spot, so that no file of anybody's lies in the repository."""

from __future__ import annotations

import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

FPS = 25
RATE = 8000


def make_video(
    path: Path,
    *,
    seconds: float = 1.0,
    hole: tuple[float, float] | None = None,
    sound: float | None = 1.0,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    tags: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    container: str | None = None,
    rotation: int = 0,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """A moving ramp with a tone. `hole` = (start, length): pictures after `start` come `length` s later."""
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        out.metadata.update(tags or {})
        video = out.add_stream(codec, rate=FPS)
        video.width, video.height, video.pix_fmt = (*size, pixels)
        video.gop_size = 10
        video.codec_context.time_base = Fraction(1, FPS)
        if rotation:
            video.set_display_rotation(rotation)
        audio = None
        if sound is not None:
            audio = out.add_stream("pcm_s16le" if path.suffix == ".avi" else "aac", rate=RATE, layout="mono")
        for number in range(round(seconds * FPS)):
            ramp = np.arange(size[0], dtype=np.uint16) * 3 + number * 5
            grey = np.broadcast_to((ramp % 256).astype(np.uint8)[None, :, None], (size[1], size[0], 3))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(grey), format="rgb24").reformat(
                format=pixels
            )
            late = round(hole[1] * FPS) if hole and number / FPS >= hole[0] else 0
            frame.pts, frame.time_base, frame.pict_type = number + late, Fraction(1, FPS), 0
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            for packet in _tone(audio, sound or 0.0):
                out.mux(packet)
    return path


def _tone(audio, seconds: float):
    total = round(seconds * RATE)
    for at in range(0, total, 1024):
        length = min(1024, total - at)
        samples = (8000 * np.sin(np.arange(at, at + length) * 0.3)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
        yield audio.encode(frame)
    yield audio.encode(None)


def make_sound(path: Path, *, codec: str = "pcm_s16le", seconds: float = 1.0, rate: int = RATE) -> Path:
    """A tone: plain WAV, or whatever codec the container of the name's extension takes."""
    if codec == "pcm_s16le" and path.suffix == ".wav":
        with wave.open(str(path), "wb") as out:
            out.setparams((1, 2, rate, 0, "NONE", ""))
            out.writeframes((8000 * np.sin(np.arange(round(seconds * rate)) * 0.3)).astype("<i2").tobytes())
        return path
    with av.open(str(path), "w") as out:
        for packet in _tone(out.add_stream(codec, rate=rate, layout="mono"), seconds):
            out.mux(packet)
    return path


def make_photo(
    path: Path,
    *,
    size: tuple[int, int] = (320, 240),
    taken: str | None = None,
    offset: str | None = None,
    place: dict[int, object] | None = None,
    orientation: int | None = None,
    exif_bytes: bytes | None = None,
) -> Path:
    """A photo of coloured noise. `place` = GPS tags; `exif_bytes` replaces a well-formed EXIF."""
    noise = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[36867] = taken
    if offset:
        exif.get_ifd(0x8769)[36881] = offset
    if place:
        exif.get_ifd(0x8825).update(place)
    if orientation:
        exif[274] = orientation
    exif[271], exif[272] = "Maker", "Recorder 1"
    image = Image.fromarray(noise)
    if path.suffix in (".jpg", ".jpeg", ".mp4"):
        image.save(path, "JPEG", exif=exif_bytes if exif_bytes is not None else exif.tobytes())
    else:
        image.save(path)
    return path


def patch(path: Path, old: bytes, new: bytes, *, nth: int = 0, after: int = 0, offset: int = 0) -> Path:
    """Overwrite bytes `offset` past the n-th place where `old` stands."""
    data = bytearray(path.read_bytes())
    at = after
    for _ in range(nth + 1):
        at = data.index(old, at) + 1
    at += offset - 1
    data[at : at + len(new)] = new
    path.write_bytes(data)
    return path


def cut(path: Path, keep: float) -> Path:
    """Keep only this share of the bytes, or with a negative number drop that many at the end."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)] if keep > 0 else data[: int(keep)])
    return path


def box(name: bytes, payload: bytes = b"") -> bytes:
    """One ISO base media box."""
    return struct.pack(">I", 8 + len(payload)) + name + payload


def chunk(name: bytes, payload: bytes = b"") -> bytes:
    """One RIFF chunk, padded."""
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)
