"""Name patterns that an office may write itself: regular expressions, and how much work they may cost.

- Only literals, classes, groups, alternatives and counted repeats; no look-around, no back-reference, no
  lazy or possessive repeat, no flags. Letters match either case; `\\d` is ASCII.
- A pattern is accepted only when the number of ways to walk it through a 255-character name is at most
  20,000, counted from its text: nested or neighbouring open repeats are refused before they run once.
- Known groups only: serial, officer, ts | date + time | ms, seq, stream, imp, ext.
"""

from __future__ import annotations

import re
from typing import Final

MAX_NAME_CHARS: Final = 255
MAX_WAYS: Final = 20_000
KNOWN_GROUPS: Final = frozenset(
    {"serial", "officer", "ts", "date", "time", "ms", "seq", "stream", "imp", "ext"}
)
_TIME_STYLES: Final = ({"ts"}, {"date", "time"}, {"ms"}, set[str]())
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}|[?*+]")
_GROUP = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))")
# No bare bracket and no doubled operator inside a class: Python warns that they may come to mean sets of
# sets, and reads a leading `]` as a letter.
_CLASS = re.compile(r"\[(?!\^?\])\^?(?:\\.|(?!--|&&|~~|\|\|)[^\[\]\\])+\]")
_ESCAPE = re.compile(r"\\(?:[dDwWsS]|[^A-Za-z0-9])")
_OPEN_END: Final = MAX_NAME_CHARS


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern after judging it. Raises ValueError with a Chinese sentence."""
    try:
        ways = _Ways(text).count()
        pattern = re.compile(text, re.IGNORECASE | re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"不是合法的正则表达式：{error}") from error
    names = set(pattern.groupindex)
    if unknown := names - KNOWN_GROUPS:
        raise ValueError(f"不认识的组名：{'、'.join(sorted(unknown))}")
    if names & {"ts", "date", "time", "ms"} not in _TIME_STYLES:
        raise ValueError("时间只能用一种写法：ts，或 date 加 time，或 ms")
    if ways > MAX_WAYS:
        raise ValueError(f"匹配可能过慢（路径数 {ways} 超过 {MAX_WAYS}）：请给重复写上上限，不要嵌套重复")
    return pattern


class _Ways:
    """Counts how many ways a pattern can be walked; alternatives add, neighbours multiply."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def count(self) -> int:
        ways = self._alternatives()
        if self.at != len(self.text):
            raise self._refusal()
        return ways

    def _alternatives(self) -> int:
        ways = self._sequence()
        while self._peek("|"):
            self.at += 1
            ways += self._sequence()
        return min(ways, MAX_WAYS * 10)

    def _sequence(self) -> int:
        ways = 1
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            ways = min(ways * self._repeated(self._atom()), MAX_WAYS * 10)
        return ways

    def _atom(self) -> int:
        if match := _GROUP.match(self.text, self.at):
            self.at = match.end()
            ways = self._alternatives()
            if not self._peek(")"):
                raise self._refusal()
            self.at += 1
            return ways
        match = _CLASS.match(self.text, self.at) or _ESCAPE.match(self.text, self.at)
        if match:
            self.at = match.end()
        elif self.text[self.at] in "\\[(*+?{":
            raise self._refusal()
        else:
            self.at += 1
        return 1

    def _repeated(self, ways: int) -> int:
        match = _REPEAT.match(self.text, self.at)
        if match is None:
            return ways
        self.at = match.end()  # a second mark (lazy, possessive) is refused as an atom of its own
        least, most = _bounds(match)
        return _sum_of_powers(ways, least, most)

    def _peek(self, char: str) -> bool:
        return self.text.startswith(char, self.at)

    def _refusal(self) -> ValueError:
        return ValueError(f"第 {self.at + 1} 个字符起的写法不支持：{self.text[self.at : self.at + 12]}")


def _bounds(match: re.Match[str]) -> tuple[int, int]:
    symbol = match.group()
    if symbol in "?*+":
        return (1 if symbol == "+" else 0), (1 if symbol == "?" else _OPEN_END)
    least = int(match.group(1))
    if match.group(2) is None:
        return least, least
    return least, int(match.group(3) or _OPEN_END)


def _sum_of_powers(ways: int, least: int, most: int) -> int:
    """Ways of repeating an atom `least` to `most` times: the sum of ways**k, cut off far above the limit."""
    total, power = 0, 1
    for times in range(min(most, _OPEN_END) + 1):
        if times >= least:
            total += power
        power *= ways
        if total > MAX_WAYS or power > MAX_WAYS * 10:
            return MAX_WAYS * 10
    return max(total, 1)
