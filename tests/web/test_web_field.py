"""The field page's addresses: who may, what they answer to a phone, and what is handed in at the office."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from equipment.equipment_office import handed_out

from liuhen.base import clock, packs, site
from liuhen.base.devices.models import Device
from liuhen.base.people import services
from liuhen.base.people.models import Account, Officer, Role
from liuhen.base.people.services import Person
from liuhen.base.rulebook import services as rulebook
from liuhen.stages.equipment.checks import Looked
from liuhen.stages.equipment.services import check_device
from liuhen.stages.fieldwork.models import Activity, Mark, Sent
from liuhen.stages.fieldwork.telling import Told, open_activity

ClientOf = Callable[..., Client]
JSON = {"HTTP_ACCEPT": "application/json"}


def entry(kind: str, activity: UUID, body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    at = clock.now().isoformat()
    return {"id": str(uuid4()), "activity": str(activity), "kind": kind, "at": at, "body": body or {}} | more


def opening(activity: UUID) -> dict[str, Any]:
    return entry(
        "open",
        activity,
        {
            "matter": "inspection",
            "officers": ["100001", "100002"],
            "devices": [{"serial": "4701A01", "officer": "100001"}],
        },
    )


def post(client: Client, *entries: dict[str, Any], **more: Any) -> Any:
    body = {"entries": list(entries), "sent_at": clock.now().isoformat()} | more.pop("with_", {})
    return client.post("/field/entries/", json.dumps(body), content_type="application/json", **JSON, **more)


def running(people: SimpleNamespace) -> Activity:
    officers = list(Officer.objects.filter(staff_no__in=("100001", "100002"), agency=people.officer.agency))
    devices = {Device.objects.get(serial="4701A01"): None}
    told = Told(
        matter="inspection", arrived_at=clock.now() - timedelta(hours=1), officers=officers, devices=devices
    )
    return open_activity(people.officer.unit, told, by=people.officer, at=clock.now())


def _legal_of(people: SimpleNamespace) -> Account:
    """Somebody in the stranger's office who may fill what its text leaves open."""
    at, system = clock.now(), Account.objects.get(username="other-sysadmin")
    account = services.open_account(people.stranger.unit, Person("other-legal", "法姐"), by=system, at=at)
    grant = services.propose_role(account, Role.LEGAL, by=system, at=at)
    services.confirm_role(grant, by=Account.objects.get(username="other-secadmin"), at=at)
    return account


def data_in(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="field-data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


@pytest.mark.parametrize(
    "address", ["/field/", "/field/new/", "/field/state/", "/field/handed/", "/field/refused/"]
)
def test_who_does_not_enforce_finds_no_field_page(client_of: ClientOf, address: str) -> None:
    for who in ("sysadmin", "secadmin", "auditor", "archivist", "principal", "legal"):
        assert client_of(who).get(address).status_code == 404, who
    for who in ("officer", "custodian", "head"):
        assert client_of(who).get(address).status_code in (200, 302), who


def test_a_new_activity_has_its_key_and_everything_in_the_page(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    client = client_of("officer")
    there = client.get("/field/new/?device=4701A01")
    assert re.fullmatch(r"/field/[0-9a-f-]{36}/\?new=1&device=4701A01", there["Location"])
    told = data_in(client.get(there["Location"]).content.decode())
    assert told["activity"] is None and told["device"] == "4701A01"
    rules = told["rules"]
    assert (
        "我们是{agency}执法人员{officer}、{officer2}" in rules["notice"]["script"]
    )  # never another's authority
    assert told["agency"] == people.officer.agency.name and rules["notice"]["basis"].endswith("第七条")
    assert rules["opening"] is None
    assert [one["code"] for one in rules["marks"]][:2] == ["notice", "landmark"]
    assert [one["code"] for one in rules["causes"] if one["listed"]] == [
        "weather",
        "device_fault",
        "site_change",
    ]
    assert rules["clocks"][0]["hours"] == 24 and rules["clocks"][0]["circumstances"] == [
        "continuous",
        "offsite",
        "special",
    ]
    assert {one["no"] for one in told["officers"]} == {"100001", "100002", "100003"}
    assert told["officers"][0]["certificate"]
    assert [one["serial"] for one in told["devices"]] == ["4701A01"]


def test_another_offices_or_nobodys_activity_is_not_there(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    activity = running(people)
    assert client_of("officer").get(f"/field/{activity.pk}/").status_code == 200
    assert client_of("stranger").get(f"/field/{activity.pk}/").status_code == 404
    assert client_of("officer").get(f"/field/{uuid4()}/").status_code == 404
    page = client_of("stranger").get(f"/field/{activity.pk}/?new=1").content.decode()
    assert data_in(page)["activity"] is None


def test_what_baofeng_leaves_to_the_province_is_the_offices_own_text(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    client = client_of("stranger")
    page = client.get(f"/field/{uuid4()}/?new=1").content.decode()
    notice = data_in(page)["rules"]["notice"]
    assert (notice["script"], "省级行政执法部门" in notice["note"]) == ("", True)
    assert data_in(page)["rules"]["opening"]["speaks"] == ["执法行动目的", "任务", "执法人员情况"]
    office = people.stranger.agency
    told = rulebook.Said("您好，我们是{agency}的{officer}、{officer2}。", "省局 2019 年文本")
    legal = _legal_of(people)
    rulebook.fill(office, packs.pack_of("baofeng-forestry"), "notice_script", told, by=legal, at=clock.now())
    page = client.get(f"/field/{uuid4()}/?new=1").content.decode()
    notice = data_in(page)["rules"]["notice"]
    assert notice["script"] == "您好，我们是{agency}的{officer}、{officer2}。"
    assert "以下是本单位填入的文本" in notice["note"]
    assert "另行拍照" in page
    assert "photographs" in [one["code"] for one in data_in(page)["rules"]["marks"]]


_FACTS = Path(__file__).parents[2] / "src/liuhen/static/liuhen/field-facts.js"
_SPEAK = """
globalThis.window = { liuhenField: {} };
require(process.argv[1]);
const [text, officers, agency] = JSON.parse(process.argv[2]);
process.stdout.write(window.liuhenField.script(text, officers, agency));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize(
    ("officers", "said"),
    [
        (["林一鸣", "陈思远"], "示范县局的林一鸣、陈思远。我是林一鸣，示范县局。"),
        (["$&{officer2}", "$1"], "示范县局的$&{officer2}、$1。我是$&{officer2}，示范县局。"),
        ([], "示范县局的（执法人员）、（另一名执法人员）。我是（执法人员），示范县局。"),
    ],
)
def test_every_blank_of_a_notice_is_spoken_and_a_name_is_spoken_as_it_is_written(
    officers: list[str], said: str
) -> None:
    told = ["{agency}的{officer}、{officer2}。我是{officer}，{agency}。", officers, "示范县局"]
    command = ["node", "-e", _SPEAK, str(_FACTS), json.dumps(told)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == said


def test_who_has_a_device_is_told_of_each_and_only_ones_own_is_in_hand(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    def told(name: str) -> tuple[str, str]:
        page = client_of(name).get(f"/field/{uuid4()}/?new=1").content.decode()
        (device,) = data_in(page)["devices"]
        return device["holder"], device["holder_name"]

    device = Device.objects.get(serial="4701A01")
    assert told("officer") == ("", "")
    assert ">未领用<" in client_of("custodian").get(f"/d/{device.pk}/").content.decode()
    handed_out(people, clock.now())
    assert told("officer") == told("officer2") == ("100001", "林一鸣")
    page = client_of("officer2").get(f"/d/{device.pk}/").content.decode()
    assert "不是由您领用" in page and "不属于您查看" not in page


def test_the_home_page_leads_an_officer_to_the_field_and_speaks_of_the_server_to_its_keeper_alone(
    client_of: ClientOf,
) -> None:
    officer, admin = (client_of(name).get("/").content.decode() for name in ("officer", "sysadmin"))
    assert "现场：开始或继续执法活动" in officer
    assert "liuhen store add" not in officer and "请告诉系统管理员" in officer
    assert "liuhen store add" in admin and "现场：" not in admin


def test_entries_are_answered_each_and_once(client_of: ClientOf) -> None:
    client, key = client_of("officer"), uuid4()
    told = [opening(key), entry("mark", key, {"code": "notice"}), entry("stop", key, {"cause": "moon"})]
    said = post(client, *told).json()["answers"]
    assert {one["id"]: one["outcome"] for one in said} == {
        told[0]["id"]: "done",
        told[1]["id"]: "done",
        told[2]["id"]: "refused",
    }
    assert post(client, *told).json()["answers"] == said
    assert (Activity.objects.filter(pk=key).count(), Mark.objects.count()) == (1, 1)
    state = client.get(f"/field/state/?activity={key}", **JSON).json()
    assert state["activity"]["marks"][0]["code"] == "notice"
    assert state["token"] and state["now"]
    assert [one["duty"] for one in state["activity"]["duties"]] == ["handover"]


def test_no_entries_are_taken_without_the_forms_token(client_of: ClientOf) -> None:
    client = client_of("officer", enforce_csrf_checks=True)
    refused = post(client, opening(uuid4()))
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    token = client.get("/field/state/", **JSON).json()["token"]
    assert post(client, opening(uuid4()), HTTP_X_CSRFTOKEN=token).status_code == 200
    assert Sent.objects.count() == 1


def test_a_session_that_has_expired_is_told_to_the_page_as_data(client_of: ClientOf) -> None:
    client = client_of("officer")
    client.cookies["liuhen_session"] = "gone"
    for answer in (client.get("/field/state/", **JSON), post(client, opening(uuid4()))):
        assert (answer.status_code, answer.json()["code"]) == (401, "session_expired")
    assert not Sent.objects.exists()


def test_anothers_entries_are_not_sent_as_mine(people: SimpleNamespace, client_of: ClientOf) -> None:
    answer = post(
        client_of("officer2"), opening(uuid4()), with_={"account": people.officer.pk, "who": "林一鸣"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "other_account")
    assert not Sent.objects.exists()


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 5000, b"\xff", b"null", b'{"entries": 3}'])
def test_what_is_no_json_of_ours_is_refused_with_a_sentence(client_of: ClientOf, raw: bytes) -> None:
    answer = client_of("officer").post("/field/entries/", raw, content_type="application/json", **JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_entries")


def test_too_much_at_once_is_refused_with_a_sentence(client_of: ClientOf) -> None:
    answer = client_of("officer").post(
        "/field/entries/", b"x" * 3_000_000, content_type="application/json", **JSON
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


# -- the device's QR code


def test_the_qr_code_leads_on_to_the_activity_that_carries_the_device(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    device = Device.objects.get(serial="4701A01")
    client = client_of("officer")
    page = client.get(f"/d/{device.pk}/").content.decode()
    assert "/field/new/?device=4701A01" in page and "林一鸣" in page and "没有检查过" in page
    activity = running(people)
    assert f"/field/{activity.pk}/" in client.get(f"/d/{device.pk}/").content.decode()
    assert f"/field/{activity.pk}/" in client.get("/field/").content.decode()


def test_the_qr_code_leads_everybody_somewhere(client_of: ClientOf) -> None:
    device = Device.objects.get(serial="4701A01")
    assert client_of("auditor").get(f"/d/{device.pk}/")["Location"] == f"/devices/{device.pk}/"
    assert client_of("stranger").get(f"/d/{device.pk}/").status_code == 404
    nobody = client_of().get(f"/d/{device.pk}/")
    assert nobody["Location"] == f"/sign-in/?next=/d/{device.pk}/"


def test_a_device_that_is_not_in_use_is_not_taken_out(client_of: ClientOf) -> None:
    Device.objects.filter(serial="4701A01").update(state=Device.State.RETIRED)
    page = client_of("officer").get(f"/d/{Device.objects.get(serial='4701A01').pk}/").content.decode()
    assert "不能带去执法" in page and "/field/new/" not in page


# -- as a file


def file_of(*entries: dict[str, Any], **more: Any) -> SimpleUploadedFile:
    raw = json.dumps({"entries": list(entries), "sent_at": None} | more).encode()
    return SimpleUploadedFile("现场记录.json", raw, "application/json")


def test_a_file_is_handed_in_and_each_entry_has_its_line(client_of: ClientOf) -> None:
    client, key = client_of("officer"), uuid4()
    told = [opening(key), entry("mark", key, {"code": "notice"}), entry("resume", key, {"stop": "x"})]
    page = client.post("/field/handed/", {"file": file_of(*told)}).content.decode()
    assert "共 3 条" in page and "其中 1 条未能登记" in page
    assert Activity.objects.filter(pk=key).exists()
    assert "共 3 条" in client.post("/field/handed/", {"file": file_of(*told)}).content.decode()
    assert Mark.objects.count() == 1


def test_the_clock_inside_a_file_tells_nothing(client_of: ClientOf) -> None:
    key = uuid4()
    sent = (clock.now() - timedelta(days=3)).isoformat()
    page = (
        client_of("officer")
        .post("/field/handed/", {"file": file_of(opening(key), sent_at=sent)})
        .content.decode()
    )
    assert "都已登记" in page
    assert Sent.objects.get().phone_ahead == 0


def test_a_custodian_hands_in_an_officers_file_and_an_officer_not_anothers(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    key = uuid4()
    told = {"account": people.officer.pk, "who": "林一鸣"}
    refused = client_of("officer2").post("/field/handed/", {"file": file_of(opening(key), **told)})
    assert refused.status_code == 409 and "林一鸣" in refused.content.decode()
    page = (
        client_of("custodian")
        .post("/field/handed/", {"file": file_of(opening(key), **told)})
        .content.decode()
    )
    assert "由王晓兰交来" in page


@pytest.mark.parametrize("raw", [b"", b"no", b'{"entries": []}', b"x" * 2_000_001])
def test_what_is_no_file_of_ours_stays_on_the_form_with_what_to_do(client_of: ClientOf, raw: bytes) -> None:
    answer = client_of("officer").post("/field/handed/", {"file": SimpleUploadedFile("a.json", raw)})
    assert answer.status_code == 422
    assert not Sent.objects.exists()


# -- what could not be registered


def test_what_could_not_be_registered_is_shown_in_plain_words_and_handled(
    people: SimpleNamespace, client_of: ClientOf
) -> None:
    client, key = client_of("officer"), uuid4()
    mark = entry("mark", key, {"code": "notice", "note": "两人在场"})
    stop = entry("stop", key, {"cause": "battery", "text": "没电了"})
    post(client, mark, stop)
    page = client.get("/field/refused/").content.decode()
    assert "两人在场" in page and "电量不足" in page and "怎么办" in page
    assert "两人在场" not in client_of("officer2").get("/field/refused/").content.decode()
    assert client_of("officer2").post(f"/field/refused/{mark['id']}/again/").status_code == 404
    assert "林一鸣" in client_of("custodian").get("/field/refused/").content.decode()
    there = list(Officer.objects.filter(staff_no__in=["100001", "100002"]))
    at, unit = clock.now(), people.officer.unit
    open_activity(unit, Told(officers=there, arrived_at=at), by=people.officer, at=at, key=key)
    assert client_of("custodian").post(f"/field/refused/{mark['id']}/again/").status_code == 302
    assert Mark.objects.get().note == "两人在场"
    client.post(f"/field/refused/{stop['id']}/handle/", {"reason": "已在活动页补登"})
    assert Sent.objects.get(pk=stop["id"]).outcome == "handled"
    assert "没有未能登记的记录" in client.get("/field/refused/").content.decode()


def test_an_office_that_is_asked_for_by_a_foreign_name_does_not_answer(client_of: ClientOf) -> None:
    client = client_of("officer")
    assert client.get("/field/", HTTP_HOST="office.lan").status_code == 400
    site.save(site.SiteSettings(hosts=["office.lan"]))
    assert client.get("/field/", HTTP_HOST="office.lan").status_code == 200
    assert client.get("/field/", HTTP_HOST="192.0.2.7").status_code == 200


def _check(key: UUID, **seen: Any) -> dict[str, Any]:
    at = clock.now()
    fit = {"serial": "4701A01", "fault_free": True, "battery_percent": 90, "free_minutes": 300}
    return entry("check", key, fit | {"shown_at": at.isoformat()} | seen)


def test_a_phone_hears_at_once_that_a_check_failed_why_and_what_to_do(client_of: ClientOf) -> None:
    client = client_of("officer")
    good = post(client, _check(uuid4())).json()["answers"][0]
    assert (good["outcome"], good["failed"], good["sentence"]) == ("done", False, "通过。")
    told = _check(uuid4(), battery_percent=None)
    bad = post(client, told).json()["answers"][0]
    assert (bad["outcome"], bad["failed"]) == ("done", True)
    assert bad["sentence"] == "未通过：没有填写电量。怎么办：请按设备显示填写。"
    assert post(client, told).json()["answers"] == [bad]
    device = Device.objects.get(serial="4701A01")
    page = client.get(f"/d/{device.pk}/").content.decode()
    assert ">通过<" not in page and ">未通过<" in page
    assert "没有通过：没有填写电量。怎么办：请按设备显示填写。" in page


def test_a_check_of_long_ago_is_shown_as_expired(people: SimpleNamespace, client_of: ClientOf) -> None:
    device, then = Device.objects.get(serial="4701A01"), clock.now() - timedelta(days=11)
    check_device(device, Looked(True, 90, None, 300, then), by=people.officer, at=then)
    page = client_of("officer").get(f"/d/{device.pk}/").content.decode()
    assert ">已过期<" in page and ">通过<" not in page and "怎么办：请再检查。" in page
