"""A period of retention never shortens by itself: what stands, and whether another answer would shorten it.

- Kept for ever is longer than everything. What follows a dossier is open until the case has ended.
- A day that a dossier's end names for the first time is no shortening; an earlier day than one that stood before is.
- A long-term hold that falls away is a shortening.
- 本系统安全规则: no text asks for it; it keeps what a mistaken change would have let go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from .calendar import Period
from .clocks import long_term_items
from .facts import Facts, RetentionRule
from .pack import Pack
from .retention import counted

_FOR_EVER = ("permanent", "silent")


@dataclass(frozen=True)
class Standing:
    """How long something is kept as it stands. `floor`: the latest last day that has stood; never earlier than it."""

    rule: RetentionRule
    article: str | None
    period: str | None
    until: date | None
    long_term: bool
    floor: date | None = None

    @property
    def for_ever(self) -> bool:
        return self.rule in _FOR_EVER

    @property
    def open(self) -> bool:
        """No last day yet, or none ever."""
        return self.until is None


def standing_of(pack: Pack, facts: Facts) -> Standing:
    """What the pack says of these facts, as if nothing had stood before."""
    found = counted(pack, facts)
    rule = found.rule
    return Standing(
        rule.rule if rule else "silent",
        rule.article if rule else None,
        found.period,
        found.until,
        bool(long_term_items(pack, facts)),
        found.until,
    )


def shortens(stands: Standing, new: Standing) -> bool:
    """Would `new` let anything go earlier than what stands?"""
    if stands.long_term and not new.long_term:
        return True
    if new.for_ever:
        return False
    if stands.for_ever:
        return True
    if new.until is not None and stands.floor is not None and new.until < stands.floor:
        return True
    if stands.rule != new.rule:
        return stands.rule == "follows_dossier" and stands.open
    return _shorter(stands.period, new.period)


def _shorter(stands: str | None, new: str | None) -> bool:
    """Of two periods of one rule; a period named for the first time shortens nothing."""
    if stands is None or new is None or stands == new:
        return False
    return _days(new) < _days(stands)


def _days(period: str) -> float:
    return float("inf") if period == "permanent" else Period.parse(period).about_days


def carried(stands: Standing | None, new: Standing) -> Standing:
    """`new` as it stands from now on: the latest last day that ever stood stays with it."""
    if stands is None or stands.floor is None:
        return new
    return replace(new, floor=max(stands.floor, new.floor or stands.floor))
