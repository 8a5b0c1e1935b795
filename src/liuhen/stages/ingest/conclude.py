"""The end of a batch: is every file safe, is a receipt due, may the card go?

- A receipt is due when every file of the card has enough verified copies.
- The card is released when, beside that, nothing on it was refused and the ledger is published: what
  releases a card must be provable from the published ledger alone.
- Whatever fails here, every file's own result is still told, and the card is kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError, transaction

from liuhen.base.acts import perform
from liuhen.base.ledger import publish
from liuhen.base.storage.stores import Stores
from liuhen.core.errors import LiuhenError

from . import acts, receipts, recover
from .models import Batch, Item, Receipt
from .progress import Outcome, Progress, Result

log = structlog.get_logger(__name__)

_HARMLESS_REFUSALS = frozenset({"symlink", "fifo", "socket", "block_device", "char_device", "not_regular"})
_SAFE = (Item.State.STORED, Item.State.ALREADY)


def conclude(
    batch: Batch, results: list[Result], stores: Stores, needed: int, progress: Progress, *, at: datetime
) -> Outcome:
    """Close the batch: with a receipt where every file is safe, released where nothing was refused."""
    outcome = Outcome(batch.agency.code, batch.key, results)
    try:
        recover.give_back(batch, stores.there)
        publish.publish(batch.agency)
        issued = _close(batch, outcome, needed, at)
    except (LiuhenError, DatabaseError, OSError) as error:
        log.exception("batch_not_concluded", batch=batch.key)
        outcome.note = (
            f"各文件的处理结果如上，但这次采集没能办结（{_why(error)}）。"
            "存储卡不放行、请勿清卡：排除故障后再次采集这张卡。"
        )
        return outcome
    _publish_last(batch, progress)
    if issued is not None:
        outcome.receipt = issued[0].number
        receipts.print_out(*issued, outcome)
    return outcome


def _why(error: Exception) -> str:
    return error.message.rstrip("。") if isinstance(error, LiuhenError) else str(error)


def _publish_last(batch: Batch, progress: Progress) -> None:
    """The closing entries themselves; what fails now is made good by the next publishing."""
    try:
        publish.publish(batch.agency)
    except (LiuhenError, OSError) as error:
        log.exception("checkpoint_behind", batch=batch.key)
        progress.say(f"最后的留痕检查点暂未公布（{_why(error)}）；下次运行时自动补上。")


def _close(
    batch: Batch, outcome: Outcome, needed: int, at: datetime
) -> tuple[Receipt, dict[str, Any]] | None:
    """The receipt, where one is due, with what paper needs of its content."""
    results = outcome.results
    safe = all(is_safe(result, needed) for result in results)
    released = safe and not _count(results, Item.State.REFUSED)
    note = note_of(results, needed, safe=safe, released=released)
    with transaction.atomic():
        issued = receipts.issue(batch, results, note, at, released=released) if safe else None
        receipt = issued[0] if issued else None
        data: dict[str, Any] = {
            "batch": batch.key,
            "receipt": receipt.number if receipt else None,
            "content_sha256": receipt.content_sha256 if receipt else None,
            "counts": {str(state): _count(results, state) for state in Item.State},
        }
        act, subject = acts.RELEASE if released else acts.KEEP, f"batch:{batch.key}"
        perform(act, batch, by=batch.by, at=at, subject=subject, data=data, changes={"finished_at": at})
    outcome.released, outcome.note = released, note
    return issued


def is_safe(result: Result, needed: int) -> bool:
    """Stored with enough copies read back, or something that never had bytes to lose."""
    if result.state in _SAFE:
        return len(result.copies) >= needed
    return result.state == Item.State.REFUSED and result.code in _HARMLESS_REFUSALS


def _count(results: list[Result], state: Item.State) -> int:
    return sum(result.state == state for result in results)


def note_of(results: list[Result], needed: int, *, safe: bool, released: bool) -> str:
    """The last sentence: may the card go, and if not, what is to be done."""
    if released:
        return "所有文件均有足够的已核对副本，存储卡可以放行。"
    if safe:
        return "文件均已入库；卡上另有拒收的项目，存储卡不放行：请查看拒收项后再次采集。"
    harmless = sum(is_safe(result, needed) for result in results if result.state == Item.State.REFUSED)
    failed = _count(results, Item.State.FAILED) + _count(results, Item.State.REFUSED) - harmless
    short = sum(result.state in _SAFE and len(result.copies) < needed for result in results)
    said = []
    if failed:
        said.append(f"有 {failed} 项未能入库，请按各项提示处理后再次采集")
    if short:
        said.append(f"有 {short} 个文件的副本份数不足，请接好第二存储后运行 liuhen repair，再次采集这张卡")
    return f"存储卡不放行、请勿清卡：{'；'.join(said)}。"
