"""Writing one version of an object into a draft.

- Content first (by the caller, under `staged_path`), then the version's inventory and sidecar, then the
  object's declaration, then the root sidecar, and the root inventory LAST.
- Nothing is visible before `draft.publish` (first version) or `draft.publish_version` (later ones).
- What is in the draft and what the version says are the same set, or the version is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from ..blobs.base import Draft
from .inventory import Inventory, next_version, next_version_name

DECLARATION = "0=ocfl_object_1.1"
INVENTORY = "inventory.json"
SIDECAR = "inventory.json.sha256"


def staged_path(previous: Inventory | None, logical: str) -> str:
    """Where in the draft the bytes of a logical file go: `v1/content/original/20250314.mp4`."""
    content = previous.content_name if previous else "content"
    return f"{next_version_name(previous)}/{content}/{logical}"


def sidecar(inventory: bytes) -> bytes:
    """The digest file beside an inventory, in the form that `sha256sum -c` reads."""
    return f"{hashlib.sha256(inventory).hexdigest()}  {INVENTORY}\n".encode()


def write_version(
    draft: Draft,
    previous: Inventory | None,
    *,
    object_id: str,
    files: Mapping[str, str],
    created: datetime,
    message: str,
    user_name: str,
    user_address: str,
) -> Inventory:
    """Complete a version in `draft` and return its inventory; the caller publishes.

    `files` maps every logical path of the version to its SHA-256 (lower-case hex), the unchanged ones too.
    The bytes stand in the draft at `staged_path(previous, logical)`, or an earlier version has content of
    that digest. Raises ValueError where draft and `files` disagree, content is nowhere, `created` has no
    time zone.
    """
    head = staged_path(previous, "")
    drafted = [path.removeprefix(head) for path in draft.paths() if path.startswith(head)]
    strays = sorted(set(draft.paths()) - {f"{head}{logical}" for logical in files})
    if strays:
        raise ValueError(f"in the draft, but not in the version: {strays}")
    inventory = next_version(
        previous,
        files,
        object_id=object_id,
        created=created,
        message=message,
        user_name=user_name,
        user_address=user_address,
        stored=drafted,
    )
    _write_inventories(draft, inventory, first=previous is None)
    return inventory


def _write_inventories(draft: Draft, inventory: Inventory, *, first: bool) -> None:
    data = inventory.to_bytes()
    draft.write(f"{inventory.head}/{INVENTORY}", data)
    draft.write(f"{inventory.head}/{SIDECAR}", sidecar(data))
    if first:
        draft.write(DECLARATION, DECLARATION.removeprefix("0=").encode() + b"\n")
    draft.write(SIDECAR, sidecar(data))
    draft.write(INVENTORY, data)
