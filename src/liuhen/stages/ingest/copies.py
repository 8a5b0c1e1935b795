"""Content that is in the store already: are its copies still whole, and can the card heal one that is not?

- "Already there" is said only after the stored bytes were read back from their devices.
- The digest asked for is the ledger's; a row that says otherwise is refused.
- A damaged original is put back from the card only where the rest of the object stands, and only bytes with
  the recorded digest (LocalBlobs.restore compares before it replaces).
- Workers read and heal; the healing is an act, and its row and ledger entry are written by the ingest's thread.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import orjson
import structlog

from liuhen.base import clock
from liuhen.base.acts import perform
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Copy, Recording
from liuhen.base.recordings.record import ORIGINAL_FOLDER
from liuhen.base.storage.stores import content_path, object_there
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.cards.reader import CardFile
from liuhen.core.durable import Watch, unwatched
from liuhen.core.errors import DamagedError, LiuhenError

from .intake import Intake, StoppedError
from .models import Batch, Item
from .progress import Result

log = structlog.get_logger(__name__)


class CopyNotWholeError(DamagedError):
    code = "stored_copy_not_whole"


class RowDiffersError(DamagedError):
    code = "row_differs"


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
        """Raises RowDiffersError when the ledger says another digest than the row."""
        path = content_path(recording.urn, "v1", f"{ORIGINAL_FOLDER}/{safe_name(recording.name)}")
        if _told_by_ledger(recording) != (recording.urn, recording.sha256):
            raise RowDiffersError(
                f"{recording.number} 的数据库记录与留痕账本不符。",
                remedy="请勿清卡；运行 liuhen ledger verify 和 liuhen verify 查明，并从备份恢复。",
                recording=recording.urn,
            )
        return cls(recording.pk, recording.urn, recording.number, recording.sha256, recording.sm3, path)


def _told_by_ledger(recording: Recording) -> tuple[str | None, str | None]:
    rows = Entry.objects.filter(agency_id=recording.agency_id, position=recording.position)
    text = rows.values_list("entry", flat=True).first()
    data = orjson.loads(text).get("data", {}) if text else {}
    return data.get("recording"), data.get("sha256")


@dataclass(frozen=True)
class Checked:
    """What the stores gave when a known file came again."""

    file: CardFile
    stored: Stored
    whole: tuple[str, ...]
    healed: tuple[str, ...]


def check(stored: Stored, file: CardFile, intake: Intake) -> Checked:
    """Read every stored copy back from its device; heal from the card what is damaged. Runs in a worker."""
    whole, healed = [], []
    with intake.turn(file):
        for store in intake.stores:
            if is_whole(store, stored, intake.go_on):
                whole.append(store.name)
            elif _heal(store, stored, file, intake):
                whole.append(store.name)
                healed.append(store.name)
    return Checked(file, stored, tuple(whole), tuple(healed))


def is_whole(store: LocalBlobs, stored: Stored, watch: Watch = unwatched) -> bool:
    """Do the original's bytes, read from the device, have the recorded digest? Raises what `watch` raises."""
    try:
        return store.reread(stored.path, watch).sha256 == stored.sha256
    except StoppedError:
        raise
    except LiuhenError:
        return False


def _heal(store: LocalBlobs, stored: Stored, file: CardFile, intake: Intake) -> bool:
    try:
        if not object_there(store, stored.urn):
            return False  # a missing object is for `liuhen repair`, which has all its files
        with intake.source(file) as chunks:
            store.restore(stored.path, chunks, stored.sha256)
    except LiuhenError as error:
        log.warning("copy_not_healed", recording=stored.number, store=store.name, error=str(error))
    return is_whole(store, stored)


def keep(batch: Batch, checked: list[Checked], needed: int) -> list[Result]:
    """What was found, in rows and ledger; runs in a transaction. The results are the files' own."""
    for store in {name for one in checked for name in one.whole}:
        whole = [one.stored.pk for one in checked if store in one.whole]
        Copy.objects.filter(recording__in=whole, store=store).update(verified_at=clock.now())
    for one in checked:
        for store in one.healed:
            _record_healing(batch, one.stored, store)
    results = [_result(one, needed) for one in checked]
    Item.objects.bulk_create(items(batch, results))
    return results


def _record_healing(batch: Batch, stored: Stored, store: str) -> None:
    data = {
        "recording": stored.urn,
        "store": store,
        "from": f"batch:{batch.key}",
        "files": 1,
        "sha256": stored.sha256,
    }
    recording = Recording.objects.get(pk=stored.pk)
    perform(custody.REPAIR, recording, by=batch.by, at=clock.now(), subject=stored.urn, data=data)


def _result(checked: Checked, needed: int) -> Result:
    file, stored, whole = checked.file, checked.stored, checked.whole
    state, code, reason = Item.State.ALREADY, "", "同样的内容此前已入库，副本已重新核对"
    if checked.healed:
        reason += f"；{'、'.join(checked.healed)}中的副本已损坏，刚用卡上的原件修复"
    if len(whole) < needed:
        error = CopyNotWholeError(
            f"{file.path} 此前已入库（{stored.number}），但完好的副本只有 {len(whole)} 份，需要 {needed} 份。",
            remedy="请勿清卡；先运行 liuhen repair 补齐副本，再次采集这张卡。",
        )
        state, code, reason = Item.State.FAILED, error.code, str(error)
    return Result(
        file.path,
        file.raw,
        file.size,
        file.mtime_ns,
        state,
        reason,
        code,
        recording=stored.urn,
        number=stored.number,
        sha256=stored.sha256,
        sm3=stored.sm3,
        copies=whole,
    )


def items(batch: Batch, results: Iterable[Result]) -> list[Item]:
    """Unsaved rows of what became of each path."""
    return [
        Item(
            batch=batch,
            path=result.path,
            raw=result.raw,
            size=result.size,
            mtime_ns=result.mtime_ns,
            state=result.state,
            reason=result.reason,
            recording_id=uuid.UUID(result.recording.removeprefix("urn:uuid:")) if result.recording else None,
        )
        for result in results
    ]
