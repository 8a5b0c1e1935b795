"""One limited child of the fork server: binds itself, looks at a file, answers, ends.

- The limits are set before each file is opened; the kernel kills the child when the server dies.
- After a small file it waits for the next small one, up to FILES of them; after any other it ends.
- Only regular files are opened; a FIFO or device in a file's place is refused without waiting.
- The answer is one line of JSON; {"error": …} when the file could not be looked at. Running out of memory has
  its own exit status, for there may be none left to say it with.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import signal
import socket
import stat
import time
from pathlib import Path
from typing import Any, NoReturn

from . import limits
from .messages import receive

TESTING = "LIUHEN_ANALYSER_TESTING"  # only with this set are the requests of the tests answered
EXIT_MEMORY = 77
FILES = 64  # small files a child looks at before another takes its place
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_looked_at: list[str] = []  # by this child, so far


def _open_regular(path: str) -> int:
    """A descriptor of a regular file; never waits on a FIFO. Raises OSError, ValueError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise ValueError("不是普通文件")
    return fd


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from . import preview, probe, still

    job = request["job"]
    if job not in ("probe", "preview", "still"):
        return _answer_test(request)
    with os.fdopen(_open_regular(request["path"]), "rb") as source:
        if job == "probe":
            return probe.probe_source(source, request["name"], request["path"])
        if job == "still":
            return still.still_source(source, request["folder"], request["seconds"])
        return preview.preview_source(source, request["out"])


def _answer_test(request: dict[str, Any]) -> dict[str, Any]:
    """Misbehave on request, so that the tests can see each end a child may come to."""
    if os.environ.get(TESTING) != "1":
        raise ValueError(f"unknown job {request['job']}")
    if request["job"] == "test-allocate":
        return {"bytes": len(b"x" * (limits.Limits().preview_memory_bytes * 2))}
    if request["job"] == "test-crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if request["job"] == "test-crash-if-used" and _looked_at:
        os.kill(os.getpid(), signal.SIGSEGV)
    if request["job"] == "test-spin":
        while True:
            pass
    if request["job"] == "test-sleep":
        time.sleep(float(request["seconds"]))
    if request["job"] == "test-write":
        Path(request["target"]).write_bytes(b"x")
    return {"pid": os.getpid(), "server": os.getppid()}


def run_child(request: dict[str, Any], answer: socket.socket, link: socket.socket, server: int) -> NoReturn:
    """Do what the request asks, answer, tell the server by `link`; never returns into the server's own code."""
    code = 1
    try:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != server:  # the server died before the line above
            os._exit(1)
        _look(request, answer)
        for _ in range(FILES - 1):
            if not request.get("small"):
                break
            answer.close()
            link.send(b"done")
            message, fds = receive(link)
            if not message:
                break
            request, answer = json.loads(message), socket.socket(fileno=fds[0])
            _look(request, answer)
        code = 0
    except MemoryError:
        code = EXIT_MEMORY
    except BaseException as error:  # the last line of defence: name it for the engineer
        with contextlib.suppress(Exception):
            _send(answer, {"error": f"{type(error).__name__}: {error}"[:300]})
            code = 0
    finally:
        os._exit(code)


def _look(request: dict[str, Any], answer: socket.socket) -> None:
    limits.apply(request["bounds"])
    try:
        result = _answer(request)
    except (OSError, ValueError) as error:
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            raise MemoryError from error
        result = {"error": str(getattr(error, "strerror", None) or error)}
    _send(answer, result)
    _looked_at.append(str(request["job"]))


def _send(answer: socket.socket, result: dict[str, Any]) -> None:
    answer.sendall(json.dumps(result).encode("ascii") + b"\n")
