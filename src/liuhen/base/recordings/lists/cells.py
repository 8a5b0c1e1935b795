"""Cells by number: a listed row names the one it is counted in, so what many rows agree in is told once.

A cell that counts nothing goes, and no row names it any more; one that comes again gets another number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connection

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
