from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

from liuhen.prints.fonts import NoPrintFontError, PrintFont, find_font, gb2312


def test_gb2312_has_its_7445_characters() -> None:
    assert len(gb2312()) == 7445
    assert {ord("啊"), ord("齄"), ord("，"), ord("①")} <= gb2312()


def test_without_a_font_the_refusal_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoPrintFontError, match="怎么办：") as refusal:
        find_font(tmp_path / "absent", installed=False)
    assert refusal.value.code == "no_cjk_font"
    assert "make setup" in refusal.value.remedy


def test_a_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"\x00\x01\x00\x00" + b"\xff" * 400)
    with pytest.raises(NoPrintFontError):
        find_font(tmp_path, installed=False)


def test_the_print_font_holds_all_of_gb2312(font: PrintFont) -> None:
    assert font.characters >= gb2312()
    assert font.path.is_file()


def a_font_with(characters: frozenset[int], path: Path) -> None:
    """A font file whose every character looks the same."""
    builder = FontBuilder(unitsPerEm=1000)
    builder.setupGlyphOrder([".notdef", "mark"])
    builder.setupCharacterMap(dict.fromkeys(sorted(characters), "mark"))
    builder.setupGlyf({name: Glyph() for name in (".notdef", "mark")})
    builder.setupHorizontalMetrics(dict.fromkeys((".notdef", "mark"), (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Probe", "styleName": "Regular", "psName": "Probe-Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_a_complete_font_in_the_folder_is_taken(tmp_path: Path) -> None:
    a_font_with(gb2312(), tmp_path / "whole.ttf")
    assert find_font(tmp_path, installed=False).family == "Probe"


def test_one_missing_character_makes_a_font_a_subset(tmp_path: Path) -> None:
    a_font_with(gb2312() - {ord("镇")}, tmp_path / "subset.ttf")
    with pytest.raises(NoPrintFontError):
        find_font(tmp_path, installed=False)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A complete font in the user's own font folder, under a name that counts."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("liuhen.prints.fonts.INSTALLED", ("Probe",))
    path = tmp_path / "home" / ".local" / "share" / "fonts" / "installed.ttf"
    path.parent.mkdir(parents=True)
    a_font_with(gb2312(), path)
    return path


def test_an_installed_font_serves_where_the_folder_has_none(installed: Path, tmp_path: Path) -> None:
    assert find_font(tmp_path / "absent").path == installed


@pytest.mark.usefixtures("installed")
def test_the_folder_goes_before_the_installed_fonts(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    a_font_with(gb2312(), tmp_path / "fonts" / "whole.ttf")
    assert find_font(tmp_path / "fonts").path == tmp_path / "fonts" / "whole.ttf"
