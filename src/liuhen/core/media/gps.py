"""Reading positions: ISO 6709 strings of MP4/MOV and the GPS tags of EXIF.

- A position is {"lat", "lon", "alt", "raw", "field", "utc"}: degrees (WGS 84, south and west negative) and
  metres.
- `+00.0000+000.0000/` is what recorders write without a fix: no position, but a finding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, TypedDict

_ISO6709 = re.compile(
    r"(?P<lat>[+-]\d+(?:\.\d+)?)(?P<lon>[+-]\d+(?:\.\d+)?)(?P<alt>[+-]\d+(?:\.\d+)?)?(?:CRS\w+)?/?", re.ASCII
)


class Position(TypedDict):
    """One position a file carries."""

    lat: float
    lon: float
    alt: float | None
    raw: str
    field: str
    utc: str | None


def _degrees(text: str, whole: int) -> float:
    """`±DD.D`, `±DDMM.M` or `±DDMMSS.S` as degrees; `whole` is the number of digits of plain degrees."""
    sign = -1.0 if text[0] == "-" else 1.0
    digits = text[1:].split(".")[0]
    value = float(text[1:])
    if len(digits) <= whole:
        return sign * value
    if len(digits) == whole + 2:
        return sign * (value // 100 + value % 100 / 60)
    return sign * (value // 10000 + value % 10000 // 100 / 60 + value % 100 / 3600)


def _placed(
    lat: float, lon: float, alt: float | None, raw: str, field: str, utc: str | None
) -> Position | None:
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        return None
    if alt is not None and not math.isfinite(alt):
        alt = None
    return Position(lat=round(lat, 7), lon=round(lon, 7), alt=alt, raw=raw, field=field, utc=utc)


def is_no_fix(lat: float, lon: float) -> bool:
    """Zero and zero: the point in the Gulf of Guinea that recorders write when they have no fix."""
    return lat == 0 and lon == 0


def from_iso6709(raw: str, field: str) -> Position | None:
    """`+37.5002+127.0362/` → position; None when the text is no position on earth."""
    match = _ISO6709.fullmatch(raw.strip(" \0"))
    if not match:
        return None
    alt = float(match["alt"]) if match["alt"] else None
    return _placed(_degrees(match["lat"], 2), _degrees(match["lon"], 3), alt, raw.strip(" \0"), field, None)


def _sum(parts: Sequence[Any]) -> float:
    degrees, minutes, seconds = (float(part) for part in (*parts, 0, 0)[:3])
    return degrees + minutes / 60 + seconds / 3600


def from_exif(tags: dict[int, Any], utc: str | None) -> Position | None:
    """EXIF GPS IFD (tags 1-6) → position; None without a whole, finite one."""
    try:
        lat, lon = _sum(tags[2]), _sum(tags[4])
        lat = -lat if str(tags[1]).startswith("S") else lat
        lon = -lon if str(tags[3]).startswith("W") else lon
        alt = float(tags[6]) if 6 in tags else None
        if alt is not None and tags.get(5) in (1, b"\x01"):
            alt = -alt
        raw = f"{tags[1]} {tuple(map(str, tags[2]))} {tags[3]} {tuple(map(str, tags[4]))}"
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return _placed(lat, lon, alt, raw, "EXIF GPSLatitude/GPSLongitude", utc)
