"""Stores and published ledger alone give fieldwork back: everything but the words, and every clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from deadlines.deadlines_office import everything
from fieldwork_office import AT, clock, inspection
from storage.storage_homes import stocked, stocked_homes  # noqa: F401 (fixtures)
from storage.storage_office import recording_of

from liuhen.base.deadlines import follow
from liuhen.base.people.models import Account, Agency
from liuhen.base.recordings.numbers import next_number
from liuhen.base.storage import rebuilding
from liuhen.cli.storage import _replayers
from liuhen.stages.fieldwork import documents, marking, pairing, reporting
from liuhen.stages.fieldwork.checks import judge
from liuhen.stages.fieldwork.documents import Paperwork
from liuhen.stages.fieldwork.models import (
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
from liuhen.stages.fieldwork.reporting import Written
from liuhen.stages.fieldwork.settling import reopen, settle
from liuhen.stages.fieldwork.telling import Told, tell, void

pytestmark = pytest.mark.slow

SEEN: dict[Any, tuple[str, ...]] = {
    Activity: (
        *("id", "number", "state", "matter", "arrived_at", "ended_at", "left_at", "returned_at"),
        *("circumstances", "happened", "events", "opened_by__username", "opened_at", "unit__code"),
    ),
    Participant: ("activity", "officer__staff_no"),
    Carried: ("activity", "device__serial", "officer__staff_no"),
    Stop: ("id", "activity", "cause", "at", "resumed_at"),
    Report: (
        *(
            "id",
            "activity",
            "stop",
            "number",
            "kind",
            "state",
            "code",
            "listed",
            "article",
            "to",
            "start",
            "end",
        ),
        *("made_by__username", "made_at", "reviewed_by__username", "reviewed_at", "scan__sha256"),
    ),
    Document: ("id", "activity", "state", "started_at", "ended_at", "on_site", "listed_by__username"),
    Mark: ("id", "activity", "recording", "state", "origin", "code", "at", "seconds", "made_by__username"),
    Match: ("recording", "activity", "state", "by", "at"),
    Settled: ("activity", "key", "code", "state", "by", "at"),
}


def all_rows() -> dict[str, list[Any]]:
    return {
        model.__name__: sorted(model.objects.values_list(*columns), key=str)
        for model, columns in SEEN.items()
    }


def a_full_day(people: SimpleNamespace) -> Activity:
    """Every act of fieldwork at least once."""
    film = recording_of()
    taken = clock(9, 30) - timedelta(days=126)
    activity = inspection(
        people,
        arrived_at=taken - timedelta(minutes=10),
        ended_at=taken + timedelta(minutes=40),
        left_at=None,
        events=["refusal"],
        happened=["questioning"],
    )
    by = people.officer
    tell(activity, Told(returned_at=taken + timedelta(hours=5)), by=by, at=AT)
    tell(activity, Told(ended_at=taken + timedelta(minutes=30)), by=by, at=AT, reason="更正")
    row = reporting.stop(activity, "battery", stopped_at=taken, by=by, at=AT)
    reporting.resume(row, resumed_at=taken + timedelta(minutes=2), by=by, at=AT)
    other = reporting.stop(
        activity, "weather", stopped_at=taken + timedelta(minutes=9), text="暴雨", by=by, at=AT
    )
    for kind in ("interruption_report", "interruption_statement"):
        written = Written(kind, "weather", "暴雨", stop=other, at=AT - timedelta(hours=1))
        reporting.make_report(activity, written, by=by, at=AT)
    first, second = Report.objects.order_by("number")
    reporting.review(first, by=people.head, at=AT)
    reporting.send_back(second, reason="补充时间", by=people.head, at=AT)
    reporting.withdraw(second, reason="另行提交", by=by, at=AT)
    papers = [
        documents.list_document(activity, Paperwork("询问笔录", name, taken, taken), by=by, at=AT)
        for name in ("1", "2")
    ]
    documents.withdraw_document(papers[0], reason="列错", by=by, at=AT)
    marking.mark_activity(activity, "notice", moment=taken, by=by, at=AT)
    gone = marking.mark_activity(activity, "landmark", moment=taken, by=by, at=AT)
    marking.withdraw_mark(gone, reason="点错", by=by, at=AT)
    match = pairing.confirm(film, activity, by=people.custodian, at=AT)
    pairing.undo(match, reason="再核", by=people.custodian, at=AT)
    pairing.confirm(film, activity, by=people.custodian, at=AT)
    marking.mark_recording(film, "interruption_reason", 0, by=people.custodian, at=AT)
    found = next(one for one in judge(activity).findings if one.open)
    reopen(
        settle(activity, found.key, reason="已说明", by=people.head, at=AT),
        reason="再查",
        by=people.head,
        at=AT,
    )
    settle(activity, found.key, reason="查明", by=people.head, at=AT)
    void(inspection(people, devices={}), reason="重复登记", by=people.head, at=AT)
    pairing.decline(film, inspection(people), by=people.custodian, at=AT)
    return activity


def test_everything_but_the_words_comes_back(stocked: Path, people: SimpleNamespace) -> None:  # noqa: F811
    from django.db import connection

    activity = a_full_day(people)
    agency = people.officer.agency
    follow.rebuild(agency)
    before, clocks = all_rows(), everything()
    connection.close()
    for path in stocked.glob("db.sqlite3*"):
        path.unlink()
    report = rebuilding.rebuild(_replayers(), replace=False, at=AT)
    assert report.ok, report.differences
    assert all_rows() == before
    follow.rebuild(Agency.objects.get(code="demo"))
    assert everything() == clocks
    again = Activity.objects.get(pk=activity.pk)
    assert (again.party, "账本" in again.place) == ("", True)
    agency = Account.objects.get(username="officer").agency
    assert next_number(agency, "HD", AT).endswith("-000004")
    assert next_number(agency, "BG", AT).endswith("-000003")
