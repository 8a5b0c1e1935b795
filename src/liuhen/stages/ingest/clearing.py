"""Clearing a released card: a separate act, off by default.

- Only files that the receipt says are stored, and whose bytes on the card still have that digest, are removed;
  whatever else is on the card stays and is named.
- The intent is in the ledger before the first file is removed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from liuhen.base import home, site
from liuhen.base.acts import perform
from liuhen.base.basis import CLEARING
from liuhen.base.people.models import Account
from liuhen.core.cards.reader import CardFile, card_key, list_card, open_card_file, read_chunks
from liuhen.core.digests import Hasher
from liuhen.core.errors import LiuhenError, RefusedError

from . import acts
from .models import Item, Receipt
from .services import CardBusyError


class ClearingOffError(RefusedError):
    code = "clearing_off"


@dataclass
class Cleared:
    """How many files were removed, and a sentence for each that was kept."""

    cleared: int = 0
    kept: list[str] = field(default_factory=list)


def clear_card(card: Path, receipt: Receipt, *, reason: str, by: Account, at: datetime) -> Cleared:
    """Remove from the card what the receipt proves is stored.

    Raises ClearingOffError while the site setting is off, WrongStateError when the receipt released no card.
    """
    if not site.load().allow_card_clearing:
        raise ClearingOffError(
            "清卡功能没有开启，存储卡保持原样。",
            remedy="经单位决定后，在 settings.yaml 中把 allow_card_clearing 设为 true。",
            basis=CLEARING.cite(by.agency.pack),
        )
    lock = home.try_lock(f"card-{card_key(card)}")
    if lock is None:
        raise CardBusyError(f"{card} 正在被采集读取。", remedy="请等采集结束后再清卡。")
    try:
        batch = receipt.batch
        data = {"batch": batch.key, "receipt": receipt.number}
        perform(acts.CLEAR, batch, by=by, at=at, subject=f"batch:{batch.key}", reason=reason, data=data)
        return _remove(card, receipt)
    finally:
        os.close(lock)


def _remove(card: Path, receipt: Receipt) -> Cleared:
    safe = (Item.State.STORED, Item.State.ALREADY)
    items = receipt.batch.items.filter(state__in=safe).select_related("recording")
    proven = {bytes(item.raw): item.recording.sha256 for item in items if item.recording}
    report = Cleared()
    listing = list_card(card)
    for file in listing.files:
        try:
            digest = _digest(card, file)
        except LiuhenError as error:
            report.kept.append(str(error))
            continue
        if proven.get(file.raw) != digest:
            report.kept.append(f"{file.path} 不是回执中已入库的内容，保留在卡上。怎么办：请再次采集这张卡。")
            continue
        (Path(os.fsdecode(os.fsencode(listing.root) + b"/" + file.raw))).unlink()
        report.cleared += 1
    return report


def _digest(card: Path, file: CardFile) -> str:
    hasher = Hasher()
    with open_card_file(card, file) as fd:
        for chunk in read_chunks(fd, path=file.path):
            hasher.update(chunk)
    return hasher.digests().sha256
