"""Where the office's state lies on disk: every path under LIUHEN_HOME, by name.

The contract of the folders is public: `db.sqlite3`, `store/`, `ledger/<agency>/`, `keys/`, `staging/`.
No absolute path is ever written inside, so the whole folder can be copied to another computer.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from liuhen.core.errors import RefusedError


def home() -> Path:
    return Path(settings.LIUHEN_HOME)


def ledger_folder(agency_code: str) -> Path:
    return home() / "ledger" / agency_code


def keys_folder() -> Path:
    return home() / "keys"


def receipts_folder() -> Path:
    return home() / "receipts"


def derived_folder() -> Path:
    """Thumbnails, waveforms, viewing copies: made again at any time, never evidence."""
    return home() / "derived"


def packs_folder() -> Path:
    """Regulations that an office adopted, `<id>/<version>/`: what the ledger's digests of them are of."""
    return home() / "packs"


def run_folder() -> Path:
    """Locks of running processes."""
    return home() / "run"


def prepare() -> None:
    """Make the folders of a new home; keys are for the owner alone."""
    for folder in (home(), ledger_folder(""), receipts_folder(), derived_folder(), run_folder()):
        folder.mkdir(parents=True, exist_ok=True)
    keys_folder().mkdir(mode=0o700, exist_ok=True)


class BusyError(RefusedError):
    """Another process holds the lock."""

    code = "busy"


def try_lock(name: str) -> int | None:
    """Take the lock `name` without waiting; a file descriptor to close, or None when somebody holds it.

    The kernel lets go of it when the process dies, however it dies.
    """
    run_folder().mkdir(parents=True, exist_ok=True)
    fd = os.open(run_folder() / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def release_own(name: str, fd: int) -> None:
    """Let go of a lock whose name nobody will use again, and remove its file."""
    (run_folder() / f"{name}.lock").unlink(missing_ok=True)
    os.close(fd)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock `name`, waiting for it."""
    run_folder().mkdir(parents=True, exist_ok=True)
    fd = os.open(run_folder() / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
