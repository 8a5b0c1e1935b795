"""A few processes kept running together, and ended together.

- Each child has a session of its own, so that Ctrl-C reaches only us; we then tell every child to end.
- A child that dies is started again, after a pause that grows; one that dies too often ends all of them. What
  it had started itself and left behind is ended first.
- A child outlives us in no case: the kernel tells it to end when we are killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 0.2
_OFTEN, _WITHIN = 5, 120.0  # deaths within so many seconds are too many
GRACE_SECONDS = 20.0


@dataclass
class Child:
    """Its name for the person, and its command."""

    name: str
    command: Sequence[str]
    deaths: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    again_at: float = 0.0


class Children:
    """`Children([...], say=…).run()`: status 0 when told to end, 1 when a child would not stay."""

    def __init__(self, children: list[Child], *, say: Callable[[str], None], env: dict[str, str]) -> None:
        self._children = children
        self._say = say
        self._env = env
        self._ending = False
        self._failed = False

    def stop(self, *_: object) -> None:
        """End soon; a signal handler."""
        self._ending = True

    def run(self, *, ready: Callable[[], None] = lambda: None) -> int:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)
        try:
            for child in self._children:
                self._start(child)
            ready()
            while not self._ending:
                self._look()
                time.sleep(_LOOK_SECONDS)
        finally:
            self._end_all()
        return 1 if self._failed else 0

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            child.command,
            env=self._env,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent(os.getpid()),
        )

    def _look(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.again_at:
                    self._start(child)
            elif (status := child.process.poll()) is not None:
                _kill_session(child.process.pid)
                self._died(child, status, now)

    def _died(self, child: Child, status: int, now: float) -> None:
        child.process = None
        child.deaths = [*(at for at in child.deaths if now - at < _WITHIN), now]
        if len(child.deaths) >= _OFTEN:
            self._say(f"{child.name}反复退出（状态 {status}），已全部停止。")
            self._failed = self._ending = True
            return
        pause = 2.0 ** (len(child.deaths) - 1) / 2
        child.again_at = now + pause
        self._say(f"{child.name}意外退出（状态 {status}），{pause:g} 秒后重新启动。")

    def _end_all(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, until - time.monotonic()))
            _kill_session(process.pid)
            process.wait()


def _kill_session(pid: int) -> None:
    """Whatever is left of the group that this child led; its own end does not end what it had started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end_with_parent(parent: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def set_up() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return set_up
