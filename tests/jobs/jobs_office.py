"""What the tests of jobs share: kinds of work that do as they are told, and a clock that is set by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from liuhen.base.jobs import kinds, services
from liuhen.base.jobs.kinds import EVERYBODY, Kind
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.work import Work
from liuhen.base.people.models import Role
from liuhen.base.people.rules import HasRole

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CUSTODIAN = HasRole((Role.CUSTODIAN,))
PATIENCE = 0.01


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@contextmanager
def kind(run: Callable[[Work], dict[str, Any]], name: str = "test.work", **more: Any) -> Iterator[str]:
    """A kind that exists while the test runs; custodians may ask for it unless the test says otherwise."""
    more = {"who": CUSTODIAN, "sees": EVERYBODY, **more}
    kinds.register(Kind(name, "试验任务", run, **more))
    try:
        yield name
    finally:
        del kinds._KINDS[name]


def asked(people: Any, name: str = "test.work", *, at: datetime = AT, **more: Any) -> Job:
    by = more.pop("by", people.custodian)
    return services.ask_for(name, people.custodian.agency, by=by, at=at, **more)


class Stopwatch:
    """A job that has begun, and goes on until it is let go or stopped."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.runs = 0
        self.ended = False

    def __call__(self, work: Work) -> dict[str, Any]:
        self.runs += 1
        self.begun.set()
        try:
            while not self.go_on.wait(0.01):
                work.check()
        finally:
            self.ended = True
        return {"sentence": "做完了。"}
