"""What the tests of fieldwork share: an inspection of one morning, and recordings that lie where they are wanted."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Officer
from liuhen.base.recordings.models import Recording
from liuhen.stages.fieldwork.models import Activity, Match, Placed
from liuhen.stages.fieldwork.telling import Told, open_activity

DAY = datetime(2026, 11, 19, 1, 0, tzinfo=UTC)  # 9:00 in Shanghai, a Thursday
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def clock(hours: int, minutes: int = 0, seconds: int = 0) -> datetime:
    """A moment of that day, by Shanghai's clock."""
    return DAY + timedelta(hours=hours - 9, minutes=minutes, seconds=seconds)


def officers(*numbers: str) -> list[Officer]:
    return list(Officer.objects.filter(staff_no__in=numbers, agency__code="demo").order_by("staff_no"))


def inspection(people: SimpleNamespace, **more: Any) -> Activity:
    """From 9:00 to 9:30, left 9:40, with two officers and the office's recorder."""
    first, second = officers("100001", "100002")
    told = {
        "matter": "inspection",
        "place": "示范镇农资店",
        "party": "某某农资店",
        "arrived_at": clock(9),
        "ended_at": clock(9, 30),
        "left_at": clock(9, 40),
        "officers": [first, second],
        "devices": {Device.objects.get(serial="4701A01"): first},
    } | more
    by, at = told.pop("by", people.officer), told.pop("at", AT)
    unit = people.officer.unit
    return open_activity(unit, Told(**told), by=by, at=at)


def recording(
    start: datetime | None, seconds: float, *, kind: str = "video", match: Activity | None = None, **more: Any
) -> Recording:
    """A row, placed in time; no bytes stand behind it."""
    device = more.pop("device", Device.objects.get(serial="4701A01"))
    key = uuid.uuid4()
    row = Recording.objects.create(
        id=key,
        agency=device.agency,
        number=f"demo-YX-2026-{Recording.objects.count() + 1:06d}",
        sameness=f"test:{key.hex}",
        sha256=key.hex * 2,
        sm3=key.hex * 2,
        bytes=1,
        kind=kind,
        name="a.mp4",
        card_path="a.mp4",
        state=Recording.State.STORED,
        device=device,
        holder=device.keeper,
        unit=device.unit,
        taken_at=start,
        duration_ms=round(seconds * 1000),
        stored_at=AT,
        record_sha256="0" * 64,
        position=Recording.objects.count(),
    )
    Placed.objects.create(
        recording=row,
        agency=row.agency,
        start=start,
        end=start + timedelta(seconds=seconds) if start else None,
        method="as_said",
        confidence=more.pop("confidence", "high"),
        pieces=more.pop("pieces", [[0, seconds]]),
        handed_over_at=AT,
        record_sha256="0" * 64,
        alone=match is None,
    )
    if match is not None:
        Match.objects.create(
            agency=row.agency, recording=row, activity=match, state=Match.State.MATCHED, by="test", at=AT
        )
    return row


def run_by(people: SimpleNamespace, pack: str) -> None:
    """Let another of the five regulations be the office's."""
    agency = people.officer.agency
    agency.founded_pack = agency.pack = pack
    agency.save()
    for person in vars(people).values():
        if person.agency_id == agency.pk:
            person.agency = agency
