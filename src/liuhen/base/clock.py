"""The server's clock, read in one place. `core` never reads it; acts are given `at`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """UTC with microseconds and Z: the one spelling of a time in the ledger and in records."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local(at: datetime) -> str:
    """For a person: Asia/Shanghai, to the second."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
