"""Label sheets of devices: the Chinese on them, the code on them, the places on the sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

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


def _words(pdf: bytes, poppler: Poppler) -> list[tuple[float, float, float, float, str]]:
    """Each word with the edges of its box, in points."""
    found = re.findall(
        r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>',
        poppler("pdftotext", pdf, "-bbox"),
    )
    return [(*map(float, edges), text) for *edges, text in found]


def test_no_text_of_a_label_leaves_it_or_lies_under_another(poppler: Poppler) -> None:
    long = label(
        agency="示范县农业农村局综合行政执法大队第一中队驻示范镇工作站",
        kind="执法记录仪 演示记录仪第二代加强型高清防爆版",
        unit="综合行政执法大队第一中队驻示范镇工作站办公室",
        keeper="买买提·吐尔逊江·阿卜杜热西提",
    )
    words = _words(labels_pdf([long], at=AT), poppler)
    side, height = 70 / 25.4 * 72, 37.125 / 25.4 * 72
    assert all(
        left >= 0 and top >= 0 and right <= side and low <= height for left, top, right, low, _ in words
    )
    lines = sorted({(round(top, 1), round(low, 1)) for _, top, _, low, _ in words})
    middles = sorted({(top + low) / 2 for top, low in lines})
    assert all(after - before > 4 for before, after in pairwise(middles))
    assert "…" in "".join(text for *_, text in words)


def test_a_kind_and_a_model_of_usual_length_are_whole(poppler: Poppler) -> None:
    said = "".join(
        text for *_, text in _words(labels_pdf([label(kind="执法记录仪 演示记录仪")], at=AT), poppler)
    )
    assert "演示记录仪" in said and "…" not in said
