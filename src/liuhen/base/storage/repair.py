"""Healing the stores from each other: every store is brought to what the ledger knows of each recording.

- Good is what the ledger says, not what another store says: a copy altered together with its inventory is sick.
- One store's good file heals another's damaged one, both ways; nothing is written before good bytes of all
  files are found, so bad never goes over good and what is lost everywhere stays as it is.
- Each healed copy is an act in the ledger that tells what was found; what no store can give is said.
- A recording that somebody is working on is left for the next run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from liuhen.base import clock, home
from liuhen.base.acts import NotAllowedError, perform
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Copy, Recording
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError

from .examine import Examined, examine
from .expected import Expected, all_expected, expected_of
from .fixity import Look, OnObject
from .heal import Healed, NothingGoodError, heal
from .stores import Stores
from .target import target_of


@dataclass
class RepairReport:
    """`lost`: no store holds good bytes; `failed`: they could not be put in place this time, and why."""

    repaired: list[dict[str, Any]] = field(default_factory=list)
    lost: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    whole: int = 0

    @property
    def ok(self) -> bool:
        return not self.lost and not self.failed


def repair_stores(
    stores: Stores, *, by: Account, at: datetime, on_object: OnObject | None = None
) -> RepairReport:
    """Bring every store that is there to whole copies of every recording of the person's agency.

    Raises NotAllowedError, key errors and StoreMissingError (no store at all) before anything is changed.
    """
    _refuse_strangers(by, at)
    publish.signing_key(by.agency.code)
    stores.first()
    report = RepairReport()
    look, read = Look(stores.there), 0
    wanted = (one for one in all_expected() if one.agency == by.agency_id)
    with publish.batched():
        for count, (expected, damages, size) in enumerate(look.over(wanted), 1):
            read += size
            if on_object:
                on_object(count, read)
            if any(damage.store for damage in damages):
                _repair(expected, look.there(), report, by=by, at=at)
            else:
                report.whole += 1
    report.failed += [{"store": damage.store, "text": damage.text} for damage in look.lost.values()]
    return report


def _refuse_strangers(by: Account, at: datetime) -> None:
    """Before reading or writing a byte: perform() would refuse only after the bytes were healed."""
    who = custody.REPAIR.who
    if who is None or not by.is_active or not who.allows(by, by, at):
        raise NotAllowedError(
            f"不能办理“{custody.REPAIR.label}”：不属于您的权限。",
            remedy=f"该事项由{who.in_words() if who else '本系统程序'}办理。",
            basis=custody.REPAIR.basis.cite(by.agency.pack),
        )


def _repair(
    expected: Expected, stores: list[LocalBlobs], report: RepairReport, *, by: Account, at: datetime
) -> None:
    name = f"recording-{expected.pk}"
    lock = home.try_lock(name)
    if lock is None:
        report.failed.append(_row(expected, text="正在被他人办理，请稍后再运行一次"))
        return
    try:
        now = expected_of(expected.agency, [expected.urn])[expected.urn]
        for store in stores:
            _repair_copy(now, store, stores, report, by=by, at=at)
    finally:
        home.release_own(name, lock)


def _repair_copy(
    expected: Expected,
    store: LocalBlobs,
    stores: list[LocalBlobs],
    report: RepairReport,
    *,
    by: Account,
    at: datetime,
) -> None:
    try:
        before = examine(store, expected)
        if before.ok:
            return
        row = Recording.objects.filter(pk=expected.pk).first()
        if row is None:
            report.failed.append(
                _row(expected, text="数据库中没有这条记录，请先运行 liuhen rebuild --replace")
            )
            return
        target = target_of(expected, stores)
        if target is None:
            _lose(report, expected, "各存储中都没有可信的清单")
            return
        healed = heal(store, target, stores)
        after = examine(store, expected)
        if not after.ok:
            report.failed.append(_row(expected, store=store.name, text=after.damages[0].text))
            return
        _record(row, expected, store, before, healed, by=by, at=at)
        report.repaired.append(
            _row(expected, store=store.name, files=healed.files, set_aside=healed.set_aside)
        )
    except NothingGoodError as error:
        _lose(report, expected, error.message.rstrip("。"))
    except LiuhenError as error:
        report.failed.append(_row(expected, store=store.name, text=str(error)))


def _lose(report: RepairReport, expected: Expected, text: str) -> None:
    """Once a recording, whatever the number of stores that hold no good copy."""
    if not any(row["recording"] == expected.urn for row in report.lost[-1:]):
        report.lost.append(_row(expected, text=text))


def _row(expected: Expected, **facts: Any) -> dict[str, Any]:
    return {"recording": expected.urn, "number": expected.number, **facts}


def _record(
    recording: Recording,
    expected: Expected,
    store: LocalBlobs,
    before: Examined,
    healed: Healed,
    *,
    by: Account,
    at: datetime,
) -> None:
    data = {
        "recording": recording.urn,
        "store": store.name,
        "from": sorted(healed.sources),
        "files": healed.files,
        "set_aside": len(healed.set_aside),
        "found": sorted({damage.code for damage in before.damages}),
        "sha256": expected.sha256,
    }
    perform(custody.REPAIR, recording, by=by, at=at, subject=recording.urn, data=data)
    Copy.objects.update_or_create(
        recording=recording,
        store=store.name,
        defaults={"verified_at": clock.now(), "method": "direct"},
    )
