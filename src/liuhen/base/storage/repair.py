"""Healing one store from another: only bytes whose digest is the recorded one are put back.

- A damaged or missing file comes from a store where the same object validates.
- A missing object is copied whole and appears in one rename.
- Each repair is an act in the ledger; what no store can give is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from liuhen.base import clock
from liuhen.base.acts import perform
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Copy, Recording
from liuhen.core.blobs.base import BlobMissingError
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.validate import validate_object

from .stores import Stores


@dataclass
class RepairReport:
    repaired: list[dict[str, str]] = field(default_factory=list)
    lost: list[dict[str, str]] = field(default_factory=list)  # no store holds good bytes
    whole: int = 0

    @property
    def ok(self) -> bool:
        return not self.lost


def repair_stores(stores: Stores, *, by: Account, at: datetime) -> RepairReport:
    """Bring every store up to whole copies of every recording of the person's agency."""
    report = RepairReport()
    with publish.batched():
        for recording in Recording.objects.filter(agency=by.agency).order_by("position"):
            _repair(recording, stores, report, by=by, at=at)
    return report


def _repair(recording: Recording, stores: Stores, report: RepairReport, *, by: Account, at: datetime) -> None:
    path = object_path(recording.urn)
    good = [store for store in stores.there if _is_whole(store, path)]
    sick = [store for store in stores.there if store not in good]
    if not sick:
        report.whole += 1
        return
    if not good:
        report.lost.append(
            {"recording": recording.urn, "number": recording.number, "text": "各存储中都没有完好的副本"}
        )
        return
    for store in sick:
        files = _heal(store, good[0], path)
        if not _is_whole(store, path):
            text = f"{store.name}中的副本修复后仍不完好"
            report.lost.append({"recording": recording.urn, "number": recording.number, "text": text})
            continue
        _record(recording, store, good[0], files, by=by, at=at)
        report.repaired.append(
            {"recording": recording.urn, "number": recording.number, "store": store.name, "files": str(files)}
        )


def _is_whole(store: LocalBlobs, path: str) -> bool:
    try:
        return validate_object(store, path).ok
    except BlobMissingError:
        return False


def _heal(store: LocalBlobs, source: LocalBlobs, path: str) -> int:
    """Put back what differs; returns how many files were written."""
    if not store.exists(path):
        return _copy_object(store, source, path)
    written = 0
    for name in source.list(path):
        expected = source.reread(name).sha256
        if _digest(store, name) != expected:
            store.restore(name, source.read(name), expected)
            written += 1
    return written


def _digest(store: LocalBlobs, name: str) -> str | None:
    try:
        return store.reread(name).sha256
    except LiuhenError:
        return None


def _copy_object(store: LocalBlobs, source: LocalBlobs, path: str) -> int:
    draft = store.draft(f"repair-{path.rpartition('/')[2][-36:]}")
    names = list(source.list(path))
    try:
        for name in names:
            inside = name.removeprefix(f"{path}/")
            with draft.writer(inside, size_hint=source.stat(name)) as out:
                for chunk in source.read(name):
                    out.write(chunk)
            if draft.reread(inside).sha256 != source.reread(name).sha256:
                raise LiuhenError(
                    f"{store.name}写入后回读不一致。", remedy="请检查该存储介质后再运行 liuhen repair。"
                )
        draft.publish(path)
    except BaseException:
        draft.discard()
        raise
    return len(names)


def _record(
    recording: Recording, store: LocalBlobs, source: LocalBlobs, files: int, *, by: Account, at: datetime
) -> None:
    data = {
        "recording": recording.urn,
        "store": store.name,
        "from": source.name,
        "files": files,
        "sha256": recording.sha256,
    }
    perform(custody.REPAIR, recording, by=by, at=at, subject=recording.urn, data=data)
    Copy.objects.update_or_create(
        recording=recording,
        store=store.name,
        defaults={"verified_at": clock.now(), "method": "direct"},
    )
