# ruff: noqa: F811 (fixtures are imported by name)
"""无关内容 on the pages: who is offered what, what bad input gets, and what a restriction looks like from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from storage.films import FILM, PHOTO, film_of, filmed  # noqa: F401
from the_office import AT

from liuhen.base.recordings.models import Unrelated
from liuhen.base.recordings.unrelated import flag_unrelated, handle_flag

_STATE = Unrelated.State


def _flag(client: Any, **told: str) -> Any:
    return client.post(f"/recordings/{film_of().pk}/flag/", {"reason": "午餐时误录", **told})


def _page(client: Any) -> Any:
    return client.get(f"/recordings/{film_of().number}/")


@pytest.mark.parametrize(("who", "offered"), [("custodian", 1), ("head", 1), ("legal", 1), ("officer", 0)])
def test_flagging_is_offered_to_those_who_may(filmed: Path, client_of: Any, who: str, offered: int):
    page = _page(client_of(who)).content.decode()
    assert page.count("/flag/") == offered
    answer = _flag(client_of(who))
    assert answer.status_code == (302 if offered else 404)
    assert Unrelated.objects.count() == offered


@pytest.mark.parametrize(
    ("start", "end", "part"),
    [("", "", (None, None)), ("0:00", "1.5", (0, 1500)), ("0：01", "0:00:01.500", (1000, 1500))],
)
def test_a_part_is_told_as_the_player_shows_it(filmed: Path, client_of: Any, start: str, end: str, part: Any):
    assert _flag(client_of("custodian"), start=start, end=end).status_code == 302
    row = Unrelated.objects.get()
    assert (row.start_ms, row.end_ms) == part
    assert "午餐时误录" in _page(client_of("officer")).content.decode()


@pytest.mark.parametrize(
    "told",
    [
        {"start": "abc", "end": "1"},
        {"start": "1", "end": ""},
        {"start": "1", "end": "0"},
        {"start": "0", "end": "99:00:00"},
        {"start": "-1", "end": "1"},
        {"start": "1" * 30, "end": "1"},
        {"reason": "  "},
    ],
)
def test_bad_input_comes_back_on_the_form(filmed: Path, client_of: Any, told: dict[str, str]):
    assert _flag(client_of("custodian"), **told).status_code == 422
    assert not Unrelated.objects.exists()


def test_a_photograph_is_flagged_as_a_whole(filmed: Path, client_of: Any):
    client, path = client_of("custodian"), f"/recordings/{film_of(PHOTO).pk}/flag/"
    assert client.post(path, {"reason": "误拍", "start": "0", "end": "1"}).status_code == 422
    assert client.post(path, {"reason": "误拍"}).status_code == 302


def test_the_register_filters_and_offers_the_act_to_another_person_only(
    filmed: Path, client_of: Any, people: Any
):
    row = flag_unrelated(film_of(), None, reason="误录", by=people.legal, at=AT)
    handle = f"/recordings/unrelated/{row.pk}/handle/"
    for who, offered in (("legal", False), ("head", True), ("custodian", False), ("principal", False)):
        page = client_of(who).get("/recordings/unrelated/?unrelated=open").content.decode()
        assert film_of().number in page
        assert (handle in page) is offered
    assert (
        film_of().number
        not in client_of("head").get("/recordings/unrelated/?unrelated=kept").content.decode()
    )
    assert film_of().number not in client_of("stranger").get("/recordings/unrelated/").content.decode()
    for who in ("officer", "archivist", "auditor", "sysadmin", "stranger"):
        assert who == "stranger" or client_of(who).get("/recordings/unrelated/").status_code == 404
        assert client_of(who).post(handle, {"decision": "kept", "reason": "x"}).status_code == 404
    refused = client_of("legal").post(handle, {"decision": "kept", "reason": "自己处理"})
    assert refused.status_code in (403, 404)
    assert client_of("head").post(handle, {"decision": "removed", "reason": "x"}).status_code == 422
    assert client_of("head").post(handle, {"decision": "restricted", "reason": "确属无关"}).status_code == 302
    row.refresh_from_db()
    assert row.state == _STATE.RESTRICTED


def test_restricted_the_rest_are_told_so_and_get_nothing(filmed: Path, client_of: Any, people: Any):
    row = flag_unrelated(film_of(), None, reason="误录", by=people.custodian, at=AT)
    handle_flag(row, _STATE.RESTRICTED, reason="确属无关", by=people.legal, at=AT)
    for who in ("officer", "head", "archivist"):
        page = _page(client_of(who))
        assert page.status_code == 404
        assert "已限制查看" in page.content.decode()
        assert "data-facts" not in page.content.decode()
        for kind in ("thumbnail", "original", "strip", "peaks", "viewing", "download"):
            path = f"/recordings/{film_of().pk}/content/{kind}/"
            assert client_of(who).get(path).status_code == 404
        assert client_of(who).post(f"/recordings/{film_of().pk}/snapshot/", {"seconds": 0}).status_code in (
            403,
            404,
        )
        listed = client_of(who).get("/recordings/?view=grid").content.decode()
        assert film_of().number in listed
        assert f"{film_of().pk}/content/thumbnail" not in listed
    for who in ("custodian", "legal", "principal"):
        assert _page(client_of(who)).status_code == 200
    assert FILM in _page(client_of("custodian")).content.decode()


@pytest.mark.parametrize(("who", "waits"), [("head", 0), ("legal", 1), ("custodian", 0), ("officer", 0)])
def test_the_home_page_tells_a_flag_to_whoever_may_decide_about_it(
    filmed: Path, client_of: Any, people: Any, who: str, waits: int
):
    flag_unrelated(film_of(), None, reason="午餐时误录", by=people.head, at=AT)
    tile = "/recordings/unrelated/?unrelated=open"
    assert client_of(who).get("/").content.decode().count(tile) == waits


def test_nothing_waits_once_it_is_decided(filmed: Path, client_of: Any, people: Any):
    row = flag_unrelated(film_of(), None, reason="午餐时误录", by=people.head, at=AT)
    handle_flag(row, _STATE.KEPT, reason="有关", by=people.legal, at=AT)
    assert "?unrelated=open" not in client_of("legal").get("/").content.decode()
