"""Words, pieces and pinyin: what one search finds in another's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.base.recordings.lists.pinyin import begins_like, initials
from liuhen.base.recordings.lists.words import fold, pieces_of, pieces_to_find, words_of


def found(typed: str, text: str) -> bool:
    """As the index proposes and the words decide."""
    needle, words = fold(typed), words_of(text, text)
    there = pieces_of(words)
    pieces = pieces_to_find(needle)
    proposed = all(
        any(one.startswith(piece.text) for one in there) if piece.begins else piece.text in there
        for piece in pieces
    )
    return bool(pieces) and proposed and needle in words


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("检查", "城东市场检查.mp4"),
        ("检", "城东市场检查.mp4"),
        ("查", "城东市场检查.mp4"),
        ("市场检", "城东市场检查.mp4"),
        ("询问01", "张三询问01.mp4"),
        ("4701A01", "DCIM/4701A01_100001_20261119080000_0001.mp4"),
        ("4701a", "DCIM/4701A01_100001_20261119080000_0001.mp4"),
        ("100001", "DCIM/4701A01_100001_20261119080000_0001.mp4"),
        ("20261119080000", "DCIM/4701A01_100001_20261119080000_0001.mp4"),
        ("202611190800", "DCIM/4701A01_100001_20261119080000_0001.mp4"),
        ("4701A01_100001_20261119080000_0001.mp4", "DCIM/4701A01_100001_20261119080000_0001.mp4"),
        ("１００００１", "4701A01_100001.mp4"),
        ("IMG_2026", "img_20261119.jpg"),
        ("csjc", "城市检查.mp4"),
        ("𠮷野", "𠮷野家.mp4"),
        ("a", "a.mp4"),
    ],
)
def test_what_is_typed_finds_the_name(typed, text):
    assert found(typed, text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("检查", "检市查.mp4"),
        ("查检", "检查.mp4"),
        ("4701B", "4701A01.mp4"),
        ("100001", "4701A01_100002.mp4"),
    ],
)
def test_what_is_not_there_is_not_found(typed, text):
    assert not found(typed, text)


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=40))
def test_every_run_of_whole_chinese_characters_is_found(before, _, after):
    middle = "执法检查"
    assert found(middle, f"{before}{middle}{after}")


@given(st.text())
def test_any_text_can_be_folded_cut_and_looked_for(text):
    folded = fold(text)
    assert "\0" not in folded
    assert fold(folded) == folded or fold(fold(folded)) == fold(folded)
    assert all(piece and " " not in piece for piece in pieces_of(folded))
    assert all(piece.text for piece in pieces_to_find(folded))


def test_names_are_found_by_initials_and_by_spelling():
    assert initials("林一鸣") == "lym"
    for typed in ("lym", "ly", "l", "lin", "linyi", "linyiming", "linym"[:3]):
        assert begins_like("林一鸣", typed), typed
    for typed in ("ym", "lyms", "linx", "ming"):
        assert not begins_like("林一鸣", typed), typed


def test_a_character_with_two_readings_is_found_by_both():
    assert begins_like("单国强", "sgq")
    assert begins_like("单国强", "dgq")
    assert begins_like("曾立", "zeng")
    assert begins_like("曾立", "ceng")
