"""The register of devices: who keeps which, and the acts on them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.base.basis import KEEPER
from liuhen.base.devices import acts, services
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.base.people.selectors import officers_of, units_of
from liuhen.base.recordings.acts import BROWSE

from . import registers
from .acting import FormPage, button, form_page, not_there, only
from .people_in import could, person_in
from .registers import Column, Nothing, Register

DEVICES = Register(
    name="设备登记簿",
    title="执法音像记录设备登记簿",
    columns=(
        Column(
            "serial",
            "序列号",
            lambda row: row.serial,
            width=10,
            sort="serial",
            href=lambda row: reverse("device", args=[row.pk]),
        ),
        Column("kind", "种类", lambda row: row.get_kind_display(), width=8, sort="kind"),
        Column("model", "型号", lambda row: row.model, width=12),
        Column("unit", "所属科室", lambda row: row.unit.name, width=12, sort="unit__name"),
        Column("keeper", "保管人", lambda row: row.keeper.name if row.keeper else None, width=6),
        Column(
            "state",
            "状态",
            lambda row: row.get_state_display(),
            width=4,
            sort="state",
            state=lambda row: row.state,
        ),
    ),
    nothing=Nothing(
        "还没有登记设备",
        "每台执法记录仪、照相机、采集工作站都应登记并指定保管人；系统管理员或科室管理员可以登记。",
    ),
    order=("serial",),
)


class DeviceForm(forms.Form):
    """`person` decides which units and officers may be chosen."""

    serial = forms.CharField(label="序列号", max_length=40, help_text="按机身标签填写，与文件名中的一致。")
    kind = forms.ChoiceField(label="种类", choices=Device.Kind.choices)
    model = forms.CharField(label="型号", max_length=60, required=False)
    unit = forms.ModelChoiceField(Unit.objects.none(), label="所属科室", empty_label=None)
    keeper = forms.ModelChoiceField(
        Officer.objects.none(), label="保管人", required=False, empty_label="（暂不指定）"
    )

    def __init__(self, person: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = clock.now()
        self.fields["unit"].queryset = units_of(person, at).order_by("code")  # type: ignore[attr-defined]
        keepers = officers_of(person, at).filter(left_on__isnull=True)
        self.fields["keeper"].queryset = keepers.order_by("staff_no")  # type: ignore[attr-defined]


class CorrectionForm(DeviceForm):
    serial = None  # type: ignore[assignment]
    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea({"rows": 2}))


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    person = person_in(request)
    rows = visible_to(person, clock.now())
    kind = request.GET.get("kind", "")
    if kind in Device.Kind.values:
        rows = rows.filter(kind=kind)
    context = {
        "kinds": Device.Kind.choices,
        "kind": kind,
        "basis": KEEPER.cite(person.agency.pack),
        "may_register": could(request, acts.REGISTER_DEVICE.who),
    }
    return registers.respond(request, DEVICES, rows, "devices/register.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    device = _find(request, pk)
    context = {
        "device": device,
        "readings": device.clock_readings.select_related("read_by").order_by("-server_at")[:20],
        "may_correct": could(request, acts.CORRECT_DEVICE.who) and device.state == Device.State.IN_USE,
        "sees_recordings": could(request, BROWSE),
        "basis": KEEPER.cite(device.agency.pack),
    }
    return render(request, "devices/detail.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    only(request, acts.REGISTER_DEVICE.who)
    person = person_in(request)
    form = DeviceForm(person, request.POST or None)
    page = FormPage("登记设备", "登记", reverse("devices"), "设备", basis=KEEPER.cite(person.agency.pack))

    def act(data: dict[str, Any]) -> Device:
        return services.register_device(
            data["unit"],
            data["serial"],
            Device.Kind(data["kind"]),
            model=data["model"],
            keeper=data["keeper"],
            by=person,
            at=clock.now(),
        )

    return form_page(
        request, page, form, act, said="已登记。", to=lambda made: reverse("device", args=[made.pk])
    )


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.CORRECT_DEVICE.who)
    device, person = _find(request, pk), person_in(request)
    now = {"kind": device.kind, "model": device.model, "unit": device.unit, "keeper": device.keeper}
    form = CorrectionForm(person, request.POST or None, initial=now)
    page = FormPage(
        f"更正设备 {device.serial} 的登记",
        "更正",
        reverse("device", args=[pk]),
        device.serial,
        intro="序列号不能更正：登记错了的，停用后按正确的序列号重新登记。",
        basis=KEEPER.cite(device.agency.pack),
    )

    def act(data: dict[str, Any]) -> None:
        kind = Device.Kind(data.pop("kind"))
        services.correct_device(device, **data, kind=kind, by=person, at=clock.now())

    return form_page(request, page, form, act, said="已更正。")


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    device, person = _find(request, pk), person_in(request)
    return button(
        request,
        lambda reason: services.retire_device(device, reason=reason, by=person, at=clock.now()),
        said=f"设备 {device.serial} 已停用。",
        to=reverse("device", args=[pk]),
    )


def _find(request: HttpRequest, pk: int) -> Device:
    device = visible_to(person_in(request), clock.now()).filter(pk=pk).first()
    if device is None:
        raise not_there()
    return device
