"""The doors of fieldwork: pages, terminal and API call the same services and say the same of who may."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from fieldwork_office import AT, clock, inspection, officers, recording
from storage.storage_homes import stocked, stocked_homes  # noqa: F401 (fixtures)
from storage.storage_office import recording_of

from liuhen.base.devices.models import Device
from liuhen.cli.main import main
from liuhen.stages.fieldwork.models import Activity, Mark, Match
from liuhen.stages.fieldwork.telling import void

ClientOf = Callable[..., Client]


def form(**more: object) -> dict[str, object]:
    first, second = officers("100001", "100002")
    device = Device.objects.get(serial="4701A01")
    told = {
        "unit": first.unit_id,
        "matter": "inspection",
        "place": "示范镇",
        "party": "某某店",
        "officers": [first.pk, second.pk],
        "arrived_at": "2026-11-19T09:00:00",
        "ended_at": "2026-11-19T09:30:00",
        "device1": device.pk,
        "carrier1": first.pk,
    }
    return {**told, **more}


def test_an_activity_is_registered_in_the_browser_in_shanghais_time(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    answer = client_of("officer").post(reverse("activity_new"), form())
    activity = Activity.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("activity", args=[activity.pk]))
    assert (activity.arrived_at, activity.ended_at) == (clock(9), clock(9, 30))
    assert activity.carried.get().officer.staff_no == "100001"


def test_wrong_input_comes_back_on_the_form_with_everything_that_was_typed(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    one = officers("100001")
    answer = client_of("officer").post(
        reverse("activity_new"), form(officers=[one[0].pk], place="某某路 8 号 <b>")
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "少于两人，没有登记。依据：《中华人民共和国行政处罚法》第四十二条。怎么办：" in page
    assert "某某路 8 号 &lt;b&gt;" in page
    assert not Activity.objects.exists()


def test_the_same_activity_once_more_is_asked_about_and_goes_on_when_it_is_another(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    officer, address = client_of("officer"), reverse("activity_new")
    officer.post(address, form())
    first = Activity.objects.get()
    again = officer.post(address, form())
    page = again.content.decode()
    assert again.status_code == 422
    assert f"已有一项相同的执法活动 {first.number}" in page
    assert f'href="{reverse("activity", args=[first.pk])}"' in page
    assert "确是另一次活动" in page
    assert Activity.objects.count() == 1
    assert officer.post(address, form(again="1")).status_code == 302
    assert officer.post(address, form(arrived_at="2026-11-19T09:00:01")).status_code == 302
    assert Activity.objects.count() == 3


def test_a_voided_activity_is_no_twin(client_of: ClientOf, people: SimpleNamespace) -> None:
    officer, address = client_of("officer"), reverse("activity_new")
    officer.post(address, form())
    void(Activity.objects.get(), reason="填错", by=people.custodian, at=AT)
    assert officer.post(address, form()).status_code == 302


def test_an_activity_that_ends_before_arrival_is_a_sentence(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    answer = client_of("officer").post(reverse("activity_new"), form(ended_at="2026-11-19T08:00:00"))
    assert "早于" in answer.content.decode()
    assert answer.status_code == 422


def test_filling_blanks_needs_no_reason_on_the_page_and_a_change_does(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people, left_at=None)
    page, officer = reverse("activity_tell", args=[activity.pk]), client_of("officer")
    told = form(place="示范镇农资店", party="某某农资店", returned_at="2026-11-19T11:00:00")
    assert officer.post(page, told).status_code == 302
    activity.refresh_from_db()
    assert activity.returned_at == clock(11)
    without = officer.post(page, {**told, "ended_at": "2026-11-19T09:20:00"})
    assert (without.status_code, "没有写明理由" in without.content.decode()) == (422, True)
    assert (
        officer.post(page, {**told, "ended_at": "2026-11-19T09:20:00", "reason": "填错"}).status_code == 302
    )
    activity.refresh_from_db()
    assert activity.ended_at == clock(9, 20)


@pytest.mark.parametrize("nobody", ["sysadmin", "secadmin", "auditor", "stranger"])
def test_who_has_no_fieldwork_finds_no_such_page(
    client_of: ClientOf, people: SimpleNamespace, nobody: str
) -> None:
    activity, browser = inspection(people), client_of(nobody)
    addresses = [
        reverse("activity_tell", args=[activity.pk]),
        *([] if nobody == "stranger" else [reverse("activities"), reverse("activities_unmatched")]),
    ]
    assert {browser.get(address).status_code for address in addresses} == {404}
    assert browser.post(reverse("activity_match", args=[activity.pk])).status_code == 404


def test_the_list_finds_by_place_and_shows_no_other_officers_activities(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    inspection(people)
    inspection(people, place="别处", officers=officers("100002", "100003"), devices={}, by=people.head)
    mine = client_of("officer").get(reverse("activities")).content.decode()
    assert ("示范镇农资店" in mine, "别处" in mine) == (True, False)
    found = client_of("custodian").get(reverse("activities"), {"q": "别处"}).content.decode()
    assert ("示范镇农资店" in found, "别处" in found) == (False, True)


def test_the_worklist_proposes_and_one_press_matches(
    stocked: object,  # noqa: F811
    client_of: ClientOf,
    people: SimpleNamespace,
) -> None:
    from datetime import timedelta

    film = recording_of()
    taken = clock(9, 30) - timedelta(days=126)
    activity = inspection(
        people,
        arrived_at=taken - timedelta(minutes=5),
        ended_at=taken + timedelta(minutes=30),
        left_at=None,
    )
    custodian = client_of("custodian")
    page = custodian.get(reverse("activities_unmatched")).content.decode()
    assert activity.number in page
    assert "设备相同" in page
    told = {"recording": str(film.pk), "to": "unmatched"}
    assert custodian.post(reverse("activity_match", args=[activity.pk]), told).status_code == 302
    assert Match.objects.get().state == "matched"
    assert film.number not in custodian.get(reverse("activities_unmatched")).content.decode()
    taken_out = custodian.post(
        reverse("activity_unmatch", args=[activity.pk]), {"recording": str(film.pk), "reason": "不是"}
    )
    assert taken_out.status_code == 302
    assert Match.objects.get().state == "undone"


def test_a_recording_that_is_not_theirs_cannot_be_matched(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people, officers=officers("100001", "100002"))
    row = recording(clock(9), 60)
    for name in ("officer2", "custodian"):
        keys = [str(row.pk)] if name == "officer2" else ["nonsense"]
        answer = client_of(name).post(reverse("activity_match", args=[activity.pk]), {"recording": keys})
        assert answer.status_code == 400
    assert not Match.objects.exists()


def test_a_new_activity_for_a_lone_recording_starts_with_what_it_says(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    row = recording(clock(9), 60)
    page = client_of("custodian").get(reverse("activity_new"), {"recording": str(row.pk)}).content.decode()
    assert 'value="2026-11-19T09:00:00"' in page
    assert client_of("custodian").get(reverse("activity_new"), {"recording": "x"}).status_code == 200


def test_a_mark_is_made_at_the_player_and_withdrawn_with_a_reason(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    row, custodian = recording(clock(9), 60), client_of("custodian")
    address = reverse("mark_recording", args=[row.pk])
    part = custodian.post(address, {"code": "notice", "seconds": "3.5"}, headers={"HX-Request": "true"})
    assert "已标记：告知当事人 00:03" in part.content.decode()
    assert 'hx-swap-oob="innerHTML"' in part.content.decode()
    assert custodian.post(address, {"code": "notice", "seconds": "300"}).status_code == 400
    assert client_of("officer2").post(address, {"code": "notice", "seconds": "1"}).status_code == 404
    mark = Mark.objects.get()
    gone = reverse("mark_withdraw", args=[mark.pk])
    assert client_of("stranger").post(gone, {"reason": "x"}).status_code == 404
    assert custodian.post(gone, {"reason": "点错"}).status_code == 302
    mark.refresh_from_db()
    assert mark.state == "withdrawn"


def test_a_voided_activity_says_so_and_needs_a_reason(client_of: ClientOf, people: SimpleNamespace) -> None:
    activity = inspection(people)
    address = reverse("activity_void", args=[activity.pk])
    assert client_of("officer").post(address, {"reason": "x"}).status_code in (403, 404)
    assert client_of("head").post(address, {"reason": ""}).status_code == 409
    assert client_of("head").post(address, {"reason": "重复登记"}).status_code == 302
    activity.refresh_from_db()
    assert not activity.live


def test_the_terminal_opens_tells_shows_and_matches(
    people: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    told = "--officers 100001,100002 --device 4701A01:100001 --matter inspection --arrived 2026-11-19T09:00"
    assert main(["activity", "open", "--by", "officer", "--json", *told.split()]) == 0
    activity = json.loads(capsys.readouterr().out)
    assert activity["arrived_at"] == "2026-11-19T09:00:00+08:00"
    number = activity["number"]
    assert main(["activity", "tell", number, "--by", "officer", "--ended", "2026-11-19T09:30"]) == 0
    row = recording(clock(9, 6), 24 * 60, match=Activity.objects.get())
    capsys.readouterr()
    assert main(["activity", "show", "1", "--by", "custodian", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["span"]["seconds"], shown["span"]["covered_seconds"]) == (1800.0, 1440.0)
    assert shown["holes"][0]["kind"] == "late_start"
    assert "late_start" in {one["code"] for one in shown["findings"]}
    assert main(["activity", "show", number, "--by", "stranger", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_found"
    assert main(["activity", "tell", number, "--by", "officer", "--ended", "2026-11-19T08:30"]) == 2
    assert main(["activity", "proposals", "--by", "custodian", "--json"]) == 0
    assert main(["activity", "list", "--by", "custodian"]) == 0
    assert row.number not in capsys.readouterr().err


def test_the_api_says_the_same_in_utc(client_of: ClientOf, people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9, 6), 24 * 60, match=activity)
    officer = client_of("officer")
    one = officer.get(f"/api/v1/activities/{activity.number}").json()
    assert (one["arrived_at"], one["officers"]) == ("2026-11-19T01:00:00Z", ["100001", "100002"])
    judged = officer.get(f"/api/v1/activities/{activity.number}/judged").json()
    assert judged["holes"][0]["seconds"] == 360.0
    assert client_of("stranger").get(f"/api/v1/activities/{activity.number}").status_code == 404
    void(activity, reason="重复", by=people.head, at=AT)
    assert officer.get(f"/api/v1/activities/{activity.pk}").json()["state"] == "void"


def test_the_register_of_deadlines_leads_to_the_activity(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people)
    page = client_of("custodian").get(reverse("deadlines")).content.decode()
    assert activity.number in page
    assert reverse("activity", args=[activity.pk]) in page


def test_an_officer_sees_when_her_own_activity_is_due_and_no_other_officer_does(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people, officers=officers("100001", "100003"))
    register, home = reverse("deadlines"), reverse("home")
    mine = client_of("officer")
    assert activity.number in mine.get(register).content.decode()
    assert "项义务逾期" in mine.get(home).content.decode()
    theirs = client_of("officer2")
    assert activity.number not in theirs.get(register).content.decode()
    assert "项义务逾期" not in theirs.get(home).content.decode()


def test_what_a_phone_told_to_the_millisecond_is_not_changed_by_filling_a_blank_at_the_desk(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    exact = clock(9).replace(microsecond=123000)
    extra = Device.objects.get(serial="4701A01")
    activity = inspection(people, arrived_at=exact, left_at=None, devices={extra: officers("100001")[0]})
    told = form(place="示范镇农资店", party="某某农资店", left_at="2026-11-19T09:41:00")
    assert client_of("officer").post(reverse("activity_tell", args=[activity.pk]), told).status_code == 302
    activity.refresh_from_db()
    assert (activity.arrived_at, activity.left_at) == (exact, clock(9, 41))


def test_who_has_left_since_stays_among_those_who_took_part(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people, left_at=None)
    gone = officers("100002")[0]
    gone.left_on = clock(9).date().replace(day=25)
    gone.save()
    told = form(place="示范镇农资店", party="某某农资店", left_at="2026-11-19T09:41:00")
    assert client_of("officer").post(reverse("activity_tell", args=[activity.pk]), told).status_code == 302
    assert activity.participants.count() == 2


def test_who_may_not_see_a_recording_reads_nothing_of_it_on_the_activity(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    activity = inspection(people)
    row = recording(None, 600, match=activity)
    mine = client_of("officer").get(reverse("activity", args=[activity.pk])).content.decode()
    theirs = client_of("officer2").get(reverse("activity", args=[activity.pk])).content.decode()
    assert row.number in mine
    assert row.number not in theirs
    assert theirs.count("您无权查看的记录有") == 1
    assert "请问科室管理员或科室负责人" in theirs
    judged = client_of("officer2").get(f"/api/v1/activities/{activity.pk}/judged").content.decode()
    assert row.number not in judged


def test_recordings_of_a_voided_activity_wait_for_another_one(people: SimpleNamespace) -> None:
    from liuhen.stages.fieldwork.selectors import without_activity

    activity = inspection(people)
    row = recording(clock(9), 60, match=activity)
    assert row not in without_activity(people.custodian, AT)
    void_it = void
    void_it(activity, reason="重复", by=people.head, at=AT)
    assert row in without_activity(people.custodian, AT)


@pytest.mark.parametrize("moment", ["0026-11-19T09:00:00", "0001-01-01T00:00:00"])
def test_a_year_that_nobody_means_is_a_sentence(
    client_of: ClientOf, people: SimpleNamespace, moment: str
) -> None:
    answer = client_of("officer").post(reverse("activity_new"), form(arrived_at=moment))
    assert answer.status_code == 422
    assert not Activity.objects.exists()


def test_the_key_of_a_finding_tells_no_words(people: SimpleNamespace) -> None:
    from liuhen.stages.fieldwork import checks, documents

    activity = inspection(people)
    keys = []
    for number in ("甲", "乙"):
        row = documents.list_document(
            activity, documents.Paperwork("询问笔录", number), by=people.officer, at=AT
        )
        keys.append({one.key for one in checks.judge(activity).findings if "untimed" in one.key})
        type(row).objects.filter(pk=row.pk).update(number="别的")
    again = {one.key for one in checks.judge(activity).findings if "untimed" in one.key}
    assert len(again) == 2
    assert again >= keys[0]
