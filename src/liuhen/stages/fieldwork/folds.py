"""What entries of fieldwork tell the deadlines: of the activity itself, and of each recording that is of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from liuhen.base.deadlines.folds import Entry, Told, tells
from liuhen.base.deadlines.selectors import owns
from liuhen.base.people.models import Account

from . import acts
from .models import Activity

_ABOUT_ACTIVITY = (acts.OPEN, acts.TELL, acts.CORRECT, acts.STOP, acts.RESUME, acts.RETELL_ACTIVITY)
_ABOUT_RECORDING = (acts.MATCH, acts.UNDO, acts.RETELL)


def _activity(told: Told, entry: Entry) -> None:
    data = entry["data"]
    told.update(activity=data["facts"], handover={"at": data["handed_over_at"]}, met=data["met"])


def _voided(told: Told, _entry: Entry) -> None:
    told.clear()


def _recording(told: Told, entry: Entry) -> None:
    """A recording runs by the facts of its activity; without one, by its own."""
    facts: dict[str, Any] | None = entry["data"]["facts"]
    if facts is None:
        told.pop("activity", None)
    else:
        told["activity"] = {
            key: value for key, value in facts.items() if key not in ("not_recorded", "interruptions")
        }


def _own(person: Account, at: datetime) -> Iterator[str]:
    """Whoever took part must know by when to hand over and to report."""
    for activity in acts.SEE.scope(person, Activity.objects.only("pk"), at):
        yield activity.subject


def register() -> None:
    """Called once, when the stage is there."""
    owns(_own)
    for act in _ABOUT_ACTIVITY:
        tells(act.kind, _activity)
    tells(acts.VOID.kind, _voided)
    for act in _ABOUT_RECORDING:
        tells(act.kind, _recording)
