"""Writing matters and their deadlines. Replaying a ledger is mostly this, so rows are written out: as model calls
they take several times as long.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Model, QuerySet

from liuhen.base import packs
from liuhen.core.rules.clocks import Due
from liuhen.core.rules.pack import Pack

from .evaluate import Seen, duties_in
from .models import Deadline, Matter

KEYS = 900  # in one question: SQLite takes 999 at least


@dataclass(slots=True)
class Row:
    """A matter's row, column by column in the order of NAMES: lighter to make than the model itself."""

    id: int
    agency: int
    subject: str
    recording: UUID | str | None = None  # as the database gives it, or as the subject spells it
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
    """A matter at hand: its row, what has been told of it, and how that is seen."""

    __slots__ = ("fresh", "row", "seen", "told")

    def __init__(self, row: Row, *, fresh: bool = False) -> None:
        self.row, self.fresh = row, fresh
        self.told: dict[str, Any] = orjson.loads(row.facts) if row.facts else {}
        self.seen: Seen | None = None


def known(rows: QuerySet[Matter]) -> Iterator[Work]:
    """The matters of a query, to go on with."""
    for values in rows.values_list(*NAMES).iterator(KEYS):
        yield Work(Row(*values))


def write(work: Sequence[Work], pack_on: Callable[[date | None], Pack | None]) -> None:
    """Bring the rows of these matters, and of their duties, to what is known now."""
    duties: list[tuple[Any, ...]] = []
    spelt = _spelling()
    calendar = packs.calendar()
    for one in work:
        pack = pack_on(one.row.day)
        one.row.facts = orjson.dumps(one.told, option=orjson.OPT_SORT_KEYS).decode()
        one.row.pack, one.row.version = (pack.id, pack.version) if pack else ("", "")
        assumed = one.seen is not None and one.seen.assumed
        found = duties_in(pack, one.seen, one.told, calendar)
        duties += (_duty(one.row, due, spelt, assumed=assumed) for due in found)
    _take_away([one.row.id for one in work if not one.fresh])
    _insert(Matter, NAMES, [_columns(one.row, spelt) for one in work])
    _insert(Deadline, _DUTY, duties)


def _take_away(keys: Sequence[int]) -> None:
    """They are written again, under the same keys."""
    for start in range(0, len(keys), KEYS):
        some = keys[start : start + KEYS]
        for rows in (Deadline.objects.filter(matter__in=some), Matter.objects.filter(pk__in=some)):
            rows._raw_delete(rows.db)


_DUTY = (
    *("agency", "matter", "recording", "duty", "pack", "version", "article", "state", "who", "to"),
    *("basis", "assumed", "warnings", "starts_at", "due_at", "met_at"),
)


class _Spelling(NamedTuple):
    """How this database wants values that Django would otherwise spell one by one, asking its settings each time."""

    moment: Callable[[datetime | None], Any]
    day: Callable[[date | None], Any]
    key: Callable[[UUID | str | None], Any]


def _naive_utc(moment: datetime | None) -> str | None:
    """As Django writes a moment into SQLite."""
    return moment.astimezone(UTC).isoformat(" ")[:-6] if moment else None


def _hex(key: UUID | str | None) -> str | None:
    return key.replace("-", "") if isinstance(key, str) else key.hex if key else None


def _as_it_is(value: Any) -> Any:
    return value


_SQLITE = _Spelling(_naive_utc, lambda day: day.isoformat() if day else None, _hex)
_NATIVE = _Spelling(_as_it_is, _as_it_is, _as_it_is)


def _spelling() -> _Spelling:
    return _SQLITE if connection.vendor == "sqlite" else _NATIVE


def _columns(row: Row, spelt: _Spelling) -> tuple[Any, ...]:
    """In the order of NAMES."""
    return (
        *(row.id, row.agency, row.subject, spelt.key(row.recording), row.facts, spelt.day(row.day)),
        *(
            row.pack,
            row.version,
            row.rule,
            row.article,
            row.period,
            spelt.day(row.until),
            spelt.day(row.floor),
        ),
        *(row.long_term, row.cause, row.shorter, row.upheld),
    )


def _duty(row: Row, due: Due, spelt: _Spelling, *, assumed: bool) -> tuple[Any, ...]:
    """In the order of _DUTY."""
    moment = spelt.moment
    return (
        *(row.agency, row.id, spelt.key(row.recording), due.duty, row.pack, row.version, due.article),
        *(due.state, due.who, due.to or "", due.basis, assumed and due.basis.startswith("ended_at")),
        *("\n".join(due.warnings), moment(due.starts_at), moment(due.due_at), moment(due.met_at)),
    )


def _insert(model: type[Model], names: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(model._meta.get_field(name).column)) for name in names)  # type: ignore[union-attr]
    places = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ({places})",  # noqa: S608 - our own names
            rows,
        )
