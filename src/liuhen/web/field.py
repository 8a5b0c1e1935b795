"""The field page of a phone: opened once, it goes on without a network; what it keeps is sent to `entries`.

- Every choice stands in the page as data; `state` gives a fresh form token, the server's clock and what is registered.
- An expired session answers JSON 401: the page keeps its entries and sends them after the next sign-in.
- No rule stands here: entries go to stages/fieldwork/phone, which answers for each.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to
from liuhen.base.people.models import Account
from liuhen.base.rulebook.selectors import pack_at
from liuhen.core.rules.pack import Pack
from liuhen.stages.equipment import acts as equipment
from liuhen.stages.equipment.selectors import issue_of, out_now
from liuhen.stages.equipment.services import advice_on, last_check, trouble_of
from liuhen.stages.fieldwork import acts, phone
from liuhen.stages.fieldwork.facts import pack_of
from liuhen.stages.fieldwork.models import Activity
from liuhen.stages.fieldwork.selectors import activities_seen, refused_entries

from . import field_data as told
from .acting import not_there, only
from .people_in import could, person_in

RECENT = timedelta(days=14)
DONE = timedelta(hours=24)
NOBODYS = UUID(int=0)  # entries that are of no activity: a device looked at


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a phone begins: what is running, what one has in hand, what waits to be sent."""
    only(request, acts.OPEN.who)
    person, at = person_in(request), clock.now()
    mine = Q(pk__in=out_now(person, at).filter(officer__account=person).values("device"))
    if person.officer:
        mine |= Q(keeper=person.officer)
    devices = visible_to(person, at).filter(mine, state=Device.State.IN_USE, kind__in=Device.CARRIED)
    context = {
        "running": _running(person, at)[:30],
        "devices": devices.order_by("serial")[:30],
        "refused": refused_entries(person, at).count(),
        "data": _frame(request, person, at, "home"),
    }
    return render(request, "field/home.html", context)


def _running(person: Account, at: datetime) -> QuerySet[Activity]:
    """One's own activities that nobody has come back from, or only lately."""
    rows = acts.TookPart().scope(person, Activity.objects.select_related("unit"), at)
    rows = rows.filter(state=Activity.State.OPEN, opened_at__gte=at - RECENT)
    rows = rows.filter(Q(returned_at__isnull=True) | Q(returned_at__gte=at - DONE))
    return rows.prefetch_related("participants__officer", "carried__device").order_by("-opened_at")


@require_safe
def new(request: HttpRequest) -> HttpResponse:
    """A new activity gets its key here; it is registered when the phone says so."""
    only(request, acts.OPEN.who)
    device = request.GET.get("device", "")
    asked = {"new": "1", **({"device": device} if device else {})}
    return redirect(f"{reverse('field_activity', args=[uuid4()])}?{urlencode(asked)}")


@require_safe
def activity(request: HttpRequest, pk: UUID) -> HttpResponse:
    only(request, acts.OPEN.who)
    person, at = person_in(request), clock.now()
    found = activities_seen(person, at).filter(pk=pk).first()
    if found is None and "new" not in request.GET:
        raise not_there()
    pack = pack_of(found) if found else pack_at(person.agency, at)
    data = _frame(request, person, at, "activity") | {
        "activity_id": str(pk),
        "activity": told.activity_told(found, at) if found else None,
        "device": request.GET.get("device", ""),
        **_choices(person, pack, at),
    }
    context = {
        "activity": found,
        "pack": pack,
        "data": data,
        "secure": request.is_secure() or request.get_host().split(":")[0] in ("localhost", "127.0.0.1"),
    }
    return render(request, "field/activity.html", context)


def _choices(person: Account, pack: Pack | None, at: datetime) -> dict[str, Any]:
    return {
        "rules": told.rules_told(pack, person.agency, at),
        "officers": told.people_told(person, at),
        "devices": told.devices_told(person, at),
        **told.choices_told(pack),
    }


def _frame(request: HttpRequest, person: Account, at: datetime, mode: str) -> dict[str, Any]:
    """What the page's script needs in every case."""
    return {
        "mode": mode,
        "account": {
            "id": person.pk,
            "name": person.name,
            "no": person.officer.staff_no if person.officer else "",
        },
        "agency": person.agency.name,
        "now": at.isoformat(),
        "steady": phone.STEADY,
        "most": phone.MOST,
        "labels": phone.LABELS,
        "urls": {
            "state": reverse("field_state"),
            "entries": reverse("field_entries"),
            "login": reverse("account_login"),
            "refused": reverse("field_refused"),
            "handed": reverse("field_handed"),
            "field": reverse("field"),
        },
    }


@require_safe
def state(request: HttpRequest) -> HttpResponse:
    """Before sending: who is signed in, a token for the form, the server's clock, and what is registered by now."""
    only(request, acts.OPEN.who)
    person, at = person_in(request), clock.now()
    try:
        key = UUID(request.GET.get("activity", ""))
    except ValueError:
        key = NOBODYS
    found = activities_seen(person, at).filter(pk=key).first()
    return _json(
        {
            "account": person.pk,
            "name": person.name,
            "now": clock.now().isoformat(),
            "token": get_token(request),
            "activity": told.activity_told(found, at) if found else None,
        }
    )


@require_POST
def entries(request: HttpRequest) -> HttpResponse:
    """{entries, sent_at, account} in; {answers: [{id, outcome, sentence}]} out."""
    only(request, acts.OPEN.who)
    bundle = phone.bundle_from(read_json(request.body))
    answers = phone.receive(bundle, by=person_in(request), at=clock.now())
    return _json({"answers": [one.as_json() for one in answers], "now": clock.now().isoformat()})


def read_json(raw: bytes) -> Any:
    """None for what is no JSON."""
    try:
        return json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _no_number(text: str) -> Any:
    """NaN and the infinities are Python's idea of JSON, and no database's."""
    raise ValueError(text)


def _json(said: dict[str, Any]) -> JsonResponse:
    return JsonResponse(said, json_dumps_params={"ensure_ascii": False})


@require_safe
def device_scan(request: HttpRequest, pk: int) -> HttpResponse:
    """What the QR code on a recorder leads to."""
    person, at = person_in(request), clock.now()
    device = visible_to(person, at).filter(pk=pk).first()
    if device is None:
        raise not_there()
    if not could(request, acts.OPEN.who):
        return redirect("device", pk)
    check = last_check(device, at)
    context = {
        "device": device,
        "carried": device.kind in Device.CARRIED,
        "issue": issue_of(device, person, at),
        "sees_all": could(request, equipment.SEE_ALL),
        "check": check,
        "trouble": trouble_of(check, at),
        "advice": advice_on(check, at),
        "running": _running(person, at).filter(carried__device=device, returned_at__isnull=True),
        "data": _frame(request, person, at, "device")
        | {"activity_id": str(NOBODYS), "devices": [_shown(device)]},
    }
    return render(request, "field/device.html", context)


def _shown(device: Device) -> dict[str, str]:
    return {"serial": device.serial, "kind": device.get_kind_display(), "model": device.model}
