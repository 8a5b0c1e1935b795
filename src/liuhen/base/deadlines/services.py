"""Deciding what waits."""

from __future__ import annotations

from datetime import datetime

from liuhen.base.acts import Act, perform
from liuhen.base.people.models import Account

from . import acts
from .follow import catch_up
from .models import Matter, Shortening


def decide(row: Shortening, *, approve: bool, reason: str, by: Account, at: datetime) -> int:
    """Approve what a cause would shorten, or uphold what stands; returns how many matters it was about.

    Raises NotAllowedError, WrongStateError, ReasonMissingError.
    """
    catch_up(row.agency)  # a later entry may have overtaken it
    act: Act = acts.APPROVE if approve else acts.UPHOLD
    count = Matter.objects.filter(agency=row.agency, cause=row.cause).count()
    data = {"cause": row.cause, "matters": count}
    perform(act, row, by=by, at=at, subject=f"keeping:{row.cause}", reason=reason, data=data)
    catch_up(row.agency)
    return count
