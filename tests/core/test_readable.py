"""The quick writer writes what `json.dumps` writes: inventories of older objects are compared letter for letter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.readable import readable

_text = st.text(st.characters(exclude_categories=["Cs"]))
_leaf = st.none() | st.booleans() | st.integers() | _text
_value = st.recursive(_leaf, lambda each: st.lists(each) | st.dictionaries(_text, each), max_leaves=30)


@given(_value, st.sampled_from([1, 2, 4]), st.booleans())
def test_it_writes_what_json_writes(value: object, indent: int, sort_keys: bool) -> None:
    expected = json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=sort_keys) + "\n"
    assert readable(value, indent=indent, sort_keys=sort_keys) == expected.encode()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_the_same(number: float) -> None:
    assert json.loads(readable({"n": number}))["n"] == number


def test_what_is_no_number_is_null() -> None:
    assert json.loads(readable([float("nan"), float("inf")])) == [None, None]


@pytest.mark.parametrize("value", ["\ud800", {"k\ud800": 1}, object()])
def test_what_has_no_spelling_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        readable(value)
