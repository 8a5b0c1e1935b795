"""期限 in the browser and at the terminal: what is due, by which article; a shortening waits for the principal."""

# ruff: noqa: F811 (fixtures are imported by name)

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from deadlines.deadlines_office import store, tell, told  # noqa: F401
from django.test import Client

from liuhen.base.deadlines.follow import catch_up
from liuhen.base.deadlines.models import Deadline, Matter, Shortening
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Agency
from liuhen.cli.main import main

pytestmark = pytest.mark.slow
ClientOf = Callable[..., Client]
END = "2026-03-13T09:00:00.000000Z"
NEXT = "2026-03-14T01:00:00.000000Z"


@pytest.fixture
def office(people: SimpleNamespace, told: None) -> Agency:
    agency: Agency = people.legal.agency
    Agency.objects.filter(pk=agency.pk).update(founded_pack="jinjiang-agri", pack="jinjiang-agri")
    return Agency.objects.get(pk=agency.pk)


def _text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_what_is_late_is_shown_with_its_article_and_how_it_was_counted(
    client_of: ClientOf, office: Agency
) -> None:
    tell(office, 1, activity={"ended_at": "2026-03-13T17:00:00+08:00"})
    store(office, 2, END, handed=NEXT)
    assert "项义务逾期" in _text(client_of("head"), "/")  # before anybody has opened 期限
    page = _text(client_of("custodian"), "/deadlines/?state=overdue")
    assert "逾期" in page
    assert "第十一条" in page
    assert "执法活动结束 2026-03-13 17:00:00 起 24 小时" in page
    done = _text(client_of("custodian"), "/deadlines/?state=met")
    assert "按录制结束推算" in done
    assert "没有符合条件的内容" in _text(client_of("officer"), "/deadlines/?state=overdue")  # not their own


@pytest.mark.parametrize("state", ["open", "soon", "waiting", "undated", "met", "nonsense"])
@pytest.mark.parametrize("face", ["", "xlsx", "print"])
def test_every_selection_has_its_page_its_sheet_and_its_paper(
    client_of: ClientOf, office: Agency, state: str, face: str
) -> None:
    store(office, 2, END, handed=NEXT)
    tell(office, 3, activity={"circumstances": ["offsite"]})
    answer = client_of("legal").get(f"/deadlines/?state={state}&as={face}")
    assert answer.status_code == 200
    answer.close()


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "auditor"])
def test_who_only_keeps_the_system_sees_no_duties(client_of: ClientOf, who: str) -> None:
    assert client_of(who).get("/deadlines/").status_code == 404


def _shortened(office: Agency) -> Shortening:
    """A case with ten years whose period somebody makes one."""
    case: dict[str, Any] = {"filed_at": "2026-03-12T09:00:00+08:00", "retention": "P10Y"}
    store(office, 1, END, handed=NEXT)
    tell(office, 1, case=case)
    tell(office, 1, case={**case, "retention": "P1Y"})
    catch_up(office)
    return Shortening.objects.get()


def test_a_shortening_waits_and_the_longer_period_holds_until_it_is_approved(
    client_of: ClientOf, office: Agency
) -> None:
    row = _shortened(office)
    assert Matter.objects.get().period == "P10Y"
    assert "待批准" in _text(client_of("principal"), "/")
    page = _text(client_of("principal"), "/deadlines/shortenings/")
    assert "涉及 1 项" in page
    assert "批准缩短" in page
    assert "批准缩短" not in _text(client_of("legal"), "/deadlines/shortenings/")
    address = f"/deadlines/shortenings/{row.pk}/approve/"
    for who in ("legal", "custodian", "officer"):
        assert client_of(who).post(address, {"reason": "有"}).status_code == 404
    client_of("principal").post(address, {"reason": ""})
    assert Matter.objects.get().period == "P10Y"
    client_of("principal").post(address, {"reason": "案卷期限更正"})
    assert (Matter.objects.get().period, Matter.objects.get().cause) == ("P1Y", None)
    assert "没有待批准的缩短" in _text(client_of("principal"), "/deadlines/shortenings/")
    again = client_of("principal").post(address, {"reason": "再来一次"})
    assert again.status_code >= 400
    assert Entry.objects.filter(kind="keeping.shortened").count() == 1


def test_what_is_upheld_stays_and_is_not_asked_again_for_the_same(
    client_of: ClientOf, office: Agency
) -> None:
    row = _shortened(office)
    client_of("principal").post(f"/deadlines/shortenings/{row.pk}/uphold/", {"reason": "不缩短"})
    tell(office, 1, activity={"events": []})
    catch_up(office)
    matter = Matter.objects.get()
    assert (matter.period, matter.cause) == ("P10Y", None)


def test_the_terminal_lists_and_makes_everything_again(
    office: Agency, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(office, 1, activity={"ended_at": "2026-03-13T17:00:00+08:00"})
    assert main(["deadlines", "list", "--by", "custodian", "--state", "overdue", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["duty"], row["article"], row["state"]) == ("handover", "11", "overdue")
    assert row["due_at"] == "2026-03-14T17:00:00+08:00"
    Deadline.objects.all().delete()
    assert main(["deadlines", "rebuild", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["agencies"]["demo"] == 1
    assert Deadline.objects.count() == 1
    assert main(["deadlines", "list", "--by", "nobody"]) == 2
