"""Pinyin of names: the one wrapper of pypinyin.

A character with several readings is found by each of them (单 as shan and dan). What is typed may be the
initials (lym) or the spelling (linyiming), from the beginning of the name. The dictionary takes a quarter of the
program's start to load, and is loaded at the first name.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=50_000)
def initials(text: str) -> str:
    """The first letters of the usual reading: 林一鸣 -> lym; other characters as they are."""
    from pypinyin import Style, pinyin

    return "".join(row[0][0] for row in pinyin(text, style=Style.FIRST_LETTER))


def begins_like(name: str, typed: str) -> bool:
    """Does `typed` (lower-case letters) spell the beginning of the name, by initials or in full?"""
    readings = _readings(name)
    return _by_initials(readings, typed) or _in_full(readings, typed)


@lru_cache(maxsize=50_000)
def _readings(name: str) -> tuple[tuple[str, ...], ...]:
    from pypinyin import Style, pinyin

    return tuple(tuple(row) for row in pinyin(name, style=Style.NORMAL, heteronym=True))


def _by_initials(readings: tuple[tuple[str, ...], ...], typed: str) -> bool:
    if len(typed) > len(readings):
        return False
    return all(any(one[:1] == letter for one in row) for row, letter in zip(readings, typed, strict=False))


def _in_full(readings: tuple[tuple[str, ...], ...], typed: str) -> bool:
    """The last syllable may be unfinished."""
    rest = {typed}
    for row in readings:
        after: set[str] = set()
        for left in rest:
            for one in row:
                if one.startswith(left):
                    return True
                if left.startswith(one):
                    after.add(left[len(one) :])
        rest = after
    return False
