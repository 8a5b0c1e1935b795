"""《时间一致性核对表》: each on-site document's start and end against the recordings' (JJ 5).

- The raw difference is always in the row, whatever the tolerance: recording − document, in seconds.
- A document is compared with the recordings that overlap its own time, joined where they follow each other; several
  devices count together. Without an overlap the nearest recording's difference is told, and that nothing was recorded.
- MUST only where the pack says that the times agree (`time_agreement` in its span); elsewhere the table is a note. A
  recording that goes beyond the document at either end differs, too: the text asks for agreement.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..findings import MUST, NOTE, Finding, Severity, found
from ..intervals import union
from ..rules.pack import Pack

Verdict = Literal["agrees", "differs", "not_recorded", "untimed", "off_site"]
Stretch = tuple[datetime, datetime]

TOLERANCE = 60.0  # seconds; documents tell minutes
JOIN = timedelta(minutes=1)  # recordings that near follow each other: one session


@dataclass(frozen=True, slots=True)
class DocumentTimes:
    """A document's own times. `name` is its kind and number; `on_site` False: made elsewhere, not compared."""

    name: str
    start: datetime | None
    end: datetime | None
    on_site: bool = True
    id: str = ""  # whatever names it where its name may not stand


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Differences in seconds, recording − document; None where one side is missing."""

    document: DocumentTimes
    recorded: Stretch | None
    start_difference: float | None
    end_difference: float | None
    verdict: Verdict
    findings: tuple[Finding, ...] = ()


def time_agreement(
    pack: Pack,
    documents: Sequence[DocumentTimes],
    recorded: Iterable[Stretch],
    *,
    tolerance: float = TOLERANCE,
) -> list[Row]:
    """One row a document, in their order. `recorded`: corrected stretches of the activity. n log n."""
    sessions = _joined(recorded)
    article = agreement_article(pack)
    severity = MUST if article else NOTE
    return [_row(one, sessions, tolerance, article, severity) for one in documents]


def agreement_article(pack: Pack) -> str | None:
    """The article that asks for agreement; None where the text does not."""
    return next((one.article for one in pack.span if one.code == "time_agreement"), None)


def _joined(recorded: Iterable[Stretch]) -> list[Stretch]:
    reaching = union((start, end + JOIN) for start, end in recorded)
    return [(start, end - JOIN) for start, end in reaching]


def _row(
    document: DocumentTimes,
    sessions: Sequence[Stretch],
    tolerance: float,
    article: str | None,
    severity: Severity,
) -> Row:
    if not document.on_site:
        return Row(document, None, None, None, "off_site")
    start, end = document.start, document.end
    if start is None or end is None:
        finding = found("document_untimed", NOTE, article=article, **_named(document))
        return Row(document, None, None, None, "untimed", (finding,))
    if not sessions:
        finding = found("document_not_recorded", severity, article=article, **_named(document))
        return Row(document, None, None, None, "not_recorded", (finding,))
    session, meets = _session(sessions, start, end)
    first, last = ((one - two).total_seconds() for one, two in zip(session, (start, end), strict=True))
    if not meets:
        finding = found("document_not_recorded", severity, article=article, **_named(document))
        return Row(document, session, first, last, "not_recorded", (finding,))
    findings = []
    for code, apart in (("document_start_differs", first), ("document_end_differs", last)):
        if abs(apart) > tolerance:
            direction = "音像在后" if apart > 0 else "音像在前"
            findings.append(
                found(
                    code,
                    severity,
                    article=article,
                    **_named(document),
                    seconds=apart,
                    direction=direction,
                )
            )
    return Row(document, session, first, last, "differs" if findings else "agrees", tuple(findings))


def _named(document: DocumentTimes) -> dict[str, str]:
    return {"document": document.name, **({"document_id": document.id} if document.id else {})}


def _session(sessions: Sequence[Stretch], start: datetime, end: datetime) -> tuple[Stretch, bool]:
    """From the first to the last session that meets the document; else the nearest one."""
    first = bisect_right(sessions, start, key=lambda one: one[1])
    reach = bisect_right if start == end else bisect_left  # a document of one moment meets what begins then
    last = reach(sessions, end, key=lambda one: one[0])
    if first < last:
        return (sessions[first][0], sessions[last - 1][1]), True
    near = [sessions[place] for place in (last - 1, first) if 0 <= place < len(sessions)]
    return min(near, key=lambda one: max(one[0] - end, start - one[1])), False
