"""Asking for a job, and asking it to stop.

- Who may is the kind's rule, asked here and again when the job runs; the stage's act asks once more.
- One live job a key: whoever asks again gets the one that is there.
- A job nobody has taken is cancelled at once; a running one stops where it can, within about a second.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from liuhen.base.acts import NotAllowedError
from liuhen.base.basis import OWN_RULE
from liuhen.base.people.models import Account, Agency
from liuhen.core.errors import RefusedError

from .kinds import Kind, kind_named
from .models import Job


class JobOverError(RefusedError):
    code = "job_over"


def ask_for(
    kind: str,
    agency: Agency,
    *,
    by: Account | None,
    at: datetime,
    args: dict[str, Any] | None = None,
    key: str = "",
    title: str = "",
) -> Job:
    """Queue a job; the live one of the same key instead, where there is one.

    Raises UnknownKindError, NotAllowedError.
    """
    row = kind_named(kind)
    job = Job(
        kind=kind,
        agency=agency,
        by=by,
        args=args or {},
        key=key,
        title=title[:255],
        urgent=row.urgent,
        asked_at=at,
        due_at=at,
        limit=row.limit,
    )
    refuse_strangers(row, job, at)
    while True:
        standing = Job.objects.filter(agency=agency, key=key, state__in=Job.LIVE).first() if key else None
        if standing is not None:
            return standing
        try:
            with transaction.atomic():
                job.save(force_insert=True)
        except IntegrityError:
            if not key:
                raise
            continue  # another asked at the same moment
        return job


def refuse_strangers(kind: Kind, job: Job, at: datetime) -> None:
    """Raises NotAllowedError unless whoever asks, or asked, may have this kind of job."""
    by = job.by
    allowed = kind.who is None if by is None else (kind.who is not None and kind.who.allows(by, job, at))
    if not allowed:
        raise _not_allowed(kind, job.agency)


def cancel(job: Job, *, by: Account, at: datetime) -> Job:
    """Stop a job; returns the row as it stands now.

    Raises NotAllowedError, and JobOverError when it has ended already.
    """
    kind = kind_named(job.kind)
    if kind.who is None or not by.is_active or not kind.who.allows(by, job, at):
        raise _not_allowed(kind, job.agency)
    rows = Job.objects.filter(pk=job.pk)
    changed = F("changes") + 1
    stopped = rows.filter(state__in=Job.WAITING).update(
        state=Job.State.CANCELLED,
        finished_at=at,
        cancel_asked_at=at,
        sentence=f"{by.name}已取消，还没有开始。",
        changes=changed,
    )
    asked = stopped or rows.filter(state=Job.State.RUNNING).update(cancel_asked_at=at, changes=changed)
    job.refresh_from_db()
    if not asked:
        raise JobOverError(f"这项任务{job.get_state_display()}，不用再取消。", remedy="请刷新页面查看结果。")
    return job


def _not_allowed(kind: Kind, agency: Agency) -> NotAllowedError:
    who = kind.who.in_words() if kind.who else "本系统程序"
    return NotAllowedError(
        f"不能办理“{kind.label}”：不属于您的权限。",
        remedy=f"该事项由{who}办理；如需权限，请由系统管理员提出、安全管理员确认。",
        basis=OWN_RULE.cite(agency.pack),
        kind=kind.name,
    )
