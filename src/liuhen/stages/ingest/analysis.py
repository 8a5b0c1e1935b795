"""What a taken file says of itself, whatever the analyser does: the bytes are kept and the file is marked."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Protocol

import orjson
import structlog

from liuhen.core.cards.reader import CardFile
from liuhen.core.errors import LiuhenError
from liuhen.core.media.contract import add, blank

log = structlog.get_logger(__name__)


class Analyses(Protocol):
    """The part of core.media's Analyser that the intake uses."""

    def probe(self, path: Path, *, name: str | None = None) -> dict[str, Any]: ...
    def close(self) -> None: ...


def says_of(analyser: Analyses, path: Path | None, file: CardFile) -> dict[str, Any]:
    """The probe's result without its path, fit for record.json. Never raises for what the file does."""
    if path is None:
        return {}
    try:
        says = analyser.probe(path, name=file.path.rpartition("/")[2])
    except LiuhenError as error:  # the installation's fault; the evidence is kept all the same
        log.warning("file_not_analysed", path=file.path, error=str(error))
        says = blank(file.path, file.size, "")
        add(says, "unreadable", reason=error.message.rstrip("。"))
    told: dict[str, Any] = cleaned(says)
    told.pop("path", None)
    return told


def cleaned(says: dict[str, Any]) -> Any:
    """`says` as every JSON reader and database takes it; what hardly ever is wrong is looked for first."""
    try:
        raw = orjson.dumps(says)  # NaN becomes null; half a character is refused
    except orjson.JSONEncodeError:
        return clean(says)
    return clean(says) if b"\\u0000" in raw else orjson.loads(raw)


def clean(value: Any) -> Any:
    """`value` without NaN and infinity, NUL, and lone surrogates."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [clean(one) for one in value]
    return value
