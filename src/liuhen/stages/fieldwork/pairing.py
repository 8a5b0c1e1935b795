"""Recordings meet activities: proposals are worked out when they are asked for, and a person confirms them.

- The arithmetic is core.field.matching's: device, holder, corrected time. Nothing of a proposal is kept.
- Confirmed, the recording's object gets a version that names its activity, and its clocks run by the activity's facts.
- What somebody said is not so is not proposed again. By the office's setting (`match_confirms: sure`) the program confirms
  what is certain: one proposal alone, of high confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q, QuerySet

from liuhen.base import clock, site
from liuhen.base.acts import Act, ask, perform
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account, Agency
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.stores import Stores, open_stores
from liuhen.base.storage.versions import Change, Record, add_version
from liuhen.core.errors import LiuhenError
from liuhen.core.field.matching import ActivityFacts, Matches, Proposal, RecordingFacts, Settings
from liuhen.core.field.matching import match as work_out

from . import acts, placing, retelling
from .errors import MatchError
from .models import Activity, Carried, Match, Participant, Placed

log = structlog.get_logger(__name__)
MOST = 2000  # recordings looked at once


# -- proposals


def settings() -> Settings:
    return Settings(slack=timedelta(minutes=site.current().match_slack_minutes))


@dataclass(frozen=True)
class Proposed:
    """What is proposed for some recordings: by recording, the best first; and what stands alone."""

    matches: Matches
    recordings: dict[str, Recording]
    activities: dict[str, Activity]

    def of(self, recording: Recording) -> list[tuple[Proposal, Activity]]:
        key = str(recording.pk)
        return [
            (one, self.activities[one.activity]) for one in self.matches.proposals if one.recording == key
        ]

    def to(self, activity: Activity) -> list[tuple[Proposal, Recording]]:
        key = str(activity.pk)
        return [
            (one, self.recordings[one.recording]) for one in self.matches.proposals if one.activity == key
        ]

    def why_alone(self, recording: Recording) -> str:
        key = str(recording.pk)
        return next((one.finding.text for one in self.matches.without_activity if one.recording == key), "")


def propose(recordings: Sequence[Recording], activities: QuerySet[Activity]) -> Proposed:
    """Proposals for these recordings among those activities, what was declined left out."""
    placed = {row.pk: row for row in Placed.objects.filter(recording__in=[one.pk for one in recordings])}
    told = [_recording(one, placed.get(one.pk)) for one in recordings]
    moments = [moment for one in told for moment in (one.start, one.end) if moment]
    if not moments:
        return Proposed(work_out(told, [], settings()), {str(one.pk): one for one in recordings}, {})
    slack = settings().slack + settings().open_for
    near = activities.filter(
        state=Activity.State.OPEN,
        arrived_at__gte=min(moments) - slack - timedelta(days=1),
        arrived_at__lte=max(moments) + slack,
    )
    rows = list(near.order_by("arrived_at"))
    refused = Match.objects.filter(
        recording__in=[one.pk for one in recordings], state__in=(Match.State.DECLINED, Match.State.UNDONE)
    )
    declined = {(str(row), str(activity)) for row, activity in refused.values_list("recording", "activity")}
    found = work_out(told, _activities(rows), settings(), declined)
    return Proposed(found, {str(one.pk): one for one in recordings}, {str(one.pk): one for one in rows})


def _recording(row: Recording, placed: Placed | None) -> RecordingFacts:
    return RecordingFacts(
        id=str(row.pk),
        start=placed.start if placed else None,
        end=placed.end if placed else None,
        device=str(row.device_id) if row.device_id else None,
        holder=str(row.holder_id) if row.holder_id else None,
        confidence=placed.confidence if placed else "low",  # type: ignore[arg-type]
    )


def _activities(rows: Iterable[Activity]) -> list[ActivityFacts]:
    """With their devices and officers, in two questions for all."""
    every = list(rows)
    keys = [one.pk for one in every]
    devices, officers = _gathered(Carried, "device_id", keys), _gathered(Participant, "officer_id", keys)
    return [
        ActivityFacts(
            id=str(one.pk),
            start=one.arrived_at,
            end=_latest(one),
            devices=devices.get(one.pk, frozenset()),
            officers=officers.get(one.pk, frozenset()),
        )
        for one in every
        if one.arrived_at is not None
    ]


def _latest(one: Activity) -> datetime | None:
    known = [moment for moment in (one.ended_at, one.left_at) if moment]
    return max(known) if known else one.returned_at


def _gathered(model: Any, field: str, keys: Sequence[Any]) -> dict[Any, frozenset[str]]:
    found: dict[Any, set[str]] = {}
    for start in range(0, len(keys), 900):
        rows = model.objects.filter(activity__in=keys[start : start + 900])
        for activity, key in rows.values_list("activity", field):
            found.setdefault(activity, set()).add(str(key))
    return {activity: frozenset(some) for activity, some in found.items()}


# -- what somebody decides


def confirm(
    recording: Recording, activity: Activity, *, by: Account, at: datetime, stores: Stores | None = None
) -> Match:
    """This recording is of that activity. Saying it again is nothing. Raises MatchError, and what add_version raises."""
    return _match(acts.MATCH, recording, activity, by=by, at=at, stores=stores or open_stores())


def _match(
    act: Act, recording: Recording, activity: Activity, *, by: Account | None, at: datetime, stores: Stores
) -> Match:
    ask(act, recording, by=by, at=at)
    if activity.agency_id != recording.agency_id or not activity.live:
        raise MatchError(
            "这项执法活动已作废，或不是本单位的。", remedy="请选择有效的执法活动。", code="not_there"
        )
    row = Match.objects.filter(recording=recording.pk, activity=activity).first()
    if row is not None and row.state == Match.State.MATCHED:
        return row
    told = Match(recording=recording, activity=activity, agency=activity.agency, at=at)
    told.by = by.name if by else "程序"

    def change(record: Record) -> Change:
        return _named(record, recording, activity, lambda: _keep(told, at))

    add_version(recording, act, change, stores, by=by, at=at)
    return told


def _keep(told: Match, at: datetime) -> None:
    """The row, and what the activity is told of it, in the transaction of the act."""
    row = Match.objects.filter(recording=told.recording_id, activity=told.activity_id).first()
    told.pk = row.pk if row else None
    told.state = Match.State.MATCHED
    told.save()
    Placed.objects.filter(recording=told.recording_id).update(alone=False)
    retelling.tell_activity(told.activity, at=at)


def undo(row: Match, *, reason: str, by: Account, at: datetime, stores: Stores | None = None) -> None:
    """It was not of that activity after all. Raises WrongStateError through perform, ReasonMissingError."""
    if row.state != Match.State.MATCHED:
        raise MatchError("这条记录已不在这项活动中。", remedy="请刷新后查看。")

    def change(record: Record) -> Change:
        return _unnamed(record, row, lambda: _take_out(row, by, at))

    add_version(row.recording, acts.UNDO, change, stores or open_stores(), reason=reason, by=by, at=at)


def _take_out(row: Match, by: Account, at: datetime) -> None:
    row.state, row.by, row.at = Match.State.UNDONE, by.name, at
    row.save(update_fields=["state", "by", "at"])
    left = Match.objects.filter(
        recording=row.recording_id, state=Match.State.MATCHED, activity__state=Activity.State.OPEN
    )
    Placed.objects.filter(recording=row.recording_id).update(alone=not left.exists())
    retelling.tell_activity(row.activity, at=at)


def decline(recording: Recording, activity: Activity, *, by: Account, at: datetime) -> Match:
    """A proposal that is not so: it is not made again."""
    if Match.objects.filter(recording=recording.pk, activity=activity).exists():
        raise MatchError("这条建议已经处理过。", remedy="请刷新后查看。")
    row = Match(recording=recording, activity=activity, agency=activity.agency, by=by.name, at=at)
    data = {"recording": recording.urn, "activity": str(activity.pk)}
    try:
        perform(acts.DECLINE, row, by=by, at=at, subject=activity.subject, data=data)
    except IntegrityError as error:  # two at once
        raise MatchError("这条建议刚刚已处理。", remedy="请刷新后查看。") from error
    return row


def _named(record: Record, recording: Recording, activity: Activity, then: Callable[[], object]) -> Change:
    others = [one for one in record.get("activities", []) if one["id"] != str(activity.pk)]
    return Change(
        told={"activities": [*others, told_of(activity)]},
        data={"activity": str(activity.pk), "facts": retelling.facts_for(recording, plus=activity)},
        then=then,
    )


def _unnamed(record: Record, row: Match, then: Callable[[], object]) -> Change:
    left = [one for one in record.get("activities", []) if one["id"] != str(row.activity_id)]
    return Change(
        told={"activities": left},
        data={
            "activity": str(row.activity_id),
            "facts": retelling.facts_for(row.recording, minus=row.activity),
        },
        then=then,
    )


def told_of(activity: Activity) -> dict[str, Any]:
    """An activity as record.json tells it: enough for a reader in thirty years."""
    officers = activity.participants.select_related("officer").order_by("officer__staff_no")
    moments = {
        name: clock.stamp(moment) if (moment := getattr(activity, name)) else None
        for name in ("arrived_at", "ended_at", "left_at", "returned_at")
    }
    return {
        "id": str(activity.pk),
        "number": activity.number,
        "matter": activity.matter or None,
        "place": activity.place or None,
        "party": activity.party or None,
        "unit": activity.unit.name,
        "officers": [
            {
                "name": one.officer.name,
                "staff_no": one.officer.staff_no,
                "certificate_no": one.officer.certificate_no,
            }
            for one in officers
        ],
        **moments,
    }


# -- by the office's setting


def confirm_sure(agency: Agency, *, at: datetime) -> int:
    """What is certain, where the office has said so; returns how many. One that fails stops no other."""
    if site.current().match_confirms != "sure":
        return 0
    placing.place(agency, limit=MOST)
    undone = Match.objects.filter(recording=OuterRef("pk"), state=Match.State.UNDONE)
    rows = Recording.objects.filter(~Exists(undone), agency=agency, placed__alone=True)
    recordings = list(rows.filter(placed__start__isnull=False).order_by("-placed__start")[:MOST])
    proposed = propose(recordings, Activity.objects.filter(agency=agency))
    stores, done = open_stores(), 0
    with publish.batched():
        for recording in recordings:
            own = proposed.of(recording)
            if len(own) == 1 and own[0][0].confidence == "high":
                done += _quietly(recording, own[0][1], stores, at)
    return done


def _quietly(recording: Recording, activity: Activity, stores: Stores, at: datetime) -> bool:
    try:
        _match(acts.MATCH_BY_SETTING, recording, activity, by=None, at=at, stores=stores)
    except LiuhenError:
        log.warning("match_by_setting_failed", recording=recording.number, exc_info=True)
        return False
    return True


def confirm_all_sure(at: datetime) -> None:
    """For whoever works in the background."""
    for agency in Agency.objects.filter(Q(activities__isnull=False)).distinct():
        confirm_sure(agency, at=at)
