"""Handover receipts: the register, one receipt as on paper, and the paper itself.

- Shown and printed as issued, from what the ledger vouches for; a file on the disk is not believed.
- Who sees no content sees that a receipt was issued, its totals and its proof, and no line of it.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from liuhen.base.basis import INTAKE
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.prints import qr
from liuhen.prints.receipt import receipt_view
from liuhen.stages.ingest import receipts, selectors
from liuhen.stages.ingest.models import Batch, Receipt

from . import registers
from .people_in import could, person_in
from .registers import Column, Nothing, Register

_CONTENT = selectors.READ_RECEIPTS

RECEIPTS = Register(
    name="移交回执登记簿",
    title="执法音像记录移交回执登记簿",
    columns=(
        Column(
            "number",
            "回执编号",
            lambda row: row.number,
            width=12,
            sort="number",
            href=lambda row: reverse("receipt", args=[row.number]),
        ),
        Column("issued_at", "出具时间", lambda row: row.issued_at, width=10, sort="issued_at"),
        Column("card", "存储介质", lambda row: row.batch.card_label, width=12, who=_CONTENT),
        Column("device", "设备", lambda row: row.batch.device and row.batch.device.serial, width=8),
        Column("holder", "移交人", lambda row: row.batch.holder and row.batch.holder.name, width=6),
        Column("by", "接收人", lambda row: row.batch.by.name, width=6),
        Column(
            "state",
            "存储卡",
            lambda row: row.batch.get_state_display(),
            width=5,
            state=lambda row: row.batch.state,
        ),
        Column("digest", "回执 SHA-256", lambda row: row.content_sha256, width=20, shown=False),
    ),
    nothing=Nothing(
        "还没有移交回执",
        "存储卡采集完、每个文件都有足够副本时，自动出具回执。",
        href="/ingest/",
        words="去采集",
    ),
    order=("-issued_at",),
)


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    person = person_in(request)
    if not could(request, selectors.SEE_RECEIPTS):
        raise _none()
    rows = selectors.receipts_of(person)
    words, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    if words:
        rows = selectors.receipts_like(words, rows, person)
    if state in _STATES:
        rows = rows.filter(batch__state=state)
    context = {
        "q": words,
        "state": state,
        "states": _STATES.items(),
        "basis": INTAKE.cite(person.agency.pack),
    }
    return registers.respond(request, RECEIPTS, rows, "receipts/register.html", context)


_STATES = {
    state.value: state.label for state in (Batch.State.RELEASED, Batch.State.KEPT, Batch.State.CLEARED)
}


@require_safe
def one(request: HttpRequest, number: str) -> HttpResponse:
    receipt, reads = _receipt(request, number)
    full = receipts.as_issued(receipt)
    view = receipt_view(receipts.for_paper(full))
    context = {
        "receipt": receipt,
        "reads": reads,
        "view": view if reads else _without_content(view),
        "sha256": receipt.content_sha256,
        "qr": "data:image/svg+xml;base64," + base64.b64encode(qr.svg(full["qr"]).encode()).decode(),
        "basis": INTAKE.cite(receipt.agency.pack),
    }
    return render(request, "receipts/one.html", context)


def _without_content(view: dict[str, Any]) -> dict[str, Any]:
    """For those who see no content: no file, no written record, and no name of a card."""
    hidden = ("存储介质", "来源位置")
    return {
        **view,
        "files": [],
        "documents": [],
        "documents_more": "",
        "heads": [row for row in view["heads"] if row[0] not in hidden],
        "notes": [row for row in view["notes"] if row[0] not in hidden],
    }


@require_safe
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """The PDF, the same bytes as were issued."""
    receipt, reads = _receipt(request, number)
    if not reads:
        raise _none()
    response = HttpResponse(receipts.as_paper(receipt), content_type="application/pdf")
    kind = "attachment" if "download" in request.GET else "inline"
    response.headers["Content-Disposition"] = f"{kind}; filename*=UTF-8''{quote(receipt.number)}.pdf"
    return response


def _receipt(request: HttpRequest, number: str) -> tuple[Receipt, bool]:
    person = person_in(request)
    receipt = selectors.receipts_of(person).filter(number=number).first()
    if receipt is None:
        raise _none()
    return receipt, selectors.reads(person, receipt)


def _none() -> NotFoundError:
    return NotFoundError("没有这份移交回执。", remedy="请从回执登记簿里查找。")
