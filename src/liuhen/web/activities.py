"""执法活动: the register, telling of one, and the two worklists where recordings and activities meet."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.base.acts import ReasonMissingError, ask
from liuhen.base.basis import OWN_RULE
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.base.rulebook.selectors import pack_at
from liuhen.core.errors import UsageError
from liuhen.core.field.matching import Proposal
from liuhen.core.rules.pack import Pack
from liuhen.stages.fieldwork import acts, pairing, phone, placing, telling, twins
from liuhen.stages.fieldwork.facts import pack_of, packs_of
from liuhen.stages.fieldwork.models import Activity, Match, Participant, Placed
from liuhen.stages.fieldwork.selectors import activities_seen, explained, without_activity, without_recording
from liuhen.stages.fieldwork.words import matter_in_words

from . import registers
from .acting import FormPage, button, form_page, not_there, only
from .activity import find_activity
from .activity_form import ActivityForm, TellForm, initial_of
from .people_in import could, person_in
from .recording_facts import in_words
from .registers import Column, Nothing, Register
from .twins import asked_once

FORM = "activities/form.html"
AT_ONCE = 60  # recordings of the worklist on one page
PHASES = {
    "running": Q(arrived_at__isnull=False, ended_at__isnull=True),
    "ended": Q(ended_at__isnull=False, returned_at__isnull=True),
    "returned": Q(returned_at__isnull=False),
}
PHASE_WORDS = {"running": "进行中", "ended": "已结束，未返回", "returned": "已返回", "void": "作废"}
SURE = {"high": "可靠", "medium": "较可靠", "low": "仅供参考"}


def address_of(activity: Activity) -> str:
    return reverse("activity", args=[activity.pk])


def _officers(row: Activity) -> str:
    return "、".join(one.officer.name for one in row.participants.all())


def _register(pack: Pack | None) -> Register:
    """Matters are called by the regulation of today: the same code is the same matter in every version."""
    return Register(
        name="执法活动登记簿",
        title="执法活动登记簿",
        columns=(
            Column("number", "编号", lambda row: row.number, 11, sort="number", href=address_of),
            Column("matter", "事项", lambda row: matter_in_words(pack, row.matter), width=8),
            Column("place", "地点", lambda row: row.place, width=12),
            Column("party", "当事人", lambda row: row.party, width=10),
            Column("officers", "执法人员", _officers, width=9),
            Column("unit", "承办科室", lambda row: row.unit.name, width=9, sort="unit__name", shown=False),
            Column("arrived", "到达", lambda row: row.arrived_at, width=9, sort="arrived_at"),
            Column("ended", "结束", lambda row: row.ended_at, width=9, sort="ended_at"),
            Column("returned", "返回", lambda row: row.returned_at, width=9, shown=False),
            Column("recordings", "记录", lambda row: row.recording_count, width=3, align="end"),
            Column("phase", "状态", lambda row: row.phase, width=4, state=lambda row: row.phase),
        ),
        nothing=Nothing(
            "没有执法活动",
            "到现场时登记，或事后补登；采集的音像记录按设备、人员和时间归入。",
            reverse("activity_new"),
            "登记执法活动",
        ),
        order=("-opened_at",),
    )


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.BROWSE)
    person, at = person_in(request), clock.now()
    asked = {name: request.GET.get(name, "").strip()[:100] for name in ("q", "state")}
    context = {
        "asked": asked,
        "phases": PHASE_WORDS,
        "may_open": could(request, acts.OPEN.who),
        "basis": acts.OPEN.basis.cite(person.agency.pack),
        "tabs": _tabs("all", person, at),
    }
    rows = _for_a_list(_chosen(activities_seen(person, at), asked))
    return registers.respond(
        request, _register(pack_at(person.agency, at)), rows, "activities/register.html", context
    )


def _chosen(rows: QuerySet[Activity], asked: dict[str, str]) -> QuerySet[Activity]:
    state, words = asked["state"], asked["q"]
    if state == "void":
        rows = rows.filter(state=Activity.State.VOID)
    elif state in PHASES:
        rows = rows.filter(PHASES[state], state=Activity.State.OPEN)
    for word in words.split():
        rows = rows.filter(Q(number__icontains=word) | Q(place__icontains=word) | Q(party__icontains=word))
    return rows


def _for_a_list(rows: QuerySet[Activity]) -> QuerySet[Activity]:
    people = Prefetch("participants", Participant.objects.select_related("officer"))
    matched = Count("matches", filter=Q(matches__state=Match.State.MATCHED))
    return rows.prefetch_related(people).annotate(recording_count=matched)


def _tabs(here: str, person: Account, at: datetime) -> list[dict[str, Any]]:
    """The register and the two worklists, with how many wait."""
    tabs = (
        ("all", "全部活动", "activities", None),
        ("recordings", "未归入活动的记录", "activities_unmatched", without_activity(person, at)),
        ("empty", "没有记录的活动", "activities_empty", without_recording(person, at)),
    )
    return [
        {
            "words": words,
            "href": reverse(name),
            "here": key == here,
            "count": _at_most(rows) if rows is not None else "",
        }
        for key, words, name, rows in tabs
    ]


def _at_most(rows: QuerySet[Any]) -> str:
    count = rows.order_by()[:1000].count()
    return "999+" if count >= 1000 else str(count)


# -- telling of one


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    only(request, acts.OPEN.who)
    person, at = person_in(request), clock.now()
    form = ActivityForm(person, pack_at(person.agency, at), request.POST or None, initial=_asked_for(request))
    page = FormPage(
        "登记执法活动",
        "登记",
        reverse("activities"),
        "执法活动",
        intro="一次到现场为一个活动；时间没有发生的先空着，发生后补登。",
        basis=acts.OPEN.basis.cite(person.agency.pack),
    )

    def act(data: dict[str, Any]) -> Activity:
        now = clock.now()
        with asked_once(request, form, "确是另一次活动"):
            twins.require_no_twin(data["unit"], form.told(), by=person, at=now)
        return telling.open_activity(data["unit"], form.told(), by=person, at=now)

    return form_page(request, page, form, act, said="已登记执法活动。", to=address_of, template=FORM)


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """For a recording that is of no activity: its time, device and holder stand in the form already."""
    key = request.GET.get("recording", "")
    try:
        rows = visible_to(person_in(request), clock.now()).filter(pk=uuid.UUID(key))
    except ValueError:
        return {}
    row = rows.select_related("device__keeper", "holder").first()
    if row is None:
        return {}
    placed = Placed.objects.filter(recording=row.pk).first()
    told: dict[str, Any] = {"device1": row.device_id, "carrier1": row.holder_id}
    if row.holder_id:
        told["officers"] = [row.holder_id]
    if placed is not None and placed.start is not None:
        told |= {"arrived_at": placed.start, "ended_at": placed.end}
    return told


@require_http_methods(["GET", "POST"])
def tell(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    activity, person = find_activity(request, pk), person_in(request)
    only(request, acts.TELL.who)
    form = TellForm(
        person, pack_of(activity), request.POST or None, initial=initial_of(activity), activity=activity
    )
    page = FormPage(
        f"补登、更正 {activity.number}",
        "保存",
        address_of(activity),
        activity.number,
        intro="填写空白的为补登；改动已填内容的为更正，须写明理由，原来的内容仍在留痕账本中。",
        basis=acts.TELL.basis.cite(person.agency.pack),
    )

    def act(data: dict[str, Any]) -> None:
        try:
            phone.tell_of(activity, form.told(), by=person, at=clock.now(), reason=data["reason"] or None)
        except ReasonMissingError as error:  # said on the form, where what was typed still stands
            raise UsageError("改动了已填的内容，没有写明理由。", remedy="请写明更正的理由再保存。") from error

    return form_page(request, page, form, act, said="已保存。", template=FORM)


@require_POST
def void(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    activity, person = find_activity(request, pk), person_in(request)
    return button(
        request,
        lambda reason: telling.void(activity, reason=reason, by=person, at=clock.now()),
        said=f"{activity.number} 已作废；它的音像记录不再按它推算期限。",
        to=address_of(activity),
    )


# -- where recordings and activities meet


@require_safe
def unmatched(request: HttpRequest) -> HttpResponse:
    """Recordings that are of no activity, each with what is proposed and why."""
    only(request, acts.BROWSE)
    person, at = person_in(request), clock.now()
    left = placing.place(person.agency, since=at - timedelta(days=2))
    page = _page_in(request)
    rows = list(
        without_activity(person, at).select_related("device", "holder")[
            (page - 1) * AT_ONCE : page * AT_ONCE + 1
        ]
    )
    shown = rows[:AT_ONCE]
    proposed = pairing.propose(shown, activities_seen(person, at))
    placed = {row.pk: row for row in Placed.objects.filter(recording__in=[one.pk for one in shown])}
    pack_on = packs_of(person.agency)
    context = {
        "rows": [_unmatched(row, placed.get(row.pk), proposed, pack_on) for row in shown],
        "groups": _groups(shown, proposed, pack_on),
        "tabs": _tabs("recordings", person, at),
        "left": left,
        "before": page - 1,
        "after": page + 1 if len(rows) > AT_ONCE else 0,
        "may_match": could(request, acts.MATCH.who),
        "may_decline": could(request, acts.DECLINE.who),
        "basis": OWN_RULE.cite(None),
    }
    return render(request, "activities/unmatched.html", context)


def _page_in(request: HttpRequest) -> int:
    number = request.GET.get("page", "1")
    return int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 6 else 1


PackOn = Callable[[Activity], Pack | None]


def _unmatched(
    row: Recording, placed: Placed | None, proposed: pairing.Proposed, pack_on: PackOn
) -> dict[str, Any]:
    found = proposed.of(row)
    return {
        "row": row,
        "start": placed.start if placed else None,
        "length": in_words(row.duration_ms / 1000) if row.duration_ms else "",
        "proposals": [_proposal(one, activity, pack_on) for one, activity in found[:3]],
        "why": "" if found else proposed.why_alone(row),
        "new": f"{reverse('activity_new')}?recording={row.pk}",
    }


def _groups(rows: list[Recording], proposed: pairing.Proposed, pack_on: PackOn) -> list[dict[str, Any]]:
    """Activities that several recordings are proposed for, and for nothing else: confirmed in one go."""
    found: dict[uuid.UUID, dict[str, Any]] = {}
    for row in rows:
        own = proposed.of(row)
        if own and not own[0][0].ambiguous and own[0][0].confidence != "low":
            activity = own[0][1]
            told = found.setdefault(activity.pk, {"activity": activity, "recordings": []})
            told["recordings"].append(row.pk)
    groups = [one for one in found.values() if len(one["recordings"]) > 1]
    for one in groups:
        one["matter"] = matter_in_words(pack_on(one["activity"]), one["activity"].matter)
    return groups


def _proposal(one: Proposal, activity: Activity, pack_on: PackOn) -> dict[str, Any]:
    return {
        "activity": activity,
        "matter": matter_in_words(pack_on(activity), activity.matter),
        "reason": one.reason,
        "sure": SURE[one.confidence],
        "tone": {"high": "good", "medium": "wait", "low": ""}[one.confidence],
        "ambiguous": one.ambiguous,
    }


_NONE_EMPTY = "已结束的执法活动都有音像记录，或未记录的工作记录已经审核同意。"
_NONE_EXPLAINED = "未记录的工作记录经审核同意后，活动列在这里。"


@require_safe
def empty(request: HttpRequest) -> HttpResponseBase:
    """Activities that have ended and of which nothing was recorded, or nothing came in yet."""
    only(request, acts.BROWSE)
    person, at = person_in(request), clock.now()
    told = request.GET.get("show") == "explained"
    context = {
        "tabs": _tabs("empty", person, at),
        "basis": acts.OPEN.basis.cite(person.agency.pack),
        "explained": told,
        "explained_count": explained(person, at).count(),
    }
    rows = _for_a_list(explained(person, at) if told else without_recording(person, at))
    shown = _register(pack_at(person.agency, at))
    nothing = Nothing("没有这样的活动", _NONE_EXPLAINED if told else _NONE_EMPTY)
    shown = Register(
        "没有记录的执法活动", "没有音像记录的执法活动", shown.columns, nothing, order=shown.order
    )
    return registers.respond(request, shown, rows, "activities/empty.html", context)


@require_POST
def match(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """归入: the recordings named are of this activity; with `not`, the proposal is declined."""
    activity, person, at = find_activity(request, pk), person_in(request), clock.now()
    rows = _named(request, person, at)
    back = _back(request, activity)
    if "not" in request.POST:
        for row in rows:
            pairing.decline(row, activity, by=person, at=at)
        messages.success(request, "已登记：这条记录不是这次活动的，不再建议。")
        return redirect(back)
    for row in rows:
        ask(acts.MATCH, row, by=person, at=at)
    for row in rows:
        pairing.confirm(row, activity, by=person, at=at)
    messages.success(request, f"已把 {len(rows)} 条记录归入 {activity.number}。")
    return redirect(back)


def _named(request: HttpRequest, person: Account, at: datetime) -> list[Recording]:
    try:
        keys = [uuid.UUID(text) for text in request.POST.getlist("recording")]
    except ValueError:
        keys = []
    rows = list(visible_to(person, at).filter(pk__in=keys[:AT_ONCE]))
    if not rows or len(rows) != len(set(keys)):
        raise UsageError("没有选中记录，或其中有不属于您权限的。", remedy="请刷新列表，勾选后再办理。")
    return rows


def _back(request: HttpRequest, activity: Activity) -> str:
    to = request.POST.get("to", "")
    return reverse("activities_unmatched") if to == "unmatched" else address_of(activity)


@require_POST
def unmatch(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    activity, person, at = find_activity(request, pk), person_in(request), clock.now()
    (row,) = _named(request, person, at)[:1]
    known = Match.objects.filter(recording=row.pk, activity=activity).first()
    if known is None:
        raise not_there()
    return button(
        request,
        lambda reason: pairing.undo(known, reason=reason, by=person, at=at),
        said=f"{row.number} 已移出这次活动。",
        to=address_of(activity),
    )
