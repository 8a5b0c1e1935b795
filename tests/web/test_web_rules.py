"""The pages of the regulations: every article shown, facts in and duties out, what is wrong said, nobody left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from liuhen.base.packs import pack_of, shipped

pytestmark = pytest.mark.slow

ClientOf = Callable[..., Client]


def test_every_article_of_every_regulation_is_on_its_page(client_of: ClientOf) -> None:
    client = client_of("officer")
    assert all(pack_of(name).title in client.get("/rules/").content.decode() for name in shipped())
    for name in shipped():
        page = client.get(f"/rules/regulation/{name}/").content.decode()
        assert page.count('class="card article"') == len(pack_of(name).articles)
    assert "执法人员×××、×××" in client.get("/rules/regulation/jinjiang-agri/").content.decode()
    assert client.get("/rules/nowhere/").status_code == 404


def test_facts_in_duties_out(client_of: ClientOf) -> None:
    client = client_of("legal")
    asked = {"pack": "jinjiang-agri", "ended_at": "2026-03-13T17:00", "recorded": "2026-03-13T16:00:00"}
    page = client.get("/rules/what-if/", asked).content.decode()
    assert "2026-03-14 17:00:00 前" in page
    assert "第十一条" in page
    assert "2028-03-13" in page
    late = client.get("/rules/what-if/", {**asked, "at": "2026-03-20T00:00"}).content.decode()
    assert "已逾期" in late


@pytest.mark.parametrize(
    "wrong",
    [
        {"pack": "nowhere"},
        {"pack": "pengyang", "ended_at": "昨天"},
        {"pack": "pengyang", "events": "<script>"},
        {"pack": "pengyang", "ended_at": "2026-03-13T17:00", "returned_at": "2026-03-12T17:00"},
    ],
)
def test_what_cannot_be_judged_says_why(client_of: ClientOf, wrong: dict[str, str]) -> None:
    answer = client_of("legal").get("/rules/what-if/", wrong)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()


def test_two_are_compared_and_the_calendar_shows_its_source(client_of: ClientOf) -> None:
    client = client_of("head")
    page = client.get("/rules/compare/?one=jinjiang-agri&other=baofeng-forestry").content.decode()
    assert "24 小时" in page
    assert "没有差别" in client.get("/rules/compare/?one=pengyang&other=pengyang").content.decode()
    assert client.get("/rules/compare/?one=x&other=pengyang").status_code == 404
    assert "国办发明电〔2025〕7号" in client.get("/rules/calendar/?year=2026").content.decode()
    assert client.get("/rules/calendar/?year=x").status_code == 200
