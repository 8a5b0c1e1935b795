"""A further version of a recording's object: more is said of it, or a derivative is laid beside it.

- `record.json` and `说明.html` change, derivatives are added; the original's bytes are those of version 1, untouched.
- The new record starts from the one the ledger last knew, so a version that a crash left unregistered is
  history in the object and nothing more.
- Bytes before row: the version stands in the stores before the act is performed.
- One writer a recording at a time, by its lock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction

from liuhen.base import home
from liuhen.base.acts import Act, ask, perform
from liuhen.base.clock import stamp
from liuhen.base.ledger.append import PROGRAM, Actor, actor_of
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account
from liuhen.base.recordings import record as records
from liuhen.base.recordings.lists.rows import follow
from liuhen.base.recordings.models import Recording
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.digests import digests_of
from liuhen.core.ocfl.inventory import Inventory
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import finish_version, read_inventory
from liuhen.core.ocfl.write import staged_path, write_version

from .stores import Stores

ACCOUNT_ADDRESS = "urn:liuhen:account:"
Record = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """`told`: what the record says anew; `files`: derivatives by logical path; `data`: for the ledger beside the
    version; `columns`: of the recording's row; `rows`: unsaved ones that belong to it; `then`: what else belongs into
    the transaction of the act."""

    told: Record
    files: dict[str, bytes] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    rows: list[models.Model] = field(default_factory=list)
    then: Callable[[], object] | None = None


def add_version(
    recording: Recording,
    act: Act,
    change_of: Callable[[Record], Change],
    stores: Stores,
    *,
    reason: str | None = None,
    by: Account | None,
    at: datetime,
) -> tuple[Entry, Change]:
    """Perform `act`, which makes a new version; `change_of` is asked, under the lock, with the record as it stands.
    `by` None: the program itself, for an act that is its own.

    Raises what perform() raises, BusyError, and what the stores raise.
    """
    name = f"recording-{recording.pk}"
    lock = home.try_lock(name)
    if lock is None:
        raise home.BusyError(f"{recording.number} 正在被他人办理。", remedy="请稍后再试。")
    try:
        recording.refresh_from_db()
        ask(act, recording, by=by, at=at, reason=reason)
        before = _record(recording, stores)
        change = change_of(before)
        version, digest = _write(recording, act, before, change, stores, by=by, at=at)
        data = {"recording": recording.urn, "version": version, "record_sha256": digest, **change.data}
        columns = {**change.columns, "record_sha256": digest, "head": version}
        with transaction.atomic():
            entry = perform(
                act, recording, by=by, at=at, subject=recording.urn, reason=reason, data=data, changes=columns
            )
            for row in change.rows:
                row.save(force_insert=True)
            if change.then is not None:
                change.then()
            follow([recording])
        return entry, change
    finally:
        home.release_own(name, lock)


def _record(recording: Recording, stores: Stores) -> Record:
    """The record that the ledger last knew, from the first store; an interrupted version is completed first."""
    path = object_path(recording.urn)
    for store in stores.there:
        finish_version(store, path)
    first = stores.first()
    inventory = read_inventory(first, path)
    raw = first.read_bytes(f"{path}/{inventory.content_path(records.RECORD, recording.head)}")
    record: Record = json.loads(raw)
    return record


def _write(
    recording: Recording,
    act: Act,
    before: Record,
    change: Change,
    stores: Stores,
    *,
    by: Account | None,
    at: datetime,
) -> tuple[str, str]:
    """The new version in every store that is there; returns its name and the record's SHA-256."""
    actor = actor_of(by) if by else PROGRAM
    step = {"at": stamp(at), "by": {"account": actor.account, "name": actor.name}, "what": act.kind}
    record = {**before, **change.told, "amended": [*before.get("amended", []), step]}
    raw = records.to_bytes(record)
    written = {records.RECORD: raw, records.EXPLANATION: records.explanation(record), **change.files}
    versions = [_into(store, recording, written, act, by=actor, at=at) for store in stores.there]
    return versions[0], digests_of(raw).sha256


def _into(
    store: LocalBlobs, recording: Recording, written: dict[str, bytes], act: Act, *, by: Actor, at: datetime
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
            files={**previous.versions[recording.head].state, **new},
            created=at,
            message=f"{act.label} {recording.number}",
            user_name=by.name,
            user_address=f"{ACCOUNT_ADDRESS}{by.account}",
        )
        draft.publish_version(path, version=inventory.head)
    except BaseException:
        draft.discard()
        raise
    return inventory.head
