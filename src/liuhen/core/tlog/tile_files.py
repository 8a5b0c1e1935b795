"""Tile files below one folder: how they are named, found, read and written (C2SP tlog-tiles).

- `tile/<L>/<N>` is a full tile, `tile/<L>/<N>.p/<W>` a partial one of width W; N is written x001/x234/067.
- A tile never changes: putting one that is there compares it, byte for byte, and never overwrites.
- A partial tile stays until its full tile is durable: an old checkpoint may still need it.
- Nothing outside the folder is read or written, whatever links it contains.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path, PurePosixPath

from ..durable import make_dirs, replace_file
from ..errors import DamagedError

WIDTH = 256
ENTRIES = "entries"
MAX_ENTRY = 65_535
_LARGEST_FILE = WIDTH * (MAX_ENTRY + 2)
_NAME = re.compile(r"[0-9]{3}(\.p)?")
_BRANCH = re.compile(r"x[0-9]{3}")
_PARTIAL_WIDTH = re.compile(r"[1-9][0-9]{0,2}")

Level = int | str  # 0…63, or ENTRIES


class TileError(DamagedError):
    """A tile is missing, short, or not a plain file of this folder."""

    code = "tile_damaged"


class TileConflictError(TileError):
    """What is published differs from what is to be published: one of the two was altered."""

    code = "tile_conflict"


def tile_path(level: Level, number: int, width: int = WIDTH) -> PurePosixPath:
    """Path of a tile below the log's folder: level 0…63 or "entries", tile index N, width 1…256."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    path = PurePosixPath("tile", str(level), *groups)
    return path if width == WIDTH else path.with_name(path.name + ".p") / str(width)


class TileFiles:
    """The files themselves; what their bytes mean is not known here."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._safe: set[Path] = set()  # folders already seen to lie inside

    def last_number(self, level: Level) -> int | None:
        """The highest tile index N of a level, full or partial; None when the level is empty."""
        base = self._inside(tile_path(level, 0)).parent
        for depth in range(_deepest(base), -1, -1):
            number = _last_at_depth(base, depth)
            if number is not None:
                return number
        return None

    def widths(self, level: Level, number: int) -> list[int]:
        """The widths in which a tile is there: 256 for the full one, less for partial ones."""
        found = [WIDTH] if self._inside(tile_path(level, number)).is_file() else []
        partials = self._inside(tile_path(level, number, 1)).parent
        return found + [int(name) for name in _names(partials, _PARTIAL_WIDTH) if int(name) < WIDTH]

    def width_for(self, level: Level, number: int, need: int) -> int:
        """The width to read for the first `need` items of a tile. Raises TileError when none has them."""
        if self._inside(tile_path(level, number)).is_file():
            return WIDTH
        width = max(self.widths(level, number), default=0)
        if width < need:
            raise damaged(tile_path(level, number, need), "缺失")
        return width

    def read(self, path: PurePosixPath) -> bytes:
        """A tile's bytes, never more than a tile can have plus one. Raises TileError."""
        try:
            fd = os.open(self._inside(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(fd, "rb") as file:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise damaged(path, "不是普通文件")
                return file.read(_LARGEST_FILE + 1)
        except OSError as error:
            raise damaged(path, "读不出") from error

    def put(self, level: Level, number: int, width: int, data: bytes) -> None:
        """Make a tile durable unless it is there already. Raises TileConflictError, TileError, OSError."""
        path = tile_path(level, number, width)
        widths = self.widths(level, number)
        for other in {width, max(widths)} & set(widths) if widths else ():
            self._compare(tile_path(level, number, other), path, data, same_length=other == width)
        if width not in widths and WIDTH not in widths:
            target = self._inside(path)
            make_dirs(target.parent)
            replace_file(target, data)
        if width == WIDTH:
            self._drop_partials(level, number)

    def _compare(self, stored: PurePosixPath, path: PurePosixPath, data: bytes, *, same_length: bool) -> None:
        # Partial and full tiles of one N begin alike, so the shorter must be the beginning of the longer.
        found = self.read(stored)
        common = min(len(found), len(data))
        if found[:common] != data[:common] or (same_length and len(found) != len(data)):
            raise conflict(path)

    def _drop_partials(self, level: Level, number: int) -> None:
        folder = self._inside(tile_path(level, number, 1)).parent
        if not folder.is_dir():
            return
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()

    def _inside(self, path: PurePosixPath) -> Path:
        """The file's place on disk; refused when links lead out of the folder."""
        target = self._root / path
        if target.parent in self._safe:
            return target
        try:
            inside = target.parent.resolve().is_relative_to(self._root.resolve())
        except (OSError, RuntimeError) as error:  # a loop of links
            raise damaged(path, "所在目录无法确定") from error
        if not inside:
            raise damaged(path, "的链接指向日志目录之外")
        if target.parent.is_dir():
            self._safe.add(target.parent)
        return target


def damaged(path: PurePosixPath, what: str) -> TileError:
    """A refusal naming the tile."""
    return TileError(
        f"日志文件 {path} {what}。",
        remedy="请从备份或第二存储恢复该文件，或重新公布日志（liuhen rebuild）后与检查点核对。",
        path=str(path),
    )


def conflict(path: PurePosixPath) -> TileConflictError:
    """A refusal to publish over something else."""
    return TileConflictError(
        f"已公布的日志文件 {path} 与将要公布的内容不一致，已停止。",
        remedy="请运行 liuhen ledger verify 查明哪一方被改动；两方都先保全，不要删除。",
        path=str(path),
    )


def _names(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir() if pattern.fullmatch(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _deepest(base: Path) -> int:
    # N = 1000^k is the first with k branches, x001/x000/…: the depth shows in one chain of folders.
    depth, folder = 0, base / "x001"
    while folder.is_dir():
        depth, folder = depth + 1, folder / "x000"
    return depth


def _last_at_depth(folder: Path, depth: int) -> int | None:
    if depth == 0:
        return max((int(name[:3]) for name in _names(folder, _NAME)), default=None)
    for branch in sorted(_names(folder, _BRANCH), reverse=True):
        below = _last_at_depth(folder / branch, depth - 1)
        if below is not None:
            return int(branch[1:]) * int(1000**depth) + below
    return None
