"""F1 · a dock: many cards at once, each read no faster than a card gives, both digests.

The cards lie on the disk; a reader that sleeps keeps each of them at 35 MB/s. Two figures: reading with both
digests as the intake does it (the goals' line), and whole ingests, which also write every byte durably and
read it back from the device. Every card is an ingest of its own, as a dock starts them; what starting and
ending cost is told apart by two sizes.
"""

from __future__ import annotations

import os
import shutil
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

from measure import Figure, PeakMemory, forget, in_words, timed, warm
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
    cards = _cards(folder, int(FULL * scale))
    return [_digests(cards), _ingests(cards, by, found)]


def _digests(cards: list[Path]) -> Figure:
    """Every card read once, both digests; the median of five rounds, and one with a card that stalls."""
    size = sum(file.stat().st_size for file in files_of(cards[0]))
    rounds = [max(_read_all(cards)) for _ in range(5)]
    with PeakMemory() as memory:
        _read_all(cards)
    stalled = _read_all(cards, stalled=0)
    end, others = statistics.median(rounds), max(stalled[1:])
    line = size / RATE
    limit = _hash_rate()
    return Figure(
        "a dock, read with both digests",
        f"{CARDS} cards of {in_words(size)} at {RATE / 1e6:.0f} MB/s each",
        {
            "both digests of all cards": end,
            "line rate: the readers alone": line,
            "two hashlib digests on all cores": CARDS * size / limit,
        },
        f"{line / end:.0%} of line rate ({CARDS * size / end / 1e6:.0f} of {CARDS * RATE / 1e6:.0f} MB/s)",
        "≥ 90 % of line rate / ≥ 99 % on one core, no card slowed by a stalled one",
        rounds=len(rounds),
        memory=str(memory),
        notes=[
            f"With one card stalled for {stalled[0] - others:.1f} s longer than the rest, the other "
            f"{CARDS - 1} ended after {others:.2f} s ({others / end:.2f} × the time without it)."
        ],
    )


def _ingests(cards: list[Path], by: object, found: dict[int, tuple[float, PeakMemory]]) -> Figure:
    (small, (small_end, _)), (big, (end, memory)) = found.items()
    rate = CARDS * (big - small) / (end - small_end)
    line = CARDS * RATE
    disk = timed(lambda: _write_and_read_back(cards))
    return Figure(
        "a dock, whole ingests",
        f"{CARDS} cards of {in_words(big)} at {RATE / 1e6:.0f} MB/s each",
        {
            "liuhen ingest, all cards": end,
            "the same, a tenth of the bytes": small_end,
            "limit: this disk writes and reads back the same bytes": disk,
        },
        f"{rate / line:.0%} of line rate between the two sizes ({rate / 1e6:.0f} MB/s; this disk allows "
        f"{min(1.0, CARDS * big / disk / line):.0%}); {disk / end:.2f} × the disk's own speed",
        "told beside the line above: no goal of its own",
        memory=str(memory),
    )


def _write_and_read_back(cards: list[Path]) -> None:
    """What no ingest can avoid: the bytes written, made durable, and asked of the device again."""
    target = cards[0].parent / "disk"
    for card in cards:
        for file in files_of(card):
            shutil.copyfile(file, target)
            forget([target])
            warm([target])
    target.unlink()


def _read_all(cards: list[Path], *, stalled: int | None = None) -> list[float]:
    """Read all cards at once with both digests; seconds until each was done."""
    for card in cards:
        warm(files_of(card))  # a reader drops what it has read
    return _at_once(
        len(cards),
        lambda number: [
            _hash(file, throttled(RATE, pause=2.0 if number == stalled else 0.0))
            for file in files_of(cards[number])
        ],
    )


def _hash(file: Path, read: Callable[[int, int], bytes]) -> None:
    from liuhen.core.cards.reader import read_chunks
    from liuhen.core.digests import Hasher

    fd = os.open(file, os.O_RDONLY)
    try:
        with Hasher() as hasher:
            for chunk in read_chunks(fd, read=read):
                hasher.update(chunk)
            hasher.digests()
    finally:
        os.close(fd)


def _cards(folder: Path, size: int) -> list[Path]:
    """The cards, filled once for each size with one recording a card."""
    cards = [folder / "cards" / f"{size}-{number}" for number in range(CARDS)]
    for number, card in enumerate(cards):
        if not card.exists():
            name = f"DCIM/4701A01_100001_202611190{number // 6}{number % 6}000_{number:04}.mp4"
            noise(card / name, size, seed=size + number)
        warm(files_of(card))
    return cards


def _dock(cards: list[Path], by: object) -> list[float]:
    """Take all cards in at once; seconds until each was done."""

    from liuhen.core.media.sandbox import Analyser

    def take(number: int) -> None:
        from django.db import connection

        from liuhen.stages.ingest.services import Request, ingest_card

        try:
            request = Request(cards[number], by, read=throttled(RATE), analyser=analyser.lend())
            outcome = ingest_card(request, at=AT)
            if not outcome.released:
                raise RuntimeError(str(outcome.results))
        finally:
            connection.close()

    with Analyser() as analyser:  # one for all cards, as a worker has it
        return _at_once(len(cards), take)


def _at_once(count: int, take: Callable[[int], object]) -> list[float]:
    """Do all at the same time; seconds until each was done."""
    started, ends, errors = time.perf_counter(), [0.0] * count, []

    def one(number: int) -> None:
        try:
            take(number)
        except Exception as error:
            errors.append(error)
        finally:
            ends[number] = time.perf_counter() - started

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
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
