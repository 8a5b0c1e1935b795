"""A finding about records of fieldwork, as data: code, figures, a Chinese sentence, what to do, article, severity.

- Severity: `MUST` (an article asks for it and it is not there), `SHOULD` (somebody has to look), `NOTE` (to be
  known, nothing to do). What a single file shows to the analyser stands in media/findings.py, with its own codes.
- `article` is the number in the pack that was judged by; None where no text stands behind it (本系统安全规则).
- The `params` are plain values (text, numbers, ISO 8601 moments), so that a finding can be kept and told again.
- A finding deletes nothing and is closed only by somebody's act; here it is only worked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from .findings_words import WORDS

Severity = Literal["MUST", "SHOULD", "NOTE"]
MUST: Severity = "MUST"
SHOULD: Severity = "SHOULD"
NOTE: Severity = "NOTE"

_SHANGHAI = timezone(timedelta(hours=8))  # of the sentences; params keep the offset


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `text` says what is, `remedy` (怎么办) what to do about it."""

    code: str
    severity: Severity
    text: str
    remedy: str
    params: Mapping[str, Any] = field(default_factory=dict)
    article: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Keys: code, severity, text, remedy, params, article."""
        return {
            "code": self.code,
            "severity": self.severity,
            "text": self.text,
            "remedy": self.remedy,
            "params": dict(self.params),
            "article": self.article,
        }


def found(code: str, severity: Severity, *, article: str | None = None, **params: Any) -> Finding:
    """One finding, its sentence filled in. Moments among `params` are aware datetimes, told in Shanghai's time.

    Raises KeyError for a code without words, or for a figure its sentence needs.
    """
    text, remedy = WORDS[code]
    return Finding(
        code,
        severity,
        text.format(**{key: _told(key, value) for key, value in params.items()}),
        remedy,
        {key: _kept(value) for key, value in params.items()},
        article,
    )


def _told(key: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(_SHANGHAI):%Y-%m-%d %H:%M:%S}"
    if key in ("seconds", "offset") or key.endswith("_seconds"):
        return length_in_words(value)
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value))
    return value


def _kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 6)
    return list(value) if isinstance(value, tuple) else value


def length_in_words(seconds: float) -> str:
    """`0.33 秒`, `1 分 05 秒`, `21 小时 58 分 28 秒`; the sign is dropped: the sentence says which way."""
    length = abs(seconds)
    if length < 60:
        return f"{length:.2f}".rstrip("0").rstrip(".") + " 秒"
    whole = round(length)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} 小时 {minutes:02d} 分 {rest:02d} 秒"
    return f"{minutes} 分 {rest:02d} 秒"
