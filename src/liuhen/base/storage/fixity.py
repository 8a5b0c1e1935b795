"""完整性校验: the bytes themselves, re-read from their devices, against the ledger's digest.

- Every object is validated whole (inventory, sidecars, every file) in every store; a cached "verified" is not
  a verification.
- The expected digest is the ledger's; a row or an inventory that says otherwise is itself a finding.
- Objects without a row and rows without an object are findings too.
- Two objects at a time: hashing lets go of the interpreter, so two cores work.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.record import ORIGINAL_FOLDER
from liuhen.core.blobs.base import BlobMissingError
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.read import read_inventory
from liuhen.core.ocfl.root import validate_root
from liuhen.core.ocfl.validate import validate_object

from .stores import Stores

THREADS = 2
GROUP = 200


@dataclass(frozen=True)
class Bad:
    """One object (or stray) that is not as it should be: the first thing wrong with it, and how many more."""

    recording: str | None
    store: str
    path: str
    expected: str | None
    found: str | None
    text: str
    code: str
    more: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "recording": self.recording,
            "path": self.path,
            "expected": self.expected,
            "found": self.found,
            "store": self.store,
            "code": self.code,
            "text": self.text,
            "more": self.more,
        }


@dataclass
class FixityReport:
    objects: int = 0
    bytes: int = 0
    bad: list[Bad] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.bad

    def as_json(self) -> dict[str, Any]:
        return {
            "objects": self.objects,
            "bytes": self.bytes,
            "ok": self.ok,
            "bad": [bad.as_json() for bad in self.bad],
        }


@dataclass(frozen=True)
class Expected:
    """What the ledger says of one recording, for a worker thread."""

    urn: str
    number: str
    sha256: str
    row_sha256: str
    content: str  # path below the object of the original's bytes


OnObject = Callable[[int, int], None]


def verify_stores(
    stores: Stores, *, sample: int | None = None, on_object: OnObject | None = None
) -> FixityReport:
    """Re-read every object of every store (or a random sample of recordings). Reads only."""
    report = FixityReport()
    for name, error in stores.away.items():
        report.bad.append(Bad(None, name, "", None, None, str(error), error.code))
    seen: set[str] = set()
    with ThreadPoolExecutor(THREADS) as pool:
        for group in _groups(_expected(sample)):
            jobs = [(store, expected) for expected in group for store in stores.there]
            seen.update(object_path(expected.urn) for expected in group)
            for bad, size in pool.map(lambda job: _examine(*job), jobs):
                report.bytes += size
                if bad is not None:
                    report.bad.append(bad)
            report.objects += len(group)
            if on_object:
                on_object(report.objects, report.bytes)
    if sample is None:
        for store in stores.there:
            report.bad.extend(_strays(store, seen))
    return report


def _groups(rows: Iterable[Expected]) -> Iterator[list[Expected]]:
    rows = iter(rows)
    while group := list(islice(rows, GROUP)):
        yield group


def _expected(sample: int | None) -> Iterator[Expected]:
    rows = Recording.objects.order_by("agency_id", "position")
    if sample is not None:
        keys = list(rows.values_list("pk", flat=True))
        chosen = random.SystemRandom().sample(keys, min(sample, len(keys)))
        rows = rows.filter(pk__in=chosen)
    for first in _chunks(rows):
        entries = _entries(first)
        for row in first:
            told = entries.get((row.agency_id, row.position), {})
            content = f"v1/content/{ORIGINAL_FOLDER}/{safe_name(row.name)}"
            yield Expected(row.urn, row.number, str(told.get("sha256")), row.sha256, content)


def _chunks(rows: Any) -> Iterator[list[Recording]]:
    rows = rows.iterator(chunk_size=GROUP)
    while chunk := list(islice(rows, GROUP)):
        yield chunk


def _entries(rows: list[Recording]) -> dict[tuple[int, int], dict[str, Any]]:
    """What the ledger said when each of these was stored, by agency and position."""
    told: dict[tuple[int, int], dict[str, Any]] = {}
    for agency in {row.agency_id for row in rows}:
        positions = [row.position for row in rows if row.agency_id == agency]
        found = Entry.objects.filter(agency_id=agency, position__in=positions)
        for position, text in found.values_list("position", "entry"):
            told[(agency, position)] = orjson.loads(text).get("data", {})
    return told


def _examine(store: LocalBlobs, expected: Expected) -> tuple[Bad | None, int]:
    path = object_path(expected.urn)
    if expected.row_sha256 != expected.sha256:
        text = f"{expected.number} 的数据库记录与留痕账本不符。"
        bad = Bad(
            expected.urn, store.name, "(数据库)", expected.sha256, expected.row_sha256, text, "row_differs"
        )
        return bad, 0
    try:
        found = validate_object(store, path)
    except BlobMissingError:
        text = f"{expected.number} 在{store.name}中没有副本。"
        return Bad(expected.urn, store.name, path, expected.sha256, None, text, "object_missing"), 0
    except LiuhenError as error:
        return Bad(expected.urn, store.name, path, expected.sha256, None, str(error), error.code), 0
    errors = [finding for finding in found.findings if finding.is_error]
    if errors:
        first = errors[0]
        bad = Bad(
            expected.urn,
            store.name,
            first.path,
            first.expected,
            first.found,
            f"{expected.number}：{first.message}",
            first.code,
            len(errors) - 1,
        )
        return bad, found.bytes
    return _against_ledger(store, expected, path), found.bytes


def _against_ledger(store: LocalBlobs, expected: Expected, path: str) -> Bad | None:
    """A whole object whose inventory was rewritten together with its content still differs from the ledger."""
    found = read_inventory(store, path).manifest.get(expected.content)
    if found == expected.sha256:
        return None
    text = f"{expected.number} 的原件与留痕账本登记的摘要不符。"
    return Bad(
        expected.urn,
        store.name,
        f"{path}/{expected.content}",
        expected.sha256,
        found,
        text,
        "differs_from_ledger",
    )


def _strays(store: LocalBlobs, known: set[str]) -> Iterator[Bad]:
    for item in validate_root(store):
        if item.finding is not None:
            finding = item.finding
            yield Bad(
                None, store.name, item.path, finding.expected, finding.found, finding.message, finding.code
            )
        elif item.path not in known:
            text = f"{store.name}中有未登记的对象：{item.path}。再次运行 liuhen ingest 或 liuhen rebuild 可补登。"
            yield Bad(None, store.name, item.path, None, None, text, "object_unknown")
