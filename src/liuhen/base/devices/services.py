"""One function an act of devices."""

from __future__ import annotations

from datetime import datetime

from liuhen.base import clock
from liuhen.base.acts import perform
from liuhen.base.people.models import Account, Agency, Officer, Unit
from liuhen.core.errors import RefusedError, UsageError

from . import acts
from .models import ClockReading, Device


class UnknownDeviceError(RefusedError):
    code = "unknown_device"


def find_device(agency: Agency, serial: str) -> Device:
    """The registered device, in use. Raises UnknownDeviceError with the next step."""
    device = Device.objects.filter(agency=agency, serial=serial, state=Device.State.IN_USE).first()
    if device is None:
        raise UnknownDeviceError(
            f"设备 {serial} 没有登记或已停用，没有办理。",
            remedy=f"请核对序列号，或先登记：liuhen device add {serial}；"
            "采集时不确定是哪台设备，可去掉 --device，文件归入“待归属”。",
            serial=serial,
        )
    return device


def register_device(
    unit: Unit,
    serial: str,
    kind: Device.Kind,
    *,
    model: str = "",
    keeper: Officer | None = None,
    by: Account,
    at: datetime,
) -> Device:
    """Raises UsageError for a serial that is registered already or cannot be one."""
    if not serial.strip() or not serial.isprintable():
        raise UsageError("设备序列号不能为空，也不能含控制字符。", remedy="请按机身标签填写序列号。")
    if Device.objects.filter(agency=unit.agency, serial=serial).exists():
        raise UsageError(f"设备 {serial} 已登记。", remedy="用 liuhen device list 查看。")
    device = Device(agency=unit.agency, unit=unit, serial=serial, kind=kind, model=model, keeper=keeper)
    data = {
        "serial": serial,
        "kind": str(kind),
        "model": model,
        "unit": unit.code,
        "keeper": keeper.staff_no if keeper else None,
    }
    perform(acts.REGISTER_DEVICE, device, by=by, at=at, subject=f"device:{serial}", data=data)
    return device


def correct_device(
    device: Device,
    *,
    unit: Unit,
    kind: Device.Kind,
    model: str,
    keeper: Officer | None,
    reason: str,
    by: Account,
    at: datetime,
) -> None:
    """Another keeper, another unit, a model written wrongly; the serial stays what it is."""
    data = {
        "serial": device.serial,
        "kind": str(kind),
        "model": model,
        "unit": unit.code,
        "keeper": keeper.staff_no if keeper else None,
    }
    changes = {"unit": unit, "kind": kind, "model": model, "keeper": keeper}
    subject = f"device:{device.serial}"
    perform(
        acts.CORRECT_DEVICE, device, by=by, at=at, subject=subject, reason=reason, data=data, changes=changes
    )


def retire_device(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    perform(
        acts.RETIRE_DEVICE,
        device,
        by=by,
        at=at,
        subject=f"device:{device.serial}",
        reason=reason,
        data={"serial": device.serial},
    )


def read_clock(device: Device, shown_at: datetime, *, server_at: datetime, by: Account) -> ClockReading:
    """Keep what the device showed when the server's clock said `server_at`."""
    reading = ClockReading(
        agency=device.agency, device=device, shown_at=shown_at, server_at=server_at, read_by=by
    )
    perform(
        acts.READ_CLOCK,
        reading,
        by=by,
        at=server_at,
        subject=f"device:{device.serial}",
        data={
            "serial": device.serial,
            "shown_at": clock.stamp(shown_at),
            "server_at": clock.stamp(server_at),
            "offset_ms": round(reading.offset_seconds * 1000),
        },
    )
    return reading
