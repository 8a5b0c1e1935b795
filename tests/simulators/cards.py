"""A recorder's card for tests: every awkward thing a card can hold, and readers that fail on command.

The card is a folder under pytest's tmp_path; each method adds one thing and returns the card, so that a test
reads as the description of a card. Failing devices are functions that stand for os.read.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

Read = Callable[[int, int], bytes]


class SimCard:
    """`SimCard(tmp_path).file("DCIM/a.mp4", b"...").symlink("b.mp4", "/etc/passwd").root`."""

    def __init__(self, tmp_path: Path, name: str = "card") -> None:
        self.root = tmp_path / name
        self.root.mkdir(parents=True)

    def path(self, name: str | bytes) -> Path:
        """Where a name of the card lies, GBK bytes included."""
        return self.root / os.fsdecode(name)

    def _room_for(self, name: str | bytes) -> Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def file(self, name: str | bytes, data: bytes = b"picture", *, mtime: datetime | None = None) -> Self:
        path = self._room_for(name)
        path.write_bytes(data)
        if mtime is not None:
            os.utime(path, (mtime.timestamp(), mtime.timestamp()))
        return self

    def recording(self, sequence: int = 1, data: bytes | None = None, *, imp: bool = False) -> Self:
        """A file named as GA/T 947 recorders name them, one minute after the one before it."""
        mark = "_IMP" if imp else ""
        name = f"DCIM/20260716/A000001_000012_202607160930{sequence:02d}_{sequence:04d}{mark}.mp4"
        return self.file(name, data if data is not None else f"recording {sequence}".encode())

    def sparse(self, name: str | bytes, size: int) -> Self:
        """A file of any size that takes no room."""
        with self._room_for(name).open("wb") as stream:
            stream.truncate(size)
        return self

    def zero(self, name: str = "DCIM/20260716/A000001_000012_20260716093059_0059.mp4") -> Self:
        return self.file(name, b"")

    def gbk(self, name: str = "现场录像.mp4", data: bytes = b"gbk") -> Self:
        """A name in GBK bytes, as Chinese recorders on FAT leave it."""
        return self.file(name.encode("gbk"), data)

    def undecodable(self, raw: bytes = b"caf\xe9.mp4", data: bytes = b"latin-1") -> Self:
        """A name that is neither UTF-8 nor GBK."""
        return self.file(raw, data)

    def case_twins(self) -> Self:
        return self.file("DCIM/clip.mp4", b"small").file("DCIM/CLIP.MP4", b"LARGE")

    def dotdot_names(self) -> Self:
        """Names that look like paths, options or devices, and are plain names."""
        for name in ("..mp4", "...", "-rf", "CON", "a..b.mp4", "..\\..\\secret.mp4", " lead.mp4", "trail. "):
            self.file(f"DCIM/{name}", name.encode())
        return self

    def longest_name(self) -> Self:
        """85 Chinese characters: 255 bytes, the most a Linux name can have."""
        return self.file("录" * 83 + ".mp4"[:4] + "ab", b"long")

    def symlink(self, name: str, target: str | Path = "/etc/passwd") -> Self:
        self._room_for(name).symlink_to(target)
        return self

    def fifo(self, name: str = "pipe.mp4") -> Self:
        os.mkfifo(self._room_for(name))
        return self

    def socket(self, name: str = "s") -> Self:
        """A socket; its name is bound from inside the folder, where it is short enough."""
        path, here = self._room_for(name), os.open(".", os.O_RDONLY)
        server = socket.socket(socket.AF_UNIX)
        try:
            os.chdir(path.parent)
            server.bind(path.name)
        finally:
            os.fchdir(here)
            os.close(here)
            server.close()
        return self

    def deep(self, levels: int) -> Self:
        return self.file("/".join(["d"] * levels) + "/deep.mp4", b"deep")

    def swap_folder_for_symlink(self, folder: str, target: Path) -> Self:
        """What a hostile or careless hand does between listing and reading."""
        self.path(folder).rename(self.root.parent / f"was-{self.path(folder).name}")
        self.path(folder).symlink_to(target)
        return self


def failing_read(error: int = errno.EIO, *, after: int = 0) -> Read:
    """os.read that gives `after` bytes and then fails: EIO is a bad sector, ENODEV a pulled card."""
    given = 0

    def read(fd: int, size: int) -> bytes:
        nonlocal given
        if given >= after:
            raise OSError(error, os.strerror(error))
        data = os.read(fd, min(size, after - given))
        given += len(data)
        return data

    return read


def pulled_card(after: int = 0) -> Read:
    """The card leaves the slot after `after` bytes."""
    return failing_read(errno.ENODEV, after=after)


def short_read(most: int) -> Read:
    """os.read that never gives more than `most` bytes at once, as slow readers do."""
    return lambda fd, size: os.read(fd, min(size, most))
