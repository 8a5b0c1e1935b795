"""R · the ledger read into deadlines from zero, and the list of what is due among millions of open ones."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from measure import Figure, timed
from place import AT, need_room, open_office

FULL_EVENTS, FULL_CLOCKS = 1_000_000, 10_000_000
ROUNDS = 30
CARD = 20  # recordings; and what is written around them
VIEWS = 10


def measure(folder: Path, scale: float) -> list[Figure]:
    events = int(os.environ.get("BENCH_EVENTS", FULL_EVENTS if scale >= 1 else FULL_EVENTS // 10))
    clocks = int(os.environ.get("BENCH_CLOCKS", FULL_CLOCKS if scale >= 1 else FULL_CLOCKS // 10))
    need_room(folder, events * 2_500 + clocks * 300)
    agency = open_office(folder / "home").agency
    return [_replay(agency, events), _due(agency, clocks)]


def _replay(agency: Any, events: int) -> Figure:
    from liuhen.base.deadlines.follow import rebuild
    from liuhen.base.deadlines.models import Deadline
    from liuhen.base.ledger.models import Entry, Head

    start = Head.objects.get(agency=agency).size
    rows = (_row(Entry, agency, start, number) for number in range(events))
    Entry.objects.bulk_create(rows, batch_size=2000)
    Head.objects.filter(agency=agency).update(size=start + events)
    seconds = timed(lambda: rebuild(agency))
    made = Deadline.objects.count()
    return Figure(
        "deadlines: replay from zero",
        f"{events:,} entries, {made:,} deadlines",
        {"liuhen deadlines rebuild": seconds},
        f"{events / seconds:,.0f} entries/s",
        "≥ 20,000 / 60,000 events/s",
        rounds=1,
        notes=[
            f"Cards of {CARD} recordings with their batch, and {VIEWS} viewings a card, which tell nothing."
        ],
    )


def _row(entry: type[Any], agency: Any, start: int, number: int) -> Any:
    import orjson

    from liuhen.base.clock import stamp

    kind, subject, data = _said(number)
    at = AT - timedelta(seconds=number)
    said = {"position": start + number, "kind": kind, "subject": subject, "at": stamp(at), "data": data}
    text = orjson.dumps(said).decode()
    return entry(
        agency=agency, position=start + number, kind=kind, subject=subject, recorded_at=AT, entry=text
    )


def _said(number: int) -> tuple[str, str, dict[str, Any]]:
    from liuhen.base.clock import stamp

    card, place = divmod(number, CARD + VIEWS + 2)
    recording = f"urn:uuid:00000000-0000-4000-8000-{card * CARD + place:012d}"
    if 0 < place <= CARD:
        ended = AT - timedelta(seconds=number + 7200)
        told = {"ended_at": stamp(ended), "handed_over_at": stamp(ended + timedelta(hours=1))}
        return (
            "recording.stored",
            recording,
            told | {"sha256": "0" * 64, "sm3": "0" * 64, "copies": ["主存储"]},
        )
    if place > CARD + 1:
        return "recording.viewed", recording, {"session": "0" * 64}
    return ("batch.released" if place else "batch.begun"), f"batch:{card:032d}", {"batch": f"{card:032d}"}


def _due(agency: Any, clocks: int) -> Figure:
    from django.db import connection

    from liuhen.base.deadlines import selectors
    from liuhen.base.deadlines.models import Deadline, Matter
    from liuhen.base.people.models import Account

    matter = Matter.objects.order_by("pk").values_list("pk", flat=True)[0]
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [clocks, agency.pk, matter])
        cursor.execute("ANALYZE")
    person = Account.objects.get(username="custodian")
    times = {"the first page": lambda rows: list(selectors.open_ones(rows)[:51])}
    times["with how many are overdue"] = lambda rows: (
        list(selectors.open_ones(rows)[:51]),
        selectors.at_most(selectors.overdue(rows, AT)),
    )
    found = {
        name: _median(lambda ask=ask: ask(selectors.visible_to(person, AT))) for name, ask in times.items()
    }
    slowest = max(found.values())
    return Figure(
        "deadlines: the due list",
        f"{Deadline.objects.count():,} deadlines, {clocks:,} open",
        found,
        f"{slowest * 1000:.1f} ms",
        "< 50 ms / < 10 ms",
        rounds=ROUNDS,
    )


_FILL = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    INSERT INTO deadlines_deadline (agency_id, matter_id, recording, duty, pack, version, article, state, who, "to",
                                    basis, assumed, warnings, starts_at, due_at, met_at)
    SELECT %s, %s, NULL, 'handover', 'jinjiang-agri', '1', '11', 'running', '行政执法人员', '科室管理员',
           'ended_at + PT24H', 0, '', NULL, datetime('2026-01-01', (n * 7919 %% 40000000) || ' seconds'), NULL
    FROM numbers
"""


def _median(ask: Any) -> float:
    def times() -> Iterator[float]:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            ask()
            yield time.perf_counter() - started

    return statistics.median(times())
