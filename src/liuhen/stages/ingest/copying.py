"""One read of the source, one copy in every store's draft, both digests.

- The first store must take the bytes: its error ends the reading.
- Another store that fails keeps its error, and the reading goes on without it.
- Nothing unfinished stays open, whatever happens.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack

from liuhen.core.blobs.base import Draft, Writer
from liuhen.core.digests import Digests, Hasher
from liuhen.core.errors import LiuhenError


class Copying:
    """An open file of a draft, and the first error met in writing it."""

    def __init__(self, draft: Draft, path: str, size: int) -> None:
        self.error: LiuhenError | None = None
        self._open = ExitStack()
        self._out: Writer
        try:
            self._out = self._open.enter_context(draft.writer(path, size_hint=size))
        except LiuhenError as error:
            self.error = error

    def write(self, chunk: bytes) -> None:
        if self.error is None:
            try:
                self._out.write(chunk)
            except LiuhenError as error:
                self.error = error
                self.abandon()

    def finish(self) -> None:
        """Make the copy durable."""
        if self.error is None:
            try:
                self._open.close()
            except LiuhenError as error:
                self.error = error

    def abandon(self) -> None:
        """Close and remove what is not finished; nothing happens when nothing is open."""
        why = self.error or LiuhenError("没有复制完。", remedy="请再次采集这张卡。", code="unfinished")
        self._open.__exit__(type(why), why, None)

    def confirm(self) -> None:
        """Raise the error met, if any."""
        if self.error is not None:
            raise self.error


def copy_into(
    drafts: dict[str, Draft], path: str, size: int, source: AbstractContextManager[Iterable[bytes]]
) -> tuple[Digests, dict[str, LiuhenError]]:
    """Digests of the source, now in every draft but those of the stores named with their errors.

    `drafts` by store, the first one first. Raises the first store's error and what the source raises.
    """
    copies = {store: Copying(draft, path, size) for store, draft in drafts.items()}
    first = next(iter(copies.values()))
    with Hasher() as hasher:
        try:
            first.confirm()
            with source as chunks:
                for chunk in chunks:
                    hasher.update(chunk)
                    for copy in copies.values():
                        copy.write(chunk)
                    first.confirm()
            for copy in copies.values():
                copy.finish()
            first.confirm()
        finally:
            for copy in copies.values():
                copy.abandon()
        digests = hasher.digests()
    return digests, {store: copy.error for store, copy in copies.items() if copy.error is not None}
