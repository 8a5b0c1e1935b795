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
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from liuhen.base import clock, home, site
from liuhen.base.acts import perform
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.devices.services import find_device, read_clock
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account, Agency, Officer
from liuhen.base.storage.stores import Stores, open_stores
from liuhen.core.cards.errors import CardEmptyError
from liuhen.core.cards.names import read_name
from liuhen.core.cards.profile import BUILT_IN, Profile, load_profiles
from liuhen.core.cards.reader import CardListing, card_key, list_card
from liuhen.core.errors import LiuhenError, UsageError
from liuhen.core.media.sandbox import Analyser

from . import acts, receipts, recover
from .intake import Intake, ReadBytes
from .models import Batch
from .progress import Progress, Silent
from .run import Outcome, Run


@dataclass(frozen=True)
class Request:
    """One person's wish to take one card in."""

    card: Path
    by: Account
    device: str | None = None
    device_clock: datetime | None = None
    read: ReadBytes = os.read


class CardBusyError(home.BusyError):
    code = "card_busy"


def ingest_card(request: Request, *, at: datetime, progress: Progress | None = None) -> Outcome:
    """Take a card (or a folder of old recordings) in; see Outcome for what became of every file.

    Raises, before anything is changed: card errors (missing, unreadable, empty), UnknownDeviceError,
    CardBusyError, store and key errors, NotAllowedError.
    """
    progress = progress or Silent()
    agency = request.by.agency
    publish.signing_key(agency.code)  # a missing or exposed key is said now, not after the work
    stores = open_stores()
    stores.first()
    lock = home.try_lock(f"card-{card_key(request.card)}")
    if lock is None:
        raise CardBusyError(
            f"{request.card} 正在被另一次采集读取，这次没有开始。",
            remedy="请等那一次采集结束；若确认没有在采集，请稍后再试。",
        )
    try:
        profiles = office_profiles()
        listing = list_card(request.card, profiles=profiles)
        if not listing.files and not listing.refusals:
            raise CardEmptyError(
                f"{request.card} 上没有任何文件。", remedy="请确认插入的是记录仪的存储卡，且已正确挂载。"
            )
        device = _device_of_card(request, agency, listing, profiles)
        recover.recover_interrupted(agency, stores.there, at=at, progress=progress)
        with publish.batched():
            return _take_in(request, listing, stores, device, profiles, at, progress)
    finally:
        os.close(lock)


def office_profiles() -> list[Profile]:
    """The profiles that ship, and the office's own from LIUHEN_HOME/profiles."""
    own = home.home() / "profiles"
    return load_profiles([BUILT_IN, own] if own.is_dir() else [BUILT_IN])


def _take_in(
    request: Request,
    listing: CardListing,
    stores: Stores,
    device: Device | None,
    profiles: list[Profile],
    at: datetime,
    progress: Progress,
) -> Outcome:
    batch, lock = _begin(request, listing, device, at)
    progress.listed(listing)
    settings = site.load()
    try:
        with closing(Analyser()) as analyser:
            reserve = settings.reserve_mebibytes
            intake = Intake(
                Path(request.card),
                stores.there,
                analyser,
                reserve=None if reserve is None else reserve << 20,
                on_bytes=progress.read,
                read=request.read,
            )
            run = Run(batch, intake, profiles, settings.copies_needed(), progress)
            run.everything(listing)
        outcome = receipts.conclude(batch, run.results, stores, at=clock.now())
    finally:
        home.release_own(f"batch-{batch.key}", lock)
    for name, error in stores.away.items():
        progress.say(f"{name}：{error}")
    return outcome


def _begin(request: Request, listing: CardListing, device: Device | None, at: datetime) -> tuple[Batch, int]:
    """The batch row, its clock reading, and the lock that shows the batch is alive."""
    key = f"{at.astimezone(clock.SHANGHAI):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    lock = home.try_lock(f"batch-{key}")
    if lock is None:
        raise RuntimeError("a fresh batch key cannot be locked")
    try:
        reading = _reading(request, device, at)
        label = listing.volume_label or Path(listing.root).name or listing.root
        batch = Batch(
            agency=request.by.agency,
            key=key,
            card_label=label,
            card_path=listing.root,
            device=device,
            holder=_holder(device),
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
    except BaseException:
        home.release_own(f"batch-{key}", lock)
        raise
    return batch, lock


def _reading(request: Request, device: Device | None, at: datetime) -> ClockReading | None:
    if request.device_clock is None:
        return None
    if device is None:
        raise UsageError(
            "填了设备显示的时间，却不知道是哪台设备。",
            remedy="请加上 --device 序列号；文件名能认出唯一一台已登记设备时可以不加。",
        )
    return read_clock(device, request.device_clock, server_at=at, by=request.by)


def _holder(device: Device | None) -> Officer | None:
    return device.keeper if device else None


def _device_of_card(
    request: Request, agency: Agency, listing: CardListing, profiles: list[Profile]
) -> Device | None:
    """The device named by the person, else the one registered device that all names on the card agree on."""
    if request.device:
        return find_device(agency, request.device)
    serials = {read_name(file.path, profiles).serial for file in listing.files} - {None}
    if len(serials) != 1:
        return None
    try:
        return find_device(agency, str(serials.pop()))
    except LiuhenError:
        return None  # said file by file, as a finding
