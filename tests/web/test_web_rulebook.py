"""The pages of the rulebook: rule a question, fill a slot, adopt a version seen before, withdraw, draw one up."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rulebook.rulebook_office import adopted, pack_in

from liuhen.base.packs import own_folder, pack_of
from liuhen.base.rulebook.models import Adoption, Ruling

pytestmark = pytest.mark.slow
ClientOf = Callable[..., Client]
RULE = "/rules/regulation/baofeng-forestry/rule/handover_no_hours/"
FAR = "2099-01-01"


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(pack|examples)" value="([^"]*)">', page))


def _upload(folder: Path) -> dict[str, Any]:
    return {
        f"{name}_file": SimpleUploadedFile(file, (folder / file).read_bytes())
        for name, file in (("pack", "pack.yaml"), ("examples", "examples.yaml"))
    }


def test_a_question_is_ruled_and_counted_with(client_of: ClientOf) -> None:
    legal = client_of("legal")
    assert "时限" in legal.get(RULE).content.decode()
    asked = {"answer": "结束后 24 小时内", "reason": "会议纪要", "period_0": "24", "period_1": "PT{}H"}
    assert legal.post(RULE, asked).status_code == 302
    assert Ruling.objects.get().value == "PT24H"
    page = client_of("officer").get("/rules/rulings/?pack=baofeng-forestry").content.decode()
    assert "结束后 24 小时内" in page
    assert "会议纪要" in page
    assert RULE not in page  # an officer sees the ruling and no way to change it
    tried = {"pack": "baofeng-forestry", "ended_at": "2026-03-13T17:00"}
    assert "2026-03-14 17:00" in client_of("officer").get("/rules/what-if/", tried).content.decode()
    assert "结束后 24 小时内" in legal.get("/rules/regulation/baofeng-forestry/").content.decode()


def test_a_ruling_without_reason_or_by_another_is_none(client_of: ClientOf) -> None:
    assert client_of("legal").post(RULE, {"answer": "当日", "reason": ""}).status_code == 422
    assert client_of("officer").post(RULE, {"answer": "当日", "reason": "有"}).status_code == 404
    assert client_of("legal").get(RULE.replace("handover_no_hours", "nowhere")).status_code == 404
    assert not Ruling.objects.exists()


def test_a_slot_is_filled_on_its_page(client_of: ClientOf) -> None:
    slot = pack_of("baofeng-forestry").slots[0]
    address = f"/rules/regulation/baofeng-forestry/fill/{slot.code}/"
    assert slot.text in client_of("legal").get(address).content.decode()
    client_of("legal").post(address, {"answer": "按省局清单", "reason": "省局通知"})
    assert "按省局清单" in client_of("officer").get("/rules/regulation/baofeng-forestry/").content.decode()


def test_an_uploaded_regulation_is_looked_over_adopted_and_withdrawn(
    client_of: ClientOf, tmp_path: Path
) -> None:
    legal, folder = client_of("legal"), pack_in(tmp_path / "one")
    page = legal.post("/rules/adopt/", {**_upload(folder), "starts_on": FAR}).content.decode()
    assert "采用之前：某某局行政执法音像记录管理办法" in page
    assert f'value="{FAR}"' in page  # the day goes with it, as a date field wants it
    assert not Adoption.objects.exists()
    answer = legal.post("/rules/adopt/confirm/", {**_hidden(page), "starts_on": FAR}, follow=True)
    row = Adoption.objects.get()
    assert "待施行" in answer.content.decode()
    assert (own_folder(row.pack, row.version) / "pack.yaml").read_bytes() == (
        folder / "pack.yaml"
    ).read_bytes()
    again = legal.post("/rules/adopt/confirm/", {**_hidden(page), "starts_on": FAR})
    assert (again.status_code, "已有一部规定" in again.content.decode()) == (422, True)
    legal.post(f"/rules/versions/{row.pk}/withdraw/", {"reason": "还要修改"})
    assert "已撤回" in legal.get("/rules/versions/").content.decode()


def test_a_shipped_regulation_is_adopted_with_the_differences_shown(client_of: ClientOf) -> None:
    legal = client_of("legal")
    page = legal.post("/rules/adopt/", {"pack": "baofeng-forestry", "starts_on": FAR}).content.decode()
    assert "改变什么" in page
    assert "24 小时" in page
    legal.post("/rules/adopt/confirm/", {**_hidden(page), "starts_on": FAR})
    assert Adoption.objects.get().pack == "baofeng-forestry"


def test_a_faulty_regulation_says_every_fault_with_its_place(client_of: ClientOf, tmp_path: Path) -> None:
    folder = pack_in(tmp_path / "one", **{"within: PT24H\n    met_by": "within: PT0H\n    met_by"})
    answer = client_of("legal").post("/rules/adopt/", {**_upload(folder), "starts_on": FAR})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r"pack\.yaml:\d+ clocks\.0\.within", page)
    assert "确认采用" not in page


@pytest.mark.parametrize(
    "sent", [{}, {"pack": "???", "examples": ""}, {"pack": "PHNjcmlwdD4=", "examples": "", "starts_on": FAR}]
)
def test_a_confirmation_of_something_else_adopts_nothing(client_of: ClientOf, sent: dict[str, str]) -> None:
    answer = client_of("legal").post("/rules/adopt/confirm/", sent)
    assert answer.status_code in (404, 422)
    assert b"<script>" not in answer.content.split(b"pack-text")[-1]
    assert not Adoption.objects.exists()


@pytest.mark.parametrize("who", ["officer", "custodian", "sysadmin"])
def test_others_see_the_versions_and_cannot_adopt(client_of: ClientOf, who: str) -> None:
    client = client_of(who)
    assert client.get("/rules/versions/").status_code == 200
    for address in ("/rules/adopt/", "/rules/wizard/"):
        assert client.get(address).status_code == 404
    assert client.post("/rules/adopt/confirm/", {}).status_code == 404


WIZARD: dict[str, Any] = {
    "title": "高山县水务局执法记录办法",
    "agency": "高山县水务局",
    "id": "gaoshan-water",
    "agency_kind": "water",
    "version": "1",
    "in_force": "2026-06-01",
    "officer": "执法人员",
    "custodian": "档案员",
    "leader": "分管局领导",
    "principal": "局长",
    "articles": "1 目的 [立制目的]\n2 应当记录的事项\n第3条 告知\n4 不记录的情形\n5 中断\n6 移交\n7 保管\n8 永久\n9 施行 [施行]",
    "matters_article": "2",
    "matters": ["inspection"],
    "notice_article": "3",
    "notice_script": "我是{agency}{officer}，现在开始录像。",
    "unrecorded_article": "4",
    "grounds": ["urgent"],
    "unrecorded_within_0": "2",
    "unrecorded_within_1": "P{}WD",
    "interruption_article": "5",
    "causes": ["battery"],
    "handover_article": "6",
    "handover_within_0": "48",
    "handover_within_1": "PT{}H",
    "circumstances": ["offsite"],
    "exception_within_0": "24",
    "exception_within_1": "PT{}H",
    "retention_article": "7",
    "with_dossier": "on",
    "period_0": "6",
    "period_1": "P{}M",
    "minimum": "on",
    "permanent_article": "8",
    "permanent": ["assault"],
    "copies": "1",
}


def test_a_regulation_is_drawn_up_from_its_parameters_and_adopted(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    legal = client_of("legal")
    assert "应当记录的事项" in legal.get("/rules/wizard/").content.decode()
    page = legal.post("/rules/wizard/", WIZARD).content.decode()
    assert "采用之前：高山县水务局执法记录办法" in page
    assert "还没有例子" not in page
    sent = _hidden(page)
    packed = legal.post("/rules/adopt/download/", sent)
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["pack.yaml", "examples.yaml"]
        assert "PT48H" in archive.read("pack.yaml").decode()
    legal.post("/rules/adopt/confirm/", {**sent, "starts_on": FAR})
    pack = pack_of("gaoshan-water")
    assert [rule.rule for rule in pack.retention] == ["permanent", "follows_dossier", "period"]
    tried = {"pack": "gaoshan-water", "ended_at": "2026-06-10T17:00", "handover": ""}
    assert "2026-06-12 17:00" in legal.get("/rules/what-if/", tried).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"articles": "1 目的"}, "没有参数引用"),
        ({"articles": "目的"}, "读不懂"),
        ({"articles": "1 目的 [立制目的]\n1 目的 [立制目的]"}, "写了两次"),
        ({"id": "高山"}, "小写字母"),
        ({"handover_article": "第六条"}, "只写条号"),
        ({"permanent": []}, "请选出情形"),
    ],
)
def test_what_is_missing_from_the_parameters_is_said_on_the_form(
    client_of: ClientOf, change: dict[str, Any], words: str
) -> None:
    answer = client_of("legal").post("/rules/wizard/", WIZARD | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_an_article_that_a_parameter_names_and_the_list_lacks_is_a_fault(client_of: ClientOf) -> None:
    told = WIZARD | {
        "handover_article": "66",
        "articles": WIZARD["articles"].replace("6 移交", "6 移交 [现场执法]"),
    }
    answer = client_of("legal").post("/rules/wizard/", told)
    assert answer.status_code == 422
    assert "没有第 66 条" in answer.content.decode()


def test_what_is_less_than_a_higher_regulation_is_a_question_and_can_be_ruled(client_of: ClientOf) -> None:
    legal = client_of("legal")
    plain = legal.get("/rules/rulings/?pack=pengyang").content.decode()
    held = legal.get("/rules/rulings/?pack=pengyang&against=jinjiang-agri").content.decode()
    assert "低于《" not in plain and "低于《" in held
    address = "/rules/regulation/pengyang/rule/over-jinjiang-agri-clock-handover/"
    assert address in held
    assert f"{address}?against=jinjiang-agri" in held
    answer = legal.post(
        f"{address}?against=jinjiang-agri", {"answer": "仍按 24 小时移交。", "reason": "上位规定优先"}
    )
    assert answer["Location"] == "/rules/rulings/?pack=pengyang&against=jinjiang-agri"
    assert legal.post(f"{address}?against=nowhere", {"answer": "是", "reason": "有"}).status_code == 404
    row = Ruling.objects.get(code="over-jinjiang-agri-clock-handover")
    assert "低于《" in row.question
    again = legal.get("/rules/rulings/?pack=pengyang&against=jinjiang-agri").content.decode()
    assert address not in again.partition("本单位的裁定")[0] and "仍按 24 小时移交。" in again


def test_a_higher_regulation_that_the_pack_names_is_always_held_against(
    client_of: ClientOf, people: SimpleNamespace, tmp_path: Path
) -> None:
    folder = pack_in(tmp_path / "pack", **{"# higher: [上位规定的 id]": "higher: [jinjiang-agri, nowhere]"})
    adopted(people, folder, "2027-01-01")
    page = client_of("legal").get("/rules/rulings/?pack=my-regulation").content.decode()
    assert "低于《" in page and "nowhere" in page and "怎么办" in page
    assert client_of("legal").get("/rules/rulings/?pack=pengyang&against=none").status_code == 404


def test_every_regulation_can_be_chosen_to_hold_another_against(client_of: ClientOf) -> None:
    """Also the one shown: both choices are made before the button is pressed."""
    page = client_of("legal").get("/rules/rulings/?pack=jinjiang-agri").content.decode()
    choices = page.partition('id="against"')[2].partition("</select>")[0]
    assert choices.count("<option") == 1 + 5 and 'value="jinjiang-agri"' in choices
