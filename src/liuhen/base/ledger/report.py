"""What `ledger verify` found: a stable code, a position where there is one, a sentence."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from liuhen.core.tlog.checkpoint import Checkpoint

MOST = 200  # findings listed; the rest are counted


@dataclass(frozen=True)
class LedgerFinding:
    """Position (None: the whole log), stable code, Chinese sentence."""

    position: int | None
    code: str
    text: str


@dataclass
class LedgerReport:
    """`size` and `root` are of the rows from the first on without a hole."""

    agency: str
    size: int = 0
    root: bytes = b""
    checkpoint: Checkpoint | None = None
    findings: list[LedgerFinding] = field(default_factory=list)
    more: int = 0  # findings beyond those listed

    @property
    def ok(self) -> bool:
        return not self.findings

    def say(self, position: int | None, code: str, text: str) -> None:
        if len(self.findings) < MOST:
            self.findings.append(LedgerFinding(position, code, text))
        else:
            self.more += 1

    def as_json(self) -> dict[str, object]:
        return {
            "agency": self.agency,
            "ok": self.ok,
            "size": self.size,
            "root": base64.b64encode(self.root).decode(),
            "checkpoint_size": self.checkpoint.size if self.checkpoint else None,
            "findings": [
                {"position": finding.position, "code": finding.code, "text": finding.text}
                for finding in self.findings
            ],
            "more": self.more,
        }
