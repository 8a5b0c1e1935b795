"""What a running job holds in its hands: its arguments, its progress, and the question whether to stop.

- Nothing here touches the database: the worker's heartbeat writes the progress, a few times a second at most,
  and brings back whether somebody asked to stop. So it may be used from any thread of the job.
- Stopping is cooperative: `check()` raises where the job can stop without harm.
- What is lent (the analyser) ends with the job and stays with the worker.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from liuhen.core.errors import LiuhenError
from liuhen.core.media.sandbox import Analyser, Lent

from .models import Job

TROUBLES = 50  # kept in the row; the count goes on
_WINDOW = 10.0  # seconds over which the rate is taken
_TOO_EARLY = 2.0  # seconds before a rate says anything
_STEP = 0.25


class JobStoppedError(LiuhenError):
    """Somebody asked the job to stop, or its worker is to end."""

    code = "stopped"


class Work:
    """One attempt of one job, between the kind's `run` and the worker's heartbeat."""

    def __init__(
        self, job: Job, analyser: Analyser, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.job = job
        self.args: dict[str, Any] = dict(job.args)
        self.cancelled = False  # by a person
        self.lost = False  # the lease ran out and another worker may have it
        self._analyser = analyser
        self._lent: list[Lent] = []
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._began = monotonic()
        self._readings: deque[tuple[float, int]] = deque([(self._began, 0)])
        self._files = self._bytes = 0
        self._files_total: int | None = None
        self._bytes_total: int | None = None
        self._saying = ""
        self._troubles: list[dict[str, Any]] = []
        self._troubles_count = 0
        self._dirty = True

    # -- for the job

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def check(self) -> None:
        """Raises JobStoppedError when the job is to stop here."""
        if self._stopping.is_set():
            raise JobStoppedError("任务已停止。", remedy="需要时请再次发起，会从停下的地方继续。")

    def analyser(self) -> Lent:
        """The worker's analyser; what this job has running in it ends when the job is stopped."""
        with self._lock:
            lent = self._analyser.lend()
            self._lent.append(lent)
        if self.stopping:
            lent.close()
        return lent

    @property
    def files(self) -> int:
        """Files done so far."""
        return self._files

    @property
    def bytes(self) -> int:
        """Bytes done so far."""
        return self._bytes

    def total(self, *, files: int | None = None, size: int | None = None) -> None:
        """How much there is to do, as soon as it is known."""
        with self._lock:
            self._files_total, self._bytes_total, self._dirty = files, size, True

    def add(self, *, files: int = 0, size: int = 0) -> None:
        """This much more is done; `size` may be negative to take back what was counted too early."""
        with self._lock:
            self._files += files
            self._bytes += size
            self._dirty = True

    def say(self, sentence: str) -> None:
        with self._lock:
            self._saying, self._dirty = sentence, True

    def trouble(self, what: dict[str, Any]) -> None:
        """One thing that went wrong and did not stop the job."""
        with self._lock:
            if len(self._troubles) < TROUBLES:
                self._troubles.append(what)
            self._troubles_count += 1
            self._dirty = True

    # -- for the worker

    def stop(self, *, cancelled: bool = False, lost: bool = False) -> None:
        self.cancelled |= cancelled
        self.lost |= lost
        self._stopping.set()
        with self._lock:
            lent = list(self._lent)
        for one in lent:
            one.close()

    def take_back(self) -> None:
        """The job is over: nothing that was lent goes on."""
        with self._lock:
            lent, self._lent = self._lent, []
        for one in lent:
            one.close()

    def news(self) -> dict[str, Any] | None:
        """The columns of the row as they should be now; None when nothing has changed since the last time."""
        with self._lock:
            rate, left = self._pace()
            if not self._dirty:
                return None
            self._dirty = False
            return {
                "files_done": self._files,
                "files_total": self._files_total,
                "bytes_done": self._bytes,
                "bytes_total": self._bytes_total,
                "rate": rate,
                "seconds_left": left,
                "saying": self._saying,
                "troubles": list(self._troubles),
                "troubles_count": self._troubles_count,
            }

    def _pace(self) -> tuple[float | None, int | None]:
        """Bytes a second over the last seconds, and how long the rest will take at that rate."""
        now = self._monotonic()
        if now - self._readings[-1][0] >= _STEP:
            self._readings.append((now, self._bytes))
            while len(self._readings) > 2 and now - self._readings[1][0] > _WINDOW:
                self._readings.popleft()
        began, before = self._readings[0]
        if now - self._began < _TOO_EARLY or now <= began or self._bytes <= before:
            return None, None
        rate = (self._bytes - before) / (now - began)
        rest = None if self._bytes_total is None else max(0, self._bytes_total - self._bytes)
        return rate, None if rest is None else round(rest / rate)
