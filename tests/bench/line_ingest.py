"""F1 · ingest of long recordings: one read, SHA-256 + SM3, fsync, re-read from the device, OCFL, row, ledger.

Each of the eight files is a 1080p MP4 of 0.9 MB a second, so that the analyser has its pictures to look at
(15,000 in ten minutes, 512 MiB). The source is in the page cache for everybody.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import clips
import peers
from measure import MIB, Contestant, Figure, in_turns, in_words, peak_of, speed, warm
from place import AT, empty_office, files_of, keep_office, need_room, open_office, segment_name

FILES = 8
FULL = 4 << 30


def measure(folder: Path, scale: float) -> list[Figure]:
    need_room(folder, int(3 * FULL * scale))
    home = folder / "home"
    by = open_office(home)
    keep_office(home)
    return [
        _one(folder, home, by, int(FULL * part), rounds) for part, rounds in ((scale / 10, 5), (scale, 5))
    ]


def _one(folder: Path, home: Path, by: object, size: int, rounds: int) -> Figure:
    card = folder / f"card-{size >> 20}"
    for number in range(FILES):
        clips.make(card / segment_name(number, 10 * number), size=size // FILES, seed=number)
    files = files_of(card)
    size = sum(file.stat().st_size for file in files)
    warm(files)
    ours = Contestant("liuhen ingest", lambda: _ingest(card, by), after=lambda: empty_office(home))
    target = folder / "peer"
    limit = Contestant("limit: both digests alone, two files at once", lambda: _hash_both(files))
    turns = [ours, peers.yardstick(card, target), limit]
    found = in_turns(turns, rounds)
    found |= in_turns(peers.others(card, target), 1 if size > 1 << 30 else 3)
    memory = peak_of(ours)
    mine, theirs = found["liuhen ingest"], found["cp + sync + openssl sha256"]
    return Figure(
        "ingest of 8 recordings",
        in_words(size),
        found,
        f"{mine / theirs:.2f} × (cp + sync + openssl sha256); {speed(size, mine)}",
        "≤ 2.0 × / ≤ 1.1 ×, faster than ocfl-py and restic",
        rounds=rounds,
        memory=str(memory),
        notes=[
            "Our time includes the analysis of every packet, SM3, the re-read from the device, the ledger and the receipt.",
            "Peers other than the yardstick: median of fewer rounds (3, above 1 GiB 1).",
            f"Not installed here: {', '.join(peers.missing()) or 'none'}.",
        ],
    )


def _ingest(card: Path, by: object) -> None:
    from liuhen.stages.ingest.services import Request, ingest_card

    outcome = ingest_card(Request(card, by), at=AT)
    if not outcome.released or {result.state for result in outcome.results} != {"stored"}:
        raise RuntimeError(f"the card was not taken in: {outcome.results}")


def _hash_both(files: list[Path]) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_digests, files))


def _digests(file: Path) -> None:
    one, other = hashlib.sha256(), hashlib.new("sm3")
    with file.open("rb", buffering=0) as stream:
        while piece := stream.read(MIB):
            one.update(piece)
            other.update(piece)
