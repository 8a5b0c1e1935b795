"""The list of recordings as a register: its columns, its addresses, its chips and counts.

What is found, counted and in which order is `base.recordings.lists`; everything chosen stands in the URL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from liuhen.base.recordings.lists.facets import LABELS
from liuhen.base.recordings.lists.filters import Filters, Sort
from liuhen.base.recordings.lists.page import Place
from liuhen.base.recordings.lists.search import Page, count, everything, find
from liuhen.base.recordings.lists.selection import Selection
from liuhen.base.recordings.lists.understand import Term
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import content_for
from liuhen.base.storage.serving import Kind, made_for
from liuhen.doors.paging import bad_cursor

from . import sheets
from .contents import content_address
from .people_in import person_in
from .registers import Column, Listing, Nothing, Register
from .templatetags.liuhen import size

TABLE, GRID = "table", "grid"
SORTS = (
    (Sort.NEWEST, "拍摄时间，新的在前"),
    (Sort.OLDEST, "拍摄时间，旧的在前"),
    (Sort.LAST_STORED, "入库先后，新的在前"),
    (Sort.FIRST_STORED, "入库先后，旧的在前"),
)
_BY_COLUMN = {"taken": (Sort.OLDEST, Sort.NEWEST), "stored": (Sort.FIRST_STORED, Sort.LAST_STORED)}
ICONS = {
    "video": "file-earmark-play",
    "audio": "file-earmark-music",
    "photo": "file-earmark-image",
    "other": "file-earmark-text",
}


def _length(row: Recording) -> str | None:
    """To the second: the page of the recording is exact."""
    if row.duration_ms is None:
        return None
    minutes, second = divmod(round(row.duration_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}"


RECORDINGS = Register(
    name="音像记录清单",
    title="执法音像记录清单",
    columns=(
        Column(
            "number",
            "编号",
            lambda row: row.number,
            width=11,
            href=lambda row: reverse("recording", args=[row.number]),
        ),
        Column("kind", "种类", lambda row: row.get_kind_display(), width=3),
        Column("name", "文件名", lambda row: row.name, width=16),
        Column("taken", "拍摄时间", lambda row: row.taken_at, width=9),
        Column("length", "时长", _length, width=5, align="end"),
        Column("size", "大小", lambda row: size(row.bytes), width=5, align="end"),
        Column("officer", "执法人员", lambda row: row.holder and row.holder.name, width=4),
        Column("unit", "科室", lambda row: row.unit and row.unit.name, width=7),
        Column("device", "设备", lambda row: row.device and row.device.serial, width=6),
        Column("state", "状态", lambda row: row.get_state_display(), width=4, state=lambda row: row.state),
        Column("stored", "入库时间", lambda row: row.stored_at, width=9, shown=False),
        Column("path", "卡上路径", lambda row: row.card_path, width=18, shown=False),
        Column("bytes", "字节数", lambda row: row.bytes, width=6, align="end", shown=False),
        Column("sha256", "SHA-256", lambda row: row.sha256, width=20, shown=False),
        Column("sm3", "SM3", lambda row: row.sm3, width=20, shown=False),
    ),
    nothing=Nothing(
        "还没有音像记录",
        "采集存储卡后，记录会出现在这里。执法人员只看到本人的记录。",
    ),
)


@dataclass(frozen=True)
class Chip:
    """Something that narrows the list, and the list without it."""

    words: str
    href: str


@dataclass
class Found(Listing):
    """The register of recordings, found by what the URL says."""

    register: Register = RECORDINGS
    rows: Any = ()

    @cached_property
    def filters(self) -> Filters:
        return Filters.read(dict(self.request.GET.lists()))

    @cached_property
    def found(self) -> Page:
        return find(
            person_in(self.request),
            self.filters,
            at=self.at,
            after=self._place("after"),
            before=self._place("before"),
        )

    def _place(self, name: str) -> Place | None:
        said = self.request.GET.get(name, "")
        place = Place.read(said)
        if said and place is None:
            raise bad_cursor()
        return place

    # What the register's faces ask for.

    @cached_property
    def page(self) -> Any:
        return self.found

    @cached_property
    def order(self) -> tuple[str, ...]:
        return ()

    def all_rows(self) -> Iterable[Any]:
        rows: Iterator[Recording] = everything(person_in(self.request), self.filters, at=self.at)
        return islice(rows, sheets.MOST_ROWS)

    def count(self) -> int:
        """0 where nothing is counted: then no face refuses beforehand, and Excel ends at what a sheet holds."""
        return count(person_in(self.request), self.filters, at=self.at) or 0

    @property
    def before_link(self) -> str | None:
        page = self.found
        return self.link(before=str(page.places[0]), after=None) if page.before and page.places else None

    @property
    def after_link(self) -> str | None:
        page = self.found
        return self.link(after=str(page.places[-1]), before=None) if page.after and page.places else None

    @property
    def excel_link(self) -> str:
        return self.link(**{"as": "xlsx", "after": None, "before": None})

    @property
    def print_link(self) -> str:
        return self.link(**{"as": "print", "after": None, "before": None})

    @property
    def heads(self) -> list[dict[str, Any]]:
        return [self._head(column) for column in self.columns]

    def _head(self, column: Column) -> dict[str, Any]:
        up, down = _BY_COLUMN.get(column.key, (None, None))
        sort = self.filters.sort
        sorted_now = {up: "ascending", down: "descending"}.get(sort, "none") if up else "none"
        href = self.address(replace(self.filters, sort=up if sort is down else down)) if up and down else ""
        return {"column": column, "href": href, "sorted": sorted_now}

    @property
    def kept(self) -> list[tuple[str, str]]:
        """For the chooser of columns: everything but the columns and the place."""
        return [*self.filters.pairs(), *self._look(cols=False)]

    @property
    def filtered(self) -> bool:
        return self.filters.asks_anything

    # Addresses.

    def _look(self, *, cols: bool = True) -> list[tuple[str, str]]:
        """How the list looks, beside what is in it."""
        names = ("view", "cols") if cols else ("view",)
        return [(name, self.request.GET[name]) for name in names if self.request.GET.get(name)]

    def address(self, filters: Filters) -> str:
        pairs = [*filters.pairs(), *self._look()]
        return f"{self.request.path}?{urlencode(pairs)}" if pairs else self.request.path

    @property
    def query(self) -> str:
        """The search alone, as a selection of all of it is told."""
        return urlencode(self.filters.pairs())

    @property
    def view(self) -> str:
        return GRID if self.request.GET.get("view") == GRID else TABLE

    @property
    def table_link(self) -> str:
        return self.link(view=None)

    @property
    def grid_link(self) -> str:
        return self.link(view=GRID)

    @property
    def sorts(self) -> list[dict[str, Any]]:
        return [
            {"value": str(sort), "label": label, "chosen": sort is self.filters.sort} for sort, label in SORTS
        ]

    @property
    def for_search(self) -> list[tuple[str, str]]:
        """What the search box keeps when something else is typed."""
        return [pair for pair in [*self.filters.pairs(), *self._look()] if pair[0] != "q"]

    @property
    def for_sorting(self) -> list[tuple[str, str]]:
        return [pair for pair in [*self.filters.pairs(), *self._look()] if pair[0] != "sort"]

    @property
    def for_dates(self) -> list[tuple[str, str]]:
        return [pair for pair in [*self.filters.pairs(), *self._look()] if pair[0] not in ("from", "to")]

    # What was understood.

    @property
    def chips(self) -> list[Chip]:
        filters, terms = self.filters, self.found.terms
        chips = [Chip(term.in_words(), self.address(_without(filters, terms, term))) for term in terms]
        for name, values in filters.chosen.items():
            known = self._labels.get(name, {})
            for value in values:
                words = f"{LABELS[name]}：{known.get(value, value)}"
                chips.append(Chip(words, self.address(filters.toggled(name, value))))
        if filters.since or filters.until:
            words = f"拍摄日期：{filters.since or '最早'} 至 {filters.until or '最近'}"
            chips.append(Chip(words, self.address(filters.without_dates())))
        return chips

    @cached_property
    def _labels(self) -> dict[str, dict[str, str]]:
        counts = self.found.counts
        facets = counts.facets if counts else ()
        return {facet.name: {choice.value: choice.label for choice in facet.choices} for facet in facets}

    @property
    def notices(self) -> list[str]:
        unknown = [f"没有登记“{value}”（{LABELS[name]}），不会有结果。" for name, value in self.found.unknown]
        return [*self.found.notices, *unknown]

    @property
    def facets(self) -> list[dict[str, Any]]:
        """Counts with the list that each choice leads to; one that would choose nothing is not offered."""
        if self.found.counts is None:
            return []
        return [
            {
                "label": facet.label,
                "more": facet.more,
                "choices": [
                    {"choice": choice, "href": self.address(self.filters.toggled(facet.name, choice.value))}
                    for choice in facet.choices
                ],
            }
            for facet in self.found.counts.facets
            if facet.choices
        ]

    @property
    def total(self) -> int | None:
        return self.found.counts.total if self.found.counts else None

    @property
    def table(self) -> Iterator[tuple[Recording, list[Any]]]:
        return zip(self.found.rows, self.lines, strict=True)

    @property
    def cards(self) -> Iterator[dict[str, Any]]:
        rows = content_for(person_in(self.request), self.at)
        mine = set(rows.filter(pk__in=[row.pk for row in self.found.rows]).values_list("pk", flat=True))
        for row in self.found.rows:
            seen = row.pk in mine and made_for(row).get(Kind.THUMBNAIL)
            yield {
                "row": row,
                "icon": ICONS.get(row.kind, ICONS["other"]),
                "length": _length(row),
                "thumbnail": content_address(row.pk, Kind.THUMBNAIL) if seen else "",
            }


@dataclass
class Chosen(Listing):
    """The register of what was selected in a list."""

    register: Register = RECORDINGS
    rows: Any = ()
    selection: Selection = field(default_factory=Selection)

    def all_rows(self) -> Iterable[Any]:
        return islice(self.selection.rows(person_in(self.request), self.at), sheets.MOST_ROWS)

    def count(self) -> int:
        return self.selection.count(person_in(self.request), self.at) or 0


def _without(filters: Filters, terms: tuple[Term, ...], term: Term) -> Filters:
    return replace(filters, text=" ".join(one.text for one in terms if one is not term))
