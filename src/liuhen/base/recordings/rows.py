"""From `record.json` to the row and to the ledger's words: the same way at intake, recovery and rebuild."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from liuhen.base.clock import parse_stamp, stamp
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Agency, Officer

from .models import Finding, Recording


@dataclass(frozen=True)
class Registers:
    """The devices and officers that some records name."""

    devices: dict[str, Device]
    officers: dict[str, Officer]

    @classmethod
    def of(cls, agency: Agency, records: Iterable[dict[str, Any]]) -> Registers:
        """Looked up once for all of them."""
        records = list(records)
        serials = {record["device"]["serial"] for record in records if record["device"]}
        numbers = {record["holder"]["staff_no"] for record in records if record["holder"]}
        devices = Device.objects.filter(agency=agency, serial__in=serials).select_related("unit")
        officers = Officer.objects.filter(agency=agency, staff_no__in=numbers).select_related("unit")
        return cls({row.serial: row for row in devices}, {row.staff_no: row for row in officers})

    def device(self, record: dict[str, Any]) -> Device | None:
        return self.devices.get(record["device"]["serial"]) if record["device"] else None

    def holder(self, record: dict[str, Any]) -> Officer | None:
        return self.officers.get(record["holder"]["staff_no"]) if record["holder"] else None


def recording_from_record(
    agency: Agency, record: dict[str, Any], record_sha256: str, registers: Registers | None = None
) -> Recording:
    """An unsaved row; device and officer are looked up by what the record says of them."""
    registers = registers or Registers.of(agency, [record])
    original, facts = record["original"], record["name_facts"]
    duration = record["says"].get("duration")
    taken = facts.get("taken_at")
    holder, device = registers.holder(record), registers.device(record)
    return Recording(
        id=uuid.UUID(record["recording"].removeprefix("urn:uuid:")),
        agency=agency,
        number=record["number"],
        sameness=original["sameness"],
        sha256=original["sha256"],
        sm3=original["sm3"],
        bytes=original["bytes"],
        kind=record["kind"],
        name=original["name"],
        card_path=original["card_path"],
        state=record["state"],
        key_file=bool(facts.get("key_file")),
        device=device,
        holder=holder,
        unit=holder.unit if holder else (device.unit if device else None),
        taken_at=parse_stamp(taken) if taken else None,
        duration_ms=None if duration is None else round(duration * 1000),
        stored_at=parse_stamp(record["ingested"]["at"]),
        record_sha256=record_sha256,
    )


def findings_from_record(recording: Recording, record: dict[str, Any]) -> list[Finding]:
    """Unsaved findings."""
    return [
        Finding(
            recording=recording,
            code=finding["code"],
            severity=finding["severity"],
            text=finding["text"],
            params=finding.get("params", {}),
        )
        for finding in record["findings"]
    ]


def entry_data(
    record: dict[str, Any], record_sha256: str, copies: list[str], handed_over_at: datetime
) -> dict[str, Any]:
    """What the ledger says when a recording is stored: digests, ids and times, no file name.

    `ended_at`: when the recording ended, where its beginning and its length are known; deadlines count from it.
    """
    original = record["original"]
    return {
        "recording": record["recording"],
        "number": record["number"],
        "sha256": original["sha256"],
        "sm3": original["sm3"],
        "bytes": original["bytes"],
        "record_sha256": record_sha256,
        "name_digest": original["name_digest"],
        "stream_digest": record["says"].get("stream_digest"),
        "kind": record["kind"],
        "state": record["state"],
        "device": record["device"]["serial"] if record["device"] else None,
        "holder": record["holder"]["staff_no"] if record["holder"] else None,
        "batch": record["ingested"]["batch"],
        "copies": copies,
        "ended_at": _ended_at(record),
        "handed_over_at": stamp(handed_over_at),
        "findings": sorted({finding["code"] for finding in record["findings"]}),
    }


def _ended_at(record: dict[str, Any]) -> str | None:
    """A photograph ends when it is taken."""
    taken, duration = record["name_facts"].get("taken_at"), record["says"].get("duration")
    if not taken:
        return None
    return stamp(parse_stamp(taken) + timedelta(seconds=duration or 0))
