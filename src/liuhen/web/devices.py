"""The register of devices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from liuhen.base import clock
from liuhen.base.basis import KEEPER
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to

from . import registers
from .people_in import person_in
from .registers import Column, Nothing, Register

DEVICES = Register(
    name="设备登记簿",
    title="执法音像记录设备登记簿",
    columns=(
        Column("serial", "序列号", lambda row: row.serial, width=10, sort="serial"),
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


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    person = person_in(request)
    rows = visible_to(person, clock.now())
    kind = request.GET.get("kind", "")
    if kind in Device.Kind.values:
        rows = rows.filter(kind=kind)
    context = {"kinds": Device.Kind.choices, "kind": kind, "basis": KEEPER.cite(person.agency.pack)}
    return registers.respond(request, DEVICES, rows, "devices/register.html", context)
