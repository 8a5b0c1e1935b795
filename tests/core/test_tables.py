"""Tables that strangers made: what is read out of them, and what is refused."""

import contextlib
import csv
import io
import zipfile
from datetime import date, datetime

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from liuhen.core.tables import MOST_ROWS, Formula, NoTableError, Number, as_date, rows_of


def book(*rows: list[object]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for one in old.infolist():
            if one.filename != name:
                new.writestr(one.filename, old.read(one.filename))
        new.writestr(name, content)
    return out.getvalue()


def test_text_numbers_dates_and_truths_come_as_people_wrote_them() -> None:
    rows = rows_of(book(["序列号", "数"], ["甲 ", 12], [None, 1.5], [True, datetime(2026, 11, 20)]))
    assert rows == [["序列号", "数"], ["甲", "12"], ["", "1.5"], ["是", "46346"]]
    assert isinstance(rows[1][1], Number)
    assert as_date(rows[3][1]) == date(2026, 11, 20)


def test_a_formula_is_told_as_one_and_not_worked_out() -> None:
    ((cell, beside),) = rows_of(book(["=1+1", "文"]))
    assert isinstance(cell, Formula)
    assert (cell, beside) == ("=1+1", "文")


def test_text_that_only_looks_like_a_formula_stays_text() -> None:
    made = Workbook()
    made.active["A1"].value = "=1+1"
    made.active["A1"].data_type = "s"
    out = io.BytesIO()
    made.save(out)
    ((cell,),) = rows_of(out.getvalue())
    assert (cell, isinstance(cell, Formula)) == ("=1+1", False)


def test_texts_that_a_workbook_keeps_apart_are_put_together() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        sheet = made.add_worksheet()
        for row, text in enumerate(("甲", "乙", "甲")):
            sheet.write_string(row, 0, text)
        sheet.write_rich_string(3, 0, "前", made.add_format({"bold": True}), "后", " 。")
    assert b"sharedStrings" in out.getvalue()
    assert rows_of(out.getvalue()) == [["甲"], ["乙"], ["甲"], ["前后 。"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_of_every_office_program_is_read(encoding, delimiter) -> None:
    text = delimiter.join(("序列号", "种类")) + "\r\n" + delimiter.join(('"甲""乙"', "照相机"))
    assert rows_of(text.encode(encoding)) == [["序列号", "种类"], ['甲"乙', "照相机"]]


def test_a_long_cell_is_read_whole_up_to_what_excel_holds() -> None:
    ((cell,),) = rows_of(book(["x" * 10_000]))
    assert len(cell) == 10_000


@pytest.mark.parametrize(
    "bad",
    [
        b"PK\x03\x04 broken",
        b"\x00\x01\x02\x00",
        b"\xd0\xcf\x11\xe0" + b"\x00" * 100,
        b"x" * ((5 << 20) + 1),
        ("a\n" * (MOST_ROWS + 1)).encode(),
        b"," * 100,
        b'"' + b"a" * 200_000,
    ],
)
def test_what_is_no_table_is_refused_with_a_remedy(bad) -> None:
    with pytest.raises(NoTableError) as refused:
        rows_of(bad)
    assert "模板" in refused.value.remedy


def test_entities_that_unfold_are_refused() -> None:
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><worksheet>&c;</worksheet>'
    )
    for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        with pytest.raises(NoTableError):
            rows_of(with_part(book(["a"]), name, laughs))


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b" " * (61 << 20))
    assert len(out.getvalue()) < 100_000
    with pytest.raises(NoTableError):
        rows_of(out.getvalue())


def test_a_cell_far_away_fills_no_memory() -> None:
    sheet = b'<worksheet><sheetData><row><c r="XFD1048576" t="str"><v>a</v></c></row></sheetData></worksheet>'
    with pytest.raises(NoTableError):
        rows_of(with_part(book(["a"]), "xl/worksheets/sheet1.xml", sheet))


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_a_refusal(data: bytes) -> None:
    for one in (data, b"PK" + data, with_part(book(["a"]), "xl/worksheets/sheet1.xml", data)):
        with contextlib.suppress(NoTableError):
            assert all(isinstance(cell, str) for row in rows_of(one) for cell in row)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20),
            min_size=2,
            max_size=4,
        ),
        max_size=6,
    )
)
def test_what_was_written_as_csv_is_read_again(rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b"], *rows])
    told = rows_of(out.getvalue().encode())
    assert told[1:] == [[cell.strip() for cell in row] for row in rows]


@pytest.mark.parametrize(
    "text", ["2026-11-20", "2026/11/20", "2026.11.20", "2026年11月20日", "2026-11-20 00:00:00"]
)
def test_dates_are_read_as_people_write_them(text) -> None:
    assert as_date(text) == date(2026, 11, 20)


@pytest.mark.parametrize("text", ["昨天", "2026-13-01", "20261120", "0", "2026-11"])
def test_what_is_no_date_is_none(text) -> None:
    with pytest.raises(ValueError, match=r"."):
        as_date(text)
