"""Reading an object's inventory, and completing a version that a crash cut short.

- A version is committed the moment its folder stands in the object: it arrives whole, by one rename, with an
  inventory and a sidecar that agree. Root sidecar and root inventory follow; a crash can leave either old.
- Reading never writes. `read_inventory` gives the newest committed version in every state a crash can leave,
  and raises in every other state where the root pair disagrees.
- `finish_version` copies the newest committed version's pair to the root. It writes only where a crash
  explains what it finds: damage is for `repair`, which has a second copy, never for this.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..blobs.base import Blobs
from ..blobs.faults import BlobMissingError, IrregularEntryError, TooLargeError
from .inventory import Inventory, InventoryError, next_version_name, parse
from .write import INVENTORY, SIDECAR, sidecar


@dataclass(frozen=True)
class Pair:
    """An inventory and its sidecar as they stand; None where a file is missing."""

    inventory: bytes | None
    recorded: bytes | None

    @property
    def agrees(self) -> bool:
        return self.inventory is not None and self.recorded == sidecar(self.inventory)

    @property
    def recorded_digest(self) -> str | None:
        """The digest the sidecar gives, or None when it is missing or no sidecar."""
        parts = (self.recorded or b"").decode("utf-8", "replace").split()
        return parts[0].lower() if len(parts) == 2 and parts[1] == INVENTORY else None


def read_pair(blobs: Blobs, folder: str) -> Pair:
    """The inventory and the sidecar in a folder."""
    return Pair(_read(blobs, f"{folder}/{INVENTORY}"), _read(blobs, f"{folder}/{SIDECAR}"))


def _read(blobs: Blobs, path: str) -> bytes | None:
    try:
        return blobs.read_bytes(path)
    except (BlobMissingError, IrregularEntryError, TooLargeError):
        return None


def read_inventory(blobs: Blobs, object_path: str) -> Inventory:
    """The inventory of the newest committed version.

    Raises BlobMissingError (no such object) and InventoryError (E060: damaged; others: not an inventory).
    """
    return parse(committed(blobs, object_path)[0], f"{object_path}/{INVENTORY}")


def finish_version(blobs: Blobs, object_path: str) -> bool:
    """Complete a version that a crash cut short; True if there was one. Raises as `read_inventory` does."""
    newest, unfinished = committed(blobs, object_path)
    if unfinished:
        for name, data in ((SIDECAR, sidecar(newest)), (INVENTORY, newest)):
            blobs.restore(f"{object_path}/{name}", [data], hashlib.sha256(data).hexdigest())
    return unfinished


def committed(blobs: Blobs, at: str) -> tuple[bytes, bool]:
    """The newest committed inventory, and whether the root pair still has to follow it. Raises as above."""
    root = read_pair(blobs, at)
    if root.agrees and root.inventory is not None:
        known = parse(root.inventory, f"{at}/{INVENTORY}")
        later = _version(blobs, at, next_version_name(known))
        if later is None:
            return root.inventory, False
        _refuse_stranger(known, parse(later, f"{at}/{next_version_name(known)}/{INVENTORY}"), at)
        return later, True
    newest = _interrupted(blobs, at, root)
    if newest is None:
        raise InventoryError(f"{at}/{INVENTORY}", [("E060", "")])
    return newest, True


def _refuse_stranger(known: Inventory, later: Inventory, at: str) -> None:
    same = all(later.versions.get(name) == version for name, version in known.versions.items())
    if later.id != known.id or later.head != next_version_name(known) or not same:
        raise InventoryError(f"{at}/{next_version_name(known)}/{INVENTORY}", [("E066", "")])


def _interrupted(blobs: Blobs, at: str, root: Pair) -> bytes | None:
    """The newest version's inventory, if a crash while replacing the root pair explains the disagreement.

    Then the pair is one old file and one new file of two neighbouring versions, byte for byte.
    """
    names = [entry.path.rsplit("/", 1)[1] for entry in blobs.children(at) if entry.kind == "folder"]
    numbered = sorted((name for name in names if re.fullmatch(r"v\d+", name)), key=lambda name: int(name[1:]))
    versions = [_version(blobs, at, name) for name in numbered[-2:]]
    if len(versions) < 2 or versions[0] is None or versions[1] is None:
        return None
    old, new = versions[0], versions[1]
    mixed = [Pair(old, sidecar(new)), Pair(new, sidecar(old))]
    return new if root in mixed else None


def _version(blobs: Blobs, at: str, name: str) -> bytes | None:
    pair = read_pair(blobs, f"{at}/{name}")
    return pair.inventory if pair.agrees else None
