"""Names as a card has them, as people read them, as the store keeps them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.cards.filenames import escaped_path, safe_name, shown_name, shown_path

_COMPONENT = st.binary(min_size=1, max_size=40).map(lambda raw: raw.replace(b"/", b"-").replace(b"\0", b"0"))


@pytest.mark.parametrize(
    ("raw", "shown", "encoding"),
    [
        ("现场.mp4".encode(), "现场.mp4", "utf-8"),
        ("现场.mp4".encode("gbk"), "现场.mp4", "gbk"),
        (b"caf\xe9.mp4", "caf\\xe9.mp4", "escaped"),
        (b"a\nb.mp4", "a\\x0ab.mp4", "escaped"),
        ("gpj\u202eexe".encode(), "gpj\\xe2\\x80\\xaeexe", "escaped"),
        (b"a\\x41.mp4", "a\\x5cx41.mp4", "escaped"),
        (b"a\\b.mp4", "a\\b.mp4", "utf-8"),
        ("现\n场".encode("gbk"), "\\xcf\\xd6\\x0a\\xb3\\xa1", "escaped"),
    ],
)
def test_a_name_is_shown_as_a_person_can_read_it(raw, shown, encoding):
    assert shown_name(raw) == (shown, encoding)


def test_a_path_with_a_gbk_folder_says_that_it_was_gbk():
    assert shown_path("现场".encode("gbk") + b"/a.mp4") == ("现场/a.mp4", "gbk")
    assert shown_path(b"\xff/" + "现场".encode("gbk")) == ("\\xff/现场", "escaped")


@given(_COMPONENT)
def test_a_shown_name_holds_nothing_that_disturbs_a_terminal(raw):
    shown, _ = shown_name(raw)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    shown.encode("utf-8")


@given(_COMPONENT, _COMPONENT)
def test_two_names_shown_without_gbk_never_look_the_same(one, other):
    (first, how), (second, how_else) = shown_name(one), shown_name(other)
    if one != other and "gbk" not in (how, how_else):
        assert first != second
    assert (escaped_path(one) == escaped_path(other)) == (one == other)


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("现场.mp4", "现场.mp4"),
        ("..mp4", "..mp4"),
        ("-rf", "-rf"),
        ("CON", "CON"),
        ("50%.mp4", "50%.mp4"),
        ("...", "..%2e"),
        ("..", ".%2e"),
        (".", "%2e"),
        ("", "unnamed"),
        ("a. ", "a.%20"),
        (" a", "%20a"),
        ("a/b\\c\nd.mp4", "a%2fb%5cc%0ad.mp4"),
        ("caf\\xe9.mp4", "caf%e9.mp4"),
        ("\udce9.mp4", "%e9.mp4"),
        ("\ud800.mp4", "%ed%a0%80.mp4"),
    ],
)
def test_the_store_keeps_the_same_name_where_it_can(shown, kept):
    assert safe_name(shown) == kept


def test_a_name_too_long_is_cut_keeps_its_extension_and_stays_apart_from_its_neighbour():
    one, other = safe_name("录" * 127 + "1.mp4"), safe_name("录" * 127 + "2.mp4")
    assert one != other
    assert one.endswith(".mp4")
    assert one.startswith("录" * 70)
    assert 250 <= len(one.encode()) <= 255
    assert len(safe_name("." + "x" * 300).encode()) <= 255


@given(st.text(max_size=400))
def test_a_kept_name_is_always_one_plain_component(text):
    name = safe_name(text)
    assert name not in ("", ".", "..")
    assert not {"/", "\\", "\0", "\n"} & set(name)
    assert 0 < len(name.encode("utf-8")) <= 255
    assert safe_name(text) == name
    assert name[-1] not in " ."
