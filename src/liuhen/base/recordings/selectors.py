"""Reads of recordings, filtered by person; and the one way to name a recording."""

from __future__ import annotations

import re
import uuid
from datetime import datetime

from django.db.models import Q, QuerySet

from liuhen.base.people.models import Account
from liuhen.core.errors import RefusedError

from .acts import ASSIGN, SEE
from .models import Recording


class NotFoundError(RefusedError):
    code = "not_found"


class AmbiguousError(RefusedError):
    code = "ambiguous"


def visible_to(person: Account, at: datetime) -> QuerySet[Recording]:
    """What this person may know of, in the order it was stored."""
    return SEE.scope(person, Recording.objects.all(), at).order_by("position")


def stored_since(person: Account, since: datetime, at: datetime) -> int:
    """How many this person may know of came in after `since`; each has one holder, so none is counted twice."""
    rows = Recording.objects.filter(
        agency_id=person.agency_id, state__in=Recording.State.values, stored_at__gt=since
    )
    return SEE.scope(person, rows, at).count()


def waiting_for_owner(person: Account, at: datetime) -> int:
    """How many 待归属 this person may assign."""
    rule = ASSIGN.who
    rows = Recording.objects.filter(state__in=ASSIGN.sources)
    return rule.scope(person, rows, at).count() if rule else 0


def find_recording(name: str, rows: QuerySet[Recording]) -> Recording:
    """By OCFL id, number or SHA-256, among `rows`.

    Raises NotFoundError, or AmbiguousError listing the candidates when several match.
    """
    matches = list(rows.filter(_named(name.strip()))[:21])
    if not matches:
        raise NotFoundError(
            f"没有找到音像记录“{name}”。",
            remedy="请用 liuhen list 查看编号；可用 OCFL 标识、编号或 SHA-256 指定。",
        )
    if len(matches) > 1:
        listed = "、".join(row.number for row in matches[:20])
        raise AmbiguousError(
            f"“{name}”对应多条音像记录：{listed}。",
            remedy="请改用其中一个编号。",
            recordings=[row.urn for row in matches],
        )
    return matches[0]


def _named(name: str) -> Q:
    if re.fullmatch(r"[0-9a-fA-F]{64}", name):
        return Q(sha256=name.lower())
    bare = name.removeprefix("urn:uuid:")
    try:
        return Q(pk=uuid.UUID(bare))
    except ValueError:
        return Q(number=name)
