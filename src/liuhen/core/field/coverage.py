"""Coverage: the recorded time of an activity, of all its devices together, against the span the pack names.

- The span runs from arrival to the end that the text names (BF 8: departure). Where the text says "whole" and names
  no moment (AK1 4, PY 8), arrival and the end of the activity stand in, and the result says so.
- Recorded is what at least one device recorded. What is left of the span is a late start, an early stop or a hole.
  A stretch up to the tolerance is none (arrival is told by the minute), nor is one that the times themselves cannot
  tell from a normal split (a file name has whole seconds); neither counts as recorded.
- How a hole closes is the pack's: a spoken reason at the resumption and, where it did not go on, a report at once and
  a statement (JJ 10, SF 11, PY 9); a reviewed work record after every stop (BF 12); anywhere a not-recorded report
  on a ground of the pack. What is only half there leaves it open, and says what is missing.
- Severity: MUST where the matter is a must in the pack; a NOTE where it is not; SHOULD where nobody said which
  matter it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..findings import MUST, NOTE, SHOULD, Finding, Severity, found
from ..intervals import clip, minus, union
from ..rules.pack import Pack
from .closing import LACKING, Explained, Hole, HoleKind, close

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stretch of a recording, in corrected time: `recording` and `device` are whatever identifies them;
    `resolution` is the step of the clock that told the times."""

    start: datetime
    end: datetime
    recording: str = ""
    device: str = ""
    resolution: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Span:
    """What ought to be recorded. `named`: the text itself names both moments; `article`: where it does."""

    start: datetime | None
    end: datetime | None
    named: bool
    article: str | None


@dataclass(frozen=True, slots=True)
class Tolerances:
    """In seconds: site settings. `hole`: what is no hole; `edge`: what is no late start and no early stop."""

    hole: float = 0.04
    edge: float = 60.0


@dataclass(frozen=True, slots=True)
class Coverage:
    """`covered` and `holes` lie in the span, in order. `seconds` covered, `of_seconds` of the span."""

    span: Span
    covered: tuple[Stretch, ...]
    holes: tuple[Hole, ...]
    seconds: float
    of_seconds: float
    findings: tuple[Finding, ...]

    @property
    def share(self) -> float | None:
        """Covered part of the span, 0 to 1; None without a span."""
        return self.seconds / self.of_seconds if self.of_seconds else None


def span_of(
    pack: Pack, arrived_at: datetime | None, ended_at: datetime | None, left_at: datetime | None
) -> Span:
    """The span the pack asks for. The start and end are None where the activity does not tell them."""
    rule = pack.full_span
    named = rule is not None and rule.start is not None and rule.end is not None
    ends = {"ended_at": ended_at, "left_at": left_at}
    end = ends[rule.end] if rule is not None and rule.end is not None else ended_at or left_at
    return Span(arrived_at, end, named, rule.article if rule else None)


def severity_of(pack: Pack, matter: str | None) -> Severity:
    """How grave it is when something of a matter is not recorded. A matter that nobody lists is a note."""
    if matter is None:
        return SHOULD
    duty = next((one.duty for one in pack.matters if one.code == matter), None)
    return MUST if duty == "must" else NOTE


def judge_coverage(
    pack: Pack,
    span: Span,
    recorded: Iterable[Recorded],
    *,
    matter: str | None,
    explained: Sequence[Explained] = (),
    tolerances: Tolerances | None = None,
) -> Coverage:
    """Coverage of one activity. n log n in the stretches.

    A span without start or end, or one that ends before it starts, is not judged: a finding says what is missing.
    """
    if span.start is None or span.end is None or span.end <= span.start:
        return Coverage(span, (), (), 0.0, 0.0, (_unknown(span),))
    bounds, recorded = (span.start, span.end), list(recorded)
    covered = clip(union((one.start, one.end) for one in recorded), *bounds)
    holes = tuple(
        close(pack, hole, explained)
        for hole in _holes(covered, bounds, tolerances or Tolerances(), _blur(recorded))
    )
    severity = severity_of(pack, matter)
    return Coverage(
        span,
        tuple(covered),
        holes,
        _total(covered),
        (span.end - span.start).total_seconds(),
        tuple(_finding(pack, span, hole, severity) for hole in holes if not hole.closed),
    )


def coverage_by_device(recorded: Iterable[Recorded]) -> dict[str, list[Stretch]]:
    """Each device's own recorded time, merged: the lanes of a timeline."""
    lanes: dict[str, list[Stretch]] = {}
    for one in recorded:
        lanes.setdefault(one.device, []).append((one.start, one.end))
    return {device: union(stretches) for device, stretches in sorted(lanes.items())}


def pieces_in_time(start: datetime, pieces: Iterable[tuple[float, float]]) -> list[Stretch]:
    """A file's pieces (seconds from its start, FileContinuity.pieces) as moments."""
    return [(start + timedelta(seconds=one), start + timedelta(seconds=two)) for one, two in pieces]


def _blur(recorded: Iterable[Recorded]) -> dict[datetime, float]:
    """Seconds that the times beginning or ending at a moment cannot tell apart, where there are any. Between the pieces of
    one recording its own packets tell the time: only where it begins and where it ends is the clock's step in doubt."""
    blur: dict[datetime, float] = {}
    for step, moments in _outer(recorded):
        for moment in moments:
            blur[moment] = max(blur.get(moment, 0.0), step)
    return blur


def _outer(recorded: Iterable[Recorded]) -> Iterable[tuple[float, Stretch]]:
    """The clock's step, and the first and the last moment, of each recording told by it."""
    whole: dict[str, tuple[float, Stretch]] = {}
    for number, one in enumerate(recorded):
        if one.resolution:
            key = one.recording or f"#{number}"
            _, (start, end) = whole.get(key, (0.0, (one.start, one.end)))
            bounds = min(start, one.start), max(end, one.end)
            whole[key] = one.resolution.total_seconds(), bounds
    return whole.values()


def _holes(
    covered: Sequence[Stretch], bounds: Stretch, tolerances: Tolerances, blur: dict[datetime, float]
) -> Iterable[Hole]:
    whole = not covered
    for start, end in minus([bounds], covered):
        kind: HoleKind = "nothing_recorded" if whole else "hole"
        if not whole and start == bounds[0]:
            kind = "late_start"
        elif not whole and end == bounds[1]:
            kind = "early_stop"
        at_edge = kind in ("late_start", "early_stop")
        seconds = (end - start).total_seconds()
        least = tolerances.edge if at_edge else tolerances.hole
        if seconds > least + max(blur.get(start, 0.0), blur.get(end, 0.0)):
            yield Hole(kind, start, end, seconds)


def _finding(pack: Pack, span: Span, hole: Hole, severity: Severity) -> Finding:
    stop = pack.interruption.article if pack.interruption else None
    return found(
        hole.kind,
        severity,
        article=(stop or span.article) if hole.kind == "hole" else span.article,
        start=hole.start,
        end=hole.end,
        seconds=hole.seconds,
        missing=hole.missing,
        lacking="、".join(LACKING[one] for one in hole.missing),
    )


def _unknown(span: Span) -> Finding:
    if span.start is not None and span.end is not None:
        return found("span_unknown", SHOULD, article=span.article, what="正确的起止时间（结束早于到场）")
    what = "到达现场的时间" if span.start is None else "结束的时间"
    return found("span_unknown", NOTE, article=span.article, what=what)


def _total(stretches: Iterable[Stretch]) -> float:
    return sum(((end - start).total_seconds() for start, end in stretches), 0.0)
