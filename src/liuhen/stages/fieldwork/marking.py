"""Marks: in the field by one key, at the player by one key; who and when always with them.

- A mark at the player stands at a second of its recording; its moment is that of the recording's corrected clock.
- A mark in the field stands at a moment; which recording it falls in is seen when the recordings are there.
- Codes are the regulation's: notice, opening, the reason of an interruption, its key contents, that photographs were
  taken where it asks for them; `important` for what somebody wants to find again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from liuhen.base.acts import perform
from liuhen.base.clock import stamp
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.core.field.marks import NOTICE, OPENING
from liuhen.core.rules.pack import Pack

from . import acts, retelling
from .errors import MarkError
from .facts import REASON
from .models import Activity, Mark, Match, Placed
from .selectors import activities_seen
from .telling import AHEAD

IMPORTANT = "important"
PHOTOGRAPHS = "photographs"


@dataclass(frozen=True)
class Choice:
    """One mark that may be made: its code, what it is called, the article that asks for it, and its key."""

    code: str
    label: str
    article: str
    key: str


_KEYS = "123456789QWETYUIOPDGHCVNZ"  # what the player leaves free


def choices(pack: Pack | None) -> list[Choice]:
    """The marks of a regulation in the order of an activity, each with its key."""
    told: list[tuple[str, str, str]] = []
    if pack and pack.notice:
        told.append((NOTICE, "告知当事人", pack.notice.article))
    if pack and pack.opening:
        told.append((OPENING, "开场说明", pack.opening.article))
    told += [(one.code, one.text, one.article) for one in (pack.key_content if pack else ()) if one.code]
    if pack and pack.interruption and not pack.interruption.report_every_stop:
        told.append((REASON, "语音说明中断原因", pack.interruption.article))
    photographs = next((one for one in (pack.span if pack else ()) if one.code == PHOTOGRAPHS), None)
    if photographs:
        told.append((PHOTOGRAPHS, "已对关键证据另行拍照", photographs.article))
    told.append((IMPORTANT, "重要时刻", ""))
    return [
        Choice(code, label, article, _KEYS[place] if place < len(_KEYS) else "")
        for place, (code, label, article) in enumerate(told)
    ]


def mark_activity(
    activity: Activity,
    code: str,
    *,
    moment: datetime,
    note: str = "",
    by: Account,
    at: datetime,
    key: UUID | None = None,
) -> Mark:
    """In the field. Raises MarkError, NotAllowedError."""
    if not activities_seen(by, at).filter(pk=activity.pk).exists():
        raise MarkError("没有这项执法活动，或不属于您的权限。", remedy="请从执法活动进入。")
    if moment > at + AHEAD:
        raise MarkError("标记的时间晚于现在。", remedy="请核对手机的时钟。", code="in_the_future")
    row = Mark(
        id=key or uuid4(),
        agency=activity.agency,
        activity=activity,
        origin=Mark.Origin.FIELD,
        code=_sound(code),
        at=moment,
        note=note.strip(),
        made_by=by,
        made_at=at,
    )
    _make(row, by=by, at=at)
    return row


def mark_recording(
    recording: Recording,
    code: str,
    seconds: float,
    *,
    note: str = "",
    proposed: bool = False,
    by: Account,
    at: datetime,
) -> Mark:
    """At the player; `proposed`: the program proposed it, and somebody looked and agreed.

    Raises MarkError for a second that the recording does not have, NotAllowedError.
    """
    if not visible_to(by, at).filter(pk=recording.pk).exists():
        raise MarkError("没有这条记录，或不属于您的权限。", remedy="请从音像记录进入。")
    length = (recording.duration_ms or 0) / 1000
    if not 0 <= seconds <= length + 1:
        raise MarkError(f"这条记录没有第 {seconds:.1f} 秒。", remedy="请在播放的画面上标记。")
    placed = Placed.objects.filter(recording=recording.pk, start__isnull=False).first()
    matched = Match.objects.filter(recording=recording.pk, state=Match.State.MATCHED).select_related(
        "activity"
    )
    first = next((one.activity for one in matched.order_by("pk") if one.activity.live), None)
    row = Mark(
        agency=recording.agency,
        activity=first,
        recording=recording,
        origin=Mark.Origin.PROPOSED if proposed else Mark.Origin.PLAYER,
        code=_sound(code),
        at=placed.start + timedelta(seconds=seconds) if placed and placed.start else None,
        seconds=round(seconds, 3),
        note=note.strip(),
        made_by=by,
        made_at=at,
    )
    _make(row, by=by, at=at)
    return row


def withdraw_mark(row: Mark, *, reason: str, by: Account, at: datetime) -> None:
    """It stays, struck through."""
    with transaction.atomic():
        perform(
            acts.WITHDRAW_MARK,
            row,
            by=by,
            at=at,
            subject=f"mark:{row.pk}",
            reason=reason,
            data={"mark": str(row.pk)},
        )
        _tell(row, at=at)


def _sound(code: str) -> str:
    if not code or len(code) > 41 or not code.replace("_", "a").isalnum() or not code.isascii():
        raise MarkError("没有这种标记。", remedy="请用列出的按键标记。")
    return code


def _make(row: Mark, *, by: Account, at: datetime) -> None:
    data = {
        "mark": str(row.pk),
        "code": row.code,
        "origin": str(row.origin),
        "activity": str(row.activity_id) if row.activity_id else None,
        "recording": str(row.recording_id) if row.recording_id else None,
        "at": stamp(row.at) if row.at else None,
        "ms": round(row.seconds * 1000) if row.seconds is not None else None,
    }
    with transaction.atomic():
        perform(
            acts.MARK,
            row,
            by=by,
            at=at,
            subject=f"mark:{row.pk}",
            data=data,
            words={"note": row.note} if row.note else None,
        )
        _tell(row, at=at)


def _tell(row: Mark, *, at: datetime) -> None:
    """A spoken reason meets a duty of its activity; no other mark does."""
    if row.code == REASON and row.activity is not None:
        retelling.tell_activity(row.activity, at=at)
