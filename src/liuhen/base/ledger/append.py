"""Append: the only writer of history.

- Called inside the act's own transaction; the first statement counts the head row up and so locks it:
  positions are gapless.
- `recorded_at` is the server's time and never goes back; a clock set back is itself an entry.
- An entry carries ids, times, digests, codes and the names of officials acting; never a party's name or
  free text (those stand by salted digest).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from liuhen.base import clock
from liuhen.base.people.models import Account, Agency
from liuhen.core.canonical import ENTRY_LIMIT, canonical
from liuhen.core.errors import RefusedError

from .models import Entry, Head, Words

VERSION = 1
CLOCK_SLACK = timedelta(seconds=2)


class EntryTooLargeError(RefusedError):
    code = "entry_too_large"


@dataclass(frozen=True)
class Actor:
    """Who did it: names are snapshots, because people leave."""

    account: str
    name: str
    deputy_of: str | None = None
    paper: str | None = None  # SHA-256 of the signed paper's scan
    recorded_by: str | None = None  # who entered the paper

    def as_data(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}


PROGRAM = Actor(account="", name="程序")


def actor_of(account: Account) -> Actor:
    return Actor(account=account.username, name=account.name)


def salted(text: str, salt: str | None = None) -> tuple[str, str]:
    """(digest, salt) of words that may name a party; the salt is kept with the words, not in the ledger."""
    salt = salt or secrets.token_hex(16)
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest(), salt


def open_ledger(agency: Agency, at: datetime) -> Head:
    """The head row of a new agency's ledger."""
    return Head.objects.create(agency=agency, size=0, recorded_at=at)


@dataclass(frozen=True)
class News:
    """An entry that is about to be appended, without free words."""

    kind: str
    subject: str
    by: Actor
    at: datetime
    data: dict[str, Any]
    basis: list[str]


def append(
    agency: Agency,
    kind: str,
    subject: str,
    *,
    by: Actor,
    at: datetime,
    data: dict[str, Any],
    basis: list[str] | None = None,
    words: dict[str, str] | None = None,
) -> Entry:
    """Add one entry; must run inside a transaction. `at` is the field's time, not the server's.

    `words` (free text, names of parties) are kept beside the ledger, erasable; the entry holds their
    salted digests.

    Raises EntryTooLargeError beyond 65,535 bytes and CanonicalError for values without a single spelling.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the ledger is written inside the act's transaction only")
    digests, kept = _hidden(words or {})
    full = {**data, "words": digests} if digests else data
    (row,) = append_each(agency, [News(kind, subject, by, at, full, basis or [])])
    if kept:
        Words.objects.bulk_create(
            Words(agency=agency, position=row.position, key=key, salt=salt, text=text)
            for key, (salt, text) in kept.items()
        )
    return row


def append_each(agency: Agency, news: Sequence[News]) -> list[Entry]:
    """Add entries one after the other, as `append` does, with one look at the head. Raises what `append` raises."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the ledger is written inside the act's transaction only")
    server_time = clock.now()
    with connection.cursor() as cursor:
        place = _next(cursor, agency, server_time, len(news))
        if server_time < place.recorded_at - CLOCK_SLACK:
            jump = {"clock": clock.stamp(server_time), "last": clock.stamp(place.recorded_at)}
            said = News("clock.set_back", agency.code, PROGRAM, news[0].at, jump, [])
            _insert(cursor, agency, place, said)
            place = place.after(1)
            _next(cursor, agency, server_time, 1)
        return [_insert(cursor, agency, place.after(count), one) for count, one in enumerate(news)]


# Appending is most of what an act costs beside its commit, so its two statements are written out: as model
# calls they take four times as long.
_LATER = {"sqlite": "max"}  # of two times; elsewhere greatest
_NEXT = """
    UPDATE ledger_head SET size = size + %s, recorded_at = {later}(recorded_at, %s) WHERE agency_id = %s
    RETURNING size - %s, recorded_at
"""
_ADD = """
    INSERT INTO ledger_entry (agency_id, position, kind, subject, recorded_at, entry)
    VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
"""


class _Place(NamedTuple):
    """The next position and its server time, also as the database spells it."""

    position: int
    recorded_at: datetime
    spelled: Any

    def after(self, count: int) -> _Place:
        return self._replace(position=self.position + count)


def _next(cursor: Any, agency: Agency, server_time: datetime, count: int) -> _Place:
    """Count the head up, and so lock it; the server time is never before the last one's."""
    statement = _NEXT.format(later=_LATER.get(connection.vendor, "greatest"))
    now = connection.ops.adapt_datetimefield_value(server_time)
    cursor.execute(statement, [count, now, agency.pk, count])
    row = cursor.fetchone()
    if row is None:
        raise Head.DoesNotExist(f"agency {agency.code} has no ledger")
    position, spelled = row
    moment = datetime.fromisoformat(spelled) if isinstance(spelled, str) else spelled
    return _Place(position, moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment, spelled)


def _hidden(words: dict[str, str]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    digests, kept = {}, {}
    for key, text in words.items():
        digests[key], salt = salted(text)
        kept[key] = (salt, text)
    return digests, kept


def _insert(cursor: Any, agency: Agency, place: _Place, one: News) -> Entry:
    body = {
        "v": VERSION,
        "agency": agency.code,
        "position": place.position,
        "kind": one.kind,
        "subject": one.subject,
        "by": one.by.as_data(),
        "at": clock.stamp(one.at),
        "recorded_at": clock.stamp(place.recorded_at),
        "basis": one.basis,
        "data": one.data,
    }
    raw = canonical(body)
    if len(raw) > ENTRY_LIMIT:
        raise EntryTooLargeError(
            f"这一步的留痕内容过长（{len(raw)} 字节）。", remedy="请分成几次办理。", kind=one.kind
        )
    text = raw.decode()
    cursor.execute(_ADD, [agency.pk, place.position, one.kind, one.subject, place.spelled, text])
    (key,) = cursor.fetchone()
    return Entry(
        id=key,
        agency=agency,
        position=place.position,
        kind=one.kind,
        subject=one.subject,
        recorded_at=place.recorded_at,
        entry=text,
    )
