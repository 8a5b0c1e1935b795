"""Text that shows what it holds, on paper and on a terminal.

- Names come from strangers' cards: control characters, direction overrides, stray bytes and characters the
  font lacks are written out, `〔U+202E〕` or `〔0xB5〕`: nothing acts on the reader, nothing vanishes.
- A width is counted in terminal cells (Unicode East Asian Width, UAX #11): wide and full-width count two,
  combining marks none.
- Times are shown in Beijing time (UTC+8, no summer time since 1991), whatever zone they are stored in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
_MINUTE = 59.95  # from here one decimal would read 60.0 seconds
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str, covered: Container[int] | None = None) -> str:
    """`text` with every character that cannot be seen, or is not in `covered` (code points), written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character, covered) for character in text)


def _shown(character: str, covered: Container[int] | None) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8 (PEP 383)
        return f"〔0x{code - 0xDC00:02X}〕"
    if unicodedata.category(character) in _UNSEEN or (covered is not None and code not in covered):
        return f"〔U+{code:04X}〕"
    return character


def width(text: str) -> int:
    """Cells that `text` takes on a terminal."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """`text` filled with blanks up to `cells`; longer text stays whole. `right` puts it at the right end."""
    blanks = " " * max(0, cells - width(text))
    return blanks + text if right else text + blanks


def moment(iso: str | None) -> str:
    """ISO 8601 with zone to `2026-01-31 08:05:09` Beijing time; nothing gives `—`. Raises ValueError."""
    if not iso:
        return "—"
    when = datetime.fromisoformat(iso)
    if when.tzinfo is None:
        raise ValueError(f"time without zone: {iso}")
    return when.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float | None) -> str:
    """A duration: `00:10:05`, under a minute `4.2 秒`, unknown `—`."""
    if seconds is None:
        return "—"
    if seconds < _MINUTE:
        return f"{seconds:.1f} 秒"
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def size(count: int) -> str:
    """Bytes for a reader: `512 字节`, `118.4 MB` (decimal units, as printed on cards)."""
    if count < 1000:
        return f"{count} 字节"
    amount = float(count)
    for unit in ("KB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            break
    return f"{amount:.1f} {unit}"


def clock_offset(seconds: float) -> str:
    """How far a device's clock is from the server's; positive is fast: `设备快 3.2 秒`."""
    if abs(seconds) < 0.05:
        return "设备与服务器一致"
    return f"设备{'快' if seconds > 0 else '慢'} {_long_span(abs(seconds))}"


def _long_span(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.1f} 秒"
    whole = round(seconds)
    parts = (
        (whole // 86400, "天"),
        (whole % 86400 // 3600, "小时"),
        (whole % 3600 // 60, "分"),
        (whole % 60, "秒"),
    )
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
