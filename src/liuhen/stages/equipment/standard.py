"""配备标准: what the regulation in force asks of devices and how many, held against what each unit has.

- A figure that the text does not give is not made up: the device's own figure is shown, and the office judges.
- What the register does not know of a device is unknown, never "no".
- Only what is in use counts; officers who have left do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from liuhen.base.clock import SHANGHAI
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to
from liuhen.base.people.models import Account, Unit
from liuhen.base.people.selectors import officers_of, units_of
from liuhen.base.rulebook.selectors import book_of
from liuhen.core.rules.pack import Norm, Pack

MET, UNMET, UNKNOWN, TO_JUDGE = "met", "unmet", "unknown", "to_judge"
_FIELD: Final = {
    "resolution": "resolution",
    "battery": "battery_hours",
    "storage": "storage_gb",
    "no_delete": "no_delete",
    "explosion_proof": "explosion_proof",
}


@dataclass(frozen=True)
class Asked:
    """One norm, and the devices of the office by how they stand to it."""

    norm: Norm
    met: tuple[Device, ...]
    unmet: tuple[Device, ...]
    unknown: tuple[Device, ...]
    to_judge: tuple[Device, ...]


@dataclass(frozen=True)
class UnitRow:
    """One unit: how many enforce, what they have, what the ratio asks (None: no text gives a figure)."""

    unit: Unit
    officers: int
    devices: int
    carried: dict[str, int]
    asked: int | None
    without_keeper: int

    @property
    def missing(self) -> int:
        return max(0, (self.asked or 0) - self.devices)


@dataclass(frozen=True)
class Standard:
    """`filled`: what the office wrote where the text leaves the ratio to others."""

    pack: Pack | None
    norms: tuple[Asked, ...]
    units: tuple[UnitRow, ...]
    filled: str = ""


def standard_of(person: Account, at: datetime) -> Standard:
    """Of the person's agency, by the pack in force on the day. Raises PackError, PackChangedError."""
    book = book_of(person.agency)
    pack = book.on(at.astimezone(SHANGHAI).date())
    devices = list(visible_to(person, at).filter(state=Device.State.IN_USE).order_by("serial"))
    norms = tuple(_asked(norm, devices) for norm in (pack.norms if pack else ()))
    slot = pack.ratio.slot if pack and pack.ratio else None
    answers = book.answers.get(pack.id, ()) if pack else ()
    filled = next((one.text for one in answers if slot and one.code == slot), "")
    return Standard(pack, norms, tuple(_units(person, at, pack, devices)), filled)


def _asked(norm: Norm, devices: Iterable[Device]) -> Asked:
    found: dict[str, list[Device]] = {MET: [], UNMET: [], UNKNOWN: [], TO_JUDGE: []}
    for device in devices:
        if device.kind in (norm.kinds or Device.CARRIED):
            found[verdict(norm, device)].append(device)
    return Asked(norm, *(tuple(found[name]) for name in (MET, UNMET, UNKNOWN, TO_JUDGE)))


def verdict(norm: Norm, device: Device) -> str:
    """How one device stands to one norm, as far as the register knows."""
    value: Any = getattr(device, _FIELD[norm.code])
    if value in (None, ""):
        return UNKNOWN
    if isinstance(value, bool):
        if norm.only_in and not value:
            return TO_JUDGE  # it may not go there; that it is not so is no fault of it
        return MET if value else UNMET
    if norm.least is None:
        return TO_JUDGE
    return MET if _figure(value) >= norm.least else UNMET


def _figure(value: Any) -> int:
    return int(str(value).partition("x")[2]) if "x" in str(value) else int(value)


def _units(person: Account, at: datetime, pack: Pack | None, devices: list[Device]) -> Iterable[UnitRow]:
    today = at.astimezone(SHANGHAI).date()
    officers = list(officers_of(person, at).exclude(left_on__lte=today).values_list("unit_id", flat=True))
    ratio = pack.ratio if pack else None
    kinds = ratio.kinds if ratio else Device.CARRIED
    for unit in units_of(person, at).order_by("code"):
        own = [one for one in devices if one.unit_id == unit.pk]
        here = officers.count(unit.pk)
        carried = {kind: sum(one.kind == kind for one in own) for kind in Device.CARRIED}
        yield UnitRow(
            unit,
            here,
            sum(one.kind in kinds for one in own),
            {kind: count for kind, count in carried.items() if count},
            -(-here * ratio.devices // ratio.officers)
            if ratio and ratio.devices and ratio.officers
            else None,
            sum(one.keeper_id is None for one in own),
        )
