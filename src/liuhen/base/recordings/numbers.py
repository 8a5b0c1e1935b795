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
    year = year_of(at)
    series, _ = Series.objects.select_for_update().get_or_create(agency=agency, kind=kind, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{agency.code}-{kind}-{year}-{series.last:06d}"


def number_for_recording(agency: Agency, at: datetime) -> str:
    """A number that an abandoned reservation left behind, else the next one."""
    left = (
        Reservation.objects.select_for_update()
        .filter(agency=agency, batch="", year=year_of(at))
        .order_by("number")
        .first()
    )
    if left is None:
        return next_number(agency, RECORDING, at)
    number = left.number
    left.delete()
    return number
