"""One object in one store, held against the ledger: every byte read once, everything wrong with it told.

- First by itself: OCFL 1.1, inventories, sidecars, every file's digest.
- Then by the ledger: an object whose inventory was rewritten together with its content is whole in itself and
  still not the recording. The original stands in every version, unchanged; each registered record.json has the
  ledger's digest; the newest version is the newest the ledger knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liuhen.base.recordings.record import ORIGINAL_FOLDER, RECORD
from liuhen.core.blobs.base import BlobMissingError
from liuhen.core.blobs.faults import StoreMissingError
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.codes import Finding
from liuhen.core.ocfl.inventory import Inventory, parse
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_inventory
from liuhen.core.ocfl.validate import validate_object
from liuhen.core.ocfl.write import INVENTORY

from .expected import Expected


@dataclass(frozen=True)
class Damage:
    """One thing wrong: the key in its store, the digest expected, the digest found (None: missing)."""

    store: str
    path: str
    expected: str | None
    found: str | None
    code: str
    text: str

    def as_json(self) -> dict[str, str | None]:
        return dict(vars(self))


@dataclass(frozen=True)
class Examined:
    damages: tuple[Damage, ...]
    bytes: int = 0

    @property
    def ok(self) -> bool:
        return not self.damages


def examine(store: LocalBlobs, expected: Expected) -> Examined:
    """Read one object's bytes from the device. Raises StoreMissingError when the store itself is gone."""
    path = object_path(expected.urn)
    try:
        seen = validate_object(store, path)
        errors = [finding for finding in seen.findings if finding.is_error]
        damages = [_of_finding(store, finding) for finding in _originals_first(errors, path)]
        damages += _against_ledger(store, expected, path, damages)
        return Examined(tuple(damages), seen.bytes)
    except StoreMissingError:
        raise
    except BlobMissingError:
        text = f"{store.name}中没有这条记录的对象"
        return Examined((Damage(store.name, path, expected.sha256, None, "object_missing", text),))
    except LiuhenError as error:
        return Examined((Damage(store.name, path, expected.sha256, None, error.code, error.message),))


def disagreements(inventory: Inventory, expected: Expected) -> Iterator[tuple[str, str, str | None, str]]:
    """(logical path, expected, found, code) where an inventory is not the ledger's."""
    if inventory.id != expected.urn:
        yield "", expected.urn, inventory.id, "differs_from_ledger"
    for name, version in inventory.versions.items():
        originals = {path: d for path, d in version.state.items() if path.startswith(f"{ORIGINAL_FOLDER}/")}
        if list(originals.values()) != [expected.sha256]:
            logical, found = next(
                ((path, digest) for path, digest in originals.items() if digest != expected.sha256),
                (ORIGINAL_FOLDER, None),
            )
            yield f"{name}/{logical}", expected.sha256, found, "differs_from_ledger"
    for name, digest in expected.records.items():
        known = inventory.versions.get(name)
        found = known.state.get(RECORD) if known else None
        if found != digest:
            yield f"{name}/{RECORD}", digest, found, "record_differs"
    if inventory.head not in expected.records:
        yield inventory.head, expected.head, inventory.head, "version_unregistered"


_TEXT = {
    "differs_from_ledger": "原件与留痕账本登记的摘要不符",
    "record_differs": "record.json 与留痕账本登记的摘要不符",
    "version_unregistered": "对象中有留痕账本没有登记的版本",
}


def _against_ledger(store: LocalBlobs, expected: Expected, path: str, told: list[Damage]) -> Iterator[Damage]:
    damaged = {one.path for one in told}
    try:
        # In a whole object the root inventory is the newest committed one; else that has to be found first.
        inventory = read_inventory(store, path) if told else parse(store.read_bytes(f"{path}/{INVENTORY}"))
    except LiuhenError:
        if told:
            return  # by the validation
        raise
    for name, wanted, found, code in disagreements(inventory, expected):
        key = f"{path}/{_content_key(inventory, name)}".rstrip("/")
        if key not in damaged:
            yield Damage(store.name, key, wanted, found, code, _TEXT[code])


def _content_key(inventory: Inventory, name: str) -> str:
    """Where in the object the file stands that a version knows under a logical path."""
    version, _, logical = name.partition("/")
    try:
        return inventory.content_path(logical, version)
    except (KeyError, IndexError):
        return f"{version}/{inventory.content_name}/{logical}" if logical else version


def _of_finding(store: LocalBlobs, finding: Finding) -> Damage:
    return Damage(store.name, finding.path, finding.expected, finding.found, finding.code, finding.message)


def _originals_first(findings: list[Finding], path: str) -> list[Finding]:
    """The original first, then other content, then what describes it; of each, what has digests to show."""

    def rank(finding: Finding) -> tuple[int, bool]:
        inside = finding.path.removeprefix(f"{path}/")
        place = 0 if f"/content/{ORIGINAL_FOLDER}/" in inside else 1 if "/content/" in inside else 2
        return place, finding.expected is None

    return sorted(findings, key=rank)
