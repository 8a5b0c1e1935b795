"""无关内容: flagged by one person, handled by another, with reasons; nothing is ever removed by it.

- A flag is about the whole recording or a part of it. Restricted, the whole recording's content is for the few: a part cannot
  be held back without touching the bytes.
- A restriction may be lifted again by the same act; what was held to be kept may be flagged anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from liuhen.base.acts import NotAllowedError, perform
from liuhen.base.clock import parse_stamp
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account
from liuhen.core.errors import RefusedError, UsageError

from .acts import FLAG, HANDLE_FLAG, SEE, SEE_FLAGS
from .models import Recording, Unrelated

DECISIONS = (Unrelated.State.KEPT, Unrelated.State.RESTRICTED)


class AlreadyFlaggedError(RefusedError):
    code = "already_flagged"


@dataclass(frozen=True)
class Part:
    """Of a film or a sound, in milliseconds after its start."""

    start_ms: int
    end_ms: int


def flag_unrelated(
    recording: Recording, part: Part | None, *, reason: str, by: Account, at: datetime
) -> Unrelated:
    """Say that a recording, or a part of it, has nothing to do with the work.

    Raises NotAllowedError, ReasonMissingError, UsageError for a part that is none, AlreadyFlaggedError.
    """
    if not SEE.allows(by, recording, at):
        raise NotAllowedError("没有这项内容，或不属于您的权限。", remedy="请回到音像记录列表，刷新后再试。")
    _check_part(recording, part)
    with transaction.atomic():
        flags = recording.unrelated.select_for_update()
        row = Unrelated(
            agency=recording.agency,
            recording=recording,
            number=flags.count() + 1,
            start_ms=part.start_ms if part else None,
            end_ms=part.end_ms if part else None,
            reason=reason,
            flagged_by=by,
            flagged_at=at,
        )
        _refuse_twice(flags, row)
        data = {
            "recording": recording.urn,
            "flag": row.number,
            "start_ms": row.start_ms,
            "end_ms": row.end_ms,
        }
        perform(FLAG, row, by=by, at=at, subject=recording.urn, reason=reason, data=data)
    return row


def _check_part(recording: Recording, part: Part | None) -> None:
    if part is None:
        return
    if recording.duration_ms is None or recording.kind == Recording.Kind.PHOTO:
        raise UsageError("这条记录没有时长，只能整条标记。", remedy="请不填起止时间。")
    if not 0 <= part.start_ms < part.end_ms <= recording.duration_ms:
        raise UsageError(
            "起止时间不对：止须晚于起，且都在记录之内。",
            remedy=f"这条记录长 {recording.duration_ms / 1000:.3f} 秒，请按已播时间填写。",
        )


def _refuse_twice(flags: QuerySet[Unrelated], row: Unrelated) -> None:
    whole = row.start_ms is None
    same = (
        flags.filter(start_ms__isnull=True)
        if whole
        else flags.filter(start_ms=row.start_ms, end_ms=row.end_ms)
    )
    if same.exclude(state=Unrelated.State.KEPT).exists():
        raise AlreadyFlaggedError(
            "这条记录的同一部分已经标过，尚未了结。", remedy="请查看已有的标记和处理结果。"
        )


def handle_flag(
    flag: Unrelated, decision: Unrelated.State, *, reason: str, by: Account, at: datetime
) -> None:
    """Decide about a flag: 仍应保留 or 限制查看; also lift a restriction.

    Raises NotAllowedError (also for whoever flagged it), WrongStateError, ReasonMissingError, UsageError.
    """
    if decision not in DECISIONS or decision == flag.state:
        raise UsageError("没有说明怎样处理。", remedy="请选“仍应保留”或“限制查看”。")
    perform(
        HANDLE_FLAG,
        flag,
        by=by,
        at=at,
        subject=flag.recording.urn,
        reason=reason,
        data={"recording": flag.recording.urn, "flag": flag.number, "decision": str(decision)},
        changes={"state": decision, "handled_by": by, "handled_at": at, "handled_reason": reason},
    )


def flags_for(person: Account, at: datetime) -> QuerySet[Unrelated]:
    """The register of flags; an officer sees those of the own recordings on their pages only."""
    return SEE_FLAGS.scope(person, Unrelated.objects.all(), at).select_related(
        "recording", "flagged_by", "handled_by"
    )


def waiting_for(person: Account, at: datetime) -> QuerySet[Unrelated]:
    """Flags that this person may decide about: undecided, and flagged by somebody else."""
    rows = Unrelated.objects.filter(state=Unrelated.State.OPEN)
    return HANDLE_FLAG.who.scope(person, rows, at) if HANDLE_FLAG.who else rows.none()


# -- out of the ledger again


def flags_again() -> None:
    """Rows of every flag, from the ledger, once the recordings are there. The reasons' words stand beside it and are lost."""
    kinds = (FLAG.kind, HANDLE_FLAG.kind)
    for text in (
        Entry.objects.filter(kind__in=kinds).order_by("agency", "position").values_list("entry", flat=True)
    ):
        entry: dict[str, Any] = json.loads(text)
        row = Recording.objects.filter(pk=entry["data"]["recording"].removeprefix("urn:uuid:")).first()
        if row is not None:
            _REPLAYERS[entry["kind"]](row, entry)


_LOST = "（由账本重建，理由的文字不在账本内）"


def _flagged_again(recording: Recording, entry: dict[str, Any]) -> None:
    data = entry["data"]
    Unrelated.objects.create(
        agency=recording.agency,
        recording=recording,
        number=data["flag"],
        start_ms=data["start_ms"],
        end_ms=data["end_ms"],
        state=Unrelated.State.OPEN,
        reason=_LOST,
        flagged_by=Account.objects.get(username=entry["by"]["account"]),
        flagged_at=parse_stamp(entry["at"]),
    )


def _handled_again(recording: Recording, entry: dict[str, Any]) -> None:
    data = entry["data"]
    Unrelated.objects.filter(recording=recording, number=data["flag"]).update(
        state=data["decision"],
        handled_by=Account.objects.get(username=entry["by"]["account"]),
        handled_at=parse_stamp(entry["at"]),
        handled_reason=_LOST,
    )


_REPLAYERS: dict[str, Callable[[Recording, dict[str, Any]], None]] = {
    FLAG.kind: _flagged_again,
    HANDLE_FLAG.kind: _handled_again,
}
