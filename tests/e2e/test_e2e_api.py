"""The API's own page in a real browser: readable signed in and signed out, nothing from outside, nothing inline."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow

DESK, PHONE = (1366, 768), (390, 844)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("who", ["custodian", None], ids=["signed-in", "nobody"])
def test_the_page_of_the_api_is_accessible_and_asks_nobody_else(
    page_of: Any, axe: Any, who: str | None, size: tuple[int, int]
) -> None:
    page = page_of(who, size)
    page.goto("/api/v1/docs")
    assert page.get_by_text("PUT /api/v1/uploads/{sha256}").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert axe(page) == []
    page_of.shoot(page, f"api-{who}-{size[0]}")
