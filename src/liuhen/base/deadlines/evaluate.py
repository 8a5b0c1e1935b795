"""From the facts of one matter to its duties and its retention, by the regulation of its day.

- Without a registered end of the activity the end of the recording is taken for it, and the row says so: the
  activity ended no earlier, so what is in time is truly in time.
- Facts that the engine cannot read give no duty, and are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import ValidationError

from liuhen.base.clock import SHANGHAI
from liuhen.core.rules.calendar import Calendar
from liuhen.core.rules.clocks import Due, duties_of
from liuhen.core.rules.facts import Facts
from liuhen.core.rules.holding import Standing, standing_of
from liuhen.core.rules.pack import Pack

from .folds import Told

KEPT = Standing("silent", None, None, None, long_term=False)


@dataclass(frozen=True)
class Judged:
    duties: tuple[Due, ...] = ()
    assumed: bool = False


def facts_of(told: Told) -> Facts | None:
    try:
        return Facts.model_validate({name: part for name, part in told.items() if name != "met"})
    except ValidationError:
        return None


def day_of(facts: Facts | None) -> date | None:
    """The day of the act, in Shanghai; None where no moment is known."""
    if facts is None:
        return None
    act = facts.act
    moment = act.ended_at or act.arrived_at or facts.at("recorded_at") or facts.handed_over_at
    return moment.astimezone(SHANGHAI).date() if moment else None


def keeps_of(pack: Pack | None, facts: Facts | None) -> Standing:
    return standing_of(pack, facts) if pack and facts else KEPT


def judged(pack: Pack | None, facts: Facts | None, told: Told, calendar: Calendar) -> Judged:
    if pack is None or facts is None:
        return Judged()
    assumed = facts.act.ended_at is None and bool(facts.ends)
    if assumed:
        activity = facts.act.model_copy(update={"ended_at": facts.at("recorded_at")})
        seen = facts.model_copy(update={"activity": activity})
    else:
        seen = facts
    met = {duty: datetime.fromisoformat(at) for duty, at in told.get("met", {}).items()}
    duties = tuple(_met(due, met) for due in duties_of(pack, seen, calendar))
    return Judged(duties, assumed)


def _met(due: Due, met: dict[str, datetime]) -> Due:
    """As the ledger knows it, where the facts have no word for it."""
    at = met.get(due.duty)
    return due._replace(state="met", met_at=at) if at and due.state != "met" else due
