"""The custody of a recording, told from the ledger as sentences with 依据."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from liuhen.base.acts import Act
from liuhen.base.basis import cite_codes
from liuhen.base.clock import local, parse_stamp
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording

_LABELS = {act.kind: act.label for act in reversed(custody.ALL)}


def name_acts(acts: Iterable[Act]) -> None:
    """A stage, which this floor does not know, says what its acts on recordings are called; the first of a kind stays."""
    for act in acts:
        _LABELS.setdefault(act.kind, act.label)


def label_of(kind: str) -> str:
    """What an entry of this kind is called; one of a later version keeps its code."""
    return _LABELS.get(kind, kind)


def custody_of(recording: Recording) -> list[dict[str, Any]]:
    """Every entry about the recording, oldest first."""
    rows = Entry.objects.filter(agency=recording.agency, subject=recording.urn).order_by("position")
    return [_step(orjson.loads(text)) for text in rows.values_list("entry", flat=True)]


def _step(entry: dict[str, Any]) -> dict[str, Any]:
    basis = cite_codes(entry["basis"])
    label = label_of(entry["kind"])
    when, by = local(parse_stamp(entry["at"])), entry["by"]["name"]
    return {
        "position": entry["position"],
        "kind": entry["kind"],
        "at": entry["at"],
        "by": by,
        "basis": basis,
        "label": label,
        "when": when,
        "sentence": f"{when}  {by} {label}（账本第 {entry['position']} 条；依据：{basis}）",
    }
