"""Reads of recordings, filtered by person; and the one way to name a recording."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from liuhen.base.people.models import Account
from liuhen.core.errors import RefusedError

from .acts import ASSIGN, CONTENT, HANDLE_FLAG, SEE
from .models import Recording


class NotFoundError(RefusedError):
    code = "not_found"


class WithheldError(NotFoundError):
    """Known to be there, and not for this person to look at."""


class AmbiguousError(RefusedError):
    code = "ambiguous"


def visible_to(person: Account, at: datetime) -> QuerySet[Recording]:
    """What this person may know of, in the order it was stored."""
    return SEE.scope(person, Recording.objects.all(), at).order_by("position")


def content_for(person: Account, at: datetime) -> QuerySet[Recording]:
    """Those whose content this person may have: what they may know of, without what is restricted to others."""
    return CONTENT.scope(person, Recording.objects.all(), at)


def not_withheld(recording: Recording, person: Account, at: datetime) -> Recording:
    """The recording, which this person may know of. Raises WithheldError where its content is not for them."""
    if CONTENT.allows(person, recording, at):
        return recording
    raise WithheldError(
        f"{recording.number} 含有与工作无关的内容，已限制查看，这里没有它的画面和声音。",
        remedy="原件完好保存。确需查看的，请向科室管理员、法制机构或主要负责人说明事由；认为不应限制的，请法制机构重新处理。",
        basis=HANDLE_FLAG.basis.cite(recording.agency.pack),
    )


_EVERY = 2**31


def stored_since(person: Account, since: datetime, at: datetime) -> int:
    """How many this person may know of came in after `since`; each has one holder, so none is counted twice."""
    lately = Recording.objects.filter(
        agency_id=person.agency_id, state__in=Recording.State.values, stored_at__gt=since
    )
    # The bound makes SQLite find the days first: an officer's own are many more than a week's.
    rows = Recording.objects.filter(pk__in=lately.values("pk")[:_EVERY])
    return SEE.scope(person, rows, at).count()


def waiting_for_owner(person: Account, at: datetime) -> int:
    """How many 待归属 this person may assign."""
    rule = ASSIGN.who
    rows = Recording.objects.filter(state__in=ASSIGN.sources)
    return rule.scope(person, rows, at).count() if rule else 0


@dataclass(frozen=True)
class Neighbour:
    """The recording before or after on the same device. `apart`: seconds between the end of the earlier and the start of
    the later, negative where they overlap; None where a length is not known."""

    recording: Recording
    apart: float | None


def neighbours(
    recording: Recording, person: Account, at: datetime
) -> tuple[Neighbour | None, Neighbour | None]:
    """(before, after) on the same device by its own clock, among what this person may see."""
    if recording.device_id is None or recording.taken_at is None:
        return None, None
    rows = visible_to(person, at).filter(device_id=recording.device_id, taken_at__isnull=False)
    here, same = recording.taken_at, Q(taken_at=recording.taken_at)
    earlier = rows.filter(Q(taken_at__lt=here) | same & Q(position__lt=recording.position))
    later = rows.filter(Q(taken_at__gt=here) | same & Q(position__gt=recording.position))
    before = earlier.order_by("-taken_at", "-position").first()
    after = later.order_by("taken_at", "position").first()
    return (
        Neighbour(before, _apart(before, recording)) if before else None,
        Neighbour(after, _apart(recording, after)) if after else None,
    )


def _apart(first: Recording, second: Recording) -> float | None:
    if first.taken_at is None or second.taken_at is None:
        return None
    if first.duration_ms is None and first.kind != Recording.Kind.PHOTO:
        return None
    return (second.taken_at - first.taken_at).total_seconds() - (first.duration_ms or 0) / 1000


def find_recording(name: str, rows: QuerySet[Recording]) -> Recording:
    """By OCFL id, number or SHA-256, among `rows`.

    Raises NotFoundError, or AmbiguousError listing the candidates when several match.
    """
    matches = list(rows.filter(_named(name.strip()))[:21])
    if not matches:
        raise NotFoundError(
            f"没有找到音像记录“{name}”。",
            remedy="请从音像记录列表中选；编号、标识和 SHA-256 都可以用来查找，不属于您权限的查不到。",
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


def urn_numbered(number: str, agency_id: int) -> str | None:
    """The ledger's subject of the recording with this number; a number is no content."""
    row = Recording.objects.filter(agency_id=agency_id, number=number).first()
    return row.urn if row else None
