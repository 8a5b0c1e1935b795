"""F1 · memory of an ingest, by the command an office runs, whatever the size and number of files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import clips
from line_photos import _photos as photos
from measure import Figure, PeakMemory, in_words
from place import empty_office, files_of, keep_office, need_room, open_office, segment_name


def measure(folder: Path, scale: float) -> list[Figure]:
    big = int((2 << 30) * scale)
    count = max(100, int(1000 * min(1.0, scale * 4)))
    need_room(folder, 3 * big)
    home = folder / "home"
    open_office(home)
    keep_office(home)
    found = []
    for size in (big // 10, big):
        card = folder / f"one-{size >> 20}"
        clips.make(card / segment_name(1), size=size, seed=7)
        found.append(_one(card, home, "one file"))
    for number in (count // 10, count):
        card = folder / f"photos-{number}"
        photos(card, number)
        found.append(_one(card, home, f"{number} photographs"))
    return found


def _one(card: Path, home: Path, what: str) -> Figure:
    size = sum(file.stat().st_size for file in files_of(card))
    command = [sys.executable, "-P", "-m", "liuhen.cli.main", "ingest", card, "--json"]
    with subprocess.Popen(
        command, env={**os.environ, "LIUHEN_HOME": str(home)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        started = time.perf_counter()
        with PeakMemory(process.pid) as memory:
            _, errors = process.communicate()
        seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise RuntimeError(errors.decode()[-500:])
    empty_office(home)
    total = (memory.own + memory.children) / (1 << 20)
    return Figure(
        "memory of an ingest",
        f"{what}, {in_words(size)}",
        {
            "process": memory.own / (1 << 20),
            "children (analyser)": memory.children / (1 << 20),
            "seconds": seconds,
        },
        f"{memory.own / (1 << 20):.0f} MB, with the analyser's processes {total:.0f} MB",
        "≤ 200 MB whatever the number and size of files / ≤ 120 MB",
        unit="MB",
        memory=str(memory),
        notes=[
            "Proportional set size, sampled every 20 ms: pages that processes share are counted once.",
            "The command also makes thumbnails and the strip after the card is released; the children's peak is there.",
        ],
    )
