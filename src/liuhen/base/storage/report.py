"""What a rebuild made, and every difference it met."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class RebuildReport:
    """`kept`: where the database lies that stood there before; `notes`: what to do next, not a difference.

    `claimed`: numbers borne by objects that no ledger knows.
    """

    ledgers: list[dict[str, Any]] = field(default_factory=list)
    recordings: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    claimed: set[str] = field(default_factory=set)
    kept: Path | None = None

    @property
    def ok(self) -> bool:
        return not self.differences

    def differ(self, code: str, text: str, **facts: Any) -> None:
        self.differences.append({"code": code, "text": text, **facts})
