"""The register of recordings: what one finds, counts, turns, exports and may not see."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
from stages.ingest_office import StubAnalyser

from liuhen.base import clock
from liuhen.base.recordings.models import Recording
from liuhen.stages.ingest.services import Request, ingest_card

BLIND = ("sysadmin", "secadmin", "auditor")


@pytest.fixture
def card(tmp_path: Path, people: SimpleNamespace) -> list[Recording]:
    """Two recordings of the officer's recorder and one that nobody can place."""
    folder = tmp_path / "card"
    folder.mkdir()
    for name in (
        "4701A01_100001_20261120093000_0001.mp4",
        "4701A01_100001_20261120094000_0002.mp4",
        "无名.mp4",
    ):
        (folder / name).write_bytes(name.encode() * 10)
    ingest_card(Request(folder, people.custodian, analyser=StubAnalyser()), at=clock.now())
    return list(Recording.objects.order_by("number"))


def test_the_list_shows_every_recording_with_facets_and_counts(client_of, card) -> None:
    page = client_of("custodian").get("/recordings/").content.decode()
    assert all(row.number in page for row in card)
    assert "共 3 条" in page
    assert "待归属" in page
    assert "林一鸣" in page


def test_a_facet_leads_to_its_recordings_and_back(client_of, card) -> None:
    client = client_of("custodian")
    page = client.get("/recordings/?state=to_assign").content.decode()
    waiting = next(row for row in card if row.state == Recording.State.TO_ASSIGN)
    assert waiting.number in page
    assert "共 1 条" in page
    assert 'href="/recordings/"' in page  # the chosen facet leads back
    assert "怎么办" in page


def test_the_box_finds_by_pinyin_initials_and_by_number(client_of, card) -> None:
    client = client_of("custodian")
    assert "共 2 条" in client.get("/recordings/", {"q": "lym"}).content.decode()
    assert "共 1 条" in client.get("/recordings/", {"q": card[0].number}).content.decode()
    nothing = client.get("/recordings/", {"q": "没有这样的东西"}).content.decode()
    assert "没有符合条件的内容" in nothing


def test_what_is_typed_is_shown_and_never_run(client_of, card) -> None:
    page = client_of("custodian").get("/recordings/", {"q": "<script>alert(1)</script>'; DROP TABLE x"})
    assert page.status_code == 200
    assert b"<script>alert" not in page.content


@pytest.mark.parametrize("text", ["x" * 10_000, "\0", "NEAR(a b)", '"', "*", "😀" * 50, "' OR 1=1 --"])
def test_nothing_typed_breaks_the_list(client_of, card, text: str) -> None:
    assert client_of("custodian").get("/recordings/", {"q": text}).status_code == 200


def test_pages_turn_both_ways_and_a_forged_place_is_refused(client_of, card, monkeypatch) -> None:
    from liuhen.base.recordings.lists import search

    monkeypatch.setattr(search.find, "__kwdefaults__", {**search.find.__kwdefaults__, "size": 2})
    client = client_of("custodian")
    first = client.get("/recordings/")
    listing = first.context["listing"]
    assert (len(listing.page.rows), listing.page.before) == (2, None)
    second = client.get(listing.after_link).context["listing"]
    assert len(second.page.rows) == 1
    back = client.get(second.before_link).context["listing"]
    assert [row.pk for row in back.page.rows] == [row.pk for row in listing.page.rows]
    for forged in ("x1.2", "a", "b1", "a1.2;", "a" + "9" * 60):
        assert client.get("/recordings/", {"cursor": forged}).status_code == 400


def test_excel_holds_the_whole_search(client_of, card) -> None:
    answer = client_of("custodian").get("/recordings/", {"q": "lym", "as": "xlsx"})
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    told = [cell.value for row in sheet.iter_rows() for cell in row]
    expected = {row.number for row in card if row.state == Recording.State.STORED}
    assert expected <= set(told)
    assert not {row.number for row in card if row.state == Recording.State.TO_ASSIGN} & set(told)


def test_the_paper_lists_the_same(client_of, card) -> None:
    page = client_of("custodian").get("/recordings/", {"as": "print"}).content.decode()
    assert all(row.number in page for row in card)


def test_pictures_stand_for_what_has_none_yet(client_of, card) -> None:
    page = client_of("custodian").get("/recordings/?view=grid").content.decode()
    assert page.count('class="picture"') == 3


def test_an_officer_finds_and_counts_only_their_own(client_of, card) -> None:
    assert "共 2 条" in client_of("officer").get("/recordings/").content.decode()
    other = client_of("officer2").get("/recordings/").content.decode()
    assert all(row.number not in other for row in card)


@pytest.mark.parametrize("name", BLIND)
def test_who_keeps_the_system_finds_no_such_page_and_no_door(client_of, card, name: str) -> None:
    client = client_of(name)
    assert client.get("/recordings/").status_code == 404
    assert "/recordings/" not in client.get("/").content.decode()


def test_another_agency_sees_nothing_of_it(client_of, card) -> None:
    page = client_of("stranger").get("/recordings/").content.decode()
    assert all(row.number not in page for row in card)


def test_nobody_is_asked_to_sign_in(client_of) -> None:
    assert client_of().get("/recordings/").status_code in (302, 401)
