"""Reads of the ledger, filtered by person: one's own agency's log, for those who answer for it or audit it."""

from __future__ import annotations

from django.db.models import QuerySet

from liuhen.base import clock
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import ANYONE, HasRole
from liuhen.core.errors import RefusedError

from .models import Entry

# An entry names officials and digests, never a party; an officer reads the chain of their own recordings there.
SEE_ENTRIES = HasRole(
    (
        Role.AUDITOR,
        Role.CUSTODIAN,
        Role.UNIT_HEAD,
        Role.PRINCIPAL,
        Role.LEGAL,
        Role.ARCHIVIST,
        Role.SECURITY_ADMIN,
    )
)
SEE_HEAD = ANYONE  # checkpoint and key are made to be shown to strangers


def entries_of(person: Account) -> QuerySet[Entry]:
    """In the order they were written."""
    return SEE_ENTRIES.scope(person, Entry.objects.all(), clock.now()).order_by("position")


def entry_at(position: int, person: Account) -> Entry:
    """Raises RefusedError (not_found) for what is not there and for what is not theirs alike."""
    found = entries_of(person).filter(position=position).first()
    if found is None:
        raise RefusedError("账本中没有这一条。", remedy="请核对序号；序号从 0 起。", code="not_found")
    return found
