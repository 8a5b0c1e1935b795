"""What the page of a recording says of fieldwork: which activities it is of, and the marks that fall into it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.stages.fieldwork.facts import pack_of
from liuhen.stages.fieldwork.models import Activity, Mark, Placed
from liuhen.stages.fieldwork.selectors import activities_of, marks_of_recording
from liuhen.stages.fieldwork.words import mark_in_words


def of_recording(recording: Recording, person: Account, at: datetime) -> dict[str, Any]:
    """The activities that the person may see; the caller has asked whether the recording may be seen."""
    return {
        "activities": [
            {"number": one.number, "place": one.place, "href": reverse("activity", args=[one.pk])}
            for one in activities_of(recording, person, at)
        ]
    }


def marks_on(recording: Recording, person: Account, at: datetime) -> list[dict[str, Any]]:
    """Marks for the lane above the player: those made at it, and those of the field that fall into it."""
    activities = list(activities_of(recording, person, at))
    pack = pack_of(activities[0]) if activities else None
    told = [
        (one.seconds, mark_in_words(pack, one.code), "mark")
        for one in marks_of_recording(recording, person, at)
        if one.seconds is not None
    ]
    told += [
        (seconds, mark_in_words(pack, one.code), "field")
        for seconds, one in _of_the_field(recording, activities)
    ]
    return [{"at": seconds, "label": label, "kind": kind} for seconds, label, kind in sorted(told)]


def _of_the_field(recording: Recording, activities: list[Activity]) -> Iterable[tuple[float, Mark]]:
    placed = Placed.objects.filter(recording=recording.pk, start__isnull=False, end__isnull=False).first()
    if placed is None or placed.start is None or not activities:
        return
    rows = Mark.objects.filter(activity__in=activities, recording__isnull=True, state=Mark.State.MADE)
    for one in rows.filter(at__gte=placed.start, at__lte=placed.end):
        if one.at:
            yield (one.at - placed.start).total_seconds(), one
