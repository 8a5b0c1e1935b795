"""Where an activity is judged: what its recordings, marks, documents and reports admit, by the regulation of its day.

- Judged when it is asked for, from what is known; nothing is stored but what a person closed, so nothing falls behind.
- A finding goes away when what it lacks is there, or stays and is closed by a named act with a reason; nothing deletes it.
- Severity is the regulation's: MUST, SHOULD, NOTE (core.findings).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from liuhen.base import site
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.core.canonical import canonical
from liuhen.core.field.closing import NEAR, Explained
from liuhen.core.field.coverage import (
    Coverage,
    Recorded,
    Tolerances,
    coverage_by_device,
    judge_coverage,
    span_of,
)
from liuhen.core.field.marks import Mark as Marked
from liuhen.core.field.marks import judge_marks, spoken_reasons
from liuhen.core.field.time_agreement import DocumentTimes, Row, time_agreement
from liuhen.core.findings import MUST, NOTE, SHOULD, Finding, found
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES
from liuhen.stages.equipment.selectors import carried_unissued

from .facts import pack_of
from .models import Activity, Mark, Match, Placed, Report, Settled
from .placing import place_these, recorded
from .reporting import demanded
from .reviewers import reviewer_of
from .selectors import carrying, documents_of

_WORDS = frozenset({"document", "name", "trace", "rule", "lacking"})
_STANDING = (Report.State.MADE, Report.State.REVIEWED)


@dataclass(frozen=True)
class Found:
    """One finding of the activity. `key` names it; `settled`: by whom and why it was closed, None while it is open."""

    key: str
    finding: Finding
    settled: Settled | None = None

    @property
    def open(self) -> bool:
        return self.settled is None and self.finding.severity != NOTE


@dataclass(frozen=True)
class Judged:
    """An activity as it stands. `table`: 《时间一致性核对表》; `lanes`: recorded stretches, device by device."""

    activity: Activity
    pack: Pack | None
    coverage: Coverage | None
    recorded: tuple[Recorded, ...]
    lanes: dict[str, Any]
    table: tuple[Row, ...]
    findings: tuple[Found, ...]

    @property
    def open(self) -> tuple[Found, ...]:
        return tuple(one for one in self.findings if one.open)

    @property
    def must(self) -> int:
        return sum(one.open and one.finding.severity == MUST for one in self.findings)


def judge(activity: Activity) -> Judged:
    """Everything that can be said of it now. Without a regulation only what needs none is judged."""
    pack = pack_of(activity)
    rows = placed_of(activity)
    stretches = recorded(rows)
    marks = _marks(activity)
    findings = [*_of_itself(activity, pack), *_unplaced(rows), *_admitted(rows)]
    coverage: Coverage | None = None
    table: list[Row] = []
    if pack is not None:
        coverage = _coverage(activity, pack, stretches, marks)
        table = _table(activity, pack, stretches)
        findings += [*coverage.findings, *(finding for row in table for finding in row.findings)]
        findings += _marked(activity, pack, marks, stretches)
        findings += _photographs(activity, pack)
    settled = {one.key: one for one in activity.settled.filter(state=Settled.State.SETTLED)}
    told = tuple(Found(key, one, settled.get(key)) for key, one in keyed(findings))
    lanes = coverage_by_device(stretches)
    return Judged(activity, pack, coverage, tuple(stretches), lanes, tuple(table), told)


def keyed(findings: Iterable[Finding]) -> Iterator[tuple[str, Finding]]:
    """Each finding with its name: the same facts have the same name, other figures another one.

    The name stands in the ledger where the finding is closed: no words are made into it.
    """
    seen: dict[str, int] = {}
    for one in findings:
        params = {key: str(value) for key, value in one.params.items() if key not in _WORDS}
        told = canonical({"code": one.code, "params": params})
        name = f"{one.code}:{hashlib.sha256(told).hexdigest()[:16]}"
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name}:{seen[name]}"), one


def placed_of(activity: Activity) -> list[Placed]:
    """Where its recordings lie; those that nobody placed yet are placed now."""
    matched = Match.objects.filter(activity=activity, state=Match.State.MATCHED).values("recording")
    left = Recording.objects.filter(pk__in=matched, placed__isnull=True).select_related("device")
    place_these(list(left))
    rows = Placed.objects.filter(recording__in=matched).select_related("recording__device")
    return list(rows.order_by("start", "recording__position"))


# -- what is judged


def _coverage(activity: Activity, pack: Pack, stretches: list[Recorded], marks: list[Marked]) -> Coverage:
    setting = site.current()
    span = span_of(pack, activity.arrived_at, activity.ended_at, activity.left_at)
    return judge_coverage(
        pack,
        span,
        stretches,
        matter=activity.matter or None,
        explained=[*_explained(activity), *spoken_reasons(marks)],
        tolerances=Tolerances(setting.split_seconds, setting.edge_seconds),
    )


def _explained(activity: Activity) -> Iterator[Explained]:
    for report in activity.reports.filter(state__in=_STANDING):
        yield Explained(
            report.kind,  # type: ignore[arg-type]
            report.start,
            report.end,
            report.code,
            report.state == Report.State.REVIEWED,
        )


def _marks(activity: Activity) -> list[Marked]:
    rows = activity.marks.filter(state=Mark.State.MADE, at__isnull=False).select_related("recording")
    return [Marked(one.code, one.at, one.recording.number if one.recording else "") for one in rows if one.at]


def _marked(activity: Activity, pack: Pack, marks: list[Marked], stretches: list[Recorded]) -> list[Finding]:
    return judge_marks(
        pack,
        marks,
        [(one.start, one.end) for one in stretches],
        matter=activity.matter or None,
        happened=activity.happened,
        at_the_start=timedelta(minutes=site.current().notice_minutes),
    )


def _table(activity: Activity, pack: Pack, stretches: list[Recorded]) -> list[Row]:
    papers = [
        DocumentTimes(str(one), one.started_at, one.ended_at, one.on_site, str(one.pk))
        for one in documents_of(activity)
    ]
    spans = [(one.start, one.end) for one in stretches]
    return time_agreement(pack, papers, spans, tolerance=site.current().document_seconds)


def _of_itself(activity: Activity, pack: Pack | None) -> Iterator[Finding]:
    if activity.participants.count() < 2:
        yield found("one_officer", MUST)
    if not activity.carried.exists() and activity.arrived_at and not _unrecorded(activity):
        yield found("no_device", SHOULD)
    yield from _unissued(activity)
    for serial, others in carrying(activity).items():
        for other in others:
            yield found("device_twice", SHOULD, device=serial, other=other.number)
    if (
        pack
        and pack.matters
        and activity.matter
        and activity.matter not in {one.code for one in pack.matters}
    ):
        yield found("matter_unlisted", NOTE, matter=NAMES.get(activity.matter, activity.matter))
    yield from _documents(activity)
    yield from _reports(activity, pack)


def _unissued(activity: Activity) -> Iterator[Finding]:
    """Devices carried by somebody who had not signed for them."""
    start = activity.arrived_at
    if start is None:
        return
    end = activity.left_at or activity.ended_at or start
    for one in activity.carried.select_related("device__agency", "officer"):
        finding = carried_unissued(one.device, one.officer, start, end)
        if finding is not None:
            yield finding


def _unrecorded(activity: Activity) -> bool:
    return activity.reports.filter(kind=Report.Kind.UNRECORDED, state__in=_STANDING).exists()


def _documents(activity: Activity) -> Iterator[Finding]:
    """On-site documents outside the activity: warned, as officers write times by the minute."""
    start, end = activity.arrived_at, activity.left_at or activity.ended_at
    for one in documents_of(activity):
        if not one.on_site or start is None or one.started_at is None:
            continue
        until = one.ended_at or one.started_at
        if one.started_at < start - NEAR or (end is not None and until > end + NEAR):
            yield found(
                "document_outside",
                SHOULD,
                document=str(one),
                document_id=str(one.pk),
                start=one.started_at,
                end=until,
            )


def _reports(activity: Activity, pack: Pack | None) -> Iterator[Finding]:
    for one in activity.reports.filter(state__in=_STANDING, grounds=""):
        if demanded(pack, one.kind).names_basis:
            said = f"{one.get_kind_display()} {one.number}"
            yield found("report_without_basis", SHOULD, article=one.article or None, report=said)
    for one in activity.reports.filter(state=Report.State.MADE):
        who = (pack.who(one.to) if pack and one.to else None) or reviewer_of(one).label  # type: ignore[arg-type]
        said = f"{one.get_kind_display()} {one.number}"
        article = one.article or None
        yield found("report_waiting", SHOULD, article=article, report=said, who=who)
        if one.listed is False:
            ground = NAMES.get(one.code, one.code)
            yield found("ground_unlisted", SHOULD, article=article, report=said, ground=ground)


def _unplaced(rows: Iterable[Placed]) -> Iterator[Finding]:
    for row in rows:
        if row.start is None:
            yield found("time_unplaced", SHOULD, recording=row.recording.number)


# What coverage tells already, with its article and what closes it.
_AS_HOLES = frozenset({"interrupted", "pause", "untimed"})


def _admitted(rows: Iterable[Placed]) -> Iterator[Finding]:
    """What the files and their places among their neighbours admit: cut, missing, foreign, a clock that is wrong."""
    for row in rows:
        number = row.recording.number
        for told in row.findings:
            if told["code"] not in _AS_HOLES:
                text = told["text"] if number in told["text"] else f"{number}：{told['text']}"
                params = {**told["params"], "recording": number}
                yield Finding(told["code"], told["severity"], text, told["remedy"], params, told["article"])


def _photographs(activity: Activity, pack: Pack) -> Iterator[Finding]:
    """Where the text asks for photographs beside the film (BF 11): are there any?"""
    rule = next((one for one in pack.span if one.code == "photographs"), None)
    if rule is None or not (activity.ended_at or activity.left_at):
        return
    matched = Match.objects.filter(activity=activity, state=Match.State.MATCHED)
    if matched.exists() and not matched.filter(recording__kind=Recording.Kind.PHOTO).exists():
        yield found("photographs_missing", SHOULD, article=rule.article)


def find(activity: Activity, key: str) -> Found | None:
    return next((one for one in judge(activity).findings if one.key == key), None)


def as_seen(judged: Judged, person: Account, at: datetime) -> Judged:
    """For somebody who may not see every recording: what their findings say of the others is that there is something."""
    matched = Match.objects.filter(activity=judged.activity, state=Match.State.MATCHED).values("recording")
    seen = visible_to(person, at).filter(pk__in=matched).values("pk")
    rows = Recording.objects.filter(pk__in=matched).exclude(pk__in=seen)
    hidden = list(rows.values_list("number", flat=True))
    if not hidden:
        return judged
    veiled = [one for one in judged.findings if _tells_of(one, hidden)]
    told = [one for one in judged.findings if one not in veiled]
    return replace(judged, findings=(*told, *_veil([one for one in veiled if one.open])))


def _tells_of(one: Found, hidden: list[str]) -> bool:
    said = f"{one.finding.text} {one.finding.params}"
    return any(number in said for number in hidden)


def _veil(open_ones: list[Found]) -> Iterator[Found]:
    """All of them in one sentence: how many there are, and whom to ask. Under the gravest one's key."""
    if not open_ones:
        return
    gravest = min(open_ones, key=lambda one: (MUST, SHOULD).index(one.finding.severity))
    yield replace(gravest, finding=found("not_yours_to_see", gravest.finding.severity, count=len(open_ones)))
