"""Recordings made again from the stores, each held against the ledger; what is lost keeps its place in the list.

- A row comes from the newest registered `record.json`, if its digest is the ledger's and the inventory's
  originals are too. The content's bytes are not read here: that is `liuhen verify`.
- A recording whose record no store can give is made from the ledger alone and marked: a loss must be seen.
- An object that no ledger knows is told. One that a crash kept from being registered gets its reservation back,
  so that the next ingest registers it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from liuhen.base.clock import parse_stamp
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Agency, Officer
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Copy, Finding, Recording, Reservation, Snapshot
from liuhen.base.recordings.record import ORIGINAL_FOLDER, RECORD, SNAPSHOTS
from liuhen.base.recordings.rows import findings_from_record, recording_from_record
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.digests import digests_of
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.inventory import Inventory
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_inventory

from .derived import told_of
from .examine import disagreements
from .expected import GROUP, URN, Expected, all_expected, in_groups
from .measured import measured_rows
from .report import RebuildReport
from .series import NUMBER
from .stills import snapshot_from_record
from .stores import Stores, content_path
from .strays import Stray, strays

Record = dict[str, Any]


def recollect(stores: Stores, report: RebuildReport) -> None:
    """A row for every recording of every ledger; differences are told to the report."""
    for group in in_groups(all_expected(), GROUP):
        with transaction.atomic():
            for expected in group:
                _recording(expected, stores, report)


def _recording(expected: Expected, stores: Stores, report: RebuildReport) -> None:
    agency = Agency.objects.get(pk=expected.agency)
    found = {store.name: _record_in(store, expected, report) for store in stores.there}
    copies = [name for name, record in found.items() if record is not None]
    entry = _entry(expected)
    if copies:
        record = found[copies[0]] or {}
        row = recording_from_record(agency, record, expected.records[expected.head])
        findings = findings_from_record(row, record) + measured_rows(row, told_of(row.pk))
        stills = [snapshot_from_record(row, told) for told in record.get(SNAPSHOTS, [])]
    else:
        row, stills = _from_ledger(agency, expected, entry, stores), []
        findings = [Finding(recording=row, code="record_missing", severity="MUST", text=_LOST, params={})]
        text = f"账本第 {expected.position} 条入库的 {expected.number} 在各存储中都没有完好的 record.json。"
        report.differ("record_missing", text, recording=expected.urn, position=expected.position)
    row.position, row.head = expected.position, expected.head
    row.save(force_insert=True)
    stored_at = parse_stamp(entry["recorded_at"])
    Copy.objects.bulk_create(
        Copy(recording=row, store=name, verified_at=stored_at, method="ledger") for name in copies
    )
    Finding.objects.bulk_create(findings)
    Snapshot.objects.bulk_create(stills)
    report.recordings += 1


_LOST = "重建数据库时，各存储中都没有这条记录完好的 record.json；本行只依据留痕账本。"


def _entry(expected: Expected) -> dict[str, Any]:
    rows = Entry.objects.filter(agency_id=expected.agency, position=expected.position)
    entry: dict[str, Any] = json.loads(rows.values_list("entry", flat=True).get())
    return entry


def _record_in(store: LocalBlobs, expected: Expected, report: RebuildReport) -> Record | None:
    """The record in one store, if it and the inventory agree with the ledger; else a difference is told."""
    facts = {"recording": expected.urn, "store": store.name}
    path, name = object_path(expected.urn), f"{expected.number} 在{store.name}中的"
    try:
        inventory = read_inventory(store, path)
        for where, _, _, code in disagreements(inventory, expected):
            report.differ(code, f"{name} {where} 与账本不符。", **facts)
            if code != "version_unregistered":
                return None
        raw = store.read_bytes(f"{path}/{inventory.content_path(RECORD, expected.head)}")
    except LiuhenError as error:
        report.differ("object_unreadable", f"{name}对象读不出：{error.message}", **facts)
        return None
    if digests_of(raw).sha256 != expected.records[expected.head]:
        report.differ("record_differs", f"{name} record.json 与账本不符。", **facts)
        return None
    record: Record = json.loads(raw)
    return record


def _from_ledger(agency: Agency, expected: Expected, entry: dict[str, Any], stores: Stores) -> Recording:
    data = entry["data"]
    name = next(_names(expected, stores), "（原文件名待修复后查明）")
    device = Device.objects.filter(agency=agency, serial=data.get("device")).first()
    holder = Officer.objects.filter(agency=agency, staff_no=data.get("holder")).first()
    return Recording(
        id=expected.pk,
        agency=agency,
        number=expected.number,
        sameness=expected.sha256 if expected.bytes else f"empty:{expected.pk}",
        sha256=expected.sha256,
        sm3=expected.sm3,
        bytes=expected.bytes,
        kind=data["kind"],
        name=name,
        card_path=name,
        state=Recording.State.STORED if _was_assigned(agency, expected) else data["state"],
        device=device,
        holder=holder,
        unit=holder.unit if holder else (device.unit if device else None),
        stored_at=parse_stamp(entry["at"]),
        record_sha256=expected.records[expected.head],
    )


def _was_assigned(agency: Agency, expected: Expected) -> bool:
    kinds = (custody.ASSIGN.kind, custody.CORRECT.kind)
    return Entry.objects.filter(agency=agency, subject=expected.urn, kind__in=kinds).exists()


def _names(expected: Expected, stores: Stores) -> Iterator[str]:
    """The original's name, as inventories that hold its digest have it."""
    for store in stores.there:
        try:
            inventory: Inventory = read_inventory(store, object_path(expected.urn))
        except LiuhenError:
            continue
        for logical, digest in inventory.state.items():
            if digest == expected.sha256 and logical.startswith(f"{ORIGINAL_FOLDER}/"):
                yield logical.removeprefix(f"{ORIGINAL_FOLDER}/")


def tell_strays(stores: Stores, report: RebuildReport) -> None:
    """What lies in the stores and stands in no ledger; reservations are made for what a crash cut off."""
    for store in stores.there:
        for found in strays(store):
            if not isinstance(found, Stray):
                continue  # its reservation was just made, from another store
            damage, urn = found.damage, found.recording
            claim = _claim(store, urn) if urn and damage.code == "object_unknown" else None
            if claim is not None:
                report.claimed.add(claim.number)
            if claim is not None and urn and _was_cut_off(claim):
                _reserve(claim, urn)
                text = f"{claim.number} 已写入{store.name}，登记被中断：再次运行 liuhen ingest 时会自动补上。"
                report.differ("object_unregistered", text, recording=urn, store=store.name)
            else:
                text = f"{damage.text}（{damage.path}）。怎么办：不要删除，请维护人员核对其来源。"
                report.differ(damage.code, text, recording=urn, store=store.name, path=damage.path)


@dataclass(frozen=True)
class Claim:
    """What the record of an unregistered object says of itself; believed only as far as the ledger allows."""

    agency: Agency
    number: str
    year: int
    batch: str
    sameness: str


def _claim(store: LocalBlobs, urn: str) -> Claim | None:
    try:
        record = json.loads(store.read_bytes(content_path(urn, "v1", RECORD)))
        agency = Agency.objects.get(code=record["agency"]["code"])
        told = NUMBER.fullmatch(record["number"].removeprefix(agency.code))
        batch, sameness = str(record["ingested"]["batch"]), str(record["original"]["sameness"])
    except (LiuhenError, ValueError, KeyError, TypeError, AttributeError, Agency.DoesNotExist):
        return None
    return Claim(agency, record["number"], int(told[2]), batch, sameness) if told else None


def _was_cut_off(claim: Claim) -> bool:
    """Its batch was begun and never ended, and neither number nor content is anyone else's."""
    begun = Entry.objects.filter(agency=claim.agency, subject=f"batch:{claim.batch}")[:2]
    ours = Recording.objects.filter(agency=claim.agency)
    reserved = Reservation.objects.filter(agency=claim.agency)
    taken = Q(number=claim.number) | Q(sameness=claim.sameness)
    return len(begun) == 1 and not ours.filter(taken).exists() and not reserved.filter(taken).exists()


def _reserve(claim: Claim, urn: str) -> None:
    Reservation.objects.create(
        agency=claim.agency,
        sameness=claim.sameness,
        recording=uuid.UUID(urn.removeprefix(URN)),
        number=claim.number,
        year=claim.year,
        batch=claim.batch,
    )
