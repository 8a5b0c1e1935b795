"""Publishing: the tiles and the signed checkpoint follow the rows, right after commit.

- A checkpoint is signed only over a head that continues the last one; an inconsistent head is never signed.
- A crash between commit and publishing loses nothing: the next publish goes on from the last checkpoint.
- Within `batched()` one publish follows at the end, however many acts were performed.
- Tiles and checkpoint cost six fsyncs whether they bring one entry or thousands: whoever comes while another
  publishes finds its entries published.
- A new key signs from the size on that its `ledger.key_rotated` entry states (keyring.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.db import transaction

from liuhen.base import home, site
from liuhen.base.people.models import Agency
from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import DamagedError, LiuhenError, StorageError
from liuhen.core.reasons import why
from liuhen.core.tlog.checkpoint import Checkpoint, open_checkpoint
from liuhen.core.tlog.merkle import leaf_hash
from liuhen.core.tlog.notes import Note
from liuhen.core.tlog.tiles import TileFolder

from .keyring import (
    KEY_ROTATED,
    Rotation,
    key_path,
    make_key,
    next_key,
    origin_of,
    retired_path,
    rotations_of,
    sign,
    signer_in_force,
    signing_key,
    vkeys_of,
    vkeys_text,
)
from .models import Entry, Head

__all__ = [
    "KEY_ROTATED",
    "ForkError",
    "NotPublishedError",
    "Rotation",
    "batched",
    "key_path",
    "make_key",
    "mirror_folders",
    "next_key",
    "origin_of",
    "publish",
    "published",
    "published_note",
    "retired_path",
    "rotations_of",
    "signing_key",
    "soon",
    "vkeys_of",
    "vkeys_text",
]

SLICE = 8192
log = structlog.get_logger(__name__)
_state = threading.local()


class ForkError(DamagedError):
    """Rows and the published tree disagree; nothing more is signed until a person has looked."""

    code = "ledger_fork"


class NotPublishedError(StorageError):
    """The entries stand; their checkpoint could not be written."""

    code = "ledger_not_published"


def published(agency_code: str) -> Checkpoint | None:
    """The last signed checkpoint, its signature checked; None before the first.

    Raises a CheckpointError when it was not signed by this ledger's key.
    """
    text = published_note(agency_code)
    return None if text is None else open_checkpoint(text, vkeys_of(agency_code))


def published_note(agency_code: str) -> str | None:
    path = home.ledger_folder(agency_code) / "checkpoint"
    return path.read_text(encoding="utf-8") if path.exists() else None


def soon(agency: Agency) -> None:
    """Publish after the transaction commits, or at the end of the batch."""
    transaction.on_commit(lambda: _request(agency))


def _request(agency: Agency) -> None:
    waiting: dict[int, Agency] | None = getattr(_state, "waiting", None)
    if waiting is None:
        publish(agency)
    else:
        waiting[agency.pk] = agency


@contextmanager
def batched() -> Iterator[None]:
    """Put off publishing until the block ends, also when it ends by an error (which is then the one raised)."""
    if getattr(_state, "waiting", None) is not None:
        yield
        return
    _state.waiting = {}
    failed = True
    try:
        yield
        failed = False
    finally:
        waiting, _state.waiting = _state.waiting, None
        _publish_all(list(waiting.values()), only_log=failed)


def _publish_all(agencies: list[Agency], *, only_log: bool) -> None:
    """One agency's trouble does not keep another's entries unpublished."""
    errors = []
    for agency in agencies:
        try:
            publish(agency)
        except Exception as error:
            log.warning("ledger_not_published", agency=agency.code, error=str(error))
            errors.append(error)
    if errors and not only_log:
        raise errors[0]


def publish(agency: Agency) -> str:
    """Bring tiles and checkpoint up to the rows; returns the signed checkpoint (note text).

    Raises ForkError when the rows do not continue what was published, key errors when the key is missing,
    exposed or damaged, NotPublishedError when the disk cannot be written; what was published before stays
    as it was.
    """
    with home.locked(f"publish-{agency.code}"):
        try:
            return _publish(agency)
        except OSError as error:
            raise NotPublishedError(
                f"账目已经记下，但新的检查点写不出来（{why(error)}）。",
                remedy="请清出磁盘空间或修复该磁盘，再运行 liuhen ledger checkpoint 补发；已有内容没有丢失。",
                agency=agency.code,
            ) from error


def _publish(agency: Agency) -> str:
    signer = signer_in_force(agency)
    folder = home.ledger_folder(agency.code)
    tiles = TileFolder(folder)
    note = published_note(agency.code)
    old = None if note is None else open_checkpoint(note, vkeys_of(agency.code))
    start = old.size if old else 0
    size = Head.objects.values_list("size", flat=True).get(agency=agency)
    if old is not None and size == start and note is not None:
        return note
    _refuse_fork(agency, tiles, old, size)
    _publish_rows(agency, tiles, start, size)
    note = sign(signer, Checkpoint(origin_of(agency.code), size, tiles.root(size)), note)
    _keep_handover(folder, note)
    replace_file(folder / "checkpoint", note.encode())
    _mirror(agency.code, tiles, size, note)
    return note


def _keep_handover(folder: Path, note: str) -> None:
    """Keep the checkpoint that two keys signed: it links the old one to the new (keyring.py)."""
    signatures = Note.parse(note).signatures
    if len(signatures) == 2:
        replace_file(folder / f"checkpoint.{signatures[1].key_id}", note.encode())


def _refuse_fork(agency: Agency, tiles: TileFolder, old: Checkpoint | None, size: int) -> None:
    if old is None or old.size == 0:
        return
    last = Entry.objects.filter(agency=agency, position=old.size - 1).values_list("entry", flat=True).first()
    continues = (
        size >= old.size
        and last is not None
        and leaf_hash(last.encode()) == tiles.hash_at(0, old.size - 1)
        and tiles.root(old.size) == old.root
    )
    if not continues:
        raise ForkError(
            "留痕账本与已公布的检查点不一致，已停止签发新的检查点。",
            remedy="请运行 liuhen ledger verify 查明位置，并从备份恢复；不要继续写入。",
            published=old.size,
            rows=size,
        )


def _publish_rows(agency: Agency, tiles: TileFolder, start: int, size: int) -> None:
    for first in range(start, size, SLICE):
        last = min(first + SLICE, size)
        rows = Entry.objects.filter(agency=agency, position__gte=first, position__lt=last)
        entries = [text.encode() for text in rows.order_by("position").values_list("entry", flat=True)]
        if len(entries) != last - first:
            raise ForkError(
                "留痕账本缺行。", remedy="请运行 liuhen ledger verify 查明位置，并从备份恢复。", first=first
            )
        tiles.publish(first, entries)


def mirror_folders(agency_code: str) -> list[Path]:
    """Where the other stores keep their copy of the published ledger."""
    return [store.root().parent / "ledger" / agency_code for store in _mounted()]


def _mounted() -> list[site.StoreSettings]:
    """The other stores that are there: on an empty mount point nothing is written."""
    return [store for store in site.load().stores[1:] if (store.root() / "0=ocfl_1.1").is_file()]


def _mirror(agency_code: str, source: TileFolder, size: int, note: str) -> None:
    """Copy the published ledger beside every other store; a store that is away catches up later."""
    for folder in mirror_folders(agency_code):
        try:
            if not folder.parent.parent.exists():
                raise FileNotFoundError(folder.parent.parent)
            make_dirs(folder)
            target = TileFolder(folder)
            start = target.size_on_disk()
            for first in range(start, size, SLICE):
                target.publish(first, list(source.entries(first, min(first + SLICE, size))))
            replace_file(folder / "vkey", vkeys_text(agency_code).encode())
            replace_file(folder / "checkpoint", note.encode())
        except (OSError, LiuhenError) as error:
            log.warning("ledger_mirror_behind", folder=str(folder), error=str(error))
