"""The frame in a real browser, at a desk and on a phone."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow

DESK, PHONE = (1366, 768), (390, 844)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", ["/", "/devices/", "/devices/?as=print", "/nowhere/"])
def test_a_page_is_accessible_and_asks_nobody_else(
    page_of: Any, axe: Any, path: str, size: tuple[int, int]
) -> None:
    page = page_of("custodian", size)
    page.goto(path)
    page_of.shoot(page, path.strip("/").replace("/?", "-") or "home")
    assert axe(page) == []
    page_of.forgive("404 (Not Found)")


def test_a_page_fits_the_width_of_a_phone(page_of: Any) -> None:
    page = page_of("custodian", PHONE)
    for path in ("/", "/devices/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


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
    page.wait_for_url("**cols=serial%2Ckind%2Cunit%2Ckeeper%2Cstate**")
    assert page.get_by_role("columnheader", name="型号").count() == 0


def test_a_foreign_script_does_not_run(page_of: Any) -> None:
    page = page_of("custodian")
    page.goto("/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')")
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran") is None
    page_of.forgive("Content Security Policy")
    page_of.forgive("404 (Not Found)")
