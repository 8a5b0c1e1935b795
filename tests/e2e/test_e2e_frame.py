"""The frame in a real browser, at a desk and on a phone."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow

DESK, PHONE = (1366, 768), (390, 844)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_signing_in_and_out(page_of: Any, axe: Any, people: Any, size: tuple[int, int]) -> None:
    from liuhen.base import clock
    from liuhen.base.people.services import set_password

    set_password(people.officer, "石榴-Tractor-77-lamp", by=people.officer, at=clock.now())
    page = page_of(None, size)
    page.goto("/devices/?kind=camera")
    assert axe(page) == []
    page_of.shoot(page, "sign-in")
    page.get_by_label("账号").fill("officer")
    page.get_by_label("密码").fill("wrong-wrong-wrong")
    page.get_by_role("button", name="登录").click()
    page.get_by_text("账号或密码不正确").wait_for()
    page_of.shoot(page, "sign-in-wrong")
    page.get_by_label("密码").fill("石榴-Tractor-77-lamp")
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/devices/?kind=camera")
    page.locator(".topbar .dropdown-toggle").click()
    page_of.shoot(page, "person-menu")
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in/")
    page.goto("/devices/")
    page.wait_for_url("**/sign-in/?next=**")


def test_an_expired_session_leads_back_to_the_same_page(page_of: Any, axe: Any) -> None:
    page = page_of("officer")
    page.goto("/devices/?kind=camera")
    page.context.add_cookies([{"name": "liuhen_session", "value": "gone", "url": page_of.live}])
    page.reload()
    page.get_by_text("登录已过期").wait_for()
    page_of.shoot(page, "expired")
    assert axe(page) == []
    page.get_by_role("link", name="重新登录").click()
    page.wait_for_url("**/sign-in/?next=%2Fdevices%2F%3Fkind%3Dcamera")
    page_of.forgive("401 (Unauthorized)")


def test_a_role_is_proposed_and_confirmed_in_two_browsers(page_of: Any, people: Any) -> None:
    system, security = page_of("sysadmin"), page_of("secadmin")
    system.goto(f"/accounts/{people.legal.pk}/")
    system.get_by_label("提出角色").select_option("archivist")
    system.get_by_role("button", name="提出").click()
    system.get_by_text("等安全管理员确认").wait_for()
    security.goto("/")
    page_of.shoot(security, "home-secadmin")
    security.get_by_role("link", name="项授权待确认").click()
    security.get_by_role("link", name="legal").first.click()
    security.locator("summary", has_text="确认…").first.click()
    page_of.shoot(security, "confirm")
    security.get_by_role("button", name="确认授权").click()
    security.get_by_text("已确认").wait_for()


def test_the_menu_opens_on_a_phone(page_of: Any) -> None:
    page = page_of("custodian", PHONE)
    page.goto("/")
    page.get_by_role("button", name="打开菜单").click()
    page.get_by_role("link", name="设备").click()
    page.wait_for_url("**/devices/")


def test_chosen_columns_stand_in_the_address(page_of: Any) -> None:
    page = page_of("custodian")
    page.goto("/devices/")
    page.locator(".chooser summary").click()
    page.get_by_label("型号").uncheck()
    page.get_by_role("button", name="应用").click()
    page.wait_for_url("**cols=serial%2Ckind%2Cunit%2Ckeeper%2C**state**")
    assert page.get_by_role("columnheader", name="型号").count() == 0


def test_a_foreign_script_does_not_run(page_of: Any) -> None:
    page = page_of("custodian")
    page.goto("/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')")
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    page_of.forgive("Content Security Policy")
    page_of.forgive("404 (Not Found)")
