"""Reads of the ledger, filtered by person.

- Whoever answers for the office or its systems reads all of its entries: they hold no party's name and no free
  text. An officer reads the custody of their own recordings, elsewhere.
- An entry whose bytes tell nothing is still shown: `ledger verify` says what is wrong with it.
"""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
from django.db.models import QuerySet

from liuhen.base import clock
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import ANYONE, HasRole
from liuhen.core.errors import UsageError

from .models import Cosignature, Entry

READ_LEDGER = HasRole(
    (
        Role.AUDITOR,
        Role.LEGAL,
        Role.PRINCIPAL,
        Role.UNIT_HEAD,
        Role.CUSTODIAN,
        Role.ARCHIVIST,
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
    )
)
# Signing for the office, or keeping what others signed for it: whoever watches over it, not whoever runs it.
MAY_WITNESS = HasRole((Role.AUDITOR, Role.LEGAL, Role.PRINCIPAL))
SEE_HEAD = ANYONE  # checkpoint and key are made to be shown to strangers
_LARGEST = 2**63 - 1


def readable_by(person: Account, at: datetime) -> QuerySet[Entry]:
    """Every entry of the person's agency, or none."""
    return READ_LEDGER.scope(person, Entry.objects.all(), at)


def entry_at(position: int, person: Account, at: datetime) -> Entry | None:
    if position > _LARGEST:
        return None
    return readable_by(person, at).filter(position=position).select_related("agency").first()


def told(row: Entry) -> dict[str, Any]:
    """What the entry's bytes say; nothing when they cannot be read."""
    with contextlib.suppress(orjson.JSONDecodeError):
        said = orjson.loads(row.entry)
        if isinstance(said, dict):
            return said
    return {}


def pretty(row: Entry) -> str:
    """The entry for the eye; as it stands when it is no JSON."""
    said = told(row)
    return json.dumps(said, ensure_ascii=False, indent=2) if said else row.entry


def done_by(rows: QuerySet[Entry], account: str) -> QuerySet[Entry]:
    """Entries of one account; the program's own for "程序". The bytes are canonical, so a search finds them."""
    name = "" if account == "程序" else account
    return rows.filter(entry__contains=f'"by":{{"account":{orjson.dumps(name).decode()}')


def about(rows: QuerySet[Entry], words: str, subject: str | None) -> QuerySet[Entry]:
    """Entries whose subject has the words in it, or is the one that a number stands for."""
    return rows.filter(subject=subject) if subject else rows.filter(subject__contains=words)


def on_day(rows: QuerySet[Entry], day: str) -> QuerySet[Entry]:
    """Entries recorded on a day of Shanghai. Raises UsageError."""
    try:
        first = datetime.combine(date.fromisoformat(day), time(), clock.SHANGHAI).astimezone(UTC)
        last = first + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise UsageError("日期无效。", remedy="请按“2026-11-25”的样子填写日期。", code="bad_day") from error
    return rows.filter(recorded_at__gte=first, recorded_at__lt=last)


def cosignatures_of(person: Account, at: datetime) -> QuerySet[Cosignature]:
    """What other offices signed of this one's checkpoints, newest first."""
    return READ_LEDGER.scope(person, Cosignature.objects.all(), at).order_by("-received_at", "-pk")
