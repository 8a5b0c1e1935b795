"""Taking one file off the card: one read of the source, whole verified copies in staging, then the analysis.

- Runs in worker threads and touches no database.
- The source is read once; both digests are computed while every store's copy is written.
- Every copy is read back from its device, past the page cache, and compared.
- A file that changed while it was read is not taken.
- Big files go two at a time (two cores hash them); small ones more, because they wait for the disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liuhen.core.blobs.base import Draft
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.cards.reader import CardFile, confirm_unchanged, open_card_file, read_chunks
from liuhen.core.digests import Digests, Hasher
from liuhen.core.errors import DamagedError, RefusedError
from liuhen.core.media.sandbox import Analyser

BIG = 8 << 20
BIG_AT_ONCE = 2

ReadBytes = Callable[[int, int], bytes]
OnBytes = Callable[[CardFile, int], None]


class DoesNotFitError(RefusedError):
    """Said before copying: the file is larger than the room left."""

    code = "does_not_fit"


class CopyDiffersError(DamagedError):
    code = "copy_differs"


@dataclass
class Taken:
    """A file whose bytes stand verified in staging, not yet in any store."""

    file: CardFile
    key: str
    digests: Digests
    drafts: dict[str, Draft]
    methods: dict[str, str]
    content_name: str
    says: dict[str, Any] = field(default_factory=dict)

    def discard(self) -> None:
        for draft in self.drafts.values():
            draft.discard()


class Intake:
    """What the workers share: the card, the stores, the analyser, and the two-big-files gate."""

    def __init__(
        self,
        root: Path,
        stores: list[LocalBlobs],
        analyser: Analyser,
        *,
        reserve: int | None,
        on_bytes: OnBytes,
        read: ReadBytes = os.read,
    ) -> None:
        self.root = root
        self.stores = stores
        self.analyser = analyser
        self._reserve = reserve
        self._on_bytes = on_bytes
        self._read = read
        self._big = threading.BoundedSemaphore(BIG_AT_ONCE)

    def hash_only(self, file: CardFile) -> Digests:
        """Digests of a file on the card, nothing written. Raises what reading raises."""
        hasher = Hasher()
        with self._gate(file), self._source(file) as chunks:
            for chunk in chunks:
                hasher.update(chunk)
        return hasher.digests()

    def take(self, file: CardFile, key: str) -> Taken:
        """Copy, verify and analyse one file.

        Raises DoesNotFitError before copying, card and store errors while copying, CopyDiffersError after it.
        """
        self._refuse_what_cannot_fit(file)
        with self._gate(file):
            taken = self._copy(file, key)
            try:
                self._verify(taken)
                taken.says = self._analyse(taken)
            except BaseException:
                taken.discard()
                raise
        return taken

    def _gate(self, file: CardFile) -> Any:
        return self._big if file.size > BIG else nullcontext()

    def _refuse_what_cannot_fit(self, file: CardFile) -> None:
        first = self.stores[0]
        free = first.free_bytes()
        if free is None:
            return
        reserve = self._reserve if self._reserve is not None else (1 << 20) + min(free // 100, 512 << 20)
        if file.size + reserve > free:
            raise DoesNotFitError(
                f"{file.path} 有 {in_words(file.size)}，{first.name}只剩 {in_words(free)}，放不下，没有开始复制。",
                remedy="请先清出或增加存储空间，再次采集这张卡；卡上文件保持原样。",
                size=file.size,
                free=free,
            )

    @contextmanager
    def _source(self, file: CardFile) -> Iterator[Iterable[bytes]]:
        """The bytes of a card file; refuses at the end a file that is not what was listed."""
        seen = 0

        def counted(chunks: Iterable[bytes]) -> Iterator[bytes]:
            nonlocal seen
            for chunk in chunks:
                seen += len(chunk)
                yield chunk
                self._on_bytes(file, len(chunk))

        with open_card_file(self.root, file) as fd:
            yield counted(read_chunks(fd, path=file.path, read=self._read))
            confirm_unchanged(fd, file, seen)

    def _copy(self, file: CardFile, key: str) -> Taken:
        name = safe_name(file.path.rpartition("/")[2])
        drafts: dict[str, Draft] = {store.name: store.draft(key) for store in self.stores}
        try:
            digests = self._copy_into(drafts, file, f"v1/content/original/{name}")
        except BaseException:
            for draft in drafts.values():
                draft.discard()
            raise
        return Taken(file, key, digests, drafts, {}, name)

    def _copy_into(self, drafts: dict[str, Draft], file: CardFile, path: str) -> Digests:
        hasher = Hasher()
        with ExitStack() as stack:
            writers = [
                stack.enter_context(draft.writer(path, size_hint=file.size)) for draft in drafts.values()
            ]
            with self._source(file) as chunks:
                for chunk in chunks:
                    hasher.update(chunk)
                    for writer in writers:
                        writer.write(chunk)
        return hasher.digests()

    def _verify(self, taken: Taken) -> None:
        path = f"v1/content/original/{taken.content_name}"
        for name, draft in taken.drafts.items():
            again = draft.reread(path)
            if (again.sha256, again.size) != (taken.digests.sha256, taken.digests.size):
                raise CopyDiffersError(
                    f"{taken.file.path} 写入{name}后回读不一致，没有入库。",
                    remedy="存储介质可能有坏道：请更换后再次采集；卡上文件保持原样。",
                    expected=taken.digests.sha256,
                    found=again.sha256,
                )
            taken.methods[name] = again.method

    def _analyse(self, taken: Taken) -> dict[str, Any]:
        draft = next(iter(taken.drafts.values()))
        path = draft.open_local(f"v1/content/original/{taken.content_name}")
        if path is None:
            return {}
        says = self.analyser.probe(path, name=taken.file.path.rpartition("/")[2])
        says.pop("path", None)
        return says


def in_words(size: int) -> str:
    """A number of bytes as a person reads it."""
    value = float(size)
    for unit in ("字节", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "字节" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"
