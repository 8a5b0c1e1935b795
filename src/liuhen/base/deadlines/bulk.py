"""Writing everything anew: the indexes that only readers need are taken off meanwhile, and made again in one go.

A sorted index made at the end costs a fraction of the same index kept in order row by row. All of it stands in the
caller's transaction: readers see the old rows with their indexes until it ends.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from .models import Deadline, Matter

_KEPT = ("matter_id",)  # columns by which rows are written again
_INDEXES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (%s, %s)"
)


@contextmanager
def without_garbage() -> Iterator[None]:
    """Nobody looks for cycles: millions of rows are made and let go, and none is in one."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def without_indexes() -> Iterator[None]:
    """On SQLite; elsewhere nothing is changed. Constraints stay."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [Matter._meta.db_table, Deadline._meta.db_table])
        found = [(name, sql) for name, sql in cursor.fetchall() if not any(one in sql for one in _KEPT)]
        for name, _ in found:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
    yield
    with connection.cursor() as cursor:
        for _, sql in found:
            cursor.execute(sql)
