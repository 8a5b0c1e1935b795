"""The list of recordings: what it finds for whom, what its addresses carry, and what is done with a selection."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client
from lists.lists_office import fill
from openpyxl import load_workbook
from stages.ingest_office import take

from liuhen.base.jobs.models import Job
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.lists.rows import differences
from liuhen.base.recordings.models import Recording

ClientOf = Callable[..., Client]
SEERS = ("custodian", "head", "principal", "legal", "archivist", "officer", "officer2", "stranger")
BLIND = ("sysadmin", "secadmin", "auditor")


@pytest.fixture
def card(people: Any, tmp_path: Path) -> list[Recording]:
    """A card of three known files and two that nobody knows."""
    folder = tmp_path / "card"
    folder.mkdir()
    for number in range(3):
        (folder / f"4701A01_100001_2026111908000{number}_000{number}.mp4").write_bytes(b"film %d" % number)
    (folder / "城东市场检查.mp4").write_bytes(b"a film of the market")
    (folder / "询问<b>张三.wav").write_bytes(b"words")
    take(people.custodian, folder)
    return list(Recording.objects.order_by("position"))


def page_of(client: Client, query: str = "") -> str:
    response = client.get(f"/recordings/{query}")
    assert response.status_code == 200, response.content
    return response.content.decode()


def excel(response: Any) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]


def test_who_sees_no_content_finds_neither_page_nor_door(client_of: ClientOf, card: Any) -> None:
    for who in BLIND:
        client = client_of(who)
        for path in ("", "to-assign/", "?q=市场检查", "?as=xlsx", "?as=print"):
            assert client.get(f"/recordings/{path}").status_code == 404, (who, path)
        for path in ("selected/", "assign/"):
            assert client.post(f"/recordings/{path}", {"scope": "all"}).status_code == 404, (who, path)
        assert 'href="/recordings/' not in client.get("/").content.decode()


def test_everyone_finds_their_own_and_no_more(client_of: ClientOf, card: Any) -> None:
    told = {who: re.search(r"共 <strong[^>]*>(\d+)", page_of(client_of(who))) for who in SEERS}
    counts = {who: int(found[1]) if found else None for who, found in told.items()}
    assert counts == {
        "custodian": 5, "head": 5, "principal": 5, "legal": 5, "archivist": 5, "officer": 3, "officer2": 0,
        "stranger": 0,
    }  # fmt: skip


def test_nobody_is_led_to_the_sign_in(client_of: ClientOf) -> None:
    for path in ("", "to-assign/"):
        assert client_of().get(f"/recordings/{path}").status_code == 302


def test_a_search_shows_what_was_understood_and_how_to_take_it_away(client_of: ClientOf, card: Any) -> None:
    page = page_of(client_of("custodian"), "?q=lym+2026-11-19&kind=video")
    assert "执法人员 林一鸣，或文件名含“lym”" in page
    assert "拍摄日期：2026-11-19" in page
    assert "种类：录像" in page
    chips = re.findall(r'class="chip" href="([^"]+)"', page)
    left = [parse_qs(urlparse(href.replace("&amp;", "&")).query) for href in chips]
    assert left == [{"q": ["2026-11-19"], "kind": ["video"]}, {"q": ["lym"], "kind": ["video"]},
                    {"q": ["lym 2026-11-19"]}]  # fmt: skip


def test_html_in_a_file_name_is_shown_not_run(client_of: ClientOf, card: Any) -> None:
    for query in ("", "?view=grid", "?as=print", "?q=<b>x</b>"):
        page = page_of(client_of("custodian"), query)
        assert "<b>张三" not in page
        assert "<b>x" not in page


def test_every_count_leads_to_a_list_of_so_many(client_of: ClientOf, card: Any) -> None:
    client = client_of("custodian")
    links = re.findall(
        r'<li><a href="([^"]+)"[^>]*><span>[^<]*</span><span class="facet-n num">(\d+)', page_of(client)
    )
    assert len(links) >= 8
    for href, n in links:
        found = re.search(
            r"共 <strong[^>]*>(\d+)", page_of(client, href.replace("&amp;", "&").partition("/recordings/")[2])
        )
        assert found is not None
        assert found[1] == n, href


def test_pages_lead_on_and_back_with_the_search(client_of: ClientOf, people: Any) -> None:
    fill(people.custodian.agency, 120)
    client = client_of("custodian")
    first = page_of(client, "?kind=video&sort=stored")
    seen = [re.findall(r'aria-label="选中 ([^"]+)"', first)]
    page = first
    while after := re.search(r'rel="next" href="([^"]+)"', page):
        page = page_of(client, after[1].replace("&amp;", "&").partition("/recordings/")[2])
        assert "种类：录像" in page
        seen.append(re.findall(r'aria-label="选中 ([^"]+)"', page))
    rows = Recording.objects.filter(agency=people.custodian.agency, kind="video").order_by("position")
    assert [one for some in seen for one in some] == list(rows.values_list("number", flat=True))
    back = re.search(r'rel="prev" href="([^"]+)"', page)
    assert back is not None
    again = page_of(client, back[1].replace("&amp;", "&").partition("/recordings/")[2])
    assert re.findall(r'aria-label="选中 ([^"]+)"', again) == seen[-2]


@pytest.mark.parametrize(
    "query",
    ["?sort=bad", "?kind=%00", "?month=999999", "?from=2026-99-99",
     "?q=" + "%E6%A3%80" * 1000, "?q=%00%27%22%3Cscript%3E", "?unit=" + "x" * 999, "?cols=nonsense", "?view=%3Cb%3E",
     "?officer=-&device=-&state=to_assign&findings=yes", "?q=%F0%9F%98%80"],
)  # fmt: skip
def test_any_address_is_answered_with_a_page(client_of: ClientOf, card: Any, query: str) -> None:
    page = page_of(client_of("custodian"), query)
    assert "<script>" not in page


def test_nothing_found_and_nothing_there_say_what_to_do(client_of: ClientOf, card: Any) -> None:
    assert "清除全部条件" in page_of(client_of("custodian"), "?q=没有这样的文件")
    assert "去采集" in page_of(client_of("stranger"))


def test_excel_holds_the_whole_search(client_of: ClientOf, people: Any) -> None:
    fill(people.custodian.agency, 130)
    rows = excel(client_of("custodian").get("/recordings/?kind=video&cols=number,name&as=xlsx&after=1.1"))
    assert rows[0] == ["编号", "文件名"]
    assert len(rows) - 1 == Recording.objects.filter(kind="video").count()


def test_an_officers_excel_holds_only_their_own(client_of: ClientOf, card: Any) -> None:
    rows = excel(client_of("officer").get("/recordings/?as=xlsx&cols=number,officer"))
    assert {row[1] for row in rows[1:]} == {"林一鸣"}


def test_a_selection_is_exported_as_ticked_and_as_searched(client_of: ClientOf, card: Any) -> None:
    client, foreign = client_of("custodian"), "00000000-0000-0000-0000-000000000000"
    ticked = {
        "scope": "picked",
        "do": "xlsx",
        "pick": [card[1].pk],
        "picked": f"{card[0].pk},{foreign},{card[1].pk}",
    }
    rows = excel(client.post("/recordings/selected/", ticked))
    assert [row[0] for row in rows[1:]] == [card[1].number, card[0].number]
    whole = {"scope": "all", "do": "xlsx", "query": "q=%E5%B8%82%E5%9C%BA"}
    rows = excel(client.post("/recordings/selected/", whole))
    assert [row[2] for row in rows[1:]] == ["城东市场检查.mp4"]
    assert excel(client_of("officer2").post("/recordings/selected/", whole))[1:] == []


@pytest.mark.parametrize(
    "given",
    [{}, {"scope": "picked"}, {"picked": "x"}, {"picked": ",,,"}, {"do": "xlsx", "picked": "'; --"},
     {"do": "fly", "scope": "all"},
     {"do": "xlsx", "picked": ",".join(f"{n:032x}" for n in range(5001))}],
)  # fmt: skip
def test_a_selection_of_nothing_is_refused_with_what_to_do(
    client_of: ClientOf, card: Any, given: Any
) -> None:
    response = client_of("custodian").post("/recordings/selected/", given)
    assert response.status_code == 400
    assert "怎么办" in response.content.decode()


def test_what_waits_stands_by_card_with_guesses_that_decide_nothing(client_of: ClientOf, card: Any) -> None:
    page = client_of("custodian").get("/recordings/to-assign/").content.decode()
    assert "2 条待归属" in page
    assert "城东市场检查.mp4" in page
    assert "可能是 设备 4701A01，林一鸣" in page
    assert Recording.objects.filter(state="to_assign").count() == 2
    for who in ("officer", "head", "legal", "stranger"):
        response = client_of(who).get("/recordings/to-assign/")
        assert response.status_code == (200 if who == "stranger" else 404), who
        assert "市场" not in response.content.decode()


def _guess(page: str) -> dict[str, str]:
    found = re.search(r'name="batch" value="([^"]+)">\s*<input type="hidden" name="device" value="(\d*)">\s*'
                      r'<input type="hidden" name="holder" value="(\d*)">', page)  # fmt: skip
    assert found is not None
    return {"batch": found[1], "device": found[2], "holder": found[3]}


def test_a_guess_opens_the_question_and_the_reason_does_the_deed(client_of: ClientOf, card: Any) -> None:
    client = client_of("custodian")
    guess = _guess(client.get("/recordings/to-assign/").content.decode())
    asked = client.post("/recordings/assign/", guess)
    page = asked.content.decode()
    assert asked.status_code == 200
    assert "确定 2 条记录的归属" in page
    assert "selected" in page
    assert Recording.objects.filter(state="to_assign").count() == 2
    fields = dict(re.findall(r'type="hidden" name="(scope|picked|sure)" value="([^"]*)"', page))
    refused = client.post("/recordings/assign/", {**fields, **guess, "reason": ""})
    assert refused.status_code == 422
    done = client.post(
        "/recordings/assign/",
        {**fields, "device": guess["device"], "holder": guess["holder"], "reason": "核对派工单"},
    )
    assert done.status_code == 200
    assert "已确定 2 条记录的归属" in done.content.decode()
    assert not Recording.objects.filter(state="to_assign").exists()
    assert Entry.objects.filter(kind="recording.assigned").count() == 2
    assert differences() == []
    assert "没有待归属的记录" in client.get("/recordings/to-assign/").content.decode()


def test_what_is_in_store_is_left_alone_and_told(client_of: ClientOf, card: Any, people: Any) -> None:
    client = client_of("custodian")
    given = {"scope": "all", "query": "", "sure": "1", "holder": people.officer2.officer_id, "reason": "试"}
    page = client.post("/recordings/assign/", given).content.decode()
    assert "已确定 2 条记录的归属" in page
    assert "3 条没有办成" in page
    assert Recording.objects.filter(holder=people.officer2.officer_id).count() == 2


def test_nobody_named_is_said_on_the_form(client_of: ClientOf, card: Any) -> None:
    given = {"scope": "all", "query": "state=to_assign", "sure": "1", "reason": "试"}
    response = client_of("custodian").post("/recordings/assign/", given)
    assert response.status_code == 422
    assert "没有说明归属" in response.content.decode()


@pytest.mark.parametrize("who", ["officer", "head", "legal", "principal"])
def test_only_the_custodian_assigns(client_of: ClientOf, card: Any, people: Any, who: str) -> None:
    given = {"scope": "all", "query": "", "sure": "1", "holder": people.officer.officer_id, "reason": "试"}
    assert client_of(who).post("/recordings/assign/", given).status_code == 404
    assert Recording.objects.filter(state="to_assign").count() == 2


def test_a_strangers_officer_cannot_be_named(client_of: ClientOf, card: Any) -> None:
    from liuhen.base.people.models import Agency, Officer

    other = Agency.objects.get(code="other")
    foreign = Officer.objects.create(
        agency=other, unit=other.units.get(), name="外", certificate_no="1", staff_no="900001"
    )
    given = {"scope": "all", "query": "", "sure": "1", "holder": foreign.pk, "reason": "试"}
    assert client_of("custodian").post("/recordings/assign/", given).status_code == 422
    assert Recording.objects.filter(state="to_assign").count() == 2


def test_many_are_assigned_in_the_background_with_a_result_each(
    client_of: ClientOf, people: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liuhen.web.assigning.AT_ONCE", 3)
    folder = tmp_path / "old"
    folder.mkdir()
    for number in range(6):
        (folder / f"旧录像{number}.dat").write_bytes(b"old %d" % number)
    take(people.custodian, folder)
    given = {
        "scope": "all",
        "query": "state=to_assign",
        "sure": "1",
        "holder": people.officer.officer_id,
        "reason": "台账",
    }
    response = client_of("custodian").post("/recordings/assign/", given)
    assert response.status_code == 302
    job = Job.objects.get(kind="recordings.assign")
    waiting = client_of("custodian").get(response["Location"]).content.decode()
    assert "排队中" in waiting
    from liuhen.base.jobs.assigning import assign_many
    from liuhen.base.jobs.work import Work

    job.result = assign_many(Work(job, None))  # type: ignore[arg-type]
    job.state = Job.State.DONE
    job.save()
    assert (job.result["assigned"], job.result["left"]) == (6, 0)
    assert not Recording.objects.filter(state="to_assign").exists()
    page = client_of("custodian").get(response["Location"]).content.decode()
    assert page.count("已办</span>") == 6
    assert client_of("officer").get(response["Location"]).status_code == 404
    assert client_of("stranger").get(response["Location"]).status_code == 404
    again = assign_many(Work(Job.objects.get(pk=job.pk), None))  # type: ignore[arg-type]
    assert (again["assigned"], again["left"]) == (0, 0)
    assert differences() == []


def test_too_many_for_one_job_is_refused(
    client_of: ClientOf, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liuhen.base.jobs.assigning.MOST", 40)
    fill(people.custodian.agency, 60)
    given = {"scope": "all", "query": "", "sure": "1", "holder": people.officer.officer_id, "reason": "试"}
    response = client_of("custodian").post("/recordings/assign/", given)
    assert response.status_code == 422
    assert "一次最多办理 40 条" in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?after=x",
        "?before=1.2.3",
        "?after=" + "9" * 300,
        "?after=1.2;",
        "?before=-.1",
        "?after=" + "9" * 23 + ".5",
        "?sort=stored&after=5." + "9" * 23,
    ],
)
def test_a_forged_place_is_refused_with_what_to_do(client_of: ClientOf, card: Any, query: str) -> None:
    response = client_of("custodian").get(f"/recordings/{query}")
    assert response.status_code == 400
    assert "翻页位置无效" in response.content.decode()


def test_the_paper_lists_the_whole_search(client_of: ClientOf, card: Any) -> None:
    page = client_of("custodian").get("/recordings/?as=print&q=lym").content.decode()
    assert [row.number in page for row in card] == [True, True, True, False, False]


def test_pictures_stand_for_what_has_none_yet(client_of: ClientOf, card: Any) -> None:
    assert page_of(client_of("custodian"), "?view=grid").count('class="card-picture"') == 5


def test_the_home_page_leads_to_what_waits(client_of: ClientOf, card: Any) -> None:
    page = client_of("custodian").get("/").content.decode()
    assert "/recordings/?state=to_assign" in page
    assert 'href="/recordings/to-assign/"' in page
