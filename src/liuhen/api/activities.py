"""执法活动: what was told of them, which recordings are of them, and what those admit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import AwareDatetime, Field

from liuhen.base import clock
from liuhen.base.acts import ask
from liuhen.base.people.models import Account, Unit
from liuhen.base.recordings.selectors import find_recording, visible_to
from liuhen.base.tokens.models import Scope
from liuhen.core.errors import UsageError
from liuhen.doors import activities as told_as
from liuhen.doors.paging import page_of
from liuhen.stages.fieldwork import acts, pairing, phone, telling
from liuhen.stages.fieldwork.checks import as_seen, judge
from liuhen.stages.fieldwork.naming import devices_named, find_activity, officers_named
from liuhen.stages.fieldwork.selectors import activities_seen
from liuhen.stages.fieldwork.telling import Told

from .callers import caller_of
from .operations import JSON, operation
from .shapes import Cursor, Listed, PageSize, Word

router = Router(tags=["执法活动"])


class CarriedShape(Schema):
    serial: str
    officer: str | None = None


class ActivityShape(Schema):
    """Codes are those of the regulation."""

    id: UUID
    number: str
    state: str
    phase: str
    unit: str
    matter: str | None
    place: str | None
    latitude: float | None
    longitude: float | None
    party: str | None
    arrived_at: datetime | None
    ended_at: datetime | None
    left_at: datetime | None
    returned_at: datetime | None
    circumstances: list[str]
    happened: list[str]
    events: list[str]
    officers: list[str]
    devices: list[CarriedShape]


class Activities(Listed):
    items: list[ActivityShape]


class JudgedShape(Schema):
    """`span`: what ought to be recorded and how much of it is; `findings`: with 依据, remedy, and who closed them."""

    pack: str | None
    version: str | None
    span: dict[str, Any] | None
    holes: list[dict[str, Any]]
    lanes: dict[str, list[list[str]]]
    documents: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    open: int


class ActivityFacts(Schema):
    """What is not sent is not said."""

    matter: str | None = None
    place: str | None = None
    party: str | None = None
    arrived_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    left_at: AwareDatetime | None = None
    returned_at: AwareDatetime | None = None
    circumstances: list[str] | None = None
    happened: list[str] | None = None
    events: list[str] | None = None
    officers: list[str] | None = None
    devices: list[CarriedShape] | None = None


class NewActivity(ActivityFacts):
    unit: str | None = None


class MoreFacts(ActivityFacts):
    """`reason`: where something else is said than stands."""

    reason: str | None = None


class RecordingsNamed(Schema):
    recordings: Annotated[list[str], Field(max_length=100)]


def _told(facts: ActivityFacts, person: Account) -> Told:
    said = facts.dict(exclude={"officers", "devices", "unit", "reason"})
    if facts.officers is not None:
        said["officers"] = officers_named(person, facts.officers)
    if facts.devices is not None:
        said["devices"] = devices_named(person, [(one.serial, one.officer) for one in facts.devices])
    return Told(**said)


@operation(router, "GET", "/activities", "执法活动登记簿", scope=Scope.ACTIVITIES_READ, returns=Activities)
def list_activities(request: HttpRequest, cursor: Cursor = "", size: PageSize = 50) -> Any:
    rows = activities_seen(caller_of(request).account, clock.now())
    page = page_of(rows, ("-opened_at",), cursor, size)
    return {
        "items": [told_as.told(row, clock.stamp) for row in page.rows],
        "before": page.before,
        "after": page.after,
    }


@operation(
    router,
    "POST",
    "/activities",
    "登记执法活动",
    scope=Scope.ACTIVITIES_WRITE,
    returns=ActivityShape,
    status=201,
    sends=JSON,
)
def open_activity(request: HttpRequest, told: NewActivity) -> Any:
    person, at = caller_of(request).account, clock.now()
    activity = telling.open_activity(_unit(told.unit, person), _told(told, person), by=person, at=at)
    return Status(201, told_as.told(activity, clock.stamp))


def _unit(code: str | None, person: Account) -> Unit:
    own = person.unit or (person.officer.unit if person.officer else None)
    found = Unit.objects.filter(agency=person.agency, code=code).first() if code else own
    if found is None:
        raise UsageError("没有这个科室。", remedy="请用 /units 查看科室代码。", code="unknown_unit")
    return found


@operation(
    router,
    "GET",
    "/activities/{name}",
    "一个执法活动",
    scope=Scope.ACTIVITIES_READ,
    returns=ActivityShape,
)
def one_activity(request: HttpRequest, name: Word) -> Any:
    activity = find_activity(name, caller_of(request).account, clock.now())
    return told_as.told(activity, clock.stamp)


@operation(
    router,
    "PATCH",
    "/activities/{name}",
    "补登、更正执法活动",
    scope=Scope.ACTIVITIES_WRITE,
    returns=ActivityShape,
    sends=JSON,
)
def tell_activity(request: HttpRequest, name: Word, told: MoreFacts) -> Any:
    person, at = caller_of(request).account, clock.now()
    activity = find_activity(name, person, at)
    activity = phone.tell_of(activity, _told(told, person), by=person, at=at, reason=told.reason or None)
    return told_as.told(activity, clock.stamp)


@operation(
    router,
    "GET",
    "/activities/{name}/judged",
    "记录是否完整：时段、缺口、文书起止时间、发现的问题",
    scope=Scope.ACTIVITIES_READ,
    returns=JudgedShape,
)
def judged_activity(request: HttpRequest, name: Word) -> Any:
    person, at = caller_of(request).account, clock.now()
    judged = as_seen(judge(find_activity(name, person, at)), person, at)
    return told_as.judged(judged, clock.stamp)


@operation(
    router,
    "POST",
    "/activities/{name}/recordings",
    "把音像记录归入执法活动",
    scope=Scope.ACTIVITIES_WRITE,
    returns=ActivityShape,
    sends=JSON,
)
def match_recordings(request: HttpRequest, name: Word, told: RecordingsNamed) -> Any:
    person, at = caller_of(request).account, clock.now()
    activity = find_activity(name, person, at)
    rows = [find_recording(one, visible_to(person, at)) for one in told.recordings]
    for row in rows:
        ask(acts.MATCH, row, by=person, at=at)
    for row in rows:
        pairing.confirm(row, activity, by=person, at=at)
    return told_as.told(activity, clock.stamp)
