"""Counts beside a list: how many recordings each further choice would leave.

- From the counters, never from a scan of recordings. Two things are added that counters do not know: what words
  found, and the days at both ends of a span that are no whole months (read by their index).
- Within a facet, choosing another value adds to it; so a facet is counted under everything but its own choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter

from django.db import connection

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Officer, Unit

from ..models import Recording
from .cells import Facts, told, totals_of
from .filters import COLUMNS, NO, NONE, YES, Span, month_span
from .hits import Hits
from .query import KNOWN, Query, Value, all_of, moments_within
from .rows import month_of
from .sql import Sql

LABELS = {
    "state": "状态",
    "kind": "种类",
    "findings": "检查发现",
    "unit": "科室",
    "officer": "执法人员",
    "device": "设备",
    "month": "拍摄月份",
}
SHOWN = 12
_SMALL = ("kind", "state", "findings")  # few values: counted together in one pass
_LARGE = ("unit", "holder", "device", "month")
_FIRST_MONTH, _LAST_MONTH = 197001, 999912


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    n: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    name: str
    label: str
    choices: tuple[Choice, ...]
    more: int  # values that are not shown


@dataclass(frozen=True)
class Facets:
    total: int
    facets: tuple[Facet, ...]


_Loose = list[tuple[Facts, int]]  # what no counter tells: of which cell, and how many


def facets_of(query: Query, hits: Hits) -> Facets:
    """Not to be asked when `hits` are too many: then nothing is counted."""
    counts: dict[str, Counter[Value]] = {column: Counter() for column in COLUMNS.values()}
    total = 0
    if not query.empty:
        beside = _Beside(query, [*hits.counted, *_of_edges(query)])
        total = _small(query, counts, beside)
        for column in _LARGE:
            _large(query, column, counts[column], beside)
    shown = tuple(_facet(query, name, counts[column]) for name, column in COLUMNS.items())
    return Facets(total, shown)


@dataclass(frozen=True)
class _Beside:
    """What no counter tells: rows that words found, and the days at both ends of a span."""

    query: Query
    loose: _Loose

    def by(self, columns: tuple[str, ...], *, but: tuple[str, ...]) -> Iterator[tuple[dict[str, Value], int]]:
        """How many of each value, under every choice but those of `but`."""
        asked = [(name, values) for name, values in self.query.chosen.items() if name not in but]
        pick = itemgetter(*(Facts._fields.index(name) for name in columns))
        found: Counter[object] = Counter()
        for facts, n in self.loose:
            if not asked or facts.agrees(asked):
                found[pick(facts)] += n
        for values, n in found.items():
            yield _values(columns, values if isinstance(values, tuple) else (values,)), n


def _small(query: Query, counts: dict[str, Counter[Value]], beside: _Beside) -> int:
    """Three facets and the total in one pass; of everything there is, each by its totals."""
    if _is_everything(query, but=()):
        for column in _SMALL:
            _large(query, column, counts[column], beside)
        return sum(counts["kind"].values())
    total = 0
    for values, n in (*_counted(query, _SMALL, but=_SMALL), *beside.by(_SMALL, but=_SMALL)):
        agrees = {name: name not in query.chosen or values[name] in query.chosen[name] for name in _SMALL}
        total += n if all(agrees.values()) else 0
        for column in _SMALL:
            if all(good for name, good in agrees.items() if name != column):
                counts[column][values[column]] += n
    return total


def _large(query: Query, column: str, counter: Counter[Value], beside: _Beside) -> None:
    for values, n in (*_counted(query, (column,), but=(column,)), *beside.by((column,), but=(column,))):
        counter[values[column]] += n


def _counted(
    query: Query, columns: tuple[str, ...], *, but: tuple[str, ...]
) -> Iterator[tuple[dict[str, Value], int]]:
    """Sums of the counters over whole months."""
    if not query.every_term_is_named:
        return
    if len(columns) == 1 and _is_everything(query, but):
        yield from (({columns[0]: value}, n) for value, n in totals_of(query.reach.agency, columns[0]))
        return
    where = all_of([*query.by_columns(but=but), *_whole_months(query.span)])
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names}, SUM(n) FROM recordings_cell WHERE {where.text} GROUP BY {names}",  # noqa: S608
            where.given,
        )
        rows = cursor.fetchall()
    for row in rows:
        yield _values(columns, row), int(row[-1])


def _is_everything(query: Query, but: tuple[str, ...]) -> bool:
    """All that the agency has, apart from what is chosen in `but`."""
    narrowed = query.terms or query.reach.holder is not None or query.chosen.keys() - set(but)
    return query.span.open and not narrowed


def _values(columns: Iterable[str], row: Iterable[object]) -> dict[str, Value]:
    """SQLite says true as 1."""
    pairs = zip(columns, row, strict=False)
    return {name: bool(value) if name == "findings" else value for name, value in pairs}  # type: ignore[misc]


def _whole_months(span: Span) -> list[Sql]:
    if span.open:
        return []
    first, last = _months(span)
    return [Sql("month BETWEEN %s AND %s", [first, last])]


def _months(span: Span) -> tuple[int, int]:
    """First and last month that lie in the span as a whole; the first is later when there is none."""
    first = _FIRST_MONTH if span.start is None else _month_at(span.start)
    if span.start is not None and month_span(first).start != span.start:
        first = _next(first)
    last = _LAST_MONTH if span.stop is None else _before(_month_at(span.stop))
    return first, last


def _month_at(taken: int) -> int:
    return month_of(datetime.fromtimestamp(taken / 1000, UTC))


def _next(month: int) -> int:
    return month + 1 if month % 100 < 12 else month + 89


def _before(month: int) -> int:
    return month - 1 if month % 100 > 1 else month - 89


def _of_edges(query: Query) -> Iterator[tuple[Facts, int]]:
    if not query.every_term_is_named:
        return
    for edge in _edges(query.span):
        statement = edge_statement(query, edge)
        with connection.cursor() as cursor:
            cursor.execute(statement.text, statement.given)
            rows = cursor.fetchall()
        yield from ((told(row[:-1]), int(row[-1])) for row in rows)


def edge_statement(query: Query, edge: Span) -> Sql:
    """By the cells' numbers: read from the index of moments alone where a whole agency is looked at."""
    where = all_of([*query.by_columns(but=query.chosen), *moments_within(edge)])
    return Sql(
        f"SELECT {', '.join(Facts._fields)}, rows_of FROM (SELECT cell, COUNT(*) AS rows_of "  # noqa: S608
        f"FROM recordings_listed WHERE {where.text} GROUP BY cell) AS edge "
        f"JOIN recordings_cell ON id = cell WHERE {KNOWN.text}",
        where.given,
    )


def _edges(span: Span) -> list[Span]:
    """The parts of a span before its first and after its last whole month."""
    if span.open:
        return []
    first, last = _months(span)
    if first > last:
        return [span]
    edges = []
    if span.start is not None and (begins := month_span(first).start) != span.start:
        edges.append(Span(span.start, begins))
    if span.stop is not None and (ends := month_span(last).stop) != span.stop:
        edges.append(Span(ends, span.stop))
    return edges


def _facet(query: Query, name: str, counter: Counter[Value]) -> Facet:
    column = COLUMNS[name]
    chosen = query.chosen.get(column, frozenset())
    values = {value: n for value, n in counter.items() if n or value in chosen}
    values |= {value: 0 for value in chosen if value not in values and value != -1}
    order = sorted(values, key=lambda value: _rank(column, value, values[value]))
    shown = [value for value in order if value in chosen]
    shown += [value for value in order if value not in chosen][: max(0, SHOWN - len(shown))]
    shown.sort(key=order.index)
    told = _told(name, shown)
    choices = (Choice(*told[value], values[value], value in chosen) for value in shown if value in told)
    return Facet(name, LABELS[name], tuple(choices), len(values) - len(shown))


def _rank(column: str, value: Value, n: int) -> tuple[object, ...]:
    """Most first; months the latest first."""
    return (-int(value),) if column == "month" else (-n, str(value))


def _told(name: str, values: list[Value]) -> dict[Value, tuple[str, str]]:
    """Value and label of each, as URL and person have them."""
    if name == "month":
        return {value: _month_words(int(value)) for value in values}
    if name == "findings":
        return {True: (YES, "有需要查看的"), False: (NO, "没有")}
    if name == "state":
        return {str(one): (str(one), one.label) for one in Recording.State}
    if name == "kind":
        return {str(one): (str(one), one.label) for one in Recording.Kind}
    return _registered(name, values)


def _month_words(month: int) -> tuple[str, str]:
    return (f"{month}", f"{month // 100} 年 {month % 100} 月") if month else (NONE, "拍摄时间不详")


def _registered(name: str, values: list[Value]) -> dict[Value, tuple[str, str]]:
    told: dict[Value, tuple[str, str]]
    if name == "unit":
        told = {
            pk: (code, label)
            for pk, code, label in Unit.objects.filter(pk__in=values).values_list("pk", "code", "name")
        }
    elif name == "officer":
        told = {
            pk: (staff_no, f"{label}（{staff_no}）")
            for pk, staff_no, label in Officer.objects.filter(pk__in=values).values_list(
                "pk", "staff_no", "name"
            )
        }
    else:
        told = {
            pk: (serial, serial)
            for pk, serial in Device.objects.filter(pk__in=values).values_list("pk", "serial")
        }
    return {**told, 0: (NONE, _NOBODY[name])}


_NOBODY = {"unit": "未定科室", "officer": "未定人员", "device": "未定设备"}
