"""The ledger: its head for everybody of the office, its entries for those who answer for it or audit it."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Router

from liuhen.base import clock
from liuhen.base.ledger import proofs, publish, selectors
from liuhen.base.ledger.models import Entry
from liuhen.base.tokens.models import Scope
from liuhen.core.errors import RefusedError
from liuhen.core.tlog.checkpoint import open_checkpoint
from liuhen.core.tlog.notes import CheckpointError, fingerprint
from liuhen.doors.paging import page_of

from . import shapes
from .callers import caller_of
from .operations import JSON, operation
from .shapes import Cursor, Number, PageSize, Position, Word

router = Router(tags=["留痕账本"])
READ = Scope.LEDGER_READ
TEXT = "text/plain; charset=utf-8"


@operation(router, "GET", "/ledger", "账本：条数、根、检查点和密钥", scope=READ, returns=shapes.LedgerHead)
def ledger_head(request: HttpRequest) -> Any:
    agency = caller_of(request).account.agency
    note, keys = publish.publish(agency), publish.vkeys_of(agency.code)
    checkpoint = open_checkpoint(note, keys)
    return {
        "agency": agency.code,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": base64.b64encode(checkpoint.root).decode(),
        "checkpoint": note,
        "vkeys": [str(key) for key in keys],
        "fingerprint": fingerprint(keys[-1]),
    }


@operation(
    router, "GET", "/ledger/checkpoint", "签名的检查点（C2SP tlog-checkpoint）", scope=READ, media=TEXT
)
def ledger_checkpoint(request: HttpRequest) -> HttpResponse:
    note = publish.publish(caller_of(request).account.agency)
    return HttpResponse(note, content_type=TEXT)


@operation(router, "GET", "/ledger/vkey", "验证公钥，每行一个，末行为现用", scope=READ, media=TEXT)
def ledger_vkey(request: HttpRequest) -> HttpResponse:
    text = publish.vkeys_text(caller_of(request).account.agency.code)
    return HttpResponse(text, content_type=TEXT)


def _told(row: Entry) -> dict[str, Any]:
    return {"position": row.position, "entry": orjson.loads(row.entry), "raw": row.entry}


@operation(router, "GET", "/ledger/entries", "账本条目，按先后", scope=READ, returns=shapes.Entries)
def list_entries(
    request: HttpRequest,
    kind: Word | None = None,
    subject: Word | None = None,
    since: Position = 0,
    cursor: Cursor = "",
    size: PageSize = 50,
) -> Any:
    """since：从这个序号起。"""
    rows = selectors.readable_by(caller_of(request).account, clock.now()).filter(position__gte=since)
    asked = {name: value for name, value in (("kind", kind), ("subject", subject)) if value}
    page = page_of(rows.filter(**asked).order_by("position"), ("position",), cursor, size)
    return {"items": [_told(row) for row in page.rows], "before": page.before, "after": page.after}


@operation(router, "GET", "/ledger/entries/{position}", "账本中的一条", scope=READ, returns=shapes.EntryShape)
def one_entry(request: HttpRequest, position: Position) -> Any:
    found = selectors.entry_at(position, caller_of(request).account, clock.now())
    if found is None:
        raise RefusedError("账本中没有这一条。", remedy="请核对序号；序号从 0 起。", code="not_found")
    return _told(found)


@operation(
    router,
    "GET",
    "/ledger/consistency",
    "证明账本自某个条数以来只增不改",
    scope=READ,
    returns=shapes.Growth,
)
def ledger_growth(request: HttpRequest, since: Number) -> Any:
    return proofs.prove_growth(caller_of(request).account.agency, since)


@operation(
    router,
    "POST",
    "/ledger/consistency",
    "证明账本自某个签名的旧检查点以来只增不改",
    scope=READ,
    returns=shapes.Growth,
    sends=JSON,
)
def ledger_growth_since(request: HttpRequest, told: shapes.OldCheckpoint) -> Any:
    agency = caller_of(request).account.agency
    try:
        open_checkpoint(told.checkpoint, publish.vkeys_of(agency.code))
    except CheckpointError as error:  # what was sent is wrong, nothing of ours
        raise RefusedError(error.message, remedy=error.remedy, code=error.code) from error
    return proofs.prove_consistency(agency, told.checkpoint)
