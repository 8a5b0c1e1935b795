"""What is due, overdue, waiting or done: the duties that the regulation opens, each with its article."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from liuhen.base import clock
from liuhen.base.deadlines import selectors
from liuhen.base.deadlines.models import Deadline
from liuhen.base.tokens.models import Scope
from liuhen.doors.following import bring_up
from liuhen.doors.paging import page_of

from . import shapes
from .callers import caller_of
from .operations import operation
from .shapes import Cursor, DeadlineState, PageSize

router = Router(tags=["期限"])


@operation(router, "GET", "/deadlines", "期限登记簿", scope=Scope.RECORDINGS_READ, returns=shapes.Deadlines)
def list_deadlines(
    request: HttpRequest, state: DeadlineState = "open", cursor: Cursor = "", size: PageSize = 50
) -> Any:
    person, at = caller_of(request).account, clock.now()
    behind = bring_up(person)
    choice = selectors.SELECTIONS[state]
    rows = choice.rows(selectors.visible_to(person, at), at).select_related("matter")
    page = page_of(rows, choice.order, cursor, size, choice.full)
    items = [_row(row, selectors.tone_of(row, at)) for row in page.rows]
    return {"items": items, "before": page.before, "after": page.after, "behind": behind}


def _row(row: Deadline, state: str) -> dict[str, Any]:
    return {
        "duty": row.duty,
        "subject": row.matter.subject,
        "recording": f"urn:uuid:{row.recording}" if row.recording else None,
        "pack": row.pack,
        "version": row.version,
        "article": row.article,
        "state": state,
        "starts_at": row.starts_at,
        "due_at": row.due_at,
        "met_at": row.met_at,
        "who": row.who,
        "to": row.to or None,
        "basis": row.basis,
        "assumed": row.assumed,
        "warnings": row.warnings.splitlines(),
    }
