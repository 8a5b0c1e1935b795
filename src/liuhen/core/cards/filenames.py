"""File names as a card has them, as people read them, and as the store keeps them.

- A name on a card is bytes. UTF-8 is tried first, then GBK (Chinese recorders on FAT without a code page).
- Bytes that are neither, and characters that would disturb a terminal or a register (controls, line
  separators, direction overrides), are shown as `\\xNN`; a name that itself reads like `\\xNN` has its
  backslashes shown as `\\x5c`, so that a shown name stands for one name only.
- In the store the same name is kept wherever a POSIX, S3 or Windows reader can open it; the rest becomes
  `%NN`. The name as it was stands in record.json.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal

NameEncoding = Literal["utf-8", "gbk", "escaped"]

MAX_NAME_BYTES = 255
_MAX_EXTENSION_BYTES = 16
_DISTURBING = (
    "\x00-\x1f\x7f-\x9f"  # C0 and C1 controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks: a name that reads backwards
    "\u2028\u2029\ud800-\udfff"  # line separators, lone surrogates
)
_NOT_SHOWN = re.compile(f"[{_DISTURBING}]|\\\\x[0-9a-f]{{2}}")
_TO_ESCAPE = re.compile(f"[{_DISTURBING}\\\\]")
_NOT_STORED = re.compile(f"[{_DISTURBING}/\\\\]|^\\s|[\\s.]\\Z")
_ESCAPED_BYTE = re.compile(r"\\x([0-9a-fA-F]{2})")


def shown_name(raw: bytes) -> tuple[str, NameEncoding]:
    """One component of a path as people read it, and how it was decoded. Never raises."""
    encodings: tuple[NameEncoding, ...] = ("utf-8", "gbk")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _NOT_SHOWN.search(text):
            return text, encoding
        break
    return escaped_name(raw), "escaped"


def escaped_name(raw: bytes) -> str:
    """The bytes with every disturbing or undecodable one as `\\xNN`; two names never look the same."""
    text = raw.decode("utf-8", "surrogateescape")
    return _TO_ESCAPE.sub(lambda match: _bytes_as(match.group(), "\\x"), text)


def shown_path(raw: bytes) -> tuple[str, NameEncoding]:
    """A relative path (`/` between components) as people read it; the worst decoding of its components."""
    shown = [shown_name(part) for part in raw.split(b"/")]
    encodings = {encoding for _, encoding in shown}
    worst: NameEncoding = "escaped" if "escaped" in encodings else "gbk" if "gbk" in encodings else "utf-8"
    return "/".join(name for name, _ in shown), worst


def escaped_path(raw: bytes) -> str:
    """A relative path in the form that no other path shares."""
    return "/".join(escaped_name(part) for part in raw.split(b"/"))


def safe_name(display_name: str) -> str:
    """The content file name inside the OCFL object: the same name where possible, at most 255 UTF-8 bytes.

    Never empty, `.` or `..`; no separator, no control character, no blank or dot at the end (Windows drops
    those). A shortened name keeps its extension and gains eight digits of the full name's SHA-256.
    """
    name = _ESCAPED_BYTE.sub(r"%\1", display_name)
    name = _NOT_STORED.sub(lambda match: _bytes_as(match.group(), "%"), name) or "unnamed"
    return name if len(name.encode()) <= MAX_NAME_BYTES else _shortened(name)


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if len(extension.encode()) > _MAX_EXTENSION_BYTES:
        stem, dot, extension = name, "", ""
    tail = f"~{hashlib.sha256(name.encode()).hexdigest()[:8]}{dot}{extension}"
    room = MAX_NAME_BYTES - len(tail.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + tail


def _bytes_as(text: str, prefix: str) -> str:
    """Each byte of `text` as prefix + two hex digits; a lone surrogate of os.fsdecode is its byte again."""
    came_from_bytes = "\udc80" <= text <= "\udcff"
    raw = text.encode("utf-8", "surrogateescape" if came_from_bytes else "surrogatepass")
    return "".join(f"{prefix}{byte:02x}" for byte in raw)
