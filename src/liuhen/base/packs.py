"""The packs and calendars that ship with the program."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from liuhen.core.errors import UsageError
from liuhen.core.rules.calendar import Calendar, load_calendar
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.reading import read_pack

FOLDER = Path(__file__).resolve().parents[1] / "packs"


class UnknownPackError(UsageError):
    code = "unknown_pack"


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    return load_calendar(FOLDER / "calendars")


def shipped() -> list[str]:
    """Ids, in alphabetical order."""
    return sorted(path.parent.name for path in FOLDER.glob("*/pack.yaml"))


@lru_cache(maxsize=32)
def pack_of(name: str) -> Pack:
    """Raises UnknownPackError, PackError."""
    return read_pack(folder_of(name))


def folder_of(name: str) -> Path:
    """A shipped pack by its id, or any folder that holds a pack. Raises UnknownPackError."""
    if name in shipped():
        return FOLDER / name
    folder = Path(name)
    if (folder / "pack.yaml").is_file():
        return folder
    raise UnknownPackError(
        f"没有规则包 {name}。",
        remedy=f"随程序的有：{'、'.join(shipped())}；也可以给出放有 pack.yaml 的文件夹。",
    )
