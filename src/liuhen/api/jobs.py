"""Background work: how far it has come, and asking it to stop."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router

from liuhen.base import clock
from liuhen.base.jobs import selectors, services
from liuhen.base.jobs.models import Job
from liuhen.base.people.models import Account
from liuhen.base.tokens.models import Scope
from liuhen.doors.paging import page_of

from . import shapes
from .callers import caller_of
from .operations import operation
from .shapes import Cursor, PageSize

router = Router(tags=["后台任务"])


def told(job: Job, person: Account) -> dict[str, Any]:
    named = selectors.sees_names(person, job, clock.now())
    hidden = dict.fromkeys(("title", "saying", "sentence", "troubles", "result"))
    shown = {name: getattr(job, name) for name in hidden} if named else hidden
    return {
        "job": job.pk,
        "kind": job.kind,
        "state": job.state,
        "live": job.live,
        "by": job.by.username if job.by else None,
        "asked_at": job.asked_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "files_done": job.files_done,
        "files_total": job.files_total,
        "bytes_done": job.bytes_done,
        "bytes_total": job.bytes_total,
        "seconds_left": job.seconds_left,
        "troubles_count": job.troubles_count,
        "code": job.code,
        **shown,
    }


@operation(router, "GET", "/jobs", "后台任务，新的在前", scope=Scope.JOBS_READ, returns=shapes.Jobs)
def list_jobs(
    request: HttpRequest, live: bool | None = None, cursor: Cursor = "", size: PageSize = 50
) -> Any:
    person = caller_of(request).account
    rows = selectors.jobs_of(person, clock.now())
    if live is not None:
        rows = rows.filter(state__in=Job.LIVE) if live else rows.exclude(state__in=Job.LIVE)
    page = page_of(rows, ("-asked_at",), cursor, size)
    return {"items": [told(row, person) for row in page.rows], "before": page.before, "after": page.after}


@operation(
    router, "GET", "/jobs/{job}", "一项后台任务及其进度", scope=Scope.JOBS_READ, returns=shapes.JobShape
)
def one_job(request: HttpRequest, job: uuid.UUID) -> Any:
    person = caller_of(request).account
    return told(selectors.job_with(job, person, clock.now()), person)


@operation(
    router,
    "POST",
    "/jobs/{job}/cancel",
    "请一项任务停下；已入库的文件不受影响",
    scope=Scope.JOBS_WRITE,
    returns=shapes.JobShape,
)
def cancel_job(request: HttpRequest, job: uuid.UUID) -> Any:
    person, at = caller_of(request).account, clock.now()
    row = services.cancel(selectors.job_with(job, person, at), by=person, at=at)
    return told(row, person)
