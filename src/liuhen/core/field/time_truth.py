"""Time truth of one recording: every time anybody told, side by side, and the corrected time with method and confidence.

- Nothing is chosen silently and nothing overwritten: each claim keeps its raw text, its field, its zone and its
  resolution (a file name tells whole seconds, FAT steps of two); the corrected time stands beside them.
- Of one recording, the claims about its start: file name, then container. The file system tells the last write, so its
  end. A container time that fits the end and not the start is an end (recorders differ in when they write it).
- A reading at the dock or at the check before use beats satellite fixes; fixes of the device's series beat one alone.
- The device's own claims come from one clock: they prove no drift, but whole hours between them are a zone written
  wrong (the header's UTC is local time, against the name or the file system).
- A time later than the moment the file was taken in is impossible: the clock is fast by at least that much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ..cards.names import NameFacts
from ..findings import NOTE, SHOULD, Finding, found
from ..media.contract import Probe
from ..media.times import ASSUMED_ZONE, LOCAL_ASSUMED
from .offsets import Confidence, Fix, Limits, Offset, offset_by_readings, offset_of, whole_hours

Source = Literal["file_name", "container", "gps", "file_system", "dock"]
Anchor = Literal["start", "end", "taken_in"]
Method = Literal["dock_reading", "gps_series", "gps_single", "zone_shift", "as_said", "unknown"]

SOURCES = {
    "file_name": "文件名",
    "container": "文件头",
    "gps": "卫星",
    "file_system": "文件系统",
    "dock": "采集时",
}
_ORDER: tuple[Source, ...] = ("file_name", "container")
# What a header says of when it was made; other times there (modification, a program's own date) are no claims.
_MADE = ("com.apple.quicktime.creationdate", "mvhd.creation_time", "IDIT", "EXIF DateTimeOriginal", "ICRD")


@dataclass(frozen=True, slots=True)
class Claim:
    """One time that was told of a recording. `moment` is aware, or None where the raw text is not to be believed."""

    source: Source
    field: str
    raw: str
    zone: str
    moment: datetime | None
    anchor: Anchor = "start"
    resolution: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TimeTruth:
    """`start` and `end` corrected (None without any believable claim), from `said` by `offset` seconds; `read_at`: when
    the reading was made that it rests on."""

    claims: tuple[Claim, ...]
    said: datetime | None
    start: datetime | None
    end: datetime | None
    offset: float
    method: Method
    confidence: Confidence
    findings: tuple[Finding, ...]
    read_at: datetime | None = None


def claims_of(
    probe: Probe,
    name: NameFacts | None = None,
    *,
    modified_at: datetime | None = None,
    modified_step: float = 2.0,
    taken_in_at: datetime | None = None,
) -> list[Claim]:
    """Every time told of one file. `modified_step`: seconds the file system tells apart (FAT: 2)."""
    claims: list[Claim] = []
    if name is not None and name.raw_ts:
        exact = name.taken_at is not None and name.taken_at.microsecond != 0
        step = timedelta(milliseconds=1) if exact else timedelta(seconds=1)
        claims.append(Claim("file_name", "name", name.raw_ts, name.zone or "", name.taken_at, "start", step))
    seconds = timedelta(seconds=probe["duration"] or 0)
    for time in probe["times"]:
        moment = datetime.fromisoformat(time["utc"]) if time["utc"] else None
        source: Source = "gps" if time["field"].startswith("GPS") else "container"
        claims.append(Claim(source, time["field"], time["raw"], time["zone"], moment))
    if modified_at is not None:
        step = timedelta(seconds=modified_step)
        claims.append(
            Claim("file_system", "mtime", modified_at.isoformat(), "stated", modified_at, "end", step)
        )
    if taken_in_at is not None:
        raw = taken_in_at.isoformat()
        claims.append(Claim("dock", "taken_in_at", raw, "stated", taken_in_at, "taken_in"))
    return _anchored(claims, seconds)


def fix_of(claims: Iterable[Claim], name: str = "") -> Fix | None:
    """The device's own time against its satellite fix; None where one of them is not there."""
    claims = list(claims)
    said, fix = _said(claims), _satellites(claims)
    return Fix(said.moment, fix, name) if said and said.moment and fix else None


def difference_as_written(claims: Iterable[Claim]) -> float | None:
    """Seconds between the digits the device wrote, without their zone, and its satellite fix in UTC."""
    claims = list(claims)
    said, fix = _said(claims), _satellites(claims)
    if said is None or said.moment is None or fix is None:
        return None
    zone = ASSUMED_ZONE if said.zone == LOCAL_ASSUMED else said.moment.tzinfo
    return (said.moment.astimezone(zone).replace(tzinfo=UTC) - fix).total_seconds()


def time_truth(
    claims: Sequence[Claim],
    seconds: float,
    *,
    series: Sequence[Fix] = (),
    readings: Sequence[Fix] = (),
    limits: Limits | None = None,
) -> TimeTruth:
    """The corrected time of one recording of `seconds`.

    `series`: the fixes of the device's other files, this one's included or not; `readings`: its clock read at the dock
    or before use (Fix.source "dock").
    """
    limits = limits or Limits()
    said = _said(claims)
    if said is None or said.moment is None:
        return TimeTruth(tuple(claims), None, None, None, 0.0, "unknown", "low", ())
    own = fix_of(claims)
    fixes = [*series, own] if own is not None and not _has(series, own) else list(series)
    offset, method = _best(fixes, readings, said.moment, limits)
    apart = list(_apart(claims, said, seconds))
    if offset.kind == "unknown":
        offset, method = _by_the_file_system(apart, said, limits)
    reference = _read(offset.read_at) if offset.read_at else "卫星时间" if fixes else "文件系统时间"
    findings = [*_clock_findings(offset, reference), *_contradictions(apart, said, limits)]
    trusted = offset.kind in ("agrees", "zone", "clock", "drift")
    off = offset.at_moment(said.moment) if trusted and offset.kind != "agrees" else 0.0
    start = said.moment - timedelta(seconds=off)
    start = start - timedelta(seconds=seconds) if said.anchor == "end" else start
    findings += _future(claims, said, off, limits)
    confidence: Confidence = offset.confidence if trusted else "low"
    return TimeTruth(
        tuple(claims),
        said.moment,
        start,
        start + timedelta(seconds=seconds),
        off,
        method if trusted else "as_said",
        confidence,
        tuple(findings),
        offset.read_at,
    )


# -- what the device said


def _anchored(claims: Sequence[Claim], length: timedelta) -> list[Claim]:
    """A container time that fits the end of what the name says, and not its start, is an end."""
    named = next((one.moment for one in claims if one.source == "file_name" and one.moment), None)
    if named is None or not length:
        return list(claims)
    return [
        Claim(one.source, one.field, one.raw, one.zone, one.moment, "end", one.resolution)
        if one.source == "container" and one.moment is not None and _nearer_end(one.moment, named, length)
        else one
        for one in claims
    ]


def _nearer_end(moment: datetime, start: datetime, length: timedelta) -> bool:
    """By the minute's fraction: a whole-hour difference of zones lies between the two as well."""
    apart = (moment - start).total_seconds()
    apart -= round(apart / 3600) * 3600
    return abs(apart - length.total_seconds()) < abs(apart) and length > timedelta(seconds=4)


def _said(claims: Iterable[Claim]) -> Claim | None:
    """The device's own word for the start: the name's, else the header's."""
    believed = [one for one in claims if one.moment is not None]
    for source in _ORDER:
        for field in ("name", *_MADE):
            for one in believed:
                if one.source == source and one.field == field:
                    return one
    return next((one for one in believed if one.source in ("container", "file_system")), None)


def _satellites(claims: Iterable[Claim]) -> datetime | None:
    return next((one.moment for one in claims if one.source == "gps" and one.moment), None)


# -- what it was off by


def _has(series: Sequence[Fix], own: Fix) -> bool:
    return any(one.said == own.said and one.reference == own.reference for one in series)


def _best(
    fixes: Sequence[Fix], readings: Sequence[Fix], said: datetime, limits: Limits
) -> tuple[Offset, Method]:
    if readings:
        return offset_by_readings(readings, said, limits), "dock_reading"
    offset = offset_of(fixes, limits)
    if offset.kind == "zone":
        return offset, "zone_shift"
    return offset, "gps_series" if offset.used > 1 else "gps_single"


def _by_the_file_system(
    apart: Sequence[tuple[Claim, float]], said: Claim, limits: Limits
) -> tuple[Offset, Method]:
    """With no other reference: a header's UTC whole hours ahead of the last write is local time. Only ahead: a file
    written later than it was recorded may have been copied."""
    for claim, difference in apart:
        zone = whole_hours(-difference, limits) if claim.source == "file_system" else None
        if zone is not None and zone.hours > 0 and said.source == "container":
            return zone, "zone_shift"
    return Offset("unknown"), "as_said"


def _read(moment: datetime) -> str:
    return f"服务器时间（{moment.astimezone(ASSUMED_ZONE):%Y-%m-%d %H:%M} 测读）"


def _clock_findings(offset: Offset, reference: str) -> Iterable[Finding]:
    fast = "快" if offset.seconds > 0 else "慢"
    if offset.kind == "zone":
        yield found(
            "zone_error", SHOULD, reference=reference, hours=offset.hours, residue_seconds=offset.residue
        )
    elif offset.kind == "clock":
        yield found("clock_wrong", SHOULD, reference=reference, direction=fast, offset=offset.seconds)
    elif offset.kind == "drift":
        direction = "快" if offset.per_day > 0 else "慢"
        yield found("clock_drifts", SHOULD, direction=direction, per_day_seconds=offset.per_day)
    if offset.kind == "unsteady" or offset.was_set:
        yield found("clock_unsteady", SHOULD, reference=reference)
    if offset.kind == "unsure":
        yield found("time_unsure", NOTE, reference=reference, seconds=offset.seconds)
    for one in offset.stale:
        yield found("stale_fix", NOTE, name=one.name, seconds=one.difference - offset.seconds)


def _apart(claims: Sequence[Claim], said: Claim, seconds: float) -> Iterable[tuple[Claim, float]]:
    """Every other claim of the device's own clock, and the seconds from the start as said to the start it tells."""
    first = _start(said, seconds)
    for one in claims:
        clock = one.source == "file_system" or (one.source == "container" and one.field in _MADE)
        start = _start(one, seconds)
        if one is not said and clock and start is not None and first is not None:
            yield one, (start - first).total_seconds()


def _start(claim: Claim, seconds: float) -> datetime | None:
    if claim.moment is None:
        return None
    return claim.moment - timedelta(seconds=seconds) if claim.anchor == "end" else claim.moment


def _contradictions(apart: Sequence[tuple[Claim, float]], said: Claim, limits: Limits) -> Iterable[Finding]:
    """Whole hours: a zone written wrong. A file system later than the rest: the file was copied, which says nothing."""
    for one, difference in apart:
        if one.source == "file_system":
            continue
        zone = whole_hours(difference, limits)
        if zone is not None:
            yield found(
                "zone_error",
                SHOULD,
                reference=f"{SOURCES[said.source]}时间",
                hours=zone.hours,
                residue_seconds=zone.residue,
            )
        elif abs(difference) > limits.agree:
            names = [f"{SOURCES[this.source]}（{this.raw}）" for this in (said, one)]
            yield found("times_disagree", SHOULD, first=names[0], second=names[1], seconds=difference)


def _future(claims: Sequence[Claim], said: Claim, off: float, limits: Limits) -> Iterable[Finding]:
    taken_in = next((one.moment for one in claims if one.anchor == "taken_in"), None)
    if taken_in is None or said.moment is None:
        return
    after = (said.moment - taken_in).total_seconds() - off
    if after > limits.agree:
        yield found("from_the_future", SHOULD, field=SOURCES[said.source], seconds=after)
