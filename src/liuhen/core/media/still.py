"""One picture out of a film, exactly as it was recorded: decoded, upright, lossless.

- Runs in the child process of server.py; the film is only read.
- The picture is the one that is on the screen at the moment asked for: the last whose time has come.
- Moments count from the container's start, as a player's clock does; the picture's own time stamp is told too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import av.error

from .contract import DRAFT
from .packets import open_media

STILL = "still.png"
_SLACK = 0.0005  # seconds: a player's clock is rounded, frames are never that close
_FAR = 3000  # pictures decoded in search of one before we begin from the start, or give up


def still_source(source: BinaryIO, folder: str, seconds: float) -> dict[str, Any]:
    """Write `still.png` into `folder`: {file, seconds, pts, time_base, width, height, rotation, codec}.

    Raises ValueError, av.error.FFmpegError where the film gives no picture for that moment.
    """
    path = f"/proc/self/fd/{source.fileno()}"
    frame, origin, told = _shown_at(path, seconds)
    image = frame.to_image()
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    target = Path(folder) / STILL
    draft = target.with_name(f"{DRAFT}{STILL}")
    image.save(draft, "PNG")
    draft.replace(target)
    return {
        "file": STILL,
        "seconds": max(0.0, round(frame.time - origin, 6)),
        "pts": frame.pts,
        "time_base": str(frame.time_base),
        "width": image.width,
        "height": image.height,
        "rotation": -int(frame.rotation) % 360,
        **told,
    }


def _shown_at(path: str, seconds: float) -> tuple[Any, float, dict[str, Any]]:
    """The picture, the container's start, and what it came from; from the key frame before, else from the start."""
    for from_key_frame in (True, False):
        with open_media(path) as container:
            if not container.streams.video:
                raise ValueError("没有画面")
            stream = container.streams.video[0]
            origin = (container.start_time or 0) / 1_000_000
            if from_key_frame and seconds > 0 and stream.time_base:
                try:
                    container.seek(int((origin + seconds) / stream.time_base), stream=stream)
                except av.error.FFmpegError:
                    continue
            found = _last_until(container, stream, origin + seconds + _SLACK, give_up=from_key_frame)
            if found is not None:
                return found, origin, {"codec": stream.codec_context.name}
    raise ValueError("该时刻没有可解码的画面")


def _last_until(container: Any, stream: Any, moment: float, *, give_up: bool) -> Any:
    """The last picture whose time is not after `moment`.

    None when the first one decoded comes later (the seek went too far); from the start, the first one counts.
    """
    last = None
    for number, frame in enumerate(_frames(container, stream)):
        if frame.time is None:
            continue
        if frame.time > moment:
            return last if last is not None or give_up else frame
        last = frame
        if give_up and number > _FAR:
            return None
    return last


def _frames(container: Any, stream: Any) -> Any:
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.FFmpegError as error:  # a damaged packet; the next ones may be whole
            if isinstance(error, MemoryError):
                raise
