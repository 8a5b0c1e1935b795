"""确定归属 and 更正归属: whose recording it is, as a new version of its object, then the row and the entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording
from liuhen.core.errors import UsageError

from .stores import Stores
from .versions import Change, add_version


@dataclass(frozen=True)
class Owner:
    """Whose recording it is, as the custodian decides it."""

    device: Device | None
    holder: Officer | None


def assign(
    recording: Recording, owner: Owner, stores: Stores, *, reason: str, by: Account, at: datetime
) -> Entry:
    """Name the device, the officer, or both: 确定归属 of what waits for it, 更正归属 of what is in store.

    Raises UsageError when neither is named, NotAllowedError, ReasonMissingError.
    """
    if owner.device is None and owner.holder is None:
        raise UsageError(
            "没有说明归属。", remedy="请用 --device 指定设备，或用 --officer 指定执法人员，或都指定。"
        )
    unit = owner.holder.unit if owner.holder else (owner.device.unit if owner.device else None)
    change = Change(
        told={
            "device": _device(owner.device),
            "holder": _officer(owner.holder),
            "state": str(Recording.State.STORED),
        },
        data={
            "device": owner.device.serial if owner.device else None,
            "holder": owner.holder.staff_no if owner.holder else None,
        },
        columns={"device": owner.device, "holder": owner.holder, "unit": unit},
    )
    waiting = recording.state == Recording.State.TO_ASSIGN
    act = custody.ASSIGN if waiting else custody.CORRECT
    entry, _ = add_version(recording, act, lambda _: change, stores, reason=reason, by=by, at=at)
    return entry


def _device(device: Device | None) -> dict[str, str] | None:
    return {"serial": device.serial, "kind": device.kind, "model": device.model} if device else None


def _officer(officer: Officer | None) -> dict[str, str] | None:
    if officer is None:
        return None
    told = {"name": officer.name, "staff_no": officer.staff_no, "certificate_no": officer.certificate_no}
    return {**told, "unit": officer.unit.name}
