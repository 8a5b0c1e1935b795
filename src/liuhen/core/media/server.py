"""The fork server: preloads the libraries, then forks one limited child for each request.

- Started by sandbox.py as `python -m liuhen.core.media.server`; its standard input is one end of a
  SOCK_SEQPACKET pair. A request is one message of JSON and one descriptor, the socket for the answer.
- The child writes its answer (one line of JSON) to that socket; after it is gone the server adds a second
  line: how it ended. A child that crashed, hung or ran out leaves only the second line.
- An asker that hangs up wants no answer any more: its child is killed.
- One process, no threads: forking is safe. When standard input closes, the parent is gone: children are
  killed and the server ends. When the server dies, the kernel kills its children (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import tempfile
import time
import wave
from dataclasses import dataclass
from typing import Any

from .child import run_child

_MAX_REQUEST = 64 << 10


@dataclass
class _Child:
    pid: int
    alive: int  # read end of a pipe whose write end the child alone holds: it closes when the child is gone
    answer: socket.socket
    deadline: float
    timed_out: bool = False
    hung_up: bool = False


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
                elif key.data is not None:
                    self._hung_up(key.data)
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
            run_child(request, answer, server)
        os.close(held)
        deadline = time.monotonic() + float(request["bounds"]["wall"])
        self.children[alive] = _Child(pid, alive, answer, deadline)
        self.waiting.register(alive, selectors.EVENT_READ)
        self.waiting.register(answer, selectors.EVENT_READ, self.children[alive])  # askers never write

    def _hung_up(self, child: _Child) -> None:
        """The asker closed its end. The child may have been buried in this very round."""
        if self.children.get(child.alive) is not child:
            return
        self.waiting.unregister(child.answer)
        child.hung_up = True
        os.kill(child.pid, signal.SIGKILL)

    def _bury(self, child: _Child) -> None:
        """Reap a child that is gone and tell the asker how it ended."""
        self.waiting.unregister(child.alive)
        if not child.hung_up:
            self.waiting.unregister(child.answer)
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

    from . import preview, probe, still, version

    av.logging.set_level(None)
    del preview, still
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
