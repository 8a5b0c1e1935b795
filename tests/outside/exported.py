"""An exported folder as the office makes it, and the verifier loaded as a module."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from liuhen.core.tlog.checkpoint import Checkpoint, Signer
from liuhen.core.tlog.merkle import leaf_hash, root_of
from liuhen.core.tlog.proof import ProofFile, consistency_proof, hint, inclusion_proof
from liuhen.outside import VERIFIER, VERIFIER_PAGE

ORIGIN = "jinjiang.example/ledger"
INDEX = 5
RECORDING = b"\0\0\0\x18ftypmp42 not a real film, but its bytes count" * 100


def load_verifier():
    spec = importlib.util.spec_from_file_location("liuhen_verify", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def signer_of(seed: int, name: str = ORIGIN) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_at_of(entries: list[bytes]):
    leaves = [leaf_hash(entry) for entry in entries]
    return lambda level, index: root_of(leaves[index << level : (index + 1) << level])


def digest(name: str, data: bytes) -> str:
    return hashlib.new(name, data).hexdigest()


@dataclass
class Export:
    """A folder, and the log behind it."""

    folder: Path
    entries: list[bytes]
    signer: Signer
    record: bytes
    original: str = "6F0000A_123456_20260302083015.mp4"

    def head(self, size: int) -> Checkpoint:
        return Checkpoint(self.signer.name, size, root_of([leaf_hash(e) for e in self.entries[:size]]))

    def note(self, size: int) -> str:
        return self.signer.sign(self.head(size))

    def prove(self, size: int, *, hinted: bool = True, note: str | None = None, index: int = INDEX) -> None:
        """Write the proof of the entry under the head of `size` entries."""
        extra = hint(leaf_hash(self.entries[index]), size) if hinted else None
        hashes = tuple(inclusion_proof(index, size, hash_at_of(self.entries)))
        file = ProofFile(index, hashes, note or self.note(size), extra)
        self.proof.write_text(file.to_text(), encoding="utf-8")

    def link(self, old: int, new: int) -> dict:
        """The document that `--consistency` reads."""
        heads = {
            side: {"size": size, "root": b64encode(self.head(size).root).decode()}
            for side, size in (("old", old), ("new", new))
        }
        hashes = consistency_proof(old, new, hash_at_of(self.entries))
        return {**heads, "proof": [b64encode(value).decode() for value in hashes]}

    @property
    def proof(self) -> Path:
        return self.folder / "recording.tlog-proof"

    def fresh(self, folder: Path, *, size: int = 9, hinted: bool = True) -> Export:
        """Write the whole folder."""
        self.folder = folder
        (folder / self.original).write_bytes(RECORDING)
        (folder / "record.json").write_bytes(self.record)
        (folder / "entry.json").write_bytes(self.entries[INDEX])
        (folder / "vkey").write_text(f"{self.signer.vkey}\n", encoding="utf-8")
        for verifier in (VERIFIER, VERIFIER_PAGE):
            (folder / verifier.name).write_bytes(verifier.read_bytes())
        self.prove(size, hinted=hinted)
        return self


def entry_for(record: bytes, **changes: object) -> dict:
    entry = {
        "agency": "jinjiang",
        "at": "2026-03-02T08:31:00Z",
        "by": {"name": "林采集", "role": "custodian"},
        "data": {
            "recording": "urn:uuid:0b5f5f0e-9a3e-4d2c-8f0e-2d1c7a6b5e4f",
            "number": "JJ-2026-000006",
            "sha256": digest("sha256", RECORDING),
            "sm3": digest("sm3", RECORDING),
            "bytes": len(RECORDING),
            "record_sha256": digest("sha256", record),
            "name_digest": "00" * 32,
        },
        "kind": "recording.stored",
        "position": INDEX,
        "recorded_at": "2026-03-02T08:31:05Z",
    }
    data = {**entry["data"], **changes.pop("data", {})}
    return {**entry, "data": data, **changes}


def make_export(folder: Path, *, size: int = 9, hinted: bool = True, **changes: object) -> Export:
    export = Export(folder, [], signer_of(1), b"")
    export.record = canonical({"original": {"name": export.original, "bytes": len(RECORDING)}})
    export.entries = [canonical({"position": i, "kind": "other"}) for i in range(20)]
    export.entries[INDEX] = canonical(entry_for(export.record, **changes))
    return export.fresh(folder, size=size, hinted=hinted)
