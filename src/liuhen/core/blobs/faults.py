"""What can go wrong where bytes live, as sentences for the person at the dock.

- Every error names the store and the file; the operating system's own error stands in `__cause__`.
- An operating-system error is translated in one place, `translated()`: the same fault always reads the same.
- A missing file in a store whose marker is gone is a missing store, never a missing file: an unmounted disk
  must not look like a lost recording.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import DamagedError, LiuhenError, RefusedError, StorageError


class BadPathError(RefusedError):
    """A key that is absolute, climbs with `..`, has empty parts, NUL or characters outside UTF-8."""

    code = "bad_path"


class AlreadyThereError(StorageError):
    """Something already stands at the place a new file, object or version was to take."""

    code = "already_there"


class BlobMissingError(StorageError):
    """No file or folder at that path, while the store itself is there."""

    code = "blob_missing"


class TooLargeError(StorageError):
    """A file is larger than the caller allows to be read into memory."""

    code = "too_large"


class DiskFullError(StorageError):
    """ENOSPC or EDQUOT, or an announced size that cannot fit."""

    code = "disk_full"


class StoreReadOnlyError(StorageError):
    """EROFS: the file system refuses every write."""

    code = "store_read_only"


class StoreMissingError(StorageError):
    """The store's marker is not there: unmounted, unplugged, or never created."""

    code = "store_missing"


class StoreDeniedError(StorageError):
    """EACCES or EPERM."""

    code = "store_denied"


class StagingElsewhereError(StorageError):
    """Staging area and store are on two file systems, so publishing cannot be one rename."""

    code = "staging_elsewhere"


class ReadFailedError(StorageError):
    """The device could not give the bytes (EIO and its kin)."""

    code = "read_failed"


class WriteFailedError(StorageError):
    """The device could not take the bytes, for a reason with no name of its own."""

    code = "write_failed"


class IrregularEntryError(DamagedError):
    """A symbolic link, pipe, socket, device or folder stands where a plain file belongs."""

    code = "irregular_entry"


class DigestMismatchError(DamagedError):
    """Bytes offered for a path do not have the digest recorded for it."""

    code = "digest_mismatch"


_Maker = Callable[[str, str], LiuhenError]


def disk_full(store: str, path: str, **facts: Any) -> DiskFullError:
    return DiskFullError(
        f"存储位置“{store}”空间不足，“{path}”没有写入。",
        remedy="请清理该磁盘或换用更大的磁盘后重新运行；已经存入的文件不受影响。",
        store=store,
        path=path,
        **facts,
    )


def store_missing(store: str, path: str = "") -> StoreMissingError:
    return StoreMissingError(
        f"存储位置“{store}”不存在或未挂载。",
        remedy="请检查磁盘是否接好、是否已挂载到原来的位置，然后重新运行；未挂载期间没有写入任何内容。",
        store=store,
        path=path,
    )


def read_only(store: str, path: str) -> StoreReadOnlyError:
    return StoreReadOnlyError(
        f"存储位置“{store}”是只读的，“{path}”没有写入。",
        remedy="请检查磁盘写保护和挂载方式；文件系统出错后也会变为只读，请先检查磁盘健康状况。",
        store=store,
        path=path,
    )


def denied(store: str, path: str) -> StoreDeniedError:
    return StoreDeniedError(
        f"没有权限访问存储位置“{store}”中的“{path}”。",
        remedy="请系统管理员检查该目录的所有者和权限，使运行本系统的账号可以读写。",
        store=store,
        path=path,
    )


def staging_elsewhere(store: str, path: str = "") -> StagingElsewhereError:
    return StagingElsewhereError(
        f"存储位置“{store}”与它的暂存目录不在同一个文件系统上。",
        remedy="请把暂存目录设在与存储位置相同的磁盘上，否则无法保证文件要么完整存入、要么完全不出现。",
        store=store,
        path=path,
    )


def blob_missing(store: str, path: str) -> BlobMissingError:
    return BlobMissingError(
        f"存储位置“{store}”中没有“{path}”。",
        remedy="请运行 liuhen verify 核对；如有第二份副本，可用 liuhen repair 恢复。",
        store=store,
        path=path,
    )


def already_there(store: str, path: str) -> AlreadyThereError:
    return AlreadyThereError(
        f"存储位置“{store}”中已经有“{path}”，没有覆盖。",
        remedy="已存入的内容不会被改写；请核对是否重复存入。",
        store=store,
        path=path,
    )


def irregular(store: str, path: str, kind: str) -> IrregularEntryError:
    return IrregularEntryError(
        f"存储位置“{store}”中的“{path}”不是普通文件（{kind}）。",
        remedy="存储中只应有普通文件；请查明是谁放入的，移走后运行 liuhen verify。",
        store=store,
        path=path,
        kind=kind,
    )


def read_failed(store: str, path: str) -> ReadFailedError:
    return ReadFailedError(
        f"从存储位置“{store}”读不出“{path}”。",
        remedy="磁盘可能损坏：请尽快更换磁盘，并用 liuhen repair 从另一份副本恢复。",
        store=store,
        path=path,
    )


def write_failed(store: str, path: str) -> WriteFailedError:
    return WriteFailedError(
        f"向存储位置“{store}”写入“{path}”失败。",
        remedy="请检查磁盘和连接线；问题排除后重新运行，会从中断处继续。",
        store=store,
        path=path,
    )


def bad_name(store: str, path: str) -> BadPathError:
    return BadPathError(
        f"文件名太长或含有该磁盘不支持的字符：“{path}”。",
        remedy="请换用支持长文件名的磁盘格式（如 ext4），或缩短文件名。",
        store=store,
        path=path,
    )


def digest_mismatch(store: str, path: str, expected: str, found: str) -> DigestMismatchError:
    return DigestMismatchError(
        f"要写入“{path}”的内容与记录的摘要不符，没有写入存储位置“{store}”。",
        remedy="提供内容的那一份副本也已损坏；请换另一份副本。",
        store=store,
        path=path,
        expected=expected,
        found=found,
    )


def too_large(store: str, path: str, size: int, limit: int) -> TooLargeError:
    return TooLargeError(
        f"“{path}”有 {size} 字节，超过了允许一次读入的 {limit} 字节。",
        remedy="该文件不应有这么大，可能已损坏或被替换；请运行 liuhen verify。",
        store=store,
        path=path,
        size=size,
        limit=limit,
    )


_BY_NUMBER: dict[int, _Maker] = {
    errno.ENOSPC: disk_full,
    errno.EDQUOT: disk_full,
    errno.EFBIG: disk_full,
    errno.EROFS: read_only,
    errno.EACCES: denied,
    errno.EPERM: denied,
    errno.EXDEV: staging_elsewhere,
    errno.ENOENT: blob_missing,
    errno.ENOTDIR: blob_missing,
    errno.EEXIST: already_there,
    errno.ENOTEMPTY: already_there,
    errno.ENAMETOOLONG: bad_name,
    errno.EILSEQ: bad_name,
    errno.EINVAL: write_failed,
}


def translate(error: OSError, *, store: str, path: str, reading: bool = False) -> LiuhenError:
    """The sentence for one operating-system error; anything unnamed is a failed read or a failed write."""
    if error.errno == errno.ELOOP:
        return irregular(store, path, "符号链接")
    known = _BY_NUMBER.get(error.errno or 0)
    if known is None or (reading and known is write_failed):
        known = read_failed if reading else write_failed
    return known(store, path)


@contextmanager
def translated(store: str, path: str, *, reading: bool = False) -> Iterator[None]:
    """Turn every OSError of the block into a `LiuhenError` whose cause it is."""
    try:
        yield
    except OSError as error:
        raise translate(error, store=store, path=path, reading=reading) from error
