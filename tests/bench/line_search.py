"""U · lists and one search over generated recordings: what the server takes for a page with its counts."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Figure, timed
from place import AT, need_room, open_home

FULL = 1_000_000
ROUNDS = 60
TARGET = "p95 < 60 ms at 1 M / < 20 ms"


def measure(folder: Path, scale: float) -> list[Figure]:
    largest = int(os.environ.get("BENCH_RECORDINGS", FULL if scale >= 1 else 100_000))
    need_room(folder, largest * 2_200)
    open_home(folder / "home")
    found = []
    there = 0
    for size in (largest // 10, largest):
        more = size - there
        seconds = timed(lambda more=more: _generate(more))
        found.append(_generating(more, size, seconds))
        there = size
        found += [_line(size, name, asked, who) for name, asked, who in _questions()]
        found.append(_deep(size))
    return found


def _generate(more: int) -> None:
    from liuhen.base import synthetic

    synthetic.generate(more, seed=more, at=AT)


def _generating(more: int, size: int, seconds: float) -> Figure:
    return Figure(
        "lists: generating rows",
        f"{more:,} rows on top of {size - more:,}",
        {"liuhen generate": seconds},
        f"{more / seconds:,.0f} rows/s, lists, counters and words included",
        "≥ 50,000 rows/s",
    )


def _questions() -> list[tuple[str, dict[str, list[str]], str]]:
    from liuhen.base.people.models import Officer

    name = Officer.objects.order_by("staff_no").values_list("name", flat=True)[5]
    custodian, officer = "synthetic-custodian", "synthetic-officer"
    return [
        ("the first page of everything", {}, custodian),
        ("the first page of an officer's own", {}, officer),
        ("two Chinese characters in file names", {"q": ["市场"]}, custodian),
        ("an officer's name", {"q": [name]}, custodian),
        ("a unit, photos, with findings", {"unit": ["900000000001"], "kind": ["photo"], "findings": ["yes"]}, custodian),
        ("what waits to be assigned", {"state": ["to_assign"]}, custodian),
        ("a span of days in the order of storing", {"from": ["2026-01-10"], "to": ["2026-03-05"], "sort": ["-stored"]},
         custodian),
    ]  # fmt: skip


def _line(size: int, name: str, asked: dict[str, list[str]], who: str) -> Figure:
    from liuhen.base.people.models import Account
    from liuhen.base.recordings.lists.filters import Filters
    from liuhen.base.recordings.lists.search import find

    person = Account.objects.select_related("agency").get(username=who)
    filters = Filters.read(asked)
    page = find(person, filters, at=AT)
    if not page.rows:
        raise RuntimeError(f"nothing found: {name}")
    total = page.counts.total if page.counts else 0
    whole = _times(lambda: find(person, filters, at=AT))
    bare = _times(lambda: find(person, filters, at=AT, counted=False))
    return _figure(
        f"lists: {name}", size, whole, {"without counts, 95 % within": _p95(bare)}, f"{total:,} found"
    )


def _deep(size: int) -> Figure:
    """A page that starts anywhere, forward and back."""
    from liuhen.base.people.models import Account
    from liuhen.base.recordings.lists.filters import Filters
    from liuhen.base.recordings.lists.models import Listed
    from liuhen.base.recordings.lists.search import Place, find

    person = Account.objects.select_related("agency").get(username="synthetic-custodian")
    where = random.Random(size)
    rows = Listed.objects.order_by("pk").values_list("taken", "pk")
    places = [Place(*rows[where.randrange(size - 100)]) for _ in range(20)]

    def page() -> Any:
        place = where.choice(places)
        return find(person, Filters(), at=AT, counted=False, **{where.choice(("after", "before")): place})

    return _figure("lists: a page at any depth", size, _times(page), {}, "without counts")


def _times(work: Callable[[], Any]) -> list[float]:
    work()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return sorted(times)


def _p95(times: list[float]) -> float:
    return times[int(len(times) * 0.95)]


def _figure(line: str, size: int, times: list[float], more: dict[str, float], note: str) -> Figure:
    median, worst = statistics.median(times) * 1000, _p95(times) * 1000
    return Figure(
        line,
        f"{size:,} recordings",
        {"median": statistics.median(times), "95 % within": _p95(times), **more},
        f"median {median:.1f} ms, 95 % within {worst:.1f} ms ({note})",
        TARGET,
        rounds=ROUNDS,
        notes=["A page of 50 rows with its counts, as the server asks the database; no HTML."],
    )
