"""The history of one device: every act on it, newest first, with who, why and 依据.

Read from the ledger's rows. The reasons are words beside the ledger: they are shown to whoever sees the use register.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liuhen.base.basis import cite_codes
from liuhen.base.clock import parse_stamp
from liuhen.base.devices import acts as devices
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Words
from liuhen.base.ledger.selectors import readable_by, told
from liuhen.base.people.models import Account, Officer
from liuhen.base.people.rules import may_ever, roles_of
from liuhen.prints.words import clock_offset

from . import acts, checks
from .models import Signed

MOST = 100
_LABELS = {act.kind: act.label for act in (*devices.ALL, *acts.ALL)}


@dataclass(frozen=True)
class Step:
    """`detail`: what beside the label is to be known; `bad`: something was not as it should be."""

    position: int
    at: datetime
    by: str
    label: str
    detail: str
    reason: str
    basis: str
    bad: bool


def timeline_of(device: Device, person: Account, at: datetime) -> list[Step]:
    """At most a hundred; whoever may not read the ledger gets none."""
    rows = readable_by(person, at).filter(subject=f"device:{device.serial}").order_by("-position")[:MOST]
    entries = [(row.position, told(row)) for row in rows]
    officers = dict(Officer.objects.filter(agency=device.agency).values_list("staff_no", "name"))
    reasons = _reasons(device, [position for position, _ in entries], person)
    return [_step(position, entry, officers, reasons) for position, entry in entries if entry]


def _reasons(device: Device, positions: list[int], person: Account) -> dict[int, str]:
    if not may_ever(acts.SEE_ALL, roles_of(person)):
        return {}
    rows = Words.objects.filter(agency=device.agency, position__in=positions, key="reason")
    return dict(rows.values_list("position", "text"))


def _step(position: int, entry: dict[str, Any], officers: dict[str, str], reasons: dict[int, str]) -> Step:
    kind, data = entry["kind"], entry["data"]
    return Step(
        position,
        parse_stamp(entry["at"]),
        entry["by"]["name"],
        _LABELS.get(kind, kind),
        _detail(kind, data, officers),
        reasons.get(position, ""),
        cite_codes(entry["basis"]),
        bool(data.get("overridden") or data.get("passed") is False or kind == devices.REPORT_LOSS.kind),
    )


def _detail(kind: str, data: dict[str, Any], officers: dict[str, str]) -> str:
    if kind == acts.CHECK.kind:
        return "通过" if data["passed"] else f"未通过：{checks.in_words(data['failed'])}"
    if kind == acts.ISSUE.kind:
        name = officers.get(data["officer"], data["officer"])
        return f"领用人{name}（{Signed(data['signed']).label}）{'，检查未通过仍领用' if data['overridden'] else ''}"
    if kind == acts.RETURN.kind:
        return Signed(data["signed"]).label
    if kind == devices.READ_CLOCK.kind:
        return clock_offset(data["offset_ms"] / 1000)
    return ""
