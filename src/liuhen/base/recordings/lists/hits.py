"""What words find: read whole where it is a small set, and judged row by row.

- The index proposes, the row's own words decide: pieces stand anywhere in a text, words stand together.
- A row that the registers found too is left to the columns, so that nothing is counted or shown twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from . import index
from .query import Query, all_of, isin, taken_within
from .sql import Sql
from .understand import Term

MOST = 5_000  # rows that are read whole
_MOST_MARKS = 60
_FACTS = "id, taken, recording, holder, unit, device, kind, state, month, findings"


class Hit(NamedTuple):
    id: int
    taken: int
    recording: str | UUID
    holder: int
    unit: int
    device: int
    kind: str
    state: str
    month: int
    findings: bool
    words: str  # "" where the database has judged them


@dataclass(frozen=True)
class Hits:
    """Rows that words found, whatever is chosen beside; `too_many`: more than are read whole."""

    rows: tuple[Hit, ...] = ()
    too_many: bool = False


def hits_of(query: Query) -> Hits:
    """First whatever is chosen; where that is too much, only what is chosen."""
    if not query.terms or query.empty:
        return Hits()
    found = _read(query, query.by_columns(but=query.chosen, terms=False))
    if found.too_many and query.chosen:
        found = _read(query, query.by_columns(terms=False))
    return found


def _read(query: Query, conditions: list[Sql]) -> Hits:
    rows: dict[int, Hit] = {}
    judged = _by_words_alone(query)
    words = [index.holds(term.needle) for term in query.terms] if judged else []
    where = all_of([*conditions, *taken_within(query.span), *words])
    columns = f"{_FACTS}, ''" if judged else f"{_FACTS}, words"
    for source in _proposals(query):
        sql = f"SELECT {columns} FROM {source.text}{where.text} LIMIT {MOST + 1}"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [*source.given, *where.given])
            some = cursor.fetchall()
        if len(some) > MOST:
            return Hits(too_many=True)
        rows.update((row[0], row) for row in map(Hit._make, some))
    found = rows.values()
    return Hits(tuple(found if judged else (row for row in found if _only_by_words(query, row))))


def _by_words_alone(query: Query) -> bool:
    """The usual search. The database itself judges the words, and thousands of texts are not fetched to be looked at."""
    return not any(term.named or term.ids or not term.pieces for term in query.terms)


def _proposals(query: Query) -> list[Sql]:
    """Subsets that together hold every row found by words: by the index, and by number or digest."""
    bare = [term for term in query.terms if not term.named]
    if bare:
        said = [index.expression(term.pieces) for term in bare if term.pieces]
        together = [index.both(said)] if len(said) == len(bare) else []
        ids = {one for term in bare for one in term.ids}
    else:
        together = [index.expression(term.pieces, _marks(term)) for term in query.terms if term.pieces]
        together = [index.either(together)] if together else []
        ids = {one for term in query.terms for one in term.ids}
    found = [Sql(index.rows_matching(), [one]) for one in together]
    named = isin("id", frozenset(ids))
    return found + ([Sql(f"recordings_listed WHERE {named.text} AND ", named.given)] if ids else [])


def _marks(term: Term) -> list[str]:
    marks = [index.mark(row.column, row.key) for row in term.named]
    return marks if len(marks) <= _MOST_MARKS else []


def _only_by_words(query: Query, row: Hit) -> bool:
    """Every term holds, and not all of them by columns."""
    named = [_is_named(term, row) for term in query.terms]
    if all(named):
        return False
    return all(
        by_column or row.id in term.ids or (bool(term.pieces) and term.needle in row.words)
        for by_column, term in zip(named, query.terms, strict=True)
    )


def _is_named(term: Term, row: Hit) -> bool:
    return any(getattr(row, one.column) == one.key for one in term.named)
