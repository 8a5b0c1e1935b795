"""What the rulebook's tests share: a pack with another version, and adopting it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from the_office import AT

from liuhen.base.rulebook.models import Adoption
from liuhen.base.rulebook.services import adopt, candidate
from liuhen.core.rules.starter import write_starter


def pack_in(folder: Path, **changes: str) -> Path:
    """The starter pack with words replaced: `pack_in(tmp, PT24H="PT48H")`; `_` stands for every other sign."""
    write_starter(folder)
    path = folder / "pack.yaml"
    text = path.read_text(encoding="utf-8")
    for before, after in changes.items():
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return folder


def adopted(people: SimpleNamespace, folder: Path, day: str, **how: Any) -> Adoption:
    how = {"by": people.legal, "at": AT} | how
    return adopt(candidate(folder), people.legal.agency, date.fromisoformat(day), **how)
