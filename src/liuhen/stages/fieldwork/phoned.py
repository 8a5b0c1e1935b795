"""What an entry from a phone does: one function a kind. Who may, and what cannot be, the services say.

- Moments told in the body are by the phone's clock, and are corrected as the entry itself was.
- Words longer than their column are cut there; the entry as it was sent is kept whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Q

from liuhen.base.devices.models import Device
from liuhen.base.devices.services import read_clock
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.core.errors import UsageError
from liuhen.stages.equipment.checks import Looked, in_words, what_to_do
from liuhen.stages.equipment.nearby import require_near
from liuhen.stages.equipment.services import check_device

from .documents import Paperwork, list_document
from .marking import mark_activity
from .models import MOMENTS, Activity, Carried, Report, Stop
from .reporting import Written, make_report, resume, stop
from .selectors import activities_seen
from .telling import AHEAD, Told, open_activity, tell

FAILED = "未通过"
LATELY = timedelta(days=7)  # as long may a phone have been without the office


class Said(Protocol):
    """The entry as the phone sent it."""

    @property
    def id(self) -> UUID: ...
    @property
    def activity(self) -> UUID: ...
    @property
    def at(self) -> datetime: ...
    @property
    def body(self) -> dict[str, Any]: ...


def _activity(one: Said, by: Account, at: datetime) -> Activity:
    activity = activities_seen(by, at).filter(pk=one.activity).first()
    if activity is None:
        raise UsageError(
            "没有这项执法活动，或不属于您的权限。",
            remedy="登记活动的那条送到后，这条会自动再登记；一直没有的，请由科室管理员核对后补登。",
            code="not_there",
        )
    return activity


def _stop_of(activity: Activity, key: Any) -> Stop:
    row = Stop.objects.filter(pk=UUID(str(key)), activity=activity).first()
    if row is None:
        raise UsageError(
            "它所说的那次中断还没有登记。",
            remedy="登记中断的那条送到后，这条会自动再登记；一直没有的，请在执法活动中补登中断及恢复的时间。",
            code="stop_not_there",
        )
    return row


def _moment(value: Any, ahead_of: tuple[datetime, datetime]) -> datetime | None:
    """A moment told in the body, by the phone's clock, corrected as the entry itself was."""
    if not value:
        return None
    phone, corrected = ahead_of
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("naive moment")
    return moment + (corrected - phone)


_TEXTS = {"matter": 41, "place": 200, "party": 200, "note": 2000}
_LISTS = ("circumstances", "happened", "events")


def _told(one: Said, happened: datetime, by: Account) -> Told:
    body, clocks = one.body, (one.at, happened)
    said: dict[str, Any] = {name: _moment(body.get(name), clocks) for name in MOMENTS}
    said |= {name: str(body[name])[:most] for name, most in _TEXTS.items() if body.get(name)}
    said |= {name: [str(code) for code in body[name]] for name in _LISTS if body.get(name)}
    if body.get("latitude") is not None and body.get("longitude") is not None:
        said |= _coordinates(body)
    if "officers" in body:
        rows = Officer.objects.filter(agency=by.agency, staff_no__in=body["officers"])
        said["officers"] = list(rows.select_related("unit").order_by("staff_no"))
    if "devices" in body:
        said["devices"] = _devices(body["devices"], by)
    return Told(**said)


def _coordinates(body: dict[str, Any]) -> dict[str, Any]:
    return {name: round(Decimal(str(body[name])), 6) for name in ("latitude", "longitude")}


def _devices(told: Iterable[dict[str, Any]], by: Account) -> dict[Device, Officer | None]:
    found: dict[Device, Officer | None] = {}
    for one in told:
        device = _device(one["serial"], by)
        found[device] = Officer.objects.filter(agency=by.agency, staff_no=one.get("officer")).first()
    return found


def _device(serial: Any, by: Account) -> Device:
    device = Device.objects.filter(agency=by.agency, serial=str(serial)).first()
    if device is None:
        raise UsageError(f"设备 {serial} 没有登记。", remedy="请先登记该设备，再补登。")
    return device


def _unit_of(told: Told, by: Account) -> Unit:
    """The writer's; where a keeper registers it for others, that of the officers who were there."""
    unit = by.unit or (by.officer.unit if by.officer else None)
    there = {one.unit_id for one in told.officers or ()}
    if told.officers and (unit is None or unit.pk not in there) and by.officer not in told.officers:
        return told.officers[0].unit
    if unit is None:
        raise UsageError("您的账号没有所属科室。", remedy="请由系统管理员补登科室后再送。")
    return unit


def _do_open(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    if Activity.objects.filter(pk=one.activity).exists():
        raise UsageError("这项执法活动已经登记。", remedy="无需再办。")
    told = _told(one, happened, by)
    open_activity(_unit_of(told, by), told, by=by, at=at, key=one.activity)


def _do_tell(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    reason = str(one.body.get("reason") or "") or None
    tell(_activity(one, by, at), _told(one, happened, by), by=by, at=at, reason=reason)


def _do_mark(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    note = str(one.body.get("note") or "")[:200]
    mark_activity(
        _activity(one, by, at), str(one.body["code"]), moment=happened, note=note, by=by, at=at, key=one.id
    )


def _do_stop(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    stop(
        _activity(one, by, at),
        str(one.body["cause"]),
        stopped_at=happened,
        text=str(one.body.get("text") or "")[:500],
        by=by,
        at=at,
        key=one.id,
    )


def _do_resume(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    row = _stop_of(_activity(one, by, at), one.body["stop"])
    resume(row, resumed_at=happened, by=by, at=at)


def _do_report(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    body, clocks = one.body, (one.at, happened)
    activity = _activity(one, by, at)
    about = body.get("stop")
    written = Written(
        kind=str(body.get("kind") or Report.Kind.UNRECORDED),
        code=str(body["code"]),
        reason=str(body.get("reason") or ""),
        grounds=str(body.get("grounds") or ""),
        stop=_stop_of(activity, about) if about else None,
        start=_moment(body.get("start"), clocks),
        end=_moment(body.get("end"), clocks),
        at=happened,
    )
    make_report(activity, written, by=by, at=at, key=one.id)


def _do_document(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    body, clocks = one.body, (one.at, happened)
    told = Paperwork(
        kind=str(body["kind"])[:60],
        number=str(body.get("number") or "")[:60],
        started_at=_moment(body.get("started_at"), clocks),
        ended_at=_moment(body.get("ended_at"), clocks),
        on_site=bool(body.get("on_site", True)),
    )
    list_document(_activity(one, by, at), told, by=by, at=at, key=one.id)


def _shown(one: Said) -> datetime:
    """What the device's own clock said: never corrected by the phone's."""
    shown = datetime.fromisoformat(str(one.body["shown_at"]))
    if shown.tzinfo is None:
        raise ValueError("naive moment")
    return shown


def _do_clock(one: Said, happened: datetime, by: Account, at: datetime) -> None:
    device = _device(one.body["serial"], by)
    if not _lately_carried(device, happened, by, at):
        require_near(device, by, happened)
    read_clock(device, _shown(one), server_at=happened, by=by)


def _do_check(one: Said, happened: datetime, by: Account, at: datetime) -> str:
    """Whether it passed, as the phone shows it at once."""
    body, device = one.body, _device(one.body["serial"], by)
    carried = _lately_carried(device, happened, by, at)
    looked = Looked(
        fault_free=body["fault_free"] is True,
        battery_percent=_number(body.get("battery_percent")),
        free_minutes=_number(body.get("free_minutes")),
        shown_at=_shown(one) if body.get("shown_at") else None,
    )
    note = str(body.get("note") or "")
    check = check_device(device, looked, note=note, carried=carried, by=by, at=happened)
    if check.passed:
        return "通过。"
    return f"{FAILED}：{in_words(check.failed)}。怎么办：{what_to_do(check.failed)}"


def _lately_carried(device: Device, happened: datetime, by: Account, at: datetime) -> bool:
    """Did a live activity of this person have the device with it in these days? Raises UsageError for a moment that is none
    of them."""
    if happened > at + AHEAD:
        raise UsageError("检查的时间晚于现在。", remedy="请核对手机的时钟，再检查一次。")
    if happened < at - LATELY:
        raise UsageError(
            "检查过去太久，不能再登记为时钟测读。", remedy="请当面再对一次时；当时的情况由科室管理员写明。"
        )
    if by.officer is None:
        return False
    since = happened - LATELY
    names = ("opened_at", *MOMENTS)
    lately = Q(*((f"activity__{name}__gte", since) for name in names), _connector=Q.OR)
    carried = Carried.objects.filter(lately, device=device, activity__state=Activity.State.OPEN)
    return carried.filter(activity__participants__officer=by.officer).exists()


def _number(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


# What it did; a sentence where the phone is to hear more than that it is registered.
DOERS: dict[str, Callable[[Said, datetime, Account, datetime], str | None]] = {
    "open": _do_open,
    "tell": _do_tell,
    "mark": _do_mark,
    "stop": _do_stop,
    "resume": _do_resume,
    "report": _do_report,
    "document": _do_document,
    "clock": _do_clock,
    "check": _do_check,
}
