"""Reads of jobs, filtered by person: the kinds somebody may know of, in their own agency."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import QuerySet

from liuhen.base.people.models import Account
from liuhen.base.recordings.selectors import NotFoundError

from .kinds import all_kinds, kind_named
from .models import Job

NOTICED = timedelta(seconds=15)


def jobs_of(person: Account, at: datetime) -> QuerySet[Job]:
    """What this person may know of, newest first."""
    rows = Job.objects.filter(agency_id=person.agency_id)
    seen = rows.none()
    for kind in all_kinds():
        seen |= kind.sees.scope(person, rows.filter(kind=kind.name), at)
    return seen.distinct().select_related("by").order_by("-asked_at", "-pk")


def job_with(pk: uuid.UUID, person: Account, at: datetime) -> Job:
    """Raises NotFoundError for what is not there and for what is not theirs alike."""
    job = jobs_of(person, at).filter(pk=pk).first()
    if job is None:
        raise NotFoundError("没有这项任务。", remedy="它可能早已结束并按期清理；请返回列表查看。")
    return job


def sees_names(person: Account, job: Job, at: datetime) -> bool:
    """May the title, the sentences and the troubles be shown to them?"""
    return kind_named(job.kind).names.allows(person, job, at)


def nobody_works(at: datetime) -> bool:
    """Have jobs been due for a while, and none is being done by a living worker?"""
    due = Job.objects.filter(state__in=Job.WAITING, due_at__lt=at - NOTICED)
    return due.exists() and not Job.objects.filter(state=Job.State.RUNNING, lease_until__gte=at).exists()
