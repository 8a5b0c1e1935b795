"""Errors that a person can act on.

- Every refusal carries a stable `code`, a Chinese `message` (what happened), and a `remedy` (怎么办).
- `basis` (依据) is set only where a rule refused: an article, a higher law, or 本系统安全规则.
- Facts for the engineer (paths, numbers, the cause) stand in `facts` and in `__cause__`, never in the
  sentence alone.
"""

from __future__ import annotations

from typing import Any


class LiuhenError(Exception):
    """Root of our errors. `str(error)` is the Chinese sentence, remedy included."""

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        basis: str | None = None,
        code: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.basis = basis
        self.code = code or type(self).code
        self.facts = facts

    def __str__(self) -> str:
        parts = [self.message]
        if self.basis:
            parts.append(f"依据：{self.basis}。")
        parts.append(f"怎么办：{self.remedy}")
        return "".join(parts)

    def as_json(self) -> dict[str, Any]:
        """The one JSON error shape: code, message, detail, article, remedy."""
        return {
            "code": self.code,
            "message": self.message,
            "detail": {key: str(value) for key, value in self.facts.items()},
            "article": self.basis,
            "remedy": self.remedy,
        }


class UsageError(LiuhenError):
    """The command was called wrongly (exit status 2)."""

    code = "usage"


class RefusedError(LiuhenError):
    """A rule or a guard said no (exit status 1)."""

    code = "refused"


class DamagedError(LiuhenError):
    """Bytes are not what they are recorded to be (exit status 1)."""

    code = "damaged"


class StorageError(LiuhenError):
    """A disk, card or store could not be read or written (exit status 1)."""

    code = "storage"
