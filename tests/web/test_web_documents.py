"""Documents of an activity on the pages, and what the activity's page is told of documents, stops and reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.test import Client
from test_web_reports import PDF, inspection, interrupted, page, reported, run_by, scan

from liuhen.base import clock
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Paper
from liuhen.stages.fieldwork import reporting
from liuhen.stages.fieldwork.models import Activity, Document
from liuhen.stages.fieldwork.owed import reports_owed
from liuhen.stages.fieldwork.reporting import Written
from liuhen.web.documents import documents_told, reports_told

ClientOf = Callable[..., Client]


def listed(client: Client, activity: Activity, **more: object) -> Document:
    told = {"kind": "现场检查笔录", "number": "示农检〔2026〕12号", "on_site": "on"} | more
    response = client.post(f"/activities/{activity.pk}/documents/new/", told)
    assert response.status_code == 302, response.content.decode()
    return Document.objects.latest("listed_at")


def test_a_document_is_listed_with_its_times_and_its_scan(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity, client = inspection(people), client_of("officer")
    assert '<option value="询问笔录">' in page(client, f"/activities/{activity.pk}/documents/new/")
    start = clock.now() - timedelta(minutes=110)
    row = listed(client, activity, started_at=clock.local(start), scan=scan(name="笔录.pdf"))
    assert (row.kind, row.on_site, row.scan) == ("现场检查笔录", True, Paper.objects.get())
    assert row.started_at and abs((row.started_at - start).total_seconds()) < 1
    response = client.get(f"/documents/{row.pk}/scan/")
    assert response.content == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert not Entry.objects.filter(entry__contains="示农检").exists()


def test_the_same_scan_serves_two_documents(client_of: ClientOf, people: SimpleNamespace) -> None:
    activity, client = inspection(people), client_of("officer")
    listed(client, activity, scan=scan())
    listed(client, activity, kind="送达回证", scan=scan(name="另一个名字.pdf"))
    assert (Document.objects.count(), Paper.objects.count()) == (2, 1)


def test_times_in_the_wrong_order_keep_neither_document_nor_scan(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity, now = inspection(people), clock.now()
    told = {
        "kind": "询问笔录",
        "started_at": clock.local(now),
        "ended_at": clock.local(now - timedelta(minutes=5)),
        "scan": scan(),
    }
    response = client_of("officer").post(f"/activities/{activity.pk}/documents/new/", told)
    assert response.status_code == 422
    assert "终止时间早于起始时间" in response.content.decode()
    assert not Document.objects.exists()
    assert not Paper.objects.exists()


def test_a_document_is_taken_off_with_a_reason(client_of: ClientOf, people: SimpleNamespace) -> None:
    client = client_of("officer")
    row = listed(client, inspection(people))
    assert client.post(f"/documents/{row.pk}/withdraw/", {"reason": ""}).status_code == 409
    client.post(f"/documents/{row.pk}/withdraw/", {"reason": "登错活动"})
    row.refresh_from_db()
    assert row.state == "withdrawn"


@pytest.mark.parametrize("who", ["stranger", "sysadmin", "secadmin", "auditor"])
def test_a_document_is_not_there_for_others(client_of: ClientOf, people: SimpleNamespace, who: str) -> None:
    row = listed(client_of("officer"), inspection(people), scan=scan())
    client = client_of(who)
    assert client.get(f"/documents/{row.pk}/scan/").status_code == 404
    assert client.post(f"/documents/{row.pk}/withdraw/", {"reason": "x"}).status_code == 404
    assert client_of("legal").get(f"/documents/{row.pk}/scan/").status_code == 200


def test_whoever_only_sees_takes_nothing_off(client_of: ClientOf, people: SimpleNamespace) -> None:
    row = listed(client_of("officer"), inspection(people))
    client_of("legal").post(f"/documents/{row.pk}/withdraw/", {"reason": "x"})
    row.refresh_from_db()
    assert row.state == "listed"


# -- what the page of the activity is told


def kinds_owed(activity: Activity) -> list[str]:
    return [one.kind for one in reports_owed(activity, clock.now())]


def test_a_stop_owes_its_reports_until_they_stand(people: SimpleNamespace) -> None:
    activity = inspection(people, ended_at=None)
    row = interrupted(people, activity)
    assert kinds_owed(activity) == ["interruption_report", "interruption_statement"]
    written = Written("interruption_report", "weather", "暴雨", stop=row)
    report = reporting.make_report(activity, written, by=people.officer, at=clock.now())
    assert kinds_owed(activity) == ["interruption_statement"]
    reporting.send_back(report, reason="请补", by=people.head, at=clock.now())
    assert kinds_owed(activity) == ["interruption_report", "interruption_statement"]


@pytest.mark.parametrize(
    ("pack", "owed"),
    [
        ("jinjiang-agri", ["unrecorded_report"]),
        ("shifanqu-bianban", ["unrecorded_report"]),
        ("baofeng-forestry", ["unrecorded_report"]),
        ("ankang-agri", ["unrecorded_report"]),
        ("pengyang", []),
    ],
)
def test_an_activity_without_recording_owes_what_its_text_asks(
    people: SimpleNamespace, pack: str, owed: list[str]
) -> None:
    run_by(people, pack)
    activity = inspection(people, matter="")
    assert kinds_owed(activity) == owed
    reported(people, activity)
    assert kinds_owed(activity) == []


def test_the_partials_say_what_is_missing_and_where_to_write_it(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people)
    row = interrupted(people, activity)
    listed(client_of("officer"), activity, scan=scan())
    told = reports_told(activity, people.officer)
    text = render_to_string("activities/reports.html", {"activity": activity, "reports": told})
    assert "未恢复" in text
    assert f"/activities/{activity.pk}/reports/new/?kind=interruption_report&amp;stop={row.pk}" in text
    assert "应当立即报告" in text
    rows = documents_told(activity, people.officer)
    text = render_to_string("activities/documents.html", {"activity": activity, "documents": rows})
    assert "示农检〔2026〕12号" in text
    assert "撤下" in text


def test_whoever_only_sees_is_offered_nothing_to_write(people: SimpleNamespace) -> None:
    activity = inspection(people)
    interrupted(people, activity)
    told = {"activity": activity, "reports": reports_told(activity, people.legal)}
    assert "/new/" not in render_to_string("activities/reports.html", told)
    told = {"activity": activity, "documents": documents_told(activity, people.legal)}
    assert "/new/" not in render_to_string("activities/documents.html", told)
