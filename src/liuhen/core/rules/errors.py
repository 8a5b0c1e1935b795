"""What is wrong with a pack, a calendar or facts: one line each, with the place and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UsageError


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where (`pack.yaml:12 clocks.0.within`), what, and what to do."""

    place: str
    message: str
    remedy: str
    code: str

    def __str__(self) -> str:
        return f"{self.place}：{self.message}怎么办：{self.remedy}"


class FaultsError(UsageError):
    """Everything that was found wrong, in the order of the file."""

    def __init__(self, what: str, faults: Sequence[Fault], code: str) -> None:
        self.faults = tuple(faults)
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"{what}：\n{lines}\n", remedy="请按每行所说的改正后再试。", code=code)


class PackError(FaultsError):
    """A pack cannot be used. Raised whole: nothing of it is used."""

    def __init__(self, what: str, faults: Sequence[Fault]) -> None:
        super().__init__(what, faults, "pack_invalid")


class FactsError(FaultsError):
    """Facts cannot be judged."""

    def __init__(self, what: str, faults: Sequence[Fault]) -> None:
        super().__init__(what, faults, "facts_invalid")
