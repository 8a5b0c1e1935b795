"""The same bytes asked again, by the same session, while nothing has been committed: the same answer, without asking all over.

A player asks for pieces of one film many times a second. Who may have them depends on the request, the database, the
settings and the hour. While no connection has committed anything since the whole question was last asked, and that
was seconds ago, the answer cannot have changed: a right withdrawn, a session ended or a visit closed is a commit.

- SQLite tells whether anything was committed (`PRAGMA data_version`, on a connection that only watches); with
  another database, or within a transaction of one's own, everything is asked each time.
- The file itself is opened anew each time, and must still be the same one.
- Sessions and visits that end by silence, and what settings.yaml says, are asked again after HOLDS seconds at the latest.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from liuhen.base.storage.serving import Served
from liuhen.doors import ranges

Answer = Callable[[HttpRequest], HttpResponseBase]
Version = tuple[int, int, int]  # device and inode of the database's file, and what SQLite says of its data

HOLDS = 3.0
_MANY = 1000
_SERVED = (200, 206, 304, 416)


@dataclass(frozen=True)
class _Held:
    served: Served
    cache: str
    file: tuple[int, int, int, int]
    version: Version
    until: float


class AgainMiddleware:
    """Stands before session and account; `note` says what a view has served in full."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self._held: dict[tuple[str, str], _Held] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        version = database_version() if session and request.method == "GET" and _may_hold(request) else None
        if version is None:
            return self.get_response(request)
        key = (session, request.get_full_path())
        held = self._held.get(key)
        if held is not None and held.version == version and time.monotonic() < held.until:
            again = _opened(held)
            if again is not None:
                return _answered(request, again, held.cache)
        began = time.monotonic()
        response = self.get_response(request)
        self._hold(key, request, response, version, began + HOLDS)
        return response

    def _hold(
        self,
        key: tuple[str, str],
        request: HttpRequest,
        response: HttpResponseBase,
        version: Version,
        until: float,
    ) -> None:
        served, cache = getattr(request, "served_in_full", (None, ""))
        if served is None or served.path is None or response.status_code not in _SERVED:
            return
        if len(self._held) >= _MANY:
            self._held.clear()
        try:
            self._held[key] = _Held(served, cache, _identity(served.path.stat()), version, until)
        except OSError:
            self._held.pop(key, None)


def note(request: HttpRequest, served: Served, cache: str) -> None:
    """This was handed out after every question was asked."""
    request.served_in_full = (served, cache)  # type: ignore[attr-defined]


def _may_hold(request: HttpRequest) -> bool:
    return "/content/" in request.path and not connection.in_atomic_block


def _answered(request: HttpRequest, served: Served, cache: str) -> HttpResponseBase:
    response = ranges.answer(request, served, cache=cache)
    patch_vary_headers(response, ("Cookie",))
    return response


def _opened(held: _Held) -> Served | None:
    """The same file opened anew; None where it is another one by now."""
    path = held.served.path
    if path is None:
        return None
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    if _identity(os.fstat(fd)) != held.file:
        os.close(fd)
        return None
    return replace(held.served, source=os.fdopen(fd, "rb", buffering=0))


def _identity(seen: os.stat_result) -> tuple[int, int, int, int]:
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns


# -- has anything been committed?


class _Watch:
    """One connection a process that writes nothing; thrown away when the file is another one (a restore)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: tuple[int, int] | None = None
        self._line: sqlite3.Connection | None = None

    def look(self, path: Path) -> Version | None:
        try:
            seen = path.stat()
            file = (seen.st_dev, seen.st_ino)
            with self._lock:
                return *file, self._number(path, file)
        except (OSError, sqlite3.Error):
            return None

    def _number(self, path: Path, file: tuple[int, int]) -> int:
        """SQLite's number means something only within one connection: hence the one."""
        if self._line is None or file != self._file:
            if self._line is not None:
                self._line.close()
            address = f"{path.as_uri()}?mode=ro"
            self._line = sqlite3.connect(address, uri=True, timeout=0.2, check_same_thread=False)
            self._file = file
        return int(self._line.execute("PRAGMA data_version").fetchone()[0])


_WATCH = _Watch()


def database_version() -> Version | None:
    """Changes with every commit to the database; None where nobody can tell."""
    name = str(connection.settings_dict.get("NAME") or "")
    if connection.vendor != "sqlite" or "memory" in name or not name:
        return None
    return _WATCH.look(Path(name))
