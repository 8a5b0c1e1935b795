"""The one user of typst: a template of this folder and data give the bytes of a PDF.

- Data travels as JSON in `sys.inputs`; it is never part of the source, so nothing in it can run.
- Same template, data, `at` and font give the same bytes: the creation date is `at`.
- PDF/A-2u (ISO 19005-2): fonts embedded, text searchable; typst refuses a glyph that is missing there,
  and `words.visible` has written such characters out before.
- The root is this folder, so a template reads nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from liuhen.core.errors import LiuhenError

from .fonts import print_font
from .words import visible

TEMPLATES = Path(__file__).parent


class PrintError(LiuhenError):
    """typst refused the page: our template's fault, not the reader's."""

    code = "print_failed"


def render(
    template: str, data: Mapping[str, Any], *, at: datetime, images: Mapping[str, str] | None = None
) -> bytes:
    """PDF of `template` (a file name such as `receipt.typ`) with `data` (JSON values).

    `at` becomes the creation date; `images` are SVG texts by name. Raises NoPrintFontError, PrintError, and
    ValueError for an `at` without zone.
    """
    if at.tzinfo is None:
        raise ValueError("at needs a zone")
    font = print_font()
    inputs = {
        "font": font.family,
        "data": json.dumps(_printable(data, font.characters)),
        "images": json.dumps(dict(images or {})),
    }
    try:
        return typst.compile(
            str(TEMPLATES / template),
            root=str(TEMPLATES),
            font_paths=font.fonts,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards="a-2u",
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise PrintError(
            f"打印件 {template} 没有做成。",
            remedy="原始记录和回执数据不受影响；请把本提示连同回执号交给系统管理员。",
            cause=error.diagnostic,
        ) from error


def _printable(value: Any, covered: Container[int]) -> Any:
    """`value` with every text in it made printable."""
    if isinstance(value, str):
        return visible(value, covered)
    if isinstance(value, Mapping):
        return {key: _printable(inner, covered) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(inner, covered) for inner in value]
    return value
