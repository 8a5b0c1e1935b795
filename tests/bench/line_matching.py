"""D · recordings matched to activities, and the coverage of a day's recorders: two sizes of each, a factor of ten apart."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from measure import Contestant, Figure, in_turns, peak_of

ROUNDS = 5
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ACTIVITIES_A_DAY = 40  # of an office with twenty recorders
FILES = 96  # of a recorder that splits at five minutes, in eight hours

Prepared = tuple[str, Contestant, Contestant]


def measure(folder: Path, scale: float) -> list[Figure]:
    """The goals' own sizes whatever the scale: they take a second."""
    return [
        *_figures("matching recordings to activities", "< 5 s / < 1 s", _matching, (1_000, 10_000)),
        *_figures("coverage of a day's recorders", "< 1 s / < 0.2 s for 24", _coverage, (24, 240)),
    ]


def _figures(
    line: str, target: str, prepare: Callable[[int], Prepared], sizes: Sequence[int]
) -> list[Figure]:
    found: list[Figure] = []
    for size in sizes:
        words, ours, yardstick = prepare(size)
        rows = in_turns([ours, yardstick], ROUNDS)
        took = rows[ours.name]
        ratio = f"{took * 1000:.0f} ms, {took / rows[yardstick.name]:.0f} × the sort alone"
        if found:
            ratio += f"; {took / next(iter(found[-1].rows.values())):.1f} × the time for 10 × the work"
        memory = str(peak_of(ours)) if size == sizes[-1] else ""
        found.append(Figure(line, words, rows, ratio, target, rounds=ROUNDS, memory=memory))
    return found


def _matching(size: int) -> Prepared:
    from liuhen.core.field.matching import ActivityFacts, RecordingFacts, match

    activities, recordings, chance = [], [], random.Random(size)
    for number in range(size // 5):
        day, place = divmod(number, ACTIVITIES_A_DAY)
        pair = place % 20
        start = START + timedelta(days=day, hours=4 * (place // 20), minutes=chance.randrange(60))
        end = start + timedelta(minutes=chance.randrange(30, 150))
        devices, officers = frozenset({f"D{pair:02}"}), frozenset({f"P{pair:02}", f"Q{pair:02}"})
        activities.append(ActivityFacts(f"a{number}", start, end, devices, officers))
        for part in range(5):
            begin = start + timedelta(minutes=5 * part - 2)
            device = f"D{pair:02}" if part else None  # one in five came in without a device
            until = begin + timedelta(minutes=5)
            recordings.append(RecordingFacts(f"r{number}-{part}", begin, until, device, f"P{pair:02}"))
    chance.shuffle(recordings)

    def ours() -> Any:
        found = match(recordings, activities)
        if found.without_activity or found.without_recording:
            raise RuntimeError("every recording here has its activity")
        return found

    words = f"{len(recordings):,} recordings, {len(activities):,} activities"
    sort = Contestant("the sort alone", lambda: sorted(recordings, key=lambda one: one.start))
    return words, Contestant("match", ours), sort


def _coverage(size: int) -> Prepared:
    from liuhen.base.packs import FOLDER
    from liuhen.core.field.coverage import Recorded, judge_coverage, span_of
    from liuhen.core.rules.reading import read_pack

    pack, chance = read_pack(FOLDER / "jinjiang-agri"), random.Random(size)
    recorded: list[Recorded] = []
    for device in range(size):
        at = START + timedelta(seconds=chance.randrange(600))
        for number in range(FILES):
            end = at + timedelta(seconds=300)
            recorded.append(Recorded(at, end, f"{device}-{number}", f"D{device}"))
            at = end + timedelta(seconds=chance.choice((0.02, 0.02, 0.02, 40)))
    chance.shuffle(recorded)
    by_device: dict[str, list[Recorded]] = {}
    for one in recorded:
        by_device.setdefault(one.device, []).append(one)
    span = span_of(pack, START, START + timedelta(hours=8), None)

    def ours() -> Any:
        """Each recorder's own day, and all of them together as one activity."""
        for own in by_device.values():
            if not judge_coverage(pack, span, own, matter="inspection").holes:
                raise RuntimeError("every recorder here has holes")
        return judge_coverage(pack, span, recorded, matter="inspection")

    words = f"{size} recorders, {len(recorded):,} files"
    sort = Contestant("the sort alone", lambda: sorted(recorded, key=lambda one: one.start))
    return words, Contestant("coverage", ours), sort
