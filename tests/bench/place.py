"""Where a line is measured: an office of its own with the fixed cast, and cards made for it.

Everything lies below one folder on the disk of the checkout (never in memory) and is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
_PIECE = bytes(4 << 20)


def open_office(home: Path) -> Any:
    """A fresh home with the cast; returns its custodian's account. Once a process."""
    open_home(home)
    from liuhen.base.people import cast
    from liuhen.base.people.models import Account

    cast.assemble(AT)
    return Account.objects.select_related("agency", "unit").get(username="custodian")


def open_home(home: Path) -> None:
    """A fresh home without an office. Once a process."""
    os.environ["LIUHEN_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liuhen.config.settings")
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "ledger")]
    import django
    import structlog

    django.setup()
    structlog.configure(processors=[], logger_factory=lambda *_: _Nowhere())
    from liuhen.base import collector
    from liuhen.base.office import make_ready

    make_ready()
    collector.settle()


class _Nowhere:
    """A logger that keeps nothing."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


def empty_office(home: Path, *, aside: bool = False) -> None:
    """Put the office back to before its first card: store and database as `keep_office` left them.

    `aside`: what was there is moved away, not removed. ext4 goes round the numbers of files removed in the last
    five seconds, which makes the next thousands of new files dear, whoever writes them.
    """
    from django.db import connection

    connection.close()
    if aside:
        put_aside(home)
    else:
        shutil.rmtree(home)
    shutil.copytree(home.with_name(f"{home.name}.kept"), home)


def put_aside(folder: Path) -> None:
    """Away with it, until the line's whole folder is removed at the end."""
    folder.rename(folder.with_name(f"{folder.name}.{time.monotonic_ns()}"))


def keep_office(home: Path) -> None:
    from django.db import connection

    connection.close()
    shutil.copytree(home, home.with_name(f"{home.name}.kept"))


def noise(path: Path, size: int, seed: int) -> None:
    """A file that nothing can compress or share: AES-CTR of zeros, at the speed of the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cipher = Cipher(algorithms.AES(seed.to_bytes(16, "big")), modes.CTR(bytes(16))).encryptor()
    with path.open("wb") as file:
        while size:
            piece = cipher.update(_PIECE[: min(size, len(_PIECE))])
            file.write(piece)
            size -= len(piece)


def segment_name(number: int, minute: int = 0) -> str:
    """A name as recorders give it: number of recorder, officer, time, sequence."""
    return f"DCIM/20261119/4701A01_100001_20261119{8 + minute // 60:02}{minute % 60:02}00_{number:04}.mp4"


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def need_room(folder: Path, size: int) -> None:
    """Raise when `size` bytes and a reserve do not fit."""
    free = shutil.disk_usage(folder).free
    if free < size + (2 << 30):
        raise SystemExit(f"bench: {size >> 20} MiB and 2 GiB reserve are needed, {free >> 20} MiB are free")
