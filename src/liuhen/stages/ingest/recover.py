"""After a crash: what stands is completed, what does not is discarded; nothing is lost and nothing doubled.

A batch is dead when its lock can be taken: the kernel let go of it with the process.
- An object that stands whole in a store without a row gets its row and ledger entry.
- A reservation whose object never appeared gives its number back.
- Drafts of dead batches are discarded; the card still holds their bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from liuhen.base import home
from liuhen.base.acts import perform
from liuhen.base.people.models import Agency
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording, Reservation
from liuhen.base.recordings.record import ORIGINAL_FOLDER, RECORD
from liuhen.base.storage.stores import content_path, object_there
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.digests import digests_of
from liuhen.core.errors import LiuhenError

from . import acts
from .commit import store_row
from .models import Batch
from .progress import Progress


def recover_interrupted(
    agency: Agency, stores: list[LocalBlobs], *, at: datetime, progress: Progress
) -> None:
    """Put right what a dead batch left behind."""
    for reservation in Reservation.objects.filter(agency=agency).exclude(batch=""):
        with _if_dead(reservation.batch) as dead:
            if dead:
                _settle(agency, reservation, stores, progress)
    for batch in Batch.objects.filter(agency=agency, state=Batch.State.OPEN):
        with _if_dead(batch.key) as dead:
            if dead:
                perform(
                    acts.INTERRUPT,
                    batch,
                    by=None,
                    at=at,
                    subject=f"batch:{batch.key}",
                    data={"batch": batch.key},
                )
                progress.say(
                    f"上次对“{batch.card_label}”的采集（{batch.key}）没有做完，已整理；已入库的不受影响。"
                )
    _discard_drafts(stores)


@contextmanager
def _if_dead(batch_key: str) -> Iterator[bool]:
    """True, and held, when no process works on the batch."""
    lock = home.try_lock(f"batch-{batch_key}")
    try:
        yield lock is not None
    finally:
        if lock is not None:
            home.release_own(f"batch-{batch_key}", lock)


def _settle(agency: Agency, reservation: Reservation, stores: list[LocalBlobs], progress: Progress) -> None:
    urn = f"urn:uuid:{reservation.recording}"
    standing = [store for store in stores if object_there(store, urn)]
    if not standing:
        Reservation.objects.filter(pk=reservation.pk).update(batch="", sameness=f"free:{reservation.number}")
        return
    batch = Batch.objects.get(agency=agency, key=reservation.batch)
    raw = standing[0].read_bytes(content_path(urn, "v1", RECORD))
    record: dict[str, Any] = json.loads(raw)
    whole = {store.name: "direct" for store in standing if _content_is_whole(store, urn, record)}
    if not whole:
        progress.say(f"{record['number']} 的对象在存储中已损坏，未登记；请保留存储卡并再次采集。")
        return
    with transaction.atomic():
        if not Recording.objects.filter(pk=reservation.recording).exists():
            store_row(batch, record, digests_of(raw).sha256, whole, act=custody.RECOVER)
    progress.say(f"{record['number']} 上次已写入存储但未登记，现已补登。")


def _content_is_whole(store: LocalBlobs, urn: str, record: dict[str, Any]) -> bool:
    original = record["original"]
    try:
        path = content_path(urn, "v1", f"{ORIGINAL_FOLDER}/{original['content_name']}")
        return bool(store.reread(path).sha256 == original["sha256"])
    except LiuhenError:
        return False


def _discard_drafts(stores: list[LocalBlobs]) -> None:
    for store in stores:
        for key in store.drafts():
            batch_key = key.rpartition("-")[0]
            with _if_dead(batch_key or key) as dead:
                if dead:
                    store.draft(key).discard()
