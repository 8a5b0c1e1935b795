"""What an object must look like, worked out from whatever good pieces the stores still hold.

- An inventory is trusted when its sidecar agrees, it is written as we write, and it says of every registered
  version what the ledger says; a later version that no entry registered is left out.
- From a trusted inventory every other file follows: declaration, sidecars and inventories byte for byte, each
  content file by its digest, wherever good bytes of it lie.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.inventory import Inventory, InventoryError, parse
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_pair
from liuhen.core.ocfl.write import DECLARATION, INVENTORY, SIDECAR, sidecar

from .examine import disagreements
from .expected import Expected


@dataclass(frozen=True)
class Target:
    """Every file of the object: its digest, and its bytes where they follow from the inventory."""

    path: str
    digests: dict[str, str]
    made: dict[str, bytes]

    def folders(self) -> set[str]:
        """Every folder that the files need, as seen from the object."""
        return {
            "/".join(parts[:depth])
            for parts in (name.split("/") for name in self.digests)
            for depth in range(1, len(parts))
        }


def target_of(expected: Expected, stores: list[LocalBlobs]) -> Target | None:
    """The object as the ledger knows it; None when no store has an inventory to go by."""
    path = object_path(expected.urn)
    for store in stores:
        for inventory in _inventories(store, path):
            if expected.head in inventory.versions:
                known = inventory.until(expected.head)
                if not list(disagreements(known, expected)):
                    return _target(path, known)
    return None


def _inventories(store: LocalBlobs, path: str) -> Iterator[Inventory]:
    """Every readable inventory of the object in one store, the root's first, then the newest version's."""
    for folder in [path, *reversed(_version_folders(store, path))]:
        try:
            pair = read_pair(store, folder)
            if pair.inventory is not None and pair.agrees:
                inventory = parse(pair.inventory)
                if inventory.to_bytes() == pair.inventory:
                    yield inventory
        except (InventoryError, LiuhenError):
            continue


def _version_folders(store: LocalBlobs, path: str) -> list[str]:
    try:
        folders = [entry.path for entry in store.children(path) if entry.kind == "folder"]
    except LiuhenError:
        return []
    numbered = [folder for folder in folders if re.fullmatch(r"v[0-9]+", folder.rsplit("/", 1)[1])]
    return sorted(numbered, key=lambda folder: int(folder.rsplit("/v", 1)[1]))


def _target(path: str, inventory: Inventory) -> Target:
    made = {DECLARATION: DECLARATION.removeprefix("0=").encode() + b"\n"}
    for name in inventory.versions:
        data = inventory.until(name).to_bytes()
        made |= {f"{name}/{INVENTORY}": data, f"{name}/{SIDECAR}": sidecar(data)}
    root = inventory.to_bytes()
    made |= {INVENTORY: root, SIDECAR: sidecar(root)}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
    return Target(path, {**inventory.manifest, **digests}, made)
