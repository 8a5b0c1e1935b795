"""A signature for the demo: a few strokes, other ones each time."""

from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageDraw

_SIZE = (600, 200)


def signature_png() -> bytes:
    """PNG of something that looks signed; `random` is enough, for nobody is meant to believe it."""
    strokes = random.Random()  # noqa: S311
    picture = Image.new("RGBA", _SIZE, (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for start in (80, 230, 380):
        swing, tilt = strokes.uniform(20, 60), strokes.uniform(0.05, 0.12)
        points = [(start + x, 100 + swing * math.sin(x * tilt) + strokes.uniform(-3, 3)) for x in range(130)]
        pen.line(points, fill="black", width=4)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
