"""The end of a batch: the receipt (移交回执), and whether the card is released.

- A receipt is due when every file of the card has enough verified copies.
- The card is released when, beside that, nothing on it was refused.
- The receipt's content is written before its row; its digest stands in the ledger, so the checkpoint printed
  on the receipt covers the receipt itself.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from django.db import transaction

from liuhen.base import clock, home, site
from liuhen.base.acts import perform
from liuhen.base.basis import INTAKE, NEVER_CHANGED
from liuhen.base.ledger import publish
from liuhen.base.people.models import Role
from liuhen.base.recordings.models import Copy, Recording
from liuhen.base.recordings.numbers import RECEIPT, next_number
from liuhen.base.storage.stores import Stores
from liuhen.core.digests import digests_of
from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.checkpoint import open_checkpoint
from liuhen.core.tlog.notes import fingerprint
from liuhen.prints.receipt import receipt_pdf

from . import acts
from .models import Batch, Item, Receipt
from .progress import Result
from .run import Outcome

log = structlog.get_logger(__name__)

_HARMLESS_REFUSALS = frozenset({"symlink", "fifo", "socket", "block_device", "char_device", "not_regular"})


def conclude(batch: Batch, results: list[Result], stores: Stores, *, at: datetime) -> Outcome:
    """Close the batch: with a receipt where every file is safe, released where nothing was refused."""
    outcome = Outcome(batch.agency.code, batch.key, results)
    short = _short_of_copies(results)
    safe = all(_is_safe(result) for result in results) and not short
    outcome.released = safe and all(result.state != Item.State.REFUSED for result in results)
    outcome.note = _note(results, safe=safe, released=outcome.released, short=short)
    with transaction.atomic():
        receipt = _issue(batch, outcome, stores, at) if safe else None
        data = {
            "batch": batch.key,
            "receipt": receipt.number if receipt else None,
            "content_sha256": receipt.content_sha256 if receipt else None,
            "counts": {str(state): _count(results, state) for state in Item.State},
        }
        act = acts.RELEASE if outcome.released else acts.KEEP
        subject = f"batch:{batch.key}"
        perform(act, batch, by=batch.by, at=at, subject=subject, data=data, changes={"finished_at": at})
    publish.publish(batch.agency)
    if receipt:
        outcome.receipt = receipt.number
        _print(receipt, outcome)
    return outcome


def _is_safe(result: Result) -> bool:
    """Stored, or something that never had bytes to lose."""
    if result.state in (Item.State.STORED, Item.State.ALREADY):
        return True
    return result.state == Item.State.REFUSED and result.code in _HARMLESS_REFUSALS


def _short_of_copies(results: list[Result]) -> list[str]:
    """Numbers of recordings just stored that have fewer verified copies than the office asks for."""
    needed = site.load().copies_needed()
    if needed <= 1:
        return []
    numbers = [result.number for result in results if result.state == Item.State.STORED and result.number]
    return [
        number
        for number in numbers
        if Copy.objects.filter(recording__number=number).values("store").distinct().count() < needed
    ]


def _count(results: list[Result], state: Item.State) -> int:
    return sum(result.state == state for result in results)


def _note(results: list[Result], *, safe: bool, released: bool, short: list[str]) -> str:
    if released:
        return "所有文件均有足够的已核对副本，存储卡可以放行。"
    if short:
        return f"有 {len(short)} 个文件的副本份数不足，存储卡不放行：请接好第二存储后运行 liuhen repair，再次采集这张卡。"
    if safe:
        return "文件均已入库；卡上另有拒收的项目，存储卡不放行：请查看拒收项后再次采集。"
    failed = _count(results, Item.State.FAILED) + _count(results, Item.State.REFUSED)
    return f"有 {failed} 项未能入库，存储卡不放行、请勿清卡：请按各项提示处理后再次采集。"


def _issue(batch: Batch, outcome: Outcome, stores: Stores, at: datetime) -> Receipt:
    number = next_number(batch.agency, RECEIPT, at)
    raw = json.dumps(
        _content(batch, outcome, stores, number, at), ensure_ascii=False, indent=2, sort_keys=True
    ).encode()
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


def _content(batch: Batch, outcome: Outcome, stores: Stores, number: str, at: datetime) -> dict[str, Any]:
    results = sorted(outcome.results, key=lambda result: result.path)
    rows = _recordings(results)
    copies = [store.name for store in stores.there]
    files = [_file(no, result, rows) for no, result in enumerate(results, 1)]
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
        "copies": {
            "count": len(copies),
            "stores": copies,
            "note": "仅一份副本" if len(copies) == 1 else "",
        },
        "files": files,
        "totals": _totals(files),
        "released": outcome.released,
        "release_note": outcome.note,
        "basis": [INTAKE.cite(batch.agency.pack), NEVER_CHANGED.cite(batch.agency.pack)],
    }


def _recordings(results: list[Result]) -> dict[str, Recording]:
    numbers = [result.number for result in results if result.number]
    rows: dict[str, Recording] = {}
    for first in range(0, len(numbers), 500):
        found = Recording.objects.filter(number__in=numbers[first : first + 500])
        rows.update({row.number: row for row in found.prefetch_related("findings")})
    return rows


def _file(no: int, result: Result, rows: dict[str, Recording]) -> dict[str, Any]:
    row = rows.get(result.number or "")
    stored = result.state == Item.State.STORED
    return {
        "no": no,
        "path": result.path,
        "number": result.number,
        "recording": result.recording,
        "kind": row.kind if row else None,
        "duration": row.duration_ms / 1000 if row and row.duration_ms is not None else None,
        "bytes": row.bytes if row else result.size,
        "sha256": result.sha256,
        "sm3": result.sm3,
        "state": str(result.state),
        "reason": "" if stored else result.reason,
        "findings": [finding.text for finding in row.findings.all()] if row else [],
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
    note = publish.published_note(code) or publish.publish(receipt.agency)
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


def _print(receipt: Receipt, outcome: Outcome) -> None:
    """The PDF beside the JSON; a print that fails is said and can be made again, the receipt stands."""
    outcome.paths["json"] = str(receipt_path(receipt.number))
    try:
        full = with_proof(receipt)
        replace_file(
            receipt_path(receipt.number, ".proof.json"),
            json.dumps(full, ensure_ascii=False, indent=2).encode(),
        )
        replace_file(receipt_path(receipt.number, ".pdf"), receipt_pdf(full))
        outcome.paths["pdf"] = str(receipt_path(receipt.number, ".pdf"))
    except (LiuhenError, OSError) as error:
        log.warning("receipt_not_printed", receipt=receipt.number, error=str(error))
        outcome.paths["pdf_error"] = str(error)
