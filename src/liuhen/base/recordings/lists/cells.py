"""Cells and totals, and who counts them up and down.

- A listed row names its cell by number, so what many rows agree in is told once.
- A cell that counts nothing goes, and no row names it any more; one that comes again gets another number.
- Totals are the sums of an agency's cells by one column each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.db import connection

from .models import Total

Key = tuple[int, int, int, int, str, str, int, bool]

COLUMNS = ("agency", "holder", "unit", "device", "kind", "state", "month", "findings")
_SAME = " AND ".join(f"{name} = %s" for name in COLUMNS)
_AT_ONCE = 900


class Facts(NamedTuple):
    """What lists are filtered by, apart from the agency."""

    holder: int
    unit: int
    device: int
    kind: str
    state: str
    month: int
    findings: bool

    def agrees(self, asked: Iterable[tuple[str, frozenset[int | str | bool]]]) -> bool:
        return all(getattr(self, column) in values for column, values in asked)


def numbers_of(keys: Iterable[Key]) -> Mapping[Key, int]:
    """The numbers of cells that count something."""
    found = {}
    with connection.cursor() as cursor:
        for key in set(keys):
            cursor.execute(f"SELECT id FROM recordings_cell WHERE {_SAME}", key)  # noqa: S608 - our own names
            (found[key],) = cursor.fetchone()
    return found


def facts_of(numbers: Iterable[int]) -> dict[int, Facts]:
    """Of those that count something."""
    every = sorted(set(numbers))
    found: dict[int, Facts] = {}
    columns = ", ".join(Facts._fields)
    with connection.cursor() as cursor:
        for first in range(0, len(every), _AT_ONCE):
            some = every[first : first + _AT_ONCE]
            places = ", ".join(["%s"] * len(some))
            cursor.execute(f"SELECT {columns}, id FROM recordings_cell WHERE id IN ({places})", some)  # noqa: S608
            found.update((number, told(facts)) for *facts, number in cursor.fetchall())
    return found


def told(row: Iterable[Any]) -> Facts:
    """From the columns as the database gives them: SQLite says true as 1."""
    *facts, findings = row
    return Facts._make([*facts, bool(findings)])


def add_up(moves: Counter[Key]) -> None:
    """Change the counters; one that counts nothing goes."""
    _change("recordings_cell", COLUMNS, moves)
    _change("recordings_total", ("agency", "facet", "value"), totals(moves))


def totals(cells: Mapping[Key, int]) -> Counter[tuple[int, str, str]]:
    """Cells summed up by agency, column and value."""
    found: Counter[tuple[int, str, str]] = Counter()
    for key, n in cells.items():
        for facet, value in zip(Facts._fields, key[1:], strict=True):
            found[key[0], facet, _spelled(value)] += n
    return found


def _change(table: str, key: tuple[str, ...], moves: Mapping[Any, int]) -> None:
    sums = [(*values, change) for values, change in sorted(moves.items()) if change]
    names, same = ", ".join(key), " AND ".join(f"{name} = %s" for name in key)
    add = (
        f"INSERT INTO {table} ({names}, n) VALUES ({', '.join(['%s'] * (len(key) + 1))}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({names}) DO UPDATE SET n = {table}.n + excluded.n"
    )
    with connection.cursor() as cursor:
        if sums:
            cursor.executemany(add, sums)
        if lost := [row[:-1] for row in sums if row[-1] < 0]:
            cursor.executemany(f"DELETE FROM {table} WHERE n = 0 AND {same}", lost)  # noqa: S608


def totals_of(agency: int, facet: str) -> Iterator[tuple[int | str | bool, int]]:
    """Each value of a column, and how many of the agency's recordings have it."""
    for value, n in Total.objects.filter(agency=agency, facet=facet).values_list("value", "n"):
        yield _read(facet, value), n


def _spelled(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _read(facet: str, value: str) -> int | str | bool:
    if facet in ("kind", "state"):
        return value
    return value == "1" if facet == "findings" else int(value)
