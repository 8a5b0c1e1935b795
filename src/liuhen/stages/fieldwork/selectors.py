"""Reads of fieldwork, filtered by person: one's own activities, or all of the agency's."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import roles_of
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to

from .acts import SEE
from .handed_over import documents_for_recordings as documents_for_recordings
from .models import Activity, Carried, Document, Mark, Match, Placed, Report, Sent
from .reviewers import lent_to, to_be_reviewed_by

_MATCHED = Match.objects.filter(state=Match.State.MATCHED)
_EXPLAINED = Report.objects.filter(kind=Report.Kind.UNRECORDED, state=Report.State.REVIEWED).values(
    "activity"
)


def activities_seen(person: Account, at: datetime) -> QuerySet[Activity]:
    return SEE.scope(person, Activity.objects.select_related("unit"), at)


def recordings_of(activity: Activity, person: Account, at: datetime) -> QuerySet[Recording]:
    """The recordings of an activity that the person may see, in the order of their time."""
    mine = _MATCHED.filter(activity=activity).values("recording")
    return visible_to(person, at).filter(pk__in=mine).order_by("placed__start", "taken_at", "position")


def activities_of(recording: Recording, person: Account, at: datetime) -> QuerySet[Activity]:
    mine = _MATCHED.filter(recording=recording.pk).values("activity")
    return activities_seen(person, at).filter(pk__in=mine, state=Activity.State.OPEN)


def without_recording(person: Account, at: datetime) -> QuerySet[Activity]:
    """Activities that have ended, no recording is of them and no agreed report says why; the latest first."""
    return _unrecorded(person, at).exclude(pk__in=_EXPLAINED)


def explained(person: Account, at: datetime) -> QuerySet[Activity]:
    """Activities without a recording whose reviewer has agreed to the report of it."""
    return _unrecorded(person, at).filter(pk__in=_EXPLAINED)


def _unrecorded(person: Account, at: datetime) -> QuerySet[Activity]:
    rows = activities_seen(person, at).filter(state=Activity.State.OPEN)
    ended = Q(ended_at__isnull=False) | Q(left_at__isnull=False) | Q(returned_at__isnull=False)
    rows = rows.filter(ended | Q(arrived_at__lt=at - timedelta(hours=24)))
    return rows.filter(~Exists(_MATCHED.filter(activity=OuterRef("pk")))).order_by("-opened_at")


def without_activity(person: Account, at: datetime) -> QuerySet[Recording]:
    """Films, sounds and photographs that are of no activity, the latest first, as far as they have been placed in time."""
    alone = Placed.objects.filter(agency=person.agency_id, alone=True).values("recording")
    return visible_to(person, at).filter(pk__in=alone, placed__alone=True).order_by("-placed__start")


def carrying(activity: Activity) -> dict[str, list[Activity]]:
    """Other live activities that overlap this one in time with one of its devices: serial → activities."""
    if activity.arrived_at is None:
        return {}
    end = activity.left_at or activity.ended_at or activity.arrived_at
    mine = activity.carried.values("device")
    others = Carried.objects.filter(device__in=mine, activity__state=Activity.State.OPEN)
    others = others.exclude(activity=activity).filter(activity__arrived_at__lt=end)
    others = others.filter(
        Q(activity__ended_at__gt=activity.arrived_at)
        | Q(activity__ended_at__isnull=True, activity__arrived_at__gt=activity.arrived_at - timedelta(days=1))
    )
    found: dict[str, list[Activity]] = {}
    for one in others.select_related("device", "activity"):
        found.setdefault(one.device.serial, []).append(one.activity)
    return found


def marks_of_recording(recording: Recording, person: Account, at: datetime) -> QuerySet[Mark]:
    """Marks made at it; the caller has asked whether it may be seen."""
    return recording.marks.filter(state=Mark.State.MADE).select_related("made_by").order_by("seconds")


def reports_seen(person: Account, at: datetime) -> QuerySet[Report]:
    rows = Report.objects.filter(activity__in=activities_seen(person, at).values("pk"))
    return rows.select_related("activity", "made_by", "reviewed_by", "stop", "scan")


def documents_of(activity: Activity) -> QuerySet[Document]:
    return activity.documents.filter(state=Document.State.LISTED).select_related("scan")


def refused_entries(person: Account, at: datetime) -> QuerySet[Sent]:
    """Entries from phones that could not be registered: one's own, or all of them for whoever sees all."""
    rows = Sent.objects.filter(agency=person.agency_id, outcome=Sent.Outcome.REFUSED)
    keepers = {Role.CUSTODIAN, Role.UNIT_HEAD, Role.LEGAL}
    if roles_of(person).isdisjoint(keepers):
        rows = rows.filter(by=person)
    return rows.select_related("by").order_by("-received_at")


def reports_open_to(person: Account, at: datetime) -> QuerySet[Report]:
    """Reports that the person may open: of activities that they see, and those that they may review as a deputy."""
    lent = lent_to(person, at)
    rows = Report.objects.select_related(
        "agency", "activity__unit", "activity__agency", "made_by", "reviewed_by", "stop", "scan"
    )
    seen = Q(activity__in=activities_seen(person, at).values("pk"))
    if lent:
        seen |= Q(agency=person.agency_id) & to_be_reviewed_by(lent)
    return rows.filter(seen)
