"""Reading checks, issues and returns back out of the ledger (purposes and notes stood in the lost rows only)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.people.models import Account, Agency, Officer, Paper

from . import acts
from .models import Check, Issue

Entry = dict[str, Any]


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _by(entry: Entry) -> Account:
    return Account.objects.get(username=entry["by"]["account"])


def _paper(agency: Agency, data: Entry) -> Paper | None:
    sha256 = data["signature_sha256"]
    return Paper.objects.filter(agency=agency, sha256=sha256).first() if sha256 else None


def _checked(agency: Agency, entry: Entry) -> None:
    data, at = entry["data"], datetime.fromisoformat(entry["at"])
    device = Device.objects.get(agency=agency, serial=data["serial"])
    Check.objects.create(
        key=data["check"],
        agency=agency,
        device=device,
        at=at,
        by=_by(entry),
        fault_free=data["fault_free"],
        battery_percent=data["battery_percent"],
        free_bytes=data["free_bytes"],
        free_minutes=data["free_minutes"],
        reading=_reading(device, at, _at(data["shown_at"])),
        passed=data["passed"],
        failed=data["failed"],
    )


def _reading(device: Device, at: datetime, shown: datetime | None) -> ClockReading | None:
    """The reading that was taken with the check: its entry stands before the check's."""
    if shown is None:
        return None
    rows = ClockReading.objects.filter(device=device, server_at=at, shown_at=shown)
    return rows.order_by("-pk").first()


def _issued(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Issue.objects.create(
        key=data["issue"],
        agency=agency,
        device=Device.objects.get(agency=agency, serial=data["serial"]),
        officer=Officer.objects.get(agency=agency, staff_no=data["officer"]),
        check_before=Check.objects.filter(key=data["check"]).first() if data["check"] else None,
        overridden=data["overridden"],
        issued_by=_by(entry),
        issued_at=datetime.fromisoformat(entry["at"]),
        due_back_at=_at(data["due_back_at"]),
        taken_signed=data["signed"],
        taken_paper=_paper(agency, data),
    )


def _returned(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Issue.objects.filter(agency=agency, key=data["issue"]).update(
        state=Issue.State.BACK,
        returned_at=datetime.fromisoformat(entry["at"]),
        received_by=_by(entry),
        back_signed=data["signed"],
        back_paper=_paper(agency, data),
    )


REPLAYERS: dict[str, Callable[[Agency, Entry], None]] = {
    acts.CHECK.kind: _checked,
    acts.ISSUE.kind: _issued,
    acts.RETURN.kind: _returned,
}
