"""The register of devices stands for every register: page, Excel, print, sorting, paging, cursors."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device
from liuhen.doors import paging
from liuhen.web import printed, registers
from liuhen.web.devices import DEVICES

ClientOf = Callable[..., Client]


def add(people: Any, *serials: str, **more: Any) -> None:
    unit = people.custodian.agency.units.get()
    for serial in serials:
        register_device(unit, serial, Device.Kind.CAMERA, by=people.custodian, at=clock.now(), **more)


def excel(response: Any) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]


def test_the_page_lists_what_is_registered(client_of: ClientOf) -> None:
    page = client_of("officer").get("/devices/").content.decode()
    assert "4701A01" in page
    assert "林一鸣" in page


def test_another_agency_sees_none_of_it_but_is_told_what_to_do(client_of: ClientOf) -> None:
    page = client_of("stranger").get("/devices/").content.decode()
    assert "4701A01" not in page
    assert "还没有登记设备" in page


def test_a_filter_that_finds_nothing_offers_to_be_cleared(client_of: ClientOf) -> None:
    assert "清除筛选" in client_of("officer").get("/devices/?kind=dock").content.decode()


def test_excel_holds_the_chosen_columns_and_all_rows(client_of: ClientOf, people: Any) -> None:
    add(people, *(f"C{number:03}" for number in range(60)))
    rows = excel(client_of("officer").get("/devices/?cols=serial,kind&as=xlsx"))
    assert rows[0] == ["序列号", "种类"]
    assert len(rows) == 62


def test_what_looks_like_a_formula_stays_text_in_excel(client_of: ClientOf, people: Any) -> None:
    evil = ["=1+1", "@SUM(A1)", "+1", "-1", "=cmd|' /C calc'!A0", "http://x.example"]
    for number, text in enumerate(evil):
        add(people, f"E{number}", model=text)
    response = client_of("officer").get("/devices/?cols=serial,model&as=xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    cells = [row[1] for row in sheet.iter_rows(min_row=4) if row[1].value]
    assert {cell.value for cell in cells} >= set(evil)
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.hyperlink for cell in cells if cell.hyperlink] == []


def test_what_a_workbook_cannot_hold_does_not_stop_the_export(client_of: ClientOf, people: Any) -> None:
    add(people, "BAD", model="a\x00b\x1fc")
    rows = excel(client_of("officer").get("/devices/?cols=model&as=xlsx"))
    assert ["a\ufffdb\ufffdc"] in rows


def test_html_in_a_field_is_shown_not_run(client_of: ClientOf, people: Any) -> None:
    add(people, "H1", model="<script>alert(1)</script>")
    for face in ("", "?as=print"):
        page = client_of("officer").get(f"/devices/{face}").content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_print_names_title_unit_printer_and_numbers_its_sheets(client_of: ClientOf, people: Any) -> None:
    add(people, *(f"P{number:03}" for number in range(80)))
    page = client_of("officer").get("/devices/?as=print").content.decode()
    for said in (
        "执法音像记录设备登记簿",
        "示范县农业农村局",
        "打印人：林一鸣",
        "第 1 页 共 3 页",
        "第 3 页",
    ):
        assert said in page


def test_a_long_cell_takes_more_lines_of_the_sheet() -> None:
    assert printed.lines_of("短", 10) == 1
    assert printed.lines_of("很长的文字" * 10, 10) > 5
    assert printed.lines_of("a" * 20, 100) == 1


def test_shares_of_the_paper_make_up_the_whole(client_of: ClientOf) -> None:
    assert sum(printed.shares_of(list(DEVICES.columns))) == 100


@pytest.mark.parametrize("sort", ["serial", "-serial", "kind", "-kind", "unit", "-state"])
def test_paging_shows_every_row_once_forth_and_back(client_of: ClientOf, people: Any, sort: str) -> None:
    add(people, *(f"D{number:03}" for number in range(120)))
    client = client_of("officer")
    forth, back = [], []
    link = f"/devices/?sort={sort}&cols=serial"
    while link:
        listing = client.get(link).context["listing"]
        forth.append([row.serial for row in listing.page.rows])
        last, link = link, listing.after_link
    link = last
    while link:
        listing = client.get(link).context["listing"]
        back.append([row.serial for row in listing.page.rows])
        link = listing.before_link
    assert sorted(serial for page in forth for serial in page) == sorted(
        Device.objects.filter(agency__code="demo").values_list("serial", flat=True)
    )
    assert list(reversed(back)) == forth
    assert len(forth) == 3


def test_empty_values_stand_last_either_way_and_are_paged_over(people: Any) -> None:
    add(people, *(f"N{number}" for number in range(5)))
    for order in (("keeper__name",), ("-keeper__name",)):
        cursor, seen = "", []
        rows = Device.objects.filter(agency__code="demo")
        while True:
            page = paging.page_of(rows, order, cursor, 2)
            seen += page.rows
            if not page.after:
                break
            cursor = page.after
        assert len(seen) == 6
        assert seen[0].serial == "4701A01"
        while page.before:
            page = paging.page_of(rows, order, page.before, 2)
        assert page.rows == seen[:2]


@pytest.mark.parametrize("cursor", ["x", "a:b:c", "." * 3000, "eyJ4IjoxfQ:1:zz", "'; drop table x"])
def test_a_forged_cursor_is_refused_in_chinese(client_of: ClientOf, cursor: str) -> None:
    response = client_of("officer").get("/devices/", {"cursor": cursor})
    assert response.status_code == 400
    assert "翻页位置无效" in response.content.decode()


def test_a_cursor_of_another_order_is_refused(client_of: ClientOf, people: Any) -> None:
    add(people, *(f"D{number:03}" for number in range(60)))
    cursor = client_of("officer").get("/devices/").context["listing"].page.after
    assert client_of("officer").get("/devices/", {"cursor": cursor, "sort": "-serial"}).status_code == 400


def test_an_order_nobody_offers_is_refused(client_of: ClientOf) -> None:
    for sort in ("agency__code", "password", "-x"):
        assert client_of("officer").get("/devices/", {"sort": sort}).status_code == 400


def test_a_sequence_is_listed_and_paged_too(client_of: ClientOf) -> None:
    rows = list(range(120))
    page = paging.page_of(rows, (), "", 50)
    assert (page.rows[0], page.before) == (0, None)
    page = paging.page_of(rows, (), page.after or "", 50)
    page = paging.page_of(rows, (), page.after or "", 50)
    assert (page.rows, page.after) == (list(range(100, 120)), None)
    assert paging.page_of(rows, (), page.before or "", 50).rows[0] == 50


def test_a_column_that_is_not_theirs_is_in_no_face(client_of: ClientOf, monkeypatch: Any) -> None:
    from dataclasses import replace

    from liuhen.base.people.models import Role
    from liuhen.base.people.rules import HasRole
    from liuhen.web import devices

    hidden = replace(DEVICES.columns[2], who=HasRole((Role.PRINCIPAL,)))
    columns = (*DEVICES.columns[:2], hidden, *DEVICES.columns[3:])
    monkeypatch.setattr(devices, "DEVICES", replace(DEVICES, columns=columns))
    for face in ("?cols=serial,model", "?cols=serial,model&as=print"):
        assert "试验记录仪" not in client_of("officer").get(f"/devices/{face}").content.decode()
        assert "试验记录仪" in client_of("principal").get(f"/devices/{face}").content.decode()
    assert excel(client_of("officer").get("/devices/?cols=serial,model&as=xlsx"))[0] == ["序列号"]


def test_times_are_local_in_every_face() -> None:
    assert registers.local_text(clock.parse_stamp("2026-11-20T02:00:00Z")) == "2026-11-20 10:00:00"
