"""Matching recordings to activities by device, holder and corrected time: proposals with reason and confidence.

- A proposal is never more than that: a person confirms it, or the unit's setting does.
- A candidate shares the device or the holder, and the time: the recording overlaps the activity, or lies within the
  slack before or after it (the way there and back). Time alone proposes nothing.
- Device and whole time: high. Holder alone, or a part of the time: medium. Only within the slack: low. A corrected time
  of low confidence takes a step off; two activities that fit alike leave both at low, and the result says so.
- Recordings that nothing fits and activities without recording are results of their own.
- n log n: activities stand sorted by start, key by key, under a tree of their latest ends, so that only those that
  meet a recording are looked at, and of those the `most` that began last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from ..findings import NOTE, SHOULD, Finding, found
from .offsets import Confidence

Ground = Literal["device", "holder"]
Why = Literal["no_time", "nobody_there", "no_activity_then", "declined"]

_WORDS = {
    "no_time": "音像没有可用的时间",
    "nobody_there": "没有一个执法活动用到这台设备或这名人员",
    "no_activity_then": "这台设备或这名人员当时没有执法活动",
    "declined": "时间相符的执法活动都已有人看过，不是",
}
_STEPS: tuple[Confidence, ...] = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """`start`/`end` corrected; equal for a photo. `device` and `holder` are keys, None where nobody knows."""

    id: str
    start: datetime | None
    end: datetime | None
    device: str | None = None
    holder: str | None = None
    confidence: Confidence = "high"


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """`end` None: still open. `devices` and `officers` are keys, as recordings have them."""

    id: str
    start: datetime
    end: datetime | None
    devices: frozenset[str] = frozenset()
    officers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Settings:
    """`slack` before arrival and after the end; `open_for`: how long an activity without an end is thought to last."""

    slack: timedelta = timedelta(minutes=30)
    open_for: timedelta = timedelta(hours=24)
    most: int = 8


@dataclass(frozen=True, slots=True)
class Proposal:
    """`inside`: the part of the recording within the activity, 0 to 1; `apart`: seconds outside it when it is 0."""

    recording: str
    activity: str
    grounds: tuple[Ground, ...]
    inside: float
    apart: float
    confidence: Confidence
    ambiguous: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Alone:
    """A recording that nothing fits."""

    recording: str
    why: Why
    finding: Finding


@dataclass(frozen=True, slots=True)
class Matches:
    """`proposals`: each recording's, the best first; `without_recording`: ids of activities that nothing was proposed to."""

    proposals: tuple[Proposal, ...]
    without_activity: tuple[Alone, ...]
    without_recording: tuple[str, ...]
    findings: tuple[Finding, ...]


def match(
    recordings: Sequence[RecordingFacts],
    activities: Sequence[ActivityFacts],
    settings: Settings | None = None,
    declined: Collection[tuple[str, str]] = frozenset(),
) -> Matches:
    """Proposals for every recording. Raises nothing: what cannot be placed in time stands among the alone.

    `declined`: (recording, activity) that somebody said no to; what is left over is judged without them.
    """
    settings = settings or Settings()
    by_device = _indexed(((key, one) for one in activities for key in one.devices), settings)
    by_holder = _indexed(((key, one) for one in activities for key in one.officers), settings)
    proposals: list[Proposal] = []
    alone: list[Alone] = []
    findings: list[Finding] = []
    for one in recordings:
        here = [by_device.get(one.device or ""), by_holder.get(one.holder or "")]
        fitting = _proposals(one, here, settings)
        own = _told_apart([fit for fit in fitting if (fit.recording, fit.activity) not in declined])
        if not own:
            why = _why_alone(one, any(here), bool(fitting))
            finding = found("recording_alone", SHOULD, reason=_WORDS[why], recording=one.id)
            alone.append(Alone(one.id, why, finding))
            continue
        alike = sum(proposal.ambiguous for proposal in own)
        if alike:
            findings.append(found("activity_ambiguous", NOTE, count=alike, recording=one.id))
        proposals.extend(own)
    met = {proposal.activity for proposal in proposals}
    empty = tuple(one.id for one in activities if one.id not in met)
    return Matches(tuple(proposals), tuple(alone), empty, tuple(findings))


def _why_alone(one: RecordingFacts, known: bool, fitted: bool) -> Why:
    if one.start is None:
        return "no_time"
    if fitted:
        return "declined"
    return "no_activity_then" if known else "nobody_there"


# -- candidates


class _Shelf:
    """The activities of one device or officer, by start, under a tree of their latest ends."""

    def __init__(self, activities: list[ActivityFacts], settings: Settings) -> None:
        self.activities = sorted(activities, key=lambda one: one.start)
        self.starts = [one.start - settings.slack for one in self.activities]
        ends = [_end(one, settings) + settings.slack for one in self.activities]
        self.size = 1 << max(0, (len(ends) - 1).bit_length())
        self.latest = [datetime.min.replace(tzinfo=ends[0].tzinfo)] * self.size * 2
        self.latest[self.size : self.size + len(ends)] = ends
        for node in range(self.size - 1, 0, -1):
            self.latest[node] = max(self.latest[2 * node], self.latest[2 * node + 1])

    def meeting(self, start: datetime, end: datetime, most: int) -> Iterator[ActivityFacts]:
        """Those that reach from `end` or before to `start` or after, the last begun first, at most `most`."""
        before = bisect_right(self.starts, end)
        stack, given = [(1, 0, self.size)], 0
        while stack and given < most:
            node, low, high = stack.pop()
            if low >= before or self.latest[node] < start:
                continue
            if high - low == 1:
                given += 1
                yield self.activities[low]
                continue
            middle = (low + high) // 2
            stack += [(2 * node, low, middle), (2 * node + 1, middle, high)]


def _indexed(pairs: Iterator[tuple[str, ActivityFacts]], settings: Settings) -> dict[str, _Shelf]:
    shelves: dict[str, list[ActivityFacts]] = {}
    for key, activity in pairs:
        shelves.setdefault(key, []).append(activity)
    return {key: _Shelf(activities, settings) for key, activities in shelves.items()}


def _end(activity: ActivityFacts, settings: Settings) -> datetime:
    return activity.end if activity.end is not None else activity.start + settings.open_for


# -- proposals


def _proposals(one: RecordingFacts, shelves: Sequence[_Shelf | None], settings: Settings) -> list[Proposal]:
    if one.start is None:
        return []
    start, end = one.start, max(one.end or one.start, one.start)
    candidates: dict[str, ActivityFacts] = {}
    grounds: dict[str, tuple[Ground, ...]] = {}
    names: tuple[Ground, ...] = ("device", "holder")
    for ground, shelf in zip(names, shelves, strict=True):
        for activity in shelf.meeting(start, end, settings.most) if shelf else ():
            candidates[activity.id] = activity
            grounds[activity.id] = (*grounds.get(activity.id, ()), ground)
    found_here = [
        _proposal(one, start, end, activity, grounds[activity.id], settings)
        for activity in candidates.values()
    ]
    found_here.sort(key=_rank)
    return found_here


def _proposal(
    one: RecordingFacts,
    start: datetime,
    end: datetime,
    activity: ActivityFacts,
    grounds: tuple[Ground, ...],
    settings: Settings,
) -> Proposal:
    until = _end(activity, settings)
    length = (end - start).total_seconds()
    common = (min(end, until) - max(start, activity.start)).total_seconds()
    whole = 1.0 if common >= 0 else 0.0
    inside = max(0.0, common) / length if length > 0 else whole
    apart = max(0.0, -common)
    step = (1 if "device" in grounds else 0) + (1 if inside >= 0.5 else 0) if inside > 0 else 0
    step -= {"high": 0, "medium": 0, "low": 1}[one.confidence]
    return Proposal(
        one.id,
        activity.id,
        grounds,
        inside,
        apart,
        _STEPS[max(0, step)],
        False,
        _reason(grounds, inside, apart),
    )


def _rank(one: Proposal) -> tuple[int, bool, int, float, float, str]:
    """The best first: surest, by device, by both, longest inside, nearest. The name last, so that order is fixed."""
    sure = _STEPS.index(one.confidence)
    return (
        -sure,
        "device" not in one.grounds,
        -len(one.grounds),
        -round(one.inside, 3),
        one.apart,
        one.activity,
    )


def _told_apart(proposals: list[Proposal]) -> list[Proposal]:
    """Those that fit as well as the best, if there are two, are all left to a person."""
    if len(proposals) < 2 or _rank(proposals[0])[:-1] != _rank(proposals[1])[:-1]:
        return proposals
    best = _rank(proposals[0])[:-1]
    return [
        replace(one, confidence="low", ambiguous=True) if _rank(one)[:-1] == best else one
        for one in proposals
    ]


def _reason(grounds: tuple[Ground, ...], inside: float, apart: float) -> str:
    who = {"device": "设备相同", "holder": "使用人相同"}
    if inside >= 1:
        when = "时间全部在活动之内"
    elif inside > 0:
        when = f"时间有 {inside:.0%} 在活动之内"
    else:
        when = f"时间与活动相隔 {apart / 60:.0f} 分钟"
    return "，".join([*(who[ground] for ground in grounds), when])
