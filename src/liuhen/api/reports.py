"""What is reported of an activity: interruptions, the reports of them, and what is still owed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from liuhen.base import clock
from liuhen.base.tokens.models import Scope
from liuhen.stages.fieldwork import papers
from liuhen.stages.fieldwork.facts import pack_of
from liuhen.stages.fieldwork.models import Report
from liuhen.stages.fieldwork.naming import find_activity
from liuhen.stages.fieldwork.owed import reports_owed

from . import shapes
from .callers import caller_of
from .operations import operation
from .shapes import Word

router = Router(tags=["执法活动"])


@operation(
    router,
    "GET",
    "/activities/{name}/reports",
    "一项执法活动的中断、报告和还缺的报告",
    scope=Scope.ACTIVITIES_READ,
    returns=shapes.ActivityReports,
)
def activity_reports(request: HttpRequest, name: Word) -> Any:
    at = clock.now()
    found = find_activity(name, caller_of(request).account, at)
    reports = found.reports.select_related("made_by", "reviewed_by", "scan", "activity")
    return {
        "activity": found.number,
        "stops": [
            {"id": one.pk, "cause": one.cause, "at": one.at, "resumed_at": one.resumed_at}
            for one in found.stops.all()
        ],
        "reports": [_row(one) for one in reports],
        "owed": [
            {"kind": one.kind, "stop": one.stop and one.stop.pk, "due": one.sentence}
            for one in reports_owed(found, at)
        ],
    }


def _row(row: Report) -> dict[str, Any]:
    return {
        "id": row.pk,
        "number": row.number,
        "kind": row.kind,
        "state": row.state,
        "code": row.code,
        "listed": row.listed,
        "article": row.article or None,
        "reviewer": papers.reviewer_in_words(row, pack_of(row.activity)),
        "stop": row.stop_id,
        "start": row.start,
        "end": row.end,
        "made_by": row.made_by.username,
        "made_at": row.made_at,
        "reviewed_by": row.reviewed_by.username if row.reviewed_by else None,
        "reviewed_at": row.reviewed_at,
        "scan_sha256": row.scan.sha256 if row.scan else None,
    }
