"""Everything a phone needs in the field, as data: once the page is open it asks for nothing more.

- The regulation is the one of the activity's day: its notice, marks, causes, grounds and clocks, each with its article.
- What the text leaves to the office is the office's own text, or a word that nobody has filled it in yet.
- Of an activity: what is registered, and each duty with the moment it is due as the rule engine has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from liuhen.base import clock, packs
from liuhen.base.basis import article_in_words
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to
from liuhen.base.people.models import Account, Agency, Officer, Unit
from liuhen.base.people.selectors import officers_of
from liuhen.base.rulebook.selectors import answers_of
from liuhen.core.rules.calendar import Period
from liuhen.core.rules.clocks import duties_of
from liuhen.core.rules.facts import Facts
from liuhen.core.rules.pack import Clock, Notice, Pack
from liuhen.core.rules.terms import NAMES
from liuhen.stages.equipment.models import Issue
from liuhen.stages.fieldwork.documents import KINDS
from liuhen.stages.fieldwork.facts import (
    CAUSES,
    CIRCUMSTANCES,
    EVENTS,
    GROUNDS,
    facts_of,
    handed_over,
    met_of,
    pack_of,
)
from liuhen.stages.fieldwork.marking import choices
from liuhen.stages.fieldwork.models import Activity, Mark, Report
from liuhen.stages.fieldwork.reporting import Demanded, demanded
from liuhen.stages.fieldwork.selectors import documents_of

MANY = 300  # people or devices in one list
_WORDING = ("notice_script", "language_guide")  # slots in which an office keeps what is spoken
_GUIDANCE = ("wearing", "photographs", "time_agreement")
_HANDING = ("handover", "store")


def unit_of(person: Account) -> Unit | None:
    return person.unit or (person.officer.unit if person.officer else None)


# -- the regulation


def rules_told(pack: Pack | None, agency: Agency, at: datetime) -> dict[str, Any]:
    """What the regulation asks for in the field; of an office without one, what anybody may register."""
    stop = pack.interruption if pack else None
    return {
        "title": pack.title if pack else "",
        "matters": [_matter(pack, one) for one in pack.matters] if pack else [],
        "notice": _spoken(pack, pack.notice, agency) if pack and pack.notice else None,
        "opening": _spoken(pack, pack.opening, agency) if pack and pack.opening else None,
        "guidance": _guidance(pack),
        "marks": [
            {"code": one.code, "label": one.label, "basis": _basis(pack, one.article)}
            for one in choices(pack)
        ],
        "causes": _listed(CAUSES, stop.causes if stop else ()),
        "stop": {
            "text": stop.text if stop else "",
            "basis": _basis(pack, stop.article) if stop else "",
            "closed": bool(stop and stop.closed),
            "spoken": bool(stop and not stop.report_every_stop),
        },
        "reports": [_report(pack, kind) for kind in Report.Kind if _offered(pack, kind)],
        "clocks": [_clock(pack, one, at) for one in pack.clocks if one.duty in _HANDING] if pack else [],
    }


def _basis(pack: Pack | None, article: str | None) -> str:
    return article_in_words(pack.id, article) if pack and article else ""


def _matter(pack: Pack, one: Any) -> dict[str, str]:
    return {"code": one.code, "name": one.name, "duty": one.duty, "basis": _basis(pack, one.article)}


def _spoken(pack: Pack, rule: Notice, agency: Agency) -> dict[str, Any]:
    """What is to be said: literally where the text prescribes it, else the office's own words."""
    slots = {one.code: one for one in packs.pack_of(pack.id).slots if one.code in _WORDING}
    filled = {one.code: one.text for one in answers_of(agency, pack.id) if one.code in _WORDING}
    slot = next(iter(slots.values()), None)
    own = next(iter(filled.values()), "") if not rule.script else ""
    note = ""
    if own and slot:
        note = f"用语由{slot.filled_by}制定，以下是本单位填入的文本。"
    elif slot and not rule.script:
        note = (
            f"用语由{slot.filled_by}制定，本单位还没有填入：请按其文本告知。"
            "怎么办：由法制机构在“规定”的裁定中填入后，这里显示全文。"
        )
    elif not rule.script and not rule.speaks:
        note = "规定没有写明用语：请用自己的话说明。"
    return {
        "text": rule.text,
        "script": pack.script_of(rule) or own,
        "speaks": list(rule.speaks),
        "note": note,
        "basis": _basis(pack, rule.article),
    }


def _guidance(pack: Pack | None) -> list[dict[str, str]]:
    """From where to where is recorded, worn how, with photographs where the text asks for them."""
    if pack is None:
        return []
    return [
        {"text": one.text, "code": one.code or "", "basis": _basis(pack, one.article)}
        for one in pack.span
        if one.code is None or one.code in _GUIDANCE
    ]


def _listed(known: Iterable[str], listed: Iterable[str]) -> list[dict[str, Any]]:
    """Those that the text lists first, in its order."""
    first = list(listed)
    return [
        {"code": code, "label": NAMES[code], "listed": code in first}
        for code in [*first, *(one for one in known if one not in first)]
    ]


def _offered(pack: Pack | None, kind: str) -> bool:
    return kind == Report.Kind.UNRECORDED or bool(demanded(pack, kind).article)


def _report(pack: Pack | None, kind: Report.Kind) -> dict[str, Any]:
    rule: Demanded = demanded(pack, kind)
    to = pack.who(rule.to) if pack and rule.to else None  # type: ignore[arg-type]
    return {
        "kind": str(kind),
        "label": kind.label,
        "asked": rule.asked,
        "basis": _basis(pack, rule.article),
        "text": rule.text,
        "to": to or "科室负责人",
        "named": bool(rule.to),
        "closed": rule.closed,
        "codes": _listed(GROUNDS if kind == Report.Kind.UNRECORDED else CAUSES, rule.codes),
    }


def _clock(pack: Pack, one: Clock, at: datetime) -> dict[str, Any]:
    """A duty as the phone can count it alone: hours, the same day, or, for working days, when it ends by day."""
    period = Period.parse(one.within) if one.within else None
    other = one.exception
    return {
        "duty": one.duty,
        "label": NAMES[one.duty],
        "text": one.text,
        "basis": _basis(pack, one.article),
        "start": "ended_at" if one.per_recording else one.start,
        "hours": period.hours if period and period.hours else None,
        "same_day": one.same_day,
        "by_day": _by_day(period, at) if period and not period.hours else {},
        "within": period.in_words() if period else "",
        "circumstances": list(other.circumstances) if other else [],
        "later_hours": Period.parse(other.within).hours if other else None,
        "who": pack.roles[one.who],
        "to": pack.who(one.to) or "",
    }


def _by_day(period: Period, at: datetime) -> dict[str, str]:
    days = [at + timedelta(days=number) for number in range(4)]
    due = packs.calendar().due
    return {f"{one.astimezone(clock.SHANGHAI):%Y-%m-%d}": due(one, period).isoformat() for one in days}


# -- people and devices


def people_told(person: Account, at: datetime) -> list[dict[str, Any]]:
    """Officers in service: one's own unit first."""
    rows = officers_of(person, at).filter(left_on__isnull=True)
    unit = unit_of(person)
    ordered = sorted(
        rows[: MANY * 4], key=lambda one: (one.unit_id != (unit.pk if unit else 0), one.staff_no)
    )
    return [_officer(one, unit) for one in ordered[:MANY]]


def _officer(one: Officer, unit: Unit | None) -> dict[str, Any]:
    return {
        "no": one.staff_no,
        "name": one.name,
        "certificate": one.certificate_no,
        "unit": one.unit.name,
        "near": unit is not None and one.unit_id == unit.pk,
    }


def devices_told(person: Account, at: datetime) -> list[dict[str, Any]]:
    """Devices that people carry, in use: those one has in hand first, then the unit's, then the others."""
    out = Issue.objects.filter(agency=person.agency_id, state=Issue.State.OUT)
    holders = {
        device: (number, name)
        for device, number, name in out.values_list("device", "officer__staff_no", "officer__name")
    }
    rows = visible_to(person, at).filter(state=Device.State.IN_USE, kind__in=Device.CARRIED)
    unit, me = unit_of(person), person.officer.staff_no if person.officer else ""

    def near(one: Device) -> tuple[bool, bool, str]:
        return (
            holders.get(one.pk, ("", ""))[0] != me or not me,
            one.unit_id != (unit.pk if unit else 0),
            one.serial,
        )

    ordered = sorted(rows[: MANY * 4], key=near)[:MANY]
    return [
        {
            "id": one.pk,
            "serial": one.serial,
            "kind": one.get_kind_display(),
            "model": one.model,
            "holder": holders.get(one.pk, ("", ""))[0],
            "holder_name": holders.get(one.pk, ("", ""))[1],
            "keeper": one.keeper.staff_no if one.keeper else "",
            "near": unit is not None and one.unit_id == unit.pk,
        }
        for one in ordered
    ]


def choices_told(pack: Pack | None) -> dict[str, Any]:
    """Lists that are the same everywhere."""
    counted = {
        code for one in (pack.clocks if pack else ()) if one.exception for code in one.exception.circumstances
    }
    return {
        "circumstances": [
            {"code": code, "label": NAMES[code], "listed": code in counted} for code in CIRCUMSTANCES
        ],
        "events": [{"code": code, "label": NAMES[code]} for code in EVENTS],
        "kinds": list(KINDS),
        "names": {code: NAMES[code] for code in (*CAUSES, *GROUNDS)},
    }


# -- one activity


def activity_told(activity: Activity, at: datetime) -> dict[str, Any]:
    """What is registered of it, without what others wrote in free words beyond place and party."""
    carried = activity.carried.select_related("device", "officer")
    return {
        "id": str(activity.pk),
        "number": activity.number,
        "live": activity.live,
        "matter": activity.matter,
        "place": activity.place,
        "party": activity.party,
        **{
            name: _iso(getattr(activity, name))
            for name in ("arrived_at", "ended_at", "left_at", "returned_at")
        },
        "circumstances": activity.circumstances,
        "events": activity.events,
        "officers": list(activity.participants.values_list("officer__staff_no", flat=True)),
        "devices": [
            {"serial": one.device.serial, "officer": one.officer.staff_no if one.officer else ""}
            for one in carried
        ],
        "stops": [
            {"id": str(one.pk), "cause": one.cause, "at": _iso(one.at), "resumed_at": _iso(one.resumed_at)}
            for one in activity.stops.all()
        ],
        "marks": [
            {"id": str(one.pk), "code": one.code, "at": _iso(one.at)}
            for one in activity.marks.filter(state=Mark.State.MADE)
        ],
        "documents": [
            {
                "id": str(one.pk),
                "kind": one.kind,
                "number": one.number,
                "started_at": _iso(one.started_at),
                "ended_at": _iso(one.ended_at),
            }
            for one in documents_of(activity)
        ],
        "reports": [
            {
                "id": str(one.pk),
                "kind": one.kind,
                "label": one.get_kind_display(),
                "number": one.number,
                "state": one.get_state_display(),
                "stop": str(one.stop_id or ""),
            }
            for one in activity.reports.exclude(state=Report.State.WITHDRAWN)
        ],
        "duties": duties_told(activity, at),
    }


def duties_told(activity: Activity, at: datetime) -> list[dict[str, Any]]:
    """What the regulation asks for now, until when, of whom."""
    pack = pack_of(activity)
    if pack is None:
        return []
    handed = handed_over(activity)
    facts = Facts.model_validate(
        {
            "activity": facts_of(activity),
            "recordings": [{"ended_at": clock.stamp(activity.ended_at)}] if activity.ended_at else [],
            "handover": {"at": clock.stamp(handed.at)} if handed else None,
        }
    )
    met = met_of(activity)
    return [
        {
            "duty": one.duty,
            "label": NAMES[one.duty],
            "basis": _basis(pack, one.article),
            "state": "met" if one.duty in met else one.state,
            "due_at": _iso(one.due_at),
            "who": one.who,
            "to": one.to or "",
            "warnings": list(one.warnings),
        }
        for one in duties_of(pack, facts, packs.calendar(), at=at)
        if not one.duty.startswith("dossier")
    ]


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(clock.SHANGHAI).isoformat() if moment else None


__all__ = ["activity_told", "choices_told", "devices_told", "pack_of", "people_told", "rules_told", "unit_of"]
