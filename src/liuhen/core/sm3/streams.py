"""SM3 of many streams, filled into the lanes of one kernel call as their data comes.

- `Sm3` is used like hashlib's: `update`, `hexdigest`. Up to AHEAD pieces of a stream wait; then its reader does.
- Few streams: each is hashed by its own reader, on its own core. From CROWD streams on, threads of this module
  take one piece of each stream that has any, eight at a time.
- Nobody waits for a stream that has nothing to give: after PATIENCE a call goes with lanes empty.
- Without a compiled kernel it is hashlib's SM3.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import deque
from typing import Protocol

from .kernel import BLOCK, LANES, Kernel, digest_of, kernel, new_state, padding

AHEAD = 3
CROWD = 3
PATIENCE = 0.004  # seconds
WORTH = 512 << 10  # bytes; smaller pieces are hashed at once by whoever brings them


class Sm3(Protocol):
    """A stream being hashed."""

    def update(self, data: bytes) -> None: ...
    def hexdigest(self) -> str: ...
    def close(self) -> None: ...


def new_sm3() -> Sm3:
    """A new stream: in lanes where this machine has a kernel. `close` gives up a stream before its end."""
    found = kernel()
    return _Alone() if found is None else LaneStream(_lanes_of(found))


class _Alone:
    """hashlib's."""

    def __init__(self) -> None:
        self._hash = hashlib.new("sm3")

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        """Nothing is held."""


class LaneStream:
    """One stream; used by one thread at a time."""

    def __init__(self, lanes: Lanes) -> None:
        self.state = new_state()
        self.pieces: deque[bytes] = deque()
        self.offset = 0  # into the first piece
        self.moved = lanes.condition()
        self._size = 0
        self._tail = b""
        self._lanes = lanes
        self._open = True
        lanes.enter()

    def update(self, data: bytes) -> None:
        self._size += len(data)
        piece = self._tail + data if self._tail else data
        whole = len(piece) - len(piece) % BLOCK
        self._tail = bytes(piece[whole:])
        if whole:
            self._lanes.hash(self, bytes(piece) if whole == len(piece) else bytes(piece[:whole]))

    def hexdigest(self) -> str:
        """Ends the stream."""
        self._lanes.wait_for(self, most=0)
        last = self._tail + padding(self._size)
        self._lanes.kernel.one(self.state, last, 0, len(last) // BLOCK)
        self.close()
        return digest_of(self.state).hex()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._lanes.leave(self)


class Lanes:
    """The streams of this process and the threads that hash them."""

    def __init__(self, found: Kernel, threads: int) -> None:
        self.kernel = found
        self._streams = 0
        self._ready: deque[LaneStream] = deque()  # have a piece and are in no call
        self._in_call: set[LaneStream] = set()
        self._lock = threading.Lock()
        self._there = self.condition()
        self._threads = threads
        self._started = False

    def condition(self) -> threading.Condition:
        """A place to wait; whoever is woken is named, so that a piece does not wake every reader."""
        return threading.Condition(self._lock)

    def enter(self) -> None:
        with self._lock:
            self._streams += 1

    def leave(self, stream: LaneStream) -> None:
        """Forget a stream and what of it has not been hashed."""
        with self._lock:
            self._streams -= 1
            stream.pieces.clear()
            if stream in self._ready:
                self._ready.remove(stream)
            self._there.notify()

    def hash(self, stream: LaneStream, piece: bytes) -> None:
        """Hash whole blocks, now or soon; waits while too many pieces of the stream are waiting."""
        if self._streams < CROWD or len(piece) < WORTH:
            self.wait_for(stream, most=0)
            self.kernel.one(stream.state, piece, 0, len(piece) // BLOCK)
            return
        with self._lock:
            stream.moved.wait_for(lambda: len(stream.pieces) < AHEAD)
            stream.pieces.append(piece)
            if len(stream.pieces) == 1:
                self._ready.append(stream)
                self._there.notify()
            self._start()

    def wait_for(self, stream: LaneStream, *, most: int) -> None:
        """Until at most so many pieces of the stream are waiting or being hashed."""
        with self._lock:
            stream.moved.wait_for(lambda: len(stream.pieces) <= most)

    def _start(self) -> None:
        if not self._started:
            self._started = True
            for number in range(self._threads):
                threading.Thread(target=self._work, name=f"sm3-{number}", daemon=True).start()

    def _work(self) -> None:
        while True:
            streams = self._gather()
            blocks = min((len(one.pieces[0]) - one.offset) // BLOCK for one in streams)
            pieces, offsets = [one.pieces[0] for one in streams], [one.offset for one in streams]
            self.kernel.eight([one.state for one in streams], pieces, offsets, blocks)
            self._put_back(streams, blocks * BLOCK)

    def _gather(self) -> list[LaneStream]:
        """Up to eight streams that have a piece; waits a little for lanes that could still be filled."""
        with self._lock:
            while not self._ready:
                self._there.wait_for(lambda: bool(self._ready))
                until = time.monotonic() + PATIENCE
                while 0 < len(self._ready) < self._wanted():
                    if not self._there.wait(max(0.0, until - time.monotonic())):
                        break  # somebody else may have taken what was ready meanwhile
            streams = [self._ready.popleft() for _ in range(min(LANES, len(self._ready)))]
            self._in_call.update(streams)
            return streams

    def _wanted(self) -> int:
        """How many lanes could be filled at the best; at least one must be."""
        return max(1, min(LANES, self._streams - len(self._in_call)))

    def _put_back(self, streams: list[LaneStream], hashed: int) -> None:
        with self._lock:
            self._in_call.difference_update(streams)
            for one in streams:
                if not one.pieces:  # given up meanwhile
                    continue
                one.offset += hashed
                if one.offset == len(one.pieces[0]):
                    one.pieces.popleft()
                    one.offset = 0
                    one.moved.notify()
                if one.pieces:
                    self._ready.append(one)
                    self._there.notify()


_lanes: Lanes | None = None
_making = threading.Lock()


def _lanes_of(found: Kernel) -> Lanes:
    global _lanes
    with _making:
        if _lanes is None or _lanes.kernel is not found:
            _lanes = Lanes(found, len(os.sched_getaffinity(0)))
        return _lanes


def _forget_after_fork() -> None:
    """Threads do not follow into a forked child, and a lock may be held by one of them."""
    global _lanes, _making
    _lanes, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)
