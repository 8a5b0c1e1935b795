"""Visits: a viewing is one ledger entry a person, recording and session, until they have been silent for a while.

- Opening a recording's page opens a visit or goes on with the one that is live; only a new one is an entry.
- A visit belongs to its account, its recording and its session: anywhere else its token opens nothing.
- Who may have the content is asked at every use: a right that ended ends its visits, and so does a restriction.
- Every use moves the end of the silence forward, at most twice a minute: each time is a write.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from django.db import transaction

from liuhen.base import site
from liuhen.base.acts import Act, perform
from liuhen.base.people.models import Account

from .acts import CONTENT, DOWNLOAD, VIEW
from .models import Recording, Visit
from .selectors import NotFoundError

_TOUCH = timedelta(seconds=30)
_FORGOTTEN = timedelta(days=1)
_ACTS: dict[str, Act] = {Visit.Purpose.VIEW: VIEW, Visit.Purpose.DOWNLOAD: DOWNLOAD}


def open_visit(recording: Recording, *, by: Account, session: str, at: datetime) -> Visit:
    """The live visit of this person to this recording in this session, else a new one, which is a viewing.

    Raises NotAllowedError for whoever may not see it.
    """
    with transaction.atomic():
        mine = Visit.objects.filter(
            account=by, recording=recording, session=_digest(session), purpose=Visit.Purpose.VIEW
        )
        live = mine.filter(seen_at__gt=at - _silence()).order_by("-seen_at").first()
        if live is not None and CONTENT.allows(by, recording, at):
            _touch(live, at)
            return live
        return _begin(recording, Visit.Purpose.VIEW, by=by, session=session, at=at)


def open_download(recording: Recording, *, by: Account, session: str, at: datetime) -> Visit:
    """A visit that serves the original as a file; each is an entry, a download that is resumed is the same one.

    Raises NotAllowedError.
    """
    with transaction.atomic():
        return _begin(recording, Visit.Purpose.DOWNLOAD, by=by, session=session, at=at)


def visit_with(
    token: str, *, recording: uuid.UUID, purpose: Visit.Purpose, by: Account, session: str, at: datetime
) -> Visit:
    """The live visit of that token, used now, with its recording. Raises NotFoundError for every other token alike, and
    where the right to see has ended."""
    rows = Visit.objects.select_related("recording").filter(
        token=token,
        recording=recording,
        purpose=purpose,
        account=by,
        session=_digest(session),
        seen_at__gt=at - _silence(),
    )
    visit = next(iter(rows), None)
    if visit is None or not CONTENT.allows(by, visit.recording, at):
        raise NotFoundError(
            "没有这项内容，或查看已经结束。",
            remedy="请回到这条记录的页面，刷新后再试；刷新会登记为一次新的查看。",
        )
    _touch(visit, at)
    return visit


def _begin(recording: Recording, purpose: Visit.Purpose, *, by: Account, session: str, at: datetime) -> Visit:
    entry = perform(
        _ACTS[purpose],
        recording,
        by=by,
        at=at,
        subject=recording.urn,
        data={"recording": recording.urn, "sha256": recording.sha256},
    )
    Visit.objects.filter(account=by, seen_at__lt=at - _silence() - _FORGOTTEN).delete()
    return Visit.objects.create(
        token=secrets.token_urlsafe(32),
        recording=recording,
        account=by,
        session=_digest(session),
        purpose=purpose,
        opened_at=at,
        seen_at=at,
        position=entry.position,
    )


def _touch(visit: Visit, at: datetime) -> None:
    if at - visit.seen_at >= _TOUCH:
        Visit.objects.filter(pk=visit.pk).update(seen_at=at)


def _silence() -> timedelta:
    return timedelta(minutes=site.current().visit_minutes)


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()
