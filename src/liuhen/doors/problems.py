"""What a refusal is to whoever asked over HTTP: its status, and the one JSON error shape.

- A LiuhenError's class and code give the status; "not yours" and "not there" are the same 404.
- `detail` carries only facts that a program goes on with; never a path of this computer, never the cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from liuhen.core.errors import DamagedError, LiuhenError, RefusedError, StorageError, UsageError

STATUS_BY_CODE = {
    "not_allowed": 404,
    "not_found": 404,
    "bad_cursor": 400,
    "secret_exposed": 500,
    "secret_damaged": 500,
    "too_large": 413,
    "no_room": 507,
    "too_many": 429,
    "range": 416,
    "token_unknown": 401,
    "token_failures": 429,
    "scope_missing": 403,
    "csrf": 403,
    "unsupported": 415,
}
STATUS_BY_CLASS: tuple[tuple[type[LiuhenError], int], ...] = (
    (UsageError, 400),
    (RefusedError, 409),
    (DamagedError, 500),
    (StorageError, 503),
    (LiuhenError, 500),
)
_TOLD = ("offset", "state", "unfinished", "size", "free", "serial", "recordings", "act", "seconds")


@dataclass(frozen=True)
class Problem:
    status: int
    message: str
    remedy: str
    basis: str | None = None
    code: str = "error"
    title: str = ""
    back: str = ""  # where the one button leads
    back_words: str = "返回首页"
    detail: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The one JSON error shape."""
        return {
            "code": self.code,
            "message": self.message,
            "detail": self.detail,
            "article": self.basis,
            "remedy": self.remedy,
        }


def status_of(error: LiuhenError) -> int:
    if error.code in STATUS_BY_CODE:
        return STATUS_BY_CODE[error.code]
    return next(status for kind, status in STATUS_BY_CLASS if isinstance(error, kind))


def problem_of(error: LiuhenError) -> Problem:
    detail = {name: error.facts[name] for name in _TOLD if name in error.facts}
    return Problem(status_of(error), error.message, error.remedy, error.basis, error.code, detail=detail)
