"""Publishing: the tiles and the signed checkpoint follow the rows, right after commit.

- A checkpoint is signed only over a head that continues the last one; an inconsistent head is never signed.
- A crash between commit and publishing loses nothing: the next publish goes on from the last checkpoint.
- Within `batched()` one publish follows at the end, however many acts were performed.
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
from liuhen.core.errors import DamagedError, LiuhenError
from liuhen.core.tlog.checkpoint import Checkpoint, Signer, open_checkpoint
from liuhen.core.tlog.keys import create_key, load_key
from liuhen.core.tlog.merkle import leaf_hash
from liuhen.core.tlog.notes import Vkey
from liuhen.core.tlog.tiles import TileFolder

from .models import Entry, Head

SLICE = 8192
log = structlog.get_logger(__name__)
_state = threading.local()


class ForkError(DamagedError):
    """Rows and the published tree disagree; nothing more is signed until a person has looked."""

    code = "ledger_fork"


def origin_of(agency_code: str) -> str:
    return f"liuhen/{agency_code}"


def key_path(agency_code: str) -> Path:
    return home.keys_folder() / f"{agency_code}.key"


def make_key(agency_code: str) -> Signer:
    """The agency's signing key and its public half beside the ledger."""
    home.keys_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = create_key(key_path(agency_code), origin_of(agency_code))
    folder = home.ledger_folder(agency_code)
    make_dirs(folder)
    replace_file(folder / "vkey", f"{signer.vkey}\n".encode())
    return signer


def signing_key(agency_code: str) -> Signer:
    """The agency's key. Raises KeyFileError: missing, readable by others, damaged."""
    return load_key(key_path(agency_code))


def vkeys_text(agency_code: str) -> str:
    return (home.ledger_folder(agency_code) / "vkey").read_text(encoding="utf-8")


def published(agency_code: str) -> Checkpoint | None:
    """The last signed checkpoint, its signature checked; None before the first.

    Raises a CheckpointError when it was not signed by this ledger's key.
    """
    text = published_note(agency_code)
    return None if text is None else open_checkpoint(text, vkeys_of(agency_code))


def published_note(agency_code: str) -> str | None:
    path = home.ledger_folder(agency_code) / "checkpoint"
    return path.read_text(encoding="utf-8") if path.exists() else None


def vkeys_of(agency_code: str) -> list[Vkey]:
    """Every key this ledger was ever signed with: one line each in its `vkey` file."""
    return [Vkey.parse(line) for line in vkeys_text(agency_code).splitlines() if line.strip()]


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
    """Put off publishing until the block ends, also when it ends by an error."""
    if getattr(_state, "waiting", None) is not None:
        yield
        return
    _state.waiting = {}
    try:
        yield
    finally:
        waiting, _state.waiting = _state.waiting, None
        for agency in waiting.values():
            publish(agency)


def publish(agency: Agency) -> str:
    """Bring tiles and checkpoint up to the rows; returns the signed checkpoint (note text).

    Raises ForkError when the rows do not continue what was published, key errors when the key is missing,
    exposed or damaged.
    """
    with home.locked(f"publish-{agency.code}"):
        signer = signing_key(agency.code)
        folder = home.ledger_folder(agency.code)
        tiles = TileFolder(folder)
        old = published(agency.code)
        start = old.size if old else 0
        size = Head.objects.values_list("size", flat=True).get(agency=agency)
        note = published_note(agency.code)
        if old is not None and size == start and note is not None:
            return note
        _refuse_fork(agency, tiles, old, size)
        _publish_rows(agency, tiles, start, size)
        note = signer.sign(Checkpoint(origin_of(agency.code), size, tiles.root(size)))
        replace_file(folder / "checkpoint", note.encode())
        _mirror(agency.code, tiles, size, note)
    return note


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
    return [store.root().parent / "ledger" / agency_code for store in site.load().stores[1:]]


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
