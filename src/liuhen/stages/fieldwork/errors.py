"""What fieldwork refuses, in sentences: what is wrong, on what it rests, what to do. Nothing that was typed is lost."""

from __future__ import annotations

from liuhen.core.errors import RefusedError, UsageError


class ActivityError(UsageError):
    """What was told of an activity cannot be so."""

    code = "activity_wrong"


class TwoOfficersError(ActivityError):
    code = "one_officer"


class NotTheReviewerError(RefusedError):
    code = "not_the_reviewer"


class MarkError(UsageError):
    code = "mark_wrong"


class MatchError(RefusedError):
    code = "match_wrong"
