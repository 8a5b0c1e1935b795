"""One tile's worth of ledger rows, held against what was published of them. Knows no Django.

- A row comes as it lies in the database: nothing decoded, also when it is no text.
- The columns beside an entry only find it; they must say what its bytes say. Entries as this program writes
  them end alike, so comparing the end of the bytes is enough; any other is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

import orjson

from liuhen.core.tlog.tile_files import WIDTH

from .published import Tile
from .trees import leaves_of

# position, then entry, kind, subject and recorded_at as UTF-8 bytes, the time as SQLite keeps it
Row = tuple[int, bytes, bytes, bytes, bytes]

_END = b'"kind":"%b","position":%d,"recorded_at":"%bT%b%bZ","subject":"%b","v":1}'
_WHOLE_SECOND = len("2026-11-20 02:00:00")  # SQLite keeps no fraction of zero


def pages_of(fetched: Iterable[list[Row]]) -> Iterator[tuple[int, list[Row]]]:
    """(tile number, its rows) from rows in order of position; number -1 gathers what stands under no tile."""
    waiting: list[Row] = []
    for rows in fetched:
        first = _tile_number(rows[0])
        if not waiting and len(rows) == WIDTH and first == _tile_number(rows[-1]):
            yield first, rows  # in order, so everything between is of this tile too
            continue
        waiting += rows
        groups = [(number, list(group)) for number, group in groupby(waiting, key=_tile_number)]
        yield from groups[:-1]
        waiting = groups[-1][1]
    if waiting:
        yield _tile_number(waiting[0]), waiting


def _tile_number(row: Row) -> int:
    position = row[0]
    return position // WIDTH if isinstance(position, int) and position >= 0 else -1


def sound(number: int, rows: Sequence[Row], hashes: Tile, bundle: Tile, agency_code: str) -> bytes | None:
    """The leaf hashes of a full tile of which rows, columns, hash tile and bundle all agree; else None."""
    if running(rows, number * WIDTH) != WIDTH or not hashes.width == bundle.width == WIDTH:
        return None
    entries = [row[1] for row in rows]
    leaves = leaves_of(entries)
    if leaves == hashes.data and bundled(entries) == bundle.data and all(columns_agree(rows, agency_code)):
        return leaves
    return None


def running(rows: Sequence[Row], first: int) -> int:
    """How many of the rows stand one after the other from `first` on."""
    if [row[0] for row in rows] == list(range(first, first + len(rows))):
        return len(rows)
    return next(count for count, row in enumerate(rows) if row[0] != first + count)


def bundled(entries: Sequence[bytes]) -> bytes | None:
    """The bundle of these entries; None when one is too long for any (it is none of ours)."""
    try:
        lengths = [len(entry).to_bytes(2, "big") for entry in entries]
    except OverflowError:
        return None
    return b"".join(chain.from_iterable(zip(lengths, entries, strict=True)))


def columns_agree(rows: Sequence[Row], agency_code: str) -> list[bool]:
    """For each row: do its columns say what its entry says?"""
    begin = b'{"agency":"%b",' % agency_code.encode()
    columns = b"".join([part for row in rows for part in row[2:4]])
    if b'"' in columns or b"\\" in columns:
        # A quotation mark in a column could pass off one entry's fields as another's.
        return [_parsed_agrees(row, agency_code) for row in rows]
    ends = [
        _END % (kind, at, time[:10], time[11:], b"" if len(time) > _WHOLE_SECOND else b".000000", subject)
        for at, _, kind, subject, time in rows
    ]
    return [
        (row[1].endswith(end) and row[1].startswith(begin)) or _parsed_agrees(row, agency_code)
        for row, end in zip(rows, ends, strict=True)
    ]


def _parsed_agrees(row: Row, agency_code: str) -> bool:
    position, entry, kind, subject, time = row
    fraction = b"" if len(time) > _WHOLE_SECOND else b".000000"
    try:
        told = orjson.loads(entry)
        stamp = (time[:10] + b"T" + time[11:] + fraction + b"Z").decode()
        columns = (position, kind.decode(), subject.decode(), stamp, agency_code)
        return columns == tuple(
            told[name] for name in ("position", "kind", "subject", "recorded_at", "agency")
        )
    except (ValueError, KeyError, TypeError):
        return False
