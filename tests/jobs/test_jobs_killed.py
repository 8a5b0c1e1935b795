"""`kill -9` of the worker, for real: nothing is lost, nothing is doubled, and the work goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from liuhen.base import clock
from liuhen.base.jobs import leases
from liuhen.base.jobs.models import Job
from liuhen.base.recordings.models import Recording
from liuhen.stages.ingest.jobs import ask_for_card
from liuhen.stages.ingest.models import Batch, Receipt

pytestmark = pytest.mark.slow

# ingest_office and simulators lie beside the stage's tests
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stages"))
from ingest_office import (  # noqa: E402
    assert_sound,
    everything_on_the_card_is_stored,
    kill_in_the_middle,
    numbers,
)
from simulators.cards import SimCard  # noqa: E402


def _start(home: Path, *more: str) -> subprocess.Popen:
    from django.db import connection

    connection.close()
    command = [sys.executable, "-m", "liuhen.cli.main", "worker", *more]
    environment = {**os.environ, "LIUHEN_HOME": str(home)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _to_its_end(home: Path) -> None:
    Job.objects.filter(state__in=Job.WAITING).update(due_at=clock.now())
    process = _start(home, "--once")
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out.decode()


def _card(tmp_path: Path, files: int) -> SimCard:
    card = SimCard(tmp_path)
    for place in range(files):
        card.file(f"{place:02d}.bin", os.urandom(20_000 + place))
    return card


def _assert_taken_in_once(people, card: SimCard, job: Job, files: int) -> None:
    agency = people.custodian.agency
    job.refresh_from_db()
    assert job.state == Job.State.DONE, (job.state, job.sentence)
    assert job.result["released"]
    assert Receipt.objects.count() == 1
    assert Batch.objects.filter(state=Batch.State.RELEASED).count() == 1
    assert Recording.objects.count() == files
    assert numbers(agency) == list(range(1, files + 1))
    assert everything_on_the_card_is_stored(agency, card.root)
    assert_sound(agency)


def test_killed_at_any_moment_a_card_is_taken_in_once_with_one_receipt(home, people, tmp_path):
    card = _card(tmp_path, 25)
    job = ask_for_card(card.root, by=people.custodian, at=clock.now())
    Job.objects.update(limit=50)
    chance = random.Random(5)
    for _ in range(8):
        process = _start(home)
        kill_in_the_middle(process, chance.random() * 0.6, patience=10.0)
        Job.objects.filter(state=Job.State.RETRYING).update(due_at=clock.now())
    assert Batch.objects.exclude(state=Batch.State.RELEASED).count() > 2, "hardly one died at work"
    _to_its_end(home)
    _assert_taken_in_once(people, card, job, 25)


def test_killed_at_each_step_around_its_end_an_ingest_gives_one_receipt(home, people, tmp_path):
    """The worker dies before and after every commit from the conclusion of the batch to the job's own end."""
    import itertools

    for number in itertools.count(1):
        card = SimCard(tmp_path, f"card-{number}").file("a.bin", os.urandom(3000))
        before = Receipt.objects.count()
        job = ask_for_card(card.root, by=people.custodian, at=clock.now())
        lived = _die_at_commit(number)
        leases.reap(at=clock.now())
        Job.objects.filter(state=Job.State.RETRYING).update(due_at=clock.now())
        _die_at_commit(0)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, (number, job.state, job.sentence)
        assert Receipt.objects.count() == before + 1, f"killed at {number}: another receipt for one wish"
        previews = Job.objects.filter(kind="previews.make", key__contains=job.result["batch"])
        assert previews.count() == 1, f"killed at {number}: previews forgotten or doubled"
        assert_sound(people.custodian.agency)
        if lived:
            assert number > 8, "the commits are not being counted"
            return


def _die_at_commit(fatal: int) -> bool:
    """Run a worker in a fork that dies at its `fatal`-th database commit; True when it lived to its end."""
    from django.db import connection
    from django.db.backends.sqlite3.base import DatabaseWrapper

    connection.close()
    child = os.fork()
    if child == 0:
        try:
            count, real = iter(range(1, 10_000)), DatabaseWrapper._commit

            def commit(self):
                if next(count) == fatal:
                    os.kill(os.getpid(), signal.SIGKILL)
                real(self)
                if next(count) == fatal:
                    os.kill(os.getpid(), signal.SIGKILL)

            DatabaseWrapper._commit = commit
            from liuhen.base.jobs.kinds import kind_named
            from liuhen.base.jobs.worker import Worker
            from liuhen.stages.ingest import receipts

            receipts.print_apart = lambda receipt, target: (
                None
            )  # the typesetter's threads do not survive a fork
            leases.all_kinds = lambda: [
                kind_named("ingest.card")
            ]  # previews are asked for, and left alone here
            Worker(patience=0.01).run(once=True)
            os._exit(0)
        except BaseException:
            os._exit(17)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0, "the child failed instead of dying or completing"
    return True


def test_a_second_worker_takes_over_from_one_that_is_killed_within_seconds(home, people, tmp_path):
    card = _card(tmp_path, 40)
    job = ask_for_card(card.root, by=people.custodian, at=clock.now())
    first = _start(home)
    assert _eventually(lambda: Batch.objects.exists())
    second = _start(home)
    try:
        first.kill()
        first.communicate()
        assert _eventually(lambda: Job.objects.get(pk=job.pk).state == Job.State.DONE)
    finally:
        second.send_signal(signal.SIGTERM)
        out, _ = second.communicate(timeout=60)
    assert second.returncode == 0, out.decode()
    _assert_taken_in_once(people, card, job, 40)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_the_worker_gives_the_card_back_and_the_next_one_goes_on(home, people, tmp_path, number):
    card = _card(tmp_path, 60)
    job = ask_for_card(card.root, by=people.custodian, at=clock.now())
    process = _start(home)
    assert _eventually(lambda: Recording.objects.count() > 3)
    began = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out.decode()
    assert time.monotonic() - began < 20
    job.refresh_from_db()
    if job.state != Job.State.DONE:  # it was quicker than the signal
        assert (job.state, job.attempts, job.owner) == (Job.State.QUEUED, 0, "")
        assert Batch.objects.get().state == Batch.State.INTERRUPTED
    assert not list((home / "run").glob("worker-*"))
    _to_its_end(home)
    _assert_taken_in_once(people, card, job, 60)


def _eventually(what) -> bool:
    from django.db import connection

    for _ in range(1200):
        if what():
            connection.close()
            return True
        time.sleep(0.05)
    return False
