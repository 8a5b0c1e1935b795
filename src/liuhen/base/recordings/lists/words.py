"""Words as the search knows them: folded text, and the small pieces it is cut into.

- Folding: NFKC and case, so that full-width digits, compatibility forms and capitals find each other.
- Chinese is cut into pairs of neighbouring characters, and the last character alone, so that one character
  finds as the beginning of a pair. Letters and digits stay together as one piece.
- A run of eight or more digits is cut after every eighth: 20261119080000 is a day and a time of day.
- Finding by pieces only proposes; whoever proposes looks again whether the folded text holds the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .pinyin import initials

_CHINESE = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUNS = re.compile(f"([{_CHINESE}]+)|((?:(?![{_CHINESE}])[^\\W_])+)")
_LATIN = re.compile("[0-9A-Za-z]+")
_DIGITS = re.compile(r"([0-9]{8,})")
_DAY = 8
_LONGEST = 32
_SHORTEST_BEGINNING = 3


class Piece(NamedTuple):
    """What to look for: the piece itself, or whatever begins with it."""

    text: str
    begins: bool = False


def fold(text: str) -> str:
    """One spelling of what a person would call the same text."""
    if text.isascii() and text.isprintable():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text.replace("\0", "")).casefold()
    return "".join(char if char.isprintable() else " " for char in plain)


def words_of(card_path: str, name: str) -> str:
    """The folded words of one recording: its path on the card, its name, and the initials of their Chinese."""
    text = fold(card_path if card_path.endswith(name) else f"{card_path} {name}")
    if text.isascii():
        return text
    chinese = [match[1] for match in _RUNS.finditer(text) if match[1]]
    return " ".join([text, *dict.fromkeys(initials(run) for run in chinese)])


def pieces_of(words: str) -> dict[str, None]:
    """Every piece of folded words, once each and in their order, as the index keeps them."""
    if words.isascii():
        runs = _LATIN.findall(words)
        return dict.fromkeys(piece for run in runs for piece in _chunks(run))
    pieces: dict[str, None] = {}
    for match in _RUNS.finditer(words):
        cut = [*_pairs(match[1]), match[1][-1]] if match[1] else _chunks(match[2])
        pieces.update(dict.fromkeys(cut))
    return pieces


def pieces_to_find(folded: str) -> list[Piece]:
    """Pieces that every text holding `folded` has; none when nothing in it can be looked up."""
    found: list[Piece] = []
    runs = list(_RUNS.finditer(folded))
    for match in runs:
        if match[1]:
            found += [Piece(pair) for pair in _pairs(match[1])] or [Piece(match[1], begins=True)]
        else:
            found += _beginning(list(_chunks(match[2])), last=match is runs[-1])
    sure = [piece for piece in found if not piece.begins or len(piece.text) >= _SHORTEST_BEGINNING]
    chinese = [piece for piece in found if piece.begins and not piece.text.isascii()]
    return list(dict.fromkeys(sure or chinese or [Piece(piece.text) for piece in found]))


def _beginning(chunks: list[str], *, last: bool) -> list[Piece]:
    """Whole chunks; the last one of a term may go on."""
    whole = [Piece(chunk) for chunk in chunks]
    if last and len(chunks[-1]) < _LONGEST:
        whole[-1] = Piece(chunks[-1], begins=True)
    return whole


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def _chunks(run: str) -> Iterable[str]:
    return (run,) if len(run) <= _DAY else _cut(run)


def _cut(run: str) -> Iterator[str]:
    for part in filter(None, _DIGITS.split(run)):
        size = _DAY if len(part) >= _DAY and part.isdecimal() else _LONGEST
        yield from (part[place : place + size] for place in range(0, len(part), size))
