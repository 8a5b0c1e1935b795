"""Who may look at a device before use, and read its clock: what is read moves what its recordings say of their time.

- The custodian and the head of a unit: any device of the office.
- An officer: the devices of their own unit, what they keep, and what they have signed out at that moment.
"""

from __future__ import annotations

from datetime import datetime

from liuhen.base.basis import OWN_RULE
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import roles_of
from liuhen.core.errors import RefusedError

from .selectors import holder_at

_EVERY = {Role.CUSTODIAN, Role.UNIT_HEAD}


class NotTheirDeviceError(RefusedError):
    """Another unit's device, that this person neither keeps nor has signed out."""

    code = "not_their_device"


def is_near(device: Device, by: Account, at: datetime) -> bool:
    """Has this person to do with the device at that moment?"""
    if device.agency_id != by.agency_id:
        return False
    if not _EVERY.isdisjoint(roles_of(by)):
        return True
    officer = by.officer
    unit = by.unit_id or (officer.unit_id if officer else None)
    if unit == device.unit_id:
        return True
    return officer is not None and (device.keeper_id == officer.pk or holder_at(device, at) == officer)


def require_near(device: Device, by: Account, at: datetime) -> None:
    """Raises NotTheirDeviceError."""
    if not is_near(device, by, at):
        raise NotTheirDeviceError(
            f"{device.serial} 属于{device.unit.name}，不由您保管、领用或携带，没有登记。",
            remedy="请由该科室的执法人员、保管人或科室管理员检查、测读时钟。",
            basis=OWN_RULE.cite(device.agency.pack),
        )
