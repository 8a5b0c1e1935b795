"""What is typed in the search box, understood term by term; every term must hold of a recording.

- A day, month or span narrows when it was taken. A word of the lists themselves (待归属, 照片) chooses.
- Anything else is looked for in three places at once, and one is enough: in the registers (officers, units,
  devices; names also by pinyin), among numbers and digests, and in the words of file names and folders.
- The registers are asked at the moment of the search: a renamed unit is found by its new name at once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Agency, Officer, Unit

from ..models import Recording, Series
from ..numbers import RECORDING
from .days import Days, days_in
from .models import listed_id
from .pinyin import begins_like
from .words import Piece, fold, pieces_to_find

MOST_CHARACTERS, MOST_TERMS = 200, 8
_MOST_NAMED = 300  # officers, units or devices that one term may stand for
_MOST_IDS = 200
_SEPARATORS = re.compile(r"[\s,，、;；]+")
_HEX = re.compile(r"[0-9a-f]{8,64}")
_NUMBER = re.compile(r"([0-9]{4})-([0-9]{1,9})")
_LAST = "\uffff"

WORDS: dict[str, tuple[str, str]] = {
    "待归属": ("state", "to_assign"),
    "在库": ("state", "stored"),
    "录像": ("kind", "video"),
    "视频": ("kind", "video"),
    "录音": ("kind", "audio"),
    "音频": ("kind", "audio"),
    "照片": ("kind", "photo"),
    "图片": ("kind", "photo"),
    "有发现": ("findings", "yes"),
    "有问题": ("findings", "yes"),
}


@dataclass(frozen=True)
class Named:
    """One row of a register that a term may stand for."""

    column: str
    key: int
    label: str


@dataclass(frozen=True)
class Term:
    """One term as it was understood; `text` is how it was typed."""

    text: str
    needle: str = ""
    pieces: tuple[Piece, ...] = ()
    named: tuple[Named, ...] = ()
    ids: frozenset[int] = frozenset()
    days: Days | None = None
    choice: tuple[str, str] | None = None

    @property
    def looks_in_words(self) -> bool:
        return self.days is None and self.choice is None

    def in_words(self) -> str:
        """For the chip that shows it."""
        if self.days:
            return f"拍摄日期：{self.days.in_words()}"
        if self.choice:
            return self.text
        told = [f"{row.label}" for row in self.named[:2]]
        if len(self.named) > 2:
            told[-1] += f" 等 {len(self.named)} 个"
        if self.ids:
            told.append("编号或摘要相符")
        return "，或".join([*told, f"文件名含“{self.text}”"])


@dataclass(frozen=True)
class Understood:
    terms: tuple[Term, ...] = ()
    notices: tuple[str, ...] = ()


def understand(text: str, agency: Agency, today: date) -> Understood:
    """The terms of one search box, and what the person should know of how they were read."""
    notices = []
    if len(text) > MOST_CHARACTERS:
        notices.append(f"搜索词太长，只用了前 {MOST_CHARACTERS} 个字。")
    parts = list(dict.fromkeys(filter(None, _SEPARATORS.split(text[:MOST_CHARACTERS].replace("\0", " ")))))
    if len(parts) > MOST_TERMS:
        notices.append(f"搜索词太多，只用了前 {MOST_TERMS} 个。")
    registers = Registers(agency)
    terms = [_term(part, registers, today) for part in parts[:MOST_TERMS]]
    if empty := [term.text for term in terms if not _says_anything(term)]:
        notices.append(f"“{'”、“'.join(empty)}”里没有可以查找的文字，已略去。")
    return Understood(tuple(filter(_says_anything, terms)), tuple(notices))


def _says_anything(term: Term) -> bool:
    return bool(term.pieces or term.named or term.ids or term.days or term.choice)


def _term(text: str, registers: Registers, today: date) -> Term:
    needle = fold(text).strip()
    if needle in WORDS:
        return Term(text, choice=WORDS[needle])
    days = days_in(needle, today)
    if days and not registers.has_number(needle):
        return Term(text, days=days)
    return Term(
        text,
        needle,
        tuple(pieces_to_find(needle)),
        tuple(registers.named(needle))[:_MOST_NAMED],
        frozenset(_ids(needle, registers.agency)),
    )


@dataclass
class Registers:
    """Officers, units and devices of one agency, read once a search."""

    agency: Agency
    _seen: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def _officers(self) -> list[tuple[int, str, str, str]]:
        rows = Officer.objects.filter(agency=self.agency).order_by("staff_no")
        return list(rows.values_list("pk", "name", "staff_no", "certificate_no"))

    @cached_property
    def _units(self) -> list[tuple[int, str, str]]:
        return list(
            Unit.objects.filter(agency=self.agency).order_by("code").values_list("pk", "name", "code")
        )

    @cached_property
    def _devices(self) -> list[tuple[int, str, str]]:
        rows = Device.objects.filter(agency=self.agency).order_by("serial")
        return list(rows.values_list("pk", "serial", "model"))

    def has_number(self, needle: str) -> bool:
        """Is it the whole number of an officer or a device? Then it is no date."""
        return any(needle == fold(row[2]) for row in self._officers) or any(
            needle == fold(row[1]) for row in self._devices
        )

    def named(self, needle: str) -> Iterator[Named]:
        letters = needle.isascii() and needle.isalpha() and len(needle) >= 2
        for key, name, staff_no, certificate in self._officers:
            by_number = len(needle) >= 3 and _begins(needle, staff_no, certificate)
            if by_number or _in_name(needle, name, letters):
                yield Named("holder", key, f"执法人员 {name}")
        for key, name, code in self._units:
            if (len(needle) >= 6 and _begins(needle, code)) or _in_name(needle, name, letters):
                yield Named("unit", key, f"科室 {name}")
        for key, serial, model in self._devices:
            in_serial = len(needle) >= 3 and needle in fold(serial)
            if in_serial or (model and len(needle) >= 2 and needle in fold(model)):
                yield Named("device", key, f"设备 {serial}")


def _begins(needle: str, *numbers: str) -> bool:
    return any(fold(number).startswith(needle) for number in numbers)


def _in_name(needle: str, name: str, letters: bool) -> bool:
    return needle in fold(name) or (letters and begins_like(name, needle))


def _ids(needle: str, agency: Agency) -> Iterable[int]:
    """Rows whose number, digest or OCFL id begins so."""
    found: set[int] = set()
    for some in filter(None, (_by_number(needle, agency), _by_digest(needle), _by_id(needle))):
        for column, first, last in some:
            wanted = {f"{column}__gte": first, f"{column}__lte": last}
            # Numbers name their agency; digests and ids are asked for alone, by their own index.
            rows = Recording.objects.filter(**wanted, **({"agency": agency} if column == "number" else {}))
            told = rows.values_list("agency_id", "position")[:_MOST_IDS]
            found.update(position for owner, position in told if owner == agency.pk)
    return {listed_id(agency.pk, position) for position in found}


_Spans = list[tuple[str, object, object]]


def _by_number(needle: str, agency: Agency) -> _Spans | None:
    """demo-yx-2026-000123, 2026-000123 and 123 name the same; 2026-0001 begins several."""
    if needle.isascii() and needle.isdecimal() and len(needle) <= 9:
        years = Series.objects.filter(agency=agency, kind=RECORDING).values_list("year", flat=True)
        return [_exactly(agency, year, needle) for year in years] if int(needle) else None
    match = _NUMBER.fullmatch(needle.removeprefix(f"{agency.code}-").removeprefix(f"{RECORDING.casefold()}-"))
    if match:
        begun = f"{agency.code}-{RECORDING}-{match[1]}-{match[2]}"
        spans: _Spans = [("number", begun, begun + _LAST)] if match[2].startswith("0") else []
        return [*spans, _exactly(agency, int(match[1]), match[2])]
    return None


def _exactly(agency: Agency, year: int, digits: str) -> tuple[str, object, object]:
    number = f"{agency.code}-{RECORDING}-{year}-{int(digits):06d}"
    return "number", number, number


def _by_digest(needle: str) -> _Spans | None:
    if not _HEX.fullmatch(needle) or (needle.isdecimal() and len(needle) < 16):
        return None
    return [(column, needle, needle + "g") for column in ("sha256", "sm3")]


def _by_id(needle: str) -> _Spans | None:
    bare = needle.removeprefix("urn:uuid:")
    if len(bare) != 36:
        return None
    try:
        key = uuid.UUID(bare)
    except ValueError:
        return None
    return [("pk", key, key)]
