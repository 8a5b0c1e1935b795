"""The media corpus: one folder a finding, made at test time. Folder name = the code the probe must report.

- `CORPUS` maps a finding's code to the builder that puts one file showing it into the folder given.
- `ELSEWHERE` names the codes that no file alone can bring about, with the test that does.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from corpus.media.media_makers import cut, make_photo, make_sound, make_video, patch

Builder = Callable[[Path], Path]


def _zero_byte(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def _unreadable(folder: Path) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(bytes(range(7, 250)) * 40)
    return path


def _not_media(folder: Path) -> Path:
    path = folder / "papers.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "text")
    return path


def _wrong_extension(folder: Path) -> Path:
    return make_photo(folder / "photo.mp4")


def _truncated(folder: Path) -> Path:
    return cut(make_video(folder / "cut.mp4"), 0.5)


def _packets_missing(folder: Path) -> Path:
    """The AVI header goes on counting frames that were never written."""
    path = make_video(folder / "few.avi", codec="mpeg4", sound=None)
    return patch(path, b"strh", struct.pack("<I", 500), offset=8 + 32)


def _chunk_out_of_range(folder: Path) -> Path:
    path = make_video(folder / "far.mp4", sound=None, options={"movflags": "+faststart"})
    return patch(path, b"stco", struct.pack(">I", 0x7FFFFFF0), offset=4 + 8)


def _missing_stsd(folder: Path) -> Path:
    return patch(make_video(folder / "mute.mp4"), b"stsd", b"free", nth=1)


def _edit_list(folder: Path) -> Path:
    return make_video(folder / "edited.mp4")


def _undecodable(folder: Path) -> Path:
    path = make_video(folder / "rubbish.mp4", sound=None)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(255 - i % 7 for i in range(end - start))
    path.write_bytes(data)
    return path


def _no_streams(folder: Path) -> Path:
    path = make_video(folder / "hollow.mp4", sound=None)
    return patch(path, b"trak", b"free")


def huge_png(path: Path, side: int) -> Path:
    """A small file that claims side × side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(4096)))
        + chunk(b"IEND", b"")
    )
    return path


def _decompression_bomb(folder: Path) -> Path:
    return huge_png(folder / "bomb.png", 60_000)


def _jpeg_truncated(folder: Path) -> Path:
    return cut(make_photo(folder / "half.jpg"), 0.5)


def _exif_unreadable(folder: Path) -> Path:
    return make_photo(folder / "tags.jpg", exif_bytes=b"Exif\0\0no header of a TIFF")


def _no_time(folder: Path) -> Path:
    return make_sound(folder / "plain.wav")


def _time_implausible(folder: Path) -> Path:
    return make_photo(folder / "reset.jpg", taken="1970:01:01 00:00:12")


def _gps_no_fix(folder: Path) -> Path:
    return make_video(folder / "indoors.mp4", tags={"location": "+00.0000+000.0000/"})


def _gap(folder: Path) -> Path:
    return make_video(folder / "gap.mp4", hole=(0.4, 1.0), sound=2.0)


def _duration_disagrees(folder: Path) -> Path:
    path = make_video(folder / "boast.mp4")
    return patch(path, b"mvhd", struct.pack(">I", 3_600_000), offset=4 + 16)


def _av_length_disagrees(folder: Path) -> Path:
    return make_video(folder / "sound.mp4", sound=3.0)


def _reencoding_trace(folder: Path) -> Path:
    return make_video(folder / "made.mp4")


CORPUS: dict[str, Builder] = {
    name.removeprefix("_"): builder
    for name, builder in list(globals().items())
    if name.startswith("_") and callable(builder) and getattr(builder, "__module__", "") == __name__
}

ELSEWHERE = {
    "analyser_killed": "test_media_sandbox.py",
    "analyser_timeout": "test_media_sandbox.py",
    "analyser_memory": "test_media_sandbox.py",
    "packets_damaged": "test_media_packets.py",
    "preview_failed": "test_media_preview.py",
    # measured while the previews are made
    **dict.fromkeys(
        ("dark", "blurred", "covered", "frozen", "silent", "low_resolution"), "test_media_quality.py"
    ),
}
