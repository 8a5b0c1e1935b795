"""Keys of a blob store: relative POSIX paths, checked before they meet a file system.

- UTF-8, as given: no normalisation, no case folding (the card's name is evidence).
- Refused: absolute paths, `.` and `..`, empty parts, NUL, lone surrogates, a part over 255 bytes.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from .faults import BadPathError

_PART_BYTES = 255  # NAME_MAX of the file systems we write to


def _refuse(path: str, why: str) -> BadPathError:
    shown = path.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
    return BadPathError(
        f"存储路径不合规（{why}）：“{shown}”。",
        remedy="请检查文件名；读卡时遇到的这类名称应先改用安全的名称登记，原名写入记录。",
        path=shown,
    )


def check_path(path: str) -> str:
    """Return `path` unchanged, or raise `BadPathError` saying what is wrong with it."""
    if not path or path.startswith("/"):
        raise _refuse(path, "为空或是绝对路径")
    if "\0" in path:
        raise _refuse(path, "含有空字符")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise _refuse(path, "不是有效的 UTF-8 文字") from None
    for part in path.split("/"):
        if part in ("", ".", ".."):
            raise _refuse(path, "含有空的部分、“.”或“..”")
        if len(part.encode("utf-8")) > _PART_BYTES:
            raise _refuse(path, f"其中一段超过 {_PART_BYTES} 字节")
    return path


def check_prefix(prefix: str) -> str:
    """Like `check_path`, and the empty string means the whole store."""
    return check_path(prefix) if prefix else ""


def stays_below(root: Path, folder: Path) -> bool:
    """Whether `folder`, written below `root`, is below it in truth: what there is of it, links followed.

    Links are rare, so each part is looked at first and the whole way is asked only where there is one.
    """
    at = root
    for part in folder.relative_to(root).parts:
        at = at / part
        try:
            if stat.S_ISLNK(at.lstat().st_mode):
                return folder.resolve().is_relative_to(root.resolve())
        except OSError:
            return True  # from here on there is nothing that could lead away
    return True


def check_key(key: str) -> str:
    """A draft's key: one visible part."""
    if "/" in key or key.startswith("."):
        raise _refuse(key, "暂存名称只能是一段，且不以点开头")
    return check_path(key)


def root_pair(paths: Iterable[str], version: str) -> list[str]:
    """The root sidecar and the root inventory of a version draft, in the order they are replaced.

    Raises ValueError when the draft holds anything else beside the version's folder.
    """
    names = sorted({path.split("/", 1)[0] for path in paths} - {version}, reverse=True)
    if len(names) != 2 or names[1] != "inventory.json" or not names[0].startswith("inventory.json."):
        raise ValueError(f"a version draft holds {version}/, inventory.json and its sidecar, not {names}")
    return names
