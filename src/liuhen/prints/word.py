"""The one user of python-docx: a sheet as an A4 Word file, its Chinese in fonts that every office has.

- Words of people become text runs; python-docx escapes them, `sheet.printable` has removed what XML forbids.
- East Asian text has its own font in Word (w:eastAsia): without it Chinese falls back to whatever is there.
"""

from __future__ import annotations

import io
from typing import Any

import docx
from docx.document import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from .sheet import Fact, Sheet, Signature, printable, rows_of

BODY, HEAD = "宋体", "黑体"
_WIDTHS = (Mm(24), Mm(59), Mm(24), Mm(59))


def sheet_docx(sheet: Sheet) -> bytes:
    """The same content as sheet_pdf, as bytes of a .docx file."""
    told = printable(sheet)
    page = _page(told)
    _centred(page, told.agency, 11)
    _centred(page, told.title, 18, font=HEAD)
    if told.note:
        _centred(page, f"【{told.note}】", 11, font=HEAD)
    number = page.add_paragraph()
    number.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _write(number, f"编号：{told.number}", 9.5)
    _table(page, told)
    _write(page.add_paragraph(), f"依据：{told.basis}", 9)
    _write(page.sections[0].footer.paragraphs[0], told.foot, 8.5)
    out = io.BytesIO()
    page.save(out)
    return out.getvalue()


def _page(sheet: Sheet) -> Document:
    page = docx.Document()
    section = page.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(20)
    normal = page.styles["Normal"]
    _set_font(normal.element.get_or_add_rPr(), BODY)
    normal.font.size = Pt(10.5)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(3)
    about = page.core_properties
    about.title, about.author, about.comments = f"{sheet.title} {sheet.number}"[:255], sheet.agency[:255], ""
    about.created = about.modified = sheet.at
    return page


def _set_font(properties: Any, font: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for part in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(part), font)
    for part in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(part), None)


def _write(paragraph: Paragraph, text: str, size: float = 10.5, *, font: str = BODY) -> None:
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.bold = font == HEAD
    _set_font(run._element.get_or_add_rPr(), font)


def _centred(page: Document, text: str, size: float, *, font: str = BODY) -> None:
    paragraph = page.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(paragraph, text, size, font=font)


def _table(page: Document, sheet: Sheet) -> None:
    table = page.add_table(rows=0, cols=4)
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, _WIDTHS, strict=True):
        column.width = width
    for row in rows_of(sheet.facts):
        _facts(table, row)
    for one in sheet.passages:
        cell = _whole_row(table)
        _write(cell.paragraphs[0], one.heading, font=HEAD)
        for line in one.text.split("\n"):
            _indented(cell, line)
    for signature in sheet.signatures:
        _signature(_whole_row(table), signature)


def _facts(table: Table, row: tuple[Fact, ...]) -> None:
    cells = _sized(table)
    if len(row) == 1:
        cells[1] = cells[1].merge(cells[3])
    for number, fact in enumerate(row):
        label, value = cells[2 * number], cells[2 * number + 1]
        label.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        _shade(label)
        _write(label.paragraphs[0], fact.label, font=HEAD)
        _write(value.paragraphs[0], fact.value)
        label.vertical_alignment = value.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


def _sized(table: Table) -> list[_Cell]:
    cells = list(table.add_row().cells)  # type: ignore[no-untyped-call]
    for cell, width in zip(cells, _WIDTHS, strict=True):
        cell.width = width
    return cells


def _whole_row(table: Table) -> _Cell:
    cells = _sized(table)
    whole: _Cell = cells[0].merge(cells[3])
    return whole


def _shade(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", "F2F2F2")):
        shade.set(qn(name), value)
    cell._element.get_or_add_tcPr().append(shade)


def _indented(cell: _Cell, text: str) -> None:
    paragraph = cell.add_paragraph()
    paragraph.paragraph_format.first_line_indent = Pt(21)
    _write(paragraph, text)


def _signature(cell: _Cell, one: Signature) -> None:
    _write(cell.paragraphs[0], one.label, font=HEAD)
    if one.said:
        _indented(cell, one.said)
    else:
        cell.add_paragraph()
    last = cell.add_paragraph()
    last.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _write(last, f"签名：{one.name or '＿' * 8}　　日期：{one.day or '＿' * 9}")
