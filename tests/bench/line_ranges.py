"""F1 · range requests from 50 viewers at once, of one recording: our view in granian against nginx on the same file.

- Every viewer is a connection of its own that asks for eight megabytes here and there and reads them to the end.
- Two web processes, as nginx has two; their memory is watched while they all ask, and while one slow reader holds a whole film.
- Without nginx the second yardstick is a bare WSGI view in the same server, which asks nobody's permission.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from line_ingest import FULL, _ingest
from measure import MIB, Contestant, Figure, PeakMemory, in_turns, in_words, speed, warm
from place import need_room, noise, open_office, segment_name

VIEWERS = 50
THREADS = 16  # as `liuhen serve` starts them
PART = 8 * MIB  # a player asks from where it stands to the end, and reads on: a seek and some seconds of film
ROUNDS = 5


def measure(folder: Path, scale: float) -> list[Figure]:
    size = int(FULL * scale / 4)
    need_room(folder, 3 * size)
    home = folder / "home"
    by = open_office(home)
    found = []
    for part in (size // 10, size):
        card = folder / f"card-{part >> 20}"
        noise(card / segment_name(part % 97), part, seed=part % 997)
        _ingest(card, by)
        found.append(_one(folder, home, by, part))
    return found


def _one(folder: Path, home: Path, by: object, size: int) -> Figure:
    from liuhen.base.recordings.models import Recording
    from liuhen.base.storage.reading import original_in
    from liuhen.base.storage.stores import open_stores

    recording = Recording.objects.order_by("-position")[0]
    path, cookie, stored = *_viewing(recording, by), original_in(open_stores(), recording)
    warm([stored])
    each = max(4, min(40, size // PART))
    with contextlib.ExitStack() as stack:
        ours, process = stack.enter_context(_granian("liuhen.config.wsgi:application", home, folder))
        theirs, name = stack.enter_context(_yardstick(stored, home, folder))
        watched = stack.enter_context(PeakMemory(process.pid))
        turns = [
            Contestant("our view in granian", lambda: _view(ours, path, cookie, size, each)),
            Contestant(name, lambda: _view(theirs, "/film", "", size, each)),
        ]
        found = in_turns(turns, ROUNDS)
        _slow_reader(ours, path, cookie)
    mine, other = found.values()
    moved = VIEWERS * each * PART
    return Figure(
        "range requests from 50 viewers at once",
        f"one recording of {in_words(size)}, {in_words(moved)} in parts of 8 MiB",
        found,
        f"{other / mine:.2f} × the speed of {name}; {speed(moved, mine)}",
        "flat memory, ≥ 0.5 × nginx / 0.8 ×",
        rounds=ROUNDS,
        memory=f"web process tree {(watched.own + watched.children) / MIB:.0f} MB, a slow reader of the whole film included",
        notes=[
            "The film lies in the page cache. Session, account, right and visit are asked anew after every commit to "
            "the database, and every three seconds.",
        ],
    )


def _viewing(recording: object, by: object) -> tuple[str, str]:
    """The address of the original within a visit, and the cookie of its session."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from liuhen.base import clock
    from liuhen.base.recordings.visits import open_visit

    session = SessionStore()
    session[SESSION_KEY] = str(by.pk)  # type: ignore[attr-defined]
    session[BACKEND_SESSION_KEY] = "liuhen.web.adapters.AccountBackend"
    session[HASH_SESSION_KEY] = by.get_session_auth_hash()  # type: ignore[attr-defined]
    session.create()
    visit = open_visit(recording, by=by, session=session.session_key, at=clock.now())  # type: ignore[arg-type]
    address = f"/recordings/{recording.pk}/content/original/?visit={visit.token}"  # type: ignore[attr-defined]
    return address, f"liuhen_session={session.session_key}"


# -- the viewers


def _view(port: int, path: str, cookie: str, size: int, each: int) -> None:
    failures: list[BaseException] = []

    def watch(seed: int) -> None:
        try:
            chance = random.Random(seed)
            with socket.create_connection(("127.0.0.1", port), timeout=120) as line:
                for _ in range(each):
                    start = chance.randrange(max(1, size - PART))
                    _ask(line, path, cookie, f"bytes={start}-{min(size, start + PART) - 1}", min(PART, size))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=watch, args=(seed,)) for seed in range(VIEWERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


_BUFFER = threading.local()


def _ask(line: socket.socket, path: str, cookie: str, wanted: str, length: int) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nRange: {wanted}\r\n\r\n"
    line.sendall(head.encode())
    buffer = _BUFFER.__dict__.setdefault("bytes", bytearray(1 << 18))
    got = b""
    while b"\r\n\r\n" not in got:
        piece = line.recv(4096)
        if not piece:
            raise RuntimeError("the server hung up")
        got += piece
    head_text, _, rest = got.partition(b"\r\n\r\n")
    if b" 206 " not in head_text.split(b"\r\n")[0]:
        raise RuntimeError(head_text.decode(errors="replace")[:300])
    left = length - len(rest)
    while left > 0:
        count = line.recv_into(buffer, min(left, len(buffer)))
        if not count:
            raise RuntimeError("cut short")
        left -= count


def _slow_reader(port: int, path: str, cookie: str) -> None:
    """Ask for everything and hardly read: what a server reads ahead, it keeps in memory."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode())
        for _ in range(20):
            line.recv(4096)
            time.sleep(0.1)


# -- the servers


@contextlib.contextmanager
def _granian(
    application: str, home: Path, folder: Path, *more: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += [
        "--workers",
        "2",
        "--blocking-threads",
        str(THREADS),
        "--no-access-log",
        "--log-level",
        "warning",
    ]
    environment = {**os.environ, "LIUHEN_HOME": str(home), "PYTHONPATH": str(folder)}
    process = subprocess.Popen([*command, application, *more], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, lambda: process.poll() is not None)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


_BARE = """
PIECE = 256 << 10
def application(environ, start):
    first, _, last = environ["HTTP_RANGE"].removeprefix("bytes=").partition("-")
    first, length = int(first), int(last) - int(first) + 1
    start("206 Partial Content", [("Content-Length", str(length)), ("Content-Type", "video/mp4")])
    return pieces(first, length)
def pieces(first, length):
    with open({path!r}, "rb", buffering=0) as file:
        file.seek(first)
        while length > 0:
            piece = file.read(min(PIECE, length))
            length -= len(piece)
            yield piece
"""

_NGINX = """
{user}worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; location = /film {{ alias {path}; }} }}
}}
"""


@contextlib.contextmanager
def _yardstick(stored: Path, home: Path, folder: Path) -> Iterator[tuple[int, str]]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        (folder / "bare_view.py").write_text(_BARE.format(path=str(stored)), encoding="utf-8")
        with _granian("bare_view:application", home, folder) as (port, _):
            yield port, "a bare view in granian (nginx is not installed)"
        return
    port = _free_port()
    config = folder / "nginx.conf"
    user = "user root; " if os.geteuid() == 0 else ""
    config.write_text(_NGINX.format(user=user, folder=folder, port=port, path=stored), encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(config), "-p", str(folder)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, lambda: process.poll() is not None)
        yield port, "nginx"
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int, ended: Callable[[], bool]) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if ended():
            break
        time.sleep(0.1)
    raise RuntimeError(f"no server on port {port}")
