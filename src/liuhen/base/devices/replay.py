"""Reading devices and their clock readings back out of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from liuhen.base.people.models import Account, Agency, Officer, Unit

from . import acts
from .models import ClockReading, Device
from .norm import Norm

Entry = dict[str, Any]


def _registered(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Device.objects.create(
        agency=agency,
        unit=Unit.objects.get(agency=agency, code=data["unit"]),
        serial=data["serial"],
        kind=data["kind"],
        model=data.get("model") or "",
        keeper=Officer.objects.filter(agency=agency, staff_no=data["keeper"]).first(),
        **Norm.from_data(data.get("norm", {})).as_fields(),
    )


def _corrected(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    norm = Norm.from_data(data["norm"]).as_fields() if "norm" in data else {}
    Device.objects.filter(agency=agency, serial=data["serial"]).update(
        unit=Unit.objects.get(agency=agency, code=data["unit"]),
        kind=data["kind"],
        model=data["model"],
        keeper=Officer.objects.filter(agency=agency, staff_no=data["keeper"]).first(),
        **norm,
    )


def _moved(state: str) -> Callable[[Agency, Entry], None]:
    def move(agency: Agency, entry: Entry) -> None:
        Device.objects.filter(agency=agency, serial=entry["data"]["serial"]).update(state=state)

    return move


def _maintained(agency: Agency, entry: Entry) -> None:
    """It changed no row: the ledger itself is the history of maintenance."""


def _clock_read(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    ClockReading.objects.create(
        agency=agency,
        device=Device.objects.get(agency=agency, serial=data["serial"]),
        shown_at=datetime.fromisoformat(data["shown_at"]),
        server_at=datetime.fromisoformat(data["server_at"]),
        read_by=Account.objects.get(username=entry["by"]["account"]),
    )


REPLAYERS: dict[str, Callable[[Agency, Entry], None]] = {
    acts.REGISTER_DEVICE.kind: _registered,
    acts.CORRECT_DEVICE.kind: _corrected,
    acts.MAINTAIN.kind: _maintained,
    **{act.kind: _moved(act.target) for act in (*acts.CARES, acts.RETIRE_DEVICE) if act.target},
    acts.READ_CLOCK.kind: _clock_read,
}
