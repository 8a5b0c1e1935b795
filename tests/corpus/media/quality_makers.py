"""Films and photographs of our own whose picture is known to be dark, covered, blurred or standing still, and when."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageFilter

FPS = 5
RATE = 8000
WIDTH, HEIGHT = 320, 180
Part = tuple[float, float]
Look = Callable[[np.ndarray], np.ndarray]


def scene(number: int, *, noise: float = 2.0, seed: int = 3) -> np.ndarray:
    """A street of our own: houses, windows and a walking square, with the noise of a sensor."""
    houses = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH), 170.0)
    for left in range(0, WIDTH, 32):
        top = int(houses.integers(20, 90))
        picture[top:, left : left + 30] = houses.integers(40, 200)
        for y in range(top + 6, HEIGHT - 6, 14):
            picture[y : y + 6, left + 4 : left + 26 : 8] = houses.integers(10, 250)
    at = (number * 6) % (WIDTH - 40)
    picture[110:150, at : at + 30] = 235
    grain = np.random.default_rng(number).normal(0, noise, picture.shape)
    return np.clip(picture + grain, 0, 255)


def dark(picture: np.ndarray) -> np.ndarray:
    return picture * 0.05


def night(picture: np.ndarray) -> np.ndarray:
    """Little light, and a lamp: a person still reads the scene."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    lamp = np.exp(-((x - 200) ** 2 + (y - 90) ** 2) / 5000)
    return picture * (0.06 + 0.6 * lamp)


def covered(picture: np.ndarray) -> np.ndarray:
    """A hand or a cloth before the lens: a glow and nothing else."""
    glow = np.linspace(70, 95, WIDTH)[None, :].repeat(HEIGHT, axis=0)
    return glow + (picture - picture.mean()) * 0.005


def blurred(picture: np.ndarray) -> np.ndarray:
    image = Image.fromarray(picture.astype(np.uint8)).filter(ImageFilter.GaussianBlur(9))
    return np.asarray(image, dtype=float)


def with_clock(picture: np.ndarray, number: int) -> np.ndarray:
    """What recorders burn in: sharp, bright and moving, whatever the lens sees."""
    picture = picture.copy()
    picture[4:14, 8:150:4] = 240
    picture[4:14, 150 : 154 + number % 40] = 240
    return picture


def film(
    path: Path,
    seconds: float,
    *,
    look: Look | None = None,
    during: Part | None = None,
    frozen: Part | None = None,
    still: bool = False,
    sound: Part | str | None = None,
    clock: bool = True,
) -> Path:
    """`look` holds `during` a part, or all the time. `frozen`: the sensor hangs, the clock goes on. `still`: nothing moves.
    `sound`: None for no track; a part is silent; "all" is silent, "none" never."""
    with av.open(str(path), "w", format="mp4") as out:
        video: Any = out.add_stream("libx264", rate=FPS, options={"crf": "24", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.gop_size = FPS
        audio: Any = out.add_stream("aac", rate=RATE, layout="mono") if sound else None
        for number in range(round(seconds * FPS)):
            moment = number / FPS
            shown = number
            if frozen and frozen[0] <= moment < frozen[1]:
                shown = round(frozen[0] * FPS)
            picture = _still(number) if still else scene(shown)
            if look and (during is None or during[0] <= moment < during[1]):
                picture = look(picture)
            picture = with_clock(picture, number) if clock else picture
            grey = np.ascontiguousarray(picture.clip(0, 255).astype(np.uint8))
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, FPS), 0
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            _write_sound(out, audio, seconds, sound)
    return path


def _still(number: int) -> np.ndarray:
    """A recorder on a stand before a scene where nothing moves: only its noise is new."""
    return np.clip(scene(0, noise=0) + np.random.default_rng(number).normal(0, 1.5, (HEIGHT, WIDTH)), 0, 255)


def _write_sound(out: Any, audio: Any, seconds: float, silent: Part | str | None) -> None:
    for first in range(0, round(seconds * RATE), 1024):
        at = np.arange(first, first + 1024)
        samples = 6000 * np.sin(at * 0.3)
        if silent == "all":
            samples[:] = 0
        elif isinstance(silent, tuple):
            samples[(at >= silent[0] * RATE) & (at < silent[1] * RATE)] = 0
        frame = av.AudioFrame.from_ndarray(samples.astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
        out.mux(audio.encode(frame))
    out.mux(audio.encode(None))


def photo(path: Path, look: Look | None = None) -> Path:
    picture = scene(0)
    picture = look(picture) if look else picture
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(path, "JPEG")
    return path
