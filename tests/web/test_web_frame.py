"""What holds for every page: headers, sign-in, problems, the frame."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import path

from liuhen.base import site
from liuhen.base.acts import NotAllowedError
from liuhen.config import urls as real_urls
from liuhen.core.errors import DamagedError, RefusedError, StorageError, UsageError

ClientOf = Callable[..., Client]


def test_nothing_but_our_own_files_may_run_or_be_drawn(client_of: ClientOf) -> None:
    policy = client_of("officer").get("/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_headers_of_every_answer_even_of_a_refusal(client_of: ClientOf) -> None:
    for response in (client_of().get("/"), client_of("officer").get("/nowhere/")):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in response.headers["Cache-Control"]


def test_nobody_is_led_to_the_sign_in_and_back(client_of: ClientOf) -> None:
    response = client_of().get("/devices/?kind=camera")
    assert response.status_code == 302
    assert response["Location"] == "/sign-in/?next=/devices/%3Fkind%3Dcamera"


def test_an_expired_session_is_told_and_leads_back(client_of: ClientOf) -> None:
    client = client_of()
    client.cookies["liuhen_session"] = "long-gone"
    response = client.get("/devices/?kind=camera")
    assert response.status_code == 401
    assert "您已有一段时间没有操作" in response.content.decode()
    assert "/sign-in/?next=%2Fdevices%2F%3Fkind%3Dcamera" in response.content.decode()


def test_what_was_sent_after_the_session_ended_says_that_it_was_not_done(client_of: ClientOf) -> None:
    client = client_of()
    client.cookies["liuhen_session"] = "long-gone"
    response = client.post("/devices/", {}, headers={"Referer": "http://testserver/devices/?kind=camera"})
    assert response.status_code == 401
    assert "没有提交" in response.content.decode()
    assert "next=%2Fdevices%2F%3Fkind%3Dcamera" in response.content.decode()


def test_a_foreign_referer_does_not_lead_back_there(client_of: ClientOf) -> None:
    client = client_of()
    client.cookies["liuhen_session"] = "long-gone"
    page = client.post("/devices/", {}, headers={"Referer": "http://evil.example/x"}).content.decode()
    assert "evil" not in page


def test_a_session_ends_after_the_offices_minutes(client_of: ClientOf, home: Path) -> None:
    site.save(site.SiteSettings(session_minutes=7))
    client = client_of("officer")
    assert client.get("/").status_code == 200
    assert client.session.get_expiry_age() == 7 * 60


@pytest.mark.parametrize("host", ["evil.example", "liuhen.attacker.cn:8000"])
def test_a_foreign_name_for_this_computer_is_refused(client_of: ClientOf, host: str) -> None:
    response = client_of().get("/sign-in/", headers={"Host": host})
    assert response.status_code == 400
    assert "怎么办" in response.content.decode()


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "192.168.3.7", "[::1]:8000", "localhost"])
def test_numbers_and_localhost_are_answered(client_of: ClientOf, host: str) -> None:
    assert client_of().get("/sign-in/", headers={"Host": host}).status_code == 200


def test_a_name_of_the_settings_is_answered(client_of: ClientOf, home: Path) -> None:
    site.save(site.SiteSettings(hosts=["Liuhen.Bureau.Local"]))
    assert client_of().get("/sign-in/", headers={"Host": "liuhen.bureau.local"}).status_code == 200


def test_an_unknown_address_is_a_chinese_404_with_the_way_on(client_of: ClientOf) -> None:
    response = client_of("officer").get("/nowhere/")
    assert response.status_code == 404
    assert "怎么办" in response.content.decode()


def test_the_wrong_method_is_a_chinese_405_that_names_the_right_ones(client_of: ClientOf) -> None:
    response = client_of("officer").post("/devices/")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"
    assert "怎么办" in response.content.decode()


def test_a_form_without_its_token_is_refused_with_the_way_back(client_of: ClientOf) -> None:
    client = client_of("officer", enforce_csrf_checks=True)
    response = client.post("/sign-out/", {}, headers={"Referer": "http://testserver/devices/"})
    assert response.status_code == 403
    assert 'href="/devices/"' in response.content.decode()


def test_the_menu_shows_who_is_here(client_of: ClientOf) -> None:
    page = client_of("custodian").get("/").content.decode()
    assert "王晓兰" in page
    assert "示范县农业农村局" in page
    assert "科室管理员" in page


@pytest.mark.parametrize(
    ("page", "here"),
    [
        ("/recordings/", "/recordings/"),
        ("/recordings/unrelated/", "/recordings/unrelated/"),
        ("/reports/", "/reports/"),
        ("/", "/"),
    ],
)
def test_one_door_of_the_menu_is_where_one_is(client_of: ClientOf, page: str, here: str) -> None:
    said = client_of("head").get(page).content.decode()
    menu = said[said.index('id="menu"') : said.index("</nav>", said.index('id="menu"'))]
    assert re.findall(r'<a href="([^"]*)" aria-current="page"', menu) == [here]


def test_who_keeps_the_system_finds_no_door_to_the_reports(client_of: ClientOf) -> None:
    assert 'href="/reports/"' not in client_of("sysadmin").get("/").content.decode()


def test_a_refusal_says_no_bare_code_to_a_person(client_of: ClientOf) -> None:
    assert "代码 404、not_found（供技术人员）" in client_of("officer").get("/nowhere/").content.decode()


def raising(error: Exception) -> Any:
    def view(request: Any) -> None:
        raise error

    return view


class Urls:
    """Pages that fail, beside the real ones."""

    handler400, handler403 = real_urls.handler400, real_urls.handler403
    handler404, handler500 = real_urls.handler404, real_urls.handler500
    urlpatterns = [
        *real_urls.urlpatterns,
        path("e/refused/", raising(RefusedError("锁着。", remedy="等一等。", basis="《办法》第三条"))),
        path("e/usage/", raising(UsageError("填错了。", remedy="改一改。"))),
        path("e/damaged/", raising(DamagedError("坏了。", remedy="修一修。"))),
        path("e/storage/", raising(StorageError("满了。", remedy="清一清。"))),
        path("e/hidden/", raising(NotAllowedError("不能办理。", remedy="问一问。"))),
        path("e/bug/", raising(ZeroDivisionError("secret detail"))),
    ]


CASES = [("refused", 409), ("usage", 400), ("damaged", 500), ("storage", 503), ("hidden", 404)]


@pytest.mark.parametrize(("kind", "status"), CASES)
def test_an_error_of_ours_becomes_a_page_with_its_status(
    client_of: ClientOf, settings: Any, kind: str, status: int
) -> None:
    settings.ROOT_URLCONF = Urls
    response = client_of("officer").get(f"/e/{kind}/")
    page = response.content.decode()
    assert response.status_code == status
    assert "怎么办" in page


def test_the_basis_is_shown_where_a_rule_refused(client_of: ClientOf, settings: Any) -> None:
    settings.ROOT_URLCONF = Urls
    assert "《办法》第三条" in client_of("officer").get("/e/refused/").content.decode()


def test_htmx_gets_a_part_of_a_page_for_its_place(client_of: ClientOf, settings: Any) -> None:
    settings.ROOT_URLCONF = Urls
    response = client_of("officer").get("/e/refused/", headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#problems"
    assert "<html" not in response.content.decode()
    assert "等一等" in response.content.decode()


def test_whoever_asks_for_json_gets_the_one_error_shape(client_of: ClientOf, settings: Any) -> None:
    settings.ROOT_URLCONF = Urls
    response = client_of("officer").get("/e/refused/", headers={"Accept": "application/json"})
    assert response.status_code == 409
    assert response.json() == {
        "code": "refused",
        "message": "锁着。",
        "detail": {},
        "article": "《办法》第三条",
        "remedy": "等一等。",
    }


def test_an_unexpected_error_tells_the_person_nothing_of_its_inside(
    client_of: ClientOf, settings: Any
) -> None:
    settings.ROOT_URLCONF = Urls
    response = client_of("officer").get("/e/bug/")
    assert response.status_code == 500
    assert "secret detail" not in response.content.decode()
    assert "怎么办" in response.content.decode()


def test_a_damaged_database_says_so_and_shows_the_way_back(client_of: ClientOf, home: Path) -> None:
    from django.db import connection

    client = client_of("officer")
    connection.close()
    (home / "db.sqlite3-wal").unlink(missing_ok=True)
    (home / "db.sqlite3").write_bytes(b"not a database, not at all" * 400)
    response = client.get("/devices/")
    page = response.content.decode()
    connection.close()
    assert response.status_code == 500
    assert "liuhen restore" in page
