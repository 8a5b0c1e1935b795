"""Before a door answers about deadlines: what the ledger has new is read, as far as somebody may wait for it."""

from __future__ import annotations

import structlog
from django.db import DatabaseError

from liuhen.base.deadlines import follow
from liuhen.base.people.models import Account

log = structlog.get_logger(__name__)
AT_ONCE = 5000  # entries read before the answer; the hourly chore reads the rest


def bring_up(person: Account) -> int:
    """Returns how many entries are left. While somebody else writes, what was read before is shown, and how far behind."""
    try:
        follow.catch_up(person.agency, limit=AT_ONCE)
    except DatabaseError:
        log.warning("deadlines_behind", exc_info=True)
    return follow.behind(person.agency)
