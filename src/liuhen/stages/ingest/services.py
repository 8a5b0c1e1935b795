"""Taking a card in, from listing to receipt.

- One ingest of a card at a time; other cards may be taken in beside it.
- Workers copy, verify and seal; this thread alone talks to the database, in groups.
- Bytes before rows: a recording has a row only when its object stands in the store.
- Whatever stops the run, the next run goes on: what stands is completed or reported first (recover.py).
- The card is released only when every file on it has enough verified copies and nothing was refused.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from django.db import DatabaseError, transaction

from liuhen.base import clock, home, site
from liuhen.base.acts import perform
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.devices.services import UnknownDeviceError, find_device, read_clock
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account, Agency
from liuhen.base.storage.stores import Stores, open_stores
from liuhen.core.cards.bearer import CardFacts, card_facts
from liuhen.core.cards.errors import CardEmptyError
from liuhen.core.cards.names import read_name
from liuhen.core.cards.profile import BUILT_IN, Profile, load_profiles
from liuhen.core.cards.reader import CardListing, card_key, list_card
from liuhen.core.errors import LiuhenError, RefusedError, StorageError, UsageError
from liuhen.core.media.sandbox import Analyser
from liuhen.core.reasons import why

from . import acts, advice, recover
from .analysis import Analyses
from .conclude import conclude
from .intake import Intake, ReadBytes
from .models import Batch
from .progress import Outcome, Progress, Silent
from .run import Run
from .seal import context_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Request:
    """One person's wish to take one card in. `read` and `analyser` stand for the real ones."""

    card: Path
    by: Account
    device: str | None = None
    device_clock: datetime | None = None
    read: ReadBytes = os.read
    analyser: Analyses | None = None


@dataclass(frozen=True)
class Docked:
    """A card that can be taken in: what lies on it and whose it is, as far as can be known."""

    listing: CardListing
    profiles: list[Profile]
    facts: CardFacts
    device: Device | None
    device_told: bool  # by the custodian or by the card itself, not only by the names of files


class CardBusyError(home.BusyError):
    code = "card_busy"


class DatabaseFailedError(StorageError):
    code = "database"


class HomeFailedError(StorageError):
    """LIUHEN_HOME itself, beside the stores and the database: locks, receipts, settings."""

    code = "home"


def ingest_card(request: Request, *, at: datetime, progress: Progress | None = None) -> Outcome:
    """Take a card (or a folder of old recordings) in; see Outcome for what became of every file.

    Raises, before anything is changed: card errors (missing, unreadable, empty), UnknownDeviceError,
    CardBusyError, store and key errors, NotAllowedError. Raises DatabaseFailedError and HomeFailedError when
    the office's own disk gives up in the middle; what was stored stays stored.
    """
    progress = progress or Silent()
    with _in_sentences():
        publish.signing_key(request.by.agency.code)  # missing or exposed: said now, not after the work
        stores = open_stores()
        stores.first()
        with hold_card(request.card):
            docked = _look_at(request)
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


@contextmanager
def hold_card(card: Path) -> Iterator[None]:
    """One hand at a card. Raises CardBusyError, CardMissingError, CardUnreadableError."""
    lock = home.try_lock(f"card-{card_key(card)}")
    if lock is None:
        raise CardBusyError(
            f"{card} 正在被另一次采集读取，这次没有开始。",
            remedy="请等那一次采集结束；若确认没有在采集，请稍后再试。",
        )
    try:
        yield
    finally:
        os.close(lock)


def office_profiles() -> list[Profile]:
    """The profiles that ship, and the office's own from LIUHEN_HOME/profiles."""
    own = home.home() / "profiles"
    return load_profiles([BUILT_IN, own] if own.is_dir() else [BUILT_IN])


def _refuse_own_home(card: Path) -> None:
    """A "card" that holds LIUHEN_HOME would have the store taken into itself, without end."""
    root, own = card.resolve(), home.home().resolve()
    inside = root.is_relative_to(own) and not root.is_relative_to(own / "demo")
    if own.is_relative_to(root) or inside:
        raise RefusedError(
            f"{card} 与本系统自己的数据目录（{own}）重叠，没有采集。",
            remedy="请给出存储卡挂载的文件夹，例如 /media/用户名/卡名。",
            code="card_holds_home",
        )


def _look_at(request: Request) -> Docked:
    _refuse_own_home(request.card)
    profiles = office_profiles()
    listing = list_card(request.card, profiles=profiles)
    if not listing.files and not listing.refusals:
        raise CardEmptyError(
            f"{request.card} 上没有任何文件。", remedy="请确认插入的是记录仪的存储卡，且已正确挂载。"
        )
    facts = card_facts(request.card, listing, profiles)
    device = _device_of_card(request, listing, profiles, facts)
    if request.device_clock is not None and device is None:
        raise UsageError(
            "填了设备显示的时间，却不知道是哪台设备。",
            remedy="请加上 --device 序列号；文件名能认出唯一一台已登记设备时可以不加。",
        )
    told = request.device is not None or (device is not None and facts.serial is not None)
    return Docked(listing, profiles, facts, device, told)


def _device_of_card(
    request: Request, listing: CardListing, profiles: list[Profile], facts: CardFacts
) -> Device | None:
    """The device named by the person; else the registered one all names agree on; else the card's own word."""
    agency = request.by.agency
    if request.device:
        return find_device(agency, request.device)
    serials = {read_name(file.path, profiles).serial for file in listing.files} - {None}
    told = serials or {facts.serial} - {None}
    return _registered(agency, str(told.pop())) if len(told) == 1 else None


def _registered(agency: Agency, serial: str) -> Device | None:
    try:
        return find_device(agency, serial)
    except UnknownDeviceError:
        return None  # said file by file, as a finding


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
        )
        run = Run(batch, context_of(batch, docked.facts), intake, docked.profiles, needed, progress)
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
    label = listing.volume_label or Path(listing.root).name or listing.root
    batch = Batch(
        agency=request.by.agency,
        key=key,
        card_label=label[:255],
        card_path=listing.root,
        device=device,
        device_told=docked.device_told,
        holder=device.keeper if device else None,
        reading=reading,
        by=request.by,
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
    return read_clock(device, request.device_clock, server_at=at, by=request.by)
