"""Units and officers: the office's own registers of itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.people import acts, services
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.base.people.selectors import officers_of, units_of

from . import registers
from .acting import FormPage, form_page, not_there, only
from .people_in import could, person_in
from .registers import Column, Nothing, Register

UNITS = Register(
    name="科室登记簿",
    title="科室登记簿",
    columns=(
        Column("code", "科室代码", lambda row: row.code, width=8, sort="code"),
        Column("name", "名称", lambda row: row.name, width=14, sort="name"),
        Column("parent", "上级科室", lambda row: row.parent.name if row.parent else None, width=12),
        Column("officers", "执法人员数", lambda row: row.officers_now, width=6),
        Column("devices", "在用设备数", lambda row: row.devices_now, width=6),
    ),
    nothing=Nothing("还没有科室", "请系统管理员设立科室。"),
    order=("code",),
)
OFFICERS = Register(
    name="执法人员登记簿",
    title="执法人员登记簿",
    columns=(
        Column(
            "staff_no",
            "人员编号",
            lambda row: row.staff_no,
            width=6,
            sort="staff_no",
            href=lambda row: reverse("officer", args=[row.pk]),
        ),
        Column("name", "姓名", lambda row: row.name, width=6, sort="name"),
        Column("certificate", "执法证号", lambda row: row.certificate_no, width=10, sort="certificate_no"),
        Column("unit", "科室", lambda row: row.unit.name, width=12, sort="unit__name"),
        Column("devices", "保管设备", lambda row: _kept_devices(row), width=12),
        Column("left", "离任日期", lambda row: row.left_on, width=7, sort="left_on"),
    ),
    nothing=Nothing("还没有登记执法人员", "开立执法人员账号时一并登记执法证号和人员编号。"),
    order=("staff_no",),
)


def _kept_devices(officer: Officer) -> str:
    return "、".join(device.serial for device in officer.devices.all() if device.state == Device.State.IN_USE)


class UnitForm(forms.Form):
    code = forms.CharField(
        label="科室代码", max_length=12, help_text="至多 12 位字母或数字，与记录仪上设置的单位代码一致。"
    )
    name = forms.CharField(label="名称", max_length=100)
    parent = forms.ModelChoiceField(
        Unit.objects.none(), label="上级科室", required=False, empty_label="（无）"
    )

    def __init__(self, person: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = units_of(person, clock.now()).order_by("code")
        self.fields["parent"].queryset = rows  # type: ignore[attr-defined]


class RenameForm(forms.Form):
    name = forms.CharField(label="名称", max_length=100)
    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea({"rows": 2}))


class OfficerForm(forms.Form):
    name = forms.CharField(label="姓名", max_length=50)
    certificate_no = forms.CharField(label="执法证号", max_length=40)
    unit = forms.ModelChoiceField(Unit.objects.none(), label="科室", empty_label=None)
    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea({"rows": 2}))

    def __init__(self, person: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = units_of(person, clock.now()).order_by("code")
        self.fields["unit"].queryset = rows  # type: ignore[attr-defined]


class LeavingForm(forms.Form):
    on = forms.DateField(label="离任日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea({"rows": 2}))


@require_safe
def units(request: HttpRequest) -> HttpResponseBase:
    context = {
        "title": "科室",
        "new": reverse("unit_new") if could(request, acts.OPEN_UNIT.who) else "",
        "new_words": "设立科室",
    }
    register = UNITS
    if could(request, acts.RENAME_UNIT.who):
        act = Column("act", "办理", lambda row: "变更名称", width=5, href=_rename_link)
        register = registers.with_acts(UNITS, act)
    here = Q(officers__left_on__isnull=True, officers__isnull=False)
    rows = units_of(person_in(request), clock.now()).annotate(
        officers_now=Count("officers", filter=here, distinct=True),
        devices_now=Count("devices", filter=Q(devices__state=Device.State.IN_USE), distinct=True),
    )
    return registers.respond(request, register, rows, "register_page.html", context)


def _rename_link(unit: Unit) -> str:
    return reverse("unit_rename", args=[unit.pk])


@require_http_methods(["GET", "POST"])
def unit_new(request: HttpRequest) -> HttpResponse:
    only(request, acts.OPEN_UNIT.who)
    person = person_in(request)
    page = FormPage("设立科室", "设立", reverse("units"), "科室")

    def act(data: dict[str, Any]) -> Unit:
        return services.open_unit(person.agency, **data, by=person, at=clock.now())

    return form_page(request, page, UnitForm(person, request.POST or None), act, said="已设立。")


@require_http_methods(["GET", "POST"])
def unit_rename(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.RENAME_UNIT.who)
    person = person_in(request)
    unit = units_of(person, clock.now()).filter(pk=pk).first()
    if unit is None:
        raise not_there()
    page = FormPage(
        f"变更科室 {unit.code} 的名称",
        "变更",
        reverse("units"),
        "科室",
        intro="代码不变；此前的记录仍显示办理时的名称。",
    )

    def act(data: dict[str, Any]) -> None:
        services.rename_unit(unit, **data, by=person, at=clock.now())

    form = RenameForm(request.POST or None, initial={"name": unit.name})
    return form_page(request, page, form, act, said="已变更。")


@require_safe
def officers(request: HttpRequest) -> HttpResponseBase:
    context = {
        "title": "执法人员",
        "note": "人员编号用于识别文件名中的人员",
        "new": reverse("account_new") if could(request, acts.ENTER_OFFICER.who) else "",
        "new_words": "登记人员并开立账号",
    }
    rows = officers_of(person_in(request), clock.now()).prefetch_related("devices")
    return registers.respond(request, OFFICERS, rows, "register_page.html", context)


@require_safe
def officer(request: HttpRequest, pk: int) -> HttpResponse:
    row = _officer(request, pk)
    context = {
        "officer": row,
        "devices": row.devices.order_by("serial"),
        "may_correct": could(request, acts.CORRECT_OFFICER.who),
        "account": getattr(row, "account", None) if could(request, acts.SEE_ACCOUNTS) else None,
    }
    return render(request, "people/officer.html", context)


@require_http_methods(["GET", "POST"])
def officer_correct(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.CORRECT_OFFICER.who)
    row, person = _officer(request, pk), person_in(request)
    now = {"name": row.name, "certificate_no": row.certificate_no, "unit": row.unit}
    page = FormPage(
        f"更正 {row.name} 的登记",
        "更正",
        reverse("officer", args=[pk]),
        row.name,
        intro=f"人员编号 {row.staff_no} 不变；已入库的记录仍归此人。",
    )

    def act(data: dict[str, Any]) -> None:
        services.correct_officer(row, **data, by=person, at=clock.now())

    form = OfficerForm(person, request.POST or None, initial=now)
    return form_page(request, page, form, act, said="已更正。")


@require_http_methods(["GET", "POST"])
def officer_leave(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.LEAVE_OFFICER.who)
    row, person = _officer(request, pk), person_in(request)
    page = FormPage(
        f"登记 {row.name} 离任",
        "登记",
        reverse("officer", args=[pk]),
        row.name,
        intro="登记簿保留此人；账号须另行停用，保管的设备须另行指定保管人。",
    )

    def act(data: dict[str, Any]) -> None:
        services.leave_officer(row, **data, by=person, at=clock.now())

    return form_page(request, page, LeavingForm(request.POST or None), act, said="已登记。")


def _officer(request: HttpRequest, pk: int) -> Officer:
    row = officers_of(person_in(request), clock.now()).filter(pk=pk).first()
    if row is None:
        raise not_there()
    return row
