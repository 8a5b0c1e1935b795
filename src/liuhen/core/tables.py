"""Reading a table that somebody made in a spreadsheet: .xlsx (ECMA-376) or .csv, as rows of text.

- Only the first sheet, and only what is shown: text, numbers as people write them, dates as 2026-11-20.
- A formula is not worked out and not believed: it comes as `Formula`, for the reader of the table to refuse.
- A file is a stranger's: its size, its unpacked size, its rows and columns are bounded, and a document type
  (entities that unfold without end) is refused.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import IO
from xml.parsers import expat

from .errors import UsageError

LARGEST = 5 << 20  # bytes of the file
MOST_ROWS, MOST_COLUMNS = 5000, 60
_UNPACKED = 60 << 20
_LONGEST = 32_767  # characters of a cell, as Excel has it
_DAYS = {False: date(1899, 12, 30), True: date(1904, 1, 1)}
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class Formula(str):
    """What stood in a cell was a formula; the text is the formula itself."""

    __slots__ = ()


class Number(str):
    """The text of a cell that held a number; whole numbers without a point."""

    __slots__ = ()


class NoTableError(UsageError):
    code = "no_table"


def rows_of(data: bytes, name: str = "") -> list[list[str]]:
    """Rows of the first sheet, cells stripped, empty rows kept (row numbers are what the person sees).

    `name`: the file's, so that one that only calls itself a workbook is told as that. Raises NoTableError.
    """
    if name.lower().endswith((".xlsx", ".xls")) and data[:2] != b"PK":
        raise _refused("这不是 Excel 工作簿（.xlsx），只是文件名这样写。")
    if len(data) > LARGEST:
        raise _refused(f"文件超过 {LARGEST >> 20} MB。")
    return _xlsx(data) if data[:2] == b"PK" else _csv(data)


def as_date(text: str) -> date | None:
    """2026-11-20, 2026/11/20, 2026.11.20, 2026年11月20日, or the number that Excel keeps. Raises ValueError."""
    if not text:
        return None
    if isinstance(text, Number) or text.isdecimal():
        days = int(float(text))
        if not 1 <= days < 200_000:
            raise ValueError(text)
        return _DAYS[False] + timedelta(days=days)
    parts = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?( 0?0:00(:00)?)?", text)
    if parts is None:
        raise ValueError(text)
    return date(int(parts[1]), int(parts[2]), int(parts[3]))


def _refused(what: str) -> NoTableError:
    return NoTableError(
        f"{what}没有读入任何内容。",
        remedy="请用模板填写，另存为 Excel 工作簿（.xlsx）或 CSV 后再上传；内容多的分成几个文件。",
    )


# -- CSV


def _csv(data: bytes) -> list[list[str]]:
    text = _decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        rows: list[list[str]] = []
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            _bounded(len(rows), len(row))
            rows.append([cell.strip()[:_LONGEST] for cell in row])
    except csv.Error as error:
        raise _refused("这不是能读的 CSV 文件。") from error
    return rows


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _refused("这既不是 Excel 工作簿（.xlsx），也不是文本表格。")


def _bounded(rows: int, columns: int) -> None:
    if rows >= MOST_ROWS:
        raise _refused(f"表格超过 {MOST_ROWS} 行。")
    if columns > MOST_COLUMNS:
        raise _refused(f"表格超过 {MOST_COLUMNS} 列。")


# -- Excel


def _xlsx(data: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            if sum(one.file_size for one in book.infolist()) > _UNPACKED:
                raise _refused("工作簿解开后过大。")
            names = set(book.namelist())
            texts = _shared(book) if "xl/sharedStrings.xml" in names else []
            return _sheet(book, _first_sheet(names), texts)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise _refused("这个 Excel 工作簿读不出，可能已损坏或加了密码。") from error
    except (expat.ExpatError, ValueError, UnicodeDecodeError, LookupError) as error:
        raise _refused("这个 Excel 工作簿的内容读不出。") from error


def _first_sheet(names: set[str]) -> str:
    sheets = [name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
    if not sheets:
        raise _refused("工作簿里没有工作表。")
    return min(sheets, key=lambda name: int(re.sub(r"\D", "", name.rpartition("/")[2])))


def _shared(book: zipfile.ZipFile) -> list[str]:
    texts: list[str] = []
    for kind, name, said in _events(book, "xl/sharedStrings.xml"):
        if kind == "start" and name == "si":
            texts.append("")
        elif kind == "text" and name == "t" and texts:
            texts[-1] += said
    return texts


def _sheet(book: zipfile.ZipFile, name: str, texts: list[str]) -> list[list[str]]:
    rows: list[list[str]] = []
    cell: dict[str, str] = {}
    for kind, tag, said in _events(book, name):
        if kind == "start" and tag == "c":
            at, _, type_ = said.partition("|")
            cell = {"at": at, "t": type_}
        elif kind == "text" and tag in ("v", "t", "f") and cell:
            cell[tag + "_"] = cell.get(tag + "_", "") + said
        elif kind == "start" and tag == "f" and cell:
            cell.setdefault("f_", "")
        elif kind == "end" and tag == "c" and cell:
            _put(rows, cell, texts)
            cell = {}
    return rows


def _put(rows: list[list[str]], cell: dict[str, str], texts: list[str]) -> None:
    place = _PLACE.fullmatch(cell["at"])
    if place is None:
        raise _refused("工作表里有没有位置的单元格。")
    column, row = _column(place[1]), int(place[2]) - 1
    _bounded(row, column + 1)
    text = _text(cell, texts)
    if not text:
        return
    while len(rows) <= row:
        rows.append([])
    rows[row] += [""] * (column + 1 - len(rows[row]))
    rows[row][column] = text


def _column(letters: str) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + ord(letter) - 64
    return found - 1


def _text(cell: dict[str, str], texts: list[str]) -> str:
    if "f_" in cell:
        return Formula(f"={cell['f_']}"[:_LONGEST])
    kind, value = cell["t"], cell.get("v_", "")
    if kind == "s":
        return texts[int(value)].strip()[:_LONGEST] if value else ""
    if kind == "inlineStr":
        return cell.get("t_", "").strip()[:_LONGEST]
    if kind == "b":
        return {"1": "是", "0": "否"}.get(value, value)
    if kind in ("str", "e", "d"):
        return value.strip()[:_LONGEST]
    return Number(_figure(value)) if value else ""


def _figure(value: str) -> str:
    number = float(value)
    whole = number == int(number) if abs(number) < 1e15 else False
    return str(int(number)) if whole else value.strip()


Event = tuple[str, str, str]


def _events(book: zipfile.ZipFile, name: str) -> Iterator[Event]:
    """start, text and end of the elements; a cell's start says its place and type, as A1|s."""
    with book.open(name) as part:
        yield from _parsed(part)


def _parsed(part: IO[bytes]) -> Iterator[Event]:
    found: list[Event] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.buffer_text = True
    path: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        path.append(tag.rpartition(" ")[2])
        said = f"{attributes.get('r', '')}|{attributes.get('t', '')}" if path[-1] == "c" else ""
        found.append(("start", path[-1], said))

    def end(_tag: str) -> None:
        found.append(("end", path.pop(), ""))

    def text(said: str) -> None:
        if path and "rPh" not in path:  # how to read a word is not the word
            found.append(("text", path[-1], said))

    handlers: tuple[Callable[..., None], ...] = (start, end, text)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = handlers
    read = 0
    while piece := part.read(1 << 16):
        read += len(piece)
        if read > _UNPACKED:
            raise _refused("工作簿解开后过大。")
        parser.Parse(piece, False)
        yield from found
        found.clear()
    parser.Parse(b"", True)
    yield from found


def _no_doctype(*_said: object) -> None:
    raise _refused("工作簿里有不应有的文档类型声明。")
