"""An inspection that was interrupted and reported, for the pages that show one."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Officer
from liuhen.stages.fieldwork import documents, reporting
from liuhen.stages.fieldwork.telling import Told, open_activity


def an_inspection(people: SimpleNamespace) -> SimpleNamespace:
    at, by = clock.now(), people.officer
    officers = list(
        Officer.objects.filter(agency=by.agency, staff_no__in=["100001", "100002"]).order_by("staff_no")
    )
    start = at - timedelta(hours=2)
    told = Told(
        matter="inspection",
        place="示范镇兴农农资经营部",
        party="示范县兴农农资经营部",
        arrived_at=start,
        ended_at=start + timedelta(minutes=40),
        officers=officers,
        devices={Device.objects.get(serial="4701A01"): officers[0]},
    )
    activity = open_activity(by.unit, told, by=by, at=at)
    stop = reporting.stop(
        activity,
        "weather",
        stopped_at=start + timedelta(minutes=20),
        text="暴雨，设备进水报警",
        by=by,
        at=at,
    )
    written = reporting.Written(
        "interruption_report", "weather", "暴雨突至，设备进水关机，已电话向周建国报告。", stop=stop
    )
    report = reporting.make_report(activity, written, by=by, at=at)
    paper = documents.Paperwork("现场检查笔录", "示农检〔2026〕12号", start, start + timedelta(minutes=38))
    documents.list_document(activity, paper, by=by, at=at)
    return SimpleNamespace(activity=activity.pk, stop=stop.pk, report=report.pk)
