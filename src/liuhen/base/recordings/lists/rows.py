"""Following the recordings: whoever writes a recording's row calls `follow` in the same transaction.

- The narrow row, its counter and its search words change together with the recording, or not at all.
- What is wrong here never stops an act: nothing refers to these rows, and `make_again` makes them from nothing.
- Within an agency writers stand in line behind the ledger's head row, so counters are added up by one at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import transaction

from liuhen.base.clock import SHANGHAI
from liuhen.base.ledger.models import Head
from liuhen.core.media.findings import NOTE

from ..models import Finding, Recording
from . import index
from .cells import COLUMNS, Key, add_up, numbers_of, totals
from .models import Cell, Following, Listed, Total, listed_id
from .words import words_of

VERSION = "1"
_SLICE = 2000


def follow(recordings: Sequence[Recording]) -> None:
    """Bring rows, counters and words of these recordings up to date. Runs in a transaction."""
    fresh = list(_listed(recordings))
    old = {
        row.recording: row for row in Listed.objects.filter(recording__in=[row.recording for row in fresh])
    }
    changed = [row for row in fresh if _facts(old.get(row.recording)) != _facts(row)]
    gone = [old[row.recording] for row in changed if row.recording in old]
    index.take_out([_document(row) for row in gone])
    Listed.objects.filter(pk__in=[row.pk for row in gone]).delete()
    moves = Counter(key_of(row) for row in changed)
    moves.subtract(key_of(row) for row in gone)
    add_up(moves)
    cells = numbers_of(key_of(row) for row in changed)
    for row in changed:
        row.cell = cells[key_of(row)]
    Listed.objects.bulk_create(changed)
    index.put([_document(row) for row in changed])


def key_of(row: Listed) -> Key:
    return (
        row.agency, row.holder, row.unit, row.device, row.kind, row.state, row.month, row.findings
    )  # fmt: skip


def catch_up() -> None:
    """Make everything here again when it was made by other rules, or never."""
    if not Following.objects.filter(version=VERSION).exists():
        make_again()


def make_again() -> int:
    """Rows, counters and words of all recordings, from the recordings alone; returns how many."""
    made = 0
    with transaction.atomic():
        list(Head.objects.select_for_update().order_by("pk"))  # nobody stores or assigns meanwhile
        index.empty()
        Listed.objects.all().delete()
        Cell.objects.all().delete()
        Total.objects.all().delete()
        rows = Recording.objects.order_by("agency_id", "position").iterator(_SLICE)
        while group := list(islice(rows, _SLICE)):
            follow(group)
            made += len(group)
        Following.objects.all().delete()
        Following.objects.create(version=VERSION)
    return made


def taken_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def month_of(taken_at: datetime | None) -> int:
    if taken_at is None:
        return 0
    local = taken_at.astimezone(SHANGHAI)
    return local.year * 100 + local.month


def _listed(recordings: Sequence[Recording]) -> Iterator[Listed]:
    keys = [row.pk for row in recordings]
    found = Finding.objects.filter(recording__in=keys).exclude(severity=NOTE)
    worth_looking: set[UUID] = set(found.values_list("recording", flat=True))
    for row in recordings:
        yield Listed(
            id=listed_id(row.agency_id, row.position),
            recording=row.pk,
            agency=row.agency_id,
            holder=row.holder_id or 0,
            unit=row.unit_id or 0,
            device=row.device_id or 0,
            kind=row.kind,
            state=row.state,
            month=month_of(row.taken_at),
            findings=row.pk in worth_looking,
            taken=taken_ms(row.taken_at or row.stored_at),
            words=words_of(row.card_path, row.name),
        )


def _facts(row: Listed | None) -> tuple[object, ...] | None:
    return None if row is None else (row.id, *key_of(row), row.taken, row.words)


def _document(row: Listed) -> index.Document:
    return row.id, index.document(row.words, row.holder, row.unit, row.device)


def differences(recordings: Iterable[Recording] | None = None) -> list[str]:
    """What is not as the recordings say, in words for the engineer; for tests and for a doubt."""
    rows = list(Recording.objects.all() if recordings is None else recordings)
    wanted = {row.recording: _facts(row) for row in _listed(rows)}
    there = {row.recording: _facts(row) for row in Listed.objects.all()}
    found = [f"row of {key}" for key in wanted.keys() | there.keys() if wanted.get(key) != there.get(key)]
    counted = Counter(key_of(row) for row in Listed.objects.all())
    told = {tuple(row[:-1]): row[-1] for row in Cell.objects.values_list(*COLUMNS, "n")}
    sums = {tuple(row[:-1]): row[-1] for row in Total.objects.values_list("agency", "facet", "value", "n")}
    if sums != totals(counted):
        found.append("totals")
    numbers = {tuple(row[1:]): row[0] for row in Cell.objects.values_list("pk", *COLUMNS)}
    found += [
        f"cell of {row.recording}" for row in Listed.objects.all() if row.cell != numbers.get(key_of(row))
    ]
    return found + [
        f"count of {key}" for key in counted.keys() | told.keys() if counted[key] != told.get(key)
    ]
