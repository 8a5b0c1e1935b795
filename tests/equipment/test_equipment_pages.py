"""领用归还 on the pages: both sides sign on one screen; who sees what; import, labels, standard."""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from equipment.equipment_office import HOUR, checked, handed_out, officer, png, recorder, taken_back
from equipment.test_equipment_selectors import recording
from openpyxl import load_workbook

from liuhen.base import clock
from liuhen.base.devices import importing
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.devices.norm import Norm
from liuhen.base.devices.services import register_device, send_to_repair
from liuhen.base.ledger.models import Entry
from liuhen.base.site import SiteSettings, save
from liuhen.stages.equipment.models import Check, Issue
from liuhen.web.device_tables import is_loopback

ClientOf = Callable[..., Client]


def url(*parts: object) -> str:
    return "/devices/" + "/".join(map(str, (recorder().pk, *parts))) + "/"


def inked(*, empty: bool = False) -> str:
    return "data:image/png;base64," + base64.b64encode(png(empty=empty)).decode()


def ready(people: Any) -> None:
    checked(people, clock.now())


def take(client: Client, **more: Any) -> Any:
    return client.post(url("issue"), {"officer": officer().pk, "signature": inked(), **more})


def test_a_check_is_entered_and_its_result_told(client_of: ClientOf) -> None:
    now = clock.now().astimezone(clock.SHANGHAI)
    told = {
        "fault_free": "yes",
        "battery_percent": 90,
        "free_gb": "64",
        "shown_at": f"{now:%Y-%m-%dT%H:%M:%S}",
    }
    answer = client_of("officer").post(url("check"), told, follow=True)
    row = Check.objects.get()
    assert (row.passed, row.free_bytes, row.by.username) == (True, 64_000_000_000, "officer")
    assert ClockReading.objects.count() == 1
    assert "检查结果已登记" in answer.content.decode()


def test_a_failed_check_says_what_to_do(client_of: ClientOf) -> None:
    page = client_of("custodian").post(url("check"), {"fault_free": "no"}, follow=True).content.decode()
    assert "没有通过：设备有故障、没有填写电量、没有填写剩余空间、没有测读时钟" in page
    assert "怎么办" in page


def test_handing_out_with_a_drawn_signature(client_of: ClientOf, people: Any) -> None:
    ready(people)
    client = client_of("custodian")
    assert client.get(url("issue")).status_code == 200
    answer = take(client, purpose="日常检查", due_back_at="2099-01-01T18:00")
    assert answer.status_code == 422  # more than a year away
    page = client.post(
        url("issue"), {"officer": officer().pk, "signature": inked()}, follow=True
    ).content.decode()
    assert "已领用" in page
    assert "领用中" in page
    row = Issue.objects.get()
    shown = client.get(f"/equipment/{row.pk}/signature/taken/")
    assert b"".join(shown.streaming_content).startswith(b"\x89PNG")
    assert client.get(f"/equipment/{row.pk}/signature/back/").status_code == 404
    assert client_of("officer2").get(f"/equipment/{row.pk}/signature/taken/").status_code == 404
    assert client_of("stranger").get(f"/equipment/{row.pk}/signature/taken/").status_code == 404


def test_handing_out_with_the_officers_own_password(client_of: ClientOf, people: Any) -> None:
    people.officer.set_password("石榴-Tractor-77-lamp")
    people.officer.save()
    ready(people)
    client = client_of("custodian")
    page = take(client, signature="", password="wrong")
    assert page.status_code == 422
    assert "密码不正确" in page.content.decode()
    assert take(client, signature="", password="石榴-Tractor-77-lamp").status_code == 302
    assert Issue.objects.get().taken_signed == "password"


def test_wrong_passwords_are_counted_like_failed_sign_ins(client_of: ClientOf, people: Any) -> None:
    people.officer.set_password("石榴-Tractor-77-lamp")
    people.officer.save()
    ready(people)
    client = client_of("custodian")
    for _ in range(5):
        take(client, signature="", password="wrong")
    take(client, signature="", password="石榴-Tractor-77-lamp")
    assert not Issue.objects.exists()


@pytest.mark.parametrize("bad", ["", inked(empty=True), "data:image/png;base64,###", "<svg/>", "x" * 700_000])
def test_without_a_real_signature_the_page_comes_back_with_a_sentence(
    client_of: ClientOf, people: Any, bad: str
) -> None:
    ready(people)
    answer = take(client_of("custodian"), signature=bad)
    assert answer.status_code == 422
    assert "签名" in answer.content.decode()
    assert not Issue.objects.exists()


def test_an_unchecked_device_asks_for_a_reason_and_takes_it(client_of: ClientOf) -> None:
    client = client_of("custodian")
    assert "没有做过使用前检查" in client.get(url("issue")).content.decode()
    assert take(client).status_code == 422
    assert take(client, override="紧急出动").status_code == 302
    assert Issue.objects.get().overridden
    assert "紧急出动" in client.get(url()).content.decode()


def test_a_device_that_is_out_shows_the_way_to_take_it_back(client_of: ClientOf, people: Any) -> None:
    handed_out(people, clock.now())
    client = client_of("custodian")
    page = client.get(url("issue")).content.decode()
    assert "已在领用中" in page
    assert "第十八条" in page
    assert url("return") in page
    assert take(client).status_code == 422


def test_taking_back_with_a_signature_or_with_a_reason(client_of: ClientOf, people: Any) -> None:
    handed_out(people, clock.now())
    client = client_of("custodian")
    assert client.post(url("return"), {}).status_code == 422
    assert client.post(url("return"), {"signature": inked()}, follow=True).status_code == 200
    assert Issue.objects.get().back_signed == "drawn"
    assert "不在领用中" in client.get(url("return"), follow=True).content.decode()


@pytest.mark.parametrize("name", ["officer", "head", "legal", "auditor", "sysadmin"])
def test_only_the_custodian_has_the_pages_of_issue_and_return(
    client_of: ClientOf, people: Any, name: str
) -> None:
    handed_out(people, clock.now())
    client = client_of(name)
    for page in ("issue", "return"):
        assert client.get(url(page)).status_code == 404
        assert client.post(url(page), {"signature": inked()}).status_code == 404
    assert Issue.objects.get().state == "out"


def test_an_officer_sees_their_own_and_nobody_elses(client_of: ClientOf, people: Any) -> None:
    handed_out(people, clock.now())
    assert "4701A01" in client_of("officer").get("/equipment/").content.decode()
    assert "4701A01" not in client_of("officer2").get("/equipment/").content.decode()
    page = client_of("officer2").get(url()).content.decode()
    assert "不在您手里" in page
    assert "林一鸣，" not in page
    for name in ("sysadmin", "auditor", "archivist"):
        assert client_of(name).get("/equipment/").status_code == 404


def test_overdue_and_unchecked_are_shown_and_wait_on_the_home_page(client_of: ClientOf, people: Any) -> None:
    from liuhen.stages.equipment.services import Terms

    at = clock.now() - 30 * HOUR
    handed_out(people, at, terms=Terms("", at + HOUR))
    client = client_of("custodian")
    assert "逾期未还" in client.get("/equipment/?show=overdue").content.decode()
    assert "4701A01" in client.get("/equipment/?show=unchecked").content.decode()
    home = client.get("/").content.decode()
    assert "台设备逾期未还" in home
    assert "台领用的设备没有通过检查" in home


def test_a_failed_check_is_called_one_wherever_the_device_stands(client_of: ClientOf, people: Any) -> None:
    at = clock.now()
    checked(people, at, battery_percent=1)
    page = client_of("custodian").get(url()).content.decode()
    assert "未通过：电量不足" in page and "写明理由后领用" not in page  # nobody has had it
    Check.objects.all().delete()
    handed_out(people, at - HOUR)
    checked(people, at, battery_percent=1)
    assert "检查未通过" in client_of("custodian").get("/equipment/").content.decode()


def test_the_use_register_has_what_the_regulation_names_on_page_excel_and_paper(
    client_of: ClientOf, people: Any
) -> None:
    at = clock.now() - 9 * HOUR
    taken_back(handed_out(people, at), people, at + 4 * HOUR)
    recording(at + HOUR, seconds=90)
    client = client_of("custodian")
    page = client.get("/use-register/").content.decode()
    for words in ("林一鸣", "35058200001", "1 条，1 分 30 秒", "已归还", "设备与服务器一致"):
        assert words in page
    assert "recordings/?device=4701A01" in page
    assert "林一鸣" in client.get("/use-register/?as=print").content.decode()
    book = load_workbook(io.BytesIO(b"".join(client.get("/use-register/?as=xlsx").streaming_content)))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows(min_row=3)]
    assert {"设备", "使用人", "执法证号", "领用时间", "归还时间", "记录内容"} <= set(rows[0])
    assert "1 条，1 分 30 秒" in rows[1]


def test_what_nobody_had_is_a_list_and_on_the_devices_page(client_of: ClientOf, people: Any) -> None:
    at = clock.now() - 9 * HOUR
    taken_back(handed_out(people, at), people, at + HOUR)
    row = recording(at + 3 * HOUR)
    client = client_of("custodian")
    assert row.number in client.get("/equipment/unheld/").content.decode()
    assert "1 条记录" in client.get(url()).content.decode()
    assert row.number not in client_of("officer2").get("/equipment/unheld/").content.decode()


def test_a_card_taken_in_since_asks_whether_the_device_is_back(
    client_of: ClientOf, people: Any, tmp_path: Any
) -> None:
    from liuhen.stages.ingest.services import Request, ingest_card

    handed_out(people, clock.now() - HOUR)
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "4701A01_100001_20260716093001_0001.mp4").write_bytes(b"x" * 99)
    client = client_of("custodian")
    assert "已采集过这台设备的存储卡" not in client.get(url()).content.decode()
    ingest_card(Request(tmp_path / "card", people.custodian), at=clock.now())
    assert "已采集过这台设备的存储卡" in client.get(url()).content.decode()


def test_the_page_of_a_recording_says_that_nobody_had_the_device(
    client_of: ClientOf, people: Any, tmp_path: Any
) -> None:
    from datetime import datetime

    from liuhen.base.recordings.models import Recording
    from liuhen.stages.ingest.services import Request, ingest_card

    at = datetime(2026, 7, 15, 9, tzinfo=clock.SHANGHAI)
    taken_back(handed_out(people, at), people, at + HOUR)
    (tmp_path / "card").mkdir()
    (tmp_path / "card" / "4701A01_100001_20260716093001_0001.mp4").write_bytes(b"x" * 99)
    ingest_card(Request(tmp_path / "card", people.custodian), at=clock.now())
    page = client_of("custodian").get(f"/recordings/{Recording.objects.get().number}/").content.decode()
    assert "2026-07-16 09:30:01，使用台账上这时 4701A01 没有领用人" in page
    assert "第三条" in page


def test_care_is_offered_and_done_by_whom_it_belongs(client_of: ClientOf) -> None:
    client = client_of("custodian")
    assert "送修…" in client.get(url()).content.decode()
    client.post(url("care/repair"), {"reason": "镜头裂"})
    assert recorder().state == "repair"
    page = client.get(url()).content.decode()
    assert "已修复…" in page
    assert "镜头裂" in page
    assert client.post(url("care/nothing"), {"reason": "试"}).status_code == 404
    assert client_of("officer2").post(url("care/lost"), {"reason": "试"}).status_code == 404
    assert recorder().state == "repair"


# -- import, template, labels, standard


def table(client: Client, data: bytes, name: str = "设备.xlsx") -> Any:
    file = io.BytesIO(data)
    file.name = name
    return client.post("/devices/import/", {"table": file})


def sent_in(page: str) -> str:
    return page.split('name="table" value="')[1].split('"')[0]


def test_the_export_comes_back_as_an_import(client_of: ClientOf, people: Any) -> None:
    norm = Norm("1920x1080", 8, 128, True, None, None)
    for number, model in enumerate(("=1+1", "@SUM(A1)", "<script>", 'a,"b"\n')):
        told = {"model": model.strip(), "norm": norm, "keeper": officer()}
        register_device(
            people.custodian.unit,
            f"X{number}",
            Device.Kind.CAMERA,
            by=people.custodian,
            at=clock.now(),
            **told,
        )
    client = client_of("custodian")
    columns = "serial,kind,model,unit,keeper,keeper_no,resolution,battery,storage,no_delete,proof,bought"
    data = b"".join(client.get(f"/devices/?cols={columns}&as=xlsx").streaming_content)
    heads = [cell.value for cell in load_workbook(io.BytesIO(data)).active[3]]
    assert heads == list(importing.COLUMNS)
    page = table(client, data).content.decode()
    assert "已有 5 行" in page
    assert "<script>" not in page.replace("<script src", "")


def test_a_table_is_looked_over_before_anything_is_done_and_comes_once(client_of: ClientOf) -> None:
    client = client_of("custodian")
    page = table(
        client, "序列号,种类\nN1,照相机\n4701A01,照相机\nN2,飞机\n".encode(), "a.csv"
    ).content.decode()
    for words in ("登记新的 1 台", "将登记", "不同", "没有种类"):
        assert words in page
    assert Device.objects.count() == 1
    for _ in range(2):
        assert client.post("/devices/import/confirm/", {"table": sent_in(page)}).status_code == 302
    assert set(Device.objects.values_list("serial", flat=True)) == {"4701A01", "N1"}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x00\x01", b"a,b\n1,2\n", b"x" * ((5 << 20) + 1)])
def test_a_file_that_is_no_register_comes_back_with_a_sentence(client_of: ClientOf, data: bytes) -> None:
    answer = table(client_of("custodian"), data)
    assert answer.status_code == 422
    assert Device.objects.count() == 1


@pytest.mark.parametrize("sent", ["", "###", "AAAA"])
def test_what_the_preview_never_sent_does_nothing(client_of: ClientOf, sent: str) -> None:
    assert client_of("custodian").post("/devices/import/confirm/", {"table": sent}).status_code in (302, 404)
    assert Device.objects.count() == 1


def test_the_template_is_a_table_that_can_be_imported(client_of: ClientOf) -> None:
    client = client_of("custodian")
    page = table(client, client.get("/devices/import/template/").content).content.decode()
    assert "新登记 1 行" in page


def test_only_who_registers_devices_imports_and_prints_labels(client_of: ClientOf) -> None:
    for name in ("officer", "head", "legal", "auditor"):
        for page in ("import/", "import/template/", "labels/", "labels/sheet/"):
            assert client_of(name).get(f"/devices/{page}").status_code == 404


def test_labels_carry_the_offices_address_and_warn_of_a_loopback(client_of: ClientOf) -> None:
    client = client_of("custodian")
    assert "手机扫码打不开" in client.get("/devices/labels/").content.decode()
    save(SiteSettings(address="http://192.168.1.5:8000"))
    page = client.get("/devices/labels/").content.decode()
    assert "手机扫码打不开" not in page
    assert "http://192.168.1.5:8000" in page
    pdf = client.get("/devices/labels/sheet/")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    assert client.get("/devices/labels/sheet/?serial=NONE").status_code == 400


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost", True),
        ("http://192.168.1.5:8000", False),
        ("https://liuhen.example", False),
    ],
)
def test_an_address_of_this_computer_alone_is_known(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def test_a_scanned_label_leads_to_the_device_after_the_sign_in(client_of: ClientOf) -> None:
    path = f"/d/{recorder().pk}/"
    assert "使用前检查" in client_of("officer").get(path).content.decode()
    assert client_of("legal").get(path).headers["Location"] == url()
    assert client_of("stranger").get(path).status_code == 404
    assert client_of().get(path).headers["Location"].startswith("/sign-in/")


def test_the_standard_shows_what_is_asked_and_what_each_unit_has(client_of: ClientOf, people: Any) -> None:
    page = client_of("custodian").get("/equipment/standard/").content.decode()
    for words in ("综合行政执法大队", "执法记录仪 1", "没有写配备比例", "第三条"):
        assert words in page


def test_every_pack_has_its_standard(client_of: ClientOf, people: Any) -> None:
    device = recorder()
    send_to_repair(device, reason="试", by=people.custodian, at=clock.now())
    agency = people.custodian.agency
    for pack, words in (
        ("ankang-agri", "能够保证资料不被删改"),
        ("baofeng-forestry", "尚未填写"),
        ("shifanqu-bianban", "爆炸危险区域"),
        ("pengyang", "没有写设备的技术性能"),
    ):
        agency.founded_pack = agency.pack = pack
        agency.save()
        page = client_of("custodian").get("/equipment/standard/").content.decode()
        assert words in page, pack
        assert "没有" in page


def test_the_act_of_issue_is_told_in_the_ledger_page(client_of: ClientOf, people: Any) -> None:
    handed_out(people, clock.now())
    position = Entry.objects.get(kind="device.issued").position
    page = client_of("auditor").get(f"/ledger/{position}/").content.decode()
    assert "领用设备：设备 4701A01" in page
    assert "第三条" in page
