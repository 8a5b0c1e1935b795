"""A list as a person gets it: one page of recordings, what was understood, and counts beside it.

The rule of who may see has the last word: each recording of a page is held against it once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from liuhen.base.people.models import Account

from ..models import Recording
from .facets import Facets, facets_of
from .filters import Filters
from .hits import hits_of
from .models import listed_id
from .page import Place, slice_of
from .query import Query, ask
from .rows import taken_ms
from .understand import Term

PAGE = 50
_SLICE = 500


@dataclass(frozen=True)
class Page:
    """`counts` is None where words are so common that nothing is counted."""

    rows: tuple[Recording, ...] = ()
    places: tuple[Place, ...] = ()
    before: bool = False
    after: bool = False
    counts: Facets | None = None
    terms: tuple[Term, ...] = ()
    notices: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = field(default=())


TOO_COMMON = "搜索的字在太多文件名中出现，列表按顺序列出，不逐项计数。请加上日期、人员或科室缩小范围。"


def find(
    person: Account,
    filters: Filters,
    *,
    at: datetime,
    size: int = PAGE,
    after: Place | None = None,
    before: Place | None = None,
    counted: bool = True,
) -> Page:
    """One page for this person; the first where neither `after` nor `before` is given."""
    query = ask(person, filters, at)
    if query is None:
        return Page()
    hits = hits_of(query)
    part = slice_of(query, hits, size, after=after, before=before)
    rows = _recordings(query, [key for _, key in part.rows])
    there = [(place, rows[key]) for place, key in part.rows if key in rows]
    return Page(
        tuple(row for _, row in there),
        tuple(place for place, _ in there),
        part.before,
        part.after,
        facets_of(query, hits) if counted and not hits.too_many else None,
        query.understood,
        (*query.notices, *((TOO_COMMON,) if hits.too_many else ())),
        query.unknown,
    )


def count(person: Account, filters: Filters, *, at: datetime) -> int | None:
    """How many recordings the list has; None where nothing is counted."""
    query = ask(person, filters, at)
    if query is None:
        return 0
    hits = hits_of(query)
    return None if hits.too_many else facets_of(query, hits).total


def place_of(recording: Recording) -> Place:
    """Where it stands in every order."""
    moment = taken_ms(recording.taken_at or recording.stored_at)
    return Place(moment, listed_id(recording.agency_id, recording.position))


def everything(
    person: Account, filters: Filters, *, at: datetime, after: Place | None = None
) -> Iterator[Recording]:
    """All recordings of a list in its order, read slice by slice; memory does not grow with their number."""
    query = ask(person, filters, at)
    if query is None:
        return
    hits = hits_of(query)
    place = after
    while True:
        part = slice_of(query, hits, _SLICE, after=place)
        rows = _recordings(query, [key for _, key in part.rows])
        yield from (rows[key] for _, key in part.rows if key in rows)
        if not part.after:
            return
        place = part.rows[-1][0]


def _recordings(query: Query, keys: list[UUID]) -> dict[UUID, Recording]:
    """Asked for by nothing but their keys: an agency's index would lead through all it has."""
    rows = Recording.objects.filter(pk__in=keys).select_related("device", "holder", "unit")
    return {row.pk: row for row in rows if query.reach.holds(row)}
