"""What codes of an activity are called: in the regulation's own words where it has them."""

from __future__ import annotations

from liuhen.core.rules.pack import Matter, Pack
from liuhen.core.rules.terms import NAMES

from .marking import choices

OBLIGATIONS = {"must": "应当记录", "should": "一般应记录", "as_fit": "视情形记录", "need_not": "可以不记录"}


def matter_of(pack: Pack | None, code: str) -> Matter | None:
    return next((one for one in pack.matters if one.code == code), None) if pack else None


def matter_in_words(pack: Pack | None, code: str) -> str:
    """The regulation's name of a matter; the code itself where nobody knows it."""
    if not code:
        return "未填事项"
    known = matter_of(pack, code)
    return known.name if known else NAMES.get(code, code)


def mark_in_words(pack: Pack | None, code: str) -> str:
    return next((one.label for one in choices(pack) if one.code == code), NAMES.get(code, code))
