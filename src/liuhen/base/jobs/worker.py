"""The worker: a few threads that run jobs, and a heartbeat that speaks for all of them.

- One process lock a worker; the kernel lets go of it however the process ends.
- One thread takes only what a person waits for, so that previews and verifications never hold up a card.
- The heartbeat alone writes progress, renews leases, brings cancellations, reaps and sweeps.
- Told to end, it stops its jobs where they can stop and gives back what is unfinished.
- A database that fails for a while stops no worker: it is logged, and tried again.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog
from django.db import DatabaseError, connection

from liuhen.base import clock, home, site
from liuhen.core.errors import LiuhenError, RefusedError
from liuhen.core.media.sandbox import Analyser

from . import leases
from .kinds import Kind, hourly_chores, kind_named
from .models import Job
from .services import refuse_strangers
from .work import JobStoppedError, Work

BEAT = 0.25  # seconds between two looks at progress and cancellations
PATIENCE = 0.5  # seconds an idle thread waits before it asks again
RENEW_EVERY = 8.0
REAP_EVERY = 3.0
SWEEP_EVERY = 3600.0
FEWEST = 2  # one of them for what a person waits for
_TRIES = 4

log = structlog.get_logger(__name__)


class Worker:
    """`Worker().run()` until `stop()`; `run(once=True)` until nothing is due."""

    def __init__(
        self,
        *,
        threads: int = 3,
        analyser: Analyser | None = None,
        now: Callable[[], datetime] = clock.now,
        patience: float = PATIENCE,
    ) -> None:
        self.owner = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self.threads = max(FEWEST, threads)
        self.analyser = analyser or Analyser(workers=self.threads, previews=max(1, (os.cpu_count() or 2) - 1))
        self._now = now
        self._patience = patience
        self._ending = threading.Event()
        self._once = False
        self._lock = threading.Lock()
        self._works: dict[threading.Thread, Work] = {}
        self._last: dict[str, float] = {}

    def stop(self) -> None:
        """End soon; may be called from a signal handler."""
        self._ending.set()

    def run(self, *, once: bool = False) -> None:
        """Run jobs. Raises what keeps the home from being used; a failing job raises nothing here."""
        self._once = once
        lock = home.try_lock(leases.lock_name(self.owner))
        if lock is None:
            raise RuntimeError("a fresh worker's name cannot be locked")
        self._calmly("reap", lambda: leases.reap(at=self._now(), own=self.owner))
        lanes = [
            threading.Thread(target=self._lane, args=(number == 0,), name=f"jobs-{number}")
            for number in range(self.threads)
        ]
        try:
            for lane in lanes:
                lane.start()
            while any(lane.is_alive() for lane in lanes):
                self._beat()
                self._ending.wait(BEAT) if not self._ending.is_set() else time.sleep(BEAT / 5)
        finally:
            self._ending.set()
            for lane in lanes:
                lane.join()
            self.analyser.close()
            connection.close()
            home.release_own(leases.lock_name(self.owner), lock)

    # -- the heartbeat

    def _beat(self) -> None:
        if self._ending.is_set():
            for work in self._held():
                work.stop()
        self._calmly("progress", self._write_progress)
        self._calmly("tidings", self._bring_tidings)
        self._every(RENEW_EVERY, "renew", lambda: leases.renew([w.job for w in self._held()], at=self._now()))
        self._every(REAP_EVERY, "reap", lambda: leases.reap(at=self._now(), own=self.owner))
        self._every(SWEEP_EVERY, "sweep", self._sweep)

    def _held(self) -> list[Work]:
        with self._lock:
            return list(self._works.values())

    def _write_progress(self) -> None:
        for work in self._held():
            news = work.news()
            if news is not None:
                leases.write(work.job, news)

    def _bring_tidings(self) -> None:
        """Has somebody asked one of the held jobs to stop, or has another worker taken it over?"""
        works = {work.job.pk: work for work in self._held() if not work.stopping}
        if not works:
            return
        rows = Job.objects.filter(pk__in=list(works)).values_list(
            "pk", "owner", "attempts", "cancel_asked_at"
        )
        found = {pk: (owner, attempts, asked) for pk, owner, attempts, asked in rows}
        for pk, work in works.items():
            owner, attempts, asked = found.get(pk, ("", 0, None))
            if (owner, attempts) != (self.owner, work.job.attempts):
                work.stop(lost=True)  # or it has just ended here, which this does not touch
            elif asked is not None:
                work.stop(cancelled=True)

    def _sweep(self) -> None:
        count = leases.sweep(at=self._now(), days=site.load().keep_jobs_days)
        if count:
            log.info("jobs_swept", count=count)
        for chore in hourly_chores():
            self._calmly(chore.__module__, partial(chore, self._now()))

    def _every(self, seconds: float, name: str, do: Callable[[], object]) -> None:
        now = time.monotonic()
        if now - self._last.get(name, float("-inf")) >= seconds:
            self._last[name] = now
            self._calmly(name, do)

    def _calmly(self, what: str, do: Callable[[], object]) -> None:
        try:
            do()
        except (DatabaseError, OSError, LiuhenError):
            log.exception("worker_hindered", what=what)
            connection.close()

    # -- the lanes

    def _lane(self, urgent_only: bool) -> None:
        """Take and run, until the worker ends or (once) nothing is due."""
        try:
            while not self._ending.is_set():
                job = self._next(urgent_only)
                if job is not None:
                    self._do(job)
                elif self._once and self._idle():
                    return
                else:
                    self._ending.wait(self._patience)
        except BaseException:
            log.exception("worker_thread_failed")
            self._ending.set()
            raise
        finally:
            connection.close()

    def _next(self, urgent_only: bool) -> Job | None:
        try:
            return leases.take(self.owner, at=self._now(), urgent_only=urgent_only)
        except DatabaseError:
            log.exception("worker_hindered", what="take")
            connection.close()
            return None

    def _idle(self) -> bool:
        try:
            return not leases.anything(self.owner, at=self._now())
        except DatabaseError:
            log.exception("worker_hindered", what="idle")
            connection.close()
            return False

    def _do(self, job: Job) -> None:
        work = Work(job, self.analyser)
        with self._lock:
            self._works[threading.current_thread()] = work
        log.info("job_begun", job=str(job.pk), kind=job.kind, attempt=job.attempts)
        try:
            self._settle(work, *self._attempt(work))
        finally:
            with self._lock:
                del self._works[threading.current_thread()]

    def _attempt(self, work: Work) -> tuple[dict[str, object] | None, BaseException | None]:
        """The result, or what went wrong."""
        try:
            kind = kind_named(work.job.kind)
            refuse_strangers(kind, work.job, self._now())
            return kind.run(work), None
        except Exception as error:
            return None, error
        finally:
            work.take_back()

    def _settle(self, work: Work, result: dict[str, object] | None, error: BaseException | None) -> None:
        """Write how it ended; a database that fails now is given a little time, after that the lease runs out."""
        for left in reversed(range(_TRIES)):
            try:
                self._end(work, result, error)
                return
            except DatabaseError:
                log.exception("job_not_settled", job=str(work.job.pk), tries_left=left)
                connection.close()
                time.sleep(self._patience)

    def _end(self, work: Work, result: dict[str, object] | None, error: BaseException | None) -> None:
        job, at, last = work.job, self._now(), work.news() or {}
        last.pop("rate", None), last.pop("seconds_left", None)
        if work.lost:
            log.warning("job_lost", job=str(job.pk), kind=job.kind)
        elif error is None:
            said = str((result or {}).get("sentence", "") or last.get("saying", ""))
            leases.end(job, Job.State.DONE, at=at, sentence=said, result=result, **last)
        elif work.cancelled:
            log.info("job_cancelled", job=str(job.pk))
            leases.end(job, Job.State.CANCELLED, at=at, sentence=_cancelled(error), **last)
        elif work.stopping and isinstance(error, LiuhenError):
            log.info("job_put_down", job=str(job.pk))
            leases.give_back(job, at=at, **last)
        else:
            self._failed(kind_named(job.kind), job, error, at, last)

    def _failed(
        self, kind: Kind, job: Job, error: BaseException, at: datetime, last: dict[str, object]
    ) -> None:
        log.error("job_failed", job=str(job.pk), kind=job.kind, attempt=job.attempts, exc_info=error)
        passing = not isinstance(error, LiuhenError) or isinstance(error, kind.passing)
        told = in_our_words(kind, error)
        if passing and leases.try_again(job, at=at, sentence=str(told), code=told.code, **last):
            return
        leases.end(job, Job.State.FAILED, at=at, sentence=str(told), code=told.code, **last)


def _cancelled(error: BaseException) -> str:
    said = (
        error.message
        if isinstance(error, LiuhenError) and not isinstance(error, JobStoppedError)
        else "已取消。"
    )
    return f"{said}已完成的部分不受影响。"


def in_our_words(kind: Kind, error: BaseException) -> LiuhenError:
    """The sentence for the person; what it was in the machine's words stands in the log."""
    if isinstance(error, LiuhenError):
        return error
    if isinstance(error, DatabaseError):
        return RefusedError(
            f"{kind.label}没有做完：数据库写不进去。",
            remedy="请检查磁盘空间；已完成的部分不受影响，可以再次发起。",
            code="database",
        )
    return RefusedError(
        f"{kind.label}没有做完：出现意外错误（{type(error).__name__}）。",
        remedy="已完成的部分不受影响，可以再次发起；仍不行时把 LIUHEN_HOME/logs/liuhen.log 交给维护人员。",
        code="unexpected",
    )
