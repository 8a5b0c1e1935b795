"""The Chinese font of the prints.

- typst prints boxes, without an error, where it has no Chinese font: no print is made without one.
- Order: the font that set-up put into `fonts/`, then the installed ones by name (docs/adr/0003).
- A font counts only when it holds every character of GB 2312-80; a screen subset does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

import typst
from fontTools.ttLib import TTFont, TTLibError

from liuhen.core.errors import LiuhenError

BUNDLED = Path(__file__).parent / "fonts"
INSTALLED = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Noto Serif SC",
)
_TEXT = range(400, 501)  # regular, and the medium that some families have instead


class NoPrintFontError(LiuhenError):
    """No Chinese font on this machine, so nothing can be printed."""

    code = "no_cjk_font"


@dataclass(frozen=True)
class PrintFont:
    """A font that can print Chinese: its family, its file, its code points, and typst's view of all fonts."""

    family: str
    path: Path
    characters: frozenset[int]
    fonts: typst.Fonts


@cache
def print_font() -> PrintFont:
    """The font of this machine's prints. Raises NoPrintFontError (`no_cjk_font`)."""
    return find_font(BUNDLED)


def find_font(folder: Path, *, installed: bool = True) -> PrintFont:
    """Look in `folder`, then among the installed fonts. Raises NoPrintFontError (`no_cjk_font`)."""
    fonts = typst.Fonts(include_system_fonts=installed, font_paths=[str(folder)] if folder.is_dir() else [])
    seen = [font for font in fonts.fonts() if font.path and font.style == "normal" and font.weight in _TEXT]
    ours = [font for font in seen if Path(font.path or "").is_relative_to(folder)]
    named = sorted((font for font in seen if font.family in INSTALLED), key=_preference)
    for font in chain(ours, named):
        path = Path(font.path or "")
        characters = _characters(path, font.index)
        if characters >= gb2312():
            return PrintFont(font.family, path, characters, fonts)
    raise NoPrintFontError(
        "没有可用的中文字体，不能打印（否则汉字会印成方框）。",
        remedy="联网后重新运行 make setup；或安装中文字体：apt-get install fonts-noto-cjk，再重试。",
        folder=folder,
    )


def _preference(font: typst.FontInfo) -> tuple[int, int]:
    return INSTALLED.index(font.family), font.weight


def _characters(path: Path, index: int) -> frozenset[int]:
    """Code points of one face; none for a file that is no sound font."""
    try:
        with TTFont(path, fontNumber=index, lazy=True) as font:
            return frozenset(font.getBestCmap() or {})
    except (OSError, TTLibError):
        return frozenset()


@cache
def gb2312() -> frozenset[int]:
    """The 7,445 code points of GB 2312-80: 6,763 Chinese characters, punctuation, letters."""
    cells = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    decoded = (cell.decode("gb2312", errors="ignore") for cell in cells)
    return frozenset(ord(text) for text in decoded if text)
