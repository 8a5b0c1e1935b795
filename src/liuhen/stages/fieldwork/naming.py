"""The one way to name an activity, and the people and devices of one, as somebody types them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.core.errors import UsageError

from .models import Activity
from .selectors import activities_seen


def find_activity(name: str, person: Account, at: datetime) -> Activity:
    """By number, by id, or by the last digits of the number. Raises NotFoundError: not theirs looks like not there."""
    rows = activities_seen(person, at)
    found = None
    try:
        found = rows.filter(pk=UUID(name)).first()
    except ValueError:
        found = rows.filter(number=name).first()
        if found is None and name.isdecimal():
            found = rows.filter(number__endswith=f"-{int(name):06d}").order_by("-opened_at").first()
    if found is None:
        raise NotFoundError(
            f"没有执法活动 {name}，或不属于您的权限。", remedy="请用 liuhen activity list 查看编号。"
        )
    return found


def officers_named(person: Account, numbers: Iterable[str]) -> list[Officer]:
    """By staff number. Raises UsageError naming the first that is not there."""
    found = []
    for number in numbers:
        row = Officer.objects.filter(agency=person.agency_id, staff_no=number).first()
        if row is None:
            raise UsageError(
                f"没有编号为 {number} 的执法人员。", remedy="请核对人员编号。", code="unknown_officer"
            )
        found.append(row)
    return found


def devices_named(person: Account, told: Iterable[tuple[str, str | None]]) -> dict[Device, Officer | None]:
    """(serial, staff number of the carrier or None). Raises UsageError."""
    found: dict[Device, Officer | None] = {}
    for serial, carrier in told:
        device = Device.objects.filter(agency=person.agency_id, serial=serial).first()
        if device is None:
            raise UsageError(f"设备 {serial} 没有登记。", remedy="请核对序列号。", code="unknown_device")
        found[device] = officers_named(person, [carrier])[0] if carrier else None
    return found
