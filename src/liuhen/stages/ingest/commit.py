"""Reserve before sealing, commit after it, and the proof that a stored copy is still whole."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liuhen.base import clock
from liuhen.base.acts import Act, perform
from liuhen.base.ledger.append import salted
from liuhen.base.people.models import Agency
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Copy, Finding, Recording, Reservation
from liuhen.base.recordings.numbers import number_for_recording, year_of
from liuhen.base.recordings.record import ORIGINAL_FOLDER
from liuhen.base.recordings.rows import entry_data, findings_from_record, recording_from_record
from liuhen.base.storage.stores import content_path
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.cards.names import NameFacts
from liuhen.core.cards.reader import CardFile
from liuhen.core.errors import DamagedError, LiuhenError, RefusedError

from .models import Batch, Item
from .progress import Result
from .seal import Claim, Sealed


class BeingStoredError(RefusedError):
    """The same content is being stored from another card at this moment."""

    code = "being_stored"


class CopyNotWholeError(DamagedError):
    code = "stored_copy_not_whole"


def known_sizes(agency: Agency, sizes: set[int]) -> set[int]:
    """Sizes for which the agency has some recording; only such files are hashed before they are copied."""
    known: set[int] = set()
    wanted = sorted(sizes)
    for first in range(0, len(wanted), 500):
        rows = Recording.objects.filter(agency=agency, bytes__in=wanted[first : first + 500])
        known.update(rows.values_list("bytes", flat=True).distinct())
    return known


def reserve(
    batch: Batch,
    sameness: str,
    *,
    name: str,
    device: dict[str, str] | None,
    holder: dict[str, str] | None,
    facts: NameFacts,
    findings: list[dict[str, Any]],
    at: datetime,
) -> Claim:
    """Hold an id and a number for content about to be sealed; runs in a transaction. Raises BeingStoredError."""
    if Reservation.objects.filter(agency=batch.agency, sameness=sameness).exclude(batch="").exists():
        raise BeingStoredError(
            f"{name} 的内容正由另一张卡入库。", remedy="请等那次采集结束后再次采集这张卡。"
        )
    number = number_for_recording(batch.agency, at)
    recording = uuid.uuid4()
    Reservation.objects.create(
        agency=batch.agency,
        sameness=sameness,
        recording=recording,
        number=number,
        year=year_of(at),
        batch=batch.key,
    )
    digest, salt = salted(name)
    return Claim(
        recording=f"urn:uuid:{recording}",
        number=number,
        sameness=sameness,
        device=device,
        holder=holder,
        facts=facts,
        extra_findings=findings,
        at=at,
        name_digest=digest,
        name_salt=salt,
    )


def commit(batch: Batch, sealed: Sealed) -> Result:
    """Row, copies, findings and ledger entry of one sealed object; runs in a transaction."""
    file = sealed.taken.file
    recording = store_row(batch, sealed.record, sealed.record_sha256, sealed.copies, act=custody.STORE)
    result = _result(recording, file, Item.State.STORED, sealed.record)
    keep_item(batch, result, recording)
    return result


def store_row(
    batch: Batch, record: dict[str, Any], record_sha256: str, copies: dict[str, str], *, act: Act
) -> Recording:
    """The row of an object that stands in the stores, by the custodian or, after a crash, by the program."""
    recording = recording_from_record(batch.agency, record, record_sha256)
    recording.position = 0
    entry = perform(
        act,
        recording,
        by=batch.by if act.who else None,
        at=recording.stored_at,
        subject=recording.urn,
        data=entry_data(record, record_sha256, sorted(copies)),
    )
    Recording.objects.filter(pk=recording.pk).update(position=entry.position)
    now = clock.now()
    Copy.objects.bulk_create(
        Copy(recording=recording, store=store, verified_at=now, method=method)
        for store, method in copies.items()
    )
    Finding.objects.bulk_create(findings_from_record(recording, record))
    Reservation.objects.filter(recording=recording.pk).delete()
    return recording


def keep_item(batch: Batch, result: Result, recording: Recording | None) -> None:
    """What became of one path, kept with the batch."""
    Item.objects.create(
        batch=batch,
        path=result.path,
        raw=result.raw,
        size=result.size,
        mtime_ns=result.mtime_ns,
        state=result.state,
        reason=result.reason,
        recording=recording,
    )


def _result(recording: Recording, file: CardFile, state: Item.State, record: dict[str, Any]) -> Result:
    texts = [finding["text"] for finding in record["findings"]]
    return Result(
        file.path,
        file.raw,
        file.size,
        file.mtime_ns,
        state,
        reason="；".join(texts),
        recording=recording.urn,
        number=recording.number,
        sha256=recording.sha256,
        sm3=recording.sm3,
    )


@dataclass(frozen=True)
class Stored:
    """A recording as the workers need it, without the database."""

    pk: uuid.UUID
    urn: str
    number: str
    sha256: str
    sm3: str
    path: str

    @classmethod
    def of(cls, recording: Recording) -> Stored:
        path = content_path(recording.urn, "v1", f"{ORIGINAL_FOLDER}/{safe_name(recording.name)}")
        return cls(recording.pk, recording.urn, recording.number, recording.sha256, recording.sm3, path)


def check_copies(stored: Stored, file: CardFile, stores: list[LocalBlobs], needed: int) -> Result:
    """Read the stored copies back from their devices. Raises CopyNotWholeError when too few are whole."""
    whole = [store.name for store in stores if _is_whole(store, stored)]
    if len(whole) < needed:
        raise CopyNotWholeError(
            f"{file.path} 此前已入库（{stored.number}），但完好的副本只有 {len(whole)} 份，需要 {needed} 份。",
            remedy="请勿清卡；先运行 liuhen repair 补齐副本，再次采集这张卡。",
            recording=stored.urn,
        )
    return Result(
        file.path,
        file.raw,
        file.size,
        file.mtime_ns,
        Item.State.ALREADY,
        reason=f"此前已入库，编号 {stored.number}，副本已重新核对",
        recording=stored.urn,
        number=stored.number,
        sha256=stored.sha256,
        sm3=stored.sm3,
    )


def _is_whole(store: LocalBlobs, stored: Stored) -> bool:
    try:
        return store.reread(stored.path).sha256 == stored.sha256
    except LiuhenError:
        return False
