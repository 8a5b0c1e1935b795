"""The home page: what waits for me, and whether the office's records are safe. And health, for all and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from liuhen.base import clock, health
from liuhen.base.deadlines import selectors as deadlines
from liuhen.base.devices import acts as device_acts
from liuhen.base.devices import selectors as devices
from liuhen.base.people import selectors as people
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import keeps_system_only
from liuhen.base.recordings import acts as recording_acts
from liuhen.base.recordings.selectors import stored_since, waiting_for_owner
from liuhen.base.recordings.unrelated import waiting_for as flags_to_handle
from liuhen.core.errors import LiuhenError
from liuhen.doors.following import bring_up
from liuhen.stages.equipment import acts as equipment_acts
from liuhen.stages.equipment import selectors as equipment
from liuhen.stages.fieldwork import acts as fieldwork_acts
from liuhen.stages.fieldwork import selectors as fieldwork
from liuhen.stages.fieldwork.reviewers import waiting_for as reports_to_review

from .people_in import could, person_in, roles_in

_WORDS = {health.OK: "正常", health.WARNING: "需要留意", health.BAD: "需要处理"}
_TONES = {health.OK: "good", health.WARNING: "wait", health.BAD: "bad"}


@dataclass(frozen=True)
class Tile:
    """A number that waits, what it is, and where it is dealt with."""

    number: int
    label: str
    href: str
    tone: str


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    person, at = person_in(request), clock.now()
    checks = health.examine(person.agency, at, anew=False)
    context = {
        "tiles": _tiles(request, person, at),
        "lately": _lately(request, person, at),
        "checks": checks,
        "health_words": _WORDS[health.worst(checks)],
        "health_tone": _TONES[health.worst(checks)],
        "troubles": [check for check in checks if check.state != health.OK],
        "keeps_server": Role.SYSTEM_ADMIN in roles_in(request),
        "in_field": could(request, fieldwork_acts.OPEN.who),
        **_room_and_ledger(person, at),
    }
    return render(request, "home.html", context)


def _tiles(request: HttpRequest, person: Account, at: datetime) -> list[Tile]:
    """What this person may act upon; a number of 0 is not shown."""
    found: list[Tile] = []
    if could(request, recording_acts.ASSIGN.who):
        waiting = waiting_for_owner(person, at)
        found.append(Tile(waiting, "条记录待归属", address("recordings", "?state=to_assign"), "wait"))
    flags = flags_to_handle(person, at).count()
    found.append(Tile(flags, "处无关内容待处理", address("recordings_unrelated", "?unrelated=open"), "wait"))
    if could(request, recording_acts.BROWSE):
        bring_up(person)
        found += _due(person, at)
    if could(request, fieldwork_acts.BROWSE):
        found += _fieldwork(request, person, at)
    found.append(Tile(people.to_confirm(person, at).count(), "项授权待确认", address("grants"), "wait"))
    found.append(Tile(people.without_role(person, at).count(), "个账号没有角色", address("accounts"), "wait"))
    no_password = people.without_password(person, at).count()
    found.append(Tile(no_password, "个账号还没有密码", address("accounts"), "wait"))
    if could(request, device_acts.REGISTER_DEVICE.who):
        rows = devices.visible_to(person, at).filter(state="in_use", keeper__isnull=True)
        found.append(Tile(rows.count(), "台设备没有保管人", address("devices"), "wait"))
    if could(request, equipment_acts.SEE_PAGES):
        late, unchecked = equipment.overdue(person, at).count(), equipment.unchecked(person, at).count()
        found.append(Tile(late, "台设备逾期未还", address("equipment", "?show=overdue"), "bad"))
        found.append(
            Tile(unchecked, "台领用的设备没有通过检查", address("equipment", "?show=unchecked"), "wait")
        )
    return [tile for tile in found if tile.number]


def _fieldwork(request: HttpRequest, person: Account, at: datetime) -> list[Tile]:
    """Where recordings and activities wait for each other, and what waits for a review."""
    empty = fieldwork.without_recording(person, at)
    found = [Tile(_at_most(empty), "个执法活动没有记录", address("activities_empty"), "wait")]
    if could(request, fieldwork_acts.MATCH.who):
        alone = fieldwork.without_activity(person, at)
        found.append(Tile(_at_most(alone), "条记录未归入活动", address("activities_unmatched"), "wait"))
    refused = fieldwork.refused_entries(person, at).count()
    found.append(Tile(refused, "条现场记录未能登记", address("field_refused"), "bad"))
    mine = reports_to_review(person, at).count()
    found.append(Tile(mine, "份报告待我审核", address("reports"), "wait"))
    return found


def _at_most(rows: QuerySet[Any]) -> int:
    """Counted up to a thousand: more is not worth counting for a tile."""
    return rows.order_by()[:1000].count()


def _due(person: Account, at: datetime) -> list[Tile]:
    rows = deadlines.visible_to(person, at)
    return [
        Tile(
            deadlines.at_most(deadlines.overdue(rows, at)),
            "项义务逾期",
            address("deadlines", "?state=overdue"),
            "bad",
        ),
        Tile(
            deadlines.at_most(deadlines.due_soon(rows, at)),
            "项义务将到期",
            address("deadlines", "?state=soon"),
            "wait",
        ),
        Tile(
            len(deadlines.shortenings(person, at)),
            "项缩短保管期限待批准",
            address("deadlines_shortenings"),
            "wait",
        ),
    ]


def _lately(request: HttpRequest, person: Account, at: datetime) -> int | None:
    """Recordings of the last seven days that this person may know of; None for who may know of none."""
    if keeps_system_only(roles_in(request)):
        return None
    return stored_since(person, at - timedelta(days=7), at)


def _room_and_ledger(person: Account, at: datetime) -> dict[str, object]:
    """Facts beside the checks; what cannot be read is told by the checks."""
    facts: dict[str, object] = {}
    try:
        facts["room"] = health.room(at)
        facts["ledger"] = health.ledger_now(person.agency)
    except (LiuhenError, OSError):
        return facts
    return facts


def address(name: str, query: str = "") -> str:
    """Where a number is dealt with; empty where this installation has no such page."""
    try:
        return reverse(name) + query
    except NoReverseMatch:
        return ""


@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    checks = health.examine(person_in(request).agency, at, anew="anew" in request.GET)
    context = {"checks": checks, "at": at, "words": _WORDS, "worst": health.worst(checks)}
    return render(request, "health.html", context)


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when pages and acts can work, else 503; tells no stranger more than that."""
    try:
        well = health.alive()
    except (LiuhenError, DatabaseError, OSError):
        well = False
    return JsonResponse({"ok": well}, status=200 if well else 503)
