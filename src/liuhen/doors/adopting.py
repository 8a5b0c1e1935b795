"""What is asked of a pack before it is adopted: its shape, its examples, and that what its articles name is there."""

from __future__ import annotations

from pathlib import Path

from liuhen.base.rulebook.services import Candidate, candidate
from liuhen.core.rules.errors import PackError

from .coverage import unresolved


def looked_over(folder: Path) -> Candidate:
    """The pack of a folder, fit to be adopted. Raises PackError with everything that is wrong."""
    chosen = candidate(folder)
    faults = unresolved(chosen.pack, folder)
    if faults:
        raise PackError("规则包不能采用", faults)
    return chosen
