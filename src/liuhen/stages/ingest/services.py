"""Taking a card in, from listing to receipt.

- One ingest of a card at a time; other cards may be taken in beside it.
- Workers copy, verify and seal; this thread alone talks to the database, in groups.
- Bytes before rows: a recording has a row only when its object stands in the store.
- Whatever stops the run, the next run goes on: what stands is completed or reported first (recover.py).
- The card is released only when every file on it has enough verified copies and nothing was refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from django.db import DatabaseError, transaction

from liuhen.base import clock, home, site
from liuhen.base.acts import perform
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.devices.services import read_clock
from liuhen.base.ledger import publish
from liuhen.base.storage.stores import Stores, open_stores
from liuhen.core.errors import LiuhenError, StorageError
from liuhen.core.media.sandbox import Analyser
from liuhen.core.reasons import why

from . import acts, advice, recover
from .conclude import conclude
from .docking import Docked, Request, hold_card, look_at
from .intake import Intake
from .models import Batch
from .progress import Outcome, Progress, Silent
from .run import Run
from .seal import context_of

__all__ = ["DatabaseFailedError", "HomeFailedError", "Request", "ingest_card"]

log = structlog.get_logger(__name__)


class DatabaseFailedError(StorageError):
    code = "database"


class HomeFailedError(StorageError):
    """LIUHEN_HOME itself, beside the stores and the database: locks, receipts, settings."""

    code = "home"


def ingest_card(request: Request, *, at: datetime, progress: Progress | None = None) -> Outcome:
    """Take a card (or a folder of old recordings) in; see Outcome for what became of every file.

    Raises, before anything is changed: card errors (missing, unreadable, empty), UnknownDeviceError,
    CardBusyError, store and key errors, NotAllowedError. Raises StoppedError when `request.stopped` says so:
    the batch is closed as interrupted, what was stored stays stored. Raises DatabaseFailedError and HomeFailedError when
    the office's own disk gives up in the middle; what was stored stays stored.
    """
    progress = progress or Silent()
    with _in_sentences():
        publish.signing_key(request.by.agency.code)  # missing or exposed: said now, not after the work
        stores = open_stores()
        stores.first()
        with hold_card(request.card):
            docked = look_at(request)
            agency, listing = request.by.agency, docked.listing
            for sentence in advice.before_copying(agency, listing, stores, now=clock.now()):
                progress.say(sentence)
            return _take_in(request, docked, stores, at, progress)


@contextmanager
def _in_sentences() -> Iterator[None]:
    """What keeps the office's own disk or database from working, as a person reads it."""
    remedy = "请检查磁盘空间和 LIUHEN_HOME 的读写权限，然后再次采集这张卡，会从停下的地方继续。"
    after = "采集停下了；已入库的文件不受影响，存储卡不放行。"
    try:
        yield
    except DatabaseError as error:
        raise DatabaseFailedError(f"数据库写不进去（{error}），{after}", remedy=remedy) from error
    except OSError as error:
        raise HomeFailedError(f"数据目录写不进去（{why(error)}），{after}", remedy=remedy) from error


def _take_in(request: Request, docked: Docked, stores: Stores, at: datetime, progress: Progress) -> Outcome:
    outcome: Outcome | None = None
    try:
        with publish.batched():
            batch, lock = _begin(request, docked, at)
            try:
                recover.recover_interrupted(batch.agency, stores.there, at=at, progress=progress)
                outcome = _copy_all(request, batch, docked, stores, progress)
            finally:
                home.release_own(f"batch-{batch.key}", lock)
                if outcome is None and request.stopped():
                    recover.recover_interrupted(batch.agency, stores.there, at=clock.now(), progress=progress)
    except (LiuhenError, DatabaseError, OSError):
        if outcome is None:
            raise
        log.exception("published_late", batch=outcome.batch)  # conclude has told the person
    if outcome is None:
        raise RuntimeError("an ingest ended without an outcome")
    return outcome


def _copy_all(request: Request, batch: Batch, docked: Docked, stores: Stores, progress: Progress) -> Outcome:
    progress.listed(docked.listing)
    settings = site.load()
    needed, mebibytes = settings.copies_needed(), settings.reserve_mebibytes
    with closing(request.analyser or Analyser()) as analyser:
        intake = Intake(
            request.card,
            stores.there,
            analyser,
            reserve=None if mebibytes is None else mebibytes << 20,
            on_bytes=progress.read,
            read=request.read,
            stopped=request.stopped,
        )
        run = Run(
            batch,
            context_of(batch, docked.facts),
            intake,
            docked.profiles,
            needed,
            progress,
            stopped=request.stopped,
        )
        run.everything(docked.listing)
    return conclude(batch, run.book.results, stores, needed, progress, at=clock.now())


def _begin(request: Request, docked: Docked, at: datetime) -> tuple[Batch, int]:
    """The batch row, its clock reading, and the lock that shows the batch is alive."""
    key = f"{at.astimezone(clock.SHANGHAI):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    lock = home.try_lock(f"batch-{key}")
    if lock is None:
        raise RuntimeError("a fresh batch key cannot be locked")
    try:
        with transaction.atomic():
            return _batch(request, docked, key, at), lock
    except BaseException:
        home.release_own(f"batch-{key}", lock)
        raise


def _batch(request: Request, docked: Docked, key: str, at: datetime) -> Batch:
    listing, device = docked.listing, docked.device
    reading = _reading(request, device, at)
    label = request.label or listing.volume_label or Path(listing.root).name or listing.root
    batch = Batch(
        agency=request.by.agency,
        key=key,
        card_label=label[:255],
        card_path=request.place or listing.root,
        device=device,
        device_told=docked.device_told,
        holder=device.keeper if device else None,
        reading=reading,
        by=request.by,
        job=request.job,
        started_at=at,
    )
    data = {
        "batch": key,
        "device": device.serial if device else None,
        "files": len(listing.files),
        "bytes": listing.total_bytes,
        "refusals": len(listing.refusals),
        "clock_offset_ms": round(reading.offset_seconds * 1000) if reading else None,
    }
    perform(acts.BEGIN, batch, by=request.by, at=at, subject=f"batch:{key}", data=data)
    return batch


def _reading(request: Request, device: Device | None, at: datetime) -> ClockReading | None:
    if request.device_clock is None or device is None:
        return None
    read_at = request.clock_read_at or at
    return read_clock(device, request.device_clock, server_at=read_at, by=request.by)
