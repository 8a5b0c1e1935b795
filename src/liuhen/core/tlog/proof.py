"""Proofs that an entry is in the log, and that the log only grew (RFC 9162 §2.1.3 and §2.1.4).

The `.tlog-proof` file (C2SP tlog-proof@v1) carries the first kind to an outsider.

- Making a proof needs only hashes of complete subtrees (`hash_at`); checking one needs only the proof.
- A check either returns or raises; there is no "false" that a caller could forget to look at.
- The number of hashes is part of the proof: one too many or too few is refused.
- A proof file's `extra` is not authenticated: it may explain a refusal, never support an acceptance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DamagedError
from .merkle import EMPTY_ROOT, HASH_SIZE, HashAt, node_hash, range_root
from .notes import b64, unb64

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MAX_HASHES = 64  # a tree of 2^64 leaves needs no more


class ProofError(DamagedError):
    """A proof does not prove what it is said to prove."""

    code = "proof_invalid"


class ProofRangeError(ProofError):
    """The position or the sizes asked for do not exist in the tree."""

    code = "proof_range"


class InclusionError(ProofError):
    """The leaf is not at this position of the tree with this root."""

    code = "inclusion_invalid"


class ConsistencyError(ProofError):
    """The newer tree is not the older one with leaves appended."""

    code = "consistency_invalid"


class ProofFormatError(ProofError):
    """The file is not a tlog-proof."""

    code = "proof_malformed"


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Hashes from the leaf's sibling up to the root's child (RFC 9162 §2.1.3.1).

    Raises ProofRangeError unless 0 ≤ index < size.
    """
    _need_index(index, size)
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(range_root(middle, high, hash_at))
            high = middle
        else:
            path.append(range_root(low, middle, hash_at))
            low = middle
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash `leaf` stands at `index` of the tree (RFC 9162 §2.1.3.2).

    Raises ProofRangeError unless 0 ≤ index < size, InclusionError when the proof fails.
    """
    _need_index(index, size)
    _need_hashes(InclusionError, [leaf, root, *proof])
    node, first, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise _inclusion_refused(index, size)
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    if last != 0 or node != root:
        raise _inclusion_refused(index, size)


def consistency_proof(old: int, new: int, hash_at: HashAt) -> list[bytes]:
    """Hashes that link the tree of `old` leaves to the tree of `new` leaves (RFC 9162 §2.1.4.1).

    Empty when old is 0 or equals new. Raises ProofRangeError unless 0 ≤ old ≤ new.
    """
    _need_sizes(old, new)
    if old in (0, new):
        return []
    low, high, whole, path = 0, new, True, []
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(range_root(middle, high, hash_at))
            high = middle
        else:
            path.append(range_root(low, middle, hash_at))
            low, whole = middle, False
    if not whole:
        path.append(range_root(low, high, hash_at))
    return path[::-1]


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the new tree begins with the old one (RFC 9162 §2.1.4.2).

    From an empty tree there is nothing to prove but the empty root. Raises ProofRangeError unless
    0 ≤ old ≤ new, ConsistencyError when the proof fails.
    """
    _need_sizes(old, new)
    _need_hashes(ConsistencyError, [old_root, new_root, *proof])
    if old in (0, new):
        expected = new_root if old == new else EMPTY_ROOT
        if proof or old_root != expected or (new == 0 and new_root != EMPTY_ROOT):
            raise _consistency_refused(old, new)
        return
    if _rebuild_both(old, new, proof, old_root) != (old_root, new_root):
        raise _consistency_refused(old, new)


def _rebuild_both(old: int, new: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    # The old root of a complete tree is itself a node of the new one and is left out of the proof.
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise _consistency_refused(old, new)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    left = right = path[0]
    for node in path[1:]:
        if last == 0:
            raise _consistency_refused(old, new)
        if first & 1 or first == last:
            left, right = node_hash(node, left), node_hash(node, right)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            right = node_hash(right, node)
        first, last = first >> 1, last >> 1
    if last != 0:
        raise _consistency_refused(old, new)
    return left, right


def _split(width: int) -> int:
    """The largest power of two below `width` (≥ 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def _need_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise ProofRangeError(
            f"日志此时只有 {size} 条，没有第 {index} 条（从 0 数起）。",
            remedy="请使用包含该条目的较新检查点。",
            index=index,
            size=size,
        )


def _need_sizes(old: int, new: int) -> None:
    if not 0 <= old <= new:
        raise ProofRangeError(
            f"不能从 {old} 条证明到 {new} 条：前者应不大于后者。",
            remedy="请按先旧后新的顺序给出两个检查点。",
            old=old,
            new=new,
        )


def _need_hashes(error: type[ProofError], hashes: Sequence[bytes]) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise error("证明中有长度不是 32 字节的摘要。", remedy="请重新取得证明文件。")


def _inclusion_refused(index: int, size: int) -> InclusionError:
    return InclusionError(
        f"证明不成立：该条目不在 {size} 条日志的第 {index} 位（从 0 数起）。",
        remedy="请核对条目文件、证明文件和检查点是否为同一次导出；仍不符的，按被改动处理。",
        index=index,
        size=size,
    )


def _consistency_refused(old: int, new: int) -> ConsistencyError:
    return ConsistencyError(
        f"证明不成立：{new} 条的日志不是由 {old} 条的日志只增不改而来。",
        remedy="请保全两个检查点并报告主管机关；先排除拿错文件。",
        old=old,
        new=new,
    )


@dataclass(frozen=True)
class ProofFile:
    """An inclusion proof together with the signed checkpoint it leads to."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str  # the signed note, verbatim
    extra: bytes | None = None

    def to_text(self) -> str:
        """The file's text, ending as the checkpoint ends."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {b64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [b64(value) for value in self.hashes]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> ProofFile:
        """Read the text of a `.tlog-proof`. Raises ProofFormatError."""
        head, separator, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if lines[0] != HEADER or not separator:
            raise _malformed("首行或空行不符合格式")
        extra = _extra(lines[1]) if len(lines) > 1 and lines[1].startswith("extra ") else None
        rest = lines[1:] if extra is None else lines[2:]
        index = _INDEX.fullmatch(rest[0]) if rest else None
        if index is None or len(rest) - 1 > _MAX_HASHES:
            raise _malformed("index 行缺失或不符合格式，或摘要过多")
        return cls(int(index[1]), tuple(_hash(line) for line in rest[1:]), checkpoint, extra)


def hint(leaf: bytes, size: int) -> bytes:
    """What our exports put into `extra`: the leaf hash and the tree size the proof was made for (8 bytes).

    With it a verifier that refuses can say which file was altered or is too old; it trusts neither value.
    """
    return leaf + size.to_bytes(8, "big")


def _extra(line: str) -> bytes:
    value = unb64(line[len("extra ") :])
    if value is None:
        raise _malformed("extra 行不是 base64")
    return value


def _hash(line: str) -> bytes:
    value = unb64(line)
    if value is None or len(value) != HASH_SIZE:
        raise _malformed("摘要行不是 32 字节的 base64")
    return value


def _malformed(what: str) -> ProofFormatError:
    return ProofFormatError(f"证明文件读不懂：{what}。", remedy="请重新导出 .tlog-proof 文件。")
