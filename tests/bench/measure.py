"""How everything here is measured: in turns, by the median, with peak memory, on a machine that is named.

- Contestants take turns within one run, so that whatever else the machine does falls on all of them.
- A figure is a ratio to a yardstick of the same run; absolute times are shown for orientation only.
- Peak memory is sampled from /proc: the measured process apart from its children.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MIB = 1 << 20


@dataclass
class Figure:
    """One row of the report. `rows`: contestant -> seconds (or what `unit` says), ours first."""

    line: str  # the line of work, in the words of the goals
    size: str  # how much was worked on
    rows: dict[str, float]
    ratio: str  # ours against the yardstick, in words and numbers
    target: str  # first step / goal
    unit: str = "s"
    rounds: int = 1
    memory: str = ""
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Contestant:
    """`run` is timed; `before` and `after` are not."""

    name: str
    run: Callable[[], Any]
    before: Callable[[], Any] = lambda: None
    after: Callable[[], Any] = lambda: None


def in_turns(contestants: Iterable[Contestant], rounds: int) -> dict[str, float]:
    """Median seconds of each; every round starts with another contestant."""
    names = list(contestants)
    times: dict[str, list[float]] = {one.name: [] for one in names}
    for turn in range(rounds):
        first = turn % len(names)
        for one in names[first:] + names[:first]:
            one.before()
            os.sync()
            started = time.perf_counter()
            one.run()
            times[one.name].append(time.perf_counter() - started)
            one.after()
    return {name: statistics.median(found) for name, found in times.items()}


def peak_of(one: Contestant) -> PeakMemory:
    """Peak memory of one more round that is not timed: looking at it costs time of its own."""
    one.before()
    with PeakMemory() as memory:
        one.run()
    one.after()
    return memory


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def command(*arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run a program; what it says is shown only when it fails."""
    done = subprocess.run(
        [str(one) for one in arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]} ended with {done.returncode}: {done.stderr[-500:]}")


def forget(files: Iterable[Path]) -> None:
    """Drop files from the page cache, so that whoever reads them next asks the device."""
    for file in files:
        fd = os.open(file, os.O_RDONLY)
        try:
            os.fdatasync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)


def warm(files: Iterable[Path]) -> None:
    """Read files into the page cache."""
    for file in files:
        with file.open("rb", buffering=0) as stream:
            while stream.read(MIB):
                pass


class PeakMemory:
    """Peak resident memory of this process (or another) and, apart from it, of its children together."""

    def __init__(self, pid: int | None = None) -> None:
        self.pid = pid or os.getpid()
        self.before = _resident(self.pid)
        self.own = self.children = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.own = max(self.own, _resident(self.pid))
            self.children = max(self.children, sum(map(_resident, _below(self.pid))))

    def __str__(self) -> str:
        before = f" ({self.before / MIB:.0f} before it began)" if self.pid == os.getpid() else ""
        return f"process {self.own / MIB:.0f} MB{before}, children {self.children / MIB:.0f} MB"


def _resident(pid: int) -> int:
    """Private and shared pages; pages shared with a forking parent are counted at each (PSS where it is given)."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _below(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_below(int(child))]
    return found


def machine() -> dict[str, str]:
    memory = next(
        line.split()[1]
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal")
    )
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": f"{len(os.sched_getaffinity(0))} ({model[0].split(':')[1].strip() if model else 'unknown'})",
        "memory": f"{int(memory) / MIB:.0f} GiB",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "load": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }


def speed(size: int, seconds: float) -> str:
    return f"{size / seconds / 1e6:.0f} MB/s"


def in_words(size: int) -> str:
    return f"{size / (1 << 30):.2f} GiB" if size >= 1 << 30 else f"{size / MIB:.0f} MiB"
