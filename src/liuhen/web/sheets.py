"""A register as an Excel file, written row by row.

- Text is written as text: what looks like a formula or a link stays what it is.
- Times are local times in real date cells; characters that a workbook cannot hold are shown as �.
"""

from __future__ import annotations

import re
import tempfile
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django.http import FileResponse
from xlsxwriter.worksheet import Worksheet

from liuhen.base import clock
from liuhen.core.errors import UsageError

from .registers import Column, Listing

MOST_ROWS = 1_000_000
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST = 32_000  # characters in a cell
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEADS = 3  # rows above the first


def workbook(listing: Listing) -> FileResponse:
    """Raises UsageError for more rows than a sheet holds."""
    if listing.count() > MOST_ROWS:
        raise UsageError(
            f"选出的内容超过 {MOST_ROWS} 行，一张表放不下。",
            remedy="请缩小筛选范围（例如按月份）后分次导出。",
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by the response
    _write(listing, file)
    file.seek(0)
    name = f"{listing.register.name}-{listing.at.astimezone(clock.SHANGHAI):%Y%m%d-%H%M}.xlsx"
    response = FileResponse(file, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


def _write(listing: Listing, file: Any) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(listing.register.title[:31])
        _set_up(sheet, listing)
        bold = book.add_format({"bold": True, "border": 1, "text_wrap": True, "bg_color": "#E8EEF4"})
        title = book.add_format({"bold": True, "font_size": 14})
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"})
        day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        sheet.write_string(0, 0, listing.register.title, title)
        said = f"{listing.agency}　导出时间 {clock.local(listing.at)}　导出人 {listing.by}"
        sheet.write_string(1, 0, fit(said))
        for place, column in enumerate(listing.columns):
            sheet.write_string(_HEADS - 1, place, column.label, bold)
        for line, row in enumerate(listing.all_rows(), start=_HEADS):
            for place, column in enumerate(listing.columns):
                _cell(sheet, line, place, column.value(row), when, day)


def _set_up(sheet: Worksheet, listing: Listing) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADS - 1)
    sheet.set_footer(f"&L{fit(listing.register.title)}&R第 &P 页 共 &N 页")
    sheet.freeze_panes(_HEADS, 0)
    for place, column in enumerate(listing.columns):
        sheet.set_column(place, place, _width(column))


def _width(column: Column) -> float:
    return max(6.0, column.width * 2.1 + 1)


def _cell(sheet: Worksheet, line: int, place: int, value: Any, when: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        local = value.astimezone(clock.SHANGHAI).replace(tzinfo=None)
        if local.year >= 1900:
            sheet.write_datetime(line, place, local, when)
            return
        value = clock.local(value)
    elif isinstance(value, date):
        sheet.write_datetime(line, place, datetime(value.year, value.month, value.day), day)
        return
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**15:
        sheet.write_number(line, place, value)
        return
    sheet.write_string(line, place, fit(str(value)))


def fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)[:_LONGEST]
