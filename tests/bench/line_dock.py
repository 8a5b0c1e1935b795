"""F1 · a dock: many cards at once, each read no faster than a card gives, both digests.

The cards lie on the disk; a reader that sleeps keeps each of them at 35 MB/s. Every card is an ingest of its
own with its own analyser, as a dock starts them; what starting costs is told apart by two sizes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from measure import Figure, PeakMemory, in_words, timed, warm
from place import AT, empty_office, files_of, keep_office, need_room, noise, open_office

CARDS = 24
RATE = 35_000_000  # bytes/s
READ_AHEAD = 2 << 20
FULL = 256 << 20  # bytes a card


def measure(folder: Path, scale: float) -> list[Figure]:
    need_room(folder, int(2.3 * CARDS * FULL * scale))
    home = folder / "home"
    by = open_office(home)
    keep_office(home)
    found = {}
    for size in (int(FULL * scale / 10), int(FULL * scale)):
        cards = _cards(folder, size)
        with PeakMemory() as memory:
            ends = _dock(cards, by)
        empty_office(home)
        found[size] = (max(ends), memory)
    stalled = _dock(_cards(folder, size), by, stalled=0)
    (small, (small_end, _)), (big, (end, memory)) = found.items()
    rate = CARDS * (big - small) / (end - small_end)
    line = CARDS * RATE
    others = max(stalled[1:])
    limit = _hash_rate()
    return [
        Figure(
            "a dock",
            f"{CARDS} cards of {in_words(big)} at {RATE / 1e6:.0f} MB/s each",
            {
                "liuhen ingest, all cards": end,
                "the same, a tenth of the bytes": small_end,
                "line rate: the readers alone": big / RATE,
                "limit: both digests alone, all cores": CARDS * big / limit,
            },
            f"{rate / line:.0%} of line rate between the two sizes ({rate / 1e6:.0f} of {line / 1e6:.0f} MB/s; "
            f"the digests alone allow {min(limit, line) / line:.0%}); with starting and ending {CARDS * big / end / line:.0%}",
            "≥ 90 % of line rate / ≥ 99 % on one core, no card slowed by a stalled one",
            memory=str(memory),
            notes=[
                f"With one card stalled for {stalled[0] - others:.1f} s longer than the rest, the other "
                f"{CARDS - 1} ended after {others:.1f} s ({others / end:.2f} × the time without it).",
                "One round: the readers' sleep, not the machine's noise, decides most of it.",
            ],
        )
    ]


def _cards(folder: Path, size: int) -> list[Path]:
    """The cards, filled once for each size with one recording a card."""
    cards = [folder / "cards" / f"{size}-{number}" for number in range(CARDS)]
    for number, card in enumerate(cards):
        if not card.exists():
            name = f"DCIM/4701A01_100001_202611190{number // 6}{number % 6}000_{number:04}.mp4"
            noise(card / name, size, seed=size + number)
        warm(files_of(card))
    return cards


def _dock(cards: list[Path], by: object, *, stalled: int | None = None) -> list[float]:
    """Take all cards in at once; seconds until each was done."""
    started, ends, errors = time.perf_counter(), [0.0] * len(cards), []

    def take(number: int) -> None:
        from django.db import connection

        from liuhen.stages.ingest.services import Request, ingest_card

        try:
            read = throttled(RATE, pause=20.0 if number == stalled else 0.0)
            outcome = ingest_card(Request(cards[number], by, read=read), at=AT)
            if not outcome.released:
                raise RuntimeError(str(outcome.results))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()
            ends[number] = time.perf_counter() - started

    threads = [threading.Thread(target=take, args=(number,)) for number in range(len(cards))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return ends


def throttled(rate: int, *, pause: float = 0.0) -> Callable[[int, int], bytes]:
    """os.read as a card gives it: `rate` bytes a second, and no more than 2 MiB read ahead while nobody asks.

    With `pause` the card stops that long in the middle, once.
    """
    due = 0.0  # when the next byte may leave the card
    given = 0
    stopped = False

    def read(fd: int, size: int) -> bytes:
        nonlocal due, given, stopped
        data = os.read(fd, size)
        now = time.monotonic()
        due = max(due, now - READ_AHEAD / rate) + len(data) / rate
        given += len(data)
        if pause and given >= 2 << 20 and not stopped:
            stopped = True
            time.sleep(pause)
        elif due > now:
            time.sleep(due - now)
        return data

    return read


def _hash_rate() -> float:
    """Bytes a second of SHA-256 and SM3 on all cores."""
    import hashlib

    piece, count = bytes(1 << 20), 48
    cores = len(os.sched_getaffinity(0))

    def work() -> None:
        one, other = hashlib.sha256(), hashlib.new("sm3")
        for _ in range(count):
            one.update(piece)
            other.update(piece)

    def all_cores() -> None:
        threads = [threading.Thread(target=work) for _ in range(cores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return cores * count * len(piece) / timed(all_cores)
