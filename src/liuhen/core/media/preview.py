"""Thumbnails, strip, peaks and viewing copy of one file, made in the child process of server.py.

- Derived files only: they may be deleted and made again; the original is never touched.
- Each part stands alone: one that fails becomes a finding, the others are still made.
- Files appear whole or not at all: written under a draft name, then renamed.
- Upright: the rotation that the file states is applied to pictures and stated again in a viewing copy.
- The figures of quality.py are taken from the pictures and the wave that are made anyway: nothing is decoded for them.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import av.error
from PIL import Image, ImageOps

from . import quality
from .contract import DRAFT, add, blank_preview
from .packets import codec_name, error_text, is_picture_or_sound, open_media
from .photo import open_photo
from .playable import playable_in_browser, playable_photo
from .sniff import HEAD_BYTES, Kind, short_name, sniff
from .version import analyser_version

THUMB_SIDE = 480
VIEW_SIDE = 2560
TILE_WIDTH, COLUMNS, MAX_TILES = 160, 10, 60

Framed = tuple[Image.Image, float]  # a picture, and its seconds after the start


class _Maker:
    """Makes one file at a time in the folder, and notes what failed."""

    def __init__(self, out: Path, result: dict[str, Any]) -> None:
        self.out, self.result = out, result

    def make(self, key: str, what: str, name: str, write: Callable[[Path], Any]) -> Any:
        """Write `name` through a draft; returns what `write` returns, None when it failed."""
        draft = self.out / f"{DRAFT}{name}"
        try:
            made = write(draft)
            draft.replace(self.out / name)
        except MemoryError:
            raise
        except Exception as error:  # damaged bytes raise nearly anything
            draft.unlink(missing_ok=True)
            add(self.result, "preview_failed", what=what, reason=error_text(error)[:200])
            return None
        self.result[key] = name
        return made


def preview_source(source: BinaryIO, out: str) -> dict[str, Any]:
    """Make what can be made of an open file; the shape is contract.blank_preview()."""
    result = blank_preview(analyser_version())
    maker = _Maker(Path(out), result)
    warnings.simplefilter("ignore")  # the probe has told what there is to tell
    kind = sniff(source.read(HEAD_BYTES))
    if os.fstat(source.fileno()).st_size == 0 or (kind is not None and kind.kind == "other"):
        return result
    if kind is not None and kind.kind == "photo" and kind.container != "heic":
        _photo(maker, source, kind)
    else:
        _streams(maker, f"/proc/self/fd/{source.fileno()}", kind)
    return result


def _save(image: Image.Image, side: int) -> Callable[[Path], Image.Image]:
    def write(draft: Path) -> Image.Image:
        small = image.convert("RGB")
        small.thumbnail((side, side))
        small.save(draft, "JPEG", quality=82)
        return small

    return write


def _photo(maker: _Maker, source: BinaryIO, kind: Kind) -> None:
    def thumb(draft: Path) -> Image.Image:
        source.seek(0)
        image = open_photo(source)
        image.draft("RGB", (THUMB_SIDE, THUMB_SIDE))
        return _save(ImageOps.exif_transpose(image), THUMB_SIDE)(draft)

    def view(draft: Path) -> None:
        source.seek(0)
        _save(ImageOps.exif_transpose(open_photo(source)), VIEW_SIDE)(draft)

    small = maker.make("thumbnail", "缩略图", "thumb.jpg", thumb)
    if small is not None:
        _measured(maker, [(small, 0.0)], 0.0)
    if not playable_photo(kind.container):
        maker.make("viewing", "浏览副本", "viewing.jpg", view)


def _streams(maker: _Maker, path: str, kind: Kind | None) -> None:
    try:
        with open_media(path) as container:
            streams = [stream for stream in container.streams if is_picture_or_sound(stream)]
            seconds = container.duration / 1_000_000 if container.duration else None
            video: list[Any] = [stream for stream in streams if stream.type == "video"]
            audio = [stream for stream in streams if stream.type == "audio"]
            size = [video[0].codec_context.width, video[0].codec_context.height] if video else None
            playable = playable_in_browser(
                kind.container if kind else short_name(container.format.name),
                [(codec_name(one), getattr(one.codec_context, "pix_fmt", None)) for one in video],
                [codec_name(one) for one in audio],
                next((one.profile for one in video), None),
            )
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError, OSError, AttributeError) as error:
        add(maker.result, "preview_failed", what="预览", reason=error_text(error)[:200])
        return
    from . import peaks, viewing  # here, not above: they bring numpy, which a probe's fork would pay for

    maker.result["seconds"] = seconds
    if video:
        maker.result["quality"]["size"] = size
        _pictures(maker, path, seconds or 0.0)
    if audio:
        sound = maker.make("peaks", "声音波形", "peaks.json", lambda draft: peaks.write_peaks(path, draft))
        maker.result["quality"]["sound"] = sound
    if not playable and (video or audio):
        name = "viewing.mp4" if video else "viewing.m4a"
        maker.make("viewing", "浏览副本", name, lambda draft: viewing.write_viewing(path, draft))


def _pictures(maker: _Maker, path: str, seconds: float) -> None:
    def thumb(draft: Path) -> None:
        _save(_frames(path, [seconds / 10])[0][0], THUMB_SIDE)(draft)

    def strip(draft: Path) -> tuple[dict[str, Any], list[Framed]]:
        return _strip(path, seconds, draft)

    maker.make("thumbnail", "缩略图", "thumb.jpg", thumb)
    made = maker.make("strip", "缩略图条", "strip.jpg", strip)
    if made is not None:
        grid, frames = made
        maker.result["strip"] = {"file": "strip.jpg", **grid}
        _measured(maker, frames, grid["interval"])


def _measured(maker: _Maker, frames: list[Framed], every: float) -> None:
    maker.result["quality"]["pictures"] = quality.measure([quality.Shot(*one) for one in frames], every)


def _frames(path: str, moments: list[float]) -> list[Framed]:
    """The key frame at or before each moment (seconds from the start), upright, with its own moment.

    Raises ValueError when the file gives none at all; a moment without one repeats the frame before it.
    """
    found: list[Framed] = []
    with open_media(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        start, base = stream.start_time or 0, stream.time_base
        for moment in moments:
            try:
                if base and moment > 0:
                    container.seek(start + int(moment / base), stream=stream)
                frame = next(container.decode(stream))
                found.append((_small_image(frame), _moment(frame, start, base, moment)))
            except (av.error.FFmpegError, StopIteration, ValueError) as error:
                if isinstance(error, MemoryError):
                    raise
                found += found[-1:]
    if not found:
        raise ValueError("没有可解码的关键帧")
    return found


def _moment(frame: Any, start: int, base: Any, asked: float) -> float:
    """A frame that does not tell its time is the one that was asked for."""
    if frame.pts is None or not base:
        return asked
    return float((frame.pts - start) * base)


def _small_image(frame: Any) -> Image.Image:
    """Scale while converting: a 4K frame as an image is 25 MB, and a thumbnail needs none of it."""
    scale = min(1.0, THUMB_SIDE / max(frame.width, frame.height, 1))
    image: Image.Image = frame.to_image(
        width=max(2, round(frame.width * scale)), height=max(2, round(frame.height * scale))
    )
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def _strip(path: str, seconds: float, draft: Path) -> tuple[dict[str, Any], list[Framed]]:
    """One JPEG of tiles in rows; returns the grid, so that the player finds the tile of a moment, and the pictures."""
    interval = max(1.0, seconds / MAX_TILES)
    count = max(1, min(MAX_TILES, math.ceil(seconds / interval)))
    frames = _frames(path, [number * interval for number in range(count)])
    first = frames[0][0]
    width, height = TILE_WIDTH, max(1, round(TILE_WIDTH * first.height / first.width))
    columns = min(COLUMNS, len(frames))
    rows = math.ceil(len(frames) / columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, (frame, _) in enumerate(frames):
        sheet.paste(frame.resize((width, height)), (number % columns * width, number // columns * height))
    sheet.save(draft, "JPEG", quality=75)
    grid = {
        "columns": columns,
        "rows": rows,
        "count": len(frames),
        "interval": round(interval, 6),
        "tile_width": width,
        "tile_height": height,
    }
    return grid, frames
