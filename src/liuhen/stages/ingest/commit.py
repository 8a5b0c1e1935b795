"""Reserve before sealing, commit after it; both in groups, each group in one transaction.

- A number and an id are held, durably, before the object is completed: recover.py knows what to look for.
- Content reserved by another living batch is being stored from another card: this file waits for a next run.
- Row, copies, findings and ledger entry of an object appear together, and the reservation goes with them.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from liuhen.base import clock
from liuhen.base.acts import Act, Birth, perform_each
from liuhen.base.ledger.append import salted
from liuhen.base.ledger.models import Entry, Head
from liuhen.base.people.models import Agency
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.lists.rows import follow
from liuhen.base.recordings.models import Copy, Finding, Recording, Reservation
from liuhen.base.recordings.numbers import numbers_for_recordings, year_of
from liuhen.base.recordings.rows import Registers, entry_data, findings_from_record, recording_from_record
from liuhen.core.cards.names import NameFacts
from liuhen.core.cards.reader import CardFile
from liuhen.core.digests import Digests
from liuhen.core.errors import RefusedError

from . import sentences
from .copies import items
from .models import Batch, Item
from .progress import Result
from .seal import Claim, Sealed, Standing

_SLICE = 500


class BeingStoredError(RefusedError):
    """The same content is being stored from another card at this moment."""

    code = "being_stored"


def sameness_of(file: CardFile, digests: Digests, batch: Batch) -> str:
    """Sameness of content; an empty file is the same only as itself (name, time and card)."""
    if digests.size > 0:
        return digests.sha256
    device = batch.device.serial if batch.device else batch.card_label
    told = b"\0".join((device.encode(), file.raw, str(file.mtime_ns).encode()))
    return f"empty:{hashlib.sha256(told).hexdigest()}"


def known_sizes(agency: Agency, sizes: set[int]) -> set[int]:
    """Sizes for which the agency has some recording; only such files are hashed before they are copied."""
    known: set[int] = set()
    wanted = sorted(sizes)
    for first in range(0, len(wanted), _SLICE):
        rows = Recording.objects.filter(agency=agency, bytes__in=wanted[first : first + _SLICE])
        known.update(rows.values_list("bytes", flat=True).distinct())
    return known


def recordings_of(agency: Agency, sameness: Iterable[str]) -> dict[str, Recording]:
    """The agency's recordings with these contents."""
    rows = Recording.objects.filter(agency=agency, sameness__in=list(sameness))
    return {row.sameness: row for row in rows}


@dataclass(frozen=True)
class Wish:
    """New content that asks for an id and a number."""

    sameness: str
    name: str
    device: dict[str, str] | None
    holder: dict[str, str] | None
    facts: NameFacts
    findings: list[dict[str, Any]]


Answer = Claim | Recording | BeingStoredError


def reserve(batch: Batch, wishes: list[Wish], *, at: datetime) -> list[Answer]:
    """An id and a number for each, in the order given; runs in a transaction.

    A Recording where the content has been stored meanwhile.
    """
    wanted = [wish.sameness for wish in wishes]
    rows = Reservation.objects.filter(agency=batch.agency, sameness__in=wanted)
    held = {row.sameness: row for row in rows}
    # Asked after the reservations: a neighbour's commit turns one into the other, and one of the two is seen.
    there = recordings_of(batch.agency, wanted)
    year_at = max(at, Head.objects.values_list("recorded_at", flat=True).get(agency=batch.agency))
    fresh = [wish for wish in wishes if wish.sameness not in there and wish.sameness not in held]
    held |= {row.sameness: row for row in _reservations(batch, fresh, year_at)}
    return [there.get(wish.sameness) or _answer(batch, wish, held[wish.sameness], at) for wish in wishes]


def _answer(batch: Batch, wish: Wish, row: Reservation, at: datetime) -> Claim | BeingStoredError:
    return _claim(wish, row, at) if row.batch == batch.key else being_stored(wish)


def being_stored(wish: Wish) -> BeingStoredError:
    """Another card's file was quicker with the same content."""
    return BeingStoredError(
        f"{wish.name} 的内容正由另一张卡入库。", remedy="请等那次采集结束后再次采集这张卡。"
    )


def _reservations(batch: Batch, wishes: list[Wish], at: datetime) -> list[Reservation]:
    if not wishes:
        return []
    numbers = numbers_for_recordings(batch.agency, at, len(wishes))
    return Reservation.objects.bulk_create(
        Reservation(
            agency=batch.agency,
            sameness=wish.sameness,
            recording=uuid.uuid4(),
            number=number,
            year=year_of(at),
            batch=batch.key,
        )
        for wish, number in zip(wishes, numbers, strict=True)
    )


def _claim(wish: Wish, row: Reservation, at: datetime) -> Claim:
    digest, salt = salted(wish.name)
    return Claim(
        recording=f"urn:uuid:{row.recording}",
        number=row.number,
        sameness=wish.sameness,
        device=wish.device,
        holder=wish.holder,
        facts=wish.facts,
        extra_findings=wish.findings,
        at=at,
        name_digest=digest,
        name_salt=salt,
    )


def commit(batch: Batch, sealed: list[Sealed]) -> list[Result]:
    """Rows, ledger entries and items of sealed files; runs in a transaction."""
    rows = store_rows(batch, [one.standing for one in sealed], act=custody.STORE)
    results = [_result(row, one) for row, one in zip(rows, sealed, strict=True)]
    Item.objects.bulk_create(items(batch, results))
    return results


def store_rows(batch: Batch, standing: list[Standing], *, act: Act) -> list[Recording]:
    """Rows of objects that stand in the stores, by the custodian or, after a crash, by the program."""
    registers = Registers.of(batch.agency, [one.record for one in standing])
    rows = [recording_from_record(batch.agency, one.record, one.record_sha256, registers) for one in standing]
    pairs = list(zip(rows, standing, strict=True))
    births = [
        Birth(
            row,
            row.stored_at,
            row.urn,
            entry_data(one.record, one.record_sha256, sorted(one.copies), batch.started_at),
        )
        for row, one in pairs
    ]
    perform_each(act, births, by=batch.by if act.who else None, place=_at_its_entry)
    now = clock.now()
    Copy.objects.bulk_create(
        Copy(recording=row, store=store, verified_at=now, method=method)
        for row, one in pairs
        for store, method in one.copies.items()
    )
    Finding.objects.bulk_create(
        finding for row, one in pairs for finding in findings_from_record(row, one.record)
    )
    Reservation.objects.filter(recording__in=[row.pk for row in rows]).delete()
    follow(rows)
    return rows


def _at_its_entry(row: Model, entry: Entry) -> None:
    setattr(row, "position", entry.position)  # noqa: B010 - a Model to the act, a Recording here


def _result(recording: Recording, sealed: Sealed) -> Result:
    file, standing = sealed.taken.file, sealed.standing
    said = [sentences.of_findings(standing.record["findings"])]
    said += [f"{store}没有写入（{error.message.rstrip('。')}）" for store, error in sealed.missed.items()]
    return Result(
        file.path,
        file.raw,
        file.size,
        file.mtime_ns,
        Item.State.STORED,
        reason="；".join(filter(None, said)),
        recording=recording.urn,
        number=recording.number,
        sha256=recording.sha256,
        sm3=recording.sm3,
        copies=tuple(standing.copies),
    )
