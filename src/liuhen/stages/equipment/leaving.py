"""Out of use: a device that somebody has signed out comes back first. What is lost is lost in somebody's hand: that stands."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liuhen.base import clock
from liuhen.base.basis import USE_REGISTER
from liuhen.base.devices import services as devices
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account

from .models import Issue
from .services import AlreadyOutError, held


def retire_device(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    """Raises AlreadyOutError for a device that is out, and what the register of devices raises."""
    with transaction.atomic():
        _require_back(held(device), "停用")
        devices.retire_device(device, reason=reason, by=by, at=at)


def send_to_repair(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    """Raises AlreadyOutError for a device that is out, and what the register of devices raises."""
    with transaction.atomic():
        _require_back(held(device), "送修")
        devices.send_to_repair(device, reason=reason, by=by, at=at)


def _require_back(device: Device, what: str) -> None:
    row = Issue.objects.filter(device=device, state=Issue.State.OUT).select_related("officer").first()
    if row is not None:
        lost = device.state == Device.State.LOST
        gone = "确实找不回的，归还时写明“遗失，未能交回”" if lost else "找不到的，登记遗失"
        raise AlreadyOutError(
            f"{device.serial} 在领用中，{clock.local(row.issued_at)} 由{row.officer.name}领走，不能{what}。",
            remedy=f"请先办理归还，再{what}；领用人不能到场的，归还时写明理由；{gone}。",
            basis=USE_REGISTER.cite(device.agency.pack),
        )
