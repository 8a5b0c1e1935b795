"""A published ledger read on its own: signature, every entry, the tree; wherever its folder lies.

- The keys are those of its `vkey` file; where our own signing key is at hand, it must be among them, or the
  ledger is somebody else's.
- The tree is built again from the entries themselves: inner tiles that still look right prove nothing about
  entries altered below them.
- Beside every further store lies a mirror; it is named when ours cannot be used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from liuhen.base import home, site
from liuhen.base.ledger import publish
from liuhen.core.errors import DamagedError, LiuhenError
from liuhen.core.tlog.checkpoint import Checkpoint, open_checkpoint
from liuhen.core.tlog.merkle import Frontier, leaf_hash
from liuhen.core.tlog.notes import Vkey
from liuhen.core.tlog.tiles import TileFolder


class LedgerNotWholeError(DamagedError):
    """A published ledger that cannot be relied on."""

    code = "ledger_not_whole"


@dataclass(frozen=True)
class PublishedLog:
    """One agency's published ledger: its signed head, and where its files lie."""

    code: str
    folder: Path
    checkpoint: Checkpoint

    def entries(self) -> Iterator[bytes]:
        """Every entry up to the signed head, as stored.

        Raises LedgerNotWholeError for an entry that is not the one hashed, and after the last one when the
        tree of all of them is not the signed one: until then, nothing is proved.
        """
        tiles, tree, size = TileFolder(self.folder), Frontier(), self.checkpoint.size
        try:
            for position, (raw, leaf) in enumerate(
                zip(tiles.entries(0, size), tiles.leaf_hashes(size), strict=True)
            ):
                if leaf_hash(raw) != leaf:
                    raise not_whole(self.code, f"已公布账本的第 {position} 条被改动")
                tree.append(leaf)
                yield raw
        except (LiuhenError, OSError, ValueError) as error:
            if isinstance(error, LedgerNotWholeError):
                raise
            raise not_whole(self.code, f"已公布的账本读不全（{error}）") from error
        if (tree.size, tree.root()) != (size, self.checkpoint.root):
            raise not_whole(self.code, "已公布的账本与其签名不符")

    def check(self) -> None:
        """Read all of it. Raises LedgerNotWholeError."""
        for _ in self.entries():
            pass

    def extends(self, older: Checkpoint) -> bool:
        """Does this log begin with the other one's whole history? (Both heads are of one key.)"""
        if older.size > self.checkpoint.size:
            return False
        tree = Frontier()
        for position, raw in enumerate(self.entries()):
            if position < older.size:
                tree.append(leaf_hash(raw))
        return tree.root() == older.root


def open_log(folder: Path, code: str) -> PublishedLog:
    """The log in a folder, its head's signature and origin checked; the entries are not read yet.

    Raises LedgerNotWholeError.
    """
    try:
        vkeys = Vkey.parse_lines((folder / "vkey").read_text(encoding="utf-8"))
        note = (folder / "checkpoint").read_text(encoding="utf-8")
        checkpoint = open_checkpoint(note, vkeys)
    except (OSError, ValueError) as error:
        raise not_whole(code, f"{folder} 中的 checkpoint 或 vkey 读不出") from error
    except LiuhenError as error:
        raise not_whole(code, f"检查点的签名不成立（{error.message}）") from error
    if checkpoint.origin != publish.origin_of(code):
        raise not_whole(code, f"检查点属于另一个账本（{checkpoint.origin}）")
    _refuse_foreign_key(code, vkeys)
    return PublishedLog(code, folder, checkpoint)


def _refuse_foreign_key(code: str, vkeys: list[Vkey]) -> None:
    try:
        own = publish.signing_key(code).vkey
    except LiuhenError:
        return  # no key at hand to compare with: the paper receipts' fingerprint remains
    if own not in vkeys:
        raise not_whole(code, "账本的公钥不是本机签名密钥的公钥，账本可能被整体替换")


def not_whole(code: str, what: str) -> LedgerNotWholeError:
    """A refusal that names where a whole ledger may be had."""
    mirrors = [str(path) for path in publish.mirror_folders(code) if (path / "checkpoint").is_file()]
    place = home.ledger_folder(code)
    copy = f"第二存储旁有一份：把 {mirrors[0]} 整个拷到 {place}" if mirrors else "从备份取回 ledger 文件夹"
    return LedgerNotWholeError(
        f"{code} 的{what}，不能据以重建。" if not what.startswith("账本") else f"{code}：{what}。",
        remedy=f"请先移走 {place} 留存，再{copy}，然后重试。",
        agency=code,
    )


def log_codes() -> list[str]:
    """Agencies that have a published ledger here, even a damaged one; a key alone is not yet a ledger."""
    folder = home.home() / "ledger"
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir() and ((path / "checkpoint").exists() or (path / "tile").exists())
    )


def mirrors() -> list[Path]:
    """The published ledgers that lie beside the other stores."""
    beside = [store.root().parent / "ledger" for store in site.load().stores[1:]]
    return sorted(path.parent for folder in beside if folder.is_dir() for path in folder.glob("*/checkpoint"))
