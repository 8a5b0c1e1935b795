"""The door to the analyser: everything that parses foreign bytes happens in limited child processes.

- This process never parses a file; it starts the fork server (server.py), hands it requests, reads answers.
- A big file has a child process of its own; small ones may share one, and each still has its own limits.
- `probe` and `preview` never raise for what a file does: a child that is killed, hangs or runs out of memory
  gives a result with `readable: False` and a finding.
- A server that died is started anew, and the request tried once more.
- When this process is killed, the server sees its standard input close and ends with its children.
- Several jobs may share one analyser: each is lent a view of it, and closing the view ends its own analyses.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from ..errors import LiuhenError
from .asking import Answer, Asks
from .limits import Limits
from .messages import send

__all__ = ["ANALYSER_VERSION", "Analyser", "AnalyserError", "Lent", "Limits"]

ANALYSER_VERSION: str
_SLOT_PATIENCE = 0.25  # seconds


def __getattr__(name: str) -> str:
    """`ANALYSER_VERSION`, worked out when asked for: this process need not load the libraries."""
    if name == "ANALYSER_VERSION":
        from .version import analyser_version

        return analyser_version()
    raise AttributeError(name)


class AnalyserError(LiuhenError):
    """The analyser itself cannot be started: an installation at fault, not a file."""

    code = "analyser"


class _GoneError(Exception):
    """The server died before it could say how the child ended."""


class _ServerProcess:
    """One running fork server and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -P: the folder we stand in may be a card, and must not be searched for modules
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "liuhen.core.media.server"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.control = ours

    def send(self, request: dict[str, Any], answer: socket.socket) -> None:
        send(self.control, request, answer)

    def stop(self) -> None:
        self.control.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Lent(Asks):
    """One borrower's view of an analyser: closing it ends what it asked for, and nobody else's."""

    def __init__(self, owner: Analyser) -> None:
        self.limits = owner.limits
        self._owner = owner
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = False

    def close(self) -> None:
        """The server kills the children whose asker has hung up. Further requests raise AnalyserError."""
        with self._lock:
            self._closed = True
            for one in self._open:
                with contextlib.suppress(OSError):  # answered and closed already
                    one.shutdown(socket.SHUT_RDWR)

    def refuse_closed(self) -> None:
        if self._closed:
            raise _closed()

    @contextlib.contextmanager
    def holding(self, answer: socket.socket) -> Iterator[None]:
        """While this socket waits for its answer, `close()` hangs it up."""
        with self._lock:
            self.refuse_closed()
            self._open.add(answer)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(answer)

    def _ask(self, request: dict[str, Any]) -> Answer:
        return self._owner._ask(request, self)


def _closed() -> AnalyserError:
    return AnalyserError("分析器已关闭，不能再分析文件。", remedy="请重新运行命令。")


class Analyser(Asks):
    """Analyses files in child processes. Thread-safe; at most `workers` analyses run at once, and of these at
    most `previews` (default: all) previews, which take long and nobody waits for.

    Use as a context manager, or call `close()`.
    """

    def __init__(
        self,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        workers: int = 2,
        previews: int | None = None,
    ) -> None:
        self.limits = limits
        self._slots = threading.BoundedSemaphore(workers)
        self._preview_slots = threading.BoundedSemaphore(min(previews or workers, workers))
        self._lock = threading.Lock()
        self._server: _ServerProcess | None = None
        self._closed = False
        self._last_exit = 0

    def lend(self) -> Lent:
        """A view for one borrower."""
        return Lent(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and whatever it is doing. Further requests raise AnalyserError."""
        with self._lock:
            self._closed = True
            server, self._server = self._server, None
        if server is not None:
            server.stop()

    def _ask(self, request: dict[str, Any], borrower: Lent | None = None) -> Answer:
        with contextlib.ExitStack() as turn:
            if "out" in request:  # a preview
                turn.enter_context(_turn_at(self._preview_slots, borrower))
            turn.enter_context(_turn_at(self._slots, borrower))
            for _ in range(2):
                with contextlib.suppress(_GoneError):
                    return self._exchange(request, borrower)
        if self._last_exit > 0:  # it ended of itself, twice: an import failed, a library is missing
            raise AnalyserError(
                "文件分析进程无法工作。", remedy="重新运行 make setup 修复安装。", exit_status=self._last_exit
            )
        return None, {"code": -signal.SIGKILL}

    def _exchange(self, request: dict[str, Any], borrower: Lent | None) -> Answer:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours, theirs, borrower.holding(ours) if borrower else contextlib.nullcontext():
            server = self._running()
            try:
                server.send(request, theirs)
            except OSError as error:
                self._lost(server)
                raise _GoneError from error
            theirs.close()
            lines = _read_all(ours).split(b"\n")
        if borrower:
            borrower.refuse_closed()
        # every line ends with LF, so the last piece is empty; the server's own line is the one before it
        if len(lines) < 2 or lines[-1]:
            self._lost(server)
            raise _GoneError
        ending = json.loads(lines[-2])
        answer = json.loads(lines[0]) if len(lines) == 3 and ending["code"] == 0 else None
        return answer, ending

    def _running(self) -> _ServerProcess:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._server is None:
                try:
                    self._server = _ServerProcess()
                except OSError as error:
                    raise AnalyserError(
                        "无法启动文件分析进程。",
                        remedy="检查系统进程数和内存是否耗尽，然后重试。",
                        cause=error,
                    ) from error
            return self._server

    def _lost(self, server: _ServerProcess) -> None:
        """Forget a server that died, once, however many threads notice."""
        with self._lock:
            if self._server is not server:
                return
            self._server = None
        server.stop()
        self._last_exit = server.process.returncode


@contextlib.contextmanager
def _turn_at(slots: threading.Semaphore, borrower: Lent | None) -> Iterator[None]:
    """Wait for a free slot; a borrower whose view is closed meanwhile waits no longer."""
    while not slots.acquire(timeout=None if borrower is None else _SLOT_PATIENCE):
        if borrower is not None:
            borrower.refuse_closed()
    try:
        yield
    finally:
        slots.release()


def _read_all(source: socket.socket) -> bytes:
    pieces = []
    while piece := source.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)
