"""SHA-256 and SM3 (GB/T 32905) from one read of the source.

hashlib releases the interpreter lock while hashing, so several files hash on several cores at once; SM3 goes
through core.sm3, which fills the lanes of one processor with several files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from .sm3.streams import new_sm3

CHUNK = 1 << 20


@dataclass(frozen=True)
class Digests:
    """Both digests as lower-case hex, and the number of bytes they cover."""

    sha256: str
    sm3: str
    size: int


class Hasher:
    """Use in a `with`: feed chunks with `update`, read `digests()` at the end."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sm3 = new_sm3()
        self._size = 0

    def update(self, chunk: bytes) -> None:
        self._sm3.update(chunk)
        self._sha256.update(chunk)
        self._size += len(chunk)

    def digests(self) -> Digests:
        return Digests(self._sha256.hexdigest(), self._sm3.hexdigest(), self._size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sm3.close()


def digests_of(data: bytes) -> Digests:
    """Both digests of bytes already in memory."""
    return Digests(hashlib.sha256(data).hexdigest(), hashlib.new("sm3", data).hexdigest(), len(data))
