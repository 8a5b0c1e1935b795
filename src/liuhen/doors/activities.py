"""An activity as data: for machines at the terminal and over HTTP, the same keys in both.

`spell` writes a moment: with Shanghai's offset at the terminal, in UTC over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from liuhen.base import clock
from liuhen.core.field.closing import Hole
from liuhen.core.field.time_agreement import Row
from liuhen.stages.fieldwork.checks import Judged
from liuhen.stages.fieldwork.facts import data_of
from liuhen.stages.fieldwork.models import Activity


def in_shanghai(moment: datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).isoformat()


Spell = Callable[[datetime], str]


def told(activity: Activity, spell: Spell = in_shanghai) -> dict[str, Any]:
    """What is known of it; codes as the regulation has them."""
    data, local = data_of(activity), _writer(spell)
    return {
        "id": str(activity.pk),
        "number": activity.number,
        "state": activity.state,
        "phase": activity.phase,
        "unit": data["unit"],
        "matter": activity.matter or None,
        "place": activity.place or None,
        "latitude": float(activity.latitude) if activity.latitude is not None else None,
        "longitude": float(activity.longitude) if activity.longitude is not None else None,
        "party": activity.party or None,
        "arrived_at": local(activity.arrived_at),
        "ended_at": local(activity.ended_at),
        "left_at": local(activity.left_at),
        "returned_at": local(activity.returned_at),
        "circumstances": activity.circumstances,
        "happened": activity.happened,
        "events": activity.events,
        "officers": data["officers"],
        "devices": data["devices"],
    }


def judged(one: Judged, spell: Spell = in_shanghai) -> dict[str, Any]:
    """What its recordings, marks, documents and reports admit."""
    coverage, local = one.coverage, _writer(spell)
    return {
        "pack": one.pack.id if one.pack else None,
        "version": one.pack.version if one.pack else None,
        "span": None
        if coverage is None
        else {
            "start": local(coverage.span.start),
            "end": local(coverage.span.end),
            "named": coverage.span.named,
            "article": coverage.span.article,
            "seconds": coverage.of_seconds,
            "covered_seconds": coverage.seconds,
            "share": coverage.share,
        },
        "holes": [_hole(hole, local) for hole in coverage.holes] if coverage else [],
        "lanes": {
            device or "": [[local(start), local(end)] for start, end in stretches]
            for device, stretches in one.lanes.items()
        },
        "documents": [_row(row, local) for row in one.table],
        "findings": [
            {
                "key": found.key,
                **found.finding.as_json(),
                "settled": None
                if found.settled is None
                else {"by": found.settled.by, "at": local(found.settled.at), "reason": found.settled.reason},
            }
            for found in one.findings
        ],
        "open": len(one.open),
    }


def _hole(hole: Hole, local: Write) -> dict[str, Any]:
    return {
        "kind": hole.kind,
        "start": local(hole.start),
        "end": local(hole.end),
        "seconds": hole.seconds,
        "closed_by": list(hole.closed_by),
        "missing": list(hole.missing),
    }


def _row(row: Row, local: Write) -> dict[str, Any]:
    start, end = row.recorded or (None, None)
    return {
        "document": row.document.name,
        "start": local(row.document.start),
        "end": local(row.document.end),
        "recorded_start": local(start),
        "recorded_end": local(end),
        "start_difference": row.start_difference,
        "end_difference": row.end_difference,
        "verdict": row.verdict,
    }


Write = Callable[[datetime | None], str | None]


def _writer(spell: Spell) -> Write:
    return lambda moment: spell(moment) if moment else None
