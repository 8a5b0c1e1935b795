"""How an upload set ends: taken in and safe, dropped by decision, or expired because nobody touched it.

- The bytes are removed after a receipt shows every file safe, never before.
- What is thrown away without having been taken in is an act in the ledger, and file by file in the log.
- The sweep can be cut off anywhere: rows first, then bytes, and folders of no living set the next time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from liuhen.base import clock, site
from liuhen.base.acts import Act, perform
from liuhen.base.jobs.models import Job
from liuhen.base.people.models import Account
from liuhen.core.errors import RefusedError

from . import acts, arriving
from .models import Batch, UploadSet

_STATE = UploadSet.State

log = structlog.get_logger(__name__)


def drop_set(upload: UploadSet, *, reason: str, by: Account, at: datetime) -> None:
    """Throw a set away: by decision, with a reason, and in the ledger.

    Raises RefusedError while it is being taken in, and what perform() raises.
    """
    if upload.job and Job.objects.filter(pk=upload.job, state__in=Job.LIVE).exists():
        raise RefusedError(
            "这次上传正在采集入库，不能放弃。", remedy="确要放弃的，请先取消采集。", code="upload_busy"
        )
    _throw_away(acts.DROP_UPLOAD, upload, by=by, at=at, reason=reason)


def expire_sets(at: datetime) -> int:
    """Throw away open sets that nobody has touched for the office's days; returns how many."""
    days = site.load().keep_uploads_days
    old = UploadSet.objects.filter(state=_STATE.OPEN, touched_at__lt=at - timedelta(days=days))
    for upload in old.select_related("agency"):
        _throw_away(acts.EXPIRE_UPLOAD, upload, by=None, at=at)
    return len(old)


def expires_at(upload: UploadSet) -> datetime:
    return upload.touched_at + timedelta(days=site.current().keep_uploads_days)


def _throw_away(
    act: Act, upload: UploadSet, *, by: Account | None, at: datetime, reason: str | None = None
) -> None:
    files = list(upload.files.select_related("set").order_by("path_digest"))
    told = [arriving.facts_of(file) for file in files]
    for one in told:
        log.warning(act.kind, upload=str(upload.pk), **one)
    data = {
        "upload": str(upload.pk),
        "opened_by": upload.by.username,
        "opened_at": clock.stamp(upload.opened_at),
        "files": len(told),
        "bytes": sum(one["received"] for one in told),
    }
    subject = f"upload:{upload.pk}"
    with transaction.atomic():
        perform(
            act, upload, by=by, at=at, subject=subject, reason=reason, data=data, changes={"ended_at": at}
        )
        upload.files.all().delete()
    arriving.remove(upload)


def settle(upload: UploadSet, batch: Batch, at: datetime) -> None:
    """After its ingest: with a receipt every file is safe and the set goes; else it stays for another try."""
    if not hasattr(batch, "receipt"):
        return
    with transaction.atomic():
        UploadSet.objects.filter(pk=upload.pk, state=_STATE.CLOSED).update(state=_STATE.TAKEN, ended_at=at)
        upload.files.all().delete()
    arriving.remove(upload)


def sweep(at: datetime) -> None:
    """Every hour: expire what nobody touches, and remove folders that no living set has any more."""
    expire_sets(at)
    living = UploadSet.objects.filter(state__in=(_STATE.OPEN, _STATE.CLOSED))
    known = set(living.values_list("folder", flat=True))
    young = at.timestamp() - site.load().keep_uploads_days * 86_400
    ended = set(UploadSet.objects.exclude(pk__in=living).values_list("folder", flat=True))
    for folder in arriving.strays(known):
        if folder.name in ended or folder.stat().st_mtime < young:  # unknown: of a database that was lost
            files = [path for path in folder.rglob("*") if path.is_file()]
            size = sum(path.stat().st_size for path in files)
            log.warning("upload_stray_removed", folder=folder.name, files=len(files), bytes=size)
            arriving.remove_folder(folder)
    old = at - timedelta(days=site.load().keep_jobs_days)
    UploadSet.objects.filter(ended_at__lt=old).exclude(pk__in=living).delete()
