"""A commit killed at every system call it makes, one call after the other; and what is on the disk when it counts.

- After each kill the object is absent, or whole; or its new version is committed and can be completed.
- The next run ends with a valid root and nothing left over.
- Killing cannot show a missing fsync, so the order of fsync and rename is read from the trace itself.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from drive_commit import BEGIN, OBJECT_ID
from ocfl.validator import Validator

from liuhen.core.blobs import LocalBlobs
from liuhen.core.blobs.local import MARKER
from liuhen.core.ocfl import finish_version, object_path, read_inventory, validate_object, validate_root

STRACE = shutil.which("strace")
AT = object_path(OBJECT_ID)
PAIR = ("inventory.json.sha256", "inventory.json")
CALLS = (
    "openat",
    "write",
    "fsync",
    "rename",
    "mkdir",
    "rmdir",
    "unlink",
    "unlinkat",
    "fallocate",
    "ftruncate",
)
DRIVER = [sys.executable, "-I", "-S", "-B", str(Path(__file__).with_name("drive_commit.py"))]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        STRACE is None, reason="strace is not installed: crash points NOT visited (apt: strace)"
    ),
]


def run(home: Path, goal: str, *tracing: str) -> int:
    command = [*(["strace", "-f", "-qq", *tracing] if tracing else []), *DRIVER, str(home), goal]
    return subprocess.run(command, capture_output=True, timeout=120).returncode


def traced(home: Path, goal: str) -> list[str]:
    """Every call of a whole run, in order, descriptors with their paths."""
    out = home.with_suffix(".trace")
    assert run(home, goal, "-y", "-s", "200", "-o", str(out), "-e", f"trace={','.join(CALLS)}") == 0
    return [line.split(None, 1)[1] for line in out.read_text().splitlines() if "(" in line]


def points(trace: list[str]) -> list[tuple[str, int]]:
    """(call, n): the n-th call of that name, for every call of the commit itself."""
    seen: Counter[str] = Counter()
    found, begun = [], False
    for line in trace:
        call = line.split("(", 1)[0]
        seen[call] += 1
        begun = begun or BEGIN in line
        if begun and call in CALLS:
            found.append((call, seen[call]))
    return found


@pytest.fixture(scope="module", params=["v1", "v2"])
def commit(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home to start from, and the version to commit: a first one into nothing, a second one into an object."""
    home = tmp_path_factory.mktemp("crash") / "home"
    home.mkdir()
    if request.param == "v2":
        assert run(home, "v1") == 0
    return home, request.param


def test_every_crash_point_leaves_all_or_nothing_and_the_next_run_completes(
    commit: tuple[Path, str], tmp_path: Path
) -> None:
    home, goal = commit
    shutil.copytree(home, tmp_path / "whole")
    visits = points(traced(tmp_path / "whole", goal))
    assert len(visits) > 40
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda visit: _visit(home, tmp_path, goal, *visit), visits))
    assert [failure for failure, _ in outcomes if failure] == []
    expected = {"v1": {"absent", "v1"}, "v2": {"v1", "unfinished", "v2"}}
    assert {state for _, state in outcomes} == expected[goal]


def _visit(home: Path, tmp_path: Path, goal: str, call: str, nth: int) -> tuple[str, str]:
    at = tmp_path / f"{call}-{nth}"
    shutil.copytree(home, at)
    kill = f"inject={call}:signal=KILL:when={nth}"
    killed = run(at, goal, "-o", "/dev/null", "-e", f"trace={call}", "-e", kill) != 0
    state = _state_after_the_kill(at)
    failure = "" if killed else "was not killed"
    failure = failure or ("" if run(at, goal) == 0 else "the next run failed")
    failure = failure or _what_is_wrong(at, goal)
    shutil.rmtree(at)
    return (f"{call} {nth}, {state}: {failure}" if failure else ""), state


def _state_after_the_kill(at: Path) -> str:
    if not (at / "store" / MARKER).exists():
        return "absent"
    store = LocalBlobs("一号库", at / "store", at / "staging")
    if any(item.finding for item in validate_root(store)):
        return "the root is not clean"
    if not store.exists(AT):
        return "absent"
    report = validate_object(store, AT)
    if not report.interrupted:
        return str(report.head) if report.ok else f"bad: {report.findings}"
    copy = at.with_name(f"{at.name}-copy")
    shutil.copytree(at, copy)
    other = LocalBlobs("一号库", copy / "store", copy / "staging")
    whole = (
        read_inventory(other, AT).head == "v2" and finish_version(other, AT) and validate_object(other, AT).ok
    )
    return "unfinished" if whole else "cannot be finished"


def _what_is_wrong(at: Path, goal: str) -> str:
    store = LocalBlobs("一号库", at / "store", at / "staging")
    wrong = [item.finding for item in validate_root(store) if item.finding]
    report = validate_object(store, AT)
    left = [path.name for path in store.staging.iterdir()]
    judged = Validator(log_errors=False).validate_object(str(store.root / AT))
    fine = report.ok and report.head == goal and judged and not wrong and not left
    return "" if fine else f"{wrong} {report.findings} {left} {judged}"


# -- what a power cut would find


class Disk:
    """What the disk is sure to have, had the power gone: follows the calls of a trace."""

    def __init__(self, home: Path) -> None:
        self.staging, self.store = str(home / "staging"), str(home / "store")
        self.unsure: set[str] = set()  # files whose bytes, folders whose names may be lost
        self.arrivals: list[str] = []
        self.faults: list[str] = []

    def follow(self, line: str) -> None:
        call, paths = line.split("(", 1)[0], _paths(line)
        if call == "mkdir":
            self.unsure.add(str(Path(paths[0]).parent))
        elif call == "openat" and "O_CREAT" in line:
            self.unsure |= {paths[0], str(Path(paths[0]).parent)}
        elif call in ("write", "ftruncate", "fallocate"):
            self.unsure.add(paths[0])
        elif call == "fsync":
            self.unsure.discard(paths[0])
        elif call == "rename":
            self._rename(*paths)

    def _rename(self, source: str, target: str) -> None:
        moved = {path for path in self.unsure if path == source or path.startswith(f"{source}/")}
        if target.startswith(self.store):
            self.arrivals.append(target.removeprefix(self.store))
            self.faults += [f"{path} may be lost, and is renamed to {target}" for path in moved]
            # Root inventory and root sidecar may arrive in either order: `read` knows both states.
            if self.arrivals[-1] != f"/{AT}/inventory.json":
                self.faults += [
                    f"{path} may be lost when {target} arrives" for path in self.unsure_in_store()
                ]
        self.unsure = {target + path[len(source) :] if path in moved else path for path in self.unsure}
        self.unsure.add(str(Path(target).parent))

    def unsure_in_store(self) -> list[str]:
        return sorted(path for path in self.unsure if path.startswith(self.store))


def test_nothing_enters_the_store_before_all_of_it_is_on_the_disk(
    commit: tuple[Path, str], tmp_path: Path
) -> None:
    home, goal = commit
    shutil.copytree(home, tmp_path / "home")
    trace = traced(tmp_path / "home", goal)
    disk = Disk(tmp_path / "home")
    for line in trace[next(n for n, line in enumerate(trace) if BEGIN in line) :]:
        if "= -1" not in line:
            disk.follow(line)
    assert disk.faults == []
    assert disk.unsure_in_store() == []
    last = {"v1": [f"/{AT.split('/')[0]}"], "v2": [f"/{AT}/{n}" for n in ("v2", *PAIR)]}[goal]
    assert disk.arrivals[-len(last) :] == last


def _paths(line: str) -> list[str]:
    """Paths of a traced call: behind its descriptor, or in quotes; strace writes bytes over 127 as escapes."""
    by_descriptor = line.startswith(("write(", "fsync(", "ftruncate(", "fallocate("))
    found = re.findall(r"\d<([^>]+)>" if by_descriptor else r'"((?:[^"\\]|\\.)*)"', line)
    return [text.encode("ascii").decode("unicode_escape").encode("latin-1").decode() for text in found]
