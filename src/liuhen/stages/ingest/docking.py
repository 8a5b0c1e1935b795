"""The card before it is read: held by one hand, listed, and whose it is as far as can be known.

- A recorder named by the person comes first; else the registered one that all names agree on; else what the
  card says of itself. Nothing here changes anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from liuhen.base import home
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import UnknownDeviceError, find_device
from liuhen.base.people.models import Account, Agency
from liuhen.core.cards.bearer import CardFacts, card_facts
from liuhen.core.cards.errors import CardEmptyError
from liuhen.core.cards.names import read_name
from liuhen.core.cards.profile import BUILT_IN, Profile, load_profiles
from liuhen.core.cards.reader import CardListing, card_key, list_card
from liuhen.core.errors import RefusedError, UsageError

from .analysis import Analyses
from .intake import ReadBytes


@dataclass(frozen=True)
class Request:
    """One person's wish to take one card in. `read` and `analyser` stand for the real ones.

    `stopped` is asked a few times a second; when it says so the ingest ends as if interrupted. `job` names the
    background job that this ingest belongs to, `label` and
    `place` what is shown instead of the folder's name and path where these say nothing.
    """

    card: Path
    by: Account
    device: str | None = None
    device_clock: datetime | None = None
    clock_read_at: datetime | None = None  # the server's time of that reading; else when the ingest begins
    read: ReadBytes = os.read
    analyser: Analyses | None = None
    stopped: Callable[[], bool] = bool
    job: str = ""
    label: str = ""
    place: str = ""


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


def refuse_own_home(card: Path) -> None:
    """A "card" that holds LIUHEN_HOME would have the store taken into itself, without end."""
    root, own = card.resolve(), home.home().resolve()
    uploaded = root.name == "card" and root.parent.parent == own / "uploads"
    inside = root.is_relative_to(own) and not root.is_relative_to(own / "demo") and not uploaded
    if own.is_relative_to(root) or inside:
        raise RefusedError(
            f"{card} 与本系统自己的数据目录（{own}）重叠，没有采集。",
            remedy="请给出存储卡挂载的文件夹，例如 /media/用户名/卡名。",
            code="card_holds_home",
        )


def look_at(request: Request) -> Docked:
    """Raises card errors (unreadable, empty), UnknownDeviceError, and UsageError for a clock without a device."""
    refuse_own_home(request.card)
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
