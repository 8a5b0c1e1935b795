"""After a crash: what stands is completed, what does not is discarded; nothing is lost and nothing doubled.

A batch is dead when its lock can be taken: the kernel let go of it with the process.
- An object that stands whole in a store without a row gets its row and ledger entry.
- A reservation whose object never appeared gives its number back.
- An object that stands and is not whole keeps its number and is named; its content may be stored anew.
- Drafts of dead batches are discarded; the card still holds their bytes. Other drafts are not ours to judge.
- What cannot be settled now is said, and stops no ingest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, transaction

from liuhen.base import home
from liuhen.base.acts import perform
from liuhen.base.people.models import Agency
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording, Reservation
from liuhen.base.recordings.record import RECORD
from liuhen.base.storage.stores import content_path, object_there
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.digests import digests_of
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.validate import validate_object

from . import acts
from .commit import store_rows
from .models import Batch
from .progress import Progress
from .seal import Standing

log = structlog.get_logger(__name__)

_DRAFT = re.compile(r"(?P<batch>[0-9]{14}-[0-9a-f]{8})-[0-9a-f]{32}")
_GIVEN_UP = "damaged:"  # before the number of a reservation whose object stands damaged


def recover_interrupted(
    agency: Agency, stores: list[LocalBlobs], *, at: datetime, progress: Progress
) -> None:
    """Put right what dead batches left behind; one process at a time."""
    with home.locked(f"recover-{agency.code}"):
        left = {row.batch for row in _unsettled(agency)}
        opened = Batch.objects.filter(agency=agency, state=Batch.State.OPEN)
        for key in sorted(left | set(opened.values_list("key", flat=True))):
            with _if_dead(key) as dead:
                if dead:
                    _settle_batch(agency, key, stores, at, progress)
        _discard_dead_drafts(stores)


def give_back(batch: Batch, stores: list[LocalBlobs]) -> None:
    """At the end of a batch: the numbers of files that failed go to the next files."""
    for reservation in _unsettled(batch.agency).filter(batch=batch.key):
        if not _standing_in(stores, f"urn:uuid:{reservation.recording}"):
            _free(reservation)


def _unsettled(agency: Agency) -> Any:
    rows = Reservation.objects.filter(agency=agency).exclude(batch="")
    return rows.exclude(sameness__startswith=_GIVEN_UP).order_by("number")


@contextmanager
def _if_dead(batch_key: str) -> Iterator[bool]:
    """True, and held, when no process works on the batch."""
    lock = home.try_lock(f"batch-{batch_key}")
    try:
        yield lock is not None
    finally:
        if lock is not None:
            home.release_own(f"batch-{batch_key}", lock)


def _settle_batch(
    agency: Agency, key: str, stores: list[LocalBlobs], at: datetime, progress: Progress
) -> None:
    for reservation in _unsettled(agency).filter(batch=key):
        try:
            _settle(agency, reservation, stores, progress)
        except (LiuhenError, DatabaseError, ValueError, KeyError) as error:
            log.exception("reservation_not_settled", number=reservation.number)
            progress.say(f"{reservation.number} 上次没有做完，这次仍未能整理（{error}）。")
    batch = Batch.objects.filter(agency=agency, key=key, state=Batch.State.OPEN).first()
    if batch is not None:
        data, subject = {"batch": key}, f"batch:{key}"
        perform(
            acts.INTERRUPT, batch, by=None, at=at, subject=subject, data=data, changes={"finished_at": at}
        )
        progress.say(f"上次对“{batch.card_label}”的采集（{key}）没有做完，已整理；已入库的不受影响。")


def _settle(agency: Agency, reservation: Reservation, stores: list[LocalBlobs], progress: Progress) -> None:
    urn = f"urn:uuid:{reservation.recording}"
    standing = _standing_in(stores, urn)
    if not standing:
        _free(reservation)
        return
    whole = [store for store in standing if validate_object(store, object_path(urn)).ok]
    if not whole:
        Reservation.objects.filter(pk=reservation.pk).update(sameness=f"{_GIVEN_UP}{reservation.number}")
        progress.say(f"{reservation.number} 的对象在存储中已损坏，未登记；请保留存储卡并再次采集。")
        return
    batch = Batch.objects.get(agency=agency, key=reservation.batch)
    raw = whole[0].read_bytes(content_path(urn, "v1", RECORD))
    record: dict[str, Any] = json.loads(raw)
    one = Standing(record, digests_of(raw).sha256, {store.name: _method(store, urn) for store in whole})
    with transaction.atomic():
        if Recording.objects.filter(pk=reservation.recording).exists():
            reservation.delete()
        else:
            store_rows(batch, [one], act=custody.RECOVER)
    progress.say(f"{reservation.number} 上次已写入存储但未登记，现已补登。")


def _standing_in(stores: list[LocalBlobs], urn: str) -> list[LocalBlobs]:
    return [store for store in stores if object_there(store, urn)]


def _method(store: LocalBlobs, urn: str) -> str:
    """By which road this store's bytes come; validate_object has just read them all that way."""
    return store.reread(content_path(urn, "v1", RECORD)).method


def _free(reservation: Reservation) -> None:
    Reservation.objects.filter(pk=reservation.pk).update(batch="", sameness=f"free:{reservation.number}")


def discard_drafts(batch_key: str, stores: list[LocalBlobs]) -> None:
    """Remove what a stopped batch has drafted and not published; nobody may be writing there any more."""
    for store in stores:
        try:
            for key in store.drafts():
                if key.startswith(f"{batch_key}-"):
                    store.draft(key).discard()
        except LiuhenError as error:  # the next ingest tries again
            log.warning("drafts_not_discarded", store=store.name, error=str(error))


def _discard_dead_drafts(stores: list[LocalBlobs]) -> None:
    found = {_DRAFT.fullmatch(key) for store in stores for key in store.drafts()}
    for key in sorted({ours["batch"] for ours in found if ours is not None}):
        with _if_dead(key) as dead:
            if dead:
                discard_drafts(key, stores)
