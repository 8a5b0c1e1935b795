"""F1 · what a file says of itself: every packet of a ten-minute 1080p recording."""

from __future__ import annotations

import shutil
from pathlib import Path

import clips
from measure import Contestant, Figure, command, in_turns, in_words, peak_of, warm

SECONDS = 600


def measure(folder: Path, scale: float) -> list[Figure]:
    size = int((512 << 20) * scale)
    return [
        _one(folder, SECONDS // 10, max(size // 10, 10 << 20)),
        _one(folder, SECONDS, max(size, 100 << 20)),
    ]


def _one(folder: Path, seconds: int, size: int) -> Figure:
    from liuhen.core.media.sandbox import Analyser

    path = folder / f"{seconds}.mp4"
    clips.make(path, seconds=seconds, size=size, seed=seconds)
    warm([path])
    stand_in, theirs = _peer(path)
    with Analyser() as analyser:
        analyser.probe(path)  # starts the server
        ours = Contestant(
            "liuhen probe (whole analysis, in its child process)", lambda: _look(analyser, path, seconds)
        )
        limit = Contestant("limit: PyAV demux of every packet", lambda: _demux(path))
        found = in_turns([ours, Contestant(stand_in, theirs), limit], 5)
        memory = peak_of(ours)
    mine = found[ours.name]
    return Figure(
        "media probe, every packet",
        f"{seconds} s of 1080p, {in_words(path.stat().st_size)}",
        found,
        f"{found[stand_in] / mine:.2f} × the speed of {stand_in}",
        "as fast as ffprobe -show_packets / 100 × (sample table, cross-checked)",
        rounds=5,
        memory=str(memory),
        notes=[
            "Ours also decodes samples of every stream and hashes every packet (the stream digest), which the "
            "peer does not.",
            *([] if shutil.which("ffprobe") else [f"No ffprobe here: {stand_in} stands in."]),
        ],
    )


def _look(analyser: object, path: Path, seconds: int) -> None:
    found = analyser.probe(path)  # type: ignore[attr-defined]
    if found["frames"] != seconds * clips.RATE:
        raise RuntimeError(str(found["findings"]))


def _peer(path: Path) -> tuple[str, object]:
    ffprobe = shutil.which("ffprobe")
    if ffprobe:
        arguments = ("-v", "error", "-show_packets", "-of", "csv", path)
        return "ffprobe -show_packets", lambda: command(ffprobe, *arguments)
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg:
        arguments = ("-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "null", "-")
        return "ffmpeg -c copy -f null", lambda: command(ffmpeg, *arguments)
    return "PyAV demuxing", lambda: _demux(path)


def _demux(path: Path) -> None:
    import av

    with av.open(str(path)) as container:
        for packet in container.demux():
            _ = packet.pts
