"""The register of recordings: what the box and the facets choose, as table or pictures, on screen, in Excel, on A4.

- The address carries everything: what is typed and chosen, the order, the place, the columns, the face.
- What may be seen, found and counted is base.recordings.lists' to say; here it is only shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from liuhen.base import clock
from liuhen.base.basis import CLASSIFY
from liuhen.base.recordings import acts
from liuhen.base.recordings.lists.filters import Filters
from liuhen.base.recordings.lists.page import Place
from liuhen.base.recordings.lists.search import Page, count, everything, find
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.serving import Kind, made_for
from liuhen.doors.paging import Page as Rows
from liuhen.doors.paging import bad_cursor
from liuhen.prints import words

from .acting import only
from .contents import content_address
from .people_in import person_in
from .registers import Column, Listing, Nothing, Register

_GRID = "grid"
_ICONS = {"video": "camera-video", "audio": "mic", "photo": "image", "other": "file-earmark-text"}


def _address(row: Recording) -> str:
    return reverse("recording", args=[row.number])


def _length(row: Recording) -> str | None:
    return None if row.duration_ms is None else words.span(row.duration_ms / 1000)


RECORDINGS = Register(
    name="recordings",
    title="执法音像记录",
    columns=(
        Column("number", "编号", lambda row: row.number, width=11, href=_address),
        Column("kind", "种类", lambda row: row.get_kind_display(), width=3),
        Column("taken", "拍摄时间", lambda row: row.taken_at, width=10, sort="taken"),
        Column("length", "时长", _length, width=6, align="end"),
        Column("size", "大小", lambda row: words.size(row.bytes), width=5, align="end"),
        Column("device", "设备", lambda row: row.device and row.device.serial, width=6),
        Column("officer", "执法人员", lambda row: row.holder and row.holder.name, width=5),
        Column("unit", "科室", lambda row: row.unit and row.unit.name, width=8),
        Column(
            "state", "状态", lambda row: row.get_state_display(), width=4, state=lambda row: str(row.state)
        ),
        Column("name", "卡上文件名", lambda row: row.name, width=14, shown=False),
        Column("stored", "入库时间", lambda row: row.stored_at, width=10, sort="stored", shown=False),
        Column("sha256", "SHA-256", lambda row: row.sha256, width=32, shown=False),
        Column("sm3", "SM3", lambda row: row.sm3, width=32, shown=False),
    ),
    nothing=Nothing("还没有音像记录", "请先采集一张存储卡，或从电脑上传文件。", "/ingest/", "去采集"),
    order=("-taken_at",),
)


@dataclass
class Found(Listing):
    """The register as base.recordings.lists finds it."""

    filters: Filters = Filters()  # noqa: RUF009 - frozen

    @cached_property
    def found(self) -> Page:
        after, before = self._place()
        return find(
            person_in(self.request), self.filters, at=self.at, after=after, before=before, counted=True
        )

    def _place(self) -> tuple[Place | None, Place | None]:
        said = self.request.GET.get("cursor", "")
        place = Place.read(said[1:]) if said else None
        if said and (place is None or said[0] not in "ab"):
            raise bad_cursor()
        return (place, None) if said.startswith("a") else (None, place)

    @cached_property
    def page(self) -> Rows:
        found = self.found
        return Rows(
            list(found.rows),
            f"b{found.places[0]}" if found.before and found.places else None,
            f"a{found.places[-1]}" if found.after and found.places else None,
        )

    def all_rows(self) -> Iterable[Any]:
        return everything(person_in(self.request), self.filters, at=self.at)

    def count(self) -> int:
        told = count(person_in(self.request), self.filters, at=self.at)
        return sum(1 for _ in self.all_rows()) if told is None else told

    @property
    def filtered(self) -> bool:
        return self.filters.asks_anything

    def address(self, filters: Filters) -> str:
        """The same list with other filters, from its first page on."""
        kept = [(key, self.request.GET[key]) for key in ("cols", "view") if key in self.request.GET]
        query = urlencode([*filters.pairs(), *kept])
        return f"{self.request.path}?{query}" if query else self.request.path

    @property
    def facets(self) -> list[dict[str, Any]]:
        """Each facet with its choices and where choosing leads; those with nothing to choose are left out."""
        counts = self.found.counts
        return [
            {
                "label": facet.label,
                "more": facet.more,
                "open": any(choice.chosen for choice in facet.choices) or len(facet.choices) > 1,
                "choices": [
                    {"choice": choice, "href": self.address(self.filters.toggled(facet.name, choice.value))}
                    for choice in facet.choices
                ],
            }
            for facet in (counts.facets if counts else ())
            if facet.choices
        ]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the search form keeps: everything but what is typed in it."""
        kept = [pair for pair in self.filters.pairs() if pair[0] not in ("q", "from", "to")]
        return kept + [(key, self.request.GET[key]) for key in ("cols", "view") if key in self.request.GET]


@require_GET
def register(request: HttpRequest) -> HttpResponseBase:
    """Whoever can have no recording in any agency finds no such page."""
    only(request, acts.BROWSE)
    listing = Found(request, RECORDINGS, (), filters=Filters.read(dict(request.GET.lists())))
    face = request.GET.get("as", "")
    if face == "xlsx":
        from .sheets import workbook

        return workbook(listing)
    if face == "print":
        from .printed import printed

        return printed(listing)
    grid = request.GET.get("view") == _GRID
    context = {
        "listing": listing,
        "found": listing.found,
        "total": listing.found.counts.total if listing.found.counts else None,
        "grid": grid,
        "pictures": [_picture(row) for row in listing.page.rows] if grid else [],
        "table_link": listing.link(view=None),
        "grid_link": listing.link(view=_GRID),
        "to_assign_link": listing.address(Filters(chosen={"state": (str(Recording.State.TO_ASSIGN),)})),
        "waits": listing.filters.chosen.get("state") == (str(Recording.State.TO_ASSIGN),),
        "basis": CLASSIFY.cite(person_in(request).agency.pack),
    }
    return render(request, "recordings/register.html", context)


def _picture(row: Recording) -> dict[str, Any]:
    """A thumbnail where one has been made, else what kind it is."""
    there = made_for(row).get(Kind.THUMBNAIL)
    return {
        "row": row,
        "href": _address(row),
        "src": content_address(row.pk, Kind.THUMBNAIL) if there else "",
        "icon": _ICONS[row.kind],
        "taken": clock.local(row.taken_at) if row.taken_at else "拍摄时间不明",
        "length": _length(row) or "",
    }
