"""What words find: read whole where it is a small set, and judged row by row.

- The index proposes, the row's own words decide: pieces stand anywhere in a text, words stand together.
- A row that the registers found too is left to the columns, so that nothing is counted or shown twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

from django.db import connection

from . import index
from .cells import Facts, facts_of
from .query import Query, all_of, isin, taken_within
from .sql import Sql
from .understand import Term

MOST = 5_000  # rows that are read whole
_MOST_MARKS = 60
_CELL = 2


class Hit(NamedTuple):
    id: int
    taken: int
    cell: int
    words: str = ""  # "" where the database has judged them


_Row = tuple[int, int, int] | tuple[int, int, int, str]  # a Hit before anybody asks for its parts by name


@dataclass(frozen=True)
class Hits:
    """Rows that words found, whatever is chosen beside; `too_many`: more than are read whole."""

    rows: tuple[_Row, ...] = ()
    too_many: bool = False

    @cached_property
    def cells(self) -> dict[int, Facts]:
        return facts_of(map(itemgetter(_CELL), self.rows))

    @cached_property
    def counted(self) -> list[tuple[Facts, int]]:
        """How many rows agree in everything a list is filtered by."""
        cells = Counter(map(itemgetter(_CELL), self.rows))
        return [(self.cells[cell], n) for cell, n in cells.items() if cell in self.cells]

    def chosen(self, query: Query) -> tuple[_Row, ...]:
        if not query.chosen:
            return self.rows
        good = {cell for cell, facts in self.cells.items() if facts.agrees(query.chosen.items())}
        return tuple(row for row in self.rows if row[_CELL] in good)


def hits_of(query: Query) -> Hits:
    """First whatever is chosen; where that is too much, only what is chosen."""
    if not query.terms or query.empty:
        return Hits()
    found = _read(query, query.by_columns(but=query.chosen, terms=False))
    if found.too_many and query.chosen:
        found = _read(query, query.by_columns(terms=False))
    return found


def _read(query: Query, conditions: list[Sql]) -> Hits:
    rows: dict[int, _Row] = {}
    judged = _by_words_alone(query)
    words = [index.holds(term.needle) for term in query.terms] if judged else []
    where = all_of([*conditions, *taken_within(query.span), *words])
    columns = "id, taken, cell" if judged else "id, taken, cell, words"
    for source in _proposals(query):
        sql = f"SELECT {columns} FROM {source.text}{where.text} LIMIT {MOST + 1}"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [*source.given, *where.given])
            some = cursor.fetchall()
        if len(some) > MOST:
            return Hits(too_many=True)
        rows.update(zip(map(itemgetter(0), some), some, strict=True))
    found = Hits(tuple(rows.values()))
    if judged:
        return found
    hits = (row for row in map(Hit._make, found.rows) if row.cell in found.cells)
    return Hits(tuple(row for row in hits if _only_by_words(query, row, found.cells[row.cell])))


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


def _only_by_words(query: Query, row: Hit, facts: Facts) -> bool:
    """Every term holds, and not all of them by columns."""
    named = [_is_named(term, facts) for term in query.terms]
    if all(named):
        return False
    return all(
        by_column or row.id in term.ids or (bool(term.pieces) and term.needle in row.words)
        for by_column, term in zip(named, query.terms, strict=True)
    )


def _is_named(term: Term, facts: Facts) -> bool:
    return any(getattr(facts, one.column) == one.key for one in term.named)
