"""Signing in as people do: passwords, lock-out, a second factor, given passwords, other sessions."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from liuhen.base import clock, home, site
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account
from liuhen.base.people.services import close_account, set_password

ClientOf = Callable[..., Client]
GOOD = "石榴-Tractor-77-lamp"
OTHER = "rain-on-Tuesday-42"


@pytest.fixture
def officer(people: SimpleNamespace) -> Account:
    set_password(people.officer, GOOD, by=people.officer, at=clock.now())
    return people.officer


def sign_in(client: Client, password: str, username: str = "officer", **more: str) -> Any:
    return client.post("/sign-in/", {"login": username, "password": password, **more})


def test_the_right_password_leads_to_where_one_wanted_to_go(client_of: ClientOf, officer: Account) -> None:
    response = sign_in(client_of(), GOOD, next="/devices/?kind=dock")
    assert response.status_code == 302
    assert response["Location"] == "/devices/?kind=dock"


def test_nobody_is_led_to_another_host(client_of: ClientOf, officer: Account) -> None:
    assert sign_in(client_of(), GOOD, next="https://evil.example/")["Location"] == "/"


@pytest.mark.parametrize("username", ["officer", "nobody-here", "OFFICER", "' or 1=1 --"])
def test_a_wrong_one_is_refused_without_saying_which_part_was_wrong(
    client_of: ClientOf, officer: Account, username: str
) -> None:
    page = sign_in(client_of(), "wrong-wrong-wrong", username).content.decode()
    assert "账号或密码不正确" in page


def test_an_account_without_a_password_cannot_be_entered(client_of: ClientOf, officer: Account) -> None:
    for password in ("", "!", "x" * 4000):
        client = client_of()
        sign_in(client, password, "head")
        assert "_auth_user_id" not in client.session


def test_five_wrong_ones_lock_the_account_on_that_computer(client_of: ClientOf, officer: Account) -> None:
    client = client_of()
    for _ in range(4):
        assert sign_in(client, "wrong-wrong-wrong").status_code == 200
    locked = sign_in(client, "wrong-wrong-wrong")
    assert locked.status_code == 429
    assert "15 分钟" in locked.content.decode()
    assert sign_in(client, GOOD).status_code == 429
    set_password(
        Account.objects.get(username="head"), OTHER, by=Account.objects.get(username="head"), at=clock.now()
    )
    assert sign_in(client, OTHER, "head").status_code == 302


def test_a_failure_is_counted_for_an_account_and_typed_secrets_are_not_kept(
    client_of: ClientOf, officer: Account
) -> None:
    from axes.models import AccessAttempt

    sign_in(client_of(), "wrong", "my-secret-typed-in-the-wrong-field")
    sign_in(client_of(), "wrong-wrong-wrong")
    kept = json.dumps(list(AccessAttempt.objects.values()), default=str)
    assert "my-secret" not in kept
    assert "wrong-wrong" not in kept
    assert set(AccessAttempt.objects.values_list("username", flat=True)) == {"（无此账号）", "officer"}


def test_failures_are_listed_for_who_keeps_accounts_and_of_their_own_agency(
    client_of: ClientOf, officer: Account
) -> None:
    client = client_of()
    for _ in range(5):
        sign_in(client, "wrong-wrong-wrong")
    sign_in(client_of(), "wrong", "stranger")
    page = client_of("secadmin").get("/sign-in-failures/").content.decode()
    assert "officer" in page
    assert "锁定中" in page
    assert "stranger" not in page
    assert client_of("custodian").get("/sign-in-failures/").status_code == 404


def test_a_closed_account_is_told_so_only_to_who_knows_its_password(
    client_of: ClientOf, people: SimpleNamespace, officer: Account
) -> None:
    close_account(officer, reason="调离", by=people.sysadmin, at=clock.now())
    client = client_of()
    assert "账号或密码不正确" in sign_in(client, "wrong-wrong-wrong").content.decode()
    assert client.get(sign_in(client, GOOD)["Location"]).status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_closed_account_loses_its_session_at_once(
    client_of: ClientOf, people: SimpleNamespace, officer: Account
) -> None:
    client = client_of("officer")
    assert client.get("/").status_code == 200
    close_account(officer, reason="调离", by=people.sysadmin, at=clock.now())
    assert client.get("/").status_code in (302, 401)


def test_a_given_password_is_changed_before_anything_else(
    client_of: ClientOf, people: SimpleNamespace
) -> None:
    set_password(people.officer, GOOD, by=people.secadmin, at=clock.now())
    client = client_of()
    sign_in(client, GOOD)
    assert client.get("/devices/")["Location"] == "/account/password/"
    changed = client.post("/account/password/", {"oldpassword": GOOD, "password1": OTHER, "password2": OTHER})
    assert changed["Location"] == "/"
    assert client.get("/devices/").status_code == 200
    assert Entry.objects.filter(kind="account.password_set").count() == 2


def test_a_changed_password_ends_the_sessions_elsewhere(client_of: ClientOf, officer: Account) -> None:
    here, there = client_of(), client_of()
    sign_in(here, GOOD)
    sign_in(there, GOOD)
    here.post("/account/password/", {"oldpassword": GOOD, "password1": OTHER, "password2": OTHER})
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 401


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("not-the-old-one", OTHER, OTHER, "当前密码不正确"),
        (GOOD, "short", "short", "至少要 10 个字符"),
        (GOOD, "officer-officer", "officer-officer", "不能与账号或姓名"),
        (GOOD, OTHER, OTHER + "x", "密码"),
    ],
)
def test_a_change_that_is_not_right_says_why_in_chinese(
    client_of: ClientOf, officer: Account, old: str, new: str, again: str, said: str
) -> None:
    client = client_of()
    sign_in(client, GOOD)
    page = client.post("/account/password/", {"oldpassword": old, "password1": new, "password2": again})
    assert page.status_code == 200
    assert said in page.content.decode()
    officer.refresh_from_db()
    assert officer.check_password(GOOD)


def test_a_second_factor_is_set_up_asked_for_and_kept_enciphered(
    client_of: ClientOf, officer: Account
) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal import auth

    client = client_of()
    sign_in(client, GOOD)
    confirm = client.get("/account/second-factor/set-up/")["Location"]
    assert "确认是本人" in client.get(confirm).content.decode()
    page = client.post(confirm, {"password": GOOD}, follow=True)
    secret = page.context["form"].secret
    assert "扫描" in page.content.decode()
    code = auth.format_hotp_value(auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time()))))
    done = client.post("/account/second-factor/set-up/", {"code": code})
    assert done["Location"] == "/account/recovery-codes/"
    codes = client.get("/account/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept

    again = client_of()
    assert sign_in(again, GOOD)["Location"] == "/account/second-factor/enter/"
    assert again.get("/devices/").status_code in (302, 401)
    wrong = again.post("/account/second-factor/enter/", {"code": "000000"})
    assert "口令不正确" in wrong.content.decode()
    assert again.post("/account/second-factor/enter/", {"code": codes[0]}).status_code == 302
    assert again.get("/devices/").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/account/", "/account/password/", "/account/second-factor/", "/sign-out/", "/account/confirm/"],
)
def test_the_pages_of_ones_own_account_are_chinese(client_of: ClientOf, officer: Account, path: str) -> None:
    client = client_of()
    sign_in(client, GOOD)
    response = client.get(path)
    assert response.status_code == 200
    assert "林一鸣" in response.content.decode() or "确认是本人" in response.content.decode()


def test_my_account_shows_my_roles_and_who_gave_them(client_of: ClientOf) -> None:
    page = client_of("officer").get("/account/").content.decode()
    for said in ("执法人员", "李工", "赵安", "35058200001"):
        assert said in page


@pytest.mark.parametrize("path", ["/sign-up/", "/accounts/signup/", "/account/none/account_set_password/"])
def test_there_is_no_signing_up(client_of: ClientOf, path: str) -> None:
    assert client_of("officer").get(path).status_code == 404


def test_single_sign_on_is_offered_only_where_the_office_set_it_up(client_of: ClientOf, home: Path) -> None:
    assert "/oidc/" not in client_of().get("/sign-in/").content.decode()
    _set_up_sign_on("http://127.0.0.1:9/")
    page = client_of().get("/sign-in/").content.decode()
    assert "用市统一认证登录" in page
    assert "/oidc/office/login/" in page


def _set_up_sign_on(issuer: str) -> None:
    told = site.SingleSignOn(name="市统一认证", issuer=issuer, client_id="liuhen")
    site.save(site.SiteSettings(single_sign_on=told))
    secret = home.keys_folder() / "oidc.secret"
    secret.write_text("a-secret-of-the-client")
    secret.chmod(0o600)


@pytest.mark.parametrize(("name", "comes_in"), [("officer", True), ("nobody", False), ("", False)])
def test_whom_the_other_system_names_must_be_an_account_here(
    client_of: ClientOf, name: str, comes_in: bool
) -> None:
    from allauth.core.exceptions import ImmediateHttpResponse
    from allauth.socialaccount.models import SocialAccount, SocialLogin
    from django.test import RequestFactory

    from liuhen.web.adapters import SingleSignOnAdapter

    _set_up_sign_on("http://127.0.0.1:9/")
    login = SocialLogin(
        user=Account(), account=SocialAccount(extra_data={"userinfo": {"preferred_username": name}})
    )
    try:
        SingleSignOnAdapter().pre_social_login(RequestFactory().get("/"), login)
    except ImmediateHttpResponse as refused:
        assert not comes_in
        assert "单点登录没有对应到" in refused.response.content.decode()
    else:
        assert comes_in
        assert login.is_existing
        assert login.user.username == name
