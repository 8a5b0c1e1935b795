"""The page of an activity without a browser: who sees what, what is judged, what closes it, what its table says."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from fieldwork.fieldwork_office import AT, clock, inspection, officers, recording, run_by
from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import recording_of

from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.stages.fieldwork.checks import judge
from liuhen.stages.fieldwork.documents import Paperwork, list_document
from liuhen.stages.fieldwork.marking import mark_activity
from liuhen.stages.fieldwork.models import Activity, Match, Placed, Settled
from liuhen.stages.fieldwork.reporting import stop
from liuhen.web.activity_axis import Axis
from liuhen.web.activity_timeline import drawn, told_of

SEES = ["custodian", "officer", "officer2", "head", "principal", "legal", "archivist"]
SEES_NOT = ["sysadmin", "secadmin", "auditor", "stranger"]
PLACES = ["", "print/", "times/"]


def address(activity: Activity, place: str = "") -> str:
    return f"/activities/{activity.pk}/{place}"


def text_of(client: Client, activity: Activity, place: str = "") -> str:
    answer = client.get(address(activity, place))
    assert answer.status_code == 200
    return answer.content.decode()


def words_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))


def key_of(html: str, code: str) -> str:
    return re.search(rf'name="key" value="({code}:[^"]*)"', html)[1]


# -- who


@pytest.mark.parametrize("who", SEES)
def test_whoever_may_see_the_activity_sees_its_three_pages(people: SimpleNamespace, client_of: Any, who: str):
    activity = inspection(people)
    for place in PLACES:
        assert activity.number in text_of(client_of(who), activity, place)


@pytest.mark.parametrize("who", SEES_NOT)
def test_for_everybody_else_it_is_not_there(people: SimpleNamespace, client_of: Any, who: str):
    activity, client = inspection(people), client_of(who)
    for place in PLACES:
        assert client.get(address(activity, place)).status_code == 404
    for place in ("play/", "settle/", "reopen/"):
        assert client.post(address(activity, place), {"key": "x", "reason": "x"}).status_code == 404


def test_an_officer_sees_only_the_activities_they_took_part_in(people: SimpleNamespace, client_of: Any):
    activity = inspection(people, officers=officers("100002", "100003"), by=people.custodian, devices={})
    assert client_of("officer").get(address(activity)).status_code == 404
    assert client_of("officer2").get(address(activity)).status_code == 200
    assert client_of("officer").get(f"/activities/{uuid4()}/").status_code == 404


def test_a_recording_of_somebody_else_is_a_stretch_of_time_without_a_number_and_counts(
    people: SimpleNamespace, client_of: Any
):
    activity = inspection(people)
    row = recording(clock(9), 1800, match=activity)
    Recording.objects.filter(pk=row.pk).update(holder=officers("100002")[0])
    html = text_of(client_of("officer"), activity)
    assert "另有 1 条记录您无权查看" in html
    assert row.number not in html and str(row.pk) not in html
    assert "100.0%" in html, "coverage counts all"
    assert row.number in text_of(client_of("custodian"), activity)


# -- what is judged


def test_a_late_start_is_drawn_told_with_its_article_and_counted(people: SimpleNamespace, client_of: Any):
    activity = inspection(people)
    recording(clock(9, 5), 1500, match=activity)
    html = text_of(client_of("custodian"), activity)
    assert "act-block act-hole" in html
    assert "晚 5 分 00 秒" in html
    assert "第五条" in html
    assert "已记录 25 分 00 秒／应记录 30 分 00 秒，缺 5 分 00 秒" in html
    assert "提交报告" in html, "the act that closes it"


def test_a_hole_is_closed_by_the_reason_spoken_when_recording_went_on(
    people: SimpleNamespace, client_of: Any
):
    activity = inspection(people)
    recording(clock(9), 600, match=activity)
    recording(clock(9, 15), 900, match=activity)
    assert "尚缺恢复时的语音说明" in text_of(client_of("custodian"), activity)
    stop(activity, "battery", stopped_at=clock(9, 10), resumed_at=clock(9, 15), by=people.officer, at=AT)
    mark_activity(activity, "interruption_reason", moment=clock(9, 15, 20), by=people.officer, at=AT)
    html = text_of(client_of("custodian"), activity)
    assert "act-hole-closed" in html
    assert "已说明：恢复时的语音说明" in html
    assert "尚缺恢复时的语音说明" not in html


def test_without_a_regulation_that_names_moments_the_page_says_how_it_counts(
    people: SimpleNamespace, client_of: Any
):
    run_by(people, "ankang-agri")
    activity = inspection(people)
    assert "条文只说全过程" in text_of(client_of("custodian"), activity)


def test_a_document_that_differs_is_told_and_its_difference_always_printed(
    people: SimpleNamespace, client_of: Any
):
    activity = inspection(people)
    recording(clock(9), 1800, match=activity)
    for kind, start in (("现场检查笔录", clock(9, 10)), ("送达回证", clock(9, 0, 12))):
        list_document(activity, Paperwork(kind, "1", start, clock(9, 30)), by=people.officer, at=AT)
    words = words_of(text_of(client_of("custodian"), activity, "times/"))
    assert "-600.000" in words and "不一致" in words
    assert "-12.000" in words and "+0.000" in words, "within the tolerance, and printed"
    assert "差值在 1 分 00 秒 以内的称为“一致”" in words
    assert "《现场检查笔录》1的开始时间与音像相差 10 分 00 秒" in text_of(client_of("custodian"), activity)


def test_the_table_is_an_excel_file_and_a_sheet_too(people: SimpleNamespace, client_of: Any):
    activity = inspection(people)
    list_document(activity, Paperwork("询问笔录", "7", clock(9), clock(9, 20)), by=people.officer, at=AT)
    client = client_of("legal")
    book = client.get(address(activity, "times/?as=xlsx"))
    assert b"".join(book.streaming_content if book.streaming else [book.content])[:2] == b"PK"
    sheet = text_of(client, activity, "times/?as=print")
    assert "《询问笔录》7" in sheet and "没有音像" in sheet


def test_an_activity_with_nothing_told_yet_has_a_page_that_says_so(people: SimpleNamespace, client_of: Any):
    activity = inspection(people, arrived_at=None, ended_at=None, left_at=None)
    html = text_of(client_of("custodian"), activity)
    assert "还没有任何时间" in html
    assert text_of(client_of("custodian"), activity, "print/")


def test_times_that_are_nonsense_are_told_in_words_and_do_not_press_the_drawing_together(
    people: SimpleNamespace, client_of: Any
):
    activity = inspection(people)
    recording(clock(9), 1800, match=activity)
    recording(clock(9) - timedelta(days=400), 60, match=activity)
    html = text_of(client_of("custodian"), activity)
    assert "1 项没有时间，或离活动太远" in html
    assert len(re.findall(r'class="act-block act-film"', html)) == 1


def test_a_late_return_stands_beyond_a_break(people: SimpleNamespace, client_of: Any):
    activity = inspection(people, returned_at=clock(20), at=AT)
    assert "中间省略：返回单位 2026-11-19 20:00:00" in text_of(client_of("custodian"), activity)


def test_the_deadlines_of_the_activity_stand_on_its_page(people: SimpleNamespace, client_of: Any):
    html = text_of(client_of("custodian"), inspection(people))
    assert "移交音像记录" in html and "第十一条" in html


# -- closing and opening again


@pytest.fixture
def late(people: SimpleNamespace) -> Activity:
    activity = inspection(people)
    recording(clock(9, 5), 1500, match=activity)
    return activity


def test_a_finding_is_closed_with_a_reason_and_stays_in_sight(late: Activity, client_of: Any):
    client = client_of("legal")
    key = key_of(text_of(client, late), "late_start")
    answer = client.post(address(late, "settle/"), {"key": key, "reason": "到场后先疏散群众"}, follow=True)
    html = answer.content.decode()
    assert "到场后先疏散群众" in html and "吴静" in html and "重新打开" in html
    entry = json.loads(Entry.objects.filter(kind="finding.settled").get().entry)
    assert entry["data"]["code"] == "late_start"
    assert "疏散" not in json.dumps(entry["data"], ensure_ascii=False)
    client.post(address(late, "reopen/"), {"key": key, "reason": "情况不实"})
    assert Settled.objects.get().state == Settled.State.REOPENED
    assert "晚 5 分 00 秒" in text_of(client, late)


@pytest.mark.parametrize("who", ["officer", "principal", "archivist"])
def test_whoever_may_not_close_sees_no_button_and_gets_nothing_done(late: Activity, client_of: Any, who: str):
    key = key_of(text_of(client_of("legal"), late), "late_start")
    client = client_of(who)
    assert "finding_settle" not in text_of(client, late) and "办结…" not in text_of(client, late)
    assert client.post(address(late, "settle/"), {"key": key, "reason": "x"}).status_code == 404
    assert client.post(address(late, "reopen/"), {"key": key, "reason": "x"}).status_code == 404
    assert not Settled.objects.exists()


def test_closing_without_a_reason_or_what_is_not_there_is_a_sentence(late: Activity, client_of: Any):
    client = client_of("head")
    key = key_of(text_of(client, late), "late_start")
    assert (
        "理由"
        in client.post(address(late, "settle/"), {"key": key, "reason": " "}, follow=True).content.decode()
    )
    gone = client.post(address(late, "settle/"), {"key": "hole:0", "reason": "x"}, follow=True)
    assert "这个问题已不存在" in gone.content.decode()
    assert client.post(address(late, "reopen/"), {"key": key, "reason": "x"}).status_code == 404
    assert not Settled.objects.exists()


# -- playing


@pytest.fixture
def played(stocked: Any, people: SimpleNamespace) -> Activity:  # noqa: F811
    """An activity that a stored recording is of."""
    row = recording_of()
    activity = inspection(people)
    Match.objects.create(
        agency=row.agency, recording=row, activity=activity, state=Match.State.MATCHED, by="test", at=AT
    )
    placed = {"agency": row.agency, "start": clock(9), "end": clock(9, 0, 8), "pieces": [[0, 8]]}
    Placed.objects.update_or_create(
        recording=row,
        defaults={**placed, "method": "as_said", "confidence": "high", "record_sha256": row.record_sha256},
    )
    return activity


def test_only_what_is_asked_for_is_viewed_and_once_a_visit(played: Activity, client_of: Any):
    client, row = client_of("legal"), recording_of()
    text_of(client, played)
    assert not Entry.objects.filter(kind="recording.viewed").exists(), "looking at the page is no viewing"
    for _ in range(2):
        told = client.post(address(played, "play/"), {"recording": str(row.pk)}).json()["sources"]
    assert [one["number"] for one in told] == [row.number]
    assert told[0]["start"] == clock(9).timestamp()
    assert Entry.objects.filter(kind="recording.viewed").count() == 1


def test_what_is_not_of_the_activity_or_not_theirs_is_not_opened(
    played: Activity, people: SimpleNamespace, client_of: Any
):
    row, other = recording_of(), recording(clock(9), 60)
    client = client_of("legal")
    for chosen in ([], [str(other.pk)], ["x"], ["' or 1=1"]):
        answer = client.post(
            address(played, "play/"), {"recording": chosen}, headers={"accept": "application/json"}
        )
        assert answer.status_code == 400 and answer.json()["remedy"]
    Recording.objects.filter(pk=row.pk).update(holder=officers("100003")[0])
    refused = client_of("officer").post(address(played, "play/"), {"recording": str(row.pk)})
    assert refused.status_code == 400
    assert not Entry.objects.filter(kind="recording.viewed").exists()


def test_the_page_of_a_recording_says_which_activity_it_is_of_and_shows_its_marks(
    played: Activity, people: SimpleNamespace, client_of: Any
):
    mark_activity(played, "notice", moment=clock(9, 0, 3), by=people.officer, at=AT)
    mark_activity(played, "notice", moment=clock(9, 20), by=people.officer, at=AT)
    html = client_of("legal").get(f"/recordings/{recording_of().number}/").content.decode()
    assert f'href="/activities/{played.pk}/"' in html
    facts = json.loads(re.search(r'data-facts="([^"]*)"', html)[1].replace("&quot;", '"'))
    assert {"at": 3.0, "label": "告知当事人", "kind": "field"} in facts["marks"]
    assert len(facts["marks"]) == 1, "the other is outside the recording"


def test_a_voided_activity_is_shown_as_void(people: SimpleNamespace, client_of: Any):
    activity = inspection(people)
    Activity.objects.filter(pk=activity.pk).update(state=Activity.State.VOID)
    assert "已作废" in text_of(client_of("custodian"), activity)


def test_a_device_that_recorded_nothing_has_its_empty_lane(people: SimpleNamespace, client_of: Any):
    assert Device.objects.filter(serial="4701A01").exists()
    assert "没有录像" in text_of(client_of("custodian"), inspection(people))


def test_hours_at_the_edges_hang_over_neither_side(people: SimpleNamespace) -> None:
    axis = Axis(clock(9, 29, 59), clock(10, 30, 1))
    ticks = list(axis.ticks())
    assert (ticks[0].anchor, ticks[-1].anchor) == ("start", "end")
    assert {one.anchor for one in ticks[8:-8]} == {"middle"}
    broken = list(Axis(clock(9), clock(10, 0, 1), beyond=clock(14)).ticks())
    assert (broken[-1].anchor, broken[-1].x < 88) == ("end", True)


def test_moments_that_are_near_each_other_stand_in_rows_of_their_own(people: SimpleNamespace) -> None:
    activity = inspection(people, ended_at=clock(9, 1), left_at=clock(9, 2), returned_at=clock(9, 3), at=AT)
    recording(clock(9), 3600, match=activity)
    drawing = drawn(told_of(judge(activity), frozenset()))
    assert drawing is not None
    assert [one.row for one in drawing.lines] == [0, 1, 2, 3]
    assert drawing.top > max(one.y for one in drawing.lines) + 16
