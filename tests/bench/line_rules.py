"""R · all duties of an activity, and its retention: facts in, duties out, five regulations."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

from measure import Figure

ROUNDS = 2000
END = "2026-03-13T17:00:00+08:00"
TARGET = "< 1 ms / < 0.3 ms"


def measure(folder: Path, scale: float) -> list[Figure]:
    """With five recordings, and with fifty: the cost grows with the recordings alone."""
    return [_one(5), _one(50)]


def _one(recordings: int) -> Figure:
    from liuhen.base.packs import FOLDER, calendar, read, shipped
    from liuhen.core.rules.clocks import duties_of
    from liuhen.core.rules.facts import facts_from
    from liuhen.core.rules.retention import retention_of

    facts = facts_from(json.dumps(_facts(recordings)))
    days = calendar()
    rows: dict[str, float] = {}
    for name in shipped():
        pack = read(FOLDER / name)
        times = []
        for _ in range(ROUNDS // recordings):
            started = time.perf_counter()
            duties_of(pack, facts, days)
            retention_of(pack, facts)
            times.append(time.perf_counter() - started)
        rows[name] = statistics.median(times)
    slowest = max(rows, key=lambda name: rows[name])
    return Figure(
        "rules: duties and retention of one activity",
        f"{recordings} recordings",
        rows,
        f"{rows[slowest] * 1000:.2f} ms for the slowest ({slowest})",
        TARGET,
        rounds=ROUNDS // recordings,
        notes=["Every shipped regulation with the same facts; PY counts a clock for each recording."],
    )


def _facts(recordings: int) -> dict[str, object]:
    stop = {"cause": "weather", "at": END, "resumed_at": None}
    activity = {
        "ended_at": END,
        "circumstances": ["offsite"],
        "returned_at": END,
        "events": ["complaint"],
        "interruptions": [stop],
    }
    return {
        "activity": activity,
        "recordings": [{"ended_at": END}] * recordings,
        "case": {"filed_at": END, "concluded_at": END, "retention": "P10Y"},
    }
