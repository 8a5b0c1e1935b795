"""Home and health."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client

from liuhen.base import clock, health, packs, site
from liuhen.base.people.models import Role
from liuhen.base.people.services import Person, open_account, propose_role
from liuhen.base.rulebook.services import adopt, candidate

ClientOf = Callable[..., Client]


def test_a_machine_is_told_without_signing_in_and_nothing_more(client_of: ClientOf) -> None:
    response = client_of().get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"ok": True}


def test_a_machine_is_told_when_no_store_is_there(client_of: ClientOf, home: Path) -> None:
    (home / "store").rename(home / "store-away")
    response = client_of().get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"ok": False}


def test_every_question_is_answered_and_the_worst_stands_first(people: SimpleNamespace) -> None:
    checks = health.examine(people.officer.agency, clock.now())
    names = {check.name for check in checks}
    assert {"数据库", "存储“主存储”", "剩余空间", "账本", "后台任务", "打印字体"} <= names
    assert [check.state for check in checks] == sorted(
        (c.state for c in checks), key=["bad", "warning", "ok"].index
    )
    assert all(check.remedy for check in checks if check.state != "ok")


def test_a_missing_store_is_bad_and_says_what_to_do(client_of: ClientOf, home: Path) -> None:
    (home / "store").rename(home / "store-away")
    for path in ("/", "/health/"):
        response = client_of("officer").get(path)
        assert response.status_code == 200
        assert "怎么办" in response.content.decode()
    assert health.worst(response.context["checks"]) == "bad"


def test_a_wrong_settings_file_is_told_on_the_health_page(client_of: ClientOf, home: Path) -> None:
    site.settings_path().write_text("stores: nonsense\n")
    page = client_of("sysadmin").get("/health/")
    assert page.status_code == 400 or "stores" in page.content.decode()
    assert "怎么办" in page.content.decode()


def test_room_in_days_comes_from_the_last_thirty_days(
    people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "room", lambda at: health.Room(free=60 * 10**9, a_day=10**10, days=6))
    check = next(c for c in health.examine(people.officer.agency, clock.now()) if c.name == "剩余空间")
    assert check.state == "bad"
    assert "6 天" in check.said


def test_an_estimate_of_many_years_says_no_more_than_that() -> None:
    assert health.Room(free=10**12, a_day=1, days=10**12).in_words == "10 年以上"
    assert health.Room(free=10**12, a_day=10**9, days=1000).in_words == "1000 天"


def test_without_intake_no_days_are_invented(people: SimpleNamespace) -> None:
    assert health.room(clock.now()).days is None


def test_copies_not_read_for_long_are_told(people: SimpleNamespace) -> None:
    later = clock.now() + timedelta(days=400)
    assert health.worst(health.examine(people.officer.agency, later)) != "bad"


def test_a_proposed_role_waits_for_the_security_administrator_only(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    unit = people.sysadmin.unit
    account = open_account(unit, Person("newcomer", "新来的"), by=people.sysadmin, at=clock.now())
    assert "个账号没有角色" in client_of("sysadmin").get("/").content.decode()
    propose_role(account, Role.LEGAL, by=people.sysadmin, at=clock.now())
    assert "项授权待确认" in client_of("secadmin").get("/").content.decode()
    for username in ("sysadmin", "custodian", "auditor", "other-secadmin"):
        assert "项授权待确认" not in client_of(username).get("/").content.decode()


@pytest.mark.parametrize("username", ["sysadmin", "secadmin", "auditor"])
def test_who_sees_no_content_is_told_no_number_of_it(client_of: ClientOf, username: str) -> None:
    page = client_of(username).get("/").content.decode()
    assert "待归属" not in page
    assert "近 7 天入库" not in page


def test_a_regulation_damaged_on_disk_is_said_with_its_consequence(
    home: Path, people: SimpleNamespace
) -> None:
    agency, at = people.officer.agency, clock.now()
    adopt(
        candidate(packs.FOLDER / "baofeng-forestry"),
        agency,
        at.astimezone(clock.SHANGHAI).date(),
        by=people.legal,
        at=at,
    )
    checks = {one.name: one for one in health.examine(agency, at + timedelta(days=1))}
    assert checks["施行的规定"].state == "ok" and "第 1 版" in checks["施行的规定"].said
    (packs.own_folder("baofeng-forestry", "1") / "pack.yaml").write_text("damaged")
    check = next(one for one in health.examine(agency, at) if one.name == "施行的规定")
    assert check.state == "bad"
    assert "不推算" in check.said and "deadlines rebuild" in check.remedy


def test_an_office_that_has_adopted_nothing_is_told(people: SimpleNamespace) -> None:
    agency = people.officer.agency
    agency.founded_pack = ""
    check = next(one for one in health.examine(agency, clock.now()) if one.name == "施行的规定")
    assert (check.state, "采用" in check.remedy) == ("warning", True)


def test_deadlines_far_behind_the_ledger_are_told(
    people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health.follow, "behind", lambda _: 999_999)
    check = next(one for one in health.examine(people.officer.agency, clock.now()) if one.name == "期限")
    assert check.state == "warning" and "999999" in check.said
