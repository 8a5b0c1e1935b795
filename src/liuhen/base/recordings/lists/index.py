"""The search index: pieces of words by the number of their row. One meaning, two databases.

- SQLite: FTS5 without content and without positions (`detail=none`); its own tokenizers are not asked for
  anything but splitting at spaces, because none of 3.40's finds a Chinese word of two characters.
- PostgreSQL: a tsvector of the same pieces under GIN. It needs no extension and no LIKE, so neither a missing
  pg_trgm nor a generic plan for an unknown pattern can make it slow.
- Both only propose rows; whoever asks looks again at the row's words.
- A piece that stands for the row's officer, unit or device lets a search leave out what was found by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from .sql import Sql
from .words import Piece, pieces_of

TABLE = "recordings_pieces"
_MARK = "\ue000"  # begins pieces that no text has

_MAKE_SQLITE = f"""
    CREATE VIRTUAL TABLE {TABLE} USING fts5(pieces, content='', detail=none, columnsize=0, tokenize='ascii')
"""
_MAKE_OTHER = (
    f"CREATE TABLE {TABLE} (place bigint PRIMARY KEY, pieces tsvector NOT NULL)",
    f"CREATE INDEX {TABLE}_gin ON {TABLE} USING gin (pieces)",
)

Document = tuple[int, str]  # number of the row, its pieces with spaces between


def statements_to_make(vendor: str) -> Sequence[str]:
    """For the migration."""
    return (_MAKE_SQLITE,) if vendor == "sqlite" else _MAKE_OTHER


def document(words: str, holder: int, unit: int, device: int) -> str:
    """All pieces of one row, in an order that is always the same: a row is taken out by what was put in."""
    pieces = list(pieces_of(words))
    for letter, key in (("h", holder), ("u", unit), ("d", device)):
        if key:
            pieces.append(f"{_MARK}{letter}{key}")
    return " ".join(pieces)


def mark(column: str, key: int) -> str:
    return f"{_MARK}{column[0]}{key}"


def put(documents: Iterable[Document]) -> None:
    sql = (
        f"INSERT INTO {TABLE} (rowid, pieces) VALUES (%s, %s)"  # noqa: S608
        if _sqlite()
        else f"INSERT INTO {TABLE} (place, pieces) VALUES (%s, array_to_tsvector(string_to_array(%s, ' ')))"  # noqa: S608
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, list(documents))


def take_out(documents: Iterable[Document]) -> None:
    """SQLite's index keeps no text of its own: it must be told again what it was given."""
    with connection.cursor() as cursor:
        if _sqlite():
            cursor.executemany(
                f"INSERT INTO {TABLE} ({TABLE}, rowid, pieces) VALUES ('delete', %s, %s)",  # noqa: S608
                list(documents),
            )
        else:
            cursor.executemany(f"DELETE FROM {TABLE} WHERE place = %s", [(row,) for row, _ in documents])  # noqa: S608


def empty() -> None:
    with connection.cursor() as cursor:
        if _sqlite():
            cursor.execute(f"INSERT INTO {TABLE} ({TABLE}) VALUES ('delete-all')")  # noqa: S608
        else:
            cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608


def expression(all_of: Sequence[Piece], none_of: Sequence[str] = ()) -> str:
    """Rows with every piece and without any of the marks, in the database's own words."""
    if _sqlite():
        wanted = " AND ".join(f'"{piece.text}"' + ("*" if piece.begins else "") for piece in all_of)
        unwanted = " OR ".join(f'"{one}"' for one in none_of)
        return f"({wanted}) NOT ({unwanted})" if none_of else f"({wanted})"
    parts = [f"'{piece.text}'" + (":*" if piece.begins else "") for piece in all_of]
    return "(" + " & ".join([*parts, *(f"!'{one}'" for one in none_of)]) + ")"


def either(expressions: Sequence[str]) -> str:
    return (" OR " if _sqlite() else " | ").join(expressions)


def both(expressions: Sequence[str]) -> str:
    return (" AND " if _sqlite() else " & ").join(expressions)


def rows_matching() -> str:
    """What to select rows of `recordings_listed` from; its one parameter is an expression.

    The index comes first, one row after the other: whoever wants a few thousand need not wait for a million.
    """
    if _sqlite():
        return f"{TABLE} CROSS JOIN recordings_listed ON id = {TABLE}.rowid WHERE {TABLE} MATCH %s AND "
    return f"{TABLE} JOIN recordings_listed ON id = place WHERE pieces @@ %s::tsquery AND "


def holds(needle: str) -> Sql:
    """The words of a row hold this, as one piece."""
    return Sql("instr(words, %s) > 0" if _sqlite() else "strpos(words, %s) > 0", [needle])


def _sqlite() -> bool:
    return connection.vendor == "sqlite"
