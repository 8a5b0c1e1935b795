"""Errors of reading a card and of card profiles.

- `code` is stable and goes into the ledger and into `--json`; the sentence is for the person at the dock.
- A card that breaks in the middle is an error of one file; the files stored before it stay stored.
"""

from __future__ import annotations

import errno

from liuhen.core.errors import StorageError, UsageError
from liuhen.core.reasons import why

# What Linux answers when the thing under the file is gone: card out of the slot, dock off, FUSE ended.
PULLED = frozenset(
    {errno.ENODEV, errno.ENOENT, errno.ESTALE, errno.ENXIO, errno.ENOTCONN, errno.ENOMEDIUM, errno.ESHUTDOWN}
)


class CardError(StorageError):
    """Anything that keeps a card from being read."""

    code = "card"


class CardMissingError(CardError):
    """The path given as a card does not exist."""

    code = "card_missing"


class CardUnreadableError(CardError):
    """The card is there and cannot be listed."""

    code = "card_unreadable"


class CardEmptyError(CardError):
    """The card was listed and holds no file that can be taken in (the caller decides)."""

    code = "card_empty"


class CardReadError(CardError):
    """One file of a card could not be opened or read to its end.

    Codes: card_pulled, read_error, file_vanished, file_unreadable, became_symlink, not_regular, swapped,
    changed_while_reading.
    """

    code = "read_error"


class ProfileError(UsageError):
    """A card profile (data) that cannot be used as it stands."""

    code = "profile_invalid"


def pulled(path: str, cause: OSError) -> CardReadError:
    """The card went away under `path`."""
    return CardReadError(
        f"读到「{path}」时存储卡断开了（卡被拔出、采集站断电或接触不良）。",
        remedy="插好存储卡后重新运行采集：已入库的文件不会重复存，没读完的文件会从头再读。",
        code="card_pulled",
        path=path,
        errno=cause.errno,
    )


def read_failed(path: str, cause: OSError) -> CardReadError:
    """The device could not give the bytes of `path`. EIO may follow a pulled card: the remedy names both."""
    return CardReadError(
        f"读不出「{path}」：设备报错（{why(cause)}）。",
        remedy="先确认存储卡插好，换一个读卡器或端口再采集；仍读不出的，保留原卡不要格式化，交设备管理人员做数据恢复。",
        code="read_error",
        path=path,
        errno=cause.errno,
    )
