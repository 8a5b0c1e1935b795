"""Numbers: gapless in an agency, a kind and a year; taken inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from liuhen.base.clock import SHANGHAI
from liuhen.base.people.models import Agency

from .models import Reservation, Series

RECORDING = "YX"  # 音像
RECEIPT = "YJ"  # 移交


def year_of(at: datetime) -> int:
    """The year of a number is the year in Shanghai."""
    return at.astimezone(SHANGHAI).year


def next_number(agency: Agency, kind: str, at: datetime) -> str:
    """The next number, e.g. `demo-YX-2026-000001`."""
    return next_numbers(agency, kind, at, 1)[0]


def next_numbers(agency: Agency, kind: str, at: datetime, count: int) -> list[str]:
    """The next `count` numbers, in order."""
    year = year_of(at)
    series, _ = Series.objects.select_for_update().get_or_create(agency=agency, kind=kind, year=year)
    first = series.last + 1
    series.last += count
    series.save(update_fields=["last"])
    return [f"{agency.code}-{kind}-{year}-{each:06d}" for each in range(first, first + count)]


def numbers_for_recordings(agency: Agency, at: datetime, count: int) -> list[str]:
    """Numbers that abandoned reservations left behind come first, then the next ones."""
    rows = Reservation.objects.select_for_update().filter(agency=agency, batch="", year=year_of(at))
    left = list(rows.order_by("number")[:count])
    Reservation.objects.filter(pk__in=[row.pk for row in left]).delete()
    new = count - len(left)
    return [row.number for row in left] + (next_numbers(agency, RECORDING, at, new) if new else [])
