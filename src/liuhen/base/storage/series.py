"""Numbers after a rebuild: they go on where they stopped, none is given twice, and gaps are filled first."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator

import orjson

from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Agency
from liuhen.base.recordings.models import Reservation, Series
from liuhen.base.recordings.numbers import RECORDING

NUMBER = re.compile(r"-([A-Z]{2})-([0-9]{4})-([0-9]{6,9})")


# Entries that give a number out.
_NUMBERED = ("recording.stored", "batch.released", "batch.kept", "activity.opened", "report.made")
_FAR = 10_000  # a claimed number further ahead than this is no honest one


def resume_numbers(agency: Agency, claimed: Iterable[str]) -> None:
    """Each series from the ledger's numbers, and from those that objects in the stores bear already."""
    highest: dict[tuple[str, int], int] = {}
    missing: set[tuple[int, int]] = set()
    for series, year, number in _numbers(agency, claimed):
        last = highest.get((series, year), 0)
        if series == RECORDING:
            missing.update((year, gap) for gap in range(last + 1, number))
            missing.discard((year, number))
        highest[series, year] = max(last, number)
    for (series, year), last in highest.items():
        Series.objects.create(agency=agency, kind=series, year=year, last=last)
    Reservation.objects.bulk_create(_free(agency, year, gap) for year, gap in sorted(missing))


def _numbers(agency: Agency, claimed: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    """(series, year, number), recordings and receipts alike; of one series, mostly rising."""
    highest = 0
    for text in _told(agency):
        if match := NUMBER.fullmatch(text.removeprefix(agency.code)):
            highest = max(highest, int(match[3]))
            yield match[1], int(match[2]), int(match[3])
    for text in sorted(claimed):
        match = NUMBER.fullmatch(text.removeprefix(agency.code))
        if match and int(match[3]) <= highest + _FAR:
            yield match[1], int(match[2]), int(match[3])


def _told(agency: Agency) -> Iterator[str]:
    rows = Entry.objects.filter(agency=agency, kind__in=_NUMBERED)
    for text in rows.order_by("position").values_list("entry", flat=True).iterator(2000):
        data = orjson.loads(text)["data"]
        yield data.get("number") or data.get("receipt") or ""


def _free(agency: Agency, year: int, gap: int) -> Reservation:
    """A number whose object never appeared: the next file gets it (as after any crash)."""
    number = f"{agency.code}-{RECORDING}-{year}-{gap:06d}"
    return Reservation(
        agency=agency,
        sameness=f"free:{number}",
        recording=uuid.uuid4(),
        number=number,
        year=year,
        batch="",
    )
