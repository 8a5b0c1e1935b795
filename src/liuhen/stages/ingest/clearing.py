"""Clearing a released card: a separate act, off by default.

- Only files that the receipt says are stored are removed, and only when their bytes on the card still have
  that digest and enough stored copies, read back now, are whole. Whatever else is on the card stays and is named.
- What is removed is the very file that was read: below folders opened without following links.
- The intent is in the ledger before the first file is removed.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from liuhen.base import site
from liuhen.base.acts import perform
from liuhen.base.basis import CLEARING
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.stores import Stores, open_stores
from liuhen.core.cards.reader import CardFile, list_card, open_card_file, read_chunks
from liuhen.core.errors import LiuhenError, RefusedError, StorageError
from liuhen.core.reasons import why

from . import acts
from .copies import Stored, is_whole
from .docking import hold_card
from .models import Item, Receipt

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class ClearingOffError(RefusedError):
    code = "clearing_off"


class NotProvenError(RefusedError):
    code = "not_proven"


class NotRemovedError(StorageError):
    code = "not_removed"


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
    with hold_card(card):
        listing = list_card(card)
        batch = receipt.batch
        data = {"batch": batch.key, "receipt": receipt.number}
        perform(acts.CLEAR, batch, by=by, at=at, subject=f"batch:{batch.key}", reason=reason, data=data)
        return _remove(card, listing.files, receipt)


def _remove(card: Path, files: tuple[CardFile, ...], receipt: Receipt) -> Cleared:
    safe = (Item.State.STORED, Item.State.ALREADY)
    items = receipt.batch.items.filter(state__in=safe).select_related("recording")
    proven = {bytes(item.raw): item.recording for item in items if item.recording}
    stores, needed = open_stores(), site.load().copies_needed()
    report = Cleared()
    for file in files:
        try:
            _remove_one(card, file, proven.get(file.raw), stores, needed)
            report.cleared += 1
        except LiuhenError as error:
            report.kept.append(str(error))
    return report


def _remove_one(card: Path, file: CardFile, recording: Recording | None, stores: Stores, needed: int) -> None:
    with open_card_file(card, file) as fd:
        if recording is None or _sha256(fd, file) != recording.sha256:
            raise NotProvenError(
                f"{file.path} 不是回执中已入库的内容，保留在卡上。", remedy="请再次采集这张卡。"
            )
        stored = Stored.of(recording)
        if sum(is_whole(store, stored) for store in stores.there) < needed:
            raise NotProvenError(
                f"{file.path} 在库的完好副本（{recording.number}）现在不足 {needed} 份，保留在卡上。",
                remedy="请先运行 liuhen repair，或再次采集这张卡。",
            )
        try:
            _unlink(card, file, fd)
        except OSError as error:
            raise NotRemovedError(
                f"{file.path} 删不掉（{why(error)}），保留在卡上。", remedy="请检查存储卡的写保护。"
            ) from error


def _sha256(fd: int, file: CardFile) -> str:
    digest = hashlib.sha256()
    for chunk in read_chunks(fd, path=file.path):
        digest.update(chunk)
    return digest.hexdigest()


def _unlink(card: Path, file: CardFile, fd: int) -> None:
    """Remove the name of the file that is open as `fd`, if that is still what the name stands for."""
    root = card if card.is_dir() else card.parent
    *folders, name = file.raw.split(b"/")
    with ExitStack() as opened:
        at = os.open(root.resolve(), _FOLDER)
        opened.callback(os.close, at)
        for folder in folders:
            at = os.open(folder, _FOLDER, dir_fd=at)
            opened.callback(os.close, at)
        if not os.path.samestat(os.stat(name, dir_fd=at, follow_symlinks=False), os.fstat(fd)):
            raise NotProvenError(
                f"{file.path} 在核对时被换成了另一个文件，保留在卡上。", remedy="查明谁在动这张卡。"
            )
        os.unlink(name, dir_fd=at)
        os.fsync(at)
