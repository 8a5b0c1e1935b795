"""The ingest is killed at every durable step, one by one; the next ingest makes everything good.

- A child process is forked from this one, takes the card in, and dies by SIGKILL at its N-th step; a step is an
  fsync, a rename, a replace, or a database commit (before it, and after it). N grows until a child completes.
- Then the same card is taken in here, and nothing may be lost, doubled, half-shown or out of number.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ingest_office import (
    Watcher,
    assert_judged_valid,
    assert_sound,
    everything_on_the_card_is_stored,
    fates,
    kill_in_the_middle,
    numbers,
    take,
)
from simulators.cards import SimCard

from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.stages.ingest.models import Batch, Receipt

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _nothing_is_typeset(monkeypatch):
    """The typesetter's threads do not survive a fork; and a print is no part of what must survive a crash."""
    monkeypatch.setattr("liuhen.stages.ingest.receipts.print_apart", lambda receipt, target: None)


class Steps:
    """Counts durable steps over all threads and kills the process at the one asked for."""

    def __init__(self, fatal: int) -> None:
        self._left = itertools.count(1)
        self._fatal = fatal
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            if next(self._left) == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, owner, name):
        real = getattr(owner, name)

        def stepping(*args, **kwargs):
            self()
            return real(*args, **kwargs)

        setattr(owner, name, stepping)

    def around(self, owner, name):
        real = getattr(owner, name)

        def stepping(*args, **kwargs):
            self()
            done = real(*args, **kwargs)
            self()
            return done

        setattr(owner, name, stepping)


def _watch(steps: Steps) -> None:
    from django.db.backends.sqlite3.base import DatabaseWrapper

    for name in ("fsync", "replace", "rename"):
        steps.before(os, name)
    steps.around(DatabaseWrapper, "_commit")


def _ingest_and_die(by, card: Path, fatal: int) -> bool:
    """True when the child lived to the end."""
    from django.db import connection

    connection.close()
    child = os.fork()
    if child == 0:
        try:
            _watch(Steps(fatal))
            take(by, card)
            os._exit(0)
        except BaseException:
            os._exit(17)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the child failed instead of dying or completing"
    return True


def _visit(home: Path, people, card: Path, expected: int, points) -> int:
    from the_office import point_at

    pristine = home.with_name("pristine")
    shutil.copytree(home, pristine)
    for point in points:
        from django.db import connection

        connection.close()
        shutil.rmtree(home)
        shutil.copytree(pristine, home)
        point_at(home)
        lived = _ingest_and_die(people.custodian, card, point)
        _make_good(people, card, expected)
        if lived:
            return point
    raise AssertionError("no child ever completed")


def _make_good(people, card: Path, expected: int) -> None:
    agency = people.custodian.agency
    outcome = take(people.custodian, card)
    assert set(fates(outcome).values()) <= {"stored", "already"}
    assert outcome.released
    assert Recording.objects.filter(agency=agency).count() == expected
    assert numbers(agency) == list(range(1, expected + 1))
    assert_sound(agency)
    assert everything_on_the_card_is_stored(agency, card)
    kinds = Entry.objects.filter(agency=agency, kind="recording.stored")
    assert kinds.count() == expected, "an object has two entries, or none"
    assert Batch.objects.filter(agency=agency, state=Batch.State.OPEN).count() == 0
    receipts = sorted(Receipt.objects.values_list("number", flat=True))
    assert receipts == [f"demo-YJ-{outcome.receipt.split('-')[2]}-{n + 1:06d}" for n in range(len(receipts))]


def test_killed_at_each_step_of_a_small_card_nothing_is_lost_and_nothing_doubled(home, people, tmp_path):
    card = SimCard(tmp_path).file("a.mp4", b"first").file("b.mp4", b"").file("c.mp4", b"first")
    steps = _visit(home, people, card.root, 2, itertools.count(1))
    assert steps > 60, "the steps are not being counted"
    assert_judged_valid(home)


def test_killed_while_recovering_from_a_kill_nothing_is_lost_either(home, people, tmp_path):
    """Two crashes: the second in the ingest that cleans up after the first."""
    from django.db import connection
    from the_office import point_at

    card = SimCard(tmp_path).file("a.mp4", b"first").file("b.mp4", b"second")
    pristine = home.with_name("pristine-2")
    shutil.copytree(home, pristine)
    chance = random.Random(7)
    for first in (18, 25, 32, 40, 48):
        connection.close()
        shutil.rmtree(home)
        shutil.copytree(pristine, home)
        point_at(home)
        assert not _ingest_and_die(people.custodian, card.root, first)
        for _ in range(4):
            _ingest_and_die(people.custodian, card.root, chance.randrange(1, 40))
        _make_good(people, card.root, 2)


def test_a_batch_that_died_is_closed_by_the_next_card_also_when_that_is_another(home, people, tmp_path):
    card = SimCard(tmp_path).file("a.mp4", b"first").file("b.mp4", b"second")
    assert not _ingest_and_die(people.custodian, card.root, 30)
    other = SimCard(tmp_path, "other").file("z.mp4", b"another card")
    watcher = Watcher()
    assert take(people.custodian, other.root, progress=watcher).released
    assert any("没有做完" in sentence and "已整理" in sentence for sentence in watcher.said)
    states = sorted(Batch.objects.values_list("state", flat=True))
    assert states == ["interrupted", "released"]
    assert_sound(people.custodian.agency)


def test_killed_with_kill_9_at_any_moment_the_command_goes_on_where_it_stopped(home, people, tmp_path):
    """The real command, the real analyser, eight kills and a last run to the end."""
    card = SimCard(tmp_path)
    for place in range(30):
        card.file(f"{place:02d}.bin", os.urandom(20_000 + place))
    command = [
        sys.executable,
        "-m",
        "liuhen.cli.main",
        "ingest",
        str(card.root),
        "--by",
        "custodian",
        "--json",
    ]
    environment = {**os.environ, "LIUHEN_HOME": str(home)}
    chance = random.Random(11)
    for _ in range(8):
        process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        kill_in_the_middle(process, chance.random() * 0.6)
    assert Batch.objects.exclude(state=Batch.State.RELEASED).count() > 2, "hardly one died at work"
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    assert b'"released": true' in done.stdout
    agency = people.custodian.agency
    assert Recording.objects.count() == 30
    assert numbers(agency) == list(range(1, 31))
    assert_sound(agency)
    assert everything_on_the_card_is_stored(agency, card.root)
    assert_judged_valid(home)
