"""Person, filters and search box put together; the conditions that rows and counters are both asked by.

- A row and a counter have the same columns, so one condition asks both and a list and its counts cannot disagree.
- `named` terms are answered by columns; what is found by words alone is a small set, read whole and judged here.
- What nearly every recording holds is no small set: then the list is walked in order and nothing is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from liuhen.base.clock import SHANGHAI
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Agency, Officer, Unit

from ..acts import Reach, reach_of
from .filters import COLUMNS, NONE, YES, Filters, Span
from .sql import Sql
from .understand import Term, Understood, understand

Value = int | str | bool
Values = frozenset[Value]
_NOTHING: Values = frozenset({-1})


@dataclass(frozen=True)
class Query:
    """Everything that decides which recordings are in a list."""

    reach: Reach
    filters: Filters
    chosen: dict[str, Values]  # by column
    span: Span
    terms: tuple[Term, ...] = ()  # those that are looked for; days and choices have become columns
    understood: tuple[Term, ...] = ()
    notices: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()  # chosen values that the registers do not know
    empty: bool = field(default=False)

    @property
    def every_term_is_named(self) -> bool:
        """Can columns alone answer?"""
        return all(term.named for term in self.terms)

    def in_reach(self) -> list[tuple[str, Values]]:
        own: list[tuple[str, Values]] = [("agency", frozenset({self.reach.agency}))]
        if self.reach.holder is not None:
            own.append(("holder", frozenset({self.reach.holder})))
        return own

    def by_columns(self, *, but: Iterable[str] = (), terms: bool = True) -> list[Sql]:
        """Reach, what is chosen (`but` for these columns), and named terms."""
        left_out = set(but)
        chosen = [pair for pair in self.chosen.items() if pair[0] not in left_out]
        found = [isin(*pair) for pair in (*self.in_reach(), *chosen)]
        return found + ([any_named(term) for term in self.terms] if terms else [])


def ask(person: Account, filters: Filters, at: datetime) -> Query | None:
    """None when this person may see no recording at all."""
    reach = reach_of(person, at)
    if reach is None:
        return None
    agency: Agency = person.agency
    today = at.astimezone(SHANGHAI).date()
    understood = understand(filters.text, agency, today) if filters.text.strip() else Understood()
    chosen, unknown = _resolved(filters, agency)
    span = filters.span()
    for term in understood.terms:
        if term.days:
            span = span.within(Span.of_days(*term.days))
        if term.choice:
            column, value = term.choice
            ours = _fixed(column, (value,))
            chosen[column] = chosen[column] & ours if column in chosen else ours
    return Query(
        reach,
        filters,
        chosen,
        span,
        tuple(term for term in understood.terms if term.looks_in_words),
        understood.terms,
        understood.notices,
        unknown,
        empty=_cannot_be(chosen, span),
    )


def _cannot_be(chosen: dict[str, Values], span: Span) -> bool:
    backwards = span.start is not None and span.stop is not None and span.start >= span.stop
    return backwards or any(not values or values == _NOTHING for values in chosen.values())


def isin(column: str, values: Values) -> Sql:
    marks = ", ".join(["%s"] * len(values))
    return Sql(f"{column} IN ({marks})", sorted(values, key=str)) if values else Sql("1 = 0", [])


def any_named(term: Term, spelled: Callable[[str], str] = str) -> Sql:
    by_column: dict[str, set[Value]] = {}
    for row in term.named:
        by_column.setdefault(row.column, set()).add(row.key)
    parts = [isin(spelled(column), frozenset(keys)) for column, keys in sorted(by_column.items())]
    return any_of(parts)


KNOWN = Sql("month <> 0", [])  # when it was taken


def taken_within(span: Span) -> list[Sql]:
    """When it was taken; what nobody knows the time of was not taken then."""
    found = moments_within(span)
    return [*found, KNOWN] if found else []


def moments_within(span: Span) -> list[Sql]:
    """The same for moments alone, be they of taking or of storing."""
    ends = ((">=", span.start), ("<", span.stop))
    return [Sql(f"taken {sign} %s", [end]) for sign, end in ends if end is not None]


def any_of(parts: Sequence[Sql]) -> Sql:
    if not parts:
        return Sql("1 = 0", [])
    return Sql(
        "(" + " OR ".join(part.text for part in parts) + ")", [one for part in parts for one in part.given]
    )


def all_of(parts: Sequence[Sql]) -> Sql:
    return Sql(" AND ".join(part.text for part in parts), [one for part in parts for one in part.given])


def _resolved(filters: Filters, agency: Agency) -> tuple[dict[str, Values], tuple[tuple[str, str], ...]]:
    chosen: dict[str, Values] = {}
    unknown: list[tuple[str, str]] = []
    for name, values in filters.chosen.items():
        column = COLUMNS[name]
        if name in _REGISTERS:
            known = _keys(name, values, agency)
            unknown += [(name, value) for value in values if value not in known]
            chosen[column] = frozenset(known.values()) or _NOTHING
        else:
            chosen[column] = _fixed(column, values)
    return chosen, tuple(unknown)


def _fixed(column: str, values: Sequence[str]) -> Values:
    if column == "month":
        return frozenset(0 if value == NONE else int(value) for value in values)
    if column == "findings":
        return frozenset(value == YES for value in values)
    return frozenset(values)


_REGISTERS = {"unit": (Unit, "code"), "officer": (Officer, "staff_no"), "device": (Device, "serial")}


def _keys(name: str, values: Sequence[str], agency: Agency) -> dict[str, int]:
    model, column = _REGISTERS[name]
    rows = model._default_manager.filter(agency=agency, **{f"{column}__in": values})
    known: dict[str, int] = dict(rows.values_list(column, "pk"))
    return {**known, NONE: 0} if NONE in values else known
