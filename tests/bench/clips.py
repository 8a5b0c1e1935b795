"""Recorder files in seconds: a real H.264/AAC MP4 of any length and any size, written packet by packet.

One frame and one piece of sound are encoded; every packet repeats them, filled up with a filler unit (H.264
NAL type 12) of bytes that differ everywhere. To a demuxer it is a recording like any other. `make` runs this
file as a program, so that the libraries' memory is not counted with what is measured.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

RATE = 25
SOUND_RATE = 16_000


SECOND = (512 << 20) // 600  # bytes a second, as recorders write 1080p


def make(path: Path, *, size: int, seed: int, seconds: int | None = None) -> int:
    """A 1080p clip of about `size` bytes, as long as a recorder makes it of that size; returns its seconds."""
    seconds = seconds or max(5, size // SECOND)
    subprocess.run([sys.executable, __file__, path, str(seconds), str(size), str(seed)], check=True)
    return seconds


def clip(path: Path, *, seconds: int, size: int, seed: int) -> None:
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    fill = Cipher(algorithms.AES(seed.to_bytes(16, "big")), modes.CTR(bytes(16))).encryptor()
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        sound = out.add_stream("aac", rate=SOUND_RATE, layout="mono")
        picture, tone = _one_picture(video), _one_sound(sound)
        frames = seconds * RATE
        room = max(size // frames - len(picture) - 16, 8)
        for number in range(frames):
            filler = fill.update(bytes(room)).replace(b"\x00\x00", b"\x01\x01")
            data = picture + b"\x00\x00\x01\x0c" + filler + b"\x80"
            _mux(out, video, data, number, Fraction(1, RATE))
            if number * SOUND_RATE // RATE // 1024 != (number - 1) * SOUND_RATE // RATE // 1024:
                _mux(out, sound, tone, number * SOUND_RATE // RATE // 1024 * 1024, Fraction(1, SOUND_RATE))


def _mux(out: Any, stream: Any, data: bytes, pts: int, base: Fraction) -> None:
    import av

    packet = av.Packet(data)
    packet.stream, packet.pts, packet.dts, packet.time_base = stream, pts, pts, base
    packet.is_keyframe = True
    out.mux(packet)


def _one_picture(video: Any) -> bytes:
    """One intra frame with its start codes; the muxer turns them into lengths."""
    import av

    frame = _blank(av.VideoFrame(1920, 1080, "yuv420p"))
    return b"".join(bytes(packet) for packet in [*video.encode(frame), *video.encode(None)])


def _one_sound(sound: Any) -> bytes:
    import av

    frame = _blank(av.AudioFrame("fltp", "mono", 1024))
    frame.sample_rate = SOUND_RATE
    return bytes([*sound.encode(frame), *sound.encode(None)][0])


def _blank(frame: Any) -> Any:
    frame.pts = 0
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


if __name__ == "__main__":
    place, *numbers = sys.argv[1:]
    length, room, number = map(int, numbers)
    clip(Path(place), seconds=length, size=room, seed=number)
