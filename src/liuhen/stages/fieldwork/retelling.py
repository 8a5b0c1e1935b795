"""When the facts of an activity change, its recordings are told, so that each one's clocks run by them.

- A recording of several activities runs by the one that ended first (the earliest clock is kept), with the events of all.
- What is told to a recording, or to an activity by what hangs on it, is an entry of its own: each clock stays a function of
  entries about its own subject.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liuhen.base.acts import perform
from liuhen.base.recordings.models import Recording

from . import acts
from .facts import data_of, facts_of
from .models import Activity, Match

_NEVER = "9999"


def facts_for(
    recording: Recording, *, plus: Activity | None = None, minus: Activity | None = None
) -> dict[str, Any] | None:
    """The facts a recording's clocks run by; None where it is of no activity. `plus`, `minus`: one that is about to be
    added or taken away."""
    rows = Match.objects.filter(recording=recording.pk, state=Match.State.MATCHED).select_related("activity")
    every = {row.activity_id: row.activity for row in rows if row.activity.live}
    if plus is not None:
        every[plus.pk] = plus
    if minus is not None:
        every.pop(minus.pk, None)
    told = [facts_of(one) for one in every.values()]
    if not told:
        return None
    first = min(told, key=lambda one: one.get("ended_at") or one.get("arrived_at") or _NEVER)
    events = sorted({event for one in told for event in one.get("events", ())})
    return {**first, "events": events} if events else first


def tell_recordings(activity: Activity, *, at: datetime) -> int:
    """Tell every recording of the activity; returns how many."""
    rows = Match.objects.filter(activity=activity, state=Match.State.MATCHED).select_related("recording")
    count = 0
    for row in rows:
        told = {"activity": str(activity.pk), "facts": facts_for(row.recording)}
        perform(acts.RETELL, row.recording, by=None, at=at, subject=row.recording.urn, data=told)
        count += 1
    return count


def tell_activity(activity: Activity, *, at: datetime) -> None:
    """Tell an activity what has come to it since: a report, a spoken reason, recordings handed in."""
    if activity.live:
        perform(
            acts.RETELL_ACTIVITY, activity, by=None, at=at, subject=activity.subject, data=data_of(activity)
        )
