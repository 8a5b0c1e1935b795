"""Opening an activity, telling more of it, correcting it, voiding it.

- At least two officers (《行政处罚法》第四十二条: 执法人员不得少于两人), each once, of the agency and in service.
- Moments in their order (arrival, end, departure, return), none in the future.
- What was empty is told; what was said is corrected, with a reason. The entry carries all that is known then.
- A matter or a device that nobody expected is kept as it is: the list is the regulation's, the fact the field's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from pydantic import ValidationError

from liuhen.base.acts import ask, perform
from liuhen.base.clock import SHANGHAI
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.numbers import next_number
from liuhen.core.rules.facts import faults_of

from . import acts, retelling
from .errors import ActivityError, TwoOfficersError, require_possible
from .facts import CIRCUMSTANCES, EVENTS, data_of, data_of_new, own_facts, read
from .models import MOMENTS, Activity, Carried, Match, Participant, Placed

SERIES = "HD"  # 活动
TWO = "《中华人民共和国行政处罚法》第四十二条"
AHEAD = timedelta(minutes=10)  # as much may a clock be ahead
_CODE = re.compile(r"[a-z][a-z0-9_]{1,40}")
_LISTS = ("circumstances", "happened", "events")
_WORDS = ("place", "party", "note", "latitude", "longitude")
_PEOPLE = ("officers", "devices")
_LONGEST = {"place": ("地点", 200), "party": ("当事人", 200), "note": ("备注", 2000)}  # characters


@dataclass(frozen=True)
class Told:
    """What somebody says of an activity; None: nothing is said of it. `devices`: each with who carried it."""

    matter: str | None = None
    place: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    party: str | None = None
    note: str | None = None
    arrived_at: datetime | None = None
    ended_at: datetime | None = None
    left_at: datetime | None = None
    returned_at: datetime | None = None
    circumstances: Sequence[str] | None = None
    happened: Sequence[str] | None = None
    events: Sequence[str] | None = None
    officers: Sequence[Officer] | None = None
    devices: Mapping[Device, Officer | None] | None = None

    def columns(self) -> dict[str, Any]:
        """What of it stands in the activity's own row."""
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _PEOPLE}
        said |= {name: sorted(set(said[name])) for name in _LISTS if said[name] is not None}
        return {name: value for name, value in said.items() if value is not None}


def open_activity(unit: Unit, told: Told, *, by: Account, at: datetime, key: UUID | None = None) -> Activity:
    """A new activity. `key`: the one that a phone gave it.

    Raises TwoOfficersError, ActivityError, NotAllowedError; nothing is kept then.
    """
    columns = told.columns()
    activity = Activity(
        id=key or uuid4(), agency=unit.agency, unit=unit, opened_by=by, opened_at=at, **columns
    )
    officers, devices = list(told.officers or ()), dict(told.devices or {})
    _require_people(activity, officers, devices)
    _require_arrival(activity, columns)
    _require_sound(activity, at)
    with transaction.atomic():
        activity.number = next_number(unit.agency, SERIES, at)
        perform(
            acts.OPEN,
            activity,
            by=by,
            at=at,
            subject=activity.subject,
            data=data_of_new(activity, officers, devices.items()),
            words=_words(columns),
        )
        _set_people(activity, officers, devices)
    return activity


def tell(activity: Activity, told: Told, *, by: Account, at: datetime, reason: str | None = None) -> Activity:
    """Say more of it, or, with a reason, something else than was said. Saying the same again is nothing.

    Raises ActivityError, TwoOfficersError, ReasonMissingError, NotAllowedError, WrongStateError.
    """
    with transaction.atomic():
        row = Activity.objects.select_for_update().get(pk=activity.pk)
        ask(acts.TELL, row, by=by, at=at)
        said = told.columns().items()
        changed = {name: value for name, value in said if not _same(getattr(row, name), value)}
        officers, devices = _people_changed(row, told)
        if not changed and officers is None and devices is None:
            return row
        act = acts.CORRECT if reason or _contradicts(row, changed, officers, devices) else acts.TELL
        for name, value in changed.items():
            setattr(row, name, value)
        _require_arrival(row, changed)
        if officers is not None or devices is not None:
            now_officers, now_devices = _people_of(row)
            _require_people(
                row,
                now_officers if officers is None else officers,
                now_devices if devices is None else devices,
            )
        _require_sound(row, at)
        _set_people(row, officers, devices)
        perform(
            act,
            row,
            by=by,
            at=at,
            subject=row.subject,
            reason=reason,
            data=data_of(row),
            changes=changed,
            words=_words(changed),
        )
        retelling.tell_recordings(row, at=at)
    activity.refresh_from_db()
    return activity


def void(activity: Activity, *, reason: str, by: Account, at: datetime) -> None:
    """It was registered by mistake: it stays, marked so; its recordings are of no activity again."""
    with transaction.atomic():
        perform(
            acts.VOID,
            activity,
            by=by,
            at=at,
            subject=activity.subject,
            reason=reason,
            data={"activity": str(activity.pk)},
        )
        _set_free(activity)
        retelling.tell_recordings(activity, at=at)


def _set_free(activity: Activity) -> None:
    """Its recordings are of no activity again, unless another one holds them."""
    matched = Match.objects.filter(state=Match.State.MATCHED)
    mine = matched.filter(activity=activity).values("recording")
    held = matched.filter(activity__state=Activity.State.OPEN).values("recording")
    rows = Placed.objects.filter(recording__in=mine).exclude(recording__in=held)
    rows.exclude(recording__kind=Recording.Kind.OTHER).update(alone=True)


def _same(before: Any, after: Any) -> bool:
    """Forms tell whole seconds: a moment that a phone told to the millisecond is not changed by being shown."""
    if isinstance(before, datetime) and isinstance(after, datetime) and not after.microsecond:
        return before.replace(microsecond=0) == after
    return bool(before == after)


def _words(columns: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(columns[name]) for name in _WORDS if columns.get(name) not in (None, "")}


# -- what cannot be


def _require_sound(activity: Activity, at: datetime) -> None:
    for name, known in (("circumstances", CIRCUMSTANCES), ("events", EVENTS)):
        unknown = set(getattr(activity, name)) - set(known)
        if unknown:
            raise ActivityError(f"没有“{'、'.join(sorted(unknown))}”这一项。", remedy="请从列表中选择。")
    codes = [*activity.happened, *([activity.matter] if activity.matter else [])]
    if any(not _CODE.fullmatch(one) for one in codes):
        raise ActivityError("事项或内容的代码不对。", remedy="请从列表中选择。")
    _require_words(activity)
    _require_place(activity)
    for name in MOMENTS:
        require_possible(getattr(activity, name))
    late = [name for name in MOMENTS if (moment := getattr(activity, name)) and moment > at + AHEAD]
    if late:
        raise ActivityError(
            f"{_NAMES[late[0]]}晚于现在。",
            remedy="请核对手机或电脑的时钟；还没有发生的，发生后再填。",
            code="in_the_future",
        )
    try:
        faults = faults_of(read(own_facts(activity)))
    except ValidationError as error:
        raise ActivityError("执法活动的情况读不懂。", remedy="请从列表中选择，时间填到分。") from error
    if faults:
        raise ActivityError(faults[0].message, remedy=faults[0].remedy, code=faults[0].code)


_NAMES = {
    "arrived_at": "到达现场的时间",
    "ended_at": "结束的时间",
    "left_at": "离开现场的时间",
    "returned_at": "返回单位的时间",
}


def _require_arrival(activity: Activity, said: Mapping[str, Any]) -> None:
    """Nobody ends, leaves or comes back from where nobody arrived. Asked of what is said now, not of what stood before."""
    after = [name for name in MOMENTS if name != "arrived_at" and said.get(name)]
    if after and activity.arrived_at is None:
        raise ActivityError(
            f"还没有登记到达现场的时间，不能登记{_NAMES[after[0]]}。",
            remedy="请先登记到达现场的时间，再登记一次。",
            code="arrive_first",
        )


def _require_words(activity: Activity) -> None:
    """What every database keeps: SQLite would take more than the column holds."""
    for name, (label, most) in _LONGEST.items():
        text = getattr(activity, name)
        if len(text) > most:
            raise ActivityError(
                f"{label}有 {len(text)} 字，超过 {most} 字，没有登记。",
                remedy="请写短一些；详细的情况写入文书。",
                code="too_long",
            )
        if "\0" in text:
            raise ActivityError(
                f"{label}中有不能保存的字符。", remedy="请重新输入，不要粘贴。", code="no_text"
            )


def _require_place(activity: Activity) -> None:
    north, east = activity.latitude, activity.longitude
    if north is None and east is None:
        return
    if north is None or east is None or abs(north) > 90 or abs(east) > 180:
        raise ActivityError(
            "坐标不对。", remedy="请同时填写纬度（−90 至 90）和经度（−180 至 180），或都不填。"
        )


def _had_left(officer: Officer, activity: Activity) -> bool:
    """Had the officer left by the day of the activity?"""
    return officer.left_on is not None and officer.left_on <= activity.day.astimezone(SHANGHAI).date()


def _require_people(
    activity: Activity, officers: Sequence[Officer], devices: Mapping[Device, Officer | None]
) -> None:
    if len({one.pk for one in officers}) < 2:
        raise TwoOfficersError(
            "执法人员少于两人，没有登记。", remedy="请补选另一名执法人员；填好的内容仍在。", basis=TWO
        )
    carriers = [one for one in devices.values() if one]
    for one in [*officers, *carriers]:
        if one.agency_id != activity.agency_id or _had_left(one, activity):
            raise ActivityError(f"{one.name}不是本单位的在职执法人员。", remedy="请核对人员，再选择。")
    for device in devices:
        if device.agency_id != activity.agency_id:
            raise ActivityError(f"设备 {device.serial} 不是本单位的。", remedy="请核对设备，再选择。")
    beside = [one for one in carriers if one not in officers]
    if beside:
        raise ActivityError(
            f"{beside[0].name}携带了设备，却不在执法人员之中。", remedy="请补选该人员，或改选携带人。"
        )


# -- who and with what


def _people_of(activity: Activity) -> tuple[list[Officer], dict[Device, Officer | None]]:
    officers = [one.officer for one in activity.participants.select_related("officer")]
    carried = activity.carried.select_related("device", "officer")
    return officers, {one.device: one.officer for one in carried}


def _people_changed(
    activity: Activity, told: Told
) -> tuple[list[Officer] | None, dict[Device, Officer | None] | None]:
    """What is said of people and devices, where it is something else than stands."""
    officers, devices = _people_of(activity)
    new = None if told.officers is None or set(told.officers) == set(officers) else list(told.officers)
    carried = None if told.devices is None or dict(told.devices) == devices else dict(told.devices)
    return new, carried


def _contradicts(
    activity: Activity,
    changed: Mapping[str, Any],
    officers: Iterable[Officer] | None,
    devices: Mapping[Device, Officer | None] | None,
) -> bool:
    """Does it take something back, rather than add to it?"""
    if any(_takes_back(getattr(activity, name), value) for name, value in changed.items()):
        return True
    before, carried = _people_of(activity)
    if officers is not None and not set(before) <= set(officers):
        return True
    return devices is not None and any(
        device not in devices or (who is not None and devices[device] != who)
        for device, who in carried.items()
    )


def _takes_back(before: Any, after: Any) -> bool:
    if isinstance(before, list):
        return not set(before) <= set(after)
    return before not in (None, "")


def _set_people(
    activity: Activity,
    officers: Iterable[Officer] | None,
    devices: Mapping[Device, Officer | None] | None,
) -> None:
    if officers is not None:
        activity.participants.exclude(officer__in=officers).delete()
        for officer in officers:
            Participant.objects.get_or_create(activity=activity, officer=officer)
    if devices is not None:
        activity.carried.exclude(device__in=devices).delete()
        for device, who in devices.items():
            Carried.objects.update_or_create(activity=activity, device=device, defaults={"officer": who})
