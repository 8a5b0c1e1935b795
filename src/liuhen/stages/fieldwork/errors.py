"""What fieldwork refuses, in sentences: what is wrong, on what it rests, what to do. Nothing that was typed is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liuhen.core.errors import RefusedError, UsageError
from liuhen.core.rules.facts import FIRST_YEAR, LAST_YEAR


class ActivityError(UsageError):
    """What was told of an activity cannot be so."""

    code = "activity_wrong"


def require_live(activity: Any) -> None:
    """Raises ActivityError for an activity that was voided: nothing more is told of it."""
    if not activity.live:
        raise ActivityError(
            "这项执法活动已经作废。",
            remedy="请登记到正确的执法活动；仍然有效的，重新登记一项。",
            code="activity_void",
        )


class TwoOfficersError(ActivityError):
    code = "one_officer"


class TwinError(ActivityError):
    """The same stands already; `facts["twin"]` is it."""

    code = "told_already"


class NotTheReviewerError(RefusedError):
    code = "not_the_reviewer"


class MarkError(UsageError):
    code = "mark_wrong"


class MatchError(RefusedError):
    code = "match_wrong"


def require_possible(*moments: datetime | None) -> None:
    """Moments of years that an office can mean. Raises ActivityError."""
    for moment in moments:
        if moment is not None and not FIRST_YEAR < moment.year < LAST_YEAR:
            raise ActivityError(
                f"没有 {moment.year} 年的执法活动。", remedy="请核对年份，写四位数。", code="impossible_time"
            )
