"""A material change to what is said of a recording: a new version of its object, then the row and the entry.

- Only `record.json` and `说明.html` change; the original's bytes are those of version 1, untouched.
- The new record starts from the one the ledger last knew, so a version that a crash left unregistered is
  history in the object and nothing more.
- Bytes before row: the version stands in the stores before the act is performed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from liuhen.base import home
from liuhen.base.acts import Act, ask, perform
from liuhen.base.clock import stamp
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings import record as records
from liuhen.base.recordings.lists.rows import follow
from liuhen.base.recordings.models import Recording
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.digests import digests_of
from liuhen.core.errors import UsageError
from liuhen.core.ocfl.inventory import Inventory
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import finish_version, read_inventory
from liuhen.core.ocfl.write import staged_path, write_version

from .stores import Stores

ACCOUNT_ADDRESS = "urn:liuhen:account:"


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
    told = {
        "device": _device(owner.device),
        "holder": _officer(owner.holder),
        "state": str(Recording.State.STORED),
    }
    unit = owner.holder.unit if owner.holder else (owner.device.unit if owner.device else None)
    changes = {"device": owner.device, "holder": owner.holder, "unit": unit}
    waiting = recording.state == Recording.State.TO_ASSIGN
    act = custody.ASSIGN if waiting else custody.CORRECT
    return _amend(recording, act, told, changes, stores, reason=reason, by=by, at=at)


def _device(device: Device | None) -> dict[str, str] | None:
    return {"serial": device.serial, "kind": device.kind, "model": device.model} if device else None


def _officer(officer: Officer | None) -> dict[str, str] | None:
    if officer is None:
        return None
    told = {"name": officer.name, "staff_no": officer.staff_no, "certificate_no": officer.certificate_no}
    return {**told, "unit": officer.unit.name}


def _amend(
    recording: Recording,
    act: Act,
    told: dict[str, Any],
    changes: dict[str, Any],
    stores: Stores,
    *,
    reason: str,
    by: Account,
    at: datetime,
) -> Entry:
    name = f"recording-{recording.pk}"
    lock = home.try_lock(name)
    if lock is None:
        raise home.BusyError(f"{recording.number} 正在被他人办理。", remedy="请稍后再试。")
    try:
        recording.refresh_from_db()
        ask(act, recording, by=by, at=at, reason=reason)
        version, digest = _write(recording, act, told, stores, by=by, at=at)
        data = {
            "recording": recording.urn,
            "version": version,
            "record_sha256": digest,
            "device": told["device"]["serial"] if told["device"] else None,
            "holder": told["holder"]["staff_no"] if told["holder"] else None,
        }
        changes = {**changes, "record_sha256": digest, "head": version}
        with transaction.atomic():
            entry = perform(
                act, recording, by=by, at=at, subject=recording.urn, reason=reason, data=data, changes=changes
            )
            follow([recording])
        return entry
    finally:
        home.release_own(name, lock)


def _write(
    recording: Recording, act: Act, told: dict[str, Any], stores: Stores, *, by: Account, at: datetime
) -> tuple[str, str]:
    """The new version in every store that is there; returns its name and the record's SHA-256."""
    path = object_path(recording.urn)
    first = stores.first()
    for store in stores.there:
        finish_version(store, path)
    inventory = read_inventory(first, path)
    record = json.loads(first.read_bytes(f"{path}/{inventory.content_path(records.RECORD, recording.head)}"))
    step = {"at": stamp(at), "by": {"account": by.username, "name": by.name}, "what": act.kind}
    record = {**record, **told, "amended": [*record.get("amended", []), step]}
    raw = records.to_bytes(record)
    written = {records.RECORD: raw, records.EXPLANATION: records.explanation(record)}
    versions = [_add_version(store, recording, written, act, by=by, at=at) for store in stores.there]
    return versions[0], digests_of(raw).sha256


def _add_version(
    store: LocalBlobs, recording: Recording, written: dict[str, bytes], act: Act, *, by: Account, at: datetime
) -> str:
    path = object_path(recording.urn)
    previous: Inventory = read_inventory(store, path)
    draft = store.draft(f"amend-{recording.pk.hex}-{os.getpid()}")
    try:
        for logical, data in written.items():
            draft.write(staged_path(previous, logical), data)
        new = {logical: digests_of(data).sha256 for logical, data in written.items()}
        inventory = write_version(
            draft,
            previous,
            object_id=recording.urn,
            files={**previous.state, **new},
            created=at,
            message=f"{act.label} {recording.number}",
            user_name=by.name,
            user_address=f"{ACCOUNT_ADDRESS}{by.username}",
        )
        draft.publish_version(path, version=inventory.head)
    except BaseException:
        draft.discard()
        raise
    return inventory.head
