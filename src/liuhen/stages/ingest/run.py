"""One card's files through the workers, and their rows into the database, in groups.

A file goes  known size? -> hash only -> already there | copy -> reserve -> seal -> commit.
Only this thread touches the database; a failure is the file's own and never stops the others.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import DatabaseError, transaction

from liuhen.base import clock
from liuhen.base.people.models import Role
from liuhen.base.recordings.models import Recording
from liuhen.core.cards.names import NameFacts, read_name
from liuhen.core.cards.profile import Profile
from liuhen.core.cards.reader import CardFile, CardListing
from liuhen.core.digests import Digests
from liuhen.core.errors import LiuhenError

from . import commit
from .intake import Intake, Taken
from .models import Batch, Item
from .owners import Owners
from .progress import Progress, Result
from .seal import Claim, Context, Sealed, seal

log = structlog.get_logger(__name__)

WORKERS = 6
WINDOW = 24  # files in flight; bounds memory whatever the card holds


@dataclass
class Outcome:
    """The end of an ingest: every file's fate, the receipt where one was due, whether the card is released."""

    agency: str
    batch: str
    results: list[Result]
    receipt: str | None = None
    released: bool = False
    note: str = ""
    paths: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """Hash-only says: this content is (or is not) in the store already."""

    file: CardFile
    digests: Digests


Step = Known | Taken | Sealed | Result


def sameness_of(file: CardFile, digests: Digests, batch: Batch) -> str:
    """Sameness of content; an empty file is the same only as itself (name, time and card)."""
    if digests.size > 0:
        return digests.sha256
    device = batch.device.serial if batch.device else batch.card_label
    told = b"\0".join((device.encode(), file.raw, str(file.mtime_ns).encode()))
    return f"empty:{hashlib.sha256(told).hexdigest()}"


class Run:
    """The files of one batch."""

    def __init__(
        self, batch: Batch, intake: Intake, profiles: list[Profile], copies_needed: int, progress: Progress
    ) -> None:
        self.batch = batch
        self.agency = batch.agency
        self.intake = intake
        self.profiles = profiles
        self.copies_needed = copies_needed
        self.progress = progress
        self.results: list[Result] = []
        self.owners = Owners(batch)
        self.context = _context(batch)
        self.twins: set[str] = set()
        self.pool: ThreadPoolExecutor
        self.todo: deque[tuple[Callable[[CardFile], Step], CardFile]] = deque()
        self.flying: dict[Future[Step], CardFile] = {}
        self.claimed: dict[str, CardFile] = {}  # sameness -> the file of this card being stored
        self.waiting: dict[str, list[CardFile]] = {}

    def everything(self, listing: CardListing) -> None:
        """Every file and every refusal of the card gets a result, in the order they finish."""
        self.twins = {path for group in listing.case_twins for path in group}
        refused = Item.State.REFUSED
        self._report([Result(r.path, r.raw, None, None, refused, r.reason, r.code) for r in listing.refusals])
        sizes = commit.known_sizes(self.agency, {file.size for file in listing.files})
        self.todo.extend((self._look if file.size in sizes else self._take, file) for file in listing.files)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="intake") as pool:
            self.pool = pool
            try:
                self._until_done()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _until_done(self) -> None:
        while self.todo or self.flying:
            while self.todo and len(self.flying) < WINDOW:
                work, file = self.todo.popleft()
                self._send(work, file)
            self._harvest()

    def _send(self, work: Callable[[CardFile], Step], file: CardFile) -> None:
        self.flying[self.pool.submit(work, file)] = file

    def _look(self, file: CardFile) -> Known:
        return Known(file, self.intake.hash_only(file))

    def _take(self, file: CardFile) -> Taken:
        return self.intake.take(file, f"{self.batch.key}-{uuid.uuid4().hex}")

    def _harvest(self) -> None:
        """Everything that has finished goes one step further; rows are written in one group."""
        done, _ = wait(self.flying, return_when=FIRST_COMPLETED)
        steps = [self._outcome_of(future) for future in done]
        self._commit([step for step in steps if isinstance(step, Sealed)])
        for step in steps:
            if isinstance(step, Known):
                self._place(step.file, step.digests, None)
            elif isinstance(step, Taken):
                self._place(step.file, step.digests, step)
        self._report([step for step in steps if isinstance(step, Result)])

    def _outcome_of(self, future: Future[Step]) -> Step:
        file = self.flying.pop(future)
        try:
            return future.result()
        except LiuhenError as error:
            return self._fail(file, error)
        except Exception as error:
            log.exception("ingest_file_failed", path=file.path)
            return self._fail(file, _unexpected(file, error))

    def _fail(self, file: CardFile, error: LiuhenError) -> Result:
        for sameness, claimed in list(self.claimed.items()):
            if claimed is file:
                self._let_twins_go(sameness)
        return _failed(file, error)

    def _let_twins_go(self, sameness: str) -> None:
        """Files of the same content waited for this one; now they may look."""
        self.claimed.pop(sameness, None)
        self.todo.extend((self._look, twin) for twin in self.waiting.pop(sameness, []))

    def _place(self, file: CardFile, digests: Digests, taken: Taken | None) -> None:
        """With its digests known: already there, being stored from this very card, or new."""
        sameness = sameness_of(file, digests, self.batch)
        recording = Recording.objects.filter(agency=self.agency, sameness=sameness).first()
        if taken is not None and (recording is not None or sameness in self.claimed):
            taken.discard()
        if recording is not None:
            there = commit.Stored.of(recording)
            stores, needed = self.intake.stores, self.copies_needed
            self._send(lambda file: commit.check_copies(there, file, stores, needed), file)
        elif sameness in self.claimed:
            self.waiting.setdefault(sameness, []).append(file)
        elif taken is None:
            self._send(self._take, file)
        else:
            self._claim(taken, sameness)

    def _claim(self, taken: Taken, sameness: str) -> None:
        try:
            claim = self._claim_of(taken, sameness, read_name(taken.file.path, self.profiles))
        except (LiuhenError, DatabaseError) as error:
            taken.discard()
            self._report([_failed(taken.file, _unexpected(taken.file, error))])
            return
        self.claimed[sameness] = taken.file
        self._send(lambda _: seal(taken, claim, self.context), taken.file)

    def _claim_of(self, one: Taken, sameness: str, facts: NameFacts) -> Claim:
        device, holder, findings = self.owners.of(facts)
        if one.file.path in self.twins:
            findings = [*findings, _case_twin(one.file)]
        with transaction.atomic():
            return commit.reserve(
                self.batch,
                sameness,
                name=one.file.path,
                device=device,
                holder=holder,
                facts=facts,
                findings=findings,
                at=clock.now(),
            )

    def _commit(self, sealed: list[Sealed]) -> None:
        """Row and ledger entry of each in one transaction, all of the group together; else one by one."""
        if not sealed:
            return
        try:
            with transaction.atomic():
                results = [commit.commit(self.batch, one) for one in sealed]
        except (LiuhenError, DatabaseError):
            results = [self._commit_alone(one) for one in sealed]
        for one in sealed:
            self._let_twins_go(one.record["original"]["sameness"])
        self._report(results, kept=True)

    def _commit_alone(self, one: Sealed) -> Result:
        try:
            with transaction.atomic():
                return commit.commit(self.batch, one)
        except (LiuhenError, DatabaseError) as error:
            log.exception("ingest_commit_failed", path=one.taken.file.path)
            return _failed(one.taken.file, _unexpected(one.taken.file, error))

    def _report(self, results: list[Result], *, kept: bool = False) -> None:
        """Show results, and keep those whose row was not written with the recording's."""
        if results and not kept:
            self._keep(results)
        for result in results:
            self.results.append(result)
            self.progress.done(result)

    def _keep(self, results: list[Result]) -> None:
        try:
            with transaction.atomic():
                for result in results:
                    recording = Recording.objects.filter(number=result.number, agency=self.agency).first()
                    commit.keep_item(self.batch, result, recording if result.number else None)
        except DatabaseError:
            log.exception("ingest_items_not_kept", count=len(results))


def _context(batch: Batch) -> Context:
    reading = batch.reading
    return Context(
        agency={"code": batch.agency.code, "name": batch.agency.name},
        by={"account": batch.by.username, "name": batch.by.name, "role": Role.CUSTODIAN.label},
        batch=batch.key,
        card={"label": batch.card_label},
        clock={
            "measured": reading is not None,
            "shown": clock.stamp(reading.shown_at) if reading else None,
            "server": clock.stamp(reading.server_at) if reading else None,
            "offset_seconds": reading.offset_seconds if reading else None,
        },
    )


def _case_twin(file: CardFile) -> dict[str, Any]:
    return {
        "code": "case_twin",
        "severity": "SHOULD",
        "text": f"卡上另有只差大小写的同名文件（{file.path}），已分别保存。",
        "params": {},
    }


_REFUSED_CODES = frozenset({"does_not_fit"})


def _failed(file: CardFile, error: LiuhenError) -> Result:
    state = Item.State.REFUSED if error.code in _REFUSED_CODES else Item.State.FAILED
    return Result(file.path, file.raw, file.size, file.mtime_ns, state, str(error), error.code)


def _unexpected(file: CardFile, error: Exception) -> LiuhenError:
    if isinstance(error, LiuhenError):
        return error
    if isinstance(error, DatabaseError):
        return LiuhenError(
            f"{file.path} 的字节已保存，但登记未完成（数据库：{error}）。",
            remedy="请检查磁盘空间后再次采集这张卡，未完成的登记会自动补上。",
            code="database",
        )
    return LiuhenError(
        f"{file.path} 处理时出现意外错误（{type(error).__name__}）。",
        remedy="请再次采集这张卡；仍不行时，把运行日志交给维护人员。卡上文件保持原样。",
        code="unexpected",
    )
