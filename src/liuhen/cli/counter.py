"""How far a long check has come: one line on a terminal, rewritten; nothing where nobody watches."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_EVERY_SECONDS = 0.5


class Counter:
    """`with Counter("已回读") as counter: work(on_object=counter.show)`."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._watched = sys.stderr.isatty()
        self._shown = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def show(self, objects: int, size: int) -> None:
        """Told after each object; writes at most twice a second."""
        if self._watched and time.monotonic() - self._shown >= _EVERY_SECONDS:
            self._shown = time.monotonic()
            sys.stderr.write(f"\r{self._words} {objects} 个对象、{size / 1e9:.2f} GB…\x1b[K")
            sys.stderr.flush()
