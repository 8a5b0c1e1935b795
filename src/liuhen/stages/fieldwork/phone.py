"""Entries from a phone in the field: kept there with the phone's time, sent when the office is reached, done once.

- An entry has a key of its own: sent twice, it is done once, and answered alike.
- The phone's clock is compared with the server's when it sends; what happened is corrected by it, and both times are kept.
- What cannot be done is kept with the reason, and shown to whoever handles it: nothing that was sent is lost.
- What waited for something else (an end for its arrival, a resumption for its stop) is done once that has come.
- The same entries may come as a file, handed over at the office: by whose they are, or by a keeper for them.
- What one account wrote is never taken for another's, whoever is signed in on the phone when it is sent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, IntegrityError, transaction
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from liuhen.base.acts import Act, NotAllowedError, perform
from liuhen.base.basis import OWN_RULE
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import roles_of
from liuhen.core.errors import LiuhenError, RefusedError, UsageError

from . import acts, telling
from .models import Activity, Sent
from .phoned import DOERS, FAILED
from .telling import Told

log = structlog.get_logger(__name__)

Kind = Literal["open", "tell", "mark", "stop", "resume", "report", "document", "clock", "check"]
LABELS: dict[str, str] = {
    "open": "登记执法活动",
    "tell": "补登执法活动",
    "mark": "标记",
    "stop": "中断",
    "resume": "恢复记录",
    "report": "报告",
    "document": "执法文书",
    "clock": "测读设备时钟",
    "check": "使用前检查",
}
STEADY = 120.0  # seconds: less than that a phone's clock is taken for right
MOST = 500  # entries at once
LARGEST = 20_000  # bytes of one entry's body
FILE = 2_000_000  # bytes of a file that is handed over
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class NotTheirsError(RefusedError):
    """Written by another account."""

    code = "other_account"


def _possible(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("no clock says this")
    return moment


def _sound(body: dict[str, Any]) -> dict[str, Any]:
    """Text that any database can keep, and not too much of it."""
    try:
        text = orjson.dumps(body)
    except TypeError as error:  # half a character, a number beyond all numbers
        raise ValueError("no text") from error
    if len(text) > LARGEST or b"\\u0000" in text:
        raise ValueError("too much, or no text")
    return body


Moment = Annotated[AwareDatetime, AfterValidator(_possible)]


class Entry(BaseModel):
    """What a phone sends of one thing. `at`: when it happened, by the phone's clock."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    activity: UUID
    kind: Kind
    at: Moment
    body: Annotated[dict[str, Any], AfterValidator(_sound)] = Field(default_factory=dict)


class Bundle(BaseModel):
    """What a phone sends at once. `sent_at`: by its clock, at that moment; None in a file. `ahead`: by how many seconds
    the phone found its clock ahead when it last reached the office, for a file. `account`, `who`: whose entries."""

    model_config = ConfigDict(extra="forbid")

    entries: list[Entry] = Field(max_length=MOST)
    sent_at: Moment | None = None
    ahead: Annotated[float, Field(ge=-4e9, le=4e9)] | None = None
    account: int | None = None
    who: str = Field(default="", max_length=60)


@dataclass(frozen=True)
class Answer:
    """What became of an entry."""

    id: UUID
    outcome: str
    sentence: str

    @property
    def failed(self) -> bool:
        """Registered, and what was looked at did not pass."""
        return self.outcome == Sent.Outcome.DONE and f"{FAILED}：" in self.sentence

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "outcome": self.outcome,
            "sentence": self.sentence,
            "failed": self.failed,
        }


def bundle_from(data: Any) -> Bundle:
    """Raises UsageError for what is no bundle: nothing of it has been taken then."""
    try:
        return Bundle.model_validate(data)
    except ValidationError as error:
        raise UsageError(
            "送来的现场记录读不懂，没有登记。",
            remedy="请勿清除手机上的记录；用“导出为文件”保存后交科室管理员。",
            code="bad_entries",
        ) from error


def receive(bundle: Bundle, *, by: Account, at: datetime, handed: bool = False) -> list[Answer]:
    """Do each entry once, activities first, then in the order of their times. Every one gets an answer, and so do entries of
    the same account that had waited for one of these.

    `handed`: it came as a file. Raises NotTheirsError for what another account wrote; nothing of it is taken then.
    """
    _require_theirs(bundle, by, handed)
    ahead = (bundle.sent_at - at).total_seconds() if bundle.sent_at else bundle.ahead or 0.0
    theirs = bundle.account == by.pk or (bundle.account is None and not handed)
    note = "" if theirs else f"{bundle.who or '另一账号'}的手机记录，由{by.name}交来。"
    answers = [_once(one, ahead, note, by, at) for one in sorted(bundle.entries, key=_order)]
    done = {one.id for one in answers if one.outcome == Sent.Outcome.DONE}
    led = {one.activity for one in bundle.entries if one.id in done and one.kind in _LEADING}
    after = {row.pk: Answer(row.pk, row.outcome, row.sentence) for row in catch_up(led, by=by, at=at)}
    told = [after.get(one.id, one) for one in answers]
    return told + [one for one in after.values() if one not in told]


_FOR_OTHERS = {Role.CUSTODIAN, Role.UNIT_HEAD}


def _require_theirs(bundle: Bundle, by: Account, handed: bool) -> None:
    if bundle.account in (None, by.pk) or (handed and not _FOR_OTHERS.isdisjoint(roles_of(by))):
        return
    raise NotTheirsError(
        f"这些记录是{bundle.who or '另一账号'}登记的，没有登记到您的名下。",
        remedy="请由其本人登录后发送；也可以导出为文件，交科室管理员登记。",
        basis=OWN_RULE.cite(by.agency.pack),
    )


def _order(one: Entry) -> tuple[int, datetime]:
    return 0 if one.kind == "open" else 1, one.at


def _once(one: Entry, ahead: float, note: str, by: Account, at: datetime) -> Answer:
    try:
        return _now(one, ahead, note, by, at)
    except IntegrityError:  # two at once: the database let the other through
        known = Sent.objects.filter(pk=one.id, agency=by.agency).first()
        if known is None:
            raise
        return Answer(known.pk, known.outcome, known.sentence)


@transaction.atomic
def _now(one: Entry, ahead: float, note: str, by: Account, at: datetime) -> Answer:
    known = Sent.objects.filter(pk=one.id).first()
    if known is not None and known.agency_id == by.agency_id:
        return Answer(known.pk, known.outcome, known.sentence)
    if known is not None:
        return Answer(
            one.id, Sent.Outcome.REFUSED, "这条记录的编号已被使用。怎么办：请由科室管理员按原文补登。"
        )
    if note and one.kind == "report":  # its writer answers for it, and nobody reviews their own
        outcome, sentence = Sent.Outcome.REFUSED, _OWN_REPORT
    else:
        outcome, sentence = _try(one, _corrected(one.at, ahead, one.kind), by, at)
    row = _keep(one, ahead, by, at, outcome, note, sentence)
    return Answer(row.pk, row.outcome, row.sentence)


def _try(one: Entry, happened: datetime, by: Account, at: datetime) -> tuple[Sent.Outcome, str]:
    try:
        with transaction.atomic():
            said = DOERS[one.kind](one, happened, by, at)
    except LiuhenError as error:
        return Sent.Outcome.REFUSED, str(error)
    except (IntegrityError, DataError):
        return (
            Sent.Outcome.REFUSED,
            "同一编号的内容已经登记，或内容不合要求。怎么办：请由科室管理员核对后补登。",
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, ObjectDoesNotExist):
        log.warning("field_entry_unreadable", entry=str(one.id), kind=one.kind, exc_info=True)
        return Sent.Outcome.REFUSED, "内容读不懂。怎么办：请由科室管理员按原文补登。"
    return Sent.Outcome.DONE, said or ""


def _corrected(moment: datetime, ahead: float, kind: str) -> datetime:
    """By how far the phone was ahead when it sent, where that is more than a network may take.

    A device's clock may be off by less than that: it is always held against the server's.
    """
    exact = kind in ("clock", "check")
    return moment - timedelta(seconds=ahead) if exact or abs(ahead) > STEADY else moment


def _keep(
    one: Entry, ahead: float, by: Account, at: datetime, outcome: Sent.Outcome, note: str, sentence: str
) -> Sent:
    """`note`: whose it is, where somebody else handed it in."""
    return Sent.objects.create(
        id=one.id,
        agency=by.agency,
        activity=one.activity,
        kind=one.kind,
        body=one.body,
        phone_at=one.at,
        phone_ahead=round(ahead, 3),
        by=by,
        handed_in=bool(note),
        received_at=at,
        outcome=outcome,
        sentence=note + sentence,
    )


def again(row: Sent, *, by: Account, at: datetime) -> Answer:
    """Try an entry that could not be registered once more, now that what it lacked may be there."""
    answer = _again(row, by, at)
    if answer.outcome == Sent.Outcome.DONE and row.kind in _LEADING:
        catch_up({row.activity}, by=by, at=at)
    return answer


@transaction.atomic
def _again(row: Sent, by: Account, at: datetime) -> Answer:
    row = Sent.objects.select_for_update().get(pk=row.pk)
    if row.outcome != Sent.Outcome.REFUSED:
        return Answer(row.pk, row.outcome, row.sentence)
    if row.kind == "report" and (row.handed_in or row.by_id != by.pk):
        raise NotTheirsError(
            "报告须由本人登记，别人不能代为再试。",
            remedy="请由本人登录后再试，或由本人在执法活动中另写。",
            basis=OWN_RULE.cite(by.agency.pack),
        )
    outcome, sentence = _try(_entry_of(row), _happened(row), by, at)
    note = "" if row.by_id == by.pk else f"{row.by.name}的手机记录，由{by.name}再次登记。"
    said = "　".join(part for part in (row.sentence, note, sentence) if part)
    _settle(acts.RETRY, row, outcome, said, by=by, at=at)
    return Answer(row.pk, outcome, sentence)


def tell_of(
    activity: Activity, told: Told, *, by: Account, at: datetime, reason: str | None = None
) -> Activity:
    """What the office tells, and after it the entries that had waited for it. Raises what `telling.tell` raises."""
    telling.tell(activity, told, by=by, at=at, reason=reason)
    catch_up({activity.pk}, by=by, at=at)
    activity.refresh_from_db()
    return activity


_LEADING = frozenset({"open", "tell", "stop"})  # what others may have waited for
_WAITED = "所缺的已经登记，这条随后自动登记。"


def catch_up(activities: Collection[UUID], *, by: Account, at: datetime) -> list[Sent]:
    """Try what waits of these activities once more, in the order in which it happened, each as its writer's own.

    One that is refused again stays as it was. Returns the ones of `by` that were done.
    """
    waiting = Sent.objects.filter(
        agency=by.agency, activity__in=activities, outcome=Sent.Outcome.REFUSED
    ).exclude(kind="report", handed_in=True)
    rows = sorted(waiting.order_by("received_at")[:MOST], key=_order_of)
    done = [row for one in rows if (row := _after_all(one, at))]
    mine = [row for row in done if row.by_id == by.pk]
    led = {row.activity for row in done if row.kind in _LEADING}
    return [*mine, *catch_up(led, by=by, at=at)] if led else mine


def _after_all(row: Sent, at: datetime) -> Sent | None:
    try:
        with transaction.atomic():
            row = Sent.objects.select_for_update().get(pk=row.pk)
            if row.outcome != Sent.Outcome.REFUSED:
                return None
            outcome, sentence = _try(_entry_of(row), _happened(row), row.by, at)
            if outcome != Sent.Outcome.DONE:
                return None
            said = "　".join(part for part in (row.sentence, _WAITED, sentence) if part)
            _settle(acts.RETRY, row, outcome, said, by=row.by, at=at)
    except NotAllowedError:  # the writer's roles are not what they were: for whoever handles it
        return None
    return row


def _entry_of(row: Sent) -> Entry:
    return Entry(id=row.pk, activity=row.activity, kind=row.kind, at=row.phone_at, body=row.body)  # type: ignore[arg-type]


def _happened(row: Sent) -> datetime:
    return _corrected(row.phone_at, row.phone_ahead, row.kind)


def _order_of(row: Sent) -> tuple[int, datetime]:
    return 0 if row.kind == "open" else 1, _happened(row)


_OWN_REPORT = "报告须由本人登记，不能代交。怎么办：请由本人登录后发送，或在执法活动中另写。"


def _settle(act: Act, row: Sent, outcome: Sent.Outcome, sentence: str, *, by: Account, at: datetime) -> None:
    data = {"entry": str(row.pk), "kind": row.kind, "outcome": str(outcome)}
    changes = {"outcome": outcome, "sentence": sentence}
    perform(act, row, by=by, at=at, subject=f"sent:{row.pk}", data=data, changes=changes)


@transaction.atomic
def handle(row: Sent, *, note: str, by: Account, at: datetime) -> None:
    """Somebody has dealt with an entry that could not be registered. It stays."""
    if not note.strip():
        raise UsageError("没有写明怎样处理的。", remedy="例如：已由某某补登。")
    row = Sent.objects.select_for_update().get(pk=row.pk)
    if row.outcome != Sent.Outcome.REFUSED:
        raise UsageError("这条记录已经处理过。", remedy="请刷新后查看。")
    said = f"{row.sentence}　处理：{note.strip()}（{by.name}）"
    _settle(acts.HANDLE, row, Sent.Outcome.HANDLED, said, by=by, at=at)
