from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from liuhen.core.errors import LiuhenError
from liuhen.prints import pdf
from liuhen.prints.fonts import NoPrintFontError, PrintFont

AT = datetime(2026, 1, 31, 10, 9, 41, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("font")


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Write a template into a folder that stands in for prints/."""
    monkeypatch.setattr(pdf, "TEMPLATES", tmp_path)

    def write(body: str) -> str:
        head = "#set text(font: sys.inputs.font, fallback: false)\n#let data = json(bytes(sys.inputs.data))\n"
        (tmp_path / "page.typ").write_text(head + body)
        return "page.typ"

    return write


def test_the_same_input_gives_the_same_bytes(template: Callable[[str], str]) -> None:
    name = template("#data.a")
    assert pdf.render(name, {"a": "留痕"}, at=AT) == pdf.render(name, {"a": "留痕"}, at=AT)


def test_another_moment_gives_other_bytes(template: Callable[[str], str]) -> None:
    name = template("#data.a")
    assert pdf.render(name, {"a": "留痕"}, at=AT) != pdf.render(
        name, {"a": "留痕"}, at=AT + timedelta(days=1)
    )


def test_the_zone_of_the_moment_does_not_matter(template: Callable[[str], str]) -> None:
    name = template("#data.a")
    assert pdf.render(name, {"a": "1"}, at=AT) == pdf.render(name, {"a": "1"}, at=AT.astimezone())


def test_a_moment_without_zone_is_refused(template: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="zone"):
        pdf.render(template("#data.a"), {"a": "1"}, at=AT.replace(tzinfo=None))


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/passwd")',
        "#panic()",
        "$x^2$ \\u{41} \\",
        "[*bold*] _it_ `raw` <label> @ref",
        "// comment /* comment */ ~ --- '\"",
        "}])",
        '"+sys.inputs.font+"',
    ],
)
def test_typst_code_in_the_data_is_printed_as_text(
    text: str, template: Callable[[str], str], poppler: Callable[..., str]
) -> None:
    page = poppler("pdftotext", pdf.render(template("#data.a"), {"a": text}, at=AT), "-raw")
    assert page.strip("\n\f").split("\n")[0] == text


def test_control_characters_and_unknown_ones_are_printed_by_name(
    template: Callable[[str], str], poppler: Callable[..., str]
) -> None:
    page = poppler("pdftotext", pdf.render(template("#data.a.at(0)"), {"a": ["\x00\u202e😀\udcb5"]}, at=AT))
    assert page.startswith("〔U+0000〕〔U+202E〕〔U+1F600〕〔0xB5〕")


def test_a_glyph_that_slips_through_fails_instead_of_printing_a_box(template: Callable[[str], str]) -> None:
    with pytest.raises(pdf.PrintError) as refusal:
        pdf.render(template('#"\\u{1F600}"'), {}, at=AT)
    assert refusal.value.code == "print_failed"
    assert "could not be displayed" in refusal.value.facts["cause"]


def test_a_template_reads_nothing_outside_its_folder(template: Callable[[str], str]) -> None:
    with pytest.raises(pdf.PrintError):
        pdf.render(template('#read("../../../etc/hostname")'), {}, at=AT)


def test_the_chinese_font_is_embedded(
    font: PrintFont, template: Callable[[str], str], poppler: Callable[..., str]
) -> None:
    rows = poppler("pdffonts", pdf.render(template("#data.a"), {"a": "执法音像记录"}, at=AT)).splitlines()[2:]
    assert len(rows) == 1
    name, *_, embedded, _subset, unicode, _number, _generation = rows[0].split()
    assert font.family.replace(" ", "").lower() in name.lower()
    assert (embedded, unicode) == ("yes", "yes")


def test_without_a_font_nothing_is_printed(
    template: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> PrintFont:
        raise NoPrintFontError("没有", remedy="装")

    monkeypatch.setattr(pdf, "print_font", none)
    with pytest.raises(LiuhenError) as refusal:
        pdf.render(template("#data.a"), {"a": "1"}, at=AT)
    assert refusal.value.code == "no_cjk_font"
