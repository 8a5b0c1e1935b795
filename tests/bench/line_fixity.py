"""F1 · `liuhen verify`, every byte of the store from the device, against two processes of openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from line_ingest import FULL, _ingest
from measure import Contestant, Figure, forget, in_turns, in_words, peak_of, speed
from place import files_of, need_room, noise, open_office, segment_name

FILES = 8


def measure(folder: Path, scale: float) -> list[Figure]:
    need_room(folder, int(2.2 * FULL * scale))
    home = folder / "home"
    by = open_office(home)
    found = []
    total = 0
    for part in (scale / 10, scale * 9 / 10):
        card = folder / f"card-{total >> 20}"
        for number in range(FILES):
            noise(card / segment_name(number), int(FULL * part) // FILES, seed=number + total % 997)
        total += sum(file.stat().st_size for file in files_of(card))
        _ingest(card, by)
        found.append(_one(home, total))
    return found


def _one(home: Path, total: int) -> Figure:
    originals = [file for file in files_of(home / "store") if "original" in file.parts]
    halves = [originals[::2], originals[1::2]]
    forget_all = lambda: forget(originals)  # noqa: E731
    turns = [
        Contestant("liuhen verify", _verify, forget_all),
        Contestant("two × openssl dgst -sha256", lambda: _openssl(halves), forget_all),
    ]
    found = in_turns(turns, 5)
    memory = peak_of(turns[0])
    mine, theirs = found.values()
    return Figure(
        "verify of a store",
        f"{len(originals)} recordings, {in_words(total)}",
        found,
        f"{theirs / mine:.2f} × the speed of two openssl; {speed(total, mine)}",
        "≥ 0.9 × / 0.98 ×",
        rounds=5,
        memory=str(memory),
        notes=[
            "Both start with the files dropped from the page cache. Ours also reads and checks every inventory, "
            "sidecar and record, and holds each digest against the ledger."
        ],
    )


def _verify() -> None:
    from liuhen.base.storage.fixity import verify_stores
    from liuhen.base.storage.stores import open_stores

    report = verify_stores(open_stores())
    if not report.ok:
        raise RuntimeError(str(report.bad[:3]))


def _openssl(halves: list[list[Path]]) -> None:
    running = [
        subprocess.Popen(["openssl", "dgst", "-sha256", *half], stdout=subprocess.DEVNULL)
        for half in halves
        if half
    ]
    if any(process.wait() for process in running):
        raise RuntimeError("openssl failed")
