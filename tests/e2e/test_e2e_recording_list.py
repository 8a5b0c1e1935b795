"""The list of recordings in a real browser: finding, choosing, going back, ticking across pages, assigning, Excel."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from e2e.conftest import DESK, PHONE
from lists.lists_office import another_unit, fill, store_row
from openpyxl import load_workbook
from playwright.sync_api import expect
from stages.ingest_office import take

from liuhen.base.recordings.lists.rows import follow
from liuhen.base.recordings.models import Recording

pytestmark = pytest.mark.slow


@pytest.fixture
def many(people: Any, tmp_path: Path) -> int:
    """A real card with two unknown files, and 130 rows beside it."""
    folder = tmp_path / "旧录像硬盘"
    folder.mkdir()
    (folder / "4701A01_100001_20261119080000_0001.mp4").write_bytes(b"film")
    for name in ("城东市场检查现场.mp4", "询问笔录同步录音.wav"):
        (folder / name).write_bytes(name.encode())
    take(people.custodian, folder)
    another_unit(people.custodian.agency)
    fill(people.custodian.agency, 130)
    return Recording.objects.filter(agency=people.custodian.agency).count()


def total(page: Any) -> int:
    return int(page.locator(".list-count strong").inner_text())


def test_search_facets_and_the_back_button(page_of: Any, axe: Any, many: int) -> None:
    page = page_of("custodian")
    page.goto("/recordings/")
    assert total(page) == many
    page_of.shoot(page, "recordings")
    assert axe(page) == []
    page.fill("#q", "市场")
    page.press("#q", "Enter")
    page.wait_for_url("**/recordings/?q=*")
    page.wait_for_selector(".chip")
    found = total(page)
    assert 0 < found < many
    page.locator(".facet a", has_text="照片").click()
    page.wait_for_url("**kind=photo**")
    expect(page.locator(".chip")).to_have_count(2)
    assert 0 < total(page) < found
    page_of.shoot(page, "recordings-found")
    assert axe(page) == []
    page.go_back()
    expect(page.locator(".chip")).to_have_count(1)
    assert total(page) == found
    assert page.input_value("#q") == "市场"
    page.reload()
    assert total(page) == found
    page.locator(".chip").first.click()
    expect(page.locator(".chip")).to_have_count(0)
    assert total(page) == many


def test_grid_columns_and_order_stand_in_the_address(page_of: Any, axe: Any, many: int) -> None:
    page = page_of("custodian")
    page.goto("/recordings/")
    page.locator("details.chooser summary").click()
    page.locator(".chooser-form label", has_text="SHA-256").click()
    page.locator(".chooser-form button").click()
    page.wait_for_url("**cols=**sha256**")
    page.wait_for_selector("th:has-text('SHA-256')")
    page.select_option("#sort", "stored")
    page.wait_for_url("**sort=stored**")
    assert "sha256" in page.url
    page.get_by_role("link", name="缩略图").click()
    page.wait_for_selector(".card-one")
    assert "sort=stored" in page.url
    page_of.shoot(page, "recordings-grid")
    assert axe(page) == []


def test_ticks_last_across_pages_and_all_of_a_search_is_exported(page_of: Any, many: int) -> None:
    page = page_of("custodian")
    page.goto("/recordings/")
    assert page.get_by_role("button", name="导出所选").is_disabled()
    page.locator("td.pick input").nth(0).check()
    page.locator("td.pick input").nth(3).check()
    page.locator(".pager a[rel=next]").click()
    page.wait_for_selector(".pager a[rel=prev]")
    page.locator("td.pick input").nth(1).check()
    assert "已选中 3 条" in page.locator("[data-picked-words]").inner_text()
    rows = _excel(page)
    assert len(rows) == 3
    page.get_by_label("选中本页").check()
    page.get_by_role("button", name=f"选中全部 {many} 条搜索结果").click()
    assert f"已选中 {many} 条" in page.locator("[data-picked-words]").inner_text()
    page_of.shoot(page, "recordings-selected")
    assert len(_excel(page)) == many
    page.get_by_role("button", name="取消选择").click()
    assert page.get_by_role("button", name="导出所选").is_disabled()
    page.fill("#q", "市场")
    page.press("#q", "Enter")
    page.wait_for_selector(".chip")
    assert page.locator("td.pick input:checked").count() == 0


def _excel(page: Any) -> list[Any]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="导出所选").click()
    data = Path(waiting.value.path()).read_bytes()
    sheet = load_workbook(io.BytesIO(data)).active
    return [row for row in sheet.iter_rows(min_row=4, values_only=True) if row[0]]


def test_what_waits_gets_its_owner(page_of: Any, axe: Any, many: int) -> None:
    page = page_of("custodian")
    page.goto("/recordings/to-assign/")
    page_of.shoot(page, "to-assign")
    assert axe(page) == []
    page.get_by_role("button", name="可能是 设备 4701A01，林一鸣").click()
    page.wait_for_selector("textarea[name=reason]")
    assert page.locator("select[name=device] option:checked").inner_text() == "4701A01"
    page_of.shoot(page, "assign")
    assert axe(page) == []
    page.fill("textarea[name=reason]", "经核对当日派工单")
    page.get_by_role("button", name="确定归属").click()
    page.wait_for_selector(".state-good")
    assert "已确定 2 条记录的归属" in page.inner_text("main")
    page_of.shoot(page, "assigned")
    assert axe(page) == []
    row = Recording.objects.get(name="城东市场检查现场.mp4")
    assert (row.state, row.holder and row.holder.name) == ("stored", "林一鸣")


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_pages_fit_both_sizes(
    page_of: Any, axe: Any, many: int, people: Any, size: tuple[int, int]
) -> None:
    with transaction.atomic():
        follow([store_row(people.custodian.agency, 90_000, name="很长的文件名" * 12 + ".mp4")])
    page = page_of("custodian", size)
    for path, name in (
        ("/recordings/", "recordings"),
        ("/recordings/?view=grid", "recordings-grid"),
        ("/recordings/?q=没有这样的文件", "recordings-nothing"),
        ("/recordings/?as=print", "recordings-print"),
        ("/recordings/to-assign/", "to-assign"),
    ):
        page.goto(path)
        page_of.shoot(page, name)
        assert axe(page) == [], path
        if "print" not in path:
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, path
