"""One definition of a register, three faces: the page, the Excel file, the A4 print.

- A column says its label, how to read a row, its width, and who may see it; every face obeys the same.
- What is chosen stands in the URL: `cols`, `sort`, `cursor`, `as` (xlsx, print), beside the page's filters.
- Export and print hold the whole selection, not the page that is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render

from liuhen.base import clock
from liuhen.base.people.rules import ANYONE, Rule
from liuhen.core.errors import UsageError
from liuhen.doors import paging

from .people_in import could, person_in

PAGE_SIZE = 50


@dataclass(frozen=True)
class Column:
    """`value` reads a row: text, number, datetime, date or None. `width`: in Chinese characters.

    `sort`: the field to order by. `href`: where the cell leads. `state`: the value behind a badge.
    `shown`: without asking for it. `screen_only`: a way on, which paper and Excel do not carry.
    """

    key: str
    label: str
    value: Callable[[Any], Any]
    width: int = 8
    align: str = "start"
    sort: str | None = None
    href: Callable[[Any], str | None] | None = None
    state: Callable[[Any], str] | None = None
    who: Rule = ANYONE
    shown: bool = True
    screen_only: bool = False


@dataclass(frozen=True)
class Nothing:
    """What an empty register says: what it is, what to do, and the way there."""

    title: str
    remedy: str
    href: str = ""
    words: str = ""


@dataclass(frozen=True)
class Register:
    """`name` heads the file names; `order`: how rows stand when nobody sorts; `full`: see paging."""

    name: str
    title: str
    columns: tuple[Column, ...]
    nothing: Nothing
    order: tuple[str, ...] = ("pk",)
    note: str = ""
    full: frozenset[str] = frozenset()


def with_acts(register: Register, *columns: Column) -> Register:
    """The register with ways on beside its columns, on the screen only."""
    return replace(
        register, columns=(*register.columns, *(replace(one, screen_only=True) for one in columns))
    )


def respond(
    request: HttpRequest,
    register: Register,
    rows: QuerySet[Any] | Sequence[Any],
    template: str,
    context: dict[str, Any] | None = None,
) -> HttpResponseBase:
    """The face that the URL asks for. `template` gets `listing` beside `context`."""
    listing = Listing(request, register, rows)
    face = request.GET.get("as", "")
    if face == "xlsx":
        from .sheets import workbook

        return workbook(listing)
    if face == "print":
        from .printed import printed

        return printed(listing)
    return render(request, template, {**(context or {}), "listing": listing})


def local_text(value: Any) -> str:
    """A value as a person reads it; times in Shanghai, to the second."""
    if value is None or value == "":
        return "—"
    return clock.local(value) if isinstance(value, datetime) else str(value)


_SHORT = 5  # characters


@dataclass
class Cell:
    text: str
    column: Column
    href: str | None
    state: str

    @property
    def whole(self) -> bool:
        """A name or another short word stands in one line."""
        return len(self.text) <= _SHORT


@dataclass
class Listing:
    """A register asked for by somebody, with what the URL chose."""

    request: HttpRequest
    register: Register
    rows: QuerySet[Any] | Sequence[Any]
    at: datetime = field(default_factory=clock.now)

    @cached_property
    def allowed(self) -> list[Column]:
        paper = self.request.GET.get("as", "") in ("xlsx", "print")
        return [
            column
            for column in self.register.columns
            if could(self.request, column.who) and not (paper and column.screen_only)
        ]

    @cached_property
    def columns(self) -> list[Column]:
        """Those chosen in the URL, else those shown by default; never one that is not theirs."""
        said = self.request.GET.get("cols", "")
        always = {one.key for one in self.allowed if one.screen_only}
        chosen = {*said.split(","), *always} if said else {one.key for one in self.allowed if one.shown}
        return [one for one in self.allowed if one.key in chosen] or [
            one for one in self.allowed if one.shown
        ]

    @cached_property
    def order(self) -> tuple[str, ...]:
        said = self.request.GET.get("sort", "")
        column = next((one for one in self.allowed if one.sort and one.key == said.lstrip("-")), None)
        if said and column is None:
            raise UsageError("不能按这一列排序。", remedy="请点击列表中带箭头的列名排序。", code="bad_sort")
        if column is None or column.sort is None:
            return self.register.order
        return (f"-{column.sort}" if said.startswith("-") else column.sort,)

    @cached_property
    def page(self) -> paging.Page:
        cursor = self.request.GET.get("cursor", "")
        return paging.page_of(self.rows, self.order, cursor, PAGE_SIZE, self.register.full)

    @property
    def lines(self) -> Iterable[list[Cell]]:
        return ([self._cell(column, row) for column in self.columns] for row in self.page.rows)

    def _cell(self, column: Column, row: Any) -> Cell:
        href = column.href(row) if column.href else None
        return Cell(local_text(column.value(row)), column, href, column.state(row) if column.state else "")

    def all_rows(self) -> Iterable[Any]:
        """Every row of the selection in its order, without holding them all."""
        if isinstance(self.rows, QuerySet):
            return self.rows.order_by(*_with_pk(self.order)).iterator(chunk_size=2000)
        return self.rows

    def count(self) -> int:
        return self.rows.count() if isinstance(self.rows, QuerySet) else len(self.rows)

    # Addresses: the same page with one thing changed.

    def link(self, **changes: str | None) -> str:
        query: QueryDict = self.request.GET.copy()
        for key, value in changes.items():
            if value is None:
                query.pop(key, None)
            else:
                query[key] = value
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    @property
    def excel_link(self) -> str:
        return self.link(**{"as": "xlsx", "cursor": None})

    @property
    def print_link(self) -> str:
        return self.link(**{"as": "print", "cursor": None})

    @property
    def before_link(self) -> str | None:
        return self.link(cursor=self.page.before) if self.page.before else None

    @property
    def after_link(self) -> str | None:
        return self.link(cursor=self.page.after) if self.page.after else None

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Each shown column with its sorting link and direction."""
        said = self.request.GET.get("sort", "")
        return [
            {
                "column": column,
                "href": self._sort_link(column, said) if column.sort else "",
                "sorted": {column.key: "ascending", f"-{column.key}": "descending"}.get(said, "none"),
            }
            for column in self.columns
        ]

    def _sort_link(self, column: Column, said: str) -> str:
        return self.link(sort=f"-{column.key}" if said == column.key else column.key, cursor=None)

    @property
    def choices(self) -> list[dict[str, Any]]:
        """Every column this person may have, for the chooser."""
        shown = {column.key for column in self.columns}
        return [{"column": one, "shown": one.key in shown} for one in self.allowed if not one.screen_only]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What else stands in the URL, for forms that change only the columns."""
        left = ("cols", "cursor", "as")
        return [
            (key, value) for key, values in self.request.GET.lists() for value in values if key not in left
        ]

    @property
    def filtered(self) -> bool:
        return any(
            key not in ("cols", "sort", "cursor", "as") and value for key, value in self.request.GET.items()
        )

    @property
    def agency(self) -> str:
        return str(person_in(self.request).agency)

    @property
    def by(self) -> str:
        return person_in(self.request).name


def _with_pk(order: tuple[str, ...]) -> tuple[str, ...]:
    return order if "pk" in order else (*order, "pk")
