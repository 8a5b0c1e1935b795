"""The ledger's rows in order of position, without model instances; from Django's connection or a plain one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from liuhen.core.tlog.tile_files import WIDTH

from .pages import Row

_COLUMNS = ("entry", "kind", "subject", "recorded_at")
# As bytes, because SQLite would stop at text that is not UTF-8.
SQLITE = ", ".join(f"CAST({name} AS BLOB)" for name in _COLUMNS)
OTHER = ", ".join(_COLUMNS)


def fetch(
    cursor: Any, columns: str, mark: str, agency_pk: int, start: int | None = None, stop: int | None = None
) -> Iterator[list[Row]]:
    """Rows at [start, stop), 256 at a time; `mark` is how the driver writes a parameter."""
    bounds = [(f" AND position >= {mark}", start), (f" AND position < {mark}", stop)]
    given = [(text, value) for text, value in bounds if value is not None]
    query = "SELECT position, {} FROM ledger_entry WHERE agency_id = {}{} ORDER BY position"
    where = "".join(text for text, _ in given)
    cursor.execute(query.format(columns, mark, where), [agency_pk, *(value for _, value in given)])
    while rows := cursor.fetchmany(WIDTH):
        yield rows if columns == SQLITE else [_encoded(row) for row in rows]


def _encoded(row: Sequence[Any]) -> Row:
    position, entry, kind, subject, at = row
    kept = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return position, entry.encode(), kind.encode(), subject.encode(), kept.encode()
