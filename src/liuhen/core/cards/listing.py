"""Listing a card without trusting it.

- Paths are bytes as the disk has them; what people read is decoded beside them (filenames.py).
- Only regular files are files. Links, pipes, sockets and devices are refused and listed, never opened;
  links are never followed.
- One file system: a folder where another one is mounted is refused and listed. At most 32 levels deep.
- What cannot be read is listed as refused, so that files found plus refusals is everything that was there.
- The same card gives the same order: by the time in the name, then by path; unknown times last.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from liuhen.core.cards.errors import CardError, CardMissingError, CardUnreadableError
from liuhen.core.cards.filenames import NameEncoding, escaped_path, shown_name, shown_path
from liuhen.core.cards.names import read_name
from liuhen.core.cards.profile import Profile, built_in_profiles
from liuhen.core.reasons import why

MAX_DEPTH: Final = 32
MAX_PATH_BYTES: Final = 4000  # below Linux's PATH_MAX of 4096, the card's own path included
_LABELS: Final = Path("/dev/disk/by-label")
_NOT_FILES: Final = (
    (
        stat.S_ISLNK,
        "symlink",
        "这是符号链接，不是文件，没有采集。怎么办：把它指向的文件本身复制到卡上再采集。",
    ),
    (
        stat.S_ISFIFO,
        "fifo",
        "这是管道，不是文件，没有采集。怎么办：无需处理；若不知来由，请报告设备管理人员。",
    ),
    (
        stat.S_ISSOCK,
        "socket",
        "这是套接字，不是文件，没有采集。怎么办：无需处理；若不知来由，请报告设备管理人员。",
    ),
    (
        stat.S_ISBLK,
        "block_device",
        "这是块设备，不是文件，没有采集。怎么办：请报告设备管理人员，不要打开它。",
    ),
    (
        stat.S_ISCHR,
        "char_device",
        "这是字符设备，不是文件，没有采集。怎么办：请报告设备管理人员，不要打开它。",
    ),
)
_OTHER_DISK: Final = "这里挂载了另一个磁盘，没有进入。怎么办：需要时把那个磁盘单独作为一张卡采集。"
_TOO_DEEP: Final = f"文件夹超过 {MAX_DEPTH} 层，没有进入。怎么办：把里面的文件移到较浅的文件夹再采集。"
_TOO_LONG: Final = f"路径超过 {MAX_PATH_BYTES} 字节，没有采集。怎么办：缩短文件夹名后再采集。"


@dataclass(frozen=True)
class CardFile:
    """One regular file of a card. `path` is for people, `raw` (relative, bytes) is what opens it."""

    path: str
    raw: bytes
    size: int
    mtime_ns: int
    device_inode: tuple[int, int]
    name_encoding: NameEncoding


@dataclass(frozen=True)
class Refusal:
    """Something on the card that is not taken in: stable code, Chinese reason with 怎么办."""

    path: str
    raw: bytes
    code: str
    reason: str


@dataclass(frozen=True)
class CardListing:
    """Everything that lies on a card. `case_twins`: groups of paths that a Windows computer holds for one."""

    root: str
    files: tuple[CardFile, ...]
    refusals: tuple[Refusal, ...]
    total_bytes: int
    case_twins: tuple[tuple[str, ...], ...]
    volume_label: str | None = None


def list_card(
    root: Path, *, profiles: Sequence[Profile] | None = None, most: int | None = None
) -> CardListing:
    """List a card (a folder), or one regular file given as a card.

    `profiles` (default: the built-in ones) only order the files. With `most`, a first look: it ends after so
    many files. Raises CardMissingError, or
    CardUnreadableError when the root itself cannot be read. An empty card is an empty listing.
    """
    base, status = resolve_root(root)
    walk = _Walk(os.fsencode(base), status.st_dev, most)
    if stat.S_ISREG(status.st_mode):
        walk = _Walk(os.fsencode(base.parent), status.st_dev)
        walk.take(os.fsencode(base.name), 0, status)
    elif stat.S_ISDIR(status.st_mode):
        walk.folders()
    else:
        raise CardUnreadableError(
            f"「{root}」既不是文件夹也不是文件，不能当作存储卡。",
            remedy="给出存储卡挂载后的文件夹。",
            path=root,
        )
    return _listing(base, walk, built_in_profiles() if profiles is None else profiles, status)


def resolve_root(root: Path) -> tuple[Path, os.stat_result]:
    """The real path of a card's root (a link to it is followed: the person named it) and its status."""
    try:
        base = root.resolve(strict=True)
        return base, base.stat()
    except FileNotFoundError as error:
        raise CardMissingError(
            f"找不到存储卡「{root}」。", remedy="检查存储卡是否插好并已挂载，核对路径。", path=root
        ) from error
    except (OSError, RuntimeError, ValueError) as error:  # resolve() says RuntimeError for a ring of links
        raise _unreadable_root(root, error) from error


def _unreadable_root(root: Path | str, error: Exception) -> CardError:
    return CardUnreadableError(
        f"存储卡「{root}」读不出：{error}",
        remedy="重新插卡或换读卡器；仍读不出的，保留原卡不要格式化，交设备管理人员处理。",
        path=root,
    )


@dataclass
class _Walk:
    root: bytes
    device: int
    most: int | None = None
    files: list[CardFile] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    pending: list[tuple[bytes, int]] = field(default_factory=list)

    def folders(self) -> None:
        """Walk every folder. A root that gives nothing raises; a folder that breaks off is a refusal."""
        self.pending = [(b"", 0)]
        while self.pending and not self.enough:
            relative, depth = self.pending.pop()
            try:
                with os.scandir(os.path.join(self.root, relative)) as entries:  # noqa: PTH118 - bytes
                    for entry in entries:
                        if self.enough:
                            return
                        self._entry(os.path.join(relative, entry.name), depth, entry)  # noqa: PTH118
            except OSError as error:
                if not relative and not self.files and not self.pending:
                    raise _unreadable_root(os.fsdecode(self.root), error) from error
                self._unreadable(relative or b".", "unreadable_folder", "文件夹", error)

    @property
    def enough(self) -> bool:
        return self.most is not None and len(self.files) >= self.most

    def _entry(self, raw: bytes, depth: int, entry: os.DirEntry[bytes]) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._unreadable(raw, "unreadable_file", "文件", error)
        else:
            self.take(raw, depth, status)

    def take(self, raw: bytes, depth: int, status: os.stat_result) -> None:
        """Sort one entry into files, folders still to visit, or refusals."""
        if len(self.root) + len(raw) > MAX_PATH_BYTES:
            self._refuse(raw, "name_too_long", _TOO_LONG)
        elif stat.S_ISREG(status.st_mode):
            path, encoding = shown_path(raw)
            inode = (status.st_dev, status.st_ino)
            self.files.append(CardFile(path, raw, status.st_size, status.st_mtime_ns, inode, encoding))
        elif stat.S_ISDIR(status.st_mode):
            self._folder(raw, depth + 1, status)
        else:
            code, reason = next(
                ((code, reason) for test, code, reason in _NOT_FILES if test(status.st_mode)),
                ("not_regular", "这不是普通文件，没有采集。怎么办：请报告设备管理人员。"),
            )
            self._refuse(raw, code, reason)

    def _folder(self, raw: bytes, depth: int, status: os.stat_result) -> None:
        if status.st_dev != self.device:
            self._refuse(raw, "other_filesystem", _OTHER_DISK)
        elif depth > MAX_DEPTH:
            self._refuse(raw, "too_deep", _TOO_DEEP)
        else:
            self.pending.append((raw, depth))

    def _unreadable(self, raw: bytes, code: str, what: str, error: OSError) -> None:
        remedy = "怎么办：检查权限，或换读卡器重新采集；原卡不要格式化。"
        self._refuse(raw, code, f"{what}读不出（{why(error)}），没有采集。{remedy}")

    def _refuse(self, raw: bytes, code: str, reason: str) -> None:
        self.refusals.append(Refusal(shown_path(raw)[0], raw, code, reason))


def _listing(base: Path, walk: _Walk, profiles: Sequence[Profile], status: os.stat_result) -> CardListing:
    files = sorted(_told_apart(walk.files), key=lambda file: _order(file, profiles))
    return CardListing(
        root=shown_path(os.fsencode(base))[0],
        files=tuple(files),
        refusals=tuple(sorted(walk.refusals, key=lambda refusal: refusal.raw)),
        total_bytes=sum(file.size for file in files),
        case_twins=_case_twins(files),
        volume_label=volume_label(base, status),
    )


def _order(file: CardFile, profiles: Sequence[Profile]) -> tuple[bool, float, bytes]:
    taken_at = read_name(file.path, profiles).taken_at
    return taken_at is None, taken_at.timestamp() if taken_at else 0.0, file.raw


def _groups(files: Iterable[CardFile], *, fold: bool) -> list[list[CardFile]]:
    groups: dict[str, list[CardFile]] = {}
    for file in files:
        key = unicodedata.normalize("NFC", file.path).casefold() if fold else file.path
        groups.setdefault(key, []).append(file)
    return [group for group in groups.values() if len(group) > 1]


def _told_apart(files: list[CardFile]) -> list[CardFile]:
    """Two names may read alike, one UTF-8 and one GBK; then the GBK one is shown by its bytes."""
    alike = {
        file.raw for group in _groups(files, fold=False) for file in group if file.name_encoding != "utf-8"
    }
    return [
        replace(file, path=escaped_path(file.raw), name_encoding="escaped") if file.raw in alike else file
        for file in files
    ]


def _case_twins(files: list[CardFile]) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted(tuple(sorted(file.path for file in group)) for group in _groups(files, fold=True)))


def volume_label(base: Path, status: os.stat_result, labels: Path = _LABELS) -> str | None:
    """The volume label of the device under a card's root, where udev publishes labels; else None."""
    try:
        links = sorted(labels.iterdir())
    except OSError:
        return None  # no udev here: the label is a convenience, the card is read without it
    for link in links:
        try:
            if link.stat().st_rdev == status.st_dev and base.is_mount():
                return _unescaped(link.name)
        except OSError:
            continue  # a label whose device has just gone
    return None


def _unescaped(name: str) -> str:
    """udev writes a blank as `\\x20`; old FAT labels are GBK."""
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), os.fsencode(name))
    return shown_name(raw)[0]
