"""One card's files through the workers, and their rows into the database, in groups.

A file goes  known size? -> hash only -> already there: check its copies
                         -> copy -> (gate) -> reserve -> seal -> commit.

- Only this thread touches the database; a failure is the file's own and never stops the others.
- The gate lets files reserve their numbers in the card's order, whoever was copied first; small files run
  ahead of a big one, up to HELD of them.
- Of several files with one content the first is stored; the others wait for it and then find it there.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, IntegrityError, transaction

from liuhen.base import clock
from liuhen.base.recordings.models import Recording
from liuhen.core.cards.names import read_name
from liuhen.core.cards.profile import Profile
from liuhen.core.cards.reader import CardFile, CardListing
from liuhen.core.digests import Digests
from liuhen.core.errors import LiuhenError

from . import commit, copies, recover, sentences
from .book import Book
from .commit import Answer, Wish
from .copies import Checked, Stored
from .gate import Gate
from .intake import Intake, StoppedError, Taken
from .models import Batch, Item
from .owners import Owners
from .progress import Progress, Result
from .seal import Context, Sealed, seal

log = structlog.get_logger(__name__)

WORKERS = 8
WINDOW = 96  # files being worked on; bounds memory whatever the card holds
HELD = 256  # files that may have been begun and not yet numbered
ASK_EVERY = 0.2  # seconds between two questions whether to stop
GROUP = 48  # finished steps that are worth a transaction …
PATIENCE = 0.004  # … or seconds for each file being worked on, after which fewer are


@dataclass(frozen=True)
class Known:
    """A file of the card whose digests are known, and of which nothing is drafted."""

    file: CardFile
    digests: Digests


Step = Known | Taken | Checked | Sealed | Result


class Run:
    """The files of one batch."""

    def __init__(
        self,
        batch: Batch,
        context: Context,
        intake: Intake,
        profiles: list[Profile],
        copies_needed: int,
        progress: Progress,
        stopped: Callable[[], bool] = bool,
    ) -> None:
        self.batch = batch
        self.stopped = stopped
        self.context = context
        self.intake = intake
        self.profiles = profiles
        self.book = Book(batch, copies_needed, progress)
        self.owners = Owners(batch)
        self.case_twins: set[str] = set()
        self.pool: ThreadPoolExecutor
        self.todo: deque[tuple[Callable[[CardFile], Step], CardFile]] = deque()
        self.flying: dict[Future[Step], CardFile] = {}
        self.ended: queue.SimpleQueue[Future[Step]] = queue.SimpleQueue()
        self.gate: Gate[Taken] = Gate()
        self.claimed: dict[str, CardFile] = {}  # sameness -> the file of this card being stored
        self.waiting: dict[str, list[Known]] = {}

    def everything(self, listing: CardListing) -> None:
        """Every file and every refusal of the card gets one result, in the order they finish."""
        self.case_twins = {path for group in listing.case_twins for path in group}
        refused = Item.State.REFUSED
        self.book.keep(
            [Result(r.path, r.raw, None, None, refused, r.reason, r.code) for r in listing.refusals]
        )
        sizes = commit.known_sizes(self.batch.agency, {file.size for file in listing.files})
        look, take = self._look, self._take
        self.todo.extend((look if file.size in sizes else take, file) for file in listing.files)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="intake") as pool:
            self.pool = pool
            try:
                self._until_done()
            except BaseException:
                self.intake.stop()
                pool.shutdown(wait=True, cancel_futures=True)
                recover.discard_drafts(self.batch.key, self.intake.stores)
                raise

    def _until_done(self) -> None:
        while self.todo or self.flying:
            while self.todo and len(self.flying) < WINDOW and len(self.gate) < HELD:
                work, file = self.todo.popleft()
                self.gate.queue(file.raw)
                self._send(work, file)
            self._harvest()

    # -- in the workers

    def _send(self, work: Callable[[CardFile], Step], file: CardFile) -> None:
        future = self.pool.submit(work, file)
        self.flying[future] = file
        future.add_done_callback(self.ended.put)

    def _look(self, file: CardFile) -> Known:
        return Known(file, self.intake.hash_only(file))

    def _take(self, file: CardFile) -> Taken:
        return self.intake.take(file, f"{self.batch.key}-{uuid.uuid4().hex}")

    # -- in the ingest's own thread

    def _harvest(self) -> None:
        """Everything that has finished goes one step further; rows are written in one group."""
        steps = [self._outcome_of(future) for future in self._finished()]
        self.book.keep([step for step in steps if isinstance(step, Result)])
        self.book.keep_checked([step for step in steps if isinstance(step, Checked)])
        sealed = [step for step in steps if isinstance(step, Sealed)]
        self.book.commit(sealed)
        for one in sealed:
            self._let_go(one.sameness)
        self._place([step for step in steps if isinstance(step, Known | Taken)])
        self._claim(self.gate.passing())

    def _finished(self) -> list[Future[Step]]:
        """At least one, and after it those that follow at once: a transaction for each would cost more."""
        done = [self._first_finished()]
        until = time.monotonic() + PATIENCE * len(self.flying)
        while len(done) < min(GROUP, len(self.flying)):
            try:
                done.append(self.ended.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return done

    def _first_finished(self) -> Future[Step]:
        """Wait for one, asking now and then whether to stop. Raises StoppedError."""
        while True:
            if self.stopped():
                raise StoppedError("采集已停止。", remedy="再次采集这张卡会从停下的地方继续。")
            try:
                return self.ended.get(timeout=ASK_EVERY)
            except queue.Empty:
                continue

    def _outcome_of(self, future: Future[Step]) -> Step:
        file = self.flying.pop(future)
        try:
            return future.result()
        except StoppedError:
            raise  # of the whole ingest, not of this file
        except LiuhenError as error:
            return self._fail(file, error)
        except Exception as error:
            log.exception("ingest_file_failed", path=file.path)
            return self._fail(file, error)

    def _fail(self, file: CardFile, error: Exception) -> Result:
        self.gate.leave(file.raw)
        for sameness in [each for each, claimant in self.claimed.items() if claimant is file]:
            self._let_go(sameness)
        return sentences.failed(file, error)

    def _let_go(self, sameness: str) -> None:
        """Files of the same content waited for this one; now they are placed anew."""
        self.claimed.pop(sameness, None)
        self._place(self.waiting.pop(sameness, []))

    def _place(self, steps: Iterable[Known | Taken]) -> None:
        """With its digests known: already there, being stored from this very card, or new."""
        named = [(commit.sameness_of(step.file, step.digests, self.batch), step) for step in steps]
        there = commit.recordings_of(self.batch.agency, {sameness for sameness, _ in named}) if named else {}
        for sameness, step in named:
            if sameness in there:
                self._check(there[sameness], step)
            elif sameness in self.claimed:
                self._wait(sameness, step)
            elif isinstance(step, Taken):
                self.gate.arrive(step.file.raw, step)
            else:
                self._send(self._take, step.file)

    def _without_draft(self, step: Known | Taken) -> Known:
        """The file needs no number (for now): its draft goes, and nobody waits for it."""
        self.gate.leave(step.file.raw)
        if isinstance(step, Taken):
            self.pool.submit(step.discard)
        return Known(step.file, step.digests)

    def _wait(self, sameness: str, step: Known | Taken) -> None:
        self.waiting.setdefault(sameness, []).append(self._without_draft(step))

    def _check(self, recording: Recording, step: Known | Taken) -> None:
        file = self._without_draft(step).file
        try:
            stored = Stored.of(recording)
        except LiuhenError as error:
            self.book.keep([self._fail(file, error)])
            return
        self._send(lambda file: copies.check(stored, file, self.intake), file)

    def _claim(self, taken: list[Taken]) -> None:
        """Ids and numbers for those whose turn it is, in the card's order."""
        first: list[tuple[Taken, Wish]] = []
        for one in taken:
            wish = self._wish(one)
            if wish.sameness in self.claimed:
                self._wait(wish.sameness, one)
            else:
                self.claimed[wish.sameness] = one.file
                first.append((one, wish))
        if first:
            for (one, wish), answer in zip(first, self._reserve([wish for _, wish in first]), strict=True):
                self._go_on(one, wish.sameness, answer)

    def _wish(self, taken: Taken) -> Wish:
        file, facts = taken.file, read_name(taken.file.path, self.profiles)
        device, holder, findings = self.owners.of(facts)
        if file.path in self.case_twins:
            text = f"卡上另有只差大小写的同名文件（{file.path}），已分别保存。"
            findings = [*findings, sentences.warning("case_twin", text)]
        sameness = commit.sameness_of(file, taken.digests, self.batch)
        return Wish(sameness, file.path, device, holder, facts, findings)

    def _reserve(self, wishes: list[Wish]) -> list[Answer | DatabaseError]:
        try:
            with transaction.atomic():
                return [*commit.reserve(self.batch, wishes, at=clock.now())]
        except DatabaseError as error:
            if isinstance(error, IntegrityError) and len(wishes) > 1:  # another card was quicker with one
                return [answer for wish in wishes for answer in self._reserve([wish])]
            return [
                commit.being_stored(wish) if isinstance(error, IntegrityError) else error for wish in wishes
            ]

    def _go_on(self, taken: Taken, sameness: str, answer: Answer | DatabaseError) -> None:
        if isinstance(answer, Exception):
            self._without_draft(taken)
            self.book.keep([self._fail(taken.file, answer)])
        elif isinstance(answer, Recording):
            self._check(answer, taken)
            self._let_go(sameness)
        else:
            self._send(lambda _: seal(taken, answer, self.context), taken.file)
