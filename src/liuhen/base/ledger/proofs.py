"""Proofs for outsiders: inclusion of one entry, consistency with an older checkpoint, a witness's signature."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liuhen.base import home
from liuhen.base.people.models import Agency
from liuhen.core.errors import RefusedError
from liuhen.core.tlog.checkpoint import Checkpoint, open_checkpoint
from liuhen.core.tlog.notes import Vkey
from liuhen.core.tlog.proof import consistency_proof, inclusion_proof, verify_consistency
from liuhen.core.tlog.tiles import TileFolder

from . import publish
from .models import Entry


class CheckpointForeignError(RefusedError):
    code = "checkpoint_foreign"


@dataclass(frozen=True)
class Inclusion:
    """One entry's bytes, and the proof that the signed tree holds them."""

    position: int
    entry: bytes
    hashes: list[bytes]
    note: str


def prove_entry(agency: Agency, position: int) -> Inclusion:
    """Proof of the entry at `position` in the current checkpoint. Raises TileError when tiles are damaged."""
    note = publish.publish(agency)
    checkpoint = open_checkpoint(note, publish.vkeys_of(agency.code))
    tiles = TileFolder(home.ledger_folder(agency.code))
    entry = Entry.objects.get(agency=agency, position=position).entry.encode()
    return Inclusion(position, entry, inclusion_proof(position, checkpoint.size, tiles.hash_at), note)


def prove_consistency(agency: Agency, old_note: str) -> dict[str, Any]:
    """That today's log only grew since `old_note`. Returns the proof as JSON; hashes in base64.

    Raises CheckpointError when `old_note` was not signed by this ledger, ConsistencyError when the log was
    rewritten, CheckpointForeignError for another ledger's or a longer one.
    """
    vkeys = publish.vkeys_of(agency.code)
    old = open_checkpoint(old_note, vkeys)
    new = open_checkpoint(publish.publish(agency), vkeys)
    if old.size > new.size:
        raise CheckpointForeignError(
            f"给出的检查点有 {old.size} 条，现在的账本只有 {new.size} 条：账本被截短，或检查点属于别处。",
            remedy="请保存好该检查点作为证据，从备份恢复账本后再核对。",
            code="ledger_cut_back",
        )
    tiles = TileFolder(home.ledger_folder(agency.code))
    hashes = consistency_proof(old.size, new.size, tiles.hash_at)
    verify_consistency(old.size, new.size, hashes, old.root, new.root)
    return {
        "ok": True,
        "old": _head(old),
        "new": _head(new),
        "proof": [base64.b64encode(one).decode() for one in hashes],
        "checkpoint": publish.published_note(agency.code),
    }


def prove_growth(agency: Agency, old_size: int) -> dict[str, Any]:
    """That today's log continues the one that had `old_size` entries: for whoever knows that size's root.

    Raises CheckpointForeignError for a size that the log has not reached.
    """
    new = open_checkpoint(publish.publish(agency), publish.vkeys_of(agency.code))
    if not 0 < old_size <= new.size:
        raise CheckpointForeignError(
            f"账本现有 {new.size} 条，没有过 {old_size} 条。",
            remedy=f"请给 1 到 {new.size} 之间的条数；手里的检查点比它大的，请保存好并立即报告：账本可能被截短。",
            size=new.size,
        )
    tiles = TileFolder(home.ledger_folder(agency.code))
    hashes = consistency_proof(old_size, new.size, tiles.hash_at)
    return {
        "old": {"size": old_size, "root": base64.b64encode(tiles.root(old_size)).decode()},
        "new": _head(new),
        "proof": [base64.b64encode(one).decode() for one in hashes],
        "checkpoint": publish.published_note(agency.code),
    }


def _head(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"size": checkpoint.size, "root": base64.b64encode(checkpoint.root).decode()}


def cosign(
    agency: Agency, note: str, vkey: Vkey, previous: str | None, proof: list[bytes] | None, at: datetime
) -> str:
    """As witness, sign another office's checkpoint, after seeing that its log only grew since `previous`.

    Raises CheckpointError for a bad signature, ConsistencyError when the log was rewritten,
    CheckpointForeignError when the earlier checkpoint is of another log or the proof is missing.
    """
    new = open_checkpoint(note, [vkey])
    if previous is not None:
        old = open_checkpoint(previous, [vkey])
        if old.origin != new.origin or old.size > new.size:
            raise CheckpointForeignError(
                "新旧两个检查点不属于同一账本，或新的比旧的短，没有见证签名。",
                remedy="请向对方单位索取最新检查点及一致性证明。",
            )
        if old.size and old.size < new.size and proof is None:
            raise CheckpointForeignError(
                "缺少从上次见证到这次的一致性证明，没有见证签名。",
                remedy="请对方运行 liuhen ledger consistency 旧检查点，把结果一并送来。",
            )
        verify_consistency(old.size, new.size, proof or [], old.root, new.root)
    return publish.signing_key(agency.code).as_cosigner().cosign(note, at)
