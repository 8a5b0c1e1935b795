"""A long ledger in seconds, and hands that reach past the program: plain SQL with the triggers dropped.

Entries are written in the very format `append` writes, in one transaction; publishing is the program's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db import connection, transaction

from liuhen.base import home
from liuhen.base.clock import stamp
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Head
from liuhen.base.people.models import Agency
from liuhen.core.canonical import canonical
from liuhen.core.tlog.tile_files import tile_path

COLUMNS = "agency_id, position, kind, subject, recorded_at, entry"
KIND = "recording.viewed"
SIZE = 700  # two full tiles and a partial one on the lowest level
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def published_ledger(agency: Agency, size: int = SIZE) -> Agency:
    """The same agency, its ledger grown and published."""
    grow(agency, size)
    publish.publish(agency)
    return agency


def grow(agency: Agency, size: int) -> None:
    """Add viewings until the ledger has `size` entries; nothing is published."""
    with transaction.atomic():
        head = Head.objects.select_for_update().get(agency=agency)
        last = head.recorded_at
        rows = _rows(agency, head.size, size, last)
        with connection.cursor() as cursor:
            marks = ", ".join(["%s"] * 6)
            while some := list(islice(rows, 5000)):
                cursor.executemany(f"INSERT INTO ledger_entry ({COLUMNS}) VALUES ({marks})", some)
        Head.objects.filter(agency=agency).update(size=size, recorded_at=last + timedelta(milliseconds=size))


def _rows(agency: Agency, start: int, stop: int, last) -> Iterator[tuple]:
    for position in range(start, stop):
        at = last + timedelta(milliseconds=position)
        digest = hashlib.sha256(position.to_bytes(8, "big")).hexdigest()
        subject = f"urn:uuid:{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
        body = {
            "v": 1,
            "agency": agency.code,
            "position": position,
            "kind": KIND,
            "subject": subject,
            "by": {"account": "custodian", "name": "王晓兰"},
            "at": stamp(at),
            "recorded_at": stamp(at),
            "basis": ["jinjiang-agri/11"],
            "data": {"recording": subject, "sha256": digest, "bytes": position, "number": f"Y-{position:07}"},
        }
        kept = connection.ops.adapt_datetimefield_value(at)
        yield agency.pk, position, KIND, subject, kept, canonical(body).decode()


def sql(query: str, *values: object) -> None:
    """Whoever has the database file has this."""
    with connection.cursor() as cursor:
        for verb in ("update", "delete", "replace"):
            cursor.execute(f"DROP TRIGGER IF EXISTS ledger_entry_no_{verb}")
        cursor.execute(query, values)


def alter(agency: Agency, position: int) -> None:
    """Another digest in one entry, its columns as they were."""
    sql(
        "UPDATE ledger_entry SET entry = replace(entry, '\"v\":1', '\"v\":2')"
        " WHERE agency_id = %s AND position = %s",
        agency.pk,
        position,
    )


def folder(agency: Agency) -> Path:
    return home.ledger_folder(agency.code)


def tile(agency: Agency, level: int | str, number: int, width: int = 256) -> Path:
    return folder(agency) / tile_path(level, number, width)


def flip(path: Path, at: int) -> None:
    """One bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
