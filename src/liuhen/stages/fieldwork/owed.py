"""Which reports an activity still owes: asked by the regulation, and none stands.

- A stop asks for what `kinds_asked` says of it. A returned or withdrawn report is as none.
- That nothing was recorded is known once the activity has ended and no recording is of it, by the regulation's must.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from liuhen.core.rules.pack import Pack

from .due import due_of
from .facts import STANDING, pack_of
from .models import Activity, Match, Report, Stop
from .reporting import demanded, kinds_asked


class Owed(NamedTuple):
    kind: str
    label: str
    stop: Stop | None
    sentence: str
    tone: str


def reports_owed(activity: Activity, at: datetime) -> list[Owed]:
    """In the order of the stops; last, that nothing was recorded."""
    if not activity.live:
        return []
    standing = activity.reports.filter(state__in=STANDING).values_list("kind", "stop_id")
    there = {(kind, stop) for kind, stop in standing}
    pack = pack_of(activity)
    found = [
        _owed(activity, kind, stop, at)
        for stop in activity.stops.all()
        for kind in kinds_asked(pack, stop)
        if (kind, stop.pk) not in there
    ]
    told = any(kind == Report.Kind.UNRECORDED for kind, _ in there)
    asked = demanded(pack, Report.Kind.UNRECORDED).asked and _must_be_recorded(activity, pack)
    if asked and not told and _nothing_recorded(activity):
        found.append(_owed(activity, Report.Kind.UNRECORDED, None, at))
    return found


def _must_be_recorded(activity: Activity, pack: Pack | None) -> bool:
    """A matter that the regulation leaves to judgement owes no report; one that it does not know does."""
    duties = {one.code: one.duty for one in pack.matters} if pack else {}
    return duties.get(activity.matter, "must") in ("must", "should")


def _owed(activity: Activity, kind: str, stop: Stop | None, at: datetime) -> Owed:
    due = due_of(activity, kind, at)
    label = Report.Kind(kind).label
    return Owed(str(kind), label, stop, due.sentence if due else "", due.tone if due else "")


def _nothing_recorded(activity: Activity) -> bool:
    ended = activity.ended_at or activity.left_at or activity.returned_at
    return bool(ended) and not Match.objects.filter(activity=activity, state=Match.State.MATCHED).exists()
