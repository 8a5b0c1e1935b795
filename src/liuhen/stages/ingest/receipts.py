"""The receipt (移交回执): its files, its proof and its print.

- Its content is written before its row, and its digest stands in the ledger, so the checkpoint printed on the
  receipt covers the receipt itself.
- The JSON names every file. Paper names the first LISTED, and the digest of the whole list: a disk of old
  recordings would be thousands of pages.
- A print that fails is said and can be made again; the receipt stands.
"""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from liuhen.base import home
from liuhen.base.ledger import publish
from liuhen.base.recordings.numbers import RECEIPT, next_number
from liuhen.core.digests import digests_of
from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import DamagedError, LiuhenError
from liuhen.core.reasons import why
from liuhen.core.tlog.checkpoint import open_checkpoint
from liuhen.core.tlog.notes import fingerprint

from .content import Content, released_at
from .models import Batch, Receipt
from .printing import print_apart
from .progress import Outcome, Result

log = structlog.get_logger(__name__)


class ReceiptGoneError(DamagedError):
    code = "receipt_gone"


LISTED = 300


def issue(
    batch: Batch, results: list[Result], note: str, at: datetime, *, released: bool
) -> tuple[Receipt, dict[str, Any]]:
    """Write the receipt's content durably and make its row; runs in the closing transaction.

    Beside the row, the content with no more than LISTED files: what paper needs.
    """
    number = next_number(batch.agency, RECEIPT, at)
    content = Content(batch, results, released_at(at, number, note, released=released), LISTED)
    make_dirs(home.receipts_folder())
    digest = content.write(receipt_path(number))
    receipt = Receipt.objects.create(
        agency=batch.agency, batch=batch, number=number, issued_at=at, content_sha256=digest
    )
    return receipt, {**content.head, "files": content.listed}


def receipt_path(number: str, suffix: str = ".json") -> Path:
    return home.receipts_folder() / f"{number}{suffix}"


def with_proof(receipt: Receipt) -> dict[str, Any]:
    """The receipt, every file of it, with today's checkpoint of the ledger, which covers it."""
    content = _kept(receipt)
    return {**content, **proof_of(receipt)}


def as_issued(receipt: Receipt) -> dict[str, Any]:
    """The receipt with the checkpoint that was printed on it; today's where that is lost or not its own.

    Raises ReceiptGoneError.
    """
    content = _kept(receipt)
    try:
        told: dict[str, Any] = json.loads(receipt_path(receipt.number, ".proof.json").read_bytes())
        checkpoint = open_checkpoint(told["checkpoint"], publish.vkeys_of(receipt.agency.code))
        own = (told["number"], told["content_sha256"]) == (receipt.number, receipt.content_sha256)
        same = (told["root"], told["tree_size"]) == (checkpoint.root.hex(), checkpoint.size)
        if own and same:
            return {**content, **told}
    except (OSError, ValueError, KeyError, TypeError, LiuhenError) as error:
        log.warning("receipt_proof_gone", receipt=receipt.number, error=str(error))
    return {**content, **proof_of(receipt)}


def as_paper(receipt: Receipt) -> bytes:
    """The PDF, printed anew from what the ledger vouches for: the same bytes as were issued.

    Raises ReceiptGoneError, and what printing raises.
    """
    with tempfile.TemporaryDirectory(prefix="liuhen-receipt-") as folder:
        target = Path(folder) / "receipt.pdf"
        print_apart(for_paper(as_issued(receipt)), target)
        return target.read_bytes()


def proof_of(receipt: Receipt) -> dict[str, Any]:
    """The checkpoint that covers the receipt, and the key it is signed with."""
    code = receipt.agency.code
    note = _covering_note(receipt)
    vkeys = publish.vkeys_of(code)
    checkpoint = open_checkpoint(note, vkeys)
    key = vkeys[-1]
    return {
        "number": receipt.number,
        "content_sha256": receipt.content_sha256,
        "checkpoint": note,
        "origin": checkpoint.origin,
        "tree_size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "vkey": str(key),
        "key_fingerprint": fingerprint(key),
        "qr": f"{note}{key}\n",
    }


def _kept(receipt: Receipt) -> dict[str, Any]:
    """The receipt's own file, if its bytes are the ones the ledger knows. Raises ReceiptGoneError."""
    try:
        raw = receipt_path(receipt.number).read_bytes()
    except OSError as error:
        raise _gone(receipt, f"读不出（{why(error)}）") from error
    if digests_of(raw).sha256 != receipt.content_sha256:
        raise _gone(receipt, "已被改动")
    content: dict[str, Any] = json.loads(raw)
    return content


def _gone(receipt: Receipt, what: str) -> ReceiptGoneError:
    return ReceiptGoneError(
        f"回执 {receipt.number} 的文件{what}，不能重新打印。",
        remedy="请从备份或第二存储取回 receipts 文件夹；已签字的纸质回执仍然有效。",
    )


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
    files, count = full["files"], full["totals"]["files"]
    if count <= LISTED:
        return full
    cut = f"本件只印前 {LISTED} 个文件；全部 {count} 个见同号 JSON 文件，其 SHA-256 为 {full['content_sha256']}。"
    return {**full, "files": files[:LISTED], "release_note": f"{full['release_note']}{cut}"}


def print_out(receipt: Receipt, content: dict[str, Any], outcome: Outcome) -> None:
    """The PDF and the proof beside the JSON. `content` as `issue` gave it."""
    outcome.paths["json"] = str(receipt_path(receipt.number))
    try:
        told, pdf = proof_of(receipt), receipt_path(receipt.number, ".pdf")
        raw = json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True).encode()
        replace_file(receipt_path(receipt.number, ".proof.json"), raw)
        print_apart(for_paper({**content, **told}), pdf)
        outcome.paths["pdf"] = str(pdf)
    except (LiuhenError, OSError, ValueError) as error:
        log.warning("receipt_not_printed", receipt=receipt.number, error=str(error))
        outcome.paths["pdf_error"] = str(error)
