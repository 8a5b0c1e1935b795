"""The demo's inspection: the activity in which its card was filled, so that the pages of fieldwork have something to say.

Films are matched; the photograph and the sound are left to whoever looks at the worklist. Done once, repeatable.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings.models import Recording
from liuhen.stages.fieldwork import documents, marking, pairing, placing, telling
from liuhen.stages.fieldwork.documents import Paperwork
from liuhen.stages.fieldwork.models import Activity
from liuhen.stages.fieldwork.telling import Told

from .out import say


def demo_inspection(serial: str, started: str, custodian: Account) -> None:
    """Register it, match the films of the demo's card, mark the notice, list a document."""
    agency, at, start = custodian.agency, clock.now(), datetime.fromisoformat(started)
    if Activity.objects.filter(agency=agency).exists():
        return
    films = Recording.objects.filter(agency=agency, kind=Recording.Kind.VIDEO).order_by("taken_at")
    with publish.batched():
        activity = _registered(serial, start, custodian, at)
        placing.place(agency)
        for film in films:
            pairing.confirm(film, activity, by=custodian, at=at)
        for code, seconds in (("notice", 1.0), ("identity_shown", 4.0)):
            marking.mark_recording(films[0], code, seconds, by=custodian, at=at)
        paper = Paperwork("现场检查笔录", "示检〔2026〕1 号", start, start + timedelta(seconds=30))
        documents.list_document(activity, paper, by=custodian, at=at)
    say(f"演示的执法活动 {activity.number} 已登记，归入 {len(films)} 条录像；照片和录音留待归入。")


def _registered(serial: str, start: datetime, custodian: Account, at: datetime) -> Activity:
    officers = list(Officer.objects.filter(agency=custodian.agency).order_by("staff_no")[:2])
    told = Told(
        matter="inspection",
        place="示范镇兴农农资店",
        party="兴农农资店",
        arrived_at=start,
        ended_at=start + timedelta(seconds=30),
        left_at=start + timedelta(minutes=2),
        returned_at=start + timedelta(hours=1),
        officers=officers,
        devices={Device.objects.get(agency=custodian.agency, serial=serial): officers[0]},
    )
    unit = officers[0].unit
    return telling.open_activity(unit, told, by=custodian, at=at)
