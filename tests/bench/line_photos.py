"""F1 · a card of photographs, 200 kB each: here the disk's fsync is what everybody waits for."""

from __future__ import annotations

import io
import os
from pathlib import Path

from line_ingest import _ingest as ingest
from measure import Contestant, Figure, in_turns, in_words, peak_of, warm
from PIL import Image
from place import empty_office, files_of, keep_office, need_room, open_office, put_aside

SIZE = 200_000
FULL = 1000


def measure(folder: Path, scale: float) -> list[Figure]:
    count = max(100, int(FULL * min(1.0, scale * 4)))
    need_room(folder, 15 * count * SIZE)
    home = folder / "home"
    by = open_office(home)
    keep_office(home)
    return [_one(folder, home, by, count // 10, 5), _one(folder, home, by, count, 5)]


def _one(folder: Path, home: Path, by: object, count: int, rounds: int) -> Figure:
    card = folder / f"card-{count}"
    _photos(card, count)
    files = files_of(card)
    warm(files)
    target = folder / "bare"
    turns = [
        Contestant("liuhen ingest", lambda: ingest(card, by), after=lambda: empty_office(home, aside=True)),
        Contestant(
            "limit: write + fsync of the same files",
            lambda: _bare(files, target),
            target.mkdir,
            lambda: put_aside(target),
        ),
    ]
    found = in_turns(turns, rounds)
    memory = peak_of(turns[0])
    mine, bare = found.values()
    return Figure(
        "photographs of 200 kB",
        f"{count} files, {in_words(count * SIZE)}",
        found,
        f"{count / mine:.0f} files/s; {bare / mine:.2f} × the bare loop's speed",
        "≥ 100 files/s / ≥ 0.7 × of a loop that only writes and fsyncs",
        rounds=rounds,
        memory=str(memory),
        notes=[
            "An object has seven durable files and six folders; the bare loop makes one file for each photograph."
        ],
    )


def _photos(card: Path, count: int) -> None:
    """One real photograph, each copy with a comment of its own (JPEG APP4) up to the size."""
    picture = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(picture, "JPEG", quality=80)
    data = picture.getvalue()
    folder = card / "DCIM" / "20261119"
    folder.mkdir(parents=True)
    for number in range(count):
        parts, room = [data[:2]], SIZE - len(data)
        while room > 4:
            length = min(room - 4, 65_000)
            parts.append(b"\xff\xe4" + (length + 2).to_bytes(2, "big") + os.urandom(length))
            room -= length + 4
        name = f"4701A01_100001_20261119{number // 3600:02}{number // 60 % 60:02}{number % 60:02}_{number:04}.jpg"
        (folder / name).write_bytes(b"".join([*parts, data[2:]]))


def _bare(files: list[Path], target: Path) -> None:
    for number, file in enumerate(files):
        data = file.read_bytes()
        fd = os.open(target / str(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(fd, data)
        os.fsync(fd)
        os.close(fd)
