"""Entries from a phone in the field: kept there with the phone's time, sent when the office is reached, done once.

- An entry has a key of its own: sent twice, it is done once, and answered alike.
- The phone's clock is compared with the server's when it sends; what happened is corrected by it, and both times are kept.
- What cannot be done is kept with the reason, and shown to whoever handles it: nothing that was sent is lost.
- The same entries may come as a file, handed over at the office.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Officer
from liuhen.core.errors import LiuhenError, UsageError

from .documents import Paperwork, list_document
from .marking import mark_activity
from .models import Activity, Report, Sent, Stop
from .reporting import Written, make_report, resume, stop
from .selectors import activities_seen
from .telling import Told, open_activity, tell

Kind = Literal["open", "tell", "mark", "stop", "resume", "report", "document"]
STEADY = 120.0  # seconds: less than that a phone's clock is taken for right
MOST = 500  # entries at once


class Entry(BaseModel):
    """What a phone sends of one thing. `at`: when it happened, by the phone's clock."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    activity: UUID
    kind: Kind
    at: AwareDatetime
    body: dict[str, Any] = Field(default_factory=dict)


class Bundle(BaseModel):
    """What a phone sends at once. `sent_at`: by its clock, at that moment; None in a file, whose clock nobody can tell."""

    model_config = ConfigDict(extra="forbid")

    entries: list[Entry] = Field(max_length=MOST)
    sent_at: AwareDatetime | None = None


@dataclass(frozen=True)
class Answer:
    """What became of an entry."""

    id: UUID
    outcome: str
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return {"id": str(self.id), "outcome": self.outcome, "sentence": self.sentence}


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


def receive(bundle: Bundle, *, by: Account, at: datetime) -> list[Answer]:
    """Do each entry once, in the order of their times. Every one gets an answer."""
    ahead = (bundle.sent_at - at).total_seconds() if bundle.sent_at else 0.0
    return [_once(one, ahead, by, at) for one in sorted(bundle.entries, key=_order)]


def _order(one: Entry) -> tuple[datetime, int]:
    return one.at, 0 if one.kind == "open" else 1


@transaction.atomic
def _once(one: Entry, ahead: float, by: Account, at: datetime) -> Answer:
    known = Sent.objects.filter(pk=one.id, agency=by.agency).first()
    if known is not None:
        return Answer(known.pk, known.outcome, known.sentence)
    if Sent.objects.filter(pk=one.id).exists():
        return Answer(one.id, Sent.Outcome.REFUSED, "这条记录的编号已被使用。")
    outcome, sentence = _try(one, _corrected(one.at, ahead), by, at)
    row = _keep(one, ahead, by, at, outcome, sentence)
    return Answer(row.pk, row.outcome, row.sentence)


def _try(one: Entry, happened: datetime, by: Account, at: datetime) -> tuple[Sent.Outcome, str]:
    try:
        with transaction.atomic():
            _DOERS[one.kind](one, happened, by, at)
    except LiuhenError as error:
        return Sent.Outcome.REFUSED, str(error)
    except (KeyError, TypeError, ValueError, ArithmeticError, ObjectDoesNotExist):
        return Sent.Outcome.REFUSED, "内容读不懂。怎么办：请由科室管理员按原文补登。"
    return Sent.Outcome.DONE, ""


def _corrected(moment: datetime, ahead: float) -> datetime:
    """By how far the phone was ahead when it sent, where that is more than a network may take."""
    return moment - timedelta(seconds=ahead) if abs(ahead) > STEADY else moment


def _keep(one: Entry, ahead: float, by: Account, at: datetime, outcome: Sent.Outcome, sentence: str) -> Sent:
    return Sent.objects.create(
        id=one.id,
        agency=by.agency,
        activity=one.activity,
        kind=one.kind,
        body=one.body,
        phone_at=one.at,
        phone_ahead=round(ahead, 3),
        by=by,
        received_at=at,
        outcome=outcome,
        sentence=sentence,
    )


def again(row: Sent, *, by: Account, at: datetime) -> Answer:
    """Try an entry that could not be registered once more, now that what it lacked may be there."""
    if row.outcome != Sent.Outcome.REFUSED:
        return Answer(row.pk, row.outcome, row.sentence)
    one = Entry(id=row.pk, activity=row.activity, kind=row.kind, at=row.phone_at, body=row.body)  # type: ignore[arg-type]
    outcome, sentence = _try(one, _corrected(row.phone_at, row.phone_ahead), by, at)
    Sent.objects.filter(pk=row.pk).update(outcome=outcome, sentence=sentence)
    return Answer(row.pk, outcome, sentence)


def handle(row: Sent, *, note: str, by: Account, at: datetime) -> None:
    """Somebody has dealt with an entry that could not be registered. It stays."""
    if not note.strip():
        raise UsageError("没有写明怎样处理的。", remedy="例如：已由某某补登。")
    changed = Sent.objects.filter(pk=row.pk, outcome=Sent.Outcome.REFUSED).update(
        outcome=Sent.Outcome.HANDLED, sentence=f"{row.sentence}　处理：{note.strip()}（{by.name}）"
    )
    if not changed:
        raise UsageError("这条记录已经处理过。", remedy="请刷新后查看。")


# -- one function a kind


def _activity(one: Entry, by: Account, at: datetime) -> Activity:
    activity = activities_seen(by, at).filter(pk=one.activity).first()
    if activity is None:
        raise UsageError(
            "没有这项执法活动，或不属于您的权限。", remedy="请由科室管理员核对后补登。", code="not_there"
        )
    return activity


def _moment(value: Any, ahead_of: tuple[datetime, datetime]) -> datetime | None:
    """A moment told in the body, by the phone's clock, corrected as the entry itself was."""
    if not value:
        return None
    phone, corrected = ahead_of
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("naive moment")
    return moment + (corrected - phone)


_MOMENTS = ("arrived_at", "ended_at", "left_at", "returned_at")
_TEXTS = ("matter", "place", "party", "note")
_LISTS = ("circumstances", "happened", "events")


def _told(one: Entry, happened: datetime, by: Account) -> Told:
    body, clocks = one.body, (one.at, happened)
    said: dict[str, Any] = {name: _moment(body.get(name), clocks) for name in _MOMENTS}
    said |= {name: str(body[name]) for name in _TEXTS if body.get(name)}
    said |= {name: [str(code) for code in body[name]] for name in _LISTS if body.get(name)}
    if body.get("latitude") is not None and body.get("longitude") is not None:
        said |= _coordinates(body)
    if "officers" in body:
        said["officers"] = list(Officer.objects.filter(agency=by.agency, staff_no__in=body["officers"]))
    if "devices" in body:
        said["devices"] = _devices(body["devices"], by)
    return Told(**said)


def _coordinates(body: dict[str, Any]) -> dict[str, Any]:
    return {name: round(Decimal(str(body[name])), 6) for name in ("latitude", "longitude")}


def _devices(told: Iterable[dict[str, Any]], by: Account) -> dict[Device, Officer | None]:
    found: dict[Device, Officer | None] = {}
    for one in told:
        device = Device.objects.filter(agency=by.agency, serial=one["serial"]).first()
        if device is None:
            raise UsageError(f"设备 {one['serial']} 没有登记。", remedy="请先登记该设备，再补登。")
        found[device] = Officer.objects.filter(agency=by.agency, staff_no=one.get("officer")).first()
    return found


def _do_open(one: Entry, happened: datetime, by: Account, at: datetime) -> None:
    if Activity.objects.filter(pk=one.activity).exists():
        raise UsageError("这项执法活动已经登记。", remedy="无需再办。")
    told = _told(one, happened, by)
    unit = by.unit or (by.officer.unit if by.officer else None)
    if unit is None:
        raise UsageError("您的账号没有所属科室。", remedy="请由系统管理员补登科室后再送。")
    open_activity(unit, told, by=by, at=at, key=one.activity)


def _do_tell(one: Entry, happened: datetime, by: Account, at: datetime) -> None:
    reason = str(one.body.get("reason") or "") or None
    tell(_activity(one, by, at), _told(one, happened, by), by=by, at=at, reason=reason)


def _do_mark(one: Entry, happened: datetime, by: Account, at: datetime) -> None:
    note = str(one.body.get("note") or "")[:200]
    mark_activity(
        _activity(one, by, at), str(one.body["code"]), moment=happened, note=note, by=by, at=at, key=one.id
    )


def _do_stop(one: Entry, happened: datetime, by: Account, at: datetime) -> None:
    stop(
        _activity(one, by, at),
        str(one.body["cause"]),
        stopped_at=happened,
        text=str(one.body.get("text") or "")[:500],
        by=by,
        at=at,
        key=one.id,
    )


def _do_resume(one: Entry, happened: datetime, by: Account, at: datetime) -> None:
    row = Stop.objects.get(pk=UUID(str(one.body["stop"])), activity=_activity(one, by, at))
    resume(row, resumed_at=happened, by=by, at=at)


def _do_report(one: Entry, happened: datetime, by: Account, at: datetime) -> None:
    body, clocks = one.body, (one.at, happened)
    activity = _activity(one, by, at)
    about = body.get("stop")
    written = Written(
        kind=str(body.get("kind") or Report.Kind.UNRECORDED),
        code=str(body["code"]),
        reason=str(body.get("reason") or ""),
        grounds=str(body.get("grounds") or ""),
        stop=Stop.objects.get(pk=UUID(str(about)), activity=activity) if about else None,
        start=_moment(body.get("start"), clocks),
        end=_moment(body.get("end"), clocks),
    )
    make_report(activity, written, by=by, at=at, key=one.id)


def _do_document(one: Entry, happened: datetime, by: Account, at: datetime) -> None:
    body, clocks = one.body, (one.at, happened)
    told = Paperwork(
        kind=str(body["kind"])[:60],
        number=str(body.get("number") or "")[:60],
        started_at=_moment(body.get("started_at"), clocks),
        ended_at=_moment(body.get("ended_at"), clocks),
        on_site=bool(body.get("on_site", True)),
    )
    list_document(_activity(one, by, at), told, by=by, at=at, key=one.id)


_DOERS: dict[str, Callable[[Entry, datetime, Account, datetime], None]] = {
    "open": _do_open,
    "tell": _do_tell,
    "mark": _do_mark,
    "stop": _do_stop,
    "resume": _do_resume,
    "report": _do_report,
    "document": _do_document,
}
