"""A Merkle tree kept by its tiles: one root for each full tile, the leaves only where a size ends.

For a log of n entries this is n / 8 bytes, and any later question (the root at the signed size, what an inner
tile must hold) costs n / 256 hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from liuhen.core.tlog.merkle import HASH_SIZE, range_root, root_of
from liuhen.core.tlog.tile_files import WIDTH

_FULL = WIDTH * HASH_SIZE
_sha256 = hashlib.sha256


def leaves_of(entries: Sequence[bytes]) -> bytes:
    """The leaf hashes of entries, joined (RFC 9162 §2.1.1)."""
    return b"".join([_sha256(b"\x00" + entry).digest() for entry in entries])


def split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]


def full_root(hashes: bytes) -> bytes:
    """Root over 256 joined hashes: `merkle.root_of` without its lists."""
    while len(hashes) > HASH_SIZE:
        hashes = b"".join(
            [_sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 2 * HASH_SIZE)]
        )
    return hashes


class TileTree:
    """Leaves given tile by tile, in order. `keep` is a size at which the root will be asked for."""

    def __init__(self, keep: int) -> None:
        self.roots: list[bytes | None] = []  # of full tiles; None: not known
        self.size = 0  # leaves from the first on without a hole
        self._keep = keep // WIDTH
        self._leaves: dict[int, bytes] = {}

    def add(self, number: int, hashes: bytes | None, *, same_as: TileTree | None = None) -> None:
        """The hashes of tile `number`, or None where they are not whole; behind a hole nothing is kept.

        `same_as`: another tree that was just given the same hashes; its root is taken over.
        """
        if not self._reaches(number):
            return
        if hashes is None:
            self.roots.append(None)
            return
        if self.size == number * WIDTH:
            self.size += len(hashes) // HASH_SIZE
        if len(hashes) < _FULL or number == self._keep:
            self._leaves[number] = hashes
        if len(hashes) == _FULL:
            self.roots.append(same_as.roots[number] if same_as else full_root(hashes))

    def add_root(self, number: int, root: bytes) -> None:
        """A full tile of which only the root is known."""
        if not self._reaches(number):
            return
        self.roots.append(root)
        if self.size == number * WIDTH:
            self.size += WIDTH

    def _reaches(self, number: int) -> bool:
        if number == len(self.roots) + 1:
            self.roots.append(None)  # the tile before was not full
        return number == len(self.roots)

    def root(self, size: int) -> bytes | None:
        """Root of the first `size` leaves; None when they are not all known. `size` is `keep` or the whole."""
        return range_root(0, size, self._hash_at) if size <= self.size else None

    def _hash_at(self, level: int, index: int) -> bytes:
        if level >= 8:
            row = self.roots[index << (level - 8) : (index + 1) << (level - 8)]
        else:
            first = (index << level) % WIDTH * HASH_SIZE
            leaves = self._leaves[(index << level) // WIDTH]
            row = list(split(leaves[first : first + (HASH_SIZE << level)]))
        return root_of([one for one in row if one is not None])

    def level(self, level: int) -> list[bytes | None]:
        """What the hash tiles of a level ≥ 1 must hold: roots of full subtrees of 256^level leaves."""
        row = self.roots
        for _ in range(level - 1):
            row = [_root_over(row[at : at + WIDTH]) for at in range(0, len(row) - WIDTH + 1, WIDTH)]
        return row


def _root_over(roots: Sequence[bytes | None]) -> bytes | None:
    known = [root for root in roots if root is not None]
    return full_root(b"".join(known)) if len(known) == len(roots) else None
