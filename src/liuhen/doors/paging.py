"""Keyset paging: a page begins after a row, not at a number, so page 50,000 costs what page 1 costs.

- The cursor in the URL is opaque and signed; one that was forged, or that belongs to another order, is a 400.
- The order always ends with the primary key, so that no two rows share a place.
- Empty values stand last, whichever way a column is sorted.
- A sequence (not from the database) is paged by place, with the same cursors.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core import signing
from django.db.models import F, Field, Model, Q, QuerySet
from django.db.models.expressions import OrderBy

from liuhen.core.errors import UsageError

_SALT = "liuhen.web.paging"
_TOO_LONG = 2000


class BadCursorError(UsageError):
    code = "bad_cursor"


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the cursors of its neighbours (None: there is none)."""

    rows: list[Any]
    before: str | None
    after: str | None


@dataclass(frozen=True)
class _Key:
    """One field of the order."""

    name: str
    down: bool
    empties: bool  # may the column be empty?

    def ordering(self, back: bool) -> OrderBy | str:
        if self.empties:
            expression = F(self.name)
            if self.down != back:
                return expression.desc(nulls_last=True) if not back else expression.desc(nulls_first=True)
            return expression.asc(nulls_last=True) if not back else expression.asc(nulls_first=True)
        return f"-{self.name}" if self.down != back else self.name

    def beyond(self, value: Any, back: bool) -> Q:
        """Rows strictly further on in this field alone."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if back else Q(pk__in=[])
        further = Q(**{f"{self.name}__{'lt' if self.down != back else 'gt'}": value})
        return further | Q(**{f"{self.name}__isnull": True}) if self.empties and not back else further

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


def page_of(
    rows: QuerySet[Any] | Sequence[Any],
    order: Sequence[str],
    cursor: str,
    size: int,
    full: frozenset[str] = frozenset(),
) -> Page:
    """One page of `rows`. `order`: field names, "-" for downwards; ignored for a sequence.

    `full`: fields that hold a value in every row of this selection, though the column may be empty; the database
    can then walk its index.

    Raises BadCursorError.
    """
    if isinstance(rows, QuerySet):
        return _page_of_query(rows, order, cursor, size, full)
    return _page_of_sequence(rows, cursor, size)


def _page_of_query(
    rows: QuerySet[Any], order: Sequence[str], cursor: str, size: int, full: frozenset[str]
) -> Page:
    keys = _keys(rows.model, order, full)
    back, values = _read(cursor, order)
    found = rows.order_by(*[key.ordering(back) for key in keys])
    if values is not None:
        found = found.filter(_beyond(keys, _cleaned(rows.model, keys, values), back))
    got = list(found[: size + 1])
    more = len(got) > size
    got = got[:size]
    if back:
        got.reverse()
    has_before = more if back else values is not None
    has_after = values is not None if back else more
    return Page(
        got,
        _write("b", order, _values(got[0], keys)) if got and has_before else None,
        _write("a", order, _values(got[-1], keys)) if got and has_after else None,
    )


def _beyond(keys: list[_Key], values: list[Any], back: bool) -> Q:
    """(a > x) or (a = x and b > y) or …"""
    condition, equal = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        condition |= equal & key.beyond(value, back)
        equal &= key.same(value)
    first, value = keys[0], values[0]
    if not first.empties:  # implied by the rest, and what lets the database use its index
        condition &= Q(**{f"{first.name}__{'lte' if first.down != back else 'gte'}": value})
    return condition


def _keys(model: type[Model], order: Sequence[str], full: frozenset[str]) -> list[_Key]:
    names = [name.lstrip("-") for name in order]
    every = [*order] if "pk" in names or model._meta.pk.name in names else [*order, "pk"]
    bare = [name.lstrip("-") for name in every]
    return [
        _Key(name, said.startswith("-"), name not in full and _may_be_empty(model, name))
        for name, said in zip(bare, every, strict=True)
    ]


def _field(model: type[Model], name: str) -> tuple[Field[Any, Any], bool]:
    """The field at the end of a path, and whether anything on the way may be empty."""
    at, empties = model, False
    *way, last = name.lstrip("-").split("__")
    for step in way:
        link: Any = at._meta.get_field(step)
        empties = empties or link.null
        at = link.related_model
    field: Any = at._meta.pk if last == "pk" else at._meta.get_field(last)
    return field, empties or field.null


def _may_be_empty(model: type[Model], name: str) -> bool:
    return _field(model, name)[1]


def _values(row: Any, keys: list[_Key]) -> list[Any]:
    return [_value(row, key.name) for key in keys]


def _value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = None if row is None else getattr(row, step)
    return row


def _cleaned(model: type[Model], keys: list[_Key], values: list[Any]) -> list[Any]:
    if len(values) != len(keys):
        raise bad_cursor()
    try:
        return [
            None if value is None else _field(model, key.name)[0].to_python(value)
            for key, value in zip(keys, values, strict=True)
        ]
    except Exception as error:
        raise bad_cursor() from error


def _write(way: str, order: Sequence[str], values: list[Any]) -> str:
    plain = [str(one) if isinstance(one, datetime | date | uuid.UUID) else one for one in values]
    return signing.dumps([way, list(order), plain], salt=_SALT, compress=True)


def _read(cursor: str, order: Sequence[str]) -> tuple[bool, list[Any] | None]:
    """(backwards?, the values of the row to begin beyond; None: from the beginning)."""
    if not cursor:
        return False, None
    if len(cursor) > _TOO_LONG:
        raise bad_cursor()
    try:
        way, of, values = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise bad_cursor() from error
    if of != list(order):
        raise bad_cursor()
    return way == "b", values


def _page_of_sequence(rows: Sequence[Any], cursor: str, size: int) -> Page:
    _, place = _read(cursor, ())
    start = int(place[0]) if place else 0
    return Page(
        list(rows[start : start + size]),
        _write("a", (), [max(0, start - size)]) if start > 0 else None,
        _write("a", (), [start + size]) if len(rows) > start + size else None,
    )


def bad_cursor() -> BadCursorError:
    return BadCursorError(
        "翻页位置无效，可能是地址不完整，或链接来自另一次安装。",
        remedy="请回到列表的第一页，再用页面上的翻页按钮。",
    )
