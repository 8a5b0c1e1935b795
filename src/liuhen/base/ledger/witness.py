"""Witnessing between offices: what we signed of others, and what others signed of ours.

- As witness we remember the last checkpoint we saw of each log (LIUHEN_HOME/witness/<fingerprint>), and sign
  the next only with proof that the log grew from it.
- A cosignature that others made on our checkpoint is kept as it came.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from liuhen.base import home
from liuhen.base.people.models import Agency
from liuhen.core.durable import make_dirs, replace_file
from liuhen.core.errors import RefusedError
from liuhen.core.tlog.checkpoint import open_checkpoint
from liuhen.core.tlog.notes import Vkey, verify_cosignatures

from . import proofs, publish
from .models import Cosignature


class NoCosignatureError(RefusedError):
    code = "no_cosignature"


def witness(agency: Agency, note: str, vkey: Vkey, proof: list[bytes] | None, *, at: datetime) -> str:
    """Cosign another office's checkpoint; returns the note with our line added. Raises as proofs.cosign."""
    path = _seen(vkey)
    previous = path.read_text(encoding="utf-8") if path.exists() else None
    signed = proofs.cosign(agency, note, vkey, previous, proof, at)
    make_dirs(path.parent)
    replace_file(path, note.encode())
    return signed


def _seen(vkey: Vkey) -> Path:
    return home.home() / "witness" / f"{vkey.key_id}-{vkey.public.hex()[:16]}"


def accept(agency: Agency, note: str, witness_key: Vkey, *, at: datetime) -> Cosignature:
    """Keep a witness's signature on one of our own checkpoints.

    Raises CheckpointError when it is not our checkpoint or the signature fails, NoCosignatureError when the
    witness did not sign it.
    """
    checkpoint = open_checkpoint(note, publish.vkeys_of(agency.code))
    if not verify_cosignatures(note, [witness_key]):
        raise NoCosignatureError(
            "文件中没有该见证单位的签名。", remedy="请向见证单位索取带见证签名的检查点。"
        )
    return Cosignature.objects.create(
        agency=agency, size=checkpoint.size, witness=str(witness_key), note=note, received_at=at
    )
