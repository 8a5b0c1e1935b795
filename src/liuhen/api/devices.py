"""The register of devices."""

from __future__ import annotations

import base64
import binascii
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
from liuhen.stages.equipment import leaving
from liuhen.stages.equipment import services as equipment
from liuhen.stages.equipment.checks import Looked
from liuhen.stages.equipment.models import Issue
from liuhen.stages.equipment.selectors import issue_of, out_now
from liuhen.stages.equipment.signing import Drawn

from . import shapes
from .callers import caller_of
from .operations import JSON, operation
from .shapes import Cursor, PageSize, Word

router = Router(tags=["设备"])


def _told(row: Device, held: dict[int, str]) -> dict[str, Any]:
    return {
        "serial": row.serial,
        "kind": row.kind,
        "model": row.model,
        "unit": row.unit.code,
        "keeper": row.keeper.staff_no if row.keeper else None,
        "state": row.state,
        "holder": held.get(row.pk),
    }


def _shown(row: Device, person: Account) -> dict[str, Any]:
    issue = issue_of(row, person, clock.now())
    return _told(row, {row.pk: issue.officer.staff_no} if issue else {})


@operation(router, "GET", "/devices", "设备登记簿", scope=Scope.DEVICES_READ, returns=shapes.Devices)
def list_devices(
    request: HttpRequest,
    state: Literal["in_use", "repair", "lost", "retired"] | None = None,
    cursor: Cursor = "",
    size: PageSize = 50,
) -> Any:
    person, at = caller_of(request).account, clock.now()
    rows = selectors.visible_to(person, at)
    page = page_of(rows.filter(state=state) if state else rows, ("serial",), cursor, size)
    out = out_now(person, at).filter(device__in=[row.pk for row in page.rows])
    held = dict(out.values_list("device_id", "officer__staff_no"))
    return {"items": [_told(row, held) for row in page.rows], "before": page.before, "after": page.after}


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
    return Status(201, _shown(device, person))


@operation(
    router, "GET", "/devices/{serial}", "一台设备", scope=Scope.DEVICES_READ, returns=shapes.DeviceShape
)
def one_device(request: HttpRequest, serial: Word) -> Any:
    person = caller_of(request).account
    return _shown(_device(serial, person), person)


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
    return _shown(device, person)


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
    leaving.retire_device(device, reason=told.reason, by=person, at=clock.now())
    return _shown(device, person)


@operation(
    router,
    "POST",
    "/devices/{serial}/check",
    "使用前检查（时钟偏差留存）",
    scope=Scope.DEVICES_WRITE,
    returns=shapes.DeviceChecked,
    sends=JSON,
)
def check_device(request: HttpRequest, serial: Word, told: shapes.DeviceCheck) -> Any:
    person, at = caller_of(request).account, clock.now()
    looked = Looked(told.fault_free, told.battery_percent, told.free_bytes, told.free_minutes, told.shown_at)
    row = equipment.check_device(_device(serial, person), looked, note=told.note, by=person, at=at)
    return {
        "serial": serial,
        "passed": row.passed,
        "failed": row.failed,
        "clock_offset_seconds": row.reading.offset_seconds if row.reading else None,
        "remedy": "" if row.passed else equipment.advice_on(row, at),
    }


@operation(
    router,
    "POST",
    "/devices/{serial}/issue",
    "领用设备（领用人手写签名）",
    scope=Scope.DEVICES_WRITE,
    returns=shapes.IssueShape,
    status=201,
    sends=JSON,
)
def issue_device(request: HttpRequest, serial: Word, told: shapes.DeviceIssue) -> Any:
    person, at = caller_of(request).account, clock.now()
    row = equipment.issue_device(
        _device(serial, person),
        _officer(told.officer, person),
        signature=_signature(told.signature),
        terms=equipment.Terms(told.purpose, told.due_back_at),
        override=told.override,
        by=person,
        at=at,
    )
    return Status(201, _issue(row))


@operation(
    router,
    "POST",
    "/devices/{serial}/return",
    "归还设备（归还人手写签名，或写明未到场的理由）",
    scope=Scope.DEVICES_WRITE,
    returns=shapes.IssueShape,
    sends=JSON,
)
def return_device(request: HttpRequest, serial: Word, told: shapes.DeviceReturn) -> Any:
    person, at = caller_of(request).account, clock.now()
    row = issue_of(_device(serial, person), person, at)
    if row is None:
        raise RefusedError("这台设备不在领用中。", remedy="请核对序列号。", code="not_found")
    signature = _signature(told.signature) if told.signature else None
    equipment.return_device(row, signature=signature, reason=told.reason, by=person, at=at)
    return _issue(row)


def _issue(row: Issue) -> dict[str, Any]:
    return {
        "serial": row.device.serial,
        "officer": row.officer.staff_no,
        "state": row.state,
        "issued_at": row.issued_at,
        "due_back_at": row.due_back_at,
        "returned_at": row.returned_at,
        "overridden": row.overridden,
    }


def _signature(text: str) -> Drawn:
    try:
        return Drawn(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise UsageError("签名不是 base64。", remedy="请发送 PNG 图片的 base64。") from error


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
