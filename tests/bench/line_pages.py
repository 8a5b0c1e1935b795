"""W · pages of an office with many recordings, as `liuhen serve` answers them: time at the server, bytes on the wire."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import statistics
import time
from pathlib import Path

from line_ranges import _granian
from measure import Figure
from place import AT, need_room, open_home

FULL = 1_000_000
ROUNDS = 30
WHO = "synthetic-custodian"
PAGES = {
    "home": "/",
    "recordings": "/recordings/",
    "recordings, thumbnails": "/recordings/?view=grid",
    "recordings, two characters": "/recordings/?q=%E5%B8%82%E5%9C%BA",
    "to be assigned": "/recordings/to-assign/",
    "deadlines": "/deadlines/",
    "receipts": "/receipts/",
    "ledger": "/ledger/",
    "devices": "/devices/",
    "regulations": "/rules/",
    "what if": "/rules/what-if/",
    "health": "/health/",
}
_LINKED = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_TOLD = {"Accept-Encoding": "gzip, br"}


def measure(folder: Path, scale: float) -> list[Figure]:
    largest = int(os.environ.get("BENCH_RECORDINGS", FULL if scale >= 1 else 100_000))
    need_room(folder, largest * 2_200)
    home = folder / "home"
    open_home(home)
    from liuhen.base import assets, synthetic

    assets.collect()
    found, there = [], 0
    for size in (largest // 10, largest):
        synthetic.generate(size - there, seed=size, at=AT)
        there = size
        with _granian("liuhen.config.wsgi:application", home, folder) as (port, _):
            found += _figures(port, _cookie(), size)
    return found


def _cookie() -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from liuhen.base.people.models import Account

    person = Account.objects.get(username=WHO)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "liuhen.web.adapters.AccountBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return f"liuhen_session={session.session_key}"


def _figures(port: int, cookie: str, size: int) -> list[Figure]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    times = {name: _times(line, address, cookie) for name, address in PAGES.items()}
    slowest = {name: _p95(took) for name, took in times.items()}
    worst = max(slowest, key=lambda name: slowest[name])
    first, later = _bytes(line, PAGES["recordings"], cookie)
    return [
        Figure(
            "pages: the slowest of any kind",
            f"{size:,} recordings",
            {name: statistics.median(took) for name, took in times.items()},
            f"95 % within {slowest[worst] * 1000:.0f} ms ({worst})",
            "p95 < 150 ms at 1 M / < 60 ms",
            rounds=ROUNDS,
            notes=["As a browser on the same computer waits for the whole page; medians in the table."],
        ),
        Figure(
            "pages: bytes of a visit",
            f"the list of {size:,} recordings",
            {"first visit": first / 1000, "later visits": later / 1000},
            f"{first / 1000:.0f} kB at first, {later / 1000:.0f} kB later",
            "≤ 900 kB, later ≤ 60 kB / ≤ 500 kB, ≤ 30 kB",
            unit="kB",
            notes=[
                "Page, styles, scripts and pictures it names, as compressed on the wire; the later ones keep the files."
            ],
        ),
    ]


def _times(line: http.client.HTTPConnection, address: str, cookie: str) -> list[float]:
    took = []
    for turn in range(ROUNDS + 2):
        started = time.perf_counter()
        status, _, _ = _get(line, address, cookie)
        if status != 200:
            raise RuntimeError(f"{address}: {status}")
        if turn >= 2:
            took.append(time.perf_counter() - started)
    return took


def _bytes(line: http.client.HTTPConnection, address: str, cookie: str) -> tuple[int, int]:
    _, page, moved = _get(line, address, cookie)
    files = sorted(set(_LINKED.findall(page)))
    return moved + sum(_get(line, file, cookie)[2] for file in files), moved


def _get(line: http.client.HTTPConnection, address: str, cookie: str) -> tuple[int, str, int]:
    """Status, text (of a page), and bytes of the body on the wire."""
    line.request("GET", address, headers={"Cookie": cookie, **_TOLD})
    answer = line.getresponse()
    body = answer.read()
    packed = answer.headers.get("Content-Encoding") == "gzip"
    text = (gzip.decompress(body) if packed else body).decode("utf-8", "replace")
    return answer.status, text, len(body)


def _p95(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.95)]
