"""Is an object whole, and are its bytes the ones recorded?

- Findings are coded data (`codes`): the key, the digest expected, the digest found (None: missing).
- Content is read from the device, past the page cache (`Blobs.reread`). Hashing releases the interpreter
  lock: call this from one thread a core, an object each.
- Stricter than the specification where this store always does more: every version has its inventory, sidecars
  are letter for letter as written, an object stands where its id says (L… codes).
- Where inventory and sidecar disagree, the copy in the newest version's folder says which of the two changed.
- Reading only; an unreadable file is a finding (L001), a store that is gone is an error.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ..blobs.base import (
    BlobMissingError,
    Blobs,
    Entry,
    IrregularEntryError,
    ReadFailedError,
    StoreDeniedError,
    walk,
)
from .codes import Finding
from .inventory import DIGEST_ALGORITHM, Inventory, InventoryError, examine, parse
from .layout import object_path
from .read import Pair, committed, read_pair
from .versions import VersionFolders
from .write import DECLARATION, INVENTORY, SIDECAR


@dataclass(frozen=True)
class ObjectReport:
    """What one validation saw. `files` and `bytes` count the content read; `interrupted`: see `read`."""

    path: str
    object_id: str | None
    head: str | None
    findings: tuple[Finding, ...]
    files: int = 0
    bytes: int = 0
    interrupted: bool = False

    @property
    def ok(self) -> bool:
        return not any(finding.is_error for finding in self.findings)


def validate_object(blobs: Blobs, path: str, *, content: bool = True, layout: bool = True) -> ObjectReport:
    """Check the object at `path`; without `content` the bytes of content files are not read, all else is.

    `layout=False` lets the object stand anywhere. Raises StoreMissingError, BlobMissingError (no folder).
    """
    return _ObjectCheck(blobs, path, layout=layout).run(content=content)


class _ObjectCheck:
    def __init__(self, blobs: Blobs, path: str, *, layout: bool) -> None:
        self.blobs, self.path, self.layout = blobs, path, layout
        self.findings: list[Finding] = []
        self.files = self.bytes = 0
        self.entries = {entry.path[len(path) + 1 :]: entry for entry in walk(blobs, path)}

    def run(self, *, content: bool) -> ObjectReport:
        self._declaration()
        root = self._pair("")
        self._root_inventory(root)
        interrupted = self._is_interrupted()
        inventory = self._reference(root)
        if inventory is not None:
            self._place(inventory)
            self._root_entries(inventory)
            self.findings += VersionFolders(self.path, self.entries, inventory, root, self._pair).check()
            self._content(inventory, content=content)
        return ObjectReport(
            self.path,
            inventory.id if inventory else None,
            inventory.head if inventory else None,
            tuple(self.findings),
            self.files,
            self.bytes,
            interrupted,
        )

    def _say(self, code: str, path: str, detail: str = "", **digests: str | None) -> None:
        self.findings.append(Finding(code, f"{self.path}/{path}", detail, **digests))

    def _pair(self, folder: str) -> Pair:
        at = f"{self.path}/{folder}" if folder else self.path
        try:
            return read_pair(self.blobs, at)
        except (ReadFailedError, StoreDeniedError) as error:
            self.findings.append(Finding("L001", str(error.facts.get("path", at))))
            return Pair(None, None)

    # -- the object's root

    def _declaration(self) -> None:
        found = [name for name in self.entries if name.startswith("0=") and "/" not in name]
        if found == [DECLARATION]:
            self._declaration_text()
        elif len(found) == 1:
            self._say("E004", found[0])
        else:
            self._say("E003", DECLARATION, "、".join(found))

    def _declaration_text(self) -> None:
        expected = DECLARATION.removeprefix("0=").encode() + b"\n"
        if self.entries[DECLARATION].kind == "file":
            self._compare("E007", DECLARATION, hashlib.sha256(expected).hexdigest())

    def _root_inventory(self, root: Pair) -> None:
        """What the root inventory says of itself; how it stands to its sidecar is told with the versions."""
        if root.inventory is None:
            self._say("E063", INVENTORY, expected=root.recorded_digest)
            return
        for code, detail in examine(root.inventory)[1]:
            self._say(code, INVENTORY, detail)

    def _reference(self, root: Pair) -> Inventory | None:
        """What all else is checked against: the root inventory, or the newest version's if that changed."""
        copies = [self._pair(name) for name in self._version_names()[-1:]]
        for pair in [pair for pair in (root, *copies) if pair.agrees] + [root]:
            _, notes = examine(pair.inventory or b"")
            if pair.inventory and all(code.startswith("W") for code, _ in notes):
                return self._ours(parse(pair.inventory))
        if root.inventory is not None and not root.agrees:
            found = hashlib.sha256(root.inventory).hexdigest()
            self._say("E060", INVENTORY, expected=root.recorded_digest, found=found)
        return None

    def _version_names(self) -> list[str]:
        names = [name for name in self.entries if re.fullmatch(r"v\d+", name)]
        return sorted(names, key=lambda name: int(name[1:]))

    def _ours(self, inventory: Inventory) -> Inventory | None:
        if inventory.digest_algorithm == DIGEST_ALGORITHM:
            return inventory
        self._say("L025", INVENTORY, inventory.digest_algorithm)
        return None

    def _place(self, inventory: Inventory) -> None:
        if self.layout and object_path(inventory.id) != self.path:
            self._say("L002", INVENTORY, f"{inventory.id} 应在 {object_path(inventory.id)}")

    def _is_interrupted(self) -> bool:
        try:
            interrupted = committed(self.blobs, self.path)[1]
        except (InventoryError, ReadFailedError, StoreDeniedError):
            return False
        if interrupted:
            self._say("L020", INVENTORY)
        return interrupted

    def _root_entries(self, inventory: Inventory) -> None:
        for name, entry in self.entries.items():
            if "/" in name:
                continue
            if entry.kind == "folder":
                self._root_folder(name, inventory)
            elif entry.kind == "symlink":
                self._say("E090", name)
            elif entry.kind != "file" or not (name in (INVENTORY, SIDECAR) or name.startswith("0=")):
                self._say("E001", name)

    def _root_folder(self, name: str, inventory: Inventory) -> None:
        if name == "extensions":
            self._extensions()
        elif re.fullmatch(r"v\d+", name):
            if name not in inventory.versions:
                self._say("E046", name)
        elif name != "logs":
            self._say("E001", name)

    def _extensions(self) -> None:
        inside = [name for name in self.entries if name.startswith("extensions/") and name.count("/") == 1]
        for name in inside:
            self._say("W013" if self.entries[name].kind == "folder" else "E067", name)

    # -- content

    def _content(self, inventory: Inventory, *, content: bool) -> None:
        places = tuple(f"{version}/{inventory.content_name}/" for version in inventory.versions)
        for name, entry in self.entries.items():
            if name.startswith(places) and entry.kind != "folder" and name not in inventory.manifest:
                self._stray(name, entry, content=content)
        for name, digest in inventory.manifest.items():
            self._file(name, digest, inventory, content=content)

    def _stray(self, name: str, entry: Entry, *, content: bool) -> None:
        if entry.kind == "symlink":
            self._say("E090", name)
        else:
            self._say("E023", name, found=self._digest(name) if content and entry.kind == "file" else None)

    def _file(self, name: str, digest: str, inventory: Inventory, *, content: bool) -> None:
        entry = self.entries.get(name)
        if entry is None:
            self._say("E092", name, "文件缺失", expected=digest)
        elif entry.kind != "file":
            self._say("E090" if entry.kind == "symlink" else "E092", name, "不是普通文件", expected=digest)
        elif content:
            self._compare("E092", name, digest)
            for algorithm, block in inventory.fixity.items():
                if name in block:
                    self._compare("E093", name, block[name], algorithm)

    def _compare(self, code: str, name: str, digest: str, algorithm: str = "sha256") -> None:
        found = self._digest(name, algorithm)
        if found is not None and found != digest:
            self._say(code, name, expected=digest, found=found)

    def _digest(self, name: str, algorithm: str = "sha256") -> str | None:
        """The digest of a file; None, and a finding, when it cannot be read."""
        path = f"{self.path}/{name}"
        try:
            if algorithm != "sha256":
                return _digest_through_cache(self.blobs, path, algorithm)
            seen = self.blobs.reread(path)
        except (ReadFailedError, StoreDeniedError, BlobMissingError, IrregularEntryError) as error:
            self._say("L001", name, error.message)  # the last two: it changed while we looked
            return None
        if "/" in name:
            self.files += 1
            self.bytes += seen.size
        return seen.sha256


_HASHLIB_NAMES = {
    "sha512/256": ("sha512_256", None),
    "blake2b-512": ("blake2b", 64),
    "blake2b-160": ("blake2b", 20),
    "blake2b-256": ("blake2b", 32),
    "blake2b-384": ("blake2b", 48),
}


def _digest_through_cache(blobs: Blobs, path: str, algorithm: str) -> str:
    """For the fixity blocks of other makers, whose digests need not be SHA-256."""
    name, length = _HASHLIB_NAMES.get(algorithm, (algorithm, None))
    digest = hashlib.blake2b(digest_size=length) if length else hashlib.new(name)
    for piece in blobs.read(path):
        digest.update(piece)
    return digest.hexdigest()
