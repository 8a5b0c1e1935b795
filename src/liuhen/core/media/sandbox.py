"""The door to the analyser: everything that parses foreign bytes happens in limited child processes.

- This process never parses a file; it starts the fork server (server.py), hands it requests, reads answers.
- A big file has a child process of its own; small ones may share one, and each still has its own limits.
- `probe` and `preview` never raise for what a file does: a child that is killed, hangs or runs out of memory
  gives a result with `readable: False` and a finding.
- A server that died is started anew, and the request tried once more.
- When this process is killed, the server sees its standard input close and ends with its children.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from liuhen.core.reasons import why

from ..errors import LiuhenError, StorageError
from .child import EXIT_MEMORY
from .contract import Probe, add, blank, blank_preview, drop_drafts
from .limits import Limits
from .messages import send

__all__ = ["ANALYSER_VERSION", "Analyser", "AnalyserError", "Limits", "shared_analyser"]

ANALYSER_VERSION: str
SMALL = 16 << 20  # bytes; such files may share a child process, one after the other


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


class Analyser:
    """Analyses files in child processes. Thread-safe; at most `workers` analyses run at once.

    Use as a context manager, or call `close()`.
    """

    def __init__(self, *, limits: Limits = Limits(), workers: int = 2) -> None:  # noqa: B008 - frozen
        self.limits = limits
        self._slots = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._server: _ServerProcess | None = None
        self._closed = False
        self._last_exit = 0

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

    def probe(self, path: Path, *, name: str | None = None, hold: LentAnalyser | None = None) -> Probe:
        """What a file says of itself, in the shape of contract.blank().

        `name` is what the card called the file, when `path` does not say. Raises AnalyserError only.
        """
        size, trouble = _size(path)
        bounds = self.limits.for_file(size or 0)
        request: dict[str, Any] = {"job": "probe", "path": os.fspath(path), "name": name or path.name}
        request |= {"bounds": bounds, "small": (size or 0) <= SMALL}
        answer, ending = self._ask(request, hold) if trouble is None else ({"error": trouble}, {})
        if answer is not None and "error" not in answer:
            return answer
        result = blank(os.fspath(path), size, str(ending.get("analyser", "")))
        _explain(result, answer, ending, bounds)
        return result

    def preview(self, path: Path, out: Path) -> dict[str, Any]:
        """Thumbnails, strip, peaks and, where browsers need one, a viewing copy, as files in folder `out`.

        Returns what was made (shape: contract.blank_preview()), with findings for what was not.
        Raises StorageError when the folder cannot be made, else AnalyserError only.
        """
        size, trouble = _size(path)
        bounds = self.limits.for_file(size or 0, preview=True)
        request = {"job": "preview", "path": os.fspath(path), "out": os.fspath(out), "bounds": bounds}
        if trouble is None:
            _make_folder(out)
        answer, ending = self._ask(request) if trouble is None else ({"error": trouble}, {})
        if answer is not None and "error" not in answer:
            return answer
        drop_drafts(out)
        result = blank_preview(str(ending.get("analyser", "")))
        _explain(result, answer, ending, bounds)
        return result

    def _ask(
        self, request: dict[str, Any], hold: LentAnalyser | None = None
    ) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        """The child's answer, if it gave one, and how it ended."""
        with self._slots:
            for _ in range(2):
                with contextlib.suppress(_GoneError):
                    return self._exchange(request, hold)
        if self._last_exit > 0:  # it ended of itself, twice: an import failed, a library is missing
            raise AnalyserError(
                "文件分析进程无法工作。", remedy="重新运行 make setup 修复安装。", exit_status=self._last_exit
            )
        return None, {"code": -signal.SIGKILL}

    def _exchange(
        self, request: dict[str, Any], hold: LentAnalyser | None
    ) -> tuple[dict[str, Any] | None, dict[str, Any]]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours, theirs, hold.asking(ours) if hold else contextlib.nullcontext():
            with theirs:  # closed before the answer is read, or its end would never come
                server = self._running()
                try:
                    server.send(request, theirs)
                except OSError as error:
                    self._lost(server)
                    raise _GoneError from error
            lines = _read_all(ours).split(b"\n")
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


class LentAnalyser:
    """One user's hold on an analyser that others use too: closing it ends this user's questions alone.

    What a child is doing for them at that moment it does to its end, within its limits; nobody hears of it.
    """

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser
        self._lock = threading.Lock()
        self._asked: set[socket.socket] = set()
        self._closed = False

    def probe(self, path: Path, *, name: str | None = None) -> Probe:
        """As Analyser.probe."""
        return self._analyser.probe(path, name=name, hold=self)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for answer in self._asked:
                answer.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def asking(self, answer: socket.socket) -> Iterator[None]:
        """Around one question; raises AnalyserError where the answer is not wanted any more."""
        with self._lock:
            self._asked.add(answer)
        try:
            if self._closed:
                raise _closed()
            yield
            if self._closed:
                raise _closed()
        finally:
            with self._lock:
                self._asked.discard(answer)


def _closed() -> AnalyserError:
    return AnalyserError("分析器已关闭，不能再分析文件。", remedy="请重新运行命令。")


class _Shared:
    """The analyser of this process and how many use it now."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.analyser: Analyser | None = None
        self.users = 0


_shared = _Shared()


@contextlib.contextmanager
def shared_analyser() -> Iterator[LentAnalyser]:
    """A hold on the one analyser of this process: twenty cards at a dock start one fork server, not twenty.

    The analyser ends with its last user.
    """
    with _shared.lock:
        analyser = _shared.analyser = _shared.analyser or Analyser()
        _shared.users += 1
    lent = LentAnalyser(analyser)
    try:
        yield lent
    finally:
        lent.close()
        with _shared.lock:
            _shared.users -= 1
            last = _shared.users == 0
            if last:
                _shared.analyser = None
        if last:
            analyser.close()


def _read_all(source: socket.socket) -> bytes:
    pieces = []
    while piece := source.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


def _size(path: Path) -> tuple[int | None, str | None]:
    try:
        return path.stat().st_size, None
    except (OSError, ValueError) as error:
        return None, str(getattr(error, "strerror", None) or error)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"无法建立预览文件夹 {out}（{why(error)}）。",
            remedy="检查该位置的权限和剩余空间，然后重试；原始文件不受影响。",
            cause=error,
        ) from error


def _explain(
    result: dict[str, Any], answer: dict[str, Any] | None, ending: dict[str, Any], bounds: dict[str, Any]
) -> None:
    """The finding for an analysis that gave no result."""
    code = int(ending.get("code", 0))
    if answer is not None:
        add(result, "unreadable", reason=answer["error"])
    elif ending.get("timed_out"):
        add(result, "analyser_timeout", limit=f"{bounds['wall']} 秒")
    elif code == -signal.SIGXCPU:
        add(result, "analyser_timeout", limit=f"处理器 {bounds['cpu']} 秒")
    elif code == EXIT_MEMORY:
        add(result, "analyser_memory")
    else:
        add(result, "analyser_killed", signal=-code if code < 0 else code)
