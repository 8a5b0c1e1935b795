"""Findings about picture and sound: rows made from what the making of previews measured.

- The measures lie in `preview.json` beside the thumbnail, and a row here is their index: no ledger entry says it, and a
  rebuild reads it again from there. Made again, a row is rewritten in place; none is deleted.
- The verdict is worked out here, so that another threshold or norm needs no second look at the film.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from liuhen.base import site
from liuhen.base.recordings.lists.rows import follow
from liuhen.base.recordings.models import Finding, Recording
from liuhen.core.media.findings import NOTE
from liuhen.core.media.quality_found import quality_findings

Told = Mapping[str, Any]


def measured_rows(recording: Recording, told: Told) -> list[Finding]:
    """Unsaved findings by what `preview.json` tells; nothing for one that was made before anything was measured."""
    quality = told.get("quality")
    if not isinstance(quality, dict):
        return []
    size, lines = quality.get("size"), site.current().least_lines
    try:
        found = quality_findings(
            quality, told.get("seconds"), size=(size[0], size[1]) if size else None, lines=lines
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return []  # a file beside the store, and not what we wrote: it is no evidence, and is made again
    return [
        Finding(
            recording=recording,
            code=one["code"],
            severity=one["severity"],
            text=one["text"],
            params=one["params"],
        )
        for one in found
    ]


def note_measured(recording: Recording, told: Told) -> None:
    """Keep the findings of one recording; lists and counters follow where there is something to look at."""
    rows = measured_rows(recording, told)
    if not rows:
        return
    with transaction.atomic():
        for row in rows:
            said = {"severity": row.severity, "text": row.text, "params": row.params}
            Finding.objects.update_or_create(recording=recording, code=row.code, defaults=said)
        if any(row.severity != NOTE for row in rows):
            follow([recording])
