"""Key files: one Ed25519 private key with its name, readable by its owner alone.

The file is text: lines that say what it is, then a PEM body (PKCS#8, RFC 8410, not encrypted):

    liuhen-key: 1
    name: <key name>
    vkey: <name>+<key id>+<base64>
    -----BEGIN PRIVATE KEY-----
    …
    -----END PRIVATE KEY-----

- PEM readers skip the lines before BEGIN, so `openssl pkey -in FILE` reads the file as it is.
- A file is created once (O_EXCL, 0600) and never overwritten: a lost key cannot be made again.
- A file that group or others may touch is refused: whoever could read it could sign in our name.
- The vkey line is derived from the key; when the two disagree the file is damaged.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ..durable import fsync_dir, make_dirs, write_new
from ..errors import RefusedError
from .checkpoint import Signer
from .notes import CheckpointFormatError

_FORMAT = "liuhen-key: 1"
_BEGIN = "-----BEGIN PRIVATE KEY-----"
_MAX_BYTES = 16_384


class KeyFileError(RefusedError):
    """A key file cannot be used; `code` says why: key_missing, key_exposed, key_damaged or key_exists."""

    code = "key_damaged"


def create_key(path: Path, name: str) -> Signer:
    """Make a new key and its file, durably.

    Raises KeyFileError (key_exists), CheckpointFormatError for a name that a note cannot carry.
    """
    signer = Signer.generate(name)
    make_dirs(path.parent)
    try:
        write_new(path, _to_text(signer).encode(), mode=0o600)
    except FileExistsError as error:
        raise KeyFileError(
            f"密钥文件 {path.name} 已经存在，不会覆盖。",
            remedy="请使用现有密钥；确需更换的，按密钥更换办法使用新的文件名。",
            code="key_exists",
            path=path,
        ) from error
    fsync_dir(path.parent)
    return signer


def load_key(path: Path) -> Signer:
    """Read a key file. Raises KeyFileError: key_missing, key_exposed or key_damaged."""
    try:
        text = _read_private(path).decode("utf-8")
        return _from_text(text)
    except FileNotFoundError as error:
        raise KeyFileError(
            f"找不到密钥文件 {path.name}，不能签署检查点。",
            remedy="请从备份恢复密钥文件（liuhen restore）；不要另造新密钥冒充。",
            code="key_missing",
            path=path,
        ) from error
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, CheckpointFormatError) as error:
        raise KeyFileError(
            f"密钥文件 {path.name} 读不出或内容损坏。",
            remedy="请从备份恢复该文件；如系首次安装中断且从未签发过检查点，可删除后重新安装。",
            code="key_damaged",
            path=path,
        ) from error


def _read_private(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError("not a regular file")
        if mode & 0o077:
            raise _exposed(path, mode)
        return os.read(fd, _MAX_BYTES)
    finally:
        os.close(fd)


def _exposed(path: Path, mode: int) -> KeyFileError:
    return KeyFileError(
        f"密钥文件 {path.name} 的权限为 {stat.S_IMODE(mode):04o}，他人可以接触，已拒绝使用。",
        remedy=f"请执行 chmod 600 {path}；如怀疑已被他人读取，应更换密钥。",
        basis="本系统安全规则",
        code="key_exposed",
        path=path,
    )


def _to_text(signer: Signer) -> str:
    pem = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    return f"{_FORMAT}\nname: {signer.name}\nvkey: {signer.vkey}\n{pem}"


def _from_text(text: str) -> Signer:
    head, begin, body = text.partition(_BEGIN)
    lines = head.splitlines()
    if len(lines) != 3 or lines[0] != _FORMAT or not lines[1].startswith("name: "):
        raise ValueError("not a key file")
    private = load_pem_private_key((begin + body).encode(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    signer = Signer(lines[1].removeprefix("name: "), private)
    if lines[2] != f"vkey: {signer.vkey}":
        raise ValueError("the vkey line does not fit the key")
    return signer
