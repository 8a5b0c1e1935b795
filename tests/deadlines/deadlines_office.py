"""What the tests of deadlines share: entries written as the stages write them, and all rows to compare."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from the_office import AT

from liuhen.base.deadlines import folds
from liuhen.base.deadlines.models import Deadline, Matter, Shortening
from liuhen.base.ledger.append import PROGRAM, append
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Agency

TOLD = "test.told"
NUMBER = "00000000-0000-4000-8000-{:012d}"


def _told(told: dict[str, Any], entry: dict[str, Any]) -> None:
    """What later stages will tell, part by part: the data is laid over the facts."""
    for part, value in entry["data"].items():
        told[part] = value


@pytest.fixture
def told() -> Iterator[None]:
    """Entries of the kind TOLD change the facts of their matter."""
    folds.tells(TOLD, _told)
    yield
    folds.no_longer_tells(TOLD)


def subject(number: int) -> str:
    return f"urn:uuid:{NUMBER.format(number)}"


def store(agency: Agency, number: int, ended_at: str | None, *, handed: str, at: datetime = AT) -> Entry:
    data = {"ended_at": ended_at, "handed_over_at": handed}
    return _append(agency, "recording.stored", number, at, data)


def tell(agency: Agency, number: int, **parts: Any) -> Entry:
    return _append(agency, TOLD, number, AT, parts)


def _append(agency: Agency, kind: str, number: int, at: datetime, data: dict[str, Any]) -> Entry:
    with transaction.atomic():
        return append(agency, kind, subject(number), by=PROGRAM, at=at, data=data)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows as they mean something: without the keys that a database gives."""
    kept = ("subject", "recording", "facts", "day", "pack", "version", "rule", "article", "period", "until")
    rows = ("matter__subject", "duty", "pack", "version", "article", "state", "who", "to", "basis", "assumed")
    return {
        "matters": sorted(
            Matter.objects.values_list(*kept, "floor", "long_term", "cause", "shorter", "upheld"), key=str
        ),
        "deadlines": sorted(
            Deadline.objects.values_list(*rows, "warnings", "starts_at", "due_at", "met_at"), key=str
        ),
        "shortenings": sorted(Shortening.objects.values_list("cause", "state")),
    }
