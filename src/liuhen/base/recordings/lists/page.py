"""One page of a list, at any depth and in both directions, by the place where the last one ended.

- A list is one or a few streams, each walked along an index that has its rows in order; pages merge streams.
- What narrows most leads (the stream's index begins with it); everything else is judged on the rows walked past.
  To keep the database from leading with something else, the other columns are written so that no index fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from . import index
from .filters import Sort
from .hits import Hits
from .models import Listed, listed_id
from .query import Query, Value, all_of, any_named, any_of, isin, moments_within, taken_within
from .sql import Sql
from .understand import Term

MOST_STREAMS = 12
_BEYOND = 1 << 62  # no row stands there, and no database's number goes much further


class Place(NamedTuple):
    """Where a row stands in every order."""

    taken: int
    id: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """From a URL; None for what is none."""
        first, _, last = text.partition(".")
        if not (last.isascii() and last.isdecimal() and len(text) < 40):
            return None
        sign, digits = (-1, first[1:]) if first.startswith("-") else (1, first)
        if not (digits.isascii() and digits.isdecimal()):
            return None
        taken, number = sign * int(digits), int(last)
        return cls(taken, number) if abs(taken) < _BEYOND and number < _BEYOND else None

    def __str__(self) -> str:
        return f"{self.taken}.{self.id}"


@dataclass(frozen=True)
class Slice:
    """Rows of one page in order, and whether there are more on either side."""

    rows: tuple[tuple[Place, UUID], ...]
    before: bool
    after: bool


def slice_of(
    query: Query, hits: Hits, size: int, *, after: Place | None = None, before: Place | None = None
) -> Slice:
    """`size` rows behind `after`, or the last `size` before `before`, or the first."""
    if query.empty:
        return Slice((), False, False)
    back = after is None and before is not None
    found = _walk(query, hits, size + 1, start=before if back else after, back=back)
    more, rows = len(found) > size, found[:size]
    if back:
        return Slice(tuple(reversed(rows)), before=more, after=True)
    return Slice(tuple(rows), before=after is not None, after=more)


def _walk(
    query: Query, hits: Hits, count: int, *, start: Place | None, back: bool
) -> list[tuple[Place, UUID]]:
    sort = query.filters.sort
    descending = sort.descending is not back
    found: dict[int, tuple[Place, UUID]] = {}
    for statement in statements(query, hits, count, start=start, back=back):
        with connection.cursor() as cursor:
            cursor.execute(statement.text, statement.given)
            found.update((row[0], (Place(row[1], row[0]), _uuid(row[2]))) for row in cursor.fetchall())
    found.update(_from_hits(query, hits, count, start, descending=descending))
    order = sorted(found.values(), key=lambda row: _key(sort, row[0]), reverse=descending)
    return order[:count]


def statements(
    query: Query, hits: Hits, count: int, *, start: Place | None = None, back: bool = False
) -> Iterator[Sql]:
    """The selects of a page, one a stream; a test looks at how the database means to answer them."""
    if not (query.every_term_is_named or hits.too_many):
        return
    sort = query.filters.sort
    descending = sort.descending is not back
    between = _between_moments if sort.by_taken else _between_ids
    part = between(query, start, descending)
    if part is None:
        return
    lead, others = _lead(query, hits)
    direction = "DESC" if descending else "ASC"
    order = f"taken {direction}, id {direction}" if sort.by_taken else f"id {direction}"
    for stream in lead:
        where = all_of([*stream, *part, *others])
        yield Sql(
            f"SELECT id, taken, recording FROM recordings_listed WHERE {where.text} "  # noqa: S608
            f"ORDER BY {order} LIMIT {count}",
            where.given,
        )


_Stream = list[
    Sql
]  # what a row of the stream meets; of the agency's whole stream in the order of storing: nothing


def _lead(query: Query, hits: Hits) -> tuple[list[_Stream], list[Sql]]:
    """One condition a stream to walk along, and the conditions that only judge."""
    constraints = [_by_columns(*pair) for pair in (*query.in_reach()[1:], *query.chosen.items())]
    constraints += [_by_term(term, hits) for term in query.terms]
    candidates = [one for one in constraints if one.rank is not None and len(one.streams) <= MOST_STREAMS]
    best = min(candidates, key=lambda one: one.rank or 0, default=None)
    others = [one.judge for one in constraints if one is not best]
    agency = query.reach.agency
    whole = Sql("agency = %s", [agency])
    if best is None:
        return [[whole] if query.filters.sort.by_taken else []], others
    if best.agency_leads:
        return [[whole, one] for one in best.streams], others
    return [[one] for one in best.streams], others  # a holder, unit or device belongs to one agency


class _Constraint(NamedTuple):
    rank: int | None  # the lower, the fewer rows; None: does not lead
    streams: list[Sql]
    judge: Sql
    agency_leads: bool = False


_RANKS = {"holder": 0, "device": 1, "unit": 5}


def _by_columns(column: str, values: frozenset[Value]) -> _Constraint:
    judge = isin(hidden(column), values)
    if column in _RANKS:
        known = 0 not in values  # rows without one are many, and not one agency's
        streams = [Sql(f"{column} = %s", [value]) for value in sorted(values, key=str)]
        return _Constraint(_RANKS[column] if known else None, streams, judge)
    if column == "state" and values == {"to_assign"}:
        return _Constraint(2, [Sql("state = 'to_assign'", [])], judge, agency_leads=True)
    if column == "findings" and values == {True}:
        return _Constraint(4, [Sql("findings", [])], judge, agency_leads=True)
    if column == "kind" and "video" not in values:
        streams = [Sql("kind = %s AND NOT (kind = 'video')", [value]) for value in sorted(values, key=str)]
        return _Constraint(3, streams, judge, agency_leads=True)
    return _Constraint(None, [], judge)


def _by_term(term: Term, hits: Hits) -> _Constraint:
    named = any_named(term, hidden)
    if hits.too_many:
        return _Constraint(None, [], any_of([*([named] if term.named else []), *_by_words(term)]))
    rank = max(_RANKS[row.column] for row in term.named)
    streams = [Sql(f"{row.column} = %s", [row.key]) for row in term.named]
    return _Constraint(rank, streams, named)


def _by_words(term: Term) -> list[Sql]:
    found = [index.holds(term.needle)] if term.pieces else []
    return found + ([isin("id", frozenset(term.ids))] if term.ids else [])


# Of several bounds on the same column the database takes one to begin at, and walks past what the others leave out:
# so there is one lower and one upper bound, the narrowest.


def _between_moments(query: Query, start: Place | None, descending: bool) -> list[Sql]:
    """The span of days, from the place on."""
    conditions = taken_within(query.span)
    if start is None:
        return conditions
    edge = query.span.stop if descending else query.span.start
    if edge is not None and (start.taken >= edge if descending else start.taken < edge):
        return conditions  # the place lies before the span begins: all of it is behind
    sign = "<" if descending else ">"
    overtaken = Sql("taken < %s" if descending else "taken >= %s", [edge])
    behind = Sql(f"(taken, id) {sign} (%s, %s)", [start.taken, start.id])
    return [behind, *(one for one in conditions if one != overtaken)]


def _between_ids(query: Query, start: Place | None, descending: bool) -> list[Sql] | None:
    """In the order of storing, from the place on, as far as rows of the span were stored; None where there is none."""
    agency = query.reach.agency
    first, last = listed_id(agency, 0), listed_id(agency + 1, 0) - 1
    judged = []
    if conditions := taken_within(query.span):
        first, last = _stored(query)
        if first is None:
            return None
        judged = [Sql(one.text.replace("taken", hidden("taken")), one.given) for one in conditions]
    if start is not None and descending:
        last = min(last, start.id - 1)
    elif start is not None:
        first = max(first, start.id + 1)
    return [Sql("id >= %s AND id <= %s", [first, last]), *judged]


def _stored(query: Query) -> tuple[Any, Any]:
    """The first and the last id of a span, read from the index of moments alone; (None, None): there is none."""
    where = all_of([Sql("agency = %s", [query.reach.agency]), *moments_within(query.span)])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(id), MAX(id) FROM recordings_listed WHERE {where.text}", where.given)  # noqa: S608
        first, last = cursor.fetchone()
    return first, last


def hidden(column: str) -> str:
    """A numeric or text column that no index of SQLite's fits; PostgreSQL counts for itself."""
    if connection.vendor != "sqlite":
        return column
    return f"+{column}"


def _from_hits(
    query: Query, hits: Hits, count: int, start: Place | None, *, descending: bool
) -> Iterator[tuple[int, tuple[Place, UUID]]]:
    """The first of them behind `start`: thousands may have been found, and a page is made of `count`."""
    by_taken, rows = query.filters.sort.by_taken, hits.chosen(query)
    key = _BY_TAKEN if by_taken else _BY_ID
    if start is not None:
        edge = (start.taken, start.id) if by_taken else start.id
        rows = tuple(row for row in rows if (key(row) < edge if descending else key(row) > edge))
    places = [Place(row[1], row[0]) for row in sorted(rows, key=key, reverse=descending)[:count]]
    keys = dict(Listed.objects.filter(pk__in=[place.id for place in places]).values_list("pk", "recording"))
    yield from ((place.id, (place, keys[place.id])) for place in places if place.id in keys)


_BY_TAKEN, _BY_ID = itemgetter(1, 0), itemgetter(0)


def _key(sort: Sort, place: Place) -> tuple[int, ...]:
    return (place.taken, place.id) if sort.by_taken else (place.id,)


def _uuid(value: str | UUID) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
