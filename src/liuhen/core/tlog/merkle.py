"""The Merkle tree of RFC 9162 §2.1 over SHA-256.

- A leaf hash is SHA-256(0x00 ‖ entry), an inner node SHA-256(0x01 ‖ left ‖ right): none passes for the other.
- A tree splits at the largest power of two below its size; a lone right-hand node is promoted unhashed.
- `hash_at(level, index)` names a complete subtree: the one over leaves [index·2^level, (index+1)·2^level).
- Nothing here recurses, so size is bounded by memory only; a `Frontier` needs O(log n).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

HashAt = Callable[[int, int], bytes]

_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes (RFC 9162 §2.1.1)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes (RFC 9162 §2.1.1)."""
    return _sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes (not entries), 32 bytes; `EMPTY_ROOT` for none (RFC 9162 §2.1.1)."""
    if not leaves:
        return EMPTY_ROOT
    row = list(leaves)
    while len(row) > 1:
        lone = row[-1:] if len(row) % 2 else []
        pairs = zip(row[0::2], row[1::2], strict=False)
        row = [_sha256(b"\x01" + left + right).digest() for left, right in pairs] + lone
    return row[0]


def complete_subtrees(low: int, high: int) -> Iterable[tuple[int, int]]:
    """The (level, index) of the complete subtrees that make up leaves [low, high), left to right."""
    while low < high:
        level = (high - low).bit_length() - 1
        if low:
            level = min(level, (low & -low).bit_length() - 1)
        yield level, low >> level
        low += 1 << level


def fold_right(peaks: Sequence[bytes]) -> bytes:
    """Join complete subtrees of falling size into one root, the rightmost first. There must be one."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def range_root(low: int, high: int, hash_at: HashAt) -> bytes:
    """Root over leaves [low, high) from complete subtrees.

    `low` must be a multiple of the smallest power of two ≥ high - low, as every split of the tree gives.
    """
    if low >= high:
        return EMPTY_ROOT
    return fold_right([hash_at(level, index) for level, index in complete_subtrees(low, high)])


class Frontier:
    """A tree that only grows: O(log n) memory, the root at any moment."""

    def __init__(self) -> None:
        self._size = 0
        self._peaks: list[bytes] = []  # complete subtrees, the largest first

    @classmethod
    def resume(cls, size: int, hash_at: HashAt) -> Frontier:
        """The frontier of a stored tree of `size` leaves, ready for the next one."""
        frontier = cls()
        frontier._size = size
        frontier._peaks = [hash_at(level, index) for level, index in complete_subtrees(0, size)]
        return frontier

    @property
    def size(self) -> int:
        """Number of leaves appended so far."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash (32 bytes)."""
        carry, node = self._size, leaf
        while carry & 1:
            node = _sha256(b"\x01" + self._peaks.pop() + node).digest()
            carry >>= 1
        self._peaks.append(node)
        self._size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Root over all leaves so far, 32 bytes."""
        return fold_right(self._peaks) if self._peaks else EMPTY_ROOT
