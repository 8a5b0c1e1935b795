"""The table of jobs under a clock set by hand: leases, attempts, back-off, reaping, sweeping."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest
from jobs_office import AT, asked, kind, later

from liuhen.base import home as places
from liuhen.base.jobs import leases, services
from liuhen.base.jobs.models import Job


@pytest.fixture(autouse=True)
def _kinds():
    with kind(dict), kind(dict, "test.urgent", urgent=True):
        yield


def _row(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_what_a_person_waits_for_is_taken_before_what_was_asked_earlier(people):
    asked(people, at=AT)
    urgent = asked(people, "test.urgent", at=later(5))
    assert leases.take("w", at=later(10)).pk == urgent.pk


def test_jobs_of_one_urgency_are_taken_in_the_order_they_were_asked_for(people):
    wanted = [asked(people, at=later(second)).pk for second in (0, 1, 2)]
    assert [leases.take("w", at=later(10)).pk for _ in range(3)] == wanted
    assert leases.take("w", at=later(10)) is None


def test_the_thread_for_urgent_jobs_takes_nothing_else(people):
    asked(people)
    assert leases.take("w", at=later(1), urgent_only=True) is None
    asked(people, "test.urgent")
    assert leases.take("w", at=later(1), urgent_only=True).kind == "test.urgent"


def test_many_who_take_at_once_never_take_the_same(people):
    for _ in range(12):
        asked(people)
    taken, start = [], threading.Barrier(6)

    def take(owner):
        from django.db import connection

        start.wait()
        while (job := leases.take(owner, at=later(1))) is not None:
            taken.append((job.pk, owner))
        connection.close()

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 12
    assert len({pk for pk, _ in taken}) == 12
    assert {(row.pk, row.owner) for row in Job.objects.all()} == set(taken)
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


def test_a_kind_this_worker_does_not_know_is_left_to_one_that_does(people):
    with kind(dict, "test.newer"):
        asked(people, "test.newer")
    assert leases.take("w", at=later(1)) is None
    assert Job.objects.get().state == Job.State.QUEUED


def test_a_job_whose_lease_ran_out_goes_to_another_and_the_first_can_write_nothing_more(people):
    job = asked(people)
    first = leases.take("first", at=AT)
    assert leases.reap(at=AT + leases.LEASE) == 0
    assert leases.reap(at=AT + leases.LEASE + timedelta(seconds=1)) == 1
    assert _row(job).state == Job.State.RETRYING
    second = leases.take("second", at=later(60))
    assert (second.pk, second.attempts) == (job.pk, 2)
    assert not leases.write(first, {"saying": "我还在"})
    assert not leases.end(first, Job.State.DONE, at=later(61), sentence="")
    assert not leases.give_back(first, at=later(61))
    assert not leases.try_again(first, at=later(61), sentence="", code="")
    assert (_row(job).state, _row(job).owner, _row(job).saying) == (Job.State.RUNNING, "second", "")


def test_one_owner_who_takes_a_job_again_is_not_confused_with_its_earlier_attempt(people):
    asked(people)
    first = leases.take("w", at=AT)
    leases.reap(at=later(100))
    second = leases.take("w", at=later(100))
    assert not leases.end(first, Job.State.DONE, at=later(101), sentence="")
    assert leases.end(second, Job.State.DONE, at=later(101), sentence="")


def test_a_renewed_lease_holds(people):
    asked(people)
    job = leases.take("w", at=AT)
    leases.renew([job], at=later(20))
    assert leases.reap(at=later(45)) == 0
    assert leases.reap(at=later(51)) == 1


def test_a_worker_whose_lock_is_free_is_dead_however_long_its_lease(people, home):
    asked(people)
    leases.take("gone", at=AT)
    lock = places.try_lock("worker-gone")
    assert leases.reap(at=later(1)) == 0, "it lives"
    os.close(lock)
    assert leases.reap(at=later(2)) == 1
    assert not list((home / "run").glob("worker-*"))


def test_a_worker_on_another_computer_is_judged_by_its_lease_alone(people):
    asked(people)
    leases.take("elsewhere", at=AT)
    assert leases.reap(at=later(1)) == 0
    assert leases.reap(at=later(31)) == 1


def test_the_reaping_workers_own_jobs_are_safe_from_it(people):
    asked(people)
    leases.take("me", at=AT)
    assert leases.reap(at=later(1000), own="me") == 0


def test_after_the_last_death_a_job_has_failed_and_says_what_to_do(people):
    job = asked(people)
    for round_ in range(3):
        assert leases.take("w", at=later(100 * round_)) is not None
        leases.reap(at=later(100 * round_ + 60))
    row = _row(job)
    assert (row.state, row.attempts, row.code) == (Job.State.FAILED, 3, "worker_gone")
    assert "怎么办" in row.sentence
    assert row.finished_at is not None


def test_a_dead_workers_job_that_was_to_be_cancelled_is_cancelled(people):
    job = asked(people)
    leases.take("w", at=AT)
    services.cancel(job, by=people.custodian, at=later(1))
    leases.reap(at=later(60))
    assert _row(job).state == Job.State.CANCELLED


def test_each_attempt_waits_longer_up_to_a_limit(people):
    job = asked(people)
    due = []
    for _ in range(2):
        taken = leases.take("w", at=later(1000))
        assert leases.try_again(taken, at=later(1000), sentence="稍后", code="busy")
        due.append((_row(job).due_at - later(1000)).total_seconds())
        assert leases.take("w", at=later(1000)) is None, "not before it is due"
        Job.objects.update(due_at=AT)
    assert due == [5, 10]
    last = leases.take("w", at=later(1000))
    assert not leases.try_again(last, at=later(1000), sentence="稍后", code="busy")
    assert leases.pause_after(40).total_seconds() == 300


def test_what_a_worker_gives_back_costs_no_attempt(people):
    job = asked(people)
    for _ in range(5):
        assert leases.give_back(leases.take("w", at=later(1)), at=later(1))
    assert (_row(job).state, _row(job).attempts, _row(job).owner) == (Job.State.QUEUED, 0, "")


def test_ended_jobs_are_forgotten_after_the_days_set_and_live_ones_never(people):
    old, young, live = (asked(people, at=later(second - 10)) for second in range(3))
    for job, end in ((old, 0), (young, 86_400)):
        assert leases.end(leases.take("w", at=later(1)), Job.State.DONE, at=later(end), sentence=""), job
    assert leases.sweep(at=AT + timedelta(days=90, seconds=1), days=90) == 1
    assert {row.pk for row in Job.objects.all()} == {young.pk, live.pk}


def test_every_write_is_counted_for_those_who_watch(people):
    job = asked(people)
    taken = leases.take("w", at=AT)
    seen = [_row(job).changes]
    leases.write(taken, {"files_done": 1})
    seen.append(_row(job).changes)
    leases.end(taken, Job.State.DONE, at=AT, sentence="")
    seen.append(_row(job).changes)
    assert seen == sorted(set(seen))
