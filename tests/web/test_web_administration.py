"""Administration in the browser's words: every act through its page, by whom it belongs to and by nobody else."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account, Deputy, Officer, Role, RoleGrant, Unit
from liuhen.base.people.services import propose_role

ClientOf = Callable[..., Client]
REGISTERS = [
    "/devices/",
    "/units/",
    "/officers/",
    "/accounts/",
    "/grants/",
    "/deputies/",
    "/stores/",
    "/card-profiles/",
]


def kinds() -> list[str]:
    return list(Entry.objects.filter(agency__code="demo").order_by("position").values_list("kind", flat=True))


@pytest.fixture
def device(people: SimpleNamespace) -> Device:
    return Device.objects.get(serial="4701A01")


@pytest.fixture
def newcomer(client_of: ClientOf, people: SimpleNamespace) -> Account:
    """Entered through the page, as the system administrator does."""
    form = {"name": "新人", "username": "newcomer", "unit": people.sysadmin.unit.pk}
    answer = client_of("sysadmin").post(
        "/accounts/new/", {**form, "certificate_no": "35058200077", "staff_no": "100077"}
    )
    account = Account.objects.get(username="newcomer")
    assert answer["Location"] == f"/accounts/{account.pk}/"
    return account


@pytest.mark.parametrize("path", REGISTERS)
def test_every_register_has_its_three_faces(client_of: ClientOf, path: str) -> None:
    client = client_of("sysadmin")
    assert client.get(path).status_code == 200
    assert "第 1 页" in client.get(path, {"as": "print"}).content.decode()
    excel = client.get(path, {"as": "xlsx"})
    assert b"".join(excel.streaming_content).startswith(b"PK")


@pytest.mark.parametrize("path", REGISTERS)
def test_no_register_shows_another_agencys_rows(client_of: ClientOf, path: str) -> None:
    page = client_of("other-sysadmin").get(path).content.decode()
    for name in ("林一鸣", "4701A01", "李工", "综合行政执法大队"):
        assert name not in page


@pytest.mark.parametrize("path", ["/accounts/", "/grants/", "/accounts/new/", "/units/new/"])
@pytest.mark.parametrize("username", ["officer", "custodian", "head", "principal", "legal", "archivist"])
def test_accounts_are_not_there_for_who_does_not_keep_them(
    client_of: ClientOf, username: str, path: str
) -> None:
    assert client_of(username).get(path).status_code == 404


def test_a_device_is_registered_corrected_and_retired(client_of: ClientOf, people: SimpleNamespace) -> None:
    client = client_of("custodian")
    unit, keeper = people.custodian.unit, Officer.objects.get(staff_no="100002")
    form = {"serial": "5500001", "kind": "camera", "model": "甲型", "unit": unit.pk, "keeper": ""}
    made = client.post("/devices/new/", form)
    device = Device.objects.get(serial="5500001")
    assert made["Location"] == f"/devices/{device.pk}/"
    change = {"kind": "camcorder", "model": "乙型", "unit": unit.pk, "keeper": keeper.pk}
    assert client.post(f"/devices/{device.pk}/correct/", change).status_code == 422
    client.post(f"/devices/{device.pk}/correct/", {**change, "reason": "登记有误"})
    client.post(f"/devices/{device.pk}/care/retire/", {"reason": "损坏"})
    device.refresh_from_db()
    assert (device.kind, device.model, device.keeper, device.state) == (
        "camcorder",
        "乙型",
        keeper,
        "retired",
    )
    assert kinds()[-3:] == ["device.registered", "device.corrected", "device.retired"]


def test_a_serial_twice_is_told_on_the_form(client_of: ClientOf, people: SimpleNamespace) -> None:
    form = {"serial": "4701A01", "kind": "camera", "unit": people.custodian.unit.pk}
    answer = client_of("custodian").post("/devices/new/", form)
    assert answer.status_code == 422
    assert "已登记" in answer.content.decode()
    assert "怎么办" in answer.content.decode()


def test_an_act_without_a_reason_is_refused(client_of: ClientOf, device: Device) -> None:
    answer = client_of("custodian").post(f"/devices/{device.pk}/care/retire/", {"reason": "  "})
    assert answer.status_code == 409
    assert "必须写明理由" in answer.content.decode()
    device.refresh_from_db()
    assert device.state == "in_use"


@pytest.mark.parametrize("username", ["officer", "secadmin", "auditor", "stranger", "other-sysadmin"])
def test_a_device_is_changed_by_its_keepers_only(client_of: ClientOf, device: Device, username: str) -> None:
    client = client_of(username)
    answer = client.post(f"/devices/{device.pk}/care/retire/", {"reason": "试试"})
    assert answer.status_code == 404
    assert client.get(f"/devices/{device.pk}/correct/").status_code == 404
    device.refresh_from_db()
    assert device.state == "in_use"


def test_a_unit_of_another_agency_cannot_be_chosen(client_of: ClientOf, people: SimpleNamespace) -> None:
    foreign = Unit.objects.get(agency__code="other")
    form = {"serial": "5500001", "kind": "camera", "unit": foreign.pk}
    assert client_of("custodian").post("/devices/new/", form).status_code == 422
    assert not Device.objects.filter(serial="5500001").exists()


def test_units_are_opened_and_renamed(client_of: ClientOf, people: SimpleNamespace) -> None:
    client = client_of("sysadmin")
    parent = people.sysadmin.unit
    client.post("/units/new/", {"code": "35058200000B", "name": "渔政股", "parent": parent.pk})
    unit = Unit.objects.get(code="35058200000B")
    assert unit.parent == parent
    client.post(f"/units/{unit.pk}/rename/", {"name": "渔业执法股", "reason": "机构改革"})
    unit.refresh_from_db()
    assert unit.name == "渔业执法股"
    for code in ("35058200000B", "1234567890123", "含中文"):
        answer = client.post("/units/new/", {"code": code, "name": "又一个"})
        assert answer.status_code == 422


def test_an_officer_is_corrected_and_leaves_but_stays_in_the_register(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    officer = Officer.objects.get(staff_no="100002")
    client = client_of("sysadmin")
    change = {"name": "陈思远", "certificate_no": "35058299999", "unit": officer.unit_id, "reason": "换证"}
    client.post(f"/officers/{officer.pk}/correct/", change)
    client.post(f"/officers/{officer.pk}/leave/", {"on": "2026-11-24", "reason": "退休"})
    officer.refresh_from_db()
    assert (officer.certificate_no, str(officer.left_on)) == ("35058299999", "2026-11-24")
    page = client_of("custodian").get("/officers/").content.decode()
    assert "陈思远" in page
    assert "2026-11-24" in page
    for path in ("correct", "leave"):
        assert client_of("custodian").get(f"/officers/{officer.pk}/{path}/").status_code == 404


def test_a_role_is_proposed_by_one_and_confirmed_by_the_other(client_of: ClientOf, newcomer: Account) -> None:
    client_of("sysadmin").post(f"/accounts/{newcomer.pk}/propose/", {"role": "officer"})
    grant = RoleGrant.objects.get(account=newcomer)
    assert client_of("sysadmin").post(f"/grants/{grant.pk}/confirm/").status_code == 404
    page = client_of("secadmin").get(f"/accounts/{newcomer.pk}/").content.decode()
    assert f"/grants/{grant.pk}/confirm/" in page
    assert client_of("secadmin").post(f"/grants/{grant.pk}/confirm/").status_code == 302
    grant.refresh_from_db()
    assert (grant.state, grant.confirmed_by.username) == ("confirmed", "secadmin")
    client_of("secadmin").post(f"/grants/{grant.pk}/withdraw/", {"reason": "调离"})
    grant.refresh_from_db()
    assert grant.state == "withdrawn"


def test_nobody_confirms_their_own_role(client_of: ClientOf, people: SimpleNamespace) -> None:
    grant = propose_role(people.secadmin, Role.CUSTODIAN, by=people.sysadmin, at=clock.now())
    page = client_of("secadmin").get(f"/accounts/{people.secadmin.pk}/").content.decode()
    assert f"/grants/{grant.pk}/confirm/" not in page
    assert client_of("secadmin").post(f"/grants/{grant.pk}/confirm/").status_code == 404


def test_a_role_decided_twice_is_told_so(client_of: ClientOf, people: SimpleNamespace) -> None:
    grant = propose_role(people.officer, Role.LEGAL, by=people.sysadmin, at=clock.now())
    client = client_of("secadmin")
    client.post(f"/grants/{grant.pk}/decline/", {"reason": "不需要"})
    assert client.post(f"/grants/{grant.pk}/confirm/").status_code == 409


def test_an_enforcing_role_needs_certificate_and_staff_number(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    client = client_of("sysadmin")
    answer = client.post(f"/accounts/{people.custodian.pk}/propose/", {"role": "officer"}, follow=True)
    assert "须有执法证号和人员编号" in answer.content.decode()
    assert not RoleGrant.objects.filter(account=people.custodian, role="officer").exists()


@pytest.mark.parametrize("numbers", [("35058200077", ""), ("", "100077"), ("35058200001", "100078")])
def test_a_person_is_entered_with_both_numbers_or_neither(
    client_of: ClientOf, people: SimpleNamespace, numbers: tuple[str, str]
) -> None:
    form = {"name": "新人", "username": "newcomer", "unit": people.sysadmin.unit.pk}
    answer = client_of("sysadmin").post(
        "/accounts/new/", {**form, "certificate_no": numbers[0], "staff_no": numbers[1]}
    )
    assert answer.status_code == 422
    assert not Account.objects.filter(username="newcomer").exists()
    assert not Officer.objects.filter(name="新人").exists()


def test_a_password_is_given_once_by_the_security_administrator(
    client_of: ClientOf, newcomer: Account
) -> None:
    for username in ("sysadmin", "auditor", "custodian", "other-secadmin"):
        assert client_of(username).post(f"/accounts/{newcomer.pk}/password/").status_code == 404
    client = client_of("secadmin")
    answer = client.post(f"/accounts/{newcomer.pk}/password/")
    password = answer.context["given_password"]
    newcomer.refresh_from_db()
    assert newcomer.check_password(password)
    assert newcomer.password_given
    assert password not in client.get(f"/accounts/{newcomer.pk}/").content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_second_factor_is_removed_with_a_reason(client_of: ClientOf, newcomer: Account) -> None:
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=newcomer, type="totp", data={"secret": "x"})
    path = f"/accounts/{newcomer.pk}/second-factor/"
    assert client_of("sysadmin").post(path, {"reason": "丢了"}).status_code == 404
    assert client_of("secadmin").post(path, {"reason": ""}).status_code == 409
    assert Authenticator.objects.count() == 1
    client_of("secadmin").post(path, {"reason": "手机丢失"})
    assert Authenticator.objects.count() == 0
    assert kinds()[-1] == "account.second_factor_removed"


def test_a_closed_account_offers_no_act(client_of: ClientOf, newcomer: Account) -> None:
    client_of("sysadmin").post(f"/accounts/{newcomer.pk}/close/", {"reason": "离职"})
    page = client_of("sysadmin").get(f"/accounts/{newcomer.pk}/").content.decode()
    assert "停用账号…" not in page
    assert client_of("secadmin").post(f"/accounts/{newcomer.pk}/password/").status_code == 409


def deputy_form(people: SimpleNamespace, **more: Any) -> dict[str, Any]:
    form = {"absent": people.head.pk, "deputy": people.legal.pk, "role": "unit_head"}
    return {**form, "starts_at": "2026-11-25T08:00", "ends_at": "2099-11-30T18:00", **more}


def test_a_deputy_is_appointed_by_the_absent_person_and_ended(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    client = client_of("head")
    assert client.post("/deputies/new/", deputy_form(people)).status_code == 302
    row = Deputy.objects.get()
    assert clock.local(row.starts_at) == "2026-11-25 08:00:00"
    assert f"/deputies/{row.pk}/end/" in client.get("/deputies/").content.decode()
    client.post(f"/deputies/{row.pk}/end/")
    row.refresh_from_db()
    assert row.state == "ended"


@pytest.mark.parametrize("username", ["legal", "officer", "sysadmin"])
def test_nobody_else_appoints_a_deputy(client_of: ClientOf, people: SimpleNamespace, username: str) -> None:
    assert client_of(username).post("/deputies/new/", deputy_form(people)).status_code == 404
    assert not Deputy.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"ends_at": "2026-11-24T08:00"}, {"role": "principal"}, {"starts_at": "yesterday"}, {"deputy": "0"}],
)
def test_a_deputy_that_cannot_be_is_told_on_the_form(
    client_of: ClientOf, people: SimpleNamespace, wrong: dict[str, str]
) -> None:
    answer = client_of("head").post("/deputies/new/", deputy_form(people, **wrong))
    assert answer.status_code == 422
    assert not Deputy.objects.exists()


def test_a_profile_is_tried_on_three_names(client_of: ClientOf) -> None:
    names = "A000001_000012_20260716093000_0001.mp4\n看不懂.bin\nVID_20260101_120000.mp4\nfourth.mp4"
    answer = client_of("sysadmin").get("/card-profiles/", {"names": names})
    page = answer.content.decode()
    assert "A000001" in page
    assert "2026-07-16 09:30:00" in page
    assert "待归属" in page
    assert len(answer.context["tried"]) == 3


@pytest.mark.parametrize("username", ["officer", "custodian"])
def test_only_the_system_administrator_reads_where_a_store_lies(client_of: ClientOf, username: str) -> None:
    assert 'data-label="位置"' not in client_of(username).get("/stores/?cols=name,place").content.decode()
    assert 'data-label="位置"' in client_of("sysadmin").get("/stores/?cols=name,place").content.decode()


@pytest.mark.parametrize(
    "path", ["/devices/999999/", "/officers/0/", "/accounts/99/", "/grants/1/eat/", "/devices/-1/"]
)
def test_what_is_not_there_is_not_there(client_of: ClientOf, path: str) -> None:
    assert client_of("sysadmin").get(path).status_code == 404
