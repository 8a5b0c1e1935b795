"""Interruptions and reports under each regulation: which are asked for, who reviews, what meets which duty."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from fieldwork_office import AT, clock, inspection, recording, run_by

from liuhen.base.acts import NotAllowedError, OnPaper, WrongStateError
from liuhen.base.deadlines import follow
from liuhen.base.deadlines.models import Deadline
from liuhen.base.people.services import keep_paper
from liuhen.stages.fieldwork import marking, reporting
from liuhen.stages.fieldwork.checks import judge
from liuhen.stages.fieldwork.errors import ActivityError, NotTheReviewerError
from liuhen.stages.fieldwork.facts import pack_of
from liuhen.stages.fieldwork.models import Activity, Report
from liuhen.stages.fieldwork.reporting import Written


def duties(activity: Activity) -> dict[str, str]:
    follow.catch_up(activity.agency)
    rows = Deadline.objects.filter(matter__subject=activity.subject)
    return {row.duty: ("met" if row.met_at else row.state) for row in rows}


def write(activity: Activity, people: SimpleNamespace, kind: str, code: str, **more: object) -> Report:
    told = Written(kind, code, "电池耗尽", **more)  # type: ignore[arg-type]
    return reporting.make_report(activity, told, by=people.officer, at=AT)


def codes(activity: Activity) -> list[str]:
    return [one.finding.code for one in judge(activity).findings]


def test_an_interruption_that_does_not_go_on_asks_for_a_report_at_once_and_a_statement(
    people: SimpleNamespace,
) -> None:
    activity = inspection(people)
    row = reporting.stop(activity, "weather", stopped_at=clock(9, 20), by=people.officer, at=AT)
    assert reporting.kinds_asked(pack_of(activity), row) == ["interruption_report", "interruption_statement"]
    said = duties(activity)
    assert (said["interruption_report"], said["interruption_statement"]) == ("immediate", "no_hours_named")
    write(activity, people, "interruption_report", "weather", stop=row)
    assert duties(activity)["interruption_report"] == "met"
    assert duties(activity)["interruption_statement"] == "no_hours_named"
    write(activity, people, "interruption_statement", "weather", stop=row)
    assert duties(activity)["interruption_statement"] == "met"


def test_an_interruption_that_goes_on_is_met_by_the_reason_spoken_then(people: SimpleNamespace) -> None:
    activity = inspection(people)
    row = reporting.stop(activity, "battery", stopped_at=clock(9, 10), by=people.officer, at=AT)
    reporting.resume(row, resumed_at=clock(9, 15), by=people.officer, at=AT)
    assert duties(activity)["voice_reason"] == "immediate"
    marking.mark_activity(activity, "interruption_reason", moment=clock(9, 15, 20), by=people.officer, at=AT)
    assert duties(activity)["voice_reason"] == "met"


def test_a_hole_closes_by_the_reason_spoken_when_it_goes_on(people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9), 600, match=activity)
    recording(clock(9, 15), 15 * 60, match=activity)
    assert "hole" in codes(activity)
    marking.mark_activity(activity, "interruption_reason", moment=clock(9, 15, 20), by=people.officer, at=AT)
    assert "hole" not in codes(activity)


def test_under_baofeng_every_stop_is_closed_by_a_work_record_that_the_principal_reviewed(
    people: SimpleNamespace,
) -> None:
    run_by(people, "baofeng-forestry")
    activity = inspection(people, left_at=clock(9, 30))
    recording(clock(9), 600, match=activity)
    recording(clock(9, 15), 15 * 60, match=activity)
    row = reporting.stop(
        activity, "battery", stopped_at=clock(9, 10), resumed_at=clock(9, 15), by=people.officer, at=AT
    )
    assert duties(activity)["unrecorded_report"] == "no_hours_named"
    report = write(activity, people, "work_record", "battery", stop=row)
    assert (report.article, report.to, report.listed) == ("12", "principal", True)
    assert duties(activity)["unrecorded_report"] == "met"
    assert "hole" in codes(activity)  # not reviewed yet
    with pytest.raises(NotTheReviewerError) as refused:
        reporting.review(report, by=people.head, at=AT)
    assert refused.value.basis == "《宝丰县林业局音像记录管理制度》第十二条"
    reporting.review(report, by=people.principal, at=AT)
    assert "hole" not in codes(activity)


def test_a_cause_outside_a_closed_list_is_kept_marked_and_left_to_the_reviewer(
    people: SimpleNamespace,
) -> None:
    run_by(people, "baofeng-forestry")
    activity = inspection(people)
    row = reporting.stop(activity, "site_change", stopped_at=clock(9, 10), by=people.officer, at=AT)
    report = write(activity, people, "work_record", "site_change", stop=row)
    assert report.listed is False
    found = [one.finding for one in judge(activity).findings if one.finding.code == "ground_unlisted"]
    assert [one.article for one in found] == ["12"]


@pytest.mark.parametrize(
    ("pack", "article", "to", "reviewer"),
    [
        ("jinjiang-agri", "9", "", "head"),
        ("shifanqu-bianban", "5", "leader", "head"),
        ("ankang-agri", "1/5", "custodian", "custodian"),
        ("baofeng-forestry", "12", "principal", "principal"),
    ],
)
def test_not_having_recorded_is_reported_to_whom_the_regulation_names(
    people: SimpleNamespace, pack: str, article: str, to: str, reviewer: str
) -> None:
    run_by(people, pack)
    report = write(inspection(people), people, "unrecorded_report", "urgent")
    assert (report.article, report.to) == (article, to)
    reporting.review(report, by=getattr(people, reviewer), at=AT)
    assert Report.objects.get(pk=report.pk).state == "reviewed"


def test_ankang_gives_the_report_24_hours(people: SimpleNamespace) -> None:
    run_by(people, "ankang-agri")
    activity = inspection(people)
    write(activity, people, "unrecorded_report", "privacy")
    follow.catch_up(activity.agency)
    row = Deadline.objects.get(matter__subject=activity.subject, duty="unrecorded_report")
    assert row.due_at == clock(9, 30) + timedelta(hours=24)


def test_a_returned_report_tells_nothing_any_more(people: SimpleNamespace) -> None:
    activity = inspection(people)
    report = write(activity, people, "unrecorded_report", "urgent")
    assert duties(activity)["unrecorded_report"] == "met"
    reporting.send_back(report, reason="没有写明依据", by=people.head, at=AT)
    assert "unrecorded_report" not in duties(activity)
    with pytest.raises(WrongStateError):
        reporting.review(report, by=people.head, at=AT)


def test_nobody_reviews_a_report_of_their_own(people: SimpleNamespace) -> None:
    activity = inspection(people)
    told = Written("unrecorded_report", "urgent", "情况紧急")
    report = reporting.make_report(activity, told, by=people.head, at=AT)
    with pytest.raises(NotAllowedError):
        reporting.review(report, by=people.head, at=AT)


def test_a_leader_signs_on_paper_and_the_scan_is_kept(people: SimpleNamespace, tmp_path: Path) -> None:
    activity = inspection(people)
    report = write(activity, people, "unrecorded_report", "urgent")
    scan = tmp_path / "signed.pdf"
    scan.write_bytes(b"%PDF-1.4 signed")
    paper = keep_paper(scan, by=people.custodian, at=AT)
    reporting.review(report, by=people.custodian, at=AT, on_paper=OnPaper(people.head, paper))
    report.refresh_from_db()
    assert (report.reviewed_by, report.scan) == (people.head, paper)


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [("poem", "urgent", "x"), ("unrecorded_report", "moon", "x"), ("unrecorded_report", "urgent", "  ")],
)
def test_a_report_without_kind_ground_or_reason_is_refused(
    people: SimpleNamespace, kind: str, code: str, reason: str
) -> None:
    with pytest.raises(ActivityError):
        reporting.make_report(inspection(people), Written(kind, code, reason), by=people.officer, at=AT)
    assert not Report.objects.exists()


def test_a_stop_before_arrival_and_a_resumption_before_the_stop_are_refused(people: SimpleNamespace) -> None:
    activity = inspection(people)
    with pytest.raises(ActivityError):
        reporting.stop(activity, "weather", stopped_at=clock(8), by=people.officer, at=AT)
    row = reporting.stop(activity, "weather", stopped_at=clock(9, 20), by=people.officer, at=AT)
    with pytest.raises(ActivityError):
        reporting.resume(row, resumed_at=clock(9, 19), by=people.officer, at=AT)


def test_the_signed_paper_of_a_reviewed_report_is_not_replaced(
    people: SimpleNamespace, tmp_path: Path
) -> None:
    activity = inspection(people)
    report = write(activity, people, "unrecorded_report", "urgent")
    papers = []
    for name in ("signed", "other"):
        scan = tmp_path / f"{name}.pdf"
        scan.write_bytes(b"%PDF-1.4 " + name.encode())
        papers.append(keep_paper(scan, by=people.custodian, at=AT))
    reporting.review(report, by=people.custodian, at=AT, on_paper=OnPaper(people.head, papers[0]))
    report.refresh_from_db()
    with pytest.raises(ActivityError):
        reporting.keep_scan(report, papers[1], by=people.officer, at=AT)
    report.refresh_from_db()
    assert report.scan == papers[0]


def test_two_who_resume_at_once_do_it_once(people: SimpleNamespace) -> None:
    row = reporting.stop(inspection(people), "weather", stopped_at=clock(9, 20), by=people.officer, at=AT)
    stale = type(row).objects.get(pk=row.pk)
    reporting.resume(row, resumed_at=clock(9, 22), by=people.officer, at=AT)
    with pytest.raises(ActivityError):
        reporting.resume(stale, resumed_at=clock(9, 25), by=people.officer2, at=AT)
    row.refresh_from_db()
    assert row.resumed_at == clock(9, 22)


@pytest.mark.parametrize(
    ("pack", "kind", "code", "asks"),
    [
        ("jinjiang-agri", "unrecorded_report", "urgent", False),
        ("shifanqu-bianban", "unrecorded_report", "urgent", True),
        ("baofeng-forestry", "work_record", "battery", True),
        ("ankang-agri", "unrecorded_report", "urgent", True),
    ],
)
def test_a_report_without_its_basis_is_kept_and_told_where_the_text_asks_for_it(
    people: SimpleNamespace, pack: str, kind: str, code: str, asks: bool
) -> None:
    run_by(people, pack)
    activity = inspection(people)
    stop = reporting.stop(activity, "battery", stopped_at=clock(9, 10), by=people.officer, at=AT)
    about = {"stop": stop} if kind == "work_record" else {}
    write(activity, people, kind, code, **about)
    assert ("report_without_basis" in codes(activity)) is asks
    reporting.make_report(
        activity, Written(kind, code, "电池耗尽", "第十二条", **about), by=people.officer, at=AT
    )
    assert codes(activity).count("report_without_basis") == asks


def test_recording_did_not_go_on_tomorrow(people: SimpleNamespace) -> None:
    activity = inspection(people, ended_at=None, left_at=None)
    tomorrow = AT + timedelta(days=1)
    stop = {"stopped_at": clock(9, 20), "by": people.officer, "at": AT}
    with pytest.raises(ActivityError, match="恢复时间晚于现在") as refused:
        reporting.stop(activity, "battery", resumed_at=tomorrow, **stop)
    assert refused.value.code == "in_the_future"
    row = reporting.stop(activity, "battery", **stop)
    with pytest.raises(ActivityError, match="恢复时间晚于现在"):
        reporting.resume(row, resumed_at=tomorrow, by=people.officer, at=AT)


def test_what_goes_on_only_after_the_end_did_not_go_on_and_its_reports_stay_owed(
    people: SimpleNamespace,
) -> None:
    """Pressed on the way home, or on the next day, it would do away with the report at once and the statement."""
    activity = inspection(people)
    stop = {"stopped_at": clock(9, 20), "by": people.officer, "at": AT}
    with pytest.raises(ActivityError, match=r"恢复时间.*晚于执法活动结束"):
        reporting.stop(activity, "battery", resumed_at=clock(10), **stop)
    row = reporting.stop(activity, "battery", **stop)
    with pytest.raises(ActivityError, match=r"恢复时间.*晚于执法活动结束") as refused:
        reporting.resume(row, resumed_at=clock(10), by=people.officer, at=AT)
    assert refused.value.code == "after_its_end" and "提交报告" in refused.value.remedy
    row.refresh_from_db()
    assert len(reporting.kinds_asked(pack_of(activity), row)) == 2
    reporting.resume(row, resumed_at=clock(9, 40), by=people.officer, at=AT)
