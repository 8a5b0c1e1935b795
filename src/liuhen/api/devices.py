"""The register of devices."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from liuhen.base import clock
from liuhen.base.devices import selectors, services
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.base.people.selectors import officers_of, units_of
from liuhen.base.tokens.models import Scope
from liuhen.core.errors import RefusedError, UsageError
from liuhen.doors.paging import page_of

from . import shapes
from .callers import caller_of
from .operations import JSON, operation
from .shapes import Cursor, PageSize, Word

router = Router(tags=["设备"])


def _told(row: Device) -> dict[str, Any]:
    return {
        "serial": row.serial,
        "kind": row.kind,
        "model": row.model,
        "unit": row.unit.code,
        "keeper": row.keeper.staff_no if row.keeper else None,
        "state": row.state,
    }


@operation(router, "GET", "/devices", "设备登记簿", scope=Scope.DEVICES_READ, returns=shapes.Devices)
def list_devices(
    request: HttpRequest,
    state: Literal["in_use", "retired"] | None = None,
    cursor: Cursor = "",
    size: PageSize = 50,
) -> Any:
    rows = selectors.visible_to(caller_of(request).account, clock.now())
    page = page_of(rows.filter(state=state) if state else rows, ("serial",), cursor, size)
    return {"items": [_told(row) for row in page.rows], "before": page.before, "after": page.after}


@operation(
    router,
    "POST",
    "/devices",
    "登记设备",
    scope=Scope.DEVICES_WRITE,
    returns=shapes.DeviceShape,
    status=201,
    sends=JSON,
)
def register_device(request: HttpRequest, told: shapes.NewDevice) -> Any:
    person, at = caller_of(request).account, clock.now()
    device = services.register_device(
        _unit(told.unit, person),
        told.serial,
        Device.Kind(told.kind),
        model=told.model,
        keeper=_officer(told.keeper, person) if told.keeper else None,
        by=person,
        at=at,
    )
    return Status(201, _told(device))


@operation(
    router, "GET", "/devices/{serial}", "一台设备", scope=Scope.DEVICES_READ, returns=shapes.DeviceShape
)
def one_device(request: HttpRequest, serial: Word) -> Any:
    return _told(_device(serial, caller_of(request).account))


@operation(
    router,
    "PATCH",
    "/devices/{serial}",
    "更正设备登记（须写理由）",
    scope=Scope.DEVICES_WRITE,
    returns=shapes.DeviceShape,
    sends=JSON,
)
def correct_device(request: HttpRequest, serial: Word, told: shapes.DeviceChange) -> Any:
    person = caller_of(request).account
    device = _device(serial, person)
    keeper = _officer(told.keeper, person) if told.keeper else device.keeper
    services.correct_device(
        device,
        unit=_unit(told.unit, person) if told.unit else device.unit,
        kind=Device.Kind(told.kind or device.kind),
        model=device.model if told.model is None else told.model,
        keeper=None if told.no_keeper else keeper,
        reason=told.reason,
        by=person,
        at=clock.now(),
    )
    return _told(device)


@operation(
    router,
    "POST",
    "/devices/{serial}/retire",
    "停用设备（须写理由）",
    scope=Scope.DEVICES_WRITE,
    returns=shapes.DeviceShape,
    sends=JSON,
)
def retire_device(request: HttpRequest, serial: Word, told: shapes.WithReason) -> Any:
    person = caller_of(request).account
    device = _device(serial, person)
    services.retire_device(device, reason=told.reason, by=person, at=clock.now())
    return _told(device)


def _device(serial: str, person: Account) -> Device:
    found = selectors.visible_to(person, clock.now()).filter(serial=serial).first()
    if found is None:
        raise RefusedError("没有登记这台设备。", remedy="请核对序列号。", code="not_found")
    return found


def _unit(code: str, person: Account) -> Unit:
    found = units_of(person, clock.now()).filter(code=code).first()
    if found is None:
        raise UsageError(f"没有科室 {code}。", remedy="请核对科室代码；用 GET /api/v1/units 查看。")
    return found


def _officer(staff_no: str, person: Account) -> Officer:
    found = officers_of(person, clock.now()).filter(staff_no=staff_no).first()
    if found is None:
        raise UsageError(
            f"没有人员编号 {staff_no}。", remedy="请核对人员编号；用 GET /api/v1/officers 查看。"
        )
    return found
