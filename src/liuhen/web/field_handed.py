"""Entries that came as a file, and those that could not be registered: shown in plain words, tried again, handled."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.base.people.models import Account, Officer
from liuhen.core.errors import UsageError
from liuhen.core.rules.terms import NAMES
from liuhen.stages.fieldwork import acts, phone
from liuhen.stages.fieldwork.models import Report, Sent
from liuhen.stages.fieldwork.selectors import refused_entries

from .acting import button, not_there, only
from .field import read_json
from .forms import done
from .people_in import person_in

SHOWN = 100
_WORDS = {
    "matter": "事项",
    "place": "地点",
    "latitude": "纬度",
    "longitude": "经度",
    "party": "当事人",
    "note": "备注",
    "arrived_at": "到达现场",
    "ended_at": "结束",
    "left_at": "离开现场",
    "returned_at": "返回单位",
    "officers": "执法人员",
    "devices": "设备",
    "serial": "设备",
    "circumstances": "情形",
    "events": "发生的情况",
    "happened": "发生的内容",
    "code": "内容",
    "cause": "原因",
    "text": "说明",
    "kind": "种类",
    "number": "文号",
    "started_at": "开始",
    "reason": "理由",
    "grounds": "依据",
    "start": "起",
    "end": "止",
    "shown_at": "设备显示的时间",
    "fault_free": "无故障",
    "battery_percent": "电量（%）",
    "free_minutes": "剩余时长（分钟）",
    "on_site": "现场制作",
}


class HandedForm(forms.Form):
    file = forms.FileField(
        label="从手机导出的文件",
        help_text="手机“现场”页面上“导出为文件”得到的 .json 文件，不超过 2 MB。重复交来不会重复登记。",
    )


@require_http_methods(["GET", "POST"])
def handed(request: HttpRequest) -> HttpResponse:
    """The way for a phone that never reached the office."""
    only(request, acts.OPEN.who)
    person, at = person_in(request), clock.now()
    form = HandedForm(request.POST or None, request.FILES or None)
    rows: list[dict[str, Any]] = []
    context: dict[str, Any] = {"form": form, "rows": rows}
    if request.method == "POST" and form.is_valid():
        upload: UploadedFile[bytes] = form.cleaned_data["file"]
        bundle = None

        def act() -> None:
            nonlocal bundle
            bundle = _read(upload)
            answers = {one.id: one for one in phone.receive(bundle, by=person, at=at, handed=True)}
            rows.extend(_row(one, answers[one.id]) for one in bundle.entries)

        if done(form, act) and bundle is not None:
            context |= {"form": HandedForm(), "who": bundle.who, "refused": _refused(rows)}
    status = 200 if request.method != "POST" or rows else 422
    return render(request, "field/handed.html", context, status=status)


def _read(upload: UploadedFile[bytes]) -> phone.Bundle:
    """Raises UsageError for what is too large, or no file of ours."""
    if (upload.size or 0) > phone.FILE:
        raise UsageError("文件超过 2 MB。", remedy="请核对是不是从“现场”页面导出的文件。", code="too_large")
    bundle = phone.bundle_from(read_json(upload.read()))
    if not bundle.entries:
        raise UsageError("文件中没有待登记的记录。", remedy="请在手机上重新导出。")
    return bundle.model_copy(update={"sent_at": None})  # a file's own clock tells nothing


def _row(one: phone.Entry, answer: phone.Answer) -> dict[str, Any]:
    return {
        "at": one.at,
        "label": phone.LABELS[one.kind],
        "outcome": answer.outcome,
        "outcome_words": Sent.Outcome(answer.outcome).label,
        "sentence": answer.sentence,
    }


def _refused(rows: list[dict[str, Any]]) -> int:
    return sum(row["outcome"] == Sent.Outcome.REFUSED for row in rows)


@require_safe
def refused(request: HttpRequest) -> HttpResponse:
    only(request, acts.OPEN.who)
    person, at = person_in(request), clock.now()
    rows = refused_entries(person, at)
    names = dict(Officer.objects.filter(agency=person.agency_id).values_list("staff_no", "name"))
    shown = [
        {"row": one, "label": phone.LABELS.get(one.kind, one.kind), "facts": in_plain_words(one.body, names)}
        for one in rows[:SHOWN]
    ]
    return render(request, "field/refused.html", {"rows": shown, "count": rows.count(), "most": SHOWN})


def in_plain_words(body: dict[str, Any], officers: dict[str, str]) -> list[tuple[str, str]]:
    """What an entry says, as a person reads it; what has no name here stands as it was sent."""
    return [
        (_WORDS.get(name, name), _said(name, value, officers))
        for name, value in body.items()
        if value not in (None, "", []) and name != "stop"
    ]


def _said(name: str, value: Any, officers: dict[str, str]) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_said(name, one, officers) for one in value)
    if isinstance(value, dict):
        return str(value.get("serial", value))
    if name.endswith("_at") or name in ("start", "end"):
        return _time(str(value))
    if name == "officers":
        return officers.get(str(value), str(value))
    if name == "kind" and value in Report.Kind.values:
        return str(Report.Kind(value).label)
    return NAMES.get(str(value), str(value))


def _time(value: str) -> str:
    try:
        return clock.local(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return value


@require_POST
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    person, at = person_in(request), clock.now()
    answer = phone.again(_find(request, person, pk), by=person, at=at)
    if answer.outcome == Sent.Outcome.DONE:
        messages.success(request, "已登记。")
    else:
        messages.warning(request, f"仍未能登记：{answer.sentence}")
    return redirect("field_refused")


@require_POST
def handle(request: HttpRequest, pk: UUID) -> HttpResponse:
    person, at = person_in(request), clock.now()
    row = _find(request, person, pk)
    return button(
        request,
        lambda reason: phone.handle(row, note=reason, by=person, at=at),
        said="已记为处理，原文保留。",
        to=reverse("field_refused"),
    )


def _find(request: HttpRequest, person: Account, pk: UUID) -> Sent:
    only(request, acts.OPEN.who)
    row = refused_entries(person, clock.now()).filter(pk=pk).first()
    if row is None:
        raise not_there()
    return row
