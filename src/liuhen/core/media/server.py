"""The fork server: preloads the libraries, then forks one limited child for each request.

- Started by sandbox.py as `python -m liuhen.core.media.server`; its standard input is one end of a
  SOCK_SEQPACKET pair. A request is one message of JSON and one descriptor, the socket for the answer.
- The child writes its answer (one line of JSON) to that socket; after it is gone the server adds a second
  line: how it ended. A child that crashed, hung or ran out leaves only the second line.
- One process, no threads: forking is safe. When standard input closes, the parent is gone: children are
  killed and the server ends. When the server dies, the kernel kills its children (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import gc
import json
import os
import selectors
import signal
import socket
import stat
import tempfile
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from . import limits

TESTING = "LIUHEN_ANALYSER_TESTING"  # only with this set does the server answer the requests of its own tests
EXIT_MEMORY = 77
_MAX_REQUEST = 64 << 10
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


@dataclass
class _Child:
    pid: int
    alive: int  # read end of a pipe whose write end the child alone holds: it closes when the child is gone
    answer: socket.socket
    deadline: float
    timed_out: bool = False


# ---------------------------------------------------------------------------------------- in the child


def _open_regular(path: str) -> int:
    """A descriptor of a regular file; never waits on a FIFO. Raises OSError, ValueError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise ValueError("不是普通文件")
    return fd


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from . import preview, probe

    job = request["job"]
    if job not in ("probe", "preview"):
        return _answer_test(request)
    with os.fdopen(_open_regular(request["path"]), "rb") as source:
        if job == "probe":
            return probe.probe_source(source, request["name"], request["path"])
        return preview.preview_source(source, request["out"])


def _answer_test(request: dict[str, Any]) -> dict[str, Any]:
    """Misbehave on request, so that the tests can see each end a child may come to."""
    if os.environ.get(TESTING) != "1":
        raise ValueError(f"unknown job {request['job']}")
    if request["job"] == "test-allocate":
        return {"bytes": len(b"x" * (limits.Limits().preview_memory_bytes * 2))}
    if request["job"] == "test-crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if request["job"] == "test-spin":
        while True:
            pass
    if request["job"] == "test-sleep":
        time.sleep(float(request["seconds"]))
    if request["job"] == "test-write":
        Path(request["target"]).write_bytes(b"x")
    return {"pid": os.getpid(), "server": os.getppid()}


def _run_child(request: dict[str, Any], answer: socket.socket, server: int) -> NoReturn:
    code = 1
    try:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:  # the server died before the line above
            os._exit(1)
        limits.apply(request["bounds"])
        try:
            result = _answer(request)
        except (OSError, ValueError) as error:
            if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
                raise MemoryError from error
            result = {"error": str(getattr(error, "strerror", None) or error)}
        answer.sendall(json.dumps(result).encode("ascii") + b"\n")
        code = 0
    except MemoryError:
        code = EXIT_MEMORY
    except BaseException as error:  # the last line of defence: name it for the engineer
        with contextlib.suppress(Exception):
            answer.sendall(
                json.dumps({"error": f"{type(error).__name__}: {error}"[:300]}).encode("ascii") + b"\n"
            )
            code = 0
    finally:
        os._exit(code)


# ---------------------------------------------------------------------------------------- in the server


class _Server:
    def __init__(self, control: socket.socket, analyser: str) -> None:
        self.control, self.analyser = control, analyser
        self.children: dict[int, _Child] = {}
        self.waiting = selectors.DefaultSelector()
        self.waiting.register(control, selectors.EVENT_READ)

    def serve(self) -> None:
        while True:
            for key, _ in self.waiting.select(self._patience()):
                if key.fd == self.control.fileno():
                    if not self._take():
                        return
                else:
                    self._bury(self.children.pop(key.fd))
            self._overdue()

    def _patience(self) -> float | None:
        if not self.children:
            return None
        return max(0.0, min(child.deadline for child in self.children.values()) - time.monotonic())

    def _take(self) -> bool:
        """Start a child for the next request. False when the parent is gone."""
        message, ancillary, _, _ = self.control.recvmsg(
            _MAX_REQUEST, socket.CMSG_LEN(4), socket.MSG_CMSG_CLOEXEC
        )
        if not message:
            return False
        fds = array.array("i")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
        if fds:
            self._start(json.loads(message), socket.socket(fileno=fds[0]))
        return True

    def _start(self, request: dict[str, Any], answer: socket.socket) -> None:
        alive, held = os.pipe2(os.O_CLOEXEC)
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            for fd in (alive, self.control.fileno(), *self.children):
                os.close(fd)
            for child in self.children.values():
                child.answer.close()
            _run_child(request, answer, server)
        os.close(held)
        deadline = time.monotonic() + float(request["bounds"]["wall"])
        self.children[alive] = _Child(pid, alive, answer, deadline)
        self.waiting.register(alive, selectors.EVENT_READ)

    def _bury(self, child: _Child) -> None:
        """Reap a child that is gone and tell the asker how it ended."""
        self.waiting.unregister(child.alive)
        os.close(child.alive)
        _, status, usage = os.wait4(child.pid, 0)
        ending = {
            "code": os.waitstatus_to_exitcode(status),
            "timed_out": child.timed_out,
            "peak_kib": usage.ru_maxrss,
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
            "analyser": self.analyser,
        }
        child.answer.settimeout(5)
        with contextlib.suppress(OSError):  # the asker may have given up
            child.answer.sendall(json.dumps(ending).encode("ascii") + b"\n")
        child.answer.close()

    def _overdue(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            if now >= child.deadline and not child.timed_out:
                child.timed_out = True
                child.deadline = now + 3600
                os.kill(child.pid, signal.SIGKILL)

    def end(self) -> None:
        for child in self.children.values():
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)


def _preload() -> str:
    """Import what the children need, once, and return the analyser's version."""
    import av.logging

    from . import preview, probe, version

    av.logging.set_level(None)
    del preview
    _warm_up(probe)
    gc.collect()
    gc.freeze()  # or the child's first collection would copy every page
    return version.analyser_version()


def _warm_up(probe: Any) -> None:
    """Probe a photo and a sound of our own making.

    The libraries import, compile and register on first use; done here it is done once, not in every child.
    """
    from PIL import Image

    exif = Image.Exif()
    exif[306] = "2026:01:01 00:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    with tempfile.TemporaryFile() as photo, tempfile.TemporaryFile() as sound:
        Image.new("RGB", (16, 16)).save(photo, "JPEG", exif=exif)
        with wave.open(sound, "wb") as out:
            out.setparams((1, 2, 8000, 0, "NONE", ""))
            out.writeframes(bytes(1600))
        for source in (photo, sound):
            source.seek(0)
            json.dumps(probe.probe_source(source, "warm-up", ""))


def main() -> None:
    """Serve until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    server = _Server(control, _preload())
    try:
        server.serve()
    finally:
        server.end()


if __name__ == "__main__":
    main()
