"""How well a picture can be seen and a sound heard, as figures: what quality_found.py judges by.

- Every picture is measured at one size (160 pixels on its longer side), so that resolution does not decide.
- Recorders burn the clock into the upper and lower edge, and it stays sharp and goes on when the lens is covered or the
  sensor hangs: sharpness, texture and sameness are those of the middle rows only.
- Figures of a picture: `luma` mean brightness and `bright` the brightness that its lightest parts reach (0–255); `range`
  between its dark and its light parts (0–255); `flat` the share of patches without texture; `sharp` how steep edges are
  (see `_steepness`; None where there are none to judge by); `same` the share of pixels equal to the picture before.
- Figures only: no verdict, and nothing here says when a picture is bad.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from PIL import Image, ImageChops, ImageFilter

SIDE = 160  # pixels
_EDGE = 0.2  # of the height, above and below: the burnt-in clock
_PATCH = 16  # pixels: a tenth of the picture's longer side
_HAS_EDGES = 16  # of 255: a patch that varies less says nothing about sharpness
_FLAT = 8  # of 255: a smoothed patch that varies less has no texture; noise and compression stay below
_PATCHES = 3  # with edges, for the steepness to say something
_FIGURES = ("luma", "bright", "range", "flat", "sharp")


@dataclass(frozen=True)
class Shot:
    """One picture out of a film, `at` seconds after its start."""

    image: Image.Image
    at: float


def measure(shots: Sequence[Shot], every: float = 0.0) -> dict[str, Any]:
    """One list a figure, one item a picture, in time's order; a picture met twice is measured once.

    `every`: at which distance in seconds pictures were asked for; they stand as far apart as the film's key pictures do.
    """
    told: dict[str, Any] = {"every": round(every, 3), **{key: [] for key in ("at", *_FIGURES, "same")}}
    before: tuple[float, Image.Image] | None = None
    for shot in shots:
        if before is not None and shot.at <= before[0]:
            continue
        grey = shot.image.convert("L")
        middle = _middle(grey)
        told["at"].append(round(shot.at, 3))
        for key, value in _figures(_small(grey)).items():
            told[key].append(value)
        told["same"].append(_same(before[1], middle) if before else None)
        before = (shot.at, middle)
    return told


def _figures(small: Image.Image) -> dict[str, float | None]:
    middle, counts = _middle(small), small.histogram()
    low, high = _levels(middle.histogram(), 0.05, 0.95)
    smooth = middle.filter(ImageFilter.BoxBlur(1))
    extrema = [_extrema(patch) for patch in _patches(smooth)]
    flat = [light - dark < _FLAT for dark, light in extrema]
    return {
        "luma": round(sum(level * count for level, count in enumerate(counts)) / sum(counts), 1),
        "bright": max(high, *_levels(counts, 0.9)),
        "range": high - low,
        "flat": round(sum(flat) / len(flat), 2),
        "sharp": _steepness(middle),
    }


def _levels(counts: Sequence[int], *shares: float) -> list[int]:
    """The brightness that each share of the pixels does not go beyond; the shares in rising order."""
    wanted, seen = [share * sum(counts) for share in shares], 0
    levels: list[int] = []
    for level, count in enumerate(counts):
        seen += count
        while len(levels) < len(wanted) and seen >= wanted[len(levels)]:
            levels.append(level)
    return levels


def _steepness(middle: Image.Image) -> float | None:
    """The middle one, over the patches, of: the largest step between neighbours ÷ what the patch varies by. 1 is an edge
    from one pixel to the next, whatever its contrast; an edge drawn out over ten pixels gives about 0.1."""
    steps = ImageChops.lighter(
        ImageChops.difference(middle, _moved(middle, 1, 0)),
        ImageChops.difference(middle, _moved(middle, 0, 1)),
    )
    found = []
    for patch, step in zip(_patches(middle), _patches(steps), strict=True):
        dark, light = _extrema(patch)
        if light - dark >= _HAS_EDGES:
            found.append(_extrema(step)[1] / (light - dark))
    return round(median(found), 3) if len(found) >= _PATCHES else None


def _moved(image: Image.Image, left: int, up: int) -> Image.Image:
    """The neighbour of each pixel in its place; the last column and row, which have none, are their own."""
    moved = image.copy()
    moved.paste(image.crop((left, up, *image.size)))
    return moved


def _extrema(image: Image.Image) -> tuple[int, int]:
    low, high = image.getextrema()
    return int(low), int(high)  # type: ignore[arg-type]  # of a grey picture two numbers


def _patches(image: Image.Image) -> Iterator[Image.Image]:
    """Squares, row by row; what does not fill one at the right and below stays out."""
    for top in range(0, image.height - _PATCH + 1, _PATCH):
        for left in range(0, image.width - _PATCH + 1, _PATCH):
            yield image.crop((left, top, left + _PATCH, top + _PATCH))


def _same(before: Image.Image, now: Image.Image) -> float | None:
    if before.size != now.size:
        return None
    equal = ImageChops.difference(before, now).histogram()[0]
    return round(equal / (now.width * now.height), 3)


def _small(grey: Image.Image) -> Image.Image:
    scale = SIDE / max(grey.size)
    # A picture so narrow that no patch fits is drawn out: it is no picture of a scene anyway.
    width, height = (max(2 * _PATCH, round(side * scale)) for side in grey.size)
    return grey.resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)


def _middle(image: Image.Image) -> Image.Image:
    edge = round(image.height * _EDGE)
    if image.height - 2 * edge <= 2 * _PATCH:
        return image
    return image.crop((0, edge, image.width, image.height - edge))
