"""An exported copy that proves itself: original, record, entry, proof, key and the verifiers in one folder.

- Who may is asked first; a refusal writes nothing and tells nothing.
- Original and record are those the ledger's entry names, from whichever store still has them, read back from
  the device after writing.
- The export is itself an act in the ledger, made before the proof, so the proof's checkpoint covers it.
- The folder is new or empty; nothing in it is ever overwritten, and what a failed export wrote is taken away.
- The original's name never takes a name of ours, nor one that a computer would run or import by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from liuhen.base.acts import ask, perform
from liuhen.base.ledger import publish
from liuhen.base.ledger.proofs import Inclusion, prove_entry
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.record import ORIGINAL_FOLDER, RECORD
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.digests import digests_of
from liuhen.core.durable import fsync_dir, make_dirs, reread_sha256, write_all, write_new
from liuhen.core.errors import LiuhenError, StorageError, UsageError
from liuhen.core.ocfl.inventory import Inventory
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_inventory
from liuhen.core.reasons import why
from liuhen.core.tlog.checkpoint import Checkpoint
from liuhen.core.tlog.merkle import leaf_hash
from liuhen.core.tlog.notes import Note
from liuhen.core.tlog.proof import ProofFile, hint
from liuhen.outside import VERIFIER, VERIFIER_PAGE

from .expected import Expected, expected_of
from .reading import NoGoodCopyError
from .stores import Stores

_OURS = frozenset({"record.json", "entry.json", "vkey", VERIFIER.name, VERIFIER_PAGE.name})
# A folder that a person opens a command line in: what Python would import there, what Windows would run
# there, what a browser would show as if it were our verifier.
_ACTIVE = (
    *(".py", ".pyc", ".pyd", ".pyw", ".pth", ".so", ".sh", ".dll", ".exe", ".com", ".bat", ".cmd", ".ps1"),
    *(".psm1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".msi", ".scr", ".pif", ".lnk", ".hta", ".cpl"),
    *(".reg", ".url", ".html", ".htm", ".xhtml", ".mht", ".mhtml", ".svg", ".tlog-proof"),
)


def prove_recording(recording: Recording) -> Inclusion:
    """The entry that stored the recording, proven in today's checkpoint."""
    return prove_entry(recording.agency, recording.position)


def proof_text(proof: Inclusion) -> str:
    """The `.tlog-proof` (C2SP tlog-proof); its hint lets a verifier say which file was altered."""
    size = Checkpoint.parse(Note.parse(proof.note).text).size
    extra = hint(leaf_hash(proof.entry), size)
    return ProofFile(proof.position, tuple(proof.hashes), proof.note, extra).to_text()


def export_recording(
    recording: Recording, folder: Path, stores: Stores, *, by: Account, at: datetime
) -> dict[str, Any]:
    """Write the folder; returns what was written.

    Raises NotAllowedError, UsageError when the folder holds anything, key errors, NoGoodCopyError when no store
    has the recorded bytes, StorageError when the folder cannot be written.
    """
    ask(custody.EXPORT, recording, by=by, at=at)
    publish.signing_key(recording.agency.code)
    expected = ledger_of(recording)
    with _writing(folder) as out:
        name = _write_original(out, expected, stores)
        record = _record(expected, stores)
        data = {"recording": recording.urn, "sha256": expected.sha256}
        perform(custody.EXPORT, recording, by=by, at=at, subject=recording.urn, data=data)
        for written, content in {"record.json": record, **beside(recording, expected.number)}.items():
            out.write(written, content)
    return {
        "recording": recording.urn,
        "number": recording.number,
        "folder": str(folder),
        "original": name,
        "files": sorted(out.names),
    }


def beside(recording: Recording, number: str) -> dict[str, bytes]:
    """What lies beside original and record, by name: entry, proof, keys, verifiers."""
    proof = prove_recording(recording)
    return {
        "entry.json": proof.entry,
        f"{number}.tlog-proof": proof_text(proof).encode(),
        "vkey": publish.vkeys_text(recording.agency.code).encode(),
        **{verifier.name: verifier.read_bytes() for verifier in (VERIFIER, VERIFIER_PAGE)},
    }


def recorded_as(recording: Recording, stores: Stores) -> bytes:
    """`record.json` as the entry that stored the recording knows it. Raises NoGoodCopyError."""
    return _record(ledger_of(recording), stores)


def ledger_of(recording: Recording) -> Expected:
    """What the ledger says of it. Raises NoGoodCopyError where the row says something else."""
    found = expected_of(recording.agency_id, [recording.urn]).get(recording.urn)
    if found is None or found.position != recording.position:
        raise NoGoodCopyError(
            f"{recording.number} 的数据库记录与留痕账本不符，没有导出。",
            remedy="请运行 liuhen verify 查明，再用 liuhen rebuild --replace 由账本重建数据库。",
        )
    return found


# -- the folder


@dataclass
class _Out:
    folder: Path
    names: list[str] = field(default_factory=list)

    def write(self, name: str, data: bytes) -> None:
        write_new(self.folder / name, data)
        self.names.append(name)


@contextmanager
def _writing(folder: Path) -> Iterator[_Out]:
    """An empty folder to write into; after a failure it is as it was."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise UsageError(f"{folder} 不是空文件夹。", remedy="请给一个新的文件夹，以免覆盖已有文件。")
    there, out = folder.exists(), _Out(folder)
    try:
        make_dirs(folder.absolute())
        yield out
        fsync_dir(folder)
    except BaseException as error:
        _take_away(out, keep_folder=there)
        if isinstance(error, OSError):
            raise StorageError(
                f"写不进 {folder}（{why(error)}）。",
                remedy="请检查该位置的空间和权限，换一个空文件夹再导出。",
            ) from error
        raise


def _take_away(out: _Out, *, keep_folder: bool) -> None:
    with suppress(OSError):
        for name in out.names:
            (out.folder / name).unlink(missing_ok=True)
        if not keep_folder:
            out.folder.rmdir()


# -- what goes into it


def exported_name(name: str) -> str:
    """The original's name in the folder: its own, unless that is ours or comes alive by itself."""
    stored = safe_name(name)
    lower = stored.lower()
    if lower in _OURS or lower.startswith(".") or lower.endswith(_ACTIVE):
        return safe_name(f"原件-{stored}.bin")
    return stored


def _write_original(out: _Out, expected: Expected, stores: Stores) -> str:
    """The bytes from the first store whose copy has the ledger's digest, read back from where they went."""
    for store, key, name in originals(expected, stores):
        target = exported_name(name)
        out.names.append(target)
        if _copy(store, key, out.folder / target) == expected.sha256:
            return target
        (out.folder / target).unlink(missing_ok=True)
        out.names.remove(target)
    raise NoGoodCopyError(
        f"{expected.number} 在各存储中都没有完好的原件，没有导出。",
        remedy="请运行 liuhen verify 查明，再用 liuhen repair 或备份修复。",
    )


def originals(expected: Expected, stores: Stores) -> Iterator[tuple[LocalBlobs, str, str]]:
    """(store, key, name) of everything that inventories hold to be the original."""
    for store, inventory, path in _inventories(expected, stores):
        for logical in inventory.versions["v1"].state:
            if logical.startswith(f"{ORIGINAL_FOLDER}/"):
                key = f"{path}/{inventory.content_path(logical, 'v1')}"
                yield store, key, logical.removeprefix(f"{ORIGINAL_FOLDER}/")


def _inventories(expected: Expected, stores: Stores) -> Iterator[tuple[LocalBlobs, Inventory, str]]:
    path = object_path(expected.urn)
    for store in stores.there:
        with suppress(LiuhenError):
            yield store, read_inventory(store, path), path


def _copy(store: LocalBlobs, key: str, target: Path) -> str | None:
    """The digest of what stands on the target's device; None when the store could not give the bytes."""
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        for chunk in _readable(lambda: store.read(key)):
            write_all(fd, chunk)
        os.fsync(fd)
    except _Unreadable:
        return None
    finally:
        os.close(fd)
    return reread_sha256(target).sha256


class _Unreadable(Exception):
    """A store's own trouble, told apart from the target's."""


def _readable(read: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    try:
        yield from read()
    except LiuhenError as error:
        raise _Unreadable from error


def _record(expected: Expected, stores: Stores) -> bytes:
    """`record.json` as it was when the recording was stored: the one whose digest the entry holds."""
    for store, inventory, path in _inventories(expected, stores):
        with suppress(LiuhenError, KeyError, IndexError):
            raw = store.read_bytes(f"{path}/{inventory.content_path(RECORD, 'v1')}")
            if digests_of(raw).sha256 == expected.records["v1"]:
                return raw
    raise NoGoodCopyError(
        f"{expected.number} 在各存储中都没有完好的 record.json，没有导出。",
        remedy="请运行 liuhen verify 查明，再用 liuhen repair 或备份修复。",
    )
