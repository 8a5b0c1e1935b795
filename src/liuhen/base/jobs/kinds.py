"""The table of kinds: what a job may be, who may ask for it and stop it, who may know of it.

- A kind that is not in the table is refused when asked for, and left alone by workers that do not know it.
- `who` is the rule of the act that the job performs: the stage's own act table decides, here it is only cited.
- A kind's `run` gets a Work, returns its result as JSON, and may be run again from the start at any moment:
  a worker can be killed between any two of its steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from liuhen.base.home import BusyError
from liuhen.base.people.models import Role
from liuhen.base.people.rules import HasRole, Rule
from liuhen.core.errors import RefusedError

from .work import Work

# Those who see every recording of the office (the officers see their own ones, and see them elsewhere).
CONTENT = HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST))
EVERYBODY = HasRole(tuple(Role))


class UnknownKindError(RefusedError):
    code = "unknown_job_kind"


@dataclass(frozen=True)
class Kind:
    """One row of the table.

    `who` None: only the program asks for it. `sees`: who may know that it runs and how far it has come;
    `names`: who may also read titles and sentences, which may name what was recorded. `passing`: errors after
    which it is tried again, later.
    """

    name: str
    label: str
    run: Callable[[Work], dict[str, Any]]
    who: Rule | None
    sees: Rule
    names: Rule = CONTENT
    urgent: bool = False
    limit: int = 3
    passing: tuple[type[Exception], ...] = (BusyError, DatabaseError)


_KINDS: dict[str, Kind] = {}
_HOURLY: list[Callable[[datetime], object]] = []


def hourly(chore: Callable[[datetime], object]) -> None:
    """Something short that every worker does once an hour, and that may be done twice."""
    if chore not in _HOURLY:
        _HOURLY.append(chore)


def hourly_chores() -> list[Callable[[datetime], object]]:
    return list(_HOURLY)


def register(*kinds: Kind) -> None:
    """Add kinds at start-up. Raises ValueError for a name that another kind has."""
    for kind in kinds:
        if _KINDS.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"two kinds of job are called {kind.name}")


def kind_named(name: str) -> Kind:
    """Raises UnknownKindError."""
    try:
        return _KINDS[name]
    except KeyError as error:
        raise UnknownKindError(
            f"没有名为“{name}”的后台任务。",
            remedy="可能是程序版本不一致：请升级到同一版本后再试。",
            kind=name,
        ) from error


def all_kinds() -> list[Kind]:
    return sorted(_KINDS.values(), key=lambda kind: kind.name)
