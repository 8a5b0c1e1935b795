"""Taking one file off the card: one read of the source, whole verified copies in staging, then the analysis.

- Runs in worker threads and touches no database.
- The source is read once; both digests are computed while every store's copy is written.
- Every copy is read back from its device, past the page cache, and compared.
- The first store must take the file; another store that cannot is named, and the file goes on without it.
- A file that changed while it was read is not taken.
- Big files go eight at a time where their SM3 shares a processor's lanes, else two at a time; small ones more,
  because they wait for the disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from liuhen.core.blobs.base import Draft
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.cards.filenames import safe_name
from liuhen.core.cards.reader import CardFile, confirm_unchanged, open_card_file, read_chunks
from liuhen.core.digests import Digests, Hasher
from liuhen.core.errors import DamagedError, LiuhenError, RefusedError
from liuhen.core.sm3.kernel import LANES, kernel
from liuhen.prints import words

from .analysis import Analyses, says_of
from .copying import copy_into

BIG = 8 << 20
BIG_AT_ONCE = 2  # without lanes

ReadBytes = Callable[[int, int], bytes]
OnBytes = Callable[[CardFile, int], None]
Chunks = Iterable[bytes]

log = structlog.get_logger(__name__)


class DoesNotFitError(RefusedError):
    """Said before copying: the file is larger than the room left."""

    code = "does_not_fit"


class CopyDiffersError(DamagedError):
    code = "copy_differs"


class StoppedError(LiuhenError):
    """The person stopped the ingest; the file was not read to its end."""

    code = "stopped"


@dataclass
class Taken:
    """A file whose bytes stand verified in staging, not yet in any store."""

    file: CardFile
    key: str
    digests: Digests
    drafts: dict[str, Draft]
    methods: dict[str, str]
    content_name: str
    missed: dict[str, LiuhenError] = field(default_factory=dict)  # stores beyond the first that could not
    says: dict[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> str:
        return f"v1/content/original/{self.content_name}"

    def local(self) -> Path | None:
        """Where the analyser may read the bytes."""
        return next(iter(self.drafts.values())).open_local(self.content)

    def miss(self, store: str, error: LiuhenError) -> None:
        """Go on without a store; its draft is dropped."""
        self.missed[store] = error
        drop(self.drafts.pop(store))

    def discard(self) -> None:
        """Remove what was drafted. What cannot be removed now is discarded by the next ingest."""
        for draft in self.drafts.values():
            drop(draft)


def drop(draft: Draft) -> None:
    try:
        draft.discard()
    except LiuhenError as error:
        log.warning("draft_not_discarded", draft=draft.key, error=str(error))


class Intake:
    """What the workers share: the card, the stores, the analyser, and the two-big-files gate."""

    def __init__(
        self,
        root: Path,
        stores: list[LocalBlobs],
        analyser: Analyses,
        *,
        reserve: int | None,
        on_bytes: OnBytes,
        read: ReadBytes = os.read,
        stopped: Callable[[], bool] = bool,
    ) -> None:
        self.root = root
        self.stores = stores
        self.analyser = analyser
        self._reserve = reserve
        self._on_bytes = on_bytes
        self._read = read
        self._big = threading.BoundedSemaphore(LANES if kernel() else BIG_AT_ONCE)
        self._stopped = threading.Event()
        self._asked_to_stop = stopped

    def stop(self) -> None:
        """Let every worker end at its next piece of data or its present analysis."""
        self._stopped.set()
        self.analyser.close()

    def turn(self, file: CardFile) -> AbstractContextManager[Any]:
        """Big files take turns."""
        return self._big if file.size > BIG else nullcontext()

    def hash_only(self, file: CardFile) -> Digests:
        """Digests of a file on the card, nothing written. Raises what reading raises."""
        with self.turn(file), Hasher() as hasher:
            with self.source(file) as chunks:
                for chunk in chunks:
                    hasher.update(chunk)
            return hasher.digests()

    def take(self, file: CardFile, key: str) -> Taken:
        """Copy, verify and analyse one file.

        Raises DoesNotFitError before copying, card and store errors while copying, CopyDiffersError after it.
        """
        refuse_what_cannot_fit(file, self.stores[0], self._reserve)
        taken = self._drafted(file, key)
        try:
            with self.turn(file):
                taken.digests = self._copy(taken)
            self._verify(taken)
            self.go_on()
            taken.says = says_of(self.analyser, taken.local(), file)
            self.go_on()
        except BaseException:
            taken.discard()
            raise
        return taken

    def go_on(self, _count: int = 0) -> None:
        """Raises StoppedError once the ingest is to stop; asked at each piece of data."""
        if self._stopped.is_set() or self._asked_to_stop():
            raise StoppedError("采集已停止。", remedy="再次运行会从停下的地方继续。")

    @contextmanager
    def source(self, file: CardFile) -> Iterator[Chunks]:
        """The bytes of a card file; refuses at the end a file that is not what was listed."""
        seen = 0

        def counted(chunks: Chunks) -> Iterator[bytes]:
            nonlocal seen
            for chunk in chunks:
                self.go_on()
                seen += len(chunk)
                yield chunk
                self._on_bytes(file, len(chunk))

        with open_card_file(self.root, file) as fd:
            yield counted(read_chunks(fd, path=file.path, read=self._read))
            confirm_unchanged(fd, file, seen)

    def _drafted(self, file: CardFile, key: str) -> Taken:
        name = safe_name(file.path.rpartition("/")[2])
        first, *others = self.stores
        taken = Taken(file, key, Digests("", "", 0), {first.name: first.draft(key)}, {}, name)
        for store in others:
            try:
                taken.drafts[store.name] = store.draft(key)
            except LiuhenError as error:
                taken.missed[store.name] = error
        return taken

    def _copy(self, taken: Taken) -> Digests:
        source = self.source(taken.file)
        digests, missed = copy_into(taken.drafts, taken.content, taken.file.size, source)
        for store, error in missed.items():
            taken.miss(store, error)
        return digests

    def _verify(self, taken: Taken) -> None:
        first = next(iter(taken.drafts))
        for store in list(taken.drafts):
            try:
                self._verify_one(taken, store)
            except LiuhenError as error:
                if store == first:
                    raise
                taken.miss(store, error)

    def _verify_one(self, taken: Taken, store: str) -> None:
        again = taken.drafts[store].reread(taken.content, self.go_on)
        if (again.sha256, again.size) != (taken.digests.sha256, taken.digests.size):
            raise CopyDiffersError(
                f"{taken.file.path} 写入{store}后回读不一致，没有入库。",
                remedy="存储介质可能有坏道：请更换后再次采集；卡上文件保持原样。",
                expected=taken.digests.sha256,
                found=again.sha256,
            )
        taken.methods[store] = again.method


def refuse_what_cannot_fit(file: CardFile, store: LocalBlobs, reserve: int | None) -> None:
    """Raises DoesNotFitError when the file would leave less than `reserve` bytes (None: a sensible rest)."""
    free = store.free_bytes()
    if free is None:
        return
    kept = (1 << 20) + min(free // 100, 512 << 20) if reserve is None else reserve
    if file.size + kept > free:
        raise DoesNotFitError(
            f"{file.path} 有 {in_words(file.size)}，{store.name}只剩 {in_words(free)}，放不下，没有开始复制。",
            remedy="请先清出或增加存储空间，再次采集这张卡；卡上文件保持原样。",
            size=file.size,
            free=free,
        )


def in_words(size: int) -> str:
    """A number of bytes as a person reads it."""
    return words.size(size)
