"""The fork server: preloads the libraries, then forks limited children that look at files.

- Started by sandbox.py as `python -m liuhen.core.media.server`; its standard input is one end of a
  SOCK_SEQPACKET pair. A request is one message of JSON and one descriptor, the socket for the answer.
- The child writes its answer (one line of JSON) to that socket; after it has ended or is done the server adds
  a second line: how it went. A child that crashed, hung or ran out leaves only the second line.
- A child looks at one file and ends; a request marked `small` may be given to a child that has looked at
  small files before (a fork costs more than a photograph). When such a child dies, the file it died of is
  looked at once more by a child of its own, so that no file is blamed for its predecessor.
- An asker that hangs up wants no answer any more: the child that looks at its file is killed.
- One process, no threads: forking is safe. When standard input closes, the parent is gone: children are
  killed and the server ends. When the server dies, the kernel kills its children (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

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
from .messages import receive, send


@dataclass
class _Task:
    """A request, and the socket that waits for its answer."""

    request: dict[str, Any]
    answer: socket.socket
    given_up: bool = False

    @property
    def small(self) -> bool:
        return bool(self.request.get("small"))

    def tell(self, code: int, analyser: str, *, timed_out: bool = False) -> None:
        """Tell the asker how it went."""
        ending = {"code": code, "timed_out": timed_out, "analyser": analyser}
        self.answer.settimeout(5)
        with contextlib.suppress(OSError):  # the asker may have given up
            self.answer.sendall(json.dumps(ending).encode("ascii") + b"\n")
        self.answer.close()


@dataclass
class _Child:
    pid: int
    link: socket.socket  # tells of each file it is done with, and closes when the child is gone
    task: _Task | None
    deadline: float
    files: int = 1
    timed_out: bool = False


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
                    self._hung_up(*key.data)
                else:
                    self._hear(self.children[key.fd])
            self._overdue()

    def _patience(self) -> float | None:
        busy = [child.deadline for child in self.children.values() if child.task]
        return max(0.0, min(busy) - time.monotonic()) if busy else None

    def _take(self) -> bool:
        """Give the next request to a child. False when the parent is gone."""
        message, fds = receive(self.control)
        if not message:
            return False
        if fds:
            task = _Task(json.loads(message), socket.socket(fileno=fds[0]))
            idle = next((child for child in self.children.values() if child.task is None), None)
            if task.small and idle and self._hand_on(idle, task):
                return True
            self._start(task)
        return True

    def _hand_on(self, child: _Child, task: _Task) -> bool:
        try:
            send(child.link, task.request, task.answer)
        except OSError:
            return False  # it is just dying; its end is heard of elsewhere
        child.task, child.deadline = task, _deadline(task)
        child.files += 1
        self._watch(child, task)
        return True

    def _start(self, task: _Task) -> None:
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            for fd in (link.fileno(), self.control.fileno(), *self.children):
                os.close(fd)
            for child in self.children.values():
                if child.task:
                    child.task.answer.close()
            run_child(task.request, task.answer, theirs, server)
        theirs.close()
        child = self.children[link.fileno()] = _Child(pid, link, task, _deadline(task))
        self.waiting.register(link, selectors.EVENT_READ)
        self._watch(child, task)

    def _watch(self, child: _Child, task: _Task) -> None:
        """Askers never write: whatever comes from one is its end."""
        self.waiting.register(task.answer, selectors.EVENT_READ, (child, task))

    def _hung_up(self, child: _Child, task: _Task) -> None:
        """The asker closed its end; the child may have been done in this very round."""
        if child.task is not task:
            return
        self.waiting.unregister(task.answer)
        task.given_up = True
        os.kill(child.pid, signal.SIGKILL)

    def _tell(self, task: _Task, code: int, *, timed_out: bool = False) -> None:
        if not task.given_up:
            self.waiting.unregister(task.answer)
        task.tell(code, self.analyser, timed_out=timed_out)

    def _hear(self, child: _Child) -> None:
        """A child is done with its file, or is gone."""
        try:
            done = child.link.recv(16)
        except OSError:
            done = b""
        if not done:
            self._bury(child)
        elif child.task:
            self._tell(child.task, 0)
            child.task = None

    def _bury(self, child: _Child) -> None:
        """Reap a child that is gone; what it was looking at is told, or given to another."""
        self.waiting.unregister(child.link)
        del self.children[child.link.fileno()]
        child.link.close()
        _, status = os.waitpid(child.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if child.task is None:
            return
        if child.files > 1 and code != 0 and not child.task.given_up:
            self.waiting.unregister(child.task.answer)
            self._start(child.task)
        else:
            self._tell(child.task, code, timed_out=child.timed_out)

    def _overdue(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            if child.task and now >= child.deadline and not child.timed_out:
                child.timed_out = True
                child.deadline = now + 3600
                os.kill(child.pid, signal.SIGKILL)

    def end(self) -> None:
        for child in self.children.values():
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)


def _deadline(task: _Task) -> float:
    return time.monotonic() + float(task.request["bounds"]["wall"])


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
