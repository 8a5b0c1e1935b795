"""Where each recording lies in corrected time: worked out once a recording, and again when its device's clock is read
or its record changes.

- The judgement is that of the day of its device (admitted.py); here it is kept, so that thousands can be matched.
- Anybody may make it again at any time; nothing else rests on it than proposals and findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
from django.db.models import (
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from liuhen.base.clock import SHANGHAI, parse_stamp
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import SYNTHETIC, Agency
from liuhen.base.recordings.models import Recording
from liuhen.core.field.coverage import Recorded, pieces_in_time
from liuhen.core.findings import NOTE, Finding
from liuhen.core.media.junctions import junctions

from .admitted import MOST, Admitted, judged, rules
from .models import Activity, Match, Placed

AT_ONCE = 200  # recordings placed before a page answers; the hourly chore does the rest
SLICE = 500
NEAR = timedelta(days=31)  # of a recording: readings that may say how its clock stood


def place(agency: Agency, *, limit: int = AT_ONCE, since: datetime | None = None) -> int:
    """Place what is not, the newest first; returns how many are left to be done. Generated rows have no bytes.

    `since`: for a page that must answer, only what came in since then; the rest is for the background.
    """
    if agency.code == SYNTHETIC:
        return 0
    rows = list(_unplaced(agency, since).select_related("device").order_by("-position")[: limit + 1])
    place_these(rows[:limit])
    return max(0, len(rows) - limit)


def place_of(recording: Recording) -> Placed | None:
    """Where it lies by all that is known now; None for a generated row, which has no bytes."""
    if recording.agency.code == SYNTHETIC:
        return None
    if _unplaced(recording.agency, None).filter(pk=recording.pk).exists():
        place_these([recording])
    return Placed.objects.filter(recording=recording).first()


def place_all(_at: datetime) -> None:
    """Every agency's, as far as it goes: for whoever works in the background."""
    for agency in Agency.objects.order_by("pk"):
        while place(agency, limit=SLICE):
            pass


def _unplaced(agency: Agency, since: datetime | None) -> QuerySet[Recording]:
    """What has no place, or one that was worked out with another record or other readings near its day. `since`: only what
    was stored since then and has none."""
    rows = Recording.objects.filter(agency=agency)
    if since is not None:
        return rows.filter(placed__isnull=True, state__in=Recording.State.values, stored_at__gte=since)
    near = ClockReading.objects.filter(
        device=OuterRef("device"),
        server_at__gte=ExpressionWrapper(OuterRef("taken_at") - NEAR, DateTimeField()),
        server_at__lte=ExpressionWrapper(OuterRef("taken_at") + NEAR, DateTimeField()),
    )
    counted = near.order_by().values("device").annotate(count=Count("pk")).values("count")
    rows = rows.annotate(readings=Coalesce(Subquery(counted, output_field=IntegerField()), 0))
    stale = ~Q(placed__record_sha256=F("record_sha256")) | ~Q(placed__readings=F("readings"))
    return rows.filter(Q(placed__isnull=True) | stale)


def place_these(rows: Sequence[Recording]) -> None:
    """Judge them, a device's day at a time, with everything else of that day: a file that came in later changes what its
    neighbours admit."""
    readings = _readings_of({row.device_id for row in rows if row.device_id})
    made: list[Placed] = []
    for device, day, some in _days(rows):
        every = _with_the_day(some, device, day)
        files, lost = judged(every, device, day or _noon(some[0]))
        moments, handed = readings.get(device.pk, []) if device else [], _handed_over(every)
        between = _between(files, device)
        made += [
            _placed(one, _near(one.recording, moments), handed, between.get(one.recording.number, []))
            for one in files
        ]
        made += [_nowhere(row, _near(row, moments), handed) for row in some if row.number in lost]
    _keep(made)


def _days(rows: Iterable[Recording]) -> Iterator[tuple[Device | None, datetime | None, list[Recording]]]:
    """(device, beginning of its day in Shanghai, recordings)."""

    def key(row: Recording) -> tuple[int, datetime]:
        return row.device_id or 0, _midnight(row)

    for (device_id, day), some in groupby(sorted(rows, key=key), key):
        group = list(some)
        timed = day if day != _NEVER else None
        yield (group[0].device if device_id else None), timed, group


_NEVER = datetime.min.replace(tzinfo=SHANGHAI)


def _midnight(row: Recording) -> datetime:
    if row.taken_at is None:
        return _NEVER
    return datetime.combine(row.taken_at.astimezone(SHANGHAI).date(), time(), SHANGHAI)


def _noon(row: Recording) -> datetime:
    return row.taken_at or row.stored_at


def _with_the_day(
    some: Sequence[Recording], device: Device | None, day: datetime | None
) -> Sequence[Recording]:
    """The recordings, and what else the device recorded that day."""
    if device is None or day is None:
        return some
    rows = Recording.objects.filter(device=device, taken_at__gte=day, taken_at__lt=day + timedelta(days=1))
    rows = rows.exclude(pk__in=[row.pk for row in some])
    return [*some, *rows.order_by("taken_at", "position")[: max(0, MOST - len(some))]]


def _readings_of(devices: set[int]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    for device, moment in ClockReading.objects.filter(device__in=devices).values_list("device", "server_at"):
        found.setdefault(device, []).append(moment)
    return found


def _near(row: Recording, moments: Iterable[datetime]) -> int:
    """How many readings lie near the recording: the same count as `_unplaced` makes."""
    taken = row.taken_at
    return sum(taken - NEAR <= one <= taken + NEAR for one in moments) if taken else 0


def _handed_over(rows: Iterable[Recording]) -> dict[UUID, datetime]:
    """When each recording's card was handed in: its entry says so."""
    positions = {(row.agency_id, row.position): row.pk for row in rows}
    found = Entry.objects.filter(
        agency__in={agency for agency, _ in positions}, position__in={place for _, place in positions}
    )
    handed = {}
    for agency, position, text in found.values_list("agency_id", "position", "entry"):
        said = orjson.loads(text)["data"].get("handed_over_at")
        if said and (agency, position) in positions:
            handed[positions[agency, position]] = parse_stamp(said)
    return handed


def _between(files: Sequence[Admitted], device: Device | None) -> dict[str, list[Finding]]:
    """What lies before each file of the device's day, by the number of the recording."""
    found: dict[str, list[Finding]] = {}
    if device is not None:
        for one in junctions([file.file for file in files], serial=device.serial, rules=rules()):
            if one.finding is not None:
                found.setdefault(one.after, []).append(one.finding)
    return found


def _placed(one: Admitted, readings: int, handed: dict[UUID, datetime], between: Sequence[Finding]) -> Placed:
    truth, row = one.truth, one.recording
    return Placed(
        recording=row,
        agency_id=row.agency_id,
        start=truth.start,
        end=truth.end,
        offset=truth.offset,
        method=truth.method,
        confidence=truth.confidence,
        read_at=truth.read_at,
        resolution=one.file.resolution.total_seconds(),
        pieces=[[round(start, 3), round(end, 3)] for start, end in one.within.pieces],
        handed_over_at=handed.get(row.pk),
        findings=[found.as_json() for found in (*one.findings, *between) if found.severity != NOTE],
        record_sha256=row.record_sha256,
        readings=readings,
    )


def _nowhere(row: Recording, readings: int, handed: dict[UUID, datetime]) -> Placed:
    """Its record cannot be read: it has no time."""
    return Placed(
        recording=row,
        agency_id=row.agency_id,
        method="unknown",
        confidence="low",
        handed_over_at=handed.get(row.pk),
        record_sha256=row.record_sha256,
        readings=readings,
    )


def _keep(made: Sequence[Placed]) -> None:
    matched = set(
        Match.objects.filter(
            recording__in=[one.recording_id for one in made],
            state=Match.State.MATCHED,
            activity__state=Activity.State.OPEN,
        ).values_list("recording", flat=True)
    )
    for one in made:
        one.alone = one.recording.kind != Recording.Kind.OTHER and one.recording_id not in matched
    fields = [one.name for one in Placed._meta.concrete_fields if not one.primary_key]
    Placed.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["recording"], update_fields=fields, batch_size=100
    )


def recorded(rows: Iterable[Placed]) -> list[Recorded]:
    """What coverage is made of: the pieces of each recording that has a time."""
    return [piece for row in rows for piece in _pieces(row)]


def _pieces(row: Placed) -> list[Recorded]:
    if row.start is None:
        return []
    more: dict[str, Any] = {
        "recording": row.recording.number,
        "device": row.recording.device.serial if row.recording.device else "",
        "resolution": timedelta(seconds=row.resolution),
    }
    pieces = pieces_in_time(row.start, row.pieces)
    if not pieces and row.end and row.end > row.start:
        pieces = [(row.start, row.end)]
    return [Recorded(start, end, **more) for start, end in pieces]
