"""Taking a job, keeping it, and ending it: every step is one conditional UPDATE that must hit its row.

- Whoever took a job holds it by (owner, attempt); once another has it, nothing the first one writes arrives.
- A lease that runs out gives the job back, and so does a worker whose process lock the kernel has let go of,
  where that lock lies on this computer: a `kill -9` is noticed within seconds, a lost computer after a lease.
- What is given back after a death counts as an attempt; after the last one the job has failed, and says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q, QuerySet

from liuhen.base import home

from .kinds import all_kinds
from .models import Job

LEASE = timedelta(seconds=30)
_FIRST_PAUSE = 5  # seconds before the second attempt; doubled each time
_LONGEST_PAUSE = 300

log = structlog.get_logger(__name__)


def lock_name(owner: str) -> str:
    return f"worker-{owner}"


def take(owner: str, *, at: datetime, urgent_only: bool = False) -> Job | None:
    """The next job that is due, now this owner's; what a person waits for comes first."""
    rows = Job.objects.filter(_due(at))
    if urgent_only:
        rows = rows.filter(urgent=True)
    while True:
        found = rows.order_by("-urgent", "asked_at", "pk").values_list("pk", flat=True).first()
        if found is None:
            return None
        taken = rows.filter(pk=found).update(
            state=Job.State.RUNNING,
            owner=owner,
            lease_until=at + LEASE,
            attempts=F("attempts") + 1,
            started_at=at,
            changes=F("changes") + 1,
        )
        if taken:
            return Job.objects.select_related("agency", "by").get(pk=found)


def _due(at: datetime) -> Q:
    return Q(state__in=Job.WAITING, due_at__lte=at, kind__in=[kind.name for kind in all_kinds()])


def anything(owner: str, *, at: datetime) -> bool:
    """Is a job due, or held by this owner? One query: between two, a job could end and leave another behind."""
    return Job.objects.filter(_due(at) | Q(state=Job.State.RUNNING, owner=owner)).exists()


def held(job: Job) -> QuerySet[Job]:
    """The row as long as this very attempt holds it."""
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, owner=job.owner, attempts=job.attempts)


def renew(jobs: Iterable[Job], *, at: datetime) -> None:
    for job in jobs:
        held(job).update(lease_until=at + LEASE)


def write(job: Job, columns: dict[str, Any]) -> bool:
    """Progress of a held job; False when it is held no more."""
    return held(job).update(**columns, changes=F("changes") + 1) == 1


def end(
    job: Job,
    state: Job.State,
    *,
    at: datetime,
    sentence: str,
    code: str = "",
    result: Any = None,
    **more: Any,
) -> bool:
    """Done, failed or cancelled."""
    return _leave(
        held(job),
        state,
        finished_at=at,
        sentence=sentence,
        code=code,
        result=result,
        seconds_left=None,
        **more,
    )


def give_back(job: Job, *, at: datetime, **more: Any) -> bool:
    """Unfinished and unharmed: the next worker goes on. It costs no attempt."""
    return _leave(held(job), Job.State.QUEUED, due_at=at, attempts=F("attempts") - 1, **more)


def try_again(job: Job, *, at: datetime, sentence: str, code: str, **more: Any) -> bool:
    """After trouble that may pass, later; False also when this was the last attempt."""
    if job.attempts >= job.limit:
        return False
    due = at + pause_after(job.attempts)
    return _leave(held(job), Job.State.RETRYING, due_at=due, sentence=sentence, code=code, **more)


def pause_after(attempts: int) -> timedelta:
    return timedelta(seconds=min(_FIRST_PAUSE * 2 ** max(0, attempts - 1), _LONGEST_PAUSE))


def _leave(rows: QuerySet[Job], state: Job.State, **columns: Any) -> bool:
    changed = rows.update(
        state=state, owner="", lease_until=None, rate=None, changes=F("changes") + 1, **columns
    )
    return changed == 1


def reap(*, at: datetime, own: str = "") -> int:
    """Give back the jobs of workers that are gone; returns how many. `own`: the asking worker lives."""
    running = Job.objects.filter(state=Job.State.RUNNING).exclude(owner=own)
    gone = [owner for owner in _owners(running) if is_dead(owner)]
    lost = running.filter(Q(owner__in=gone) | Q(lease_until__lt=at))
    count = sum(_bury(job, at) for job in lost.order_by("asked_at"))
    for owner in gone:
        forget(owner)
    return count


def _owners(running: QuerySet[Job]) -> list[str]:
    return sorted(set(running.order_by().values_list("owner", flat=True)))


def is_dead(owner: str) -> bool:
    """Did a worker of this home end without ending its jobs? A clean end takes the lock's file away."""
    if not (home.run_folder() / f"{lock_name(owner)}.lock").exists():
        return False  # another computer's: its lease decides
    lock = home.try_lock(lock_name(owner))
    if lock is None:
        return False
    os.close(lock)
    return True


def forget(owner: str) -> None:
    """Remove the lock file of a dead worker; its name is never used again."""
    lock = home.try_lock(lock_name(owner))
    if lock is not None:
        home.release_own(lock_name(owner), lock)


def _bury(job: Job, at: datetime) -> bool:
    """One job of a worker that is gone: cancelled if that was asked, else tried again, else failed."""
    rows = held(job).filter(lease_until=job.lease_until)
    log.warning("job_given_back", job=str(job.pk), kind=job.kind, owner=job.owner, attempt=job.attempts)
    if job.cancel_asked_at is not None:
        return _leave(rows, Job.State.CANCELLED, finished_at=at, sentence="已取消。")
    if job.attempts < job.limit:
        said = "后台程序中途退出，稍后自动接着做；已完成的部分不受影响。"
        return _leave(rows, Job.State.RETRYING, due_at=at, sentence=said, code="worker_gone")
    said = (
        f"做了 {job.attempts} 次，每次后台程序都中途退出，没有再试。已完成的部分不受影响。"
        "怎么办：请再次发起；仍不行时把 LIUHEN_HOME/logs/liuhen.log 交给维护人员。"
    )
    return _leave(rows, Job.State.FAILED, finished_at=at, sentence=said, code="worker_gone")


def sweep(*, at: datetime, days: int) -> int:
    """Forget jobs that ended more than so many days ago; what they did stands elsewhere."""
    ended = Job.objects.filter(state__in=(Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED))
    count, _ = ended.filter(finished_at__lt=at - timedelta(days=days)).delete()
    return count
