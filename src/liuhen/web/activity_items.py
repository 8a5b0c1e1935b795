"""What stands on the timeline of an activity, item by item, in words and times; the drawing and the table are made of it.

- A recording that the person may not see stands there as a stretch of time without a number: coverage counts all.
- Times are corrected ones, each with how it was corrected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from liuhen.base import clock
from liuhen.base.basis import SYSTEM, article_in_words
from liuhen.base.recordings.models import Recording
from liuhen.core.field.closing import LACKING, Hole
from liuhen.core.findings import length_in_words
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES
from liuhen.stages.fieldwork.checks import Judged
from liuhen.stages.fieldwork.models import Activity, Mark, Placed, Report, Stop
from liuhen.stages.fieldwork.selectors import documents_of
from liuhen.stages.fieldwork.words import mark_in_words

from .clock_words import of_placed

HOLES = {
    "late_start": "晚开始",
    "early_stop": "早停止",
    "hole": "中断",
    "nothing_recorded": "全程没有记录",
}
CLOSED_BY = LACKING | {"unrecorded_report": "未记录工作记录"}
MOMENTS = (
    ("arrived_at", "到达"),
    ("ended_at", "结束"),
    ("left_at", "离开"),
    ("returned_at", "返回"),
)
_STANDING = (Report.State.MADE, Report.State.REVIEWED, Report.State.RETURNED)


@dataclass(frozen=True)
class Item:
    """One thing on the timeline. `key`: its place in the page; `kind`: how it is drawn; `short`: what its block says;
    `play`: the recording it opens; `parts`: what of it was recorded, in seconds after its start."""

    key: str
    lane: str
    name: str
    start: datetime | None
    end: datetime | None = None
    note: str = ""
    kind: str = ""
    short: str = ""
    href: str = ""
    play: str = ""
    parts: tuple[tuple[float, float], ...] = ()

    @property
    def seconds(self) -> float | None:
        return (self.end - self.start).total_seconds() if self.start and self.end else None

    @property
    def length(self) -> str:
        return length_in_words(self.seconds) if self.seconds else ""

    @property
    def sentence(self) -> str:
        """For whoever cannot see the drawing, and for the pointer."""
        when = "没有可用的时间" if self.start is None else clock.local(self.start)
        until = f" 至 {clock.local(self.end)}，长 {self.length}" if self.end and self.length else ""
        return f"{self.lane}　{self.name}：{when}{until}{f'。{self.note}' if self.note else ''}"


def moments_of(activity: Activity) -> list[Item]:
    """Arrival, end, departure, return, as far as they are told."""
    told = [(name, words, getattr(activity, name)) for name, words in MOMENTS]
    return [
        Item(f"moment-{name}", "活动", words, moment, kind="moment", short=words)
        for name, words, moment in told
        if moment
    ]


# -- devices


def recordings_in(rows: Iterable[Placed], seen: frozenset[UUID]) -> list[Item]:
    return [_recording(row, row.recording_id in seen, number) for number, row in enumerate(rows, start=1)]


def _recording(row: Placed, seen: bool, number: int) -> Item:
    record = row.recording
    kind = {Recording.Kind.PHOTO: "photo", Recording.Kind.AUDIO: "audio"}.get(record.kind, "film")  # type: ignore[call-overload]
    lane = record.device.serial if record.device else "未登记设备"
    photo = kind == "photo"
    parts = tuple((float(one), float(two)) for one, two in row.pieces)
    end = None if photo else row.end
    if not seen:
        return Item(
            f"unseen-{number}",
            lane,
            f"另一条{record.get_kind_display()}",
            row.start,
            end,
            "您无权查看，只计入已记录的时段",
            "photo" if photo else "unseen",
            "无权查看",
            parts=parts,
        )
    return Item(
        f"recording-{record.pk}",
        lane,
        f"{record.get_kind_display()} {record.number}",
        row.start,
        end,
        method_of(row),
        kind,
        record.number.rpartition("-")[2],
        reverse("recording", args=[record.number]),
        "" if photo or row.start is None else str(record.pk),
        parts,
    )


def method_of(row: Placed) -> str:
    """How its time came about."""
    return of_placed(row) if row.start else "没有可用的时间，未画入时间轴"


# -- papers


def documents_in(activity: Activity) -> list[Item]:
    return [
        Item(
            f"document-{one.pk}",
            "文书",
            str(one),
            one.started_at,
            one.ended_at,
            ("现场制作" if one.on_site else "非现场制作") + ("，有扫描件" if one.scan_id else ""),
            "document" if one.on_site else "document-off",
            str(one),
        )
        for one in documents_of(activity)
    ]


# -- marks


def marks_in(activity: Activity, pack: Pack | None, seen: Collection[UUID]) -> list[Item]:
    """Marks of the field, and those made at recordings that the person may see."""
    rows = activity.marks.filter(state=Mark.State.MADE).select_related("made_by", "recording")
    rows = rows.filter(Q(recording__isnull=True) | Q(recording__in=seen))
    return [_mark(one, number, pack) for number, one in enumerate(rows, start=1)]


def _mark(one: Mark, number: int, pack: Pack | None) -> Item:
    label = mark_in_words(pack, one.code)
    said = [f"{one.made_by.name} {one.get_origin_display()}标记"]
    said += [f"“{one.note}”"] if one.note else []
    return Item(
        f"mark-{one.pk}", f"标记 {number}", label, one.at, note="，".join(said), kind="mark", short=label
    )


# -- what is missing, and what was said of it


def holes_in(judged: Judged) -> list[Item]:
    coverage, pack = judged.coverage, judged.pack
    if coverage is None or pack is None:
        return []
    return [_hole(one, number) for number, one in enumerate(coverage.holes, start=1)]


def _hole(one: Hole, number: int) -> Item:
    words = HOLES[one.kind]
    by = "、".join(CLOSED_BY[code] for code in one.closed_by)
    note = f"已说明：{by}" if one.closed else f"尚缺{'、'.join(LACKING[code] for code in one.missing)}"
    kind = "hole-closed" if one.closed else "hole"
    return Item(f"hole-{number}", "空缺", words, one.start, one.end, note, kind, words)


def stops_in(activity: Activity) -> list[Item]:
    return [_stop(one) for one in activity.stops.all()]


def _stop(one: Stop) -> Item:
    cause = NAMES.get(one.cause, one.cause)
    note = "" if one.resumed_at else "没有恢复"
    return Item(
        f"stop-{one.pk}",
        "登记的中断",
        cause,
        one.at,
        one.resumed_at,
        "；".join(filter(None, (one.text, note))),
        "stop",
        cause,
    )


def reports_in(activity: Activity) -> list[Item]:
    rows = activity.reports.filter(state__in=_STANDING).select_related("made_by")
    return [
        Item(
            f"report-{one.pk}",
            "报告",
            f"{one.get_kind_display()} {one.number}",
            one.made_at,
            note=f"{one.made_by.name}提交，{one.get_state_display()}",
            kind="report",
            short=one.get_kind_display(),
        )
        for one in rows
    ]


def span_in(judged: Judged) -> Item | None:
    """What ought to be recorded, by which article."""
    coverage = judged.coverage
    if coverage is None or not coverage.span.start or not coverage.span.end or not coverage.of_seconds:
        return None
    basis = basis_of(judged.pack, coverage.span.article)
    named = "" if coverage.span.named else "条文只说全过程，按到达和结束时间计；"
    words = f"应当记录 {length_in_words(coverage.of_seconds)}"
    return Item(
        "span",
        "应当记录",
        words,
        coverage.span.start,
        coverage.span.end,
        f"{named}依据{basis}",
        "span",
        f"{words}　{basis}",
    )


def basis_of(pack: Pack | None, article: str | None) -> str:
    return article_in_words(pack.id, article) if pack and article else SYSTEM


def in_order(items: Iterable[Item]) -> list[Item]:
    """By time; what has none comes last."""
    far = clock.now() + timedelta(days=36500)
    return sorted(items, key=lambda one: (one.start or far, one.end or one.start or far))


def stretches_of(items: Iterable[Item]) -> Iterator[Any]:
    for one in items:
        if one.start:
            yield one.start, one.end or one.start
