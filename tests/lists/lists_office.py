"""What the tests of lists share: many rows at small cost, and what a list should be, worked out the long way."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Agency, Officer, Unit
from liuhen.base.recordings.lists.filters import NONE, YES, Filters
from liuhen.base.recordings.lists.rows import follow, month_of, taken_ms
from liuhen.base.recordings.models import Finding, Recording

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SUBJECTS = ("城东市场检查", "农药抽样", "张三询问", "IMG", "渔船核验")


def another_unit(agency: Agency, code: str = "350582000002", name: str = "渔政股") -> Unit:
    return Unit.objects.create(agency=agency, code=code, name=name)


def store_row(agency: Agency, position: int, **facts: Any) -> Recording:
    """One row as intake would leave it, without bytes; to be followed by the caller."""
    number = facts.pop("number", f"{agency.code}-YX-2026-{position:06d}")
    name = facts.pop("name", f"file{position}.mp4")
    stored_at = AT + timedelta(seconds=position)
    row = Recording(
        id=uuid.UUID(int=(agency.pk << 64) + position + 1),
        agency=agency,
        number=number,
        sameness=f"{agency.pk}:{position}",
        sha256=f"{random.Random(f'{agency.pk}a{position}').getrandbits(256):064x}",
        sm3=f"{random.Random(f'{agency.pk}b{position}').getrandbits(256):064x}",
        bytes=1000 + position,
        name=name,
        card_path=facts.pop("card_path", f"DCIM/{name}"),
        stored_at=stored_at,
        record_sha256="0" * 64,
        position=position,
        **{"kind": "video", "state": "stored", "taken_at": stored_at, **facts},
    )
    row.save(force_insert=True)
    return row


def mark(row: Recording, severity: str = "warning") -> None:
    Finding.objects.create(recording=row, code="gap", severity=severity, text="中断")


def fill(agency: Agency, count: int, seed: int = 7) -> list[Recording]:
    """`count` rows of every kind, followed."""
    chance = random.Random(seed)
    officers = [*Officer.objects.filter(agency=agency).select_related("unit"), None]
    devices = [*Device.objects.filter(agency=agency), None]
    units = [*Unit.objects.filter(agency=agency), None]
    rows = []
    with transaction.atomic():
        for position in range(1000, 1000 + count):
            officer = chance.choice(officers)
            unit = chance.choice(units)
            taken = AT - timedelta(days=chance.randrange(120), seconds=chance.randrange(80_000))
            rows.append(
                store_row(
                    agency,
                    position,
                    name=f"{chance.choice(SUBJECTS)}{chance.randrange(40)}_{position}.mp4",
                    holder=officer,
                    unit=unit,
                    device=chance.choice(devices),
                    kind=chance.choice(("video", "video", "video", "photo", "audio")),
                    state="stored" if officer else "to_assign",
                    taken_at=None if chance.random() < 0.05 else taken,
                )
            )
            if chance.random() < 0.2:
                mark(rows[-1], chance.choice(("note", "warning", "error")))
        follow(rows)
    return rows


def long_way(person: Account, filters: Filters, visible: list[Recording]) -> list[Recording]:
    """The list by looking at every row: what the quick way must agree with. Text must be one file name's words."""
    looking = {row.recording_id for row in Finding.objects.exclude(severity="note")}

    def value(row: Recording, name: str) -> str:
        if name == "month":
            return str(month_of(row.taken_at) or NONE)
        if name == "findings":
            return YES if row.pk in looking else "no"
        if name in ("state", "kind"):
            return str(getattr(row, name))
        other = {"unit": row.unit, "officer": row.holder, "device": row.device}[name]
        column = {"unit": "code", "officer": "staff_no", "device": "serial"}[name]
        return getattr(other, column) if other else NONE

    span = filters.span()
    rows = [
        row
        for row in visible
        if all(value(row, name) in values for name, values in filters.chosen.items())
        and (span.open or (row.taken_at is not None and span.holds(taken_ms(row.taken_at))))
        and all(word in row.card_path for word in filters.text.split())
    ]
    sort = filters.sort
    return sorted(
        rows,
        key=lambda row: (
            (taken_ms(row.taken_at or row.stored_at), row.position) if sort.by_taken else (row.position,)
        ),
        reverse=sort.descending,
    )


def counted(rows: list[Recording], column: str) -> Counter[str]:
    return Counter(str(getattr(row, column)) for row in rows)
