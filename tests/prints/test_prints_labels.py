"""Label sheets of devices: the Chinese on them, the code on them, the places on the sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import segno

from liuhen.prints import qr
from liuhen.prints.labels import A_SHEET, Label, labels_pdf

pytestmark = pytest.mark.usefixtures("font")
Poppler = Callable[..., str]
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def label(number: int = 1, **other: str) -> Label:
    told = {
        "agency": "示范县农业农村局",
        "serial": f"4701A{number:02}",
        "kind": "执法记录仪",
        "unit": "综合行政执法大队",
        "keeper": "林一鸣",
        "url": f"http://192.168.1.5:8000/d/{number}/",
    }
    return Label(**{**told, **other})


def pages_of(pdf: bytes, poppler: Poppler) -> int:
    found = re.search(r"Pages:\s+(\d+)", poppler("pdfinfo", pdf))
    return int(found[1]) if found else 0


def test_a_label_says_whose_the_device_is_in_chinese(poppler: Poppler) -> None:
    said = poppler("pdftotext", labels_pdf([label()], at=AT), "-layout")
    for words in ("示范县农业农村局", "4701A01", "执法记录仪", "综合行政执法大队", "林一鸣"):
        assert words in said


def test_the_code_is_the_devices_address() -> None:
    """The drawn modules are those of the address and of no other."""

    def modules(svg: str) -> int:
        side = re.search(r'viewBox="0 0 (\d+) ', svg)
        return int(side[1]) if side else 0

    url = label(7).url
    drawn = qr.svg(url)
    code = segno.make(url.encode(), error="m", micro=False)
    assert modules(drawn) == code.symbol_size(border=4)[0]
    assert drawn != qr.svg(label(8).url)
    assert _painted(drawn) == {
        (x, y) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark
    }


def _painted(svg: str) -> set[tuple[int, int]]:
    """Modules that the path's horizontal strokes cover, without the quiet zone."""
    found, x, y = set(), 0.0, 0.0
    path = re.search(r' d="([^"]+)"', svg)
    for act, numbers in re.findall(r"([Mmh])([^Mmh]*)", path[1] if path else ""):
        told = [float(one) for one in re.findall(r"-?[0-9.]+", numbers)]
        if act == "h":
            found |= {(int(x) - 4 + step, int(y) - 4) for step in range(int(told[0]))}
            x += told[0]
        else:
            x, y = (told[0], told[1]) if act == "M" else (x + told[0], y + told[1])
    return found


def test_no_line_of_a_label_is_sliced_or_runs_into_the_next(poppler: Poppler) -> None:
    """A long kind and a longer unit: each stands on one line of its own, inside its label, and the longest says “…”."""
    kind, unit = "执法记录仪 演示记录仪", "综合行政执法大队城东第三中队渔业渔政执法分队"
    drawn = poppler("pdftotext", labels_pdf([label(kind=kind, unit=unit)], at=AT), "-bbox")
    words = [
        (match[5], *(float(one) for one in match.groups()[:4]))
        for match in re.finditer(
            r'<word xMin="([0-9.]+)" yMin="([0-9.]+)" xMax="([0-9.]+)" yMax="([0-9.]+)">([^<]*)', drawn
        )
    ]
    lines: dict[int, str] = {}
    for text, _left, top, right, bottom in words:
        assert right < 70 / 25.4 * 72, text
        lines[round((top + bottom) / 2)] = lines.get(round((top + bottom) / 2), "") + text
    assert "种类执法记录仪演示记录仪" in lines.values()
    assert any(one.startswith("科室综合行政执法大队城东") and one.endswith("…") for one in lines.values())


@pytest.mark.parametrize(
    ("count", "skip", "pages"), [(1, 0, 1), (24, 0, 1), (25, 0, 2), (24, 1, 2), (1, 23, 1)]
)
def test_a_sheet_holds_three_by_eight(poppler: Poppler, count: int, skip: int, pages: int) -> None:
    assert A_SHEET == 24
    pdf = labels_pdf([label(number) for number in range(count)], at=AT, skip=skip)
    assert pages_of(pdf, poppler) == pages


def test_hostile_words_are_printed_and_run_nothing(poppler: Poppler) -> None:
    evil = label(serial='#read("/etc/passwd")', unit="科" * 200, keeper="\u202egnp.exe", agency="#" * 300)
    said = poppler("pdftotext", labels_pdf([evil, label(2)], at=AT), "-layout")
    assert "root:" not in said
    assert "4701A02" in said
    assert pages_of(labels_pdf([evil, label(2)], at=AT), poppler) == 1
