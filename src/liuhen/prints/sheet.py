"""One sheet of an office: heading, a table of facts, what was written, who signs. Said once, printed twice.

- `Sheet` is the content; `sheet_pdf` and `word.sheet_docx` set the same `lines_of` it, so that they cannot differ.
- Words of people are data in both: no sign in them is markup; what cannot be seen is written out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .words import visible

_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Fact:
    """A label and what is told there; `wide` takes the whole line."""

    label: str
    value: str
    wide: bool = False


@dataclass(frozen=True)
class Passage:
    """What somebody wrote, under a heading."""

    heading: str
    text: str


@dataclass(frozen=True)
class Signature:
    """Who signs; `said` is an opinion already given; `name` and `day` are empty where a pen is to write them."""

    label: str
    said: str = ""
    name: str = ""
    day: str = ""


@dataclass(frozen=True)
class Sheet:
    """`note` stands under the title (a paper that counts no more); `foot` at the foot of every page."""

    title: str
    number: str
    agency: str
    facts: tuple[Fact, ...]
    passages: tuple[Passage, ...]
    signatures: tuple[Signature, ...]
    basis: str
    foot: str
    at: datetime
    note: str = ""


def printable(sheet: Sheet) -> Sheet:
    """The sheet with every character that cannot be seen written out, and no line break where none belongs."""

    def one_line(text: str) -> str:
        return visible(_BREAKS.sub(" ", text).replace("\t", "  "))

    return replace(
        sheet,
        title=one_line(sheet.title),
        number=one_line(sheet.number),
        agency=one_line(sheet.agency),
        basis=one_line(sheet.basis),
        foot=one_line(sheet.foot),
        note=one_line(sheet.note),
        facts=tuple(Fact(one_line(one.label), one_line(one.value), one.wide) for one in sheet.facts),
        signatures=tuple(
            Signature(*(one_line(text) for text in (one.label, one.said, one.name, one.day)))
            for one in sheet.signatures
        ),
        passages=tuple(
            Passage(one_line(one.heading), "\n".join(lines_of(one.text))) for one in sheet.passages
        ),
    )


def lines_of(text: str) -> list[str]:
    """The paragraphs of a text, empty ones left out; "—" where nothing was written."""
    lines = [visible(line.replace("\t", "  ").strip()) for line in _BREAKS.split(text)]
    return [line for line in lines if line] or ["—"]


def rows_of(facts: tuple[Fact, ...]) -> list[tuple[Fact, ...]]:
    """Two facts a line; a wide one, or one without a neighbour, alone."""
    rows: list[tuple[Fact, ...]] = []
    for fact in facts:
        if not fact.wide and rows and len(rows[-1]) == 1 and not rows[-1][0].wide:
            rows[-1] = (*rows[-1], fact)
        else:
            rows.append((fact,))
    return rows


def sheet_pdf(sheet: Sheet) -> bytes:
    """A4 PDF/A. Raises NoPrintFontError and PrintError."""
    from .pdf import render  # the typesetter takes longer to load than most commands to run

    return render("sheet.typ", _for_typst(printable(sheet)), at=sheet.at)


def _for_typst(sheet: Sheet) -> dict[str, Any]:
    return {
        "title": sheet.title,
        "number": sheet.number,
        "agency": sheet.agency,
        "note": sheet.note,
        "rows": [[[fact.label, fact.value] for fact in row] for row in rows_of(sheet.facts)],
        "passages": [{"heading": one.heading, "lines": one.text.split("\n")} for one in sheet.passages],
        "signatures": [vars(one) for one in sheet.signatures],
        "basis": sheet.basis,
        "foot": sheet.foot,
    }
