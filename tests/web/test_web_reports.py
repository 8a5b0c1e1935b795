"""Interruptions and reports on the pages: what the form offers, who may do what, papers, scans, the register."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.selectors import told
from liuhen.base.people.acts import KEEP_PAPER
from liuhen.base.people.models import Officer, Paper, Role
from liuhen.base.people.papers import LIMIT
from liuhen.base.people.services import appoint_deputy, confirm_role, propose_role
from liuhen.stages.fieldwork import reporting
from liuhen.stages.fieldwork.acts import KEEP_SCAN
from liuhen.stages.fieldwork.models import Activity, Report, Stop
from liuhen.stages.fieldwork.reporting import Written
from liuhen.stages.fieldwork.telling import Told, open_activity, void
from liuhen.web.report_forms import choices_of

ClientOf = Callable[..., Client]
PDF = b"%PDF-1.4 signed"
NOBODYS = ("sysadmin", "secadmin", "auditor", "stranger")


def run_by(people: SimpleNamespace, pack: str) -> None:
    agency = people.officer.agency
    agency.founded_pack = agency.pack = pack
    agency.save()
    for person in vars(people).values():
        if person.agency_id == agency.pk:
            person.agency = agency


def inspection(people: SimpleNamespace, **more: Any) -> Activity:
    """Two hours ago, for an hour; by officer and officer2."""
    at, by = clock.now(), people.officer
    officers = list(
        Officer.objects.filter(agency=by.agency, staff_no__in=["100001", "100002"]).order_by("staff_no")
    )
    told = {
        "matter": "inspection",
        "place": "示范镇农资店",
        "party": "某某农资店",
        "arrived_at": at - timedelta(hours=2),
        "ended_at": at - timedelta(hours=1),
        "officers": officers,
        "devices": {Device.objects.get(serial="4701A01"): officers[0]},
    } | more
    return open_activity(by.unit, Told(**told), by=by, at=at)


def interrupted(people: SimpleNamespace, activity: Activity, cause: str = "weather") -> Stop:
    at = clock.now()
    return reporting.stop(activity, cause, stopped_at=at - timedelta(minutes=90), by=people.officer, at=at)


def reported(people: SimpleNamespace, activity: Activity | None = None, **more: Any) -> Report:
    written = Written("unrecorded_report", "urgent", "情况紧急", **more)
    return reporting.make_report(activity or inspection(people), written, by=people.officer, at=clock.now())


def scan(raw: bytes = PDF, name: str = "签字件.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, raw, content_type="application/pdf")


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()


def here(report: Report, act: str = "") -> str:
    return f"/reports/{report.pk}/{act}"


# -- interruptions


def test_the_regulations_own_causes_come_first_and_others_are_told_apart() -> None:
    groups = choices_of(("weather", "battery", "site_change"), ("battery", "weather"), "第十二条")
    assert groups == [
        ("第十二条所列", [("battery", "电量不足"), ("weather", "天气恶劣")]),
        ("条文未列", [("site_change", "检查场所变化")]),
    ]


def test_an_interruption_leads_on_to_the_report_it_asks_for(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity, client = inspection(people), client_of("officer")
    told = {
        "cause": "weather",
        "stopped_at": clock.local(clock.now() - timedelta(minutes=80)),
        "text": "暴雨",
    }
    response = client.post(f"/activities/{activity.pk}/stops/new/", told)
    row = Stop.objects.get()
    assert response.headers["Location"] == (
        f"/activities/{activity.pk}/reports/new/?stop={row.pk}&kind=interruption_report"
    )
    form = page(client, response.headers["Location"])
    assert "应当立即报告" in form
    assert "分管领导" in form
    assert '<option value="weather" selected>' in form
    assert "暴雨" in form


@pytest.mark.parametrize("path", ["stops", "reports"])
def test_no_reason_stands_chosen_and_none_is_taken_for_one(
    client_of: ClientOf, people: SimpleNamespace, path: str
) -> None:
    address, client = f"/activities/{inspection(people).pk}/{path}/new/", client_of("officer")
    form = page(client, address)
    assert '<option value="" selected>请选择</option>' in form
    assert form.count(" selected") == 1
    told = {"stopped_at": clock.local(clock.now() - timedelta(minutes=80)), "reason": "情况紧急"}
    for sent in (told, {**told, "cause": "", "code": ""}, {**told, "cause": "made_up", "code": "made_up"}):
        response = client.post(address, sent)
        assert response.status_code == 422
        assert "没有选择" in response.content.decode()
        assert "怎么办：请从列表中选一项" in response.content.decode()
    assert not Stop.objects.exists()
    assert not Report.objects.exists()


def test_an_interruption_before_arrival_comes_back_with_what_to_do(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people)
    told = {"cause": "weather", "stopped_at": clock.local(clock.now() - timedelta(hours=9))}
    response = client_of("officer").post(f"/activities/{activity.pk}/stops/new/", told)
    assert response.status_code == 422
    assert "怎么办" in response.content.decode()
    assert not Stop.objects.exists()


def test_recording_goes_on(client_of: ClientOf, people: SimpleNamespace) -> None:
    row = interrupted(people, inspection(people))
    client, path = client_of("officer"), f"/stops/{row.pk}/resume/"
    assert "语音说明" in page(client, path)
    client.post(path, {"resumed_at": clock.local(clock.now() - timedelta(minutes=85))})
    row.refresh_from_db()
    assert row.resumed_at is not None
    assert client.post(path, {"resumed_at": clock.local(clock.now())}).status_code == 422


# -- making a report


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (
            "jinjiang-agri",
            ["第九条", "条文只列这几种", "科室负责人（条文没有写报告给谁", "条文没有要求写依据"],
        ),
        ("shifanqu-bianban", ["第五条", "爆炸危险区域", "主管领导", "条文要求写明原因和依据"]),
        ("baofeng-forestry", ["第十二条", "条文没有列举", "本单位主要领导", "条文要求写明原因和依据"]),
        ("ankang-agri", ["第五条", "24 小时内", "可以用其他方式记录", "条文要求写明原因和依据"]),
        ("pengyang", ["第八条", "制度不要求这种报告", "文字记录足以全面有效记录"]),
    ],
)
def test_the_form_shows_the_texts_own_grounds_first_and_what_it_asks_for(
    client_of: ClientOf, people: SimpleNamespace, pack: str, said: list[str]
) -> None:
    run_by(people, pack)
    form = page(client_of("officer"), f"/activities/{inspection(people).pk}/reports/new/")
    assert [words for words in said if words not in form] == []


def test_ankangs_hours_that_are_over_are_told_as_late(client_of: ClientOf, people: SimpleNamespace) -> None:
    run_by(people, "ankang-agri")
    at = clock.now()
    activity = inspection(people, arrived_at=at - timedelta(hours=28), ended_at=at - timedelta(hours=27))
    form = page(client_of("officer"), f"/activities/{activity.pk}/reports/new/")
    assert "已超过 3 小时" in form
    assert "state-bad" in form


def test_grounds_are_needed_where_the_text_asks_for_them(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    run_by(people, "shifanqu-bianban")
    path = f"/activities/{inspection(people).pk}/reports/new/"
    client, told = client_of("officer"), {"code": "urgent", "reason": "紧急处置"}
    assert client.post(path, told).status_code == 422
    assert not Report.objects.exists()
    assert client.post(path, {**told, "grounds": "第五条第三项"}).status_code == 302
    assert (Report.objects.get().grounds, Report.objects.get().listed) == ("第五条第三项", True)


def test_a_ground_outside_the_list_is_taken_and_marked(client_of: ClientOf, people: SimpleNamespace) -> None:
    activity = inspection(people)
    told = {"code": "other_means", "reason": "有监控"}
    client_of("officer").post(f"/activities/{activity.pk}/reports/new/", told)
    report = Report.objects.get()
    assert report.listed is False
    assert "理由不在条文所列之内" in page(client_of("head"), here(report))


def test_the_report_of_a_stop_takes_its_times(client_of: ClientOf, people: SimpleNamespace) -> None:
    activity = inspection(people)
    row = interrupted(people, activity)
    path = f"/activities/{activity.pk}/reports/new/?stop={row.pk}&kind=interruption_statement"
    assert clock.local(row.at).replace(" ", "T") in page(client_of("officer"), path)
    client_of("officer").post(path, {"code": "weather", "reason": "暴雨", "start": clock.local(row.at)})
    report = Report.objects.get()
    assert (report.stop, report.kind) == (row, "interruption_statement")
    assert abs((report.start - row.at).total_seconds()) < 1  # type: ignore[operator]


@pytest.mark.parametrize("stop", ["x", "00000000-0000-0000-0000-000000000000"])
def test_a_stop_that_is_not_of_this_activity_is_not_there(
    client_of: ClientOf, people: SimpleNamespace, stop: str
) -> None:
    path = f"/activities/{inspection(people).pk}/reports/new/?stop={stop}"
    assert client_of("officer").get(path).status_code == 404


def test_nothing_more_is_reported_of_a_void_activity(client_of: ClientOf, people: SimpleNamespace) -> None:
    activity = inspection(people)
    void(activity, reason="重复登记", by=people.head, at=clock.now())
    path = f"/activities/{activity.pk}/reports/new/"
    response = client_of("officer").post(path, {"code": "urgent", "reason": "紧急"})
    assert response.status_code == 422
    assert "已经作废" in response.content.decode()
    assert not Report.objects.exists()


# -- who may


GETS = (
    "/activities/{activity}/stops/new/",
    "/stops/{stop}/resume/",
    "/activities/{activity}/reports/new/",
    "/activities/{activity}/documents/new/",
)


@pytest.mark.parametrize("who", [*NOBODYS, "legal", "archivist", "principal"])
def test_the_forms_are_there_for_whoever_may_tell_of_the_activity(
    client_of: ClientOf, people: SimpleNamespace, who: str
) -> None:
    activity = inspection(people)
    stop = interrupted(people, activity)
    client = client_of(who)
    for pattern in GETS:
        path = pattern.format(activity=activity.pk, stop=stop.pk)
        assert client_of("officer2").get(path).status_code == 200, path
        assert client.get(path).status_code == 404, path
        assert client.post(path, {}).status_code == 404, path


@pytest.mark.parametrize("who", NOBODYS)
def test_a_report_is_not_there_for_others(client_of: ClientOf, people: SimpleNamespace, who: str) -> None:
    report = reported(people)
    client = client_of(who)
    for act in ("", "paper/", "paper/?as=docx", "scan/"):
        assert client.get(here(report, act)).status_code == 404, act
    for act in ("review/", "return/", "withdraw/", "scan/"):
        assert client.post(here(report, act), {"reason": "x"}).status_code == 404, act
    report.refresh_from_db()
    assert report.state == "made"


def test_an_officer_who_took_no_part_sees_no_report(client_of: ClientOf, people: SimpleNamespace) -> None:
    alone = inspection(
        people, officers=list(Officer.objects.filter(staff_no__in=["100001", "100003"], agency__code="demo"))
    )
    report = reported(people, alone)
    assert client_of("officer2").get(here(report)).status_code == 404
    assert report.number not in page(client_of("officer2"), "/reports/?show=all")


@pytest.mark.parametrize("who", ["officer2", "custodian", "principal", "legal", "archivist"])
def test_only_the_reviewer_reviews(client_of: ClientOf, people: SimpleNamespace, who: str) -> None:
    report = reported(people)
    client = client_of(who)
    assert "等待科室负责人审核" in page(client, here(report))
    for act in ("review/", "return/"):
        assert client.post(here(report, act), {"reason": "不行"}).status_code in (403, 404, 409), act
    report.refresh_from_db()
    assert report.state == "made"


# -- reviewing


def test_the_reviewer_agrees_with_an_opinion(client_of: ClientOf, people: SimpleNamespace) -> None:
    report, client = reported(people), client_of("head")
    assert "待我审核　1" in page(client, "/reports/")
    client.post(here(report, "review/"), {"opinion": "情况属实。"})
    report.refresh_from_db()
    assert (report.state, report.opinion, report.reviewed_by) == ("reviewed", "情况属实。", people.head)
    shown = page(client, here(report))
    assert "情况属实。" in shown
    assert "同意</button>" not in shown


def test_a_returned_report_leads_its_maker_to_another(client_of: ClientOf, people: SimpleNamespace) -> None:
    report = reported(people)
    client_of("head").post(here(report, "return/"), {"reason": "请写明向谁报告过"})
    shown = page(client_of("officer"), here(report))
    assert "请写明向谁报告过" in shown
    again = re.search(r'href="(/activities/[^"]+/reports/new/\?kind=unrecorded_report)"', shown)
    assert again
    client_of("officer").post(again[1], {"code": "urgent", "reason": "已电话向周建国报告"})
    assert sorted(Report.objects.values_list("state", flat=True)) == ["made", "returned"]


def test_an_activity_leaves_the_worklist_once_its_reviewer_agrees_why_nothing_was_recorded(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity, head = inspection(people), client_of("head")
    report, worklist = reported(people, activity), "/activities/empty/"
    assert activity.number in page(head, worklist)
    assert "个执法活动没有记录" in page(head, "/")
    assert activity.number not in page(head, f"{worklist}?show=explained")
    head.post(here(report, "review/"))
    assert activity.number not in page(head, worklist)
    assert "个执法活动没有记录" not in page(head, "/")
    assert activity.number in page(head, f"{worklist}?show=explained")


def test_a_second_report_of_the_same_is_asked_about(client_of: ClientOf, people: SimpleNamespace) -> None:
    first, client = reported(people), client_of("officer")
    address = f"/activities/{first.activity_id}/reports/new/"
    told = {"code": "urgent", "reason": "情况紧急"}
    asked = client.post(address, told)
    said = asked.content.decode()
    assert (asked.status_code, Report.objects.count()) == (422, 1)
    assert f'href="{here(first)}"' in said
    assert "确需另交一份" in said
    assert client.post(address, {**told, "again": "1"}).status_code == 302
    assert Report.objects.count() == 2


def test_returning_needs_a_reason(client_of: ClientOf, people: SimpleNamespace) -> None:
    report = reported(people)
    assert client_of("head").post(here(report, "return/"), {"reason": " "}).status_code == 409
    report.refresh_from_db()
    assert report.state == "made"


def test_whoever_made_it_withdraws_it_with_a_reason(client_of: ClientOf, people: SimpleNamespace) -> None:
    report = reported(people)
    client_of("officer").post(here(report, "withdraw/"), {"reason": "写错活动"})
    report.refresh_from_db()
    assert report.state == "withdrawn"
    assert "已撤回" in page(client_of("officer"), here(report))


def deputy(people: SimpleNamespace, who: str) -> None:
    at = clock.now()
    appoint_deputy(
        people.head,
        getattr(people, who),
        Role.UNIT_HEAD,
        starts_at=at - timedelta(hours=1),
        ends_at=at + timedelta(days=1),
        by=people.principal,
        at=at,
    )


def test_a_deputy_finds_what_waits_and_reviews_in_the_heads_place(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    report = reported(people)
    deputy(people, "archivist")
    client = client_of("archivist")
    assert report.number in page(client, "/reports/")
    assert f'value="{people.head.pk}" checked' in page(client, here(report))
    client.post(here(report, "review/"), {"deputy_of": people.head.pk, "opinion": "同意。"})
    report.refresh_from_db()
    assert (report.state, report.reviewed_by) == ("reviewed", people.archivist)
    by = told(Entry.objects.get(kind="report.reviewed"))["by"]
    assert (by["account"], by["deputy_of"]) == ("archivist", "head")


def test_a_deputy_does_not_review_a_report_of_their_own(client_of: ClientOf, people: SimpleNamespace) -> None:
    report = reported(people)
    deputy(people, "officer")
    client = client_of("officer")
    assert "自己提交的不能自己审核" in page(client, here(report))
    client.post(here(report, "review/"), {"deputy_of": people.head.pk})
    report.refresh_from_db()
    assert report.state == "made"
    with pytest.raises(reporting.NotTheReviewerError):
        reporting.review(report, by=people.officer, at=clock.now(), deputy_of=people.head)


def test_a_deputy_in_another_role_does_not_review(people: SimpleNamespace) -> None:
    """The head is custodian too, and only that role was lent."""
    grant = propose_role(people.head, Role.CUSTODIAN, by=people.sysadmin, at=clock.now())
    confirm_role(grant, by=people.secadmin, at=clock.now())
    at = clock.now()
    appoint_deputy(
        people.head,
        people.officer2,
        Role.CUSTODIAN,
        starts_at=at - timedelta(hours=1),
        ends_at=at + timedelta(days=1),
        by=people.principal,
        at=at,
    )
    with pytest.raises(reporting.NotTheReviewerError):
        reporting.review(reported(people), by=people.officer2, at=at, deputy_of=people.head)


def test_a_stranger_named_as_the_absent_is_refused(client_of: ClientOf, people: SimpleNamespace) -> None:
    report = reported(people)
    client_of("archivist").post(here(report, "review/"), {"deputy_of": people.head.pk})
    report.refresh_from_db()
    assert report.state == "made"


# -- signed on paper, and the scan that comes back


def sign(client: Client, report: Report, signer: Any, sent: SimpleUploadedFile | None = None) -> Any:
    told = {"paper-signer": signer.pk, "paper-opinion": "同意", "paper-scan": sent or scan()}
    return client.post(here(report, "review/"), told)


def test_a_review_signed_on_paper_names_signer_and_recorder(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    report, client = reported(people), client_of("custodian")
    assert "周建国" in page(client, here(report))
    sign(client, report, people.head)
    report.refresh_from_db()
    assert (report.state, report.reviewed_by, report.opinion) == ("reviewed", people.head, "同意")
    by = told(Entry.objects.get(kind="report.reviewed"))["by"]
    assert (by["account"], by["recorded_by"]) == ("head", "custodian")
    assert by["paper"] == Paper.objects.get().sha256
    assert "纸质签字，custodian 登记" in page(client, here(report))


def test_who_registers_a_scan_is_said_as_the_acts_have_it(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    said = page(client_of("officer"), here(reported(people)))
    assert f"由{KEEP_PAPER.who.in_words()}登记为审核" in said
    assert f"由{KEEP_SCAN.who.in_words()}把扫描件登记回来" in said
    assert "只存扫描件备查，不算审核" in said


@pytest.mark.parametrize("signer", ["officer2", "principal", "stranger", "officer"])
def test_only_the_reviewer_signs_on_paper(client_of: ClientOf, people: SimpleNamespace, signer: str) -> None:
    report = reported(people)
    sign(client_of("custodian"), report, getattr(people, signer))
    report.refresh_from_db()
    assert report.state == "made"
    assert not Paper.objects.exists()


@pytest.mark.parametrize("who", ["officer", "head", "principal"])
def test_only_custodian_archivist_and_legal_record_a_paper(
    client_of: ClientOf, people: SimpleNamespace, who: str
) -> None:
    report = reported(people)
    assert sign(client_of(who), report, people.head).status_code in (403, 404, 409)
    report.refresh_from_db()
    assert report.state == "made"
    assert not Paper.objects.exists()


def test_the_signed_paper_comes_back_and_is_only_ever_saved(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    report, client = reported(people), client_of("officer")
    assert client.get(here(report, "scan/")).status_code == 404
    nasty = b"%PDF-1.4\n<html><script>alert(1)</script>"
    client.post(here(report, "scan/"), {"scan": scan(nasty)})
    response = client.get(here(report, "scan/"))
    assert response.content == nasty
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        (b"", "空.pdf", "0 字节"),
        (b"<html>", "网页.pdf", "内容与扩展名不符"),
        (PDF.ljust(LIMIT + 1, b"\0"), "大.pdf", "超过 30 MB"),
    ],
)
def test_a_scan_that_is_none_is_refused_in_words(
    client_of: ClientOf, people: SimpleNamespace, raw: bytes, name: str, said: str
) -> None:
    report, client = reported(people), client_of("officer")
    response = client.post(here(report, "scan/"), {"scan": scan(raw, name)}, follow=True)
    assert said in response.content.decode()
    assert "怎么办" in response.content.decode()
    assert not Paper.objects.exists()


def test_a_scan_of_another_agencys_report_is_not_there(client_of: ClientOf, people: SimpleNamespace) -> None:
    report = reported(people)
    client_of("officer").post(here(report, "scan/"), {"scan": scan()})
    assert client_of("stranger").get(here(report, "scan/")).status_code == 404
    assert client_of("auditor").get(here(report, "scan/")).status_code == 404
    assert client_of("legal").get(here(report, "scan/")).status_code == 200


# -- papers and the register


def test_the_paper_comes_as_pdf_and_as_word_file(client_of: ClientOf, people: SimpleNamespace) -> None:
    report, client = reported(people), client_of("officer")
    pdf = client.get(here(report, "paper/"))
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"].startswith("inline")
    word = client.get(here(report, "paper/?as=docx"))
    assert word.headers["Content-Disposition"].startswith("attachment")
    assert docx.Document(io.BytesIO(word.content)).tables


def test_words_of_people_are_words_on_the_page(client_of: ClientOf, people: SimpleNamespace) -> None:
    nasty = "<script>alert(1)</script>{{ 7*7 }} $x$ #panic() " + "长" * 9000
    activity = inspection(people, party="<img src=x>")
    path = f"/activities/{activity.pk}/reports/new/"
    client_of("officer").post(path, {"code": "urgent", "reason": nasty, "grounds": nasty})
    report = Report.objects.get()
    shown = page(client_of("head"), here(report))
    assert "<script>alert" not in shown
    assert "<img src=x>" not in shown
    assert "{{ 7*7 }}" in shown
    assert client_of("head").get(here(report, "paper/")).status_code == 200


def test_the_register_has_tabs_kinds_excel_and_paper(client_of: ClientOf, people: SimpleNamespace) -> None:
    activity = inspection(people)
    first = reported(people, activity)
    row = interrupted(people, activity)
    written = Written("interruption_report", "weather", "暴雨", stop=row)
    second = reporting.make_report(activity, written, by=people.officer, at=clock.now())
    reporting.send_back(first, reason="请补", by=people.head, at=clock.now())
    client = client_of("head")

    def shown(query: str) -> set[str]:
        text = page(client, f"/reports/?{query}")
        return {one.number for one in (first, second) if one.number in text}

    assert shown("show=mine") == {second.number}
    assert shown("show=all") == {first.number, second.number}
    assert shown("show=returned") == {first.number}
    assert shown("show=all&kind=unrecorded_report") == {first.number}
    assert shown("show=all&sort=-number") == {first.number, second.number}
    sheet = load_workbook(
        io.BytesIO(b"".join(client.get("/reports/?show=all&as=xlsx").streaming_content))  # type: ignore[attr-defined]
    ).active
    told = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=3)]
    assert told[0][:3] == ["编号", "种类", "执法活动"]
    assert {line[0] for line in told[1:3]} == {first.number, second.number}
    assert "登记簿" in page(client, "/reports/?show=all&as=print")


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "auditor"])
def test_the_register_is_not_there_for_those_who_keep_the_system(client_of: ClientOf, who: str) -> None:
    assert client_of(who).get("/reports/").status_code == 404


def test_the_registers_own_words_when_there_is_nothing(client_of: ClientOf) -> None:
    assert "还没有报告" in page(client_of("officer"), "/reports/")


def test_an_unknown_report_is_not_there(client_of: ClientOf) -> None:
    assert client_of("head").get(f"/reports/{uuid.uuid4()}/").status_code == 404
