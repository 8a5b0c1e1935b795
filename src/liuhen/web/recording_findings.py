"""What the page of a recording says of findings: each with its meaning and 怎么办, and the parts that the lane shows."""

from __future__ import annotations

from typing import Any

from liuhen.base.recordings.models import Finding, Recording
from liuhen.base.recordings.remedies import SEVERITIES, meaning_of

# Parts that can hardly be seen or heard, in the lane's words.
STRETCHES = {
    "dark": "太暗",
    "covered": "可能被遮挡",
    "blurred": "模糊",
    "frozen": "画面不动",
    "silent": "无声",
}
_TONES = {"note": "info", "warning": "warning", "error": "error", "MUST": "error"}


def findings_of(recording: Recording) -> list[dict[str, Any]]:
    rows = []
    for row in recording.findings.order_by("pk"):
        meaning, remedy = meaning_of(row.code)
        rows.append(
            {
                "text": row.text,
                "meaning": meaning,
                "remedy": remedy,
                "severity": SEVERITIES.get(row.severity, row.severity),
                "tone": _TONES.get(row.severity, "warning"),
                "seconds": _begins(row),
            }
        )
    return rows


def _begins(row: Finding) -> float | None:
    """The second to jump to, where the finding is about a part of the film."""
    if row.code == "gap":
        start: float | None = row.params.get("start")
        return start
    parts = _parts(row)
    return parts[0][0] if parts and parts[0][1] > 0 else None


def _parts(row: Finding) -> list[tuple[float, float]]:
    if row.code not in STRETCHES:
        return []
    return [(float(start), float(end)) for start, end in row.params.get("stretches") or []]


def stretches_of(recording: Recording) -> list[dict[str, Any]]:
    """For the lane: {start, end, kind, label}, in seconds after the start."""
    rows = recording.findings.filter(code__in=STRETCHES).order_by("pk")
    return [
        {"start": start, "end": end, "kind": row.code, "label": STRETCHES[row.code]}
        for row in rows
        for start, end in _parts(row)
    ]


def legend_of(stretches: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(code, words) of what occurs, in the order of the table."""
    there = {one["kind"] for one in stretches}
    return [(code, words) for code, words in STRETCHES.items() if code in there]
