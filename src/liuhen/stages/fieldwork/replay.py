"""Reading fieldwork back out of the ledger: codes, times, people and devices. Words (place, party, reasons) are not in it:
they come back with a backup, or stand in the records of the recordings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Agency, Officer, Paper, Unit

from . import acts
from .models import (
    MOMENTS,
    Activity,
    Carried,
    Document,
    Mark,
    Match,
    Participant,
    Report,
    Settled,
    Stop,
)

Entry = dict[str, Any]
LOST = "（由账本重建，原文不在账本中）"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _by(entry: Entry) -> Account:
    return Account.objects.get(username=entry["by"]["account"])


def _told(agency: Agency, entry: Entry) -> None:
    """Any entry that carries all that is known of an activity."""
    data, facts = entry["data"], entry["data"]["facts"]
    columns = {
        "unit": Unit.objects.get(agency=agency, code=data["unit"]),
        "number": data["number"],
        "matter": facts.get("matter") or "",
        "circumstances": facts.get("circumstances") or [],
        "events": facts.get("events") or [],
        "happened": data["happened"],
        **{name: _moment(facts.get(name)) for name in MOMENTS},
    }
    activity = Activity.objects.filter(pk=data["activity"]).first()
    if activity is None:
        activity = Activity.objects.create(
            id=UUID(data["activity"]),
            agency=agency,
            opened_by=_by(entry),
            opened_at=datetime.fromisoformat(entry["at"]),
            place=LOST,
            **columns,
        )
    else:
        Activity.objects.filter(pk=activity.pk).update(**columns)
    _people(agency, activity, data)


def _people(agency: Agency, activity: Activity, data: dict[str, Any]) -> None:
    officers = Officer.objects.filter(agency=agency, staff_no__in=data["officers"])
    activity.participants.exclude(officer__in=officers).delete()
    for officer in officers:
        Participant.objects.get_or_create(activity=activity, officer=officer)
    told = {one["serial"]: one["officer"] for one in data["devices"]}
    devices = Device.objects.filter(agency=agency, serial__in=told)
    activity.carried.exclude(device__in=devices).delete()
    for device in devices:
        who = Officer.objects.filter(agency=agency, staff_no=told[device.serial]).first()
        Carried.objects.update_or_create(activity=activity, device=device, defaults={"officer": who})


def _voided(_agency: Agency, entry: Entry) -> None:
    Activity.objects.filter(pk=entry["data"]["activity"]).update(state=Activity.State.VOID)


def _stopped(agency: Agency, entry: Entry) -> None:
    told = entry["data"]["stop"]
    Stop.objects.update_or_create(
        id=UUID(told["id"]),
        defaults={
            "agency": agency,
            "activity_id": UUID(entry["data"]["activity"]),
            "cause": told["cause"],
            "at": datetime.fromisoformat(told["at"]),
            "resumed_at": _moment(told["resumed_at"]),
        },
    )
    _told(agency, entry)


def _scan(agency: Agency, sha256: str | None) -> Paper | None:
    return Paper.objects.filter(agency=agency, sha256=sha256).first() if sha256 else None


def _reported(agency: Agency, entry: Entry) -> None:
    told = entry["data"]["report"]
    Report.objects.create(
        id=UUID(told["id"]),
        agency=agency,
        activity_id=UUID(entry["data"]["activity"]),
        stop_id=UUID(told["stop"]) if told["stop"] else None,
        number=told["number"],
        kind=told["kind"],
        code=told["code"],
        listed=told["listed"],
        article=told["article"],
        to=told["to"],
        start=_moment(told["start"]),
        end=_moment(told["end"]),
        reason=LOST,
        made_by=_by(entry),
        made_at=_moment(told.get("made_at")) or datetime.fromisoformat(entry["at"]),
        scan=_scan(agency, told["scan"]),
    )


def _judged(state: Report.State | None) -> Callable[[Agency, Entry], None]:
    def judge(agency: Agency, entry: Entry) -> None:
        told = entry["data"]["report"]
        changes: dict[str, Any] = {"scan": _scan(agency, told["scan"])}
        if state is not None:
            changes["state"] = state
        if state in (Report.State.REVIEWED, Report.State.RETURNED):
            changes |= {"reviewed_by": _by(entry), "reviewed_at": datetime.fromisoformat(entry["at"])}
        Report.objects.filter(pk=told["id"]).update(**changes)

    return judge


def _listed(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Document.objects.create(
        id=UUID(data["document"]),
        agency=agency,
        activity_id=UUID(data["activity"]),
        kind=LOST,
        started_at=_moment(data["started_at"]),
        ended_at=_moment(data["ended_at"]),
        on_site=data["on_site"],
        scan=_scan(agency, data["scan"]),
        listed_by=_by(entry),
        listed_at=datetime.fromisoformat(entry["at"]),
    )


def _unlisted(_agency: Agency, entry: Entry) -> None:
    Document.objects.filter(pk=entry["data"]["document"]).update(state=Document.State.WITHDRAWN)


def _marked(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Mark.objects.create(
        id=UUID(data["mark"]),
        agency=agency,
        activity_id=UUID(data["activity"]) if data["activity"] else None,
        recording_id=UUID(data["recording"]) if data["recording"] else None,
        origin=data["origin"],
        code=data["code"],
        at=_moment(data["at"]),
        seconds=data["ms"] / 1000 if data["ms"] is not None else None,
        made_by=_by(entry),
        made_at=datetime.fromisoformat(entry["at"]),
    )


def _unmarked(_agency: Agency, entry: Entry) -> None:
    Mark.objects.filter(pk=entry["data"]["mark"]).update(state=Mark.State.WITHDRAWN)


def _matched(state: Match.State) -> Callable[[Agency, Entry], None]:
    def match(agency: Agency, entry: Entry) -> None:
        data = entry["data"]
        Match.objects.update_or_create(
            recording_id=UUID(data["recording"].removeprefix("urn:uuid:")),
            activity_id=UUID(data["activity"]),
            defaults={
                "agency": agency,
                "state": state,
                "by": entry["by"]["name"],
                "at": datetime.fromisoformat(entry["at"]),
            },
        )

    return match


def _settled(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Settled.objects.create(
        agency=agency,
        activity_id=UUID(data["activity"]),
        key=data["key"],
        code=data["code"],
        reason=LOST,
        by=entry["by"]["name"],
        at=datetime.fromisoformat(entry["at"]),
    )


def _reopened(_agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    rows = Settled.objects.filter(activity=data["activity"], key=data["key"], state=Settled.State.SETTLED)
    rows.update(state=Settled.State.REOPENED)


REPLAYERS: dict[str, Callable[[Agency, Entry], None]] = {
    acts.OPEN.kind: _told,
    acts.TELL.kind: _told,
    acts.CORRECT.kind: _told,
    acts.VOID.kind: _voided,
    acts.STOP.kind: _stopped,
    acts.RESUME.kind: _stopped,
    acts.MAKE_REPORT.kind: _reported,
    acts.REVIEW.kind: _judged(Report.State.REVIEWED),
    acts.RETURN.kind: _judged(Report.State.RETURNED),
    acts.WITHDRAW_REPORT.kind: _judged(Report.State.WITHDRAWN),
    acts.KEEP_SCAN.kind: _judged(None),
    acts.LIST_DOCUMENT.kind: _listed,
    acts.WITHDRAW_DOCUMENT.kind: _unlisted,
    acts.MARK.kind: _marked,
    acts.WITHDRAW_MARK.kind: _unmarked,
    acts.MATCH.kind: _matched(Match.State.MATCHED),
    acts.UNDO.kind: _matched(Match.State.UNDONE),
    acts.DECLINE.kind: _matched(Match.State.DECLINED),
    acts.SETTLE.kind: _settled,
    acts.REOPEN.kind: _reopened,
}
