"""The installation's secret: what sessions, form tokens and page cursors are signed with.

- One random text under LIUHEN_HOME/keys, made at first use (O_EXCL, 0600), never overwritten.
- A file that group or others may touch is refused, as a ledger's key is: whoever could read it could sign in
  as anybody. A lost one is made again; everybody signs in anew.
"""

from __future__ import annotations

import os
import secrets
import stat
from functools import lru_cache
from pathlib import Path

from liuhen.core.durable import fsync_dir, make_dirs, write_new
from liuhen.core.errors import RefusedError

from . import home

_BYTES = 48
_MOST = 4096


class SecretFileError(RefusedError):
    """The secret cannot be used; `code` is secret_exposed or secret_damaged."""

    code = "secret_damaged"


def secret_path() -> Path:
    return home.keys_folder() / "web.secret"


def secret_key() -> str:
    """The secret of the current LIUHEN_HOME. Raises SecretFileError, OSError."""
    return _secret_of(secret_path())


@lru_cache(maxsize=8)
def _secret_of(path: Path) -> str:
    if not path.exists():
        _make(path)
    return read_private(path)


def _make(path: Path) -> None:
    make_dirs(path.parent)
    try:
        write_new(path, f"{secrets.token_urlsafe(_BYTES)}\n".encode(), mode=0o600)
    except FileExistsError:
        return  # another process was first
    fsync_dir(path.parent)


def read_private(path: Path) -> str:
    """The text of a file that nobody else may touch. Raises SecretFileError, OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(fd).st_mode
        if mode & 0o077:
            raise _exposed(path, mode)
        text = os.read(fd, _MOST).decode("ascii", "replace").strip() if stat.S_ISREG(mode) else ""
    finally:
        os.close(fd)
    if len(text) < 8 or "\ufffd" in text:
        raise SecretFileError(
            f"密钥文件 {path.name} 是空的或已损坏。",
            remedy=f"请删除 {path.name} 后重新启动，程序会另造一个；所有人需要重新登录。"
            if path == secret_path()
            else f"请重新填写 {path.name}。",
            path=path,
        )
    return text


def _exposed(path: Path, mode: int) -> SecretFileError:
    return SecretFileError(
        f"密钥文件 {path.name} 的权限为 {stat.S_IMODE(mode):04o}，他人可以接触，已拒绝使用。",
        remedy=f"请执行 chmod 600 {path}；如怀疑已被他人读取，请删除该文件后重新启动，所有人重新登录。",
        basis="本系统安全规则",
        code="secret_exposed",
        path=path,
    )
