"""Reads of tokens, filtered by person: the administrators' and the auditor's whole list, everybody's own."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet

from liuhen.base.people.models import Account
from liuhen.base.people.rules import looked_up
from liuhen.core.errors import RefusedError

from .acts import SEE
from .models import Token


def tokens_of(person: Account, at: datetime) -> QuerySet[Token]:
    """Newest first."""
    rows = Token.objects.select_related("agency", "account__agency", "issued_by", "confirmed_by")
    return SEE.scope(looked_up(person), rows, at).distinct().order_by("-issued_at", "-pk")


def token_with(name: str, person: Account, at: datetime) -> Token:
    """Raises RefusedError (not_found) for what is not there and for what is not theirs alike."""
    try:
        found = tokens_of(person, at).filter(pk=uuid.UUID(name)).first()
    except ValueError:
        found = None
    if found is None:
        raise RefusedError("没有这个令牌。", remedy="用 liuhen token list 查看编号。", code="not_found")
    return found
