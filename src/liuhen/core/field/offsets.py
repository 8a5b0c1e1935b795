"""What a device's clock was off by, from pairs of its own time and a reference (satellite fixes, readings at the dock).

- Difference = said − reference: positive, the device is fast. The median of several, never one alone.
- A satellite fix is never newer than the moment it is written at, so a stale one only makes the device look faster:
  outliers above the rest are stale fixes and are left out; outliers on both sides are a clock that was set meanwhile.
- Whole hours within what zones can do, and a small residue: a zone error (local time written as UTC is +8 h). What
  has a residue or lies beyond is a clock that is wrong by a constant; what grows evenly with time is drift.
- One fix alone, ahead of its reference, may be a fast clock or a stale fix: nobody can tell, and the answer says so.
  Behind it, the clock is slow by at least that much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["agrees", "zone", "clock", "drift", "unsteady", "unsure", "unknown"]
Confidence = Literal["high", "medium", "low"]
Reference = Literal["gps", "dock"]

HOUR = 3600.0
# A zone is -12…+14; taken for another one (UTC, or the +08:00 assumed where none is written) it shifts by these.
ZONE_SHIFTS = range(-20, 15)
FRESH = timedelta(days=3)  # at 3 s a day (GA/T 947.2 [K?]) a reading is good for as long
FAR = timedelta(days=10)  # a reading as far away says how the clock stood then, and little of the recording
_SET = 30.0  # seconds a day: what grows faster than ten times that drift was set by somebody
_DRIFT_FIXES = 4  # fewer cannot show that a difference grows evenly


@dataclass(frozen=True, slots=True)
class Fix:
    """One pair: what the device said, in the zone it was read with, and the reference's moment (both aware)."""

    said: datetime
    reference: datetime
    name: str = ""
    source: Reference = "gps"

    @property
    def difference(self) -> float:
        """Seconds, said − reference."""
        return (self.said - self.reference).total_seconds()


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds: site settings. `agree`: a clock off by no more is right; `alike`: differences of one clock vary by
    no more; `zone_residue`: what may remain beside whole hours."""

    agree: float = 30.0
    alike: float = 10.0
    zone_residue: float = 180.0


@dataclass(frozen=True, slots=True)
class Offset:
    """A device's clock. `seconds` at `at`, growing by `per_day` seconds a day; `hours` and `residue` are the same in
    whole hours; `set_aside`: what of the difference is not corrected; `stale`: the fixes left out; `used`: how many
    stand behind it; `read_at`: the reference's moment of the nearest reading; `was_set`: the readings about it
    contradict each other, so the clock was set between them."""

    kind: Kind
    seconds: float = 0.0
    at: datetime | None = None
    per_day: float = 0.0
    set_aside: float = 0.0
    stale: tuple[Fix, ...] = ()
    used: int = 0
    confidence: Confidence = "low"
    read_at: datetime | None = None
    was_set: bool = False

    @property
    def hours(self) -> int:
        return round(self.seconds / HOUR)

    @property
    def residue(self) -> float:
        return self.seconds - self.hours * HOUR + self.set_aside

    def at_moment(self, said: datetime) -> float:
        """Seconds off when the device said `said`."""
        if self.at is None or not self.per_day:
            return self.seconds
        return self.seconds + self.per_day * (said - self.at).total_seconds() / 86400

    def correct(self, said: datetime) -> datetime:
        """What the device should have said."""
        return said - timedelta(seconds=self.at_moment(said))


def offset_of(fixes: Sequence[Fix], limits: Limits | None = None) -> Offset:
    """Judge the fixes of one device. n log n. Kind `unknown` without any."""
    limits = limits or Limits()
    if not fixes:
        return Offset("unknown")
    if len(fixes) == 1:
        return _single(fixes[0], limits)
    ordered = sorted(fixes, key=lambda one: one.said)
    typical = median([one.difference for one in ordered])
    near = [one for one in ordered if abs(one.difference - typical) <= limits.alike]
    rest = [one for one in ordered if abs(one.difference - typical) > limits.alike]
    stale = [one for one in rest if one.source == "gps" and one.difference > typical]
    drifting = _drift(ordered, limits) if rest else None
    if drifting is not None:
        return drifting
    if len(stale) < len(rest) or len(near) < 2:
        return Offset("unsteady", typical, _middle(ordered), used=len(ordered), confidence="low")
    seconds = median([one.difference for one in near])
    confidence: Confidence = "high" if len(near) >= 3 else "medium"
    kind = _kind(seconds, limits)
    return Offset(kind, seconds, _middle(near), stale=tuple(stale), used=len(near), confidence=confidence)


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle. Raises ValueError of nothing."""
    if not values:
        raise ValueError("no values")
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _kind(seconds: float, limits: Limits) -> Kind:
    if abs(seconds) <= limits.agree:
        return "agrees"
    hours = round(seconds / HOUR)
    whole = hours != 0 and abs(seconds - hours * HOUR) <= limits.zone_residue
    return "zone" if whole and hours in ZONE_SHIFTS else "clock"


def whole_hours(difference: float, limits: Limits) -> Offset | None:
    """The zone error behind one difference between two clocks, corrected by whole hours alone; None for no such."""
    if _kind(difference, limits) != "zone":
        return None
    hours = round(difference / HOUR)
    rest = difference - hours * HOUR
    return Offset("zone", hours * HOUR, set_aside=rest, used=1, confidence="medium")


def _single(fix: Fix, limits: Limits) -> Offset:
    """One satellite fix: of whole hours the hours count, since the rest may be the fix's age."""
    kind = _kind(fix.difference, limits)
    if fix.source == "dock":  # somebody looked at both clocks
        return Offset(kind, fix.difference, fix.said, used=1, confidence="high")
    zone = whole_hours(fix.difference, limits)
    if zone is not None:
        return zone
    if kind == "clock" and fix.difference > 0:
        kind = "unsure"
    return Offset(kind, fix.difference, fix.said, used=1)


def offset_by_readings(readings: Sequence[Fix], said: datetime, limits: Limits | None = None) -> Offset:
    """The clock at the device's own moment `said`, from readings at the dock or before use.

    Between two: by the line through them, unless the clock was set meanwhile, then nobody can tell. Before the first or
    after the last: by that one, the less sure the farther it is away.
    """
    limits = limits or Limits()
    if not readings:
        return Offset("unknown")
    ordered = sorted(readings, key=lambda one: one.reference)
    place = sum(one.said <= said for one in ordered)
    if 0 < place < len(ordered):
        return _between(ordered[place - 1], ordered[place], said, limits)
    nearest, beyond = (ordered[0], ordered[1:2]) if place == 0 else (ordered[-1], ordered[-2:-1])
    return Offset(
        _kind(nearest.difference, limits),
        nearest.difference,
        nearest.said,
        used=1,
        confidence=_how_sure(abs(nearest.said - said)),
        read_at=nearest.reference,
        was_set=any(_was_set(nearest, other, limits) for other in beyond),
    )


def _how_sure(away: timedelta) -> Confidence:
    return "high" if away <= FRESH else "medium" if away <= FAR else "low"


def _between(one: Fix, other: Fix, said: datetime, limits: Limits) -> Offset:
    nearest = min(one, other, key=lambda fix: abs(fix.said - said))
    if _was_set(one, other, limits):
        away = nearest.difference
        return Offset("unsteady", away, said, used=2, read_at=nearest.reference, was_set=True)
    days = (other.said - one.said).total_seconds() / 86400
    per_day = (other.difference - one.difference) / days if days else 0.0
    here = one.difference + per_day * (said - one.said).total_seconds() / 86400
    grows = abs(other.difference - one.difference) > limits.alike
    kind: Kind = "drift" if grows else _kind(here, limits)
    rate = per_day if grows else 0.0
    return Offset(kind, here, said, rate, used=2, confidence="high", read_at=nearest.reference)


def _was_set(one: Fix, other: Fix, limits: Limits) -> bool:
    """Two readings differ by more than a clock drifts in the time between them."""
    days = abs((other.reference - one.reference).total_seconds()) / 86400
    return abs(other.difference - one.difference) > limits.alike + _SET * days


def _drift(ordered: Sequence[Fix], limits: Limits) -> Offset | None:
    """A difference that grows evenly: the middles of the first and the last third make the line, all must lie on it."""
    third = len(ordered) // 3
    if len(ordered) < _DRIFT_FIXES or third == 0:
        return None
    first, last = ordered[:third], ordered[-third:]
    days = (_middle(last) - _middle(first)).total_seconds() / 86400
    if days <= 0:
        return None
    start, end = (median([one.difference for one in part]) for part in (first, last))
    line = Offset("drift", start, _middle(first), (end - start) / days, used=len(ordered), confidence="high")
    off = [abs(one.difference - line.at_moment(one.said)) for one in ordered]
    return line if max(off) <= limits.alike and abs(end - start) > limits.alike else None


def _middle(fixes: Sequence[Fix]) -> datetime:
    return fixes[len(fixes) // 2].said
