"""Written records that go with recordings (AK 1/6: 文字记录和音像记录一并移交): which documents and reports they are.

- Of the activities that the recordings were matched to; for those of none yet, of activities with the same device carried
  and time that overlaps. Nothing is decided by it: the receipt lists what was there at that moment.
- Kind and number are words of the office: they stand in the receipt, never in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from liuhen.base.clock import stamp
from liuhen.base.people.models import Agency, Paper
from liuhen.base.recordings.models import Recording

from .facts import STANDING
from .models import Activity, Carried, Document, Match, Report

_SLICE = 500
_OPEN_END = timedelta(days=1)  # how far an activity without an end may reach


def documents_for_recordings(agency: Agency, recordings: Iterable[UUID]) -> list[dict[str, Any]]:
    """What is listed of the activities that these recordings meet, in the order of activity and time."""
    if not (Document.objects.filter(agency=agency).exists() or Report.objects.filter(agency=agency).exists()):
        return []
    met: set[UUID] = set()
    keys = list(recordings)
    for first in range(0, len(keys), _SLICE):
        met |= _activities(agency, keys[first : first + _SLICE])
    return [*_documents(met), *_reports(met)]


def _activities(agency: Agency, keys: Sequence[UUID]) -> set[UUID]:
    matched_now = Match.objects.filter(state=Match.State.MATCHED, activity__state=Activity.State.OPEN)
    rows = matched_now.filter(agency=agency, recording__in=keys)
    matched = dict(rows.values_list("recording", "activity"))
    others = [key for key in keys if key not in matched]
    return set(matched.values()) | set(_by_device_and_time(agency, others))


def _by_device_and_time(agency: Agency, keys: Sequence[UUID]) -> Iterator[UUID]:
    """Activities whose device and time the recordings share, among those that still stand."""
    spans = list(_spans(keys))
    if not spans:
        return
    first, last = min(start for _, start, _ in spans), max(end for _, _, end in spans)
    rows = Carried.objects.filter(
        activity__agency=agency,
        activity__state=Activity.State.OPEN,
        device__in={device for device, _, _ in spans},
        activity__arrived_at__gte=first - timedelta(days=30),
        activity__arrived_at__lte=last,
    )
    for carried in rows.select_related("activity"):
        begin, end = _reach(carried.activity)
        if any(device == carried.device_id and start < end and begin < stop for device, start, stop in spans):
            yield carried.activity_id


def _spans(keys: Sequence[UUID]) -> Iterator[tuple[int, datetime, datetime]]:
    """Device, start and end of each recording: in corrected time where it has been worked out."""
    rows = Recording.objects.filter(pk__in=keys).filter(
        Q(taken_at__isnull=False) | Q(placed__start__isnull=False), device__isnull=False
    )
    told: Iterable[Any] = rows.values_list(
        "device", "taken_at", "duration_ms", "placed__start", "placed__end"
    )
    for device, taken, length, start, end in told:
        begin: datetime = start or taken
        length_told = timedelta(milliseconds=max(length or 0, 1))
        yield device, begin, max(end or begin, begin + length_told)


def _reach(activity: Activity) -> tuple[datetime, datetime]:
    begin = activity.arrived_at or activity.opened_at
    return begin, activity.left_at or activity.ended_at or activity.returned_at or begin + _OPEN_END


def _documents(activities: set[UUID]) -> Iterator[dict[str, Any]]:
    rows = Document.objects.filter(activity__in=activities, state=Document.State.LISTED)
    order = ("activity__arrived_at", "activity__number", "started_at", "listed_at", "pk")
    for row in rows.select_related("activity", "scan").order_by(*order):
        span = (
            stamp(row.started_at) if row.started_at else None,
            stamp(row.ended_at) if row.ended_at else None,
        )
        yield _told(row.activity, row.kind, row.number, _digest(row.scan), *span)


def _reports(activities: set[UUID]) -> Iterator[dict[str, Any]]:
    rows = Report.objects.filter(activity__in=activities, state__in=STANDING)
    order = ("activity__arrived_at", "activity__number", "made_at", "pk")
    for row in rows.select_related("activity", "scan").order_by(*order):
        span = (stamp(row.start) if row.start else None, stamp(row.end) if row.end else None)
        kind = row.get_kind_display()
        yield _told(row.activity, kind, row.number, _digest(row.scan), *span)


def _digest(scan: Paper | None) -> str | None:
    return scan.sha256 if scan else None


def _told(
    activity: Activity, kind: str, number: str, scan: str | None, start: str | None, end: str | None
) -> dict[str, Any]:
    return {
        "activity": activity.number,
        "kind": kind,
        "number": number,
        "started_at": start,
        "ended_at": end,
        "scan_sha256": scan,
    }
