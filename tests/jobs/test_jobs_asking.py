"""Asking for a job, seeing it and stopping it: who may, and what one key means."""

from __future__ import annotations

import threading
import uuid

import pytest
from jobs_office import AT, asked, kind, later

from liuhen.base.acts import NotAllowedError
from liuhen.base.jobs import leases, selectors, services
from liuhen.base.jobs.kinds import Kind, UnknownKindError, register
from liuhen.base.jobs.models import Job
from liuhen.base.recordings.selectors import NotFoundError

EVERYONE = [
    "officer",
    "officer2",
    "custodian",
    "head",
    "principal",
    "legal",
    "archivist",
    "auditor",
    "sysadmin",
    "secadmin",
    "stranger",
]


def _nothing(work):
    return {}


@pytest.fixture(autouse=True)
def _a_kind():
    with kind(_nothing):
        yield


def test_a_job_of_a_kind_that_is_not_in_the_table_is_refused(people):
    with pytest.raises(UnknownKindError) as refused:
        asked(people, "no.such.kind")
    assert "怎么办" in str(refused.value)
    assert not Job.objects.exists()


def test_two_kinds_cannot_have_one_name():
    with pytest.raises(ValueError, match=r"test\.work"):
        register(Kind("test.work", "另一个", _nothing, who=None, sees=None))


@pytest.mark.parametrize("name", EVERYONE)
def test_only_those_whom_the_kinds_rule_allows_can_ask(people, name):
    if name == "custodian":
        assert asked(people).state == Job.State.QUEUED
        return
    with pytest.raises(NotAllowedError) as refused:
        asked(people, by=getattr(people, name))
    assert "科室管理员" in refused.value.remedy
    assert not Job.objects.exists()


def test_what_the_program_alone_asks_for_no_person_can_ask_for_and_the_other_way_round(people):
    with kind(_nothing, "test.chore", who=None):
        with pytest.raises(NotAllowedError):
            asked(people, "test.chore")
        assert asked(people, "test.chore", by=None).by is None
    with pytest.raises(NotAllowedError):
        asked(people, by=None)


def test_asking_again_for_the_same_gives_the_live_job_and_after_its_end_a_new_one(people):
    first = asked(people, key="card:1")
    assert asked(people, key="card:1", at=later(1)).pk == first.pk
    assert asked(people, key="card:2").pk != first.pk
    assert len({asked(people).pk for _ in range(2)}) == 2, "without a key each wish is its own"
    services.cancel(first, by=people.custodian, at=AT)
    assert asked(people, key="card:1").pk != first.pk


def test_many_who_ask_at_once_for_the_same_get_one_job(people):
    found, start = [], threading.Barrier(6)

    def ask():
        from django.db import connection

        start.wait()
        found.append(asked(people, key="card:1").pk)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert Job.objects.count() == 1


def test_a_waiting_job_is_cancelled_at_once_and_never_taken(people):
    job = services.cancel(asked(people), by=people.custodian, at=AT)
    assert job.state == Job.State.CANCELLED
    assert "王晓兰" in job.sentence
    assert leases.take("w", at=later(1)) is None


def test_a_running_job_is_asked_to_stop_and_one_that_has_ended_is_refused(people):
    job = asked(people)
    taken = leases.take("w", at=AT)
    assert services.cancel(job, by=people.custodian, at=later(1)).state == Job.State.RUNNING
    assert job.cancel_asked_at == later(1)
    leases.end(taken, Job.State.DONE, at=later(2), sentence="")
    with pytest.raises(services.JobOverError):
        services.cancel(job, by=people.custodian, at=later(3))


@pytest.mark.parametrize("name", EVERYONE)
def test_only_those_who_may_ask_may_cancel(people, name):
    job = asked(people)
    if name == "custodian":
        assert services.cancel(job, by=people.custodian, at=AT).state == Job.State.CANCELLED
        return
    with pytest.raises(NotAllowedError):
        services.cancel(job, by=getattr(people, name), at=AT)
    job.refresh_from_db()
    assert (job.state, job.cancel_asked_at) == (Job.State.QUEUED, None)


def test_an_account_that_was_closed_meanwhile_can_neither_ask_nor_cancel(people):
    from liuhen.base.people.models import Account

    job = asked(people)
    Account.objects.filter(pk=people.custodian.pk).update(state=Account.State.CLOSED)
    people.custodian.refresh_from_db()
    with pytest.raises(NotAllowedError):
        services.cancel(job, by=people.custodian, at=AT)
    with pytest.raises(NotAllowedError):
        asked(people)


def test_another_agencys_job_looks_like_one_that_is_not_there(people):
    job = asked(people)
    for person, pk in ((people.stranger, job.pk), (people.custodian, uuid.uuid4())):
        with pytest.raises(NotFoundError) as refused:
            selectors.job_with(pk, person, AT)
        assert str(refused.value).startswith("没有这项任务。")
    assert list(selectors.jobs_of(people.stranger, AT)) == []
    assert selectors.job_with(job.pk, people.auditor, AT) == job


@pytest.mark.parametrize("name", EVERYONE)
def test_titles_and_sentences_are_for_those_who_see_recordings(people, name):
    job = asked(people, title="张某询问.mp4")
    seen = selectors.sees_names(getattr(people, name), job, AT)
    assert seen == (name in ("custodian", "head", "principal", "legal", "archivist"))
