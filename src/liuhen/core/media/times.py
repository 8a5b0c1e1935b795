"""Reading the times a file carries: raw value, source field, zone assumption, UTC.

- Nothing is chosen here: every time found stands in the list, for a person or a rule to weigh.
- Zone codes: `utc-by-standard` (ISO/IEC 14496-12 box times, Matroska DateUTC, GPS), `stated` (the value or a
  companion tag names its offset), `local-assumed` (no zone written: taken as +08:00), `unknown` (not
  understood, so no UTC).
- RIFF IDIT/ICRD, Broadcast-Wave dates and EXIF times are local without a zone; EXIF OffsetTime… states one.
- A zero or absurd time (1904, 1970, a date that cannot be) keeps its raw value and gets no UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TypedDict

ASSUMED_ZONE = timezone(timedelta(hours=8))
UTC_BY_STANDARD = "utc-by-standard"
STATED = "stated"
LOCAL_ASSUMED = "local-assumed"
UNKNOWN = "unknown"

# No digital recorder is older; clocks that lost power restart in 1904, 1970 or 1980.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH_1904 = datetime(1904, 1, 1, tzinfo=UTC)

_NUMERIC = re.compile(
    r"(?P<year>\d{4})[-:/.](?P<month>\d{1,2})[-:/.](?P<day>\d{1,2})/?[T ]\s*"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.,]\d+)?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_WORDED = re.compile(
    r"(?:[A-Za-z]{3},?\s+)?(?P<month>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2}):(?P<second>\d{2})\s+(?P<year>\d{4})",
    re.ASCII,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})", re.ASCII)


class FileTime(TypedDict):
    """One time a file carries. `utc` is ISO 8601 with Z, or None when the value is not to be believed."""

    raw: str
    field: str
    zone: str
    utc: str | None


def parse_offset(text: str) -> timezone | None:
    """`+08:00`, `+0800` or `Z` as a zone; None for anything else."""
    text = text.strip()
    if text in ("Z", "UTC"):
        return UTC
    match = _OFFSET.fullmatch(text)
    if not match or int(match["hours"]) > 15 or int(match["minutes"]) > 59:
        return None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    return timezone(-offset if match["sign"] == "-" else offset)


def _parse(text: str) -> tuple[datetime, timezone | None] | None:
    """A naive time and the zone written beside it, if any."""
    text = text.strip(" \0\r\n\t")
    match = _NUMERIC.fullmatch(text) or _WORDED.fullmatch(text)
    if not match:
        return None
    part = match.groupdict()
    month = part["month"]
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
        moment = datetime(
            int(part["year"]),
            number,
            int(part["day"]),
            int(part["hour"]),
            int(part["minute"]),
            int(part["second"] or 0),
            int((part.get("fraction") or ".0")[1:7].ljust(6, "0")),
        )
    except ValueError:
        return None
    return moment, parse_offset(part.get("zone") or "")


def as_utc(moment: datetime) -> str | None:
    """ISO 8601 with Z; None for a time no recorder can have meant."""
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return None
    if not EARLIEST <= moment < LATEST:
        return None
    return moment.isoformat().replace("+00:00", "Z")


def read_text(raw: str, field: str, *, standard_utc: bool = False, offset: str | None = None) -> FileTime:
    """Read a written time.

    `standard_utc`: the field is UTC by its standard, whatever is written; `offset`: the zone a companion tag
    states.
    """
    parsed = _parse(raw)
    raw = raw.strip(" \0\r\n\t")
    if parsed is None:
        return FileTime(raw=raw, field=field, zone=UNKNOWN, utc=None)
    moment, written = parsed
    stated = written or (parse_offset(offset) if offset else None)
    if standard_utc:
        zone, code = UTC, UTC_BY_STANDARD
    elif stated is not None:
        zone, code = stated, STATED
    else:
        zone, code = ASSUMED_ZONE, LOCAL_ASSUMED
    return FileTime(raw=raw, field=field, zone=code, utc=as_utc(moment.replace(tzinfo=zone)))


def read_1904(seconds: int, field: str) -> FileTime:
    """Read a box time: seconds since 1904-01-01 UTC (ISO/IEC 14496-12, 8.2.2)."""
    try:
        utc = as_utc(_EPOCH_1904 + timedelta(seconds=seconds))
    except OverflowError:
        utc = None
    return FileTime(raw=str(seconds), field=field, zone=UTC_BY_STANDARD, utc=utc)
