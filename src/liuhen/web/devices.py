"""The register of devices: who keeps which, and the acts on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from liuhen.base import clock
from liuhen.base.basis import KEEPER
from liuhen.base.devices import acts, services
from liuhen.base.devices.models import Device
from liuhen.base.devices.norm import FIELDS, Norm, written_resolution
from liuhen.base.devices.selectors import visible_to
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.base.people.selectors import officers_of, units_of
from liuhen.base.recordings.acts import BROWSE
from liuhen.prints.words import clock_offset
from liuhen.stages.equipment import acts as equipment
from liuhen.stages.equipment.selectors import held_now, issue_of, unheld_recordings
from liuhen.stages.equipment.services import last_check, trouble_of
from liuhen.stages.equipment.timeline import timeline_of
from liuhen.stages.ingest.selectors import last_taken_in

from . import registers
from .acting import FormPage, form_page, not_there, only
from .device_acts import care_of
from .equipment import check_in_words
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
            "keeper_no",
            "保管人编号",
            lambda row: row.keeper.staff_no if row.keeper else None,
            width=6,
            shown=False,
        ),
        Column("resolution", "分辨率", lambda row: row.resolution, width=7, shown=False),
        Column(
            "battery", "电池时长（小时）", lambda row: row.battery_hours, width=6, align="end", shown=False
        ),
        Column("storage", "存储容量（GB）", lambda row: row.storage_gb, width=6, align="end", shown=False),
        Column("no_delete", "设备上不能删除", lambda row: yes_or_no(row.no_delete), width=6, shown=False),
        Column("proof", "防爆", lambda row: yes_or_no(row.explosion_proof), width=4, shown=False),
        Column("bought", "购置日期", lambda row: row.bought_on, width=7, sort="bought_on", shown=False),
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


def yes_or_no(value: bool | None) -> str | None:
    return None if value is None else "是" if value else "否"


_KNOWN = [("", "不清楚"), ("yes", "是"), ("no", "否")]


def _known(label: str, help_text: str = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,
        choices=_KNOWN,
        required=False,
        coerce=lambda value: value == "yes",
        empty_value=None,
        help_text=help_text,
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
    resolution = forms.CharField(
        label="分辨率", max_length=20, required=False, help_text="如 1920x1080；以下各项不清楚的留空。"
    )
    battery_hours = forms.IntegerField(label="电池时长（小时）", min_value=1, max_value=1000, required=False)
    storage_gb = forms.IntegerField(label="存储容量（GB）", min_value=1, max_value=1_000_000, required=False)
    no_delete = _known("设备上不能删除录音录像")
    explosion_proof = _known("防爆", "有防爆合格证的才选“是”。")
    bought_on = forms.DateField(label="购置日期", required=False, widget=forms.DateInput({"type": "date"}))

    def norm(self) -> Norm:
        told = {name: self.cleaned_data[name] for name in FIELDS}
        return Norm(**{**told, "resolution": written_resolution(told["resolution"])})

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
    person, at = person_in(request), clock.now()
    rows = visible_to(person, at)
    kind = request.GET.get("kind", "")
    if kind in Device.Kind.values:
        rows = rows.filter(kind=kind)
    context = {
        "kinds": Device.Kind.choices,
        "kind": kind,
        "basis": KEEPER.cite(person.agency.pack),
        "may_register": could(request, acts.REGISTER_DEVICE.who),
    }
    return registers.respond(request, _with_holders(request), rows, "devices/register.html", context)


def _with_holders(request: HttpRequest) -> Register:
    """The register with who has which device in hand, for whoever sees the use register."""
    if not could(request, equipment.SEE_PAGES):
        return DEVICES
    held = held_now(person_in(request), clock.now())
    holder = Column("holder", "领用人", lambda row: held.get(row.pk), width=6)
    return replace(DEVICES, columns=(*DEVICES.columns[:-1], holder, DEVICES.columns[-1]))


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    device, person, at = _find(request, pk), person_in(request), clock.now()
    issue = issue_of(device, person, at)
    checked = last_check(device, at)
    carried = device.kind in Device.CARRIED
    context = {
        "device": device,
        "facts": _norm_facts(device),
        "carried": carried,
        "issue": issue,
        "overdue": issue is not None and issue.is_overdue(at),
        "taken_in": last_taken_in(device, issue.issued_at) if issue else None,
        "checked": checked,
        "check_words": check_in_words(checked) if checked else "",
        "trouble": trouble_of(checked, at) if carried else "",
        "sees_issues": could(request, equipment.SEE_PAGES),
        "sees_all": could(request, equipment.SEE_ALL),
        "unheld": unheld_recordings(person, at).filter(device=device).count() if carried else 0,
        "may": {
            **care_of(request, device, at),
            "check": could(request, equipment.CHECK.who),
            "issue": could(request, equipment.ISSUE.who),
            "labels": could(request, acts.REGISTER_DEVICE.who),
        },
        "readings": [
            (one, clock_offset(one.offset_seconds))
            for one in device.clock_readings.select_related("read_by").order_by("-server_at")[:20]
        ],
        "may_correct": could(request, acts.CORRECT_DEVICE.who)
        and device.state in acts.CORRECT_DEVICE.sources,
        "sees_recordings": could(request, BROWSE),
        "history": timeline_of(device, person, at),
        "basis": KEEPER.cite(device.agency.pack),
    }
    return render(request, "devices/detail.html", context)


def _norm_facts(device: Device) -> list[tuple[str, str]]:
    """What is known of it, for the page; what is not known is left out."""
    told = (
        ("分辨率", device.resolution),
        ("电池时长", f"{device.battery_hours} 小时" if device.battery_hours else ""),
        ("存储容量", f"{device.storage_gb} GB" if device.storage_gb else ""),
        ("不能删除", yes_or_no(device.no_delete)),
        ("防爆", yes_or_no(device.explosion_proof)),
        ("购置日期", str(device.bought_on) if device.bought_on else ""),
    )
    return [(name, value) for name, value in told if value]


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
            norm=form.norm(),
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
    now |= device.norm.as_fields() | {
        name: {True: "yes", False: "no", None: ""}[getattr(device, name)]
        for name in ("no_delete", "explosion_proof")
    }
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
        told = {name: data[name] for name in ("unit", "model", "keeper", "reason")}
        kind = Device.Kind(data["kind"])
        services.correct_device(device, **told, kind=kind, norm=form.norm(), by=person, at=clock.now())

    return form_page(request, page, form, act, said="已更正。")


def _find(request: HttpRequest, pk: int) -> Device:
    device = visible_to(person_in(request), clock.now()).filter(pk=pk).first()
    if device is None:
        raise not_there()
    return device
