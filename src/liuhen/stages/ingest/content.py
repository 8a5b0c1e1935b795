"""What a receipt says, written file by file: a disk of old recordings may have a hundred thousand of them.

- JSON with sorted keys and two blanks of indent, so that the same receipt has the same bytes.
- Written beside its place, durable, then put there by one rename; the digest is of the bytes written.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from liuhen.base import clock
from liuhen.base.basis import INTAKE, NEVER_CHANGED
from liuhen.base.people.models import Role
from liuhen.base.recordings.models import Finding, Recording
from liuhen.core.durable import fsync_dir
from liuhen.core.readable import readable
from liuhen.stages.fieldwork.selectors import documents_for_recordings

from .models import Batch, Item
from .progress import Result

_SLICE = 500
_SAFE = (Item.State.STORED, Item.State.ALREADY)


class Content:
    """One receipt's content; `head` is all but the files, and complete once the files have been written."""

    def __init__(self, batch: Batch, results: list[Result], facts: dict[str, Any], listed: int) -> None:
        """`facts` (number, finished_at, released, release_note) are added; `listed` files are remembered."""
        self.head = _head(batch) | {"copies": _copies(results)} | _written(batch, results) | facts
        self.listed: list[dict[str, Any]] = []
        self._results = sorted(results, key=lambda result: result.path)
        self._listed = listed

    def write(self, path: Path) -> str:
        """Put the receipt at `path`, durably; returns its SHA-256. Raises OSError."""
        digest, draft = hashlib.sha256(), path.with_name(f".{path.name}.tmp")
        with draft.open("wb") as out:
            for piece in self._pieces():
                raw = piece.encode()
                digest.update(raw)
                out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        fsync_dir(path.parent)
        return digest.hexdigest()

    def _pieces(self) -> Iterator[str]:
        between = "{\n"
        for key in sorted({*self.head, "files", "totals"}):
            yield f"{between}  {json.dumps(key)}: "
            if key == "files":
                yield from self._files()
            else:
                yield _indented(self.head[key], 2)
            between = ",\n"
        yield "\n}"

    def _files(self) -> Iterator[str]:
        totals = Totals()
        between = "["
        for file in files_of(self._results):
            totals.add(file)
            if len(self.listed) < self._listed:
                self.listed.append(file)
            yield f"{between}\n    {_indented(file, 4)}"
            between = ","
        yield "\n  ]" if self._results else "[]"
        self.head["totals"] = totals.told()  # comes after the files, also in the alphabet


def _indented(value: Any, blanks: int) -> str:
    """Only what stands between values breaks a line; a name on the card may hold other separators."""
    return readable(value, sort_keys=True).decode().rstrip("\n").replace("\n", "\n" + " " * blanks)


class Totals:
    """How many files of each state, and what was stored of them."""

    def __init__(self) -> None:
        self._states: Counter[str] = Counter()
        self._bytes = 0
        self._seconds = 0.0

    def add(self, file: dict[str, Any]) -> None:
        self._states[file["state"]] += 1
        if file["state"] in _SAFE:
            self._bytes += file["bytes"] or 0
            self._seconds += file["duration"] or 0

    def told(self) -> dict[str, Any]:
        return {
            "files": self._states.total(),
            **{str(state): self._states[str(state)] for state in Item.State},
            "bytes": self._bytes,
            "duration": round(self._seconds, 3),
        }


def _head(batch: Batch) -> dict[str, Any]:
    device, reading, holder, unit = batch.device, batch.reading, batch.holder, batch.by.unit
    return {
        "title": "执法音像记录移交回执",
        "agency": {"code": batch.agency.code, "name": batch.agency.name},
        "unit": {"name": unit.name if unit else ""},
        "batch": batch.key,
        "card": {"label": batch.card_label, "path": batch.card_path},
        "device": {"serial": device.serial, "model": device.model} if device else None,
        "holder": {"name": holder.name, "certificate_no": holder.certificate_no} if holder else None,
        "received_by": {
            "name": batch.by.name,
            "role": Role.CUSTODIAN.label,
            "account": batch.by.username,
        },
        "started_at": clock.stamp(batch.started_at),
        "clock": {
            "measured": reading is not None,
            "shown": clock.stamp(reading.shown_at) if reading else None,
            "server": clock.stamp(reading.server_at) if reading else None,
            "offset_seconds": reading.offset_seconds if reading else None,
        },
        "basis": [INTAKE.cite(batch.agency.pack), NEVER_CHANGED.cite(batch.agency.pack)],
    }


def _written(batch: Batch, results: list[Result]) -> dict[str, Any]:
    """The written records of the activities that these recordings are of (AK 1/6); nothing is said where there are none."""
    keys = (uuid.UUID(one.recording.removeprefix("urn:uuid:")) for one in results if one.recording)
    documents = documents_for_recordings(batch.agency, keys)
    return {"documents": documents} if documents else {}


def _copies(results: list[Result]) -> dict[str, Any]:
    """In how many stores every one of the files was read back whole."""
    each = {result.copies for result in results if result.copies}
    some = next(iter(each), ())
    count = min((len(names) for names in each), default=0)
    everywhere = [name for name in some if all(name in names for names in each)]
    return {"count": count, "stores": everywhere, "note": "仅一份副本" if count == 1 else ""}


def files_of(results: list[Result]) -> Iterator[dict[str, Any]]:
    """The receipt's line for each result, read from the database in slices."""
    for first in range(0, len(results), _SLICE):
        some = results[first : first + _SLICE]
        facts = _facts(result.recording for result in some if result.recording)
        for no, result in enumerate(some, first + 1):
            yield _file(no, result, facts.get(result.recording or "", {}))


def _facts(recordings: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Kind, duration, size and findings of a slice of recordings, by OCFL id."""
    keys = [uuid.UUID(urn.removeprefix("urn:uuid:")) for urn in recordings]
    rows = Recording.objects.filter(pk__in=keys).values_list("pk", "kind", "duration_ms", "bytes")
    facts: dict[str, dict[str, Any]] = {
        f"urn:uuid:{pk}": {"kind": kind, "duration": length and length / 1000, "bytes": size, "findings": []}
        for pk, kind, length, size in rows
    }
    found = Finding.objects.filter(recording__in=keys).order_by("pk").values_list("recording_id", "text")
    for pk, text in found:
        facts[f"urn:uuid:{pk}"]["findings"].append(text)
    return facts


def _file(no: int, result: Result, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "no": no,
        "path": result.path,
        "number": result.number,
        "recording": result.recording,
        "kind": facts.get("kind"),
        "duration": facts.get("duration"),
        "bytes": facts.get("bytes", result.size),
        "sha256": result.sha256,
        "sm3": result.sm3,
        "state": str(result.state),
        "reason": "" if result.state == Item.State.STORED else result.reason,
        "findings": facts.get("findings", []),
    }


def released_at(at: datetime, number: str, note: str, *, released: bool) -> dict[str, Any]:
    """The facts that the end of the batch adds."""
    return {
        "number": number,
        "finished_at": clock.stamp(at),
        "released": released,
        "release_note": note,
    }
