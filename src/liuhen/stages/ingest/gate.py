"""Files leave in the order they came, however fast each of them was: so numbers follow the card.

Workers finish out of order. Whoever has arrived waits here until nobody before them can still need a number.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Gate(Generic[T]):
    """A line of keys, oldest first. Not thread-safe: one thread owns it."""

    def __init__(self) -> None:
        self._line: dict[bytes, T | None] = {}

    def __len__(self) -> int:
        return len(self._line)

    def queue(self, key: bytes) -> None:
        """Take a place at the end; a key that is in line keeps its place."""
        self._line.setdefault(key, None)

    def arrive(self, key: bytes, one: T) -> None:
        """Be ready to pass at one's place (at the end of the line for a key that was not in it)."""
        self._line[key] = one

    def leave(self, key: bytes) -> None:
        """Give the place up: nobody waits for this key any more."""
        self._line.pop(key, None)

    def passing(self) -> list[T]:
        """Everybody whose turn it is: those ready with nobody unready before them."""
        passed: list[T] = []
        for key, one in list(self._line.items()):
            if one is None:
                break
            passed.append(one)
            del self._line[key]
        return passed
