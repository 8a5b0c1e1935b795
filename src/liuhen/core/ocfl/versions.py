"""The version folders of an object, each against the root inventory (part of `validate`).

- Every version folder holds an inventory and its sidecar, the content folder, and nothing else.
- The newest folder's inventory is the root's, byte for byte (E064); the earlier ones tell the same history up
  to their version (E066), of the same object (E037).
- Of two files that disagree, the one that a third copy contradicts is the one named; for an earlier version
  that copy is made from the root inventory, since our writing is deterministic.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

from ..blobs.base import Entry
from .codes import Finding
from .inventory import Inventory, examine, parse
from .read import Pair
from .write import INVENTORY, SIDECAR, sidecar


class VersionFolders:
    """`check()` yields the findings; `pair` reads the inventory pair of a folder, "" being the root."""

    def __init__(
        self,
        path: str,
        entries: Mapping[str, Entry],
        inventory: Inventory,
        root: Pair,
        pair: Callable[[str], Pair],
    ) -> None:
        self.path, self.entries, self.inventory, self.root, self.pair = path, entries, inventory, root, pair

    def check(self) -> Iterator[Finding]:
        for name in self.inventory.versions:
            if name not in self.entries:
                yield self._finding("E046", name, "版本目录缺失")
            else:
                yield from self._names(name)
                yield from self._empty_folders(name)
        yield from self._newest()
        for name in list(self.inventory.versions)[:-1]:
            if name in self.entries:
                yield from self._earlier(name)

    def _finding(self, code: str, name: str, detail: str = "", **digests: str | None) -> Finding:
        return Finding(code, f"{self.path}/{name}", detail, **digests)

    # -- names

    def _names(self, version: str) -> Iterator[Finding]:
        for name in self._inside(version):
            kind, last = self.entries[name].kind, name.rsplit("/", 1)[1]
            if kind == "symlink":
                yield self._finding("E090", name)
            elif kind == "folder":
                if last != self.inventory.content_name:
                    yield self._finding("W002", name)
            elif kind != "file" or last not in (INVENTORY, SIDECAR):
                yield self._finding("E015", name)

    def _inside(self, folder: str) -> list[str]:
        start = f"{folder}/"
        return [name for name in self.entries if name.startswith(start) and "/" not in name[len(start) :]]

    def _empty_folders(self, version: str) -> Iterator[Finding]:
        top = f"{version}/{self.inventory.content_name}"
        for name, entry in self.entries.items():
            if entry.kind == "folder" and not self._inside(name) and f"{name}/".startswith(f"{top}/"):
                yield self._finding("W003" if name == top else "E024", name)

    # -- inventories

    def _newest(self) -> Iterator[Finding]:
        head = self.inventory.head
        copy = self.pair(head) if head in self.entries else Pair(None, None)
        yield from self._pair_fault("", self.root, witness=copy)
        if head not in self.entries:
            return
        if copy.inventory is None:
            yield self._finding("L010", f"{head}/{INVENTORY}", expected=_sha256(self.root.inventory))
            return
        yield from self._pair_fault(f"{head}/", copy, witness=self.root)
        if copy.inventory != self.root.inventory and copy.agrees == self.root.agrees:
            expected, found = _sha256(self.root.inventory), _sha256(copy.inventory)
            yield self._finding("E064", f"{head}/{INVENTORY}", expected=expected, found=found)

    def _earlier(self, version: str) -> Iterator[Finding]:
        pair, name = self.pair(version), f"{version}/{INVENTORY}"
        remade = self.inventory.until(version).to_bytes()
        if pair.inventory is None:
            yield self._finding("L010", name, expected=pair.recorded_digest or _sha256(remade))
            return
        yield from self._pair_fault(f"{version}/", pair, witness=Pair(remade, sidecar(remade)))
        _, notes = examine(pair.inventory)
        errors = [note for note in notes if not note[0].startswith("W")]
        yield from (self._finding(code, name, detail) for code, detail in errors)
        if not errors:
            yield from self._history(version, parse(pair.inventory), name)

    def _history(self, version: str, earlier: Inventory, name: str) -> Iterator[Finding]:
        root = self.inventory
        if earlier.id != root.id:
            yield self._finding("E037", name, earlier.id)
        if earlier.head != version:
            yield self._finding("E040", name, f"{earlier.head}，应为 {version}")
        if earlier.content_name != root.content_name:
            yield self._finding("E020", name, earlier.content_name)
        until = list(root.versions)[: int(version[1:])]
        same = {name: root.versions[name] for name in until} == dict(earlier.versions)
        if earlier.digest_algorithm == root.digest_algorithm and not (same and _within(earlier, root)):
            yield self._finding("E066", name)

    def _pair_fault(self, prefix: str, pair: Pair, *, witness: Pair) -> Iterator[Finding]:
        """What is wrong with one inventory and its sidecar; `witness` is another copy of the same pair."""
        if pair.inventory is None or pair.agrees:
            return
        actual, recorded = _sha256(pair.inventory), pair.recorded_digest
        if recorded and actual not in (recorded, _sha256(witness.inventory)):
            yield self._finding("E060", f"{prefix}{INVENTORY}", expected=recorded, found=actual)
            return
        code = "E058" if pair.recorded is None else "E060" if recorded else "E061"
        code = "L061" if recorded == actual else code
        expected, found = _sha256(sidecar(pair.inventory)), _sha256(pair.recorded)
        yield self._finding(code, f"{prefix}{SIDECAR}", expected=expected, found=found)


def _within(earlier: Inventory, root: Inventory) -> bool:
    return all(root.manifest.get(path) == digest for path, digest in earlier.manifest.items())


def _sha256(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
