"""QR labels of devices, A4, three by eight: the agency, the serial, what it is, whose it is, and a code for a phone.

- A sheet is 24 labels of 70 mm × 37 mm, without margins, as they are sold.
- A text that is too long for its line gets smaller letters, then an ellipsis; the serial never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

A_SHEET = 24


@dataclass(frozen=True)
class Label:
    """What one label says; `url` is its code."""

    agency: str
    serial: str
    kind: str
    unit: str
    keeper: str
    url: str


def labels_pdf(labels: Sequence[Label], *, at: datetime, skip: int = 0) -> bytes:
    """PDF/A of the sheets. `skip`: labels of the first sheet that are used up already.

    Raises NoPrintFontError, PrintError; RefusedError for a URL that fits no code.
    """
    from . import qr  # typesetter and QR maker take longer to load than most commands to run
    from .pdf import render

    told = [
        {
            "agency": one.agency,
            "serial": one.serial,
            "kind": one.kind,
            "unit": one.unit,
            "keeper": one.keeper,
            "code": f"q{number}",
        }
        for number, one in enumerate(labels)
    ]
    images = {f"q{number}": qr.svg(one.url) for number, one in enumerate(labels)}
    return render("labels.typ", {"labels": told, "skip": skip % A_SHEET}, at=at, images=images)
