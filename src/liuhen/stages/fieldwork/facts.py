"""What is known of an activity: as the rule engine asks for it (FACTS.json), and as its ledger entries carry it.

- Every entry about an activity carries all that is known then, so that each clock is a function of the newest entry.
- Codes, times and numbers only: place, party and other words are no facts for a clock, and stand in no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from liuhen.base.clock import SHANGHAI, stamp
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Agency, Officer
from liuhen.base.rulebook.selectors import book_of, pack_at
from liuhen.core.rules.facts import Facts
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import Cause, Circumstance, Event, Ground, words_of

from .models import MOMENTS, Activity, Mark, Match, Report, Stop

CIRCUMSTANCES, EVENTS = words_of(Circumstance), words_of(Event)
CAUSES, GROUNDS = words_of(Cause), words_of(Ground)
REASON = "interruption_reason"
SPOKEN_WITHIN = 300.0  # seconds after recording went on


def pack_of(activity: Activity) -> Pack | None:
    """The regulation in force on the day of the activity, with the office's rulings."""
    return pack_at(activity.agency, activity.day)


def packs_of(agency: Agency) -> Callable[[Activity], Pack | None]:
    """`pack_of` for many activities of one agency: its rulebook is read once."""
    on = book_of(agency).remembering()
    return lambda activity: on(activity.day.astimezone(SHANGHAI).date())


def facts_of(activity: Activity) -> dict[str, Any]:
    """The `activity` of FACTS.json. A report that was returned or withdrawn tells nothing."""
    told = own_facts(activity)
    stops = [_stop(one) for one in activity.stops.all()]
    if stops:
        told["interruptions"] = stops
    report = activity.reports.filter(kind=Report.Kind.UNRECORDED, state__in=STANDING).first()
    if report is not None:
        told["not_recorded"] = {"ground": report.code} if report.code in GROUNDS else {}
    return told


def own_facts(activity: Activity) -> dict[str, Any]:
    """What stands in its row."""
    moments = {name: getattr(activity, name) for name in MOMENTS}
    told: dict[str, Any] = {name: stamp(moment) for name, moment in moments.items() if moment}
    if activity.matter:
        told["matter"] = activity.matter
    for name in ("circumstances", "events"):
        if getattr(activity, name):
            told[name] = sorted(getattr(activity, name))
    return told


STANDING = (Report.State.MADE, Report.State.REVIEWED)


def _stop(one: Stop) -> dict[str, Any]:
    told = {"cause": one.cause if one.cause in CAUSES else None, "at": stamp(one.at)}
    return {**told, "resumed_at": stamp(one.resumed_at)} if one.resumed_at else told


def read(told: dict[str, Any]) -> Facts:
    """As the engine reads it."""
    return Facts.model_validate({"activity": told})


def met_of(activity: Activity) -> dict[str, str]:
    """Duties that are met, and when: each only once all that ask for it are answered."""
    reports = list(activity.reports.filter(state__in=STANDING))
    met = {
        "unrecorded_report": _when(one.made_at for one in reports if one.kind == Report.Kind.UNRECORDED),
        **_stops_met(activity, reports),
    }
    return {duty: moment for duty, moment in met.items() if moment}


def _stops_met(activity: Activity, reports: list[Report]) -> dict[str, str]:
    stops = list(activity.stops.all())
    ended = [one for one in stops if one.resumed_at is None]
    met = {}
    for kind in (Report.Kind.AT_ONCE, Report.Kind.STATEMENT):
        made = {one.stop_id: one.made_at for one in reports if one.kind == kind}
        if ended and all(one.pk in made for one in ended):
            met[str(kind)] = _when(made[one.pk] for one in ended)
    work = {one.stop_id: one.made_at for one in reports if one.kind == Report.Kind.WORK_RECORD}
    if stops and all(one.pk in work for one in stops):
        met["unrecorded_report"] = _when(work.values())
    spoken = _spoken(activity, [one for one in stops if one.resumed_at])
    return {**met, "voice_reason": spoken} if spoken else met


def _spoken(activity: Activity, stops: list[Stop]) -> str:
    """When the last of the spoken reasons was given; empty while one is missing."""
    marks = activity.marks.filter(state=Mark.State.MADE, code=REASON, at__isnull=False)
    said = [one.at for one in marks if one.at]
    found = []
    for stop in stops:
        near = [one for one in said if _soon(stop, one)]
        if not near:
            return ""
        found.append(min(near))
    return _when(found)


def _soon(stop: Stop, moment: datetime) -> bool:
    return stop.resumed_at is not None and (
        -120.0 <= (moment - stop.resumed_at).total_seconds() <= SPOKEN_WITHIN
    )


def _when(moments: Iterable[Any]) -> str:
    latest = max(moments, default=None)
    return stamp(latest) if latest else ""


def data_of(activity: Activity) -> dict[str, Any]:
    """What every entry about the activity carries; a replay makes the row again from it, without its words."""
    carried = activity.carried.select_related("device", "officer")
    handed = handed_over(activity)
    met = met_of(activity)
    if handed:
        met["store"] = stamp(handed.stored_at)
    return {
        **_named(activity),
        "officers": sorted(activity.participants.values_list("officer__staff_no", flat=True)),
        "devices": devices_told((one.device, one.officer) for one in carried),
        "facts": facts_of(activity),
        "met": met,
        "handed_over_at": stamp(handed.at) if handed else None,
    }


def data_of_new(
    activity: Activity, officers: Iterable[Officer], devices: Iterable[tuple[Device, Officer | None]]
) -> dict[str, Any]:
    """The same for one that has no row yet."""
    return {
        **_named(activity),
        "officers": sorted(one.staff_no for one in officers),
        "devices": devices_told(devices),
        "facts": own_facts(activity),
        "met": {},
        "handed_over_at": None,
    }


def _named(activity: Activity) -> dict[str, Any]:
    return {
        "activity": str(activity.pk),
        "number": activity.number,
        "unit": activity.unit.code,
        "happened": sorted(activity.happened),
    }


def devices_told(devices: Iterable[tuple[Device, Officer | None]]) -> list[dict[str, str | None]]:
    told = [{"serial": device.serial, "officer": who.staff_no if who else None} for device, who in devices]
    return sorted(told, key=lambda one: str(one["serial"]))


class HandedOver(NamedTuple):
    at: datetime
    stored_at: datetime


def handed_over(activity: Activity) -> HandedOver | None:
    """When the last of the activity's recordings was handed in; None while a device that was carried has none."""
    matched = Match.objects.filter(activity=activity, state=Match.State.MATCHED)
    rows = list(
        matched.values_list("recording__device", "recording__placed__handed_over_at", "recording__stored_at")
    )
    carried = set(activity.carried.values_list("device", flat=True))
    if not rows or carried - {device for device, _, _ in rows}:
        return None
    return HandedOver(max(handed or stored for _, handed, stored in rows), max(row[2] for row in rows))
