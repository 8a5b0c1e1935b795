"""An exported copy that proves itself: original, record, entry, proof, key and the verifier in one folder.

- The export is itself an act in the ledger, made before the proof, so the proof's checkpoint covers it.
- The bytes are read back after writing and compared with the ledger's digest.
- The folder is new or empty; nothing in it is ever overwritten.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from liuhen.base.acts import perform
from liuhen.base.ledger import publish
from liuhen.base.ledger.proofs import Inclusion, prove_entry
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.record import ORIGINAL_FOLDER, RECORD
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.durable import make_dirs, reread_sha256, write_new
from liuhen.core.errors import DamagedError, LiuhenError, StorageError, UsageError
from liuhen.core.tlog.proof import ProofFile

from .stores import Stores, content_path

VERIFIER = Path(__file__).resolve().parents[2] / "outside" / "liuhen-verify.py"

_TAKEN = frozenset({"record.json", "entry.json", "vkey", "liuhen-verify.py"})


class NoGoodCopyError(DamagedError):
    code = "no_good_copy"


def prove_recording(recording: Recording) -> Inclusion:
    """The entry that stored the recording, proven in today's checkpoint."""
    return prove_entry(recording.agency, recording.position)


def proof_text(proof: Inclusion) -> str:
    """The `.tlog-proof` (C2SP tlog-proof)."""
    return ProofFile(index=proof.position, hashes=tuple(proof.hashes), checkpoint=proof.note).to_text()


def export_recording(
    recording: Recording, folder: Path, stores: Stores, *, by: Account, at: datetime
) -> dict[str, Any]:
    """Write the folder; returns what was written.

    Raises UsageError when the folder holds anything, NoGoodCopyError when no store has the recorded bytes.
    """
    _need_empty(folder)
    data = {"recording": recording.urn, "sha256": recording.sha256}
    try:
        make_dirs(folder.absolute())
        name = _write_original(recording, folder, stores)
        perform(custody.EXPORT, recording, by=by, at=at, subject=recording.urn, data=data)
        proof = prove_recording(recording)
        files = {
            "record.json": _first_record(recording, stores),
            "entry.json": proof.entry,
            f"{recording.number}.tlog-proof": proof_text(proof).encode(),
            "vkey": publish.vkeys_text(recording.agency.code).encode(),
            "liuhen-verify.py": VERIFIER.read_bytes(),
        }
        for file_name, raw in files.items():
            write_new(folder / file_name, raw)
    except OSError as error:
        raise StorageError(
            f"写不进 {folder}：{error.strerror}。", remedy="请检查该位置的空间和权限，换一个空文件夹再导出。"
        ) from error
    return {"recording": recording.urn, "number": recording.number, "folder": str(folder), "original": name}


def _need_empty(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise UsageError(f"{folder} 不是空文件夹。", remedy="请给一个新的文件夹，以免覆盖已有文件。")


def _write_original(recording: Recording, folder: Path, stores: Stores) -> str:
    """Copy the bytes from the first store that gives the recorded digest."""
    stored = safe_name(recording.name)
    name = f"原件-{stored}" if stored.lower() in _TAKEN or stored.endswith(".tlog-proof") else stored
    path = content_path(recording.urn, "v1", f"{ORIGINAL_FOLDER}/{stored}")
    for store in stores.there:
        if _copy(store, path, folder / name) == recording.sha256:
            return name
        (folder / name).unlink(missing_ok=True)
    raise NoGoodCopyError(
        f"{recording.number} 在各存储中都没有完好的原件，没有导出。",
        remedy="请运行 liuhen verify 查明，再用 liuhen repair 或备份修复。",
    )


def _copy(store: LocalBlobs, path: str, target: Path) -> str | None:
    try:
        with target.open("xb") as out:
            for chunk in store.read(path):
                out.write(chunk)
    except LiuhenError:
        return None
    return reread_sha256(target).sha256


def _first_record(recording: Recording, stores: Stores) -> bytes:
    """`record.json` as it was stored: the one whose digest the ledger holds."""
    for store in stores.there:
        try:
            return store.read_bytes(content_path(recording.urn, "v1", RECORD))
        except LiuhenError:
            continue
    raise NoGoodCopyError(f"{recording.number} 的 record.json 读不出。", remedy="请运行 liuhen repair。")


def record_of(recording: Recording, stores: Stores) -> dict[str, Any]:
    """The record as data, from a store."""
    record: dict[str, Any] = json.loads(_first_record(recording, stores))
    return record
