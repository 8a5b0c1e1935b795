"""Whose card it is, when the card itself says so and its file names do not.

- Two places are asked, as the profiles (data) describe them: the volume label, and settings files in the
  card's root. They are claims like a file name: a person confirms, the ledger keeps where it was read.
- A settings file that cannot be read says nothing here; it is a file of the card and is reported when its
  own turn comes.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from liuhen.core.cards.errors import CardError
from liuhen.core.cards.filenames import shown_name
from liuhen.core.cards.listing import CardFile, CardListing
from liuhen.core.cards.patterns import compile_pattern
from liuhen.core.cards.profile import IniRule, Profile
from liuhen.core.cards.reader import open_card_file, read_chunks

_MAX_INI_BYTES: Final = 64 * 1024
_MAX_VALUE_CHARS: Final = 64
_SETTING: Final = re.compile(r"^[ \t]*([^\s=:#;\[][^=:]*?)[ \t]*[=:][ \t]*(.*?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class CardFacts:
    """What the card says of its bearer; `source` is `volume_label`, or the path of the settings file."""

    profile_id: str | None = None
    serial: str | None = None
    officer: str | None = None
    unit: str | None = None
    source: str | None = None


def card_facts(root: Path, listing: CardListing, profiles: Sequence[Profile]) -> CardFacts:
    """The first profile whose card rule finds something; empty facts when none does."""
    for profile in profiles:
        if profile.card is None:
            continue
        label = profile.card.volume_label
        if label and (facts := _from_label(label, listing.volume_label, profile.id)):
            return facts
        if profile.card.ini and (facts := _from_ini(root, listing, profile.card.ini, profile.id)):
            return facts
    return CardFacts()


def _from_label(pattern: str, label: str | None, profile_id: str) -> CardFacts | None:
    match = compile_pattern(pattern).fullmatch((label or "")[:_MAX_VALUE_CHARS])
    if match is None:
        return None
    groups = match.groupdict()
    return CardFacts(profile_id, groups.get("serial"), groups.get("officer"), None, "volume_label")


def _from_ini(root: Path, listing: CardListing, rule: IniRule, profile_id: str) -> CardFacts | None:
    for file in listing.files:
        if _is_settings(file, rule):
            settings = _settings(root, file)
            serial, officer, unit = (
                _first(settings, keys) for keys in (rule.serial, rule.officer, rule.unit)
            )
            if serial or officer:
                return CardFacts(profile_id, serial, officer, unit, file.path)
    return None


def _is_settings(file: CardFile, rule: IniRule) -> bool:
    name = file.path.casefold()
    if "/" in name or file.size > _MAX_INI_BYTES:
        return False
    return any(fnmatch.fnmatchcase(name, pattern.casefold()) for pattern in rule.files)


def _settings(root: Path, file: CardFile) -> dict[str, str]:
    try:
        with open_card_file(root, file) as fd:
            data = b"".join(_at_most(_MAX_INI_BYTES, read_chunks(fd, path=file.path)))
    except CardError:
        return {}  # see the module's second rule
    text = _decoded(data).replace("\r", "\n")
    return {key.casefold(): value for key, value in reversed(_SETTING.findall(text))}


def _at_most(limit: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[:limit]
        limit -= len(chunk)
        if limit <= 0:
            return


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gbk", "replace")


def _first(settings: dict[str, str], keys: Sequence[str]) -> str | None:
    for key in keys:
        if value := settings.get(key.casefold(), "").strip("\"'"):
            return shown_name(value[:_MAX_VALUE_CHARS].encode())[0]
    return None
