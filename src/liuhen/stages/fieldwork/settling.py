"""Closing a finding: by a named act, with a reason; it stays in sight, and can be opened again."""

from __future__ import annotations

from datetime import datetime

from liuhen.base.acts import perform
from liuhen.base.people.models import Account
from liuhen.core.findings import NOTE

from . import acts
from .checks import find
from .errors import ActivityError
from .models import Activity, Settled


def settle(activity: Activity, key: str, *, reason: str, by: Account, at: datetime) -> Settled:
    """Close a finding that stands now. Raises ActivityError where there is none, or nothing to close."""
    found = find(activity, key)
    if found is None:
        raise ActivityError("这个问题已不存在：所缺的材料已补齐，或情况有变。", remedy="请刷新后查看。")
    if found.settled is not None or found.finding.severity == NOTE:
        raise ActivityError("这个问题无需办结，或已办结。", remedy="请刷新后查看。")
    row = Settled(
        agency=activity.agency,
        activity=activity,
        key=key,
        code=found.finding.code,
        reason=reason,
        by=by.name,
        at=at,
    )
    data = {"activity": str(activity.pk), "key": key, "code": found.finding.code}
    perform(acts.SETTLE, row, by=by, at=at, subject=activity.subject, reason=reason, data=data)
    return row


def reopen(row: Settled, *, reason: str, by: Account, at: datetime) -> None:
    data = {"activity": str(row.activity_id), "key": row.key, "code": row.code}
    perform(acts.REOPEN, row, by=by, at=at, subject=row.activity.subject, reason=reason, data=data)
