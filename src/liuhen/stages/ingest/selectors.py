"""Reads of batches, receipts, jobs and upload sets, filtered by person.

- Who sees that a receipt exists is not always who may read it: its lines name files, and the auditor, like the
  two administrators, sees no content. The keeper of the recorder reads the receipts of its cards.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.selectors import jobs_of
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import AllOf, AnyOf, HasRole, Is
from liuhen.base.recordings.selectors import NotFoundError

from .acts import may_begin
from .jobs import CARD
from .models import Batch, Receipt, UploadFile, UploadSet
from .uploads import no_such_upload

LATELY = timedelta(hours=12)

_HOLDER = AllOf((HasRole((Role.OFFICER,)), Is("batch__holder__account")))
_CONTENT = (Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST)
READ_RECEIPTS = AnyOf((HasRole(_CONTENT), _HOLDER))
SEE_RECEIPTS = AnyOf((HasRole((*_CONTENT, Role.AUDITOR)), _HOLDER))


def receipts_of(person: Account) -> QuerySet[Receipt]:
    """Receipts this person may see, oldest first."""
    rows = SEE_RECEIPTS.scope(person, Receipt.objects.all(), clock.now())
    related = ("agency", "batch__device", "batch__holder", "batch__by")
    return rows.select_related(*related).distinct().order_by("issued_at", "number")


def receipts_like(words: str, rows: QuerySet[Receipt], person: Account) -> QuerySet[Receipt]:
    """By part of a number, a device's serial or a person's name; by the card's label for those who may read it."""
    found = Q(number__icontains=words) | Q(batch__device__serial__icontains=words)
    found |= Q(batch__holder__name__icontains=words) | Q(batch__by__name__icontains=words)
    labelled = READ_RECEIPTS.scope(
        person, Receipt.objects.filter(batch__card_label__icontains=words), clock.now()
    )
    return rows.filter(found | Q(pk__in=labelled.values("pk")))


def reads(person: Account, receipt: Receipt) -> bool:
    """May they read the lines of this receipt, and have it on paper?"""
    return READ_RECEIPTS.allows(person, receipt, clock.now())


def receipt_named(number: str, rows: QuerySet[Receipt] | None = None) -> Receipt:
    """Raises NotFoundError."""
    found = (Receipt.objects.select_related("agency", "batch") if rows is None else rows).filter(
        number=number
    )
    receipt = found.first()
    if receipt is None:
        raise NotFoundError(f"没有编号为 {number} 的移交回执。", remedy="用 liuhen receipt 查看全部回执。")
    return receipt


def ingests_of(person: Account, at: datetime) -> QuerySet[Job]:
    """The cards and uploads on the wall: going in, or ended lately."""
    rows = jobs_of(person, at).filter(kind=CARD)
    return rows.filter(Q(state__in=Job.LIVE) | Q(finished_at__gte=at - LATELY))


def last_taken_in(device: Device, since: datetime) -> Batch | None:
    """The last card of a device that was begun after `since`."""
    return Batch.objects.filter(device=device, started_at__gt=since).order_by("-started_at").first()


def batches_by_job(jobs: Iterable[Job]) -> dict[str, Batch]:
    """The last batch of each job."""
    keys = [str(job.pk) for job in jobs]
    rows = Batch.objects.filter(job__in=keys).select_related("device", "holder", "receipt")
    return {row.job: row for row in rows.order_by("started_at")}


def uploads_of(person: Account, at: datetime) -> QuerySet[UploadSet]:
    """Sets that are still arriving, or wait for another try; who may take cards in sees them."""
    if not may_begin(person):
        return UploadSet.objects.none()
    rows = UploadSet.objects.filter(
        agency_id=person.agency_id, state__in=(UploadSet.State.OPEN, UploadSet.State.CLOSED)
    )
    return rows.select_related("by", "device").order_by("-opened_at")


def upload_with(pk: uuid.UUID, person: Account, at: datetime) -> UploadSet:
    """Raises NotFoundError."""
    found = uploads_of(person, at).filter(pk=pk).first()
    if found is None:
        raise no_such_upload()
    return found


def upload_file_with(pk: uuid.UUID, upload: uuid.UUID, person: Account) -> UploadFile:
    """A file of a set that this person opened. Raises NotFoundError."""
    rows = UploadFile.objects.filter(pk=pk, set_id=upload, set__by=person)
    found = rows.select_related("set__agency", "set__by").first()
    if found is None:
        raise no_such_upload()
    return found
