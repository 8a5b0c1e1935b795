"""Writing matters and their deadlines. Replaying a ledger is mostly this, so rows are written out: as model calls
they take several times as long.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import DateField, DateTimeField, Model, QuerySet, UUIDField

from liuhen.base import packs
from liuhen.core.rules.clocks import Due
from liuhen.core.rules.facts import Facts
from liuhen.core.rules.pack import Pack

from .evaluate import judged
from .models import Deadline, Matter

KEYS = 900  # in one question: SQLite takes 999 at least


@dataclass(slots=True)
class Row:
    """A matter's row, column by column in the order of NAMES: lighter to make than the model itself."""

    id: int
    agency: int
    subject: str
    recording: UUID | None = None
    facts: str = ""
    day: date | None = None
    pack: str = ""
    version: str = ""
    rule: str = ""  # "": nothing has been judged yet
    article: str = ""
    period: str = ""
    until: date | None = None
    floor: date | None = None
    long_term: bool = False
    cause: int | None = None
    shorter: str = ""
    upheld: str = ""


NAMES = tuple(one.name for one in dataclasses.fields(Row))


class Work:
    """A matter at hand: its row, what has been told of it, and the facts that came of it."""

    __slots__ = ("facts", "fresh", "row", "told")

    def __init__(self, row: Row, *, fresh: bool = False) -> None:
        self.row, self.fresh = row, fresh
        self.told: dict[str, Any] = orjson.loads(row.facts) if row.facts else {}
        self.facts: Facts | None = None


def known(rows: QuerySet[Matter]) -> Iterator[Work]:
    """The matters of a query, to go on with."""
    for values in rows.values_list(*NAMES).iterator(KEYS):
        yield Work(Row(*values))


def write(work: Sequence[Work], pack_on: Callable[[date | None], Pack | None]) -> None:
    """Bring the rows of these matters, and of their duties, to what is known now."""
    duties: list[tuple[Any, ...]] = []
    calendar = packs.calendar()
    for one in work:
        pack = pack_on(one.row.day)
        one.row.facts = orjson.dumps(one.told, option=orjson.OPT_SORT_KEYS).decode()
        one.row.pack, one.row.version = (pack.id, pack.version) if pack else ("", "")
        said = judged(pack, one.facts, one.told, calendar)
        duties += (_duty(one.row, due, assumed=said.assumed) for due in said.duties)
    _take_away([one.row.id for one in work if not one.fresh])
    _insert(Matter, NAMES, (_columns(one.row) for one in work))
    _insert(Deadline, _DUTY, duties)


def _take_away(keys: Sequence[int]) -> None:
    """They are written again, under the same keys."""
    for start in range(0, len(keys), KEYS):
        some = keys[start : start + KEYS]
        for rows in (Deadline.objects.filter(matter__in=some), Matter.objects.filter(pk__in=some)):
            rows._raw_delete(rows.db)


_columns = attrgetter(*NAMES)

_DUTY = (
    *("agency", "matter", "recording", "duty", "pack", "version", "article", "state", "who", "to"),
    *("basis", "assumed", "warnings", "starts_at", "due_at", "met_at"),
)


def _duty(row: Row, due: Due, *, assumed: bool) -> tuple[Any, ...]:
    return (
        *(row.agency, row.id, row.recording, due.duty, row.pack, row.version, due.article),
        *(due.state, due.who, due.to or "", due.basis, assumed and due.basis.startswith("ended_at")),
        *("\n".join(due.warnings), due.starts_at, due.due_at, due.met_at),
    )


def _insert(model: type[Model], names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    fields = [model._meta.get_field(name) for name in names]
    adapt = [(at, adapter) for at, field in enumerate(fields) if (adapter := _adapter(field))]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)  # type: ignore[union-attr]
    places = ", ".join(["%s"] * len(names))
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608 - names of our own columns
            list(_adapted(rows, adapt)),
        )


def _adapter(field: Any) -> Callable[[Any], Any] | None:
    """How this database wants the values of a field; None where it takes them as they are."""
    if connection.vendor == "sqlite" and isinstance(field, DateTimeField):
        return _naive_utc
    if connection.vendor == "sqlite" and isinstance(field, DateField):
        return date.isoformat
    if isinstance(field, UUIDField) and not connection.features.has_native_uuid_field:
        return attrgetter("hex")
    return None


def _naive_utc(moment: datetime) -> str:
    """As Django writes a moment into SQLite; its own way asks the settings for each."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _adapted(
    rows: Iterable[tuple[Any, ...]], adapt: list[tuple[int, Callable[[Any], Any]]]
) -> Iterator[list[Any]]:
    for row in rows:
        values = list(row)
        for at, adapter in adapt:
            if values[at] is not None:
                values[at] = adapter(values[at])
        yield values
