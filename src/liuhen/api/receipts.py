"""Handover receipts; who sees no content sees that one was issued, and its proof."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from liuhen.base.recordings.selectors import NotFoundError
from liuhen.base.tokens.models import Scope
from liuhen.doors.paging import page_of
from liuhen.stages.ingest import receipts, selectors
from liuhen.stages.ingest.models import Receipt

from . import shapes
from .callers import caller_of
from .operations import operation
from .shapes import Cursor, PageSize, Word, Words

router = Router(tags=["移交回执"])
PDF = "application/pdf"


def _row(row: Receipt) -> dict[str, Any]:
    batch = row.batch
    return {
        "number": row.number,
        "issued_at": row.issued_at,
        "device": batch.device.serial if batch.device else None,
        "holder": batch.holder.staff_no if batch.holder else None,
        "by": batch.by.username,
        "state": batch.state,
        "content_sha256": row.content_sha256,
    }


@operation(router, "GET", "/receipts", "移交回执登记簿", scope=Scope.RECEIPTS_READ, returns=shapes.Receipts)
def list_receipts(request: HttpRequest, q: Words = "", cursor: Cursor = "", size: PageSize = 50) -> Any:
    person = caller_of(request).account
    rows = selectors.receipts_of(person)
    if q.strip():
        rows = selectors.receipts_like(q.strip(), rows, person)
    page = page_of(rows, ("-issued_at",), cursor, size)
    return {"items": [_row(row) for row in page.rows], "before": page.before, "after": page.after}


@operation(
    router,
    "GET",
    "/receipts/{number}",
    "一份移交回执及其证明",
    scope=Scope.RECEIPTS_READ,
    returns=shapes.ReceiptShape,
)
def one_receipt(request: HttpRequest, number: Word) -> Any:
    receipt, reads = _receipt(request, number)
    full = receipts.as_issued(receipt)
    proof = receipts.proof_of(receipt)
    content = {name: value for name, value in full.items() if name not in proof} if reads else None
    return {
        **_row(receipt),
        "content": content,
        "proof": {name: full[name] for name in proof if name in full},
    }


@operation(
    router,
    "GET",
    "/receipts/{number}/paper",
    "移交回执的 PDF，与出具时相同",
    scope=Scope.RECEIPTS_READ,
    media=PDF,
)
def receipt_paper(request: HttpRequest, number: Word) -> HttpResponse:
    receipt, reads = _receipt(request, number)
    if not reads:
        raise _none()
    return HttpResponse(receipts.as_paper(receipt), content_type=PDF)


def _receipt(request: HttpRequest, number: str) -> tuple[Receipt, bool]:
    person = caller_of(request).account
    receipt = selectors.receipts_of(person).filter(number=number).first()
    if receipt is None:
        raise _none()
    return receipt, selectors.reads(person, receipt)


def _none() -> NotFoundError:
    return NotFoundError("没有这份移交回执。", remedy="请核对编号；用 GET /api/v1/receipts 查看。")
