"""F1 · the ledger: one durable act after the other, a million entries verified, one proof from a million."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import statistics
from contextlib import closing
from pathlib import Path
from typing import Any

from measure import Contestant, Figure, in_turns, peak_of, timed
from place import AT, need_room, open_office

FULL = 1_000_000
ACTS = 200
PROOFS = 60


def measure(folder: Path, scale: float) -> list[Figure]:
    entries = max(20_000, int(FULL * min(1.0, scale * 4)))
    need_room(folder, entries * 1400)
    home = folder / "home"
    by = open_office(home)
    from ledger_sim import published_ledger

    found = []
    for size in (entries // 10, entries):
        making = timed(lambda size=size: published_ledger(by.agency, size))
        found += [_verify(home, by.agency, size, making), _proof(by.agency, size)]
        found += _append(folder, home, by, size)
    return found


def _verify(home: Path, agency: Any, size: int, making: float) -> Figure:
    from liuhen.base.ledger.verify import verify_ledger

    def ours() -> None:
        report = verify_ledger(agency)
        if not report.ok:
            raise RuntimeError(str(report.findings[:3]))

    limit = "limit: hash the same rows into one root, nothing compared (one process)"
    verify = Contestant("liuhen ledger verify", ours)
    memory = peak_of(verify)
    found = in_turns([verify, Contestant(limit, lambda: _only_hash(home, agency.pk))], 5)
    mine = found["liuhen ledger verify"]
    return Figure(
        "ledger: verify",
        f"{size:,} entries",
        found,
        f"{mine:.2f} s, {mine / size * 1e6:.2f} µs an entry; {mine / found[limit]:.2f} × hashing alone",
        "< 6 s / < 2 s for 1 M entries",
        rounds=5,
        memory=str(memory),
        notes=[f"Making and publishing the entries (bulk, not measured against anything): {making:.0f} s."],
    )


def _only_hash(home: Path, agency_pk: int) -> None:
    sha256 = hashlib.sha256
    with closing(sqlite3.connect(home / "db.sqlite3")) as database:
        rows = database.execute(
            "SELECT CAST(entry AS BLOB) FROM ledger_entry WHERE agency_id = ? ORDER BY position", (agency_pk,)
        )
        level = [sha256(b"\x00" + entry).digest() for (entry,) in rows]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + one + other).digest() for one, other in pairs] + level[len(level) & ~1 :]


def _proof(agency: Any, size: int) -> Figure:
    from liuhen.base.ledger.proofs import prove_entry

    where = random.Random(size)
    times = sorted(timed(lambda: prove_entry(agency, where.randrange(size))) for _ in range(PROOFS))
    median, worst = statistics.median(times) * 1000, times[int(PROOFS * 0.95)] * 1000
    return Figure(
        "ledger: one proof",
        f"{size:,} entries",
        {"liuhen ledger prove, median": median / 1000, "95 % within": times[int(PROOFS * 0.95)]},
        f"median {median:.1f} ms, 95 % within {worst:.1f} ms",
        "< 20 ms / < 5 ms from 1 M",
        rounds=PROOFS,
        notes=[
            "Includes loading the key, checking the published checkpoint's signature and reading the entry."
        ],
    )


def _append(folder: Path, home: Path, by: Any, size: int) -> list[Figure]:
    bare = _bare_database(folder, home, size)
    ours, loop, full = "append in a transaction", "limit: bare INSERT in a transaction", "append and publish"
    appending = Contestant(ours, lambda: _acts(by, publishing=False))
    found = in_turns([appending, Contestant(loop, lambda: _inserts(bare))], 7)
    synced, real = [0], os.fsync
    os.fsync = lambda fd: (synced.__setitem__(0, synced[0] + 1), real(fd))[1]
    try:
        found |= in_turns([Contestant(full, lambda: _acts(by, publishing=True))], 3)
    finally:
        os.fsync = real
    memory = peak_of(appending)
    bare.close()
    found = {name: seconds / ACTS for name, seconds in found.items()}
    return [
        Figure(
            "ledger: append",
            f"{ACTS} acts on top of {size:,} entries",
            {name: seconds * 1000 for name, seconds in found.items()},
            f"{found[loop] / found[ours]:.2f} × the speed of the bare loop; {1 / found[ours]:.0f} acts/s",
            "≥ 0.6 × of a bare SQLite insert loop at the same durability / 0.7 ×",
            unit="ms an act",
            rounds=7,
            memory=str(memory),
            notes=[
                "The bare loop: Python's sqlite3 on a table of the same columns and indexes that already holds the "
                "same rows, WAL and synchronous=FULL, ready-made values.",
                f"Publishing (tiles and a signed checkpoint for each single act) takes {synced[0] / (3 * ACTS):.1f} "
                "fsyncs an act beside the database's one; a batch of acts is published once.",
            ],
        )
    ]


def _acts(by: Any, *, publishing: bool) -> None:
    from django.db import transaction

    from liuhen.base.ledger import publish
    from liuhen.base.ledger.append import actor_of, append

    actor = actor_of(by)
    for number in range(ACTS):
        subject = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        data = {"recording": subject, "sha256": "0" * 64, "bytes": number, "number": f"X-{number:07}"}
        with transaction.atomic():
            append(
                by.agency, "recording.viewed", subject, by=actor, at=AT, data=data, basis=["jinjiang-agri/11"]
            )
            if publishing:
                publish.soon(by.agency)


def _bare_database(folder: Path, home: Path, size: int) -> sqlite3.Connection:
    """A copy of the ledger's own database without its triggers."""
    from django.db import connection

    connection.close()
    path = folder / f"bare-{size}.sqlite3"
    shutil.copy(home / "db.sqlite3", path)
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    for verb in ("update", "delete", "replace"):
        bare.execute(f"DROP TRIGGER ledger_entry_no_{verb}")
    return bare


def _inserts(bare: sqlite3.Connection) -> None:
    (last,) = bare.execute("SELECT max(position) FROM ledger_entry WHERE agency_id = 1").fetchone()
    text = "x" * 470
    for number in range(last + 1, last + 1 + ACTS):
        bare.execute("BEGIN IMMEDIATE")
        bare.execute(
            "INSERT INTO ledger_entry (agency_id, position, kind, subject, recorded_at, entry) "
            "VALUES (1, ?, 'recording.viewed', ?, '2026-11-20 02:00:00.000001', ?)",
            (number, f"urn:uuid:00000000-0000-4000-8000-{number:012}", text),
        )
        bare.execute("COMMIT")
