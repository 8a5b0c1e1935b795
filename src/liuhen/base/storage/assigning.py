"""确定归属 of many at once: the same act for each, each with its own entry, version and sentence.

- Only what waits is assigned; a recording in store is corrected one by one, by somebody who looked at it.
- What was assigned so already counts as done, so a run that was broken off can be run again.
- One that fails stops no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.core.errors import LiuhenError

from .amend import Owner, assign
from .stores import Stores


@dataclass(frozen=True)
class Assigned:
    """What became of one."""

    number: str
    name: str
    done: bool
    sentence: str


def assign_each(
    rows: Iterable[Recording], owner: Owner, stores: Stores, *, reason: str, by: Account, at: datetime
) -> Iterator[Assigned]:
    """A result for each, as it is done. Put `publish.batched()` around it: one publication for all."""
    for row in rows:
        done, sentence = _one(row, owner, stores, reason=reason, by=by, at=at)
        yield Assigned(row.number, row.name, done, sentence)


def _one(
    row: Recording, owner: Owner, stores: Stores, *, reason: str, by: Account, at: datetime
) -> tuple[bool, str]:
    if row.state != Recording.State.TO_ASSIGN:
        if (row.device, row.holder) == (owner.device, owner.holder):
            return True, "已经是这一归属。"
        return False, "不是待归属，没有改动。怎么办：确需更正的，请打开这条记录逐条办理。"
    try:
        assign(row, owner, stores, reason=reason, by=by, at=at)
    except LiuhenError as error:
        return False, str(error)
    return True, "已确定归属。"
