"""The demo's picture: a moving test pattern with the burnt-in clock that recorders write (GA/T 947.2).

- Frames are planar YUV 4:2:0 made with integers, so that the same inputs give the same bytes.
- The burnt-in text is Latin only: Pillow's own font, nothing from the machine.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 640
HEIGHT: Final = 360

Plane = NDArray[np.uint8]


def osd_lines(serial: str, officer: str, at: datetime) -> tuple[str, str]:
    """Date and time to the hundredth, and whose recorder it is. `at` is already local time."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 10_000:02d}", f"{serial}  {officer}  LIUHEN DEMO"


def frame_yuv(number: int, lines: tuple[str, str]) -> Plane:
    """Frame `number` as one (HEIGHT * 3/2, WIDTH) plane: Y, then U, then V."""
    luma, chroma = _ground()
    canvas = luma.copy()
    _moving_parts(canvas, number)
    for row, line in enumerate(lines):
        _print(canvas, 14, 12 + 30 * row, line)
    return np.concatenate([canvas, chroma])


def still_rgb(number: int, lines: tuple[str, str]) -> Image.Image:
    """The same picture as a photograph."""
    plane = frame_yuv(number, lines)
    u, v = (
        plane[start : start + HEIGHT // 4].reshape(HEIGHT // 2, WIDTH // 2)
        for start in (HEIGHT, HEIGHT * 5 // 4)
    )
    whole = (Image.fromarray(half).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST) for half in (u, v))
    return Image.merge("YCbCr", (Image.fromarray(plane[:HEIGHT]), *whole)).convert("RGB")


@lru_cache(maxsize=1)
def _ground() -> tuple[Plane, Plane]:
    """Eight colour bars over a ramp; luma, and U and V stacked as they lie in a frame."""
    bar = np.arange(WIDTH) * 8 // WIDTH
    luma = np.broadcast_to((200 - bar * 18)[None, :], (HEIGHT, WIDTH)).astype(np.uint8)
    luma = luma.copy()
    luma[HEIGHT * 3 // 4 :] = (np.arange(WIDTH) * 220 // WIDTH + 16).astype(np.uint8)
    half = (np.arange(WIDTH // 2) * 8 // (WIDTH // 2)).astype(int)
    planes = [
        np.broadcast_to(row.astype(np.uint8), (HEIGHT // 2, WIDTH // 2)).reshape(HEIGHT // 4, WIDTH)
        for row in (90 + half * 10, 170 - half * 11)
    ]
    return luma, np.concatenate(planes)


def _moving_parts(canvas: Plane, number: int) -> None:
    """A square that walks and a tick that jumps once a frame: still pictures and lost frames are seen."""
    x, y = (number * 7) % (WIDTH - 48), HEIGHT // 2 + (number * 3) % 60
    canvas[y : y + 48, x : x + 48] = 235
    canvas[y + 12 : y + 36, x + 12 : x + 36] = 40
    tick = (number * 8) % WIDTH
    canvas[HEIGHT - 12 : HEIGHT - 4, tick : tick + 8] = 250


def _print(canvas: Plane, left: int, top: int, text: str) -> None:
    for char in text:
        glyph = _glyph(char)
        height, width = glyph.shape
        canvas[top : top + height, left : left + width] = glyph
        left += width


@lru_cache(maxsize=128)
def _glyph(char: str) -> Plane:
    """One character, white on dark, in a cell of its own: the clock does not dance while it runs."""
    font: Any = ImageFont.load_default(22)
    cell = Image.new("L", (8 if char == " " else 14, 28), 24)
    ImageDraw.Draw(cell).text((cell.width / 2, 21), char, fill=245, font=font, anchor="ms")
    return np.asarray(cell, dtype=np.uint8)
