"""The receipt (移交回执): what was handed over, from which card, by whom, in how many copies.

- Its content is written before its row, and its digest stands in the ledger, so the checkpoint printed on the
  receipt covers the receipt itself.
- The JSON names every file. Paper names the first LISTED, and the digest of the whole list: a disk of old
  recordings would be thousands of pages.
- A print that fails is said and can be made again; the receipt stands.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from liuhen.base import clock, home
from liuhen.base.basis import INTAKE, NEVER_CHANGED
from liuhen.base.ledger import publish
from liuhen.base.people.models import Role
from liuhen.base.recordings.models import Finding, Recording
from liuhen.base.recordings.numbers import RECEIPT, next_number
from liuhen.core.digests import digests_of
from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.checkpoint import open_checkpoint
from liuhen.core.tlog.notes import fingerprint

from .models import Batch, Item, Receipt
from .printing import print_apart
from .progress import Outcome, Result

log = structlog.get_logger(__name__)

LISTED = 300
_SLICE = 500


def issue(batch: Batch, results: list[Result], note: str, at: datetime, *, released: bool) -> Receipt:
    """Write the receipt's content durably and make its row; runs in the closing transaction."""
    number = next_number(batch.agency, RECEIPT, at)
    content = _content(batch, results, number, at) | {"released": released, "release_note": note}
    raw = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode()
    make_dirs(home.receipts_folder())
    replace_file(receipt_path(number), raw)
    return Receipt.objects.create(
        agency=batch.agency,
        batch=batch,
        number=number,
        issued_at=at,
        content_sha256=digests_of(raw).sha256,
    )


def receipt_path(number: str, suffix: str = ".json") -> Path:
    return home.receipts_folder() / f"{number}{suffix}"


def _content(batch: Batch, results: list[Result], number: str, at: datetime) -> dict[str, Any]:
    files = list(_files(sorted(results, key=lambda result: result.path)))
    device, reading, holder = batch.device, batch.reading, batch.holder
    unit = batch.by.unit
    return {
        "number": number,
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
        "finished_at": clock.stamp(at),
        "clock": {
            "measured": reading is not None,
            "shown": clock.stamp(reading.shown_at) if reading else None,
            "server": clock.stamp(reading.server_at) if reading else None,
            "offset_seconds": reading.offset_seconds if reading else None,
        },
        "copies": _copies(results),
        "files": files,
        "totals": _totals(files),
        "basis": [INTAKE.cite(batch.agency.pack), NEVER_CHANGED.cite(batch.agency.pack)],
    }


def _copies(results: list[Result]) -> dict[str, Any]:
    """In how many stores every one of the files was read back whole."""
    each = [result.copies for result in results if result.copies]
    everywhere = [name for name in each[0] if all(name in names for names in each)] if each else []
    count = min((len(names) for names in each), default=0)
    return {"count": count, "stores": everywhere, "note": "仅一份副本" if count == 1 else ""}


def _files(results: list[Result]) -> Iterator[dict[str, Any]]:
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


def _totals(files: list[dict[str, Any]]) -> dict[str, Any]:
    safe = [file for file in files if file["state"] in (Item.State.STORED, Item.State.ALREADY)]
    counts = {str(state): sum(file["state"] == state for file in files) for state in Item.State}
    return {
        "files": len(files),
        **counts,
        "bytes": sum(file["bytes"] or 0 for file in safe),
        "duration": round(sum(file["duration"] or 0 for file in safe), 3),
    }


def with_proof(receipt: Receipt) -> dict[str, Any]:
    """The receipt with today's checkpoint of the ledger, which covers it: what is printed."""
    code = receipt.agency.code
    content: dict[str, Any] = json.loads(receipt_path(receipt.number).read_bytes())
    note = _covering_note(receipt)
    vkeys = publish.vkeys_of(code)
    checkpoint = open_checkpoint(note, vkeys)
    key = vkeys[-1]
    return {
        **content,
        "content_sha256": receipt.content_sha256,
        "checkpoint": note,
        "origin": checkpoint.origin,
        "tree_size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "vkey": str(key),
        "key_fingerprint": fingerprint(key),
        "qr": f"{note}{key}\n",
    }


def _covering_note(receipt: Receipt) -> str:
    try:
        return publish.publish(receipt.agency)
    except (LiuhenError, OSError):
        note = publish.published_note(receipt.agency.code)  # the last good one is better than none
        if note is None:
            raise
        return note


def for_paper(full: dict[str, Any]) -> dict[str, Any]:
    """The receipt as it is printed: a long list is cut, and the cut is said."""
    files = full["files"]
    if len(files) <= LISTED:
        return full
    cut = f"本件只印前 {LISTED} 个文件；全部 {len(files)} 个见同号 JSON 文件，其 SHA-256 为 {full['content_sha256']}。"
    return {**full, "files": files[:LISTED], "release_note": f"{full['release_note']}{cut}"}


def print_out(receipt: Receipt, outcome: Outcome) -> None:
    """The PDF beside the JSON."""
    outcome.paths["json"] = str(receipt_path(receipt.number))
    try:
        proof, pdf = receipt_path(receipt.number, ".proof.json"), receipt_path(receipt.number, ".pdf")
        full = with_proof(receipt)
        replace_file(proof, json.dumps(full, ensure_ascii=False, indent=2).encode())
        print_apart(for_paper(full), pdf)
        outcome.paths["pdf"] = str(pdf)
    except (LiuhenError, OSError, ValueError) as error:
        log.warning("receipt_not_printed", receipt=receipt.number, error=str(error))
        outcome.paths["pdf_error"] = str(error)
