"""Whose recording is it? What the card and the file's name say, against the registers.

- The serial in a name must be a registered device; the number in it must be a registered officer.
- Where the custodian named the device, a name that says another serial is a finding, and the file's own word
  is not overruled silently: it stays to be assigned.
- What nobody can say, and what names a recorder that is in dispute, goes to 待归属.
"""

from __future__ import annotations

from functools import cached_property

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Officer
from liuhen.core.cards.names import NameFacts

from . import sentences
from .models import Batch
from .sentences import Finding

Named = dict[str, str] | None


class Owners:
    """The registers of one agency, read once a batch."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @cached_property
    def _devices(self) -> dict[str, Device]:
        rows = Device.objects.filter(agency=self.batch.agency).exclude(state=Device.State.RETIRED)
        return {row.serial.casefold(): row for row in rows.select_related("keeper__unit")}

    @cached_property
    def _officers(self) -> dict[str, Officer]:
        rows = Officer.objects.filter(agency=self.batch.agency).select_related("unit")
        return {row.staff_no.casefold(): row for row in rows}

    def of(self, facts: NameFacts) -> tuple[Named, Named, list[Finding]]:
        """(device, holder, findings) of a file by its name and its card."""
        device, findings = self._device(facts)
        holder, more = self._holder(facts, device)
        return _device(device), _officer(holder), [*findings, *more]

    def _device(self, facts: NameFacts) -> tuple[Device | None, list[Finding]]:
        card = self.batch.device
        if facts.serial is None:
            return (card if self.batch.device_told else None), []
        named = self._devices.get(facts.serial.casefold())
        if card is not None and (named is None or named.pk != card.pk):
            text = f"文件名中的设备号 {facts.serial} 与采集的设备 {card.serial} 不符，归入待归属。"
            return None, [sentences.warning("device_mismatch", text, serial=facts.serial, card=card.serial)]
        if named is None:
            text = f"文件名中的设备号 {facts.serial} 没有登记，归入待归属。"
            return None, [sentences.warning("unknown_device", text, serial=facts.serial)]
        return named, []

    def _holder(self, facts: NameFacts, device: Device | None) -> tuple[Officer | None, list[Finding]]:
        if facts.officer is None:
            return (device.keeper if device else None), []
        officer = self._officers.get(facts.officer.casefold())
        if officer is None:
            text = f"文件名中的人员编号 {facts.officer} 没有登记。"
            return None, [sentences.warning("unknown_officer", text, officer=facts.officer)]
        return officer, []


def _device(device: Device | None) -> Named:
    return {"serial": device.serial, "kind": device.kind, "model": device.model} if device else None


def _officer(officer: Officer | None) -> Named:
    if officer is None:
        return None
    return {
        "name": officer.name,
        "staff_no": officer.staff_no,
        "certificate_no": officer.certificate_no,
        "unit": officer.unit.name,
    }
