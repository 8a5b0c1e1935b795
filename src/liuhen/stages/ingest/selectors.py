"""Reads of batches and receipts, filtered by person."""

from __future__ import annotations

from django.db.models import QuerySet

from liuhen.base import clock
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import HasRole
from liuhen.base.recordings.selectors import NotFoundError

from .models import Receipt

SEE_RECEIPTS = HasRole(
    (Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST, Role.AUDITOR)
)


def receipts_of(person: Account) -> QuerySet[Receipt]:
    """Receipts this person may see, oldest first."""
    rows = SEE_RECEIPTS.scope(person, Receipt.objects.all(), clock.now())
    return rows.select_related("agency", "batch").order_by("issued_at", "number")


def receipt_named(number: str, rows: QuerySet[Receipt] | None = None) -> Receipt:
    """Raises NotFoundError."""
    found = (Receipt.objects.select_related("agency", "batch") if rows is None else rows).filter(
        number=number
    )
    receipt = found.first()
    if receipt is None:
        raise NotFoundError(f"没有编号为 {number} 的移交回执。", remedy="用 liuhen receipt 查看全部回执。")
    return receipt
