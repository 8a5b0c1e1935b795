"""What the ingest tests share: taking a card in, and the marks of an office in which nothing is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ocfl

from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.people.models import Account, Agency
from liuhen.base.recordings.lists.rows import differences
from liuhen.base.recordings.models import Recording, Reservation
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.stores import content_path, open_stores
from liuhen.core.media.contract import blank
from liuhen.stages.ingest.models import Batch, Item
from liuhen.stages.ingest.progress import Outcome, Result, Silent
from liuhen.stages.ingest.services import Request, ingest_card

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class StubAnalyser:
    """Says nothing of any file, at once: for tests that are not about what files say."""

    def __init__(self) -> None:
        self.closed = False

    def probe(self, path: Path, *, name: str | None = None) -> dict[str, Any]:
        return blank(str(path), path.stat().st_size, "stub")

    def close(self) -> None:
        self.closed = True


class Watcher(Silent):
    """Keeps every sentence said and every result shown."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.results: list[Result] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def done(self, result: Result) -> None:
        self.results.append(result)


def take(by: Account, card: Path, *, progress: Any = None, at: datetime = AT, **more: Any) -> Outcome:
    """Take a card in with the stub analyser (unless the test brings another)."""
    more.setdefault("analyser", StubAnalyser())
    return ingest_card(Request(card, by, **more), at=at, progress=progress)


def fates(outcome: Outcome) -> dict[str, str]:
    """State by path."""
    assert len({result.path for result in outcome.results}) == len(outcome.results)
    return {result.path: str(result.state) for result in outcome.results}


def codes(outcome: Outcome) -> dict[str, str]:
    """Error code by path, of what was not stored."""
    return {result.path: result.code for result in outcome.results if result.code}


def result_of(outcome: Outcome, path: str) -> Result:
    return next(result for result in outcome.results if result.path == path)


def numbers(agency: Agency) -> list[int]:
    """The running parts of the agency's numbers, sorted."""
    rows = Recording.objects.filter(agency=agency).values_list("number", flat=True)
    return sorted(int(number.rpartition("-")[2]) for number in rows)


def entry_of(recording: Recording) -> dict[str, Any]:
    row = Entry.objects.get(agency=recording.agency, position=recording.position)
    return json.loads(row.entry)


def record_of(recording: Recording, store: Any = None) -> dict[str, Any]:
    store = store or open_stores().first()
    return json.loads(store.read_bytes(content_path(recording.urn, "v1", "record.json")))


def stored_bytes(recording: Recording) -> bytes:
    record = record_of(recording)
    path = content_path(recording.urn, "v1", f"original/{record['original']['content_name']}")
    return open_stores().first().read_bytes(path)


def card_bytes(root: Path) -> dict[bytes, bytes]:
    """Every regular file of a card, by its raw relative path."""
    base = os.fsencode(root)
    found: dict[bytes, bytes] = {}
    for folder, _, names in os.walk(base):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                found[os.path.relpath(path, base)] = Path(os.fsdecode(path)).read_bytes()
    return found


def assert_sound(agency: Agency) -> None:
    """Nothing half-done: stores, ledger, rows, numbers, reservations and staging agree."""
    stores = open_stores()
    assert verify_stores(stores).as_json()["bad"] == []
    report = verify_ledger(agency)
    assert report.ok, report.findings
    for store in stores.there:
        assert store.drafts() == []
    assert not Batch.objects.filter(agency=agency, state=Batch.State.OPEN).exists()
    assert not Reservation.objects.filter(agency=agency).exclude(batch="").exists()
    free = Reservation.objects.filter(agency=agency).values_list("number", flat=True)
    used = numbers(agency)
    both = sorted(used + [int(number.rpartition("-")[2]) for number in free])
    assert both == list(range(1, len(both) + 1)), "numbers have a gap or a twin"
    assert differences() == [], "lists and counts do not follow"


def assert_told_alike(recording: Recording) -> None:
    """Row, ledger entry and record.json say the same of the recording."""
    entry, record = entry_of(recording), record_of(recording)
    original, data = record["original"], entry["data"]
    assert entry["kind"] == "recording.stored"
    assert recording.sha256 == data["sha256"] == original["sha256"]
    assert recording.sm3 == data["sm3"] == original["sm3"]
    assert recording.bytes == data["bytes"] == original["bytes"] == len(stored_bytes(recording))
    assert recording.number == data["number"] == record["number"]
    assert recording.urn == entry["subject"] == data["recording"] == record["recording"]
    assert recording.state == data["state"] == record["state"]
    assert sorted(row.store for row in recording.copies.all()) == data["copies"]
    assert sorted(row.code for row in recording.findings.all()) == sorted(
        finding["code"] for finding in record["findings"]
    )


def assert_judged_valid(home: Path) -> None:
    """ocfl-py finds no error in the first store, and no warning but W004 (SHA-256)."""
    root = ocfl.StorageRoot(root=str(home / "store"))
    assert root.validate(validate_objects=True, check_digests=True, log_warnings=True)
    assert root.good_objects == root.num_objects
    said = {line.split("]")[2].strip(" [") for _, text in root.errors for line in text.splitlines()}
    assert said <= {"W004"}


def everything_on_the_card_is_stored(agency: Agency, root: Path) -> bool:
    """Is every regular file of the card in the store, byte for byte, under the card's own path?"""
    kept: dict[bytes, set[bytes]] = {}
    for item in Item.objects.filter(batch__agency=agency, recording__isnull=False).select_related(
        "recording"
    ):
        kept.setdefault(bytes(item.raw), set()).add(stored_bytes(item.recording))
    return all(data in kept.get(raw, set()) for raw, data in card_bytes(root).items())


Read = Callable[[int, int], bytes]


def kill_in_the_middle(process: subprocess.Popen[bytes], after: float, patience: float = 30.0) -> None:
    """Kill -9 `after` seconds from when it has begun to take a card in, be it ever so slow to start."""
    known, until = Batch.objects.count(), time.monotonic() + patience
    while process.poll() is None and Batch.objects.count() == known and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(after)
    process.kill()
    process.communicate()
