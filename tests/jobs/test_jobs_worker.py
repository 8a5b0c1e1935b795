"""The worker in this process: results, refusals, trouble that passes, cancelling, ending, progress."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest
from django.db import OperationalError
from jobs_office import PATIENCE, Stopwatch, asked, kind

from liuhen.base import clock
from liuhen.base.home import BusyError
from liuhen.base.jobs import leases, services
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.work import TROUBLES, Work
from liuhen.base.jobs.worker import Worker
from liuhen.base.people.models import Account
from liuhen.core.errors import LiuhenError, RefusedError


def _worker(**more) -> Worker:
    return Worker(patience=PATIENCE, **more)


def _row(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def _eventually(what) -> bool:
    for _ in range(1000):
        if what():
            return True
        time.sleep(0.01)
    return False


@contextmanager
def _working(**more):
    worker = _worker(**more)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(timeout=60)
        assert not thread.is_alive()


def test_a_job_is_done_once_with_its_result_and_its_sentence(people):
    runs = []

    def run(work):
        runs.append(work.args)
        return {"count": 3, "sentence": "数了三个。"}

    with kind(run):
        job = asked(people, args={"of": "apples"})
        for _ in range(2):
            _worker().run(once=True)
    row = _row(job)
    assert runs == [{"of": "apples"}]
    assert (row.state, row.result["count"], row.sentence) == (Job.State.DONE, 3, "数了三个。")
    assert (row.owner, row.lease_until, row.attempts) == ("", None, 1)


def test_a_refusal_fails_at_once_in_its_own_words_with_the_remedy(people):
    def run(work):
        raise RefusedError("卡是空的。", remedy="请换一张卡。", code="card_empty")

    with kind(run):
        job = asked(people)
        _worker().run(once=True)
    row = _row(job)
    assert (row.state, row.attempts, row.code) == (Job.State.FAILED, 1, "card_empty")
    assert row.sentence == "卡是空的。怎么办：请换一张卡。"


@pytest.mark.parametrize(
    "trouble",
    [BusyError("正在被读取。", remedy="请等一等。"), OperationalError("database is locked"), ValueError("?")],
)
def test_trouble_that_may_pass_is_tried_again_later_and_in_the_end_said(people, trouble):
    def run(work):
        raise trouble

    with kind(run):
        job = asked(people)
        for attempt in range(1, 4):
            _worker().run(once=True)
            assert _row(job).attempts == attempt
            Job.objects.update(due_at=clock.now())
    row = _row(job)
    assert row.state == Job.State.FAILED
    assert "怎么办" in row.sentence
    assert "Traceback" not in row.sentence


def test_between_two_attempts_the_person_sees_what_keeps_it(people):
    def run(work):
        raise BusyError("正在被另一次采集读取。", remedy="请等那一次结束。")

    with kind(run):
        job = asked(people)
        _worker().run(once=True)
    row = _row(job)
    assert row.state == Job.State.RETRYING
    assert row.sentence.startswith("正在被另一次采集读取。")


def test_who_lost_the_right_after_asking_is_refused_when_it_runs(people):
    stopwatch = Stopwatch()
    with kind(stopwatch):
        job = asked(people)
        Account.objects.filter(pk=people.custodian.pk).update(state=Account.State.CLOSED)
        _worker().run(once=True)
    assert (_row(job).state, _row(job).code, stopwatch.runs) == (Job.State.FAILED, "not_allowed", 0)


def test_cancelling_a_running_job_stops_it_within_a_second(people):
    stopwatch = Stopwatch()
    with kind(stopwatch), _working():
        job = asked(people)
        assert stopwatch.begun.wait(30)
        services.cancel(job, by=people.custodian, at=clock.now())
        began = time.monotonic()
        assert _eventually(lambda: _row(job).state == Job.State.CANCELLED)
        assert time.monotonic() - began < 5  # a second on a machine that is not busy
    assert stopwatch.runs == 1


def test_a_job_that_was_done_before_it_noticed_the_wish_is_done(people):
    def run(work):
        services.cancel(work.job, by=people.custodian, at=clock.now())
        return {"sentence": "已经做完。"}

    with kind(run):
        job = asked(people)
        _worker().run(once=True)
    assert _row(job).state == Job.State.DONE


def test_a_worker_that_is_told_to_end_gives_back_what_it_cannot_finish(people, home):
    stopwatch = Stopwatch()
    with kind(stopwatch):
        job = asked(people)
        with _working() as worker:
            assert stopwatch.begun.wait(30)
            assert list((home / "run").glob("worker-*"))
            worker.stop()
            assert _eventually(lambda: _row(job).state == Job.State.QUEUED)
        assert not list((home / "run").glob("worker-*"))
        assert _row(job).attempts == 0
        stopwatch.go_on.set()
        _worker().run(once=True)
    assert (_row(job).state, stopwatch.runs) == (Job.State.DONE, 2)


def test_while_slow_jobs_fill_every_other_thread_an_urgent_one_runs_at_once(people):
    slow = Stopwatch()
    with kind(slow), kind(lambda work: {"sentence": "快。"}, "test.urgent", urgent=True), _working(threads=2):
        for _ in range(4):
            asked(people)
        assert slow.begun.wait(30)
        urgent = asked(people, "test.urgent")
        assert _eventually(lambda: _row(urgent).state == Job.State.DONE)
        assert slow.runs == 1
        slow.go_on.set()


def test_progress_is_written_while_the_job_runs(people):
    watch = Stopwatch()

    def run(work):
        work.total(files=4, size=4000)
        work.add(files=1, size=1000)
        work.say("正在复制。")
        return watch(work)

    with kind(run), _working():
        job = asked(people)
        assert _eventually(lambda: _row(job).files_total == 4 and _row(job).bytes_done == 1000)
        row = _row(job)
        assert (row.state, row.files_done, row.saying) == (Job.State.RUNNING, 1, "正在复制。")
        watch.go_on.set()
        assert _eventually(lambda: _row(job).state == Job.State.DONE)
    assert (_row(job).files_done, _row(job).bytes_total) == (1, 4000)


def test_a_worker_whose_job_went_to_another_stops_it_and_leaves_the_other_alone(people):
    stopwatch = Stopwatch()
    with kind(stopwatch), _working():
        job = asked(people)
        assert stopwatch.begun.wait(30)
        Job.objects.update(owner="another", attempts=2)
        assert _eventually(lambda: stopwatch.ended)
    row = _row(job)
    assert (row.state, row.owner, row.attempts) == (Job.State.RUNNING, "another", 2)


def test_a_database_that_fails_for_a_moment_neither_ends_the_worker_nor_loses_the_result(people, monkeypatch):
    failing = iter([True, True])
    real_end, real_take = leases.end, leases.take

    def end(*args, **kwargs):
        if next(failing, False):
            raise OperationalError("disk I/O error")
        return real_end(*args, **kwargs)

    hindered = iter([True])

    def take(*args, **kwargs):
        if next(hindered, False):
            raise OperationalError("database is locked")
        return real_take(*args, **kwargs)

    monkeypatch.setattr(leases, "end", end)
    monkeypatch.setattr(leases, "take", take)
    with kind(lambda work: {"sentence": "好。"}):
        job = asked(people)
        _worker().run(once=True)
        if (
            _row(job).state != Job.State.DONE
        ):  # the one that was hindered may have been the only thread to ask
            _worker().run(once=True)
    assert (_row(job).state, _row(job).sentence) == (Job.State.DONE, "好。")


def test_stopping_a_job_ends_what_it_has_running_in_the_analyser(people):
    ended = threading.Event()

    def run(work):
        lent = work.analyser()
        begun.set()
        try:
            lent._ask({"job": "test-sleep", "seconds": 600, "path": "", "name": "", "bounds": bounds})
        finally:
            ended.set()
        return {}

    from liuhen.core.media.sandbox import Limits

    begun, bounds = threading.Event(), Limits(wall_seconds=600).for_file(0)
    with pytest.MonkeyPatch.context() as patch, kind(run):
        patch.setenv("LIUHEN_ANALYSER_TESTING", "1")
        with _working():
            job = asked(people)
            assert begun.wait(30)
            services.cancel(job, by=people.custodian, at=clock.now())
            assert ended.wait(30)
            assert _eventually(lambda: _row(job).state == Job.State.CANCELLED)


class _Hands:
    """Time by hand for the arithmetic of progress."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_time_left_come_from_the_last_seconds_and_not_before_they_mean_something():
    hands = _Hands()
    work = Work(Job(args={}), None, monotonic=hands)
    work.total(files=2, size=100_000)
    assert work.news()["rate"] is None
    for _ in range(4):
        hands.now += 1
        work.add(size=1000)
        news = work.news()
    assert news["rate"] == pytest.approx(1000, rel=0.01)
    assert news["seconds_left"] == 96
    for _ in range(30):  # it has become slower: the beginning no longer counts
        hands.now += 1
        work.add(size=100)
        news = work.news()
    assert news["rate"] == pytest.approx(100, rel=0.05)


def test_nothing_new_is_no_news():
    work = Work(Job(args={}), None)
    assert work.news() is not None
    assert work.news() is None
    work.add(files=1)
    assert work.news()["files_done"] == 1


def test_a_thousand_troubles_are_counted_and_the_first_ones_kept():
    work = Work(Job(args={}), None)
    for number in range(1000):
        work.trouble({"path": str(number)})
    news = work.news()
    assert (len(news["troubles"]), news["troubles_count"]) == (TROUBLES, 1000)
    assert news["troubles"][0] == {"path": "0"}


def test_stopping_raises_where_the_job_can_stop():
    work = Work(Job(args={}), None)
    work.check()
    work.stop()
    with pytest.raises(LiuhenError):
        work.check()
