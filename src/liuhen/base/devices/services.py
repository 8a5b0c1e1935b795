"""One function an act of devices. A correction says everything of the device anew; its serial stays."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Any

from liuhen.base import clock
from liuhen.base.acts import Act, perform
from liuhen.base.people.models import Account, Agency, Officer, Unit
from liuhen.core.errors import RefusedError, UsageError

from . import acts
from .models import ClockReading, Device
from .norm import UNKNOWN, Norm

_LONGEST_SERIAL, _LONGEST_MODEL = 40, 60
# A clock further off than this has fallen back to 1970, 2000 or 2010: it says nothing of the time.
_WRONGLY_SET = timedelta(days=366)


class UnknownDeviceError(RefusedError):
    code = "unknown_device"


def find_device(agency: Agency, serial: str) -> Device:
    """The registered device, unless it is retired: what is in repair or was lost still recorded what it recorded.

    Raises UnknownDeviceError with the next step.
    """
    rows = Device.objects.filter(agency=agency, serial=serial).exclude(state=Device.State.RETIRED)
    device = rows.first()
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
    norm: Norm = UNKNOWN,
    compared: bool = False,
    by: Account,
    at: datetime,
) -> Device:
    """`compared`: the serial has been held against all the others, as a table does once for its thousands of rows.

    Raises UsageError for a serial that is registered already or cannot be one, and for an impossible norm.
    """
    check_words(serial, model)
    if Device.objects.filter(agency=unit.agency, serial=serial).exists():
        raise UsageError(f"设备 {serial} 已登记。", remedy="请在设备登记簿中查看。")
    if not compared:
        _require_other(unit.agency, serial)
    require_bought(norm, at)
    device = Device(
        agency=unit.agency,
        unit=unit,
        serial=serial,
        kind=kind,
        model=model,
        keeper=keeper,
        **norm.checked().as_fields(),
    )
    data = _as_data(serial, unit, kind, model, keeper, norm)
    perform(acts.REGISTER_DEVICE, device, by=by, at=at, subject=f"device:{serial}", data=data)
    return device


def looks_alike(serial: str) -> str:
    """What two serials have in common that differ by case, or by the width of their letters, alone."""
    return unicodedata.normalize("NFKC", serial).casefold()


def _require_other(agency: Agency, serial: str) -> None:
    """Asked of every serial: which of its letters somebody typed wide, no condition of a database tells."""
    wanted = looks_alike(serial)
    known = Device.objects.filter(agency=agency).values_list("serial", flat=True)
    like = next((one for one in known.iterator() if looks_alike(one) == wanted), None)
    if like is not None:
        raise UsageError(
            f"序列号 {serial} 与已登记的 {like} 只是大小写或全角半角不同，没有登记。",
            remedy=f"同一台设备的，用已登记的 {like}；确是另一台的，按机身标签写全序列号。",
            code="serial_alike",
        )


def require_bought(norm: Norm, at: datetime) -> None:
    """Raises UsageError for a device that is bought only tomorrow."""
    if norm.bought_on is not None and norm.bought_on > at.astimezone(clock.SHANGHAI).date():
        raise UsageError(f"购置日期 {norm.bought_on} 晚于今天。", remedy="请核对日期；不清楚的留空。")


def check_words(serial: str, model: str) -> None:
    """Raises UsageError for a serial or a model that cannot be one."""
    if not serial.strip() or not serial.isprintable():
        raise UsageError("设备序列号不能为空，也不能含控制字符。", remedy="请按机身标签填写序列号。")
    if len(serial) > _LONGEST_SERIAL:
        raise UsageError(
            f"序列号有 {len(serial)} 个字符，最多 {_LONGEST_SERIAL} 个。", remedy="请按机身标签填写序列号。"
        )
    if len(model) > _LONGEST_MODEL:
        raise UsageError(
            f"型号有 {len(model)} 个字符，最多 {_LONGEST_MODEL} 个。", remedy="请只写厂家和型号。"
        )


def _as_data(
    serial: str, unit: Unit, kind: Device.Kind, model: str, keeper: Officer | None, norm: Norm
) -> dict[str, Any]:
    known = norm.as_data()
    return {
        "serial": serial,
        "kind": str(kind),
        "model": model,
        "unit": unit.code,
        "keeper": keeper.staff_no if keeper else None,
        **({"norm": known} if known else {}),
    }


def correct_device(
    device: Device,
    *,
    unit: Unit,
    kind: Device.Kind,
    model: str,
    keeper: Officer | None,
    norm: Norm | None = None,
    reason: str,
    by: Account,
    at: datetime,
) -> None:
    """Another keeper, another unit, a model written wrongly. No `norm`: what is known of it stays."""
    norm = (device.norm if norm is None else norm).checked()
    check_words(device.serial, model)
    require_bought(norm, at)
    data = {**_as_data(device.serial, unit, kind, model, keeper, norm), "norm": norm.as_data()}
    changes = {"unit": unit, "kind": kind, "model": model, "keeper": keeper, **norm.as_fields()}
    subject = f"device:{device.serial}"
    perform(
        acts.CORRECT_DEVICE, device, by=by, at=at, subject=subject, reason=reason, data=data, changes=changes
    )


def maintain(device: Device, *, note: str, by: Account, at: datetime) -> None:
    """保养: what was done stands as the act's reason."""
    _act(acts.MAINTAIN, device, note, by, at)


def send_to_repair(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    _act(acts.SEND_TO_REPAIR, device, reason, by, at)


def back_from_repair(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    """What was repaired or exchanged stands as the act's reason."""
    _act(acts.BACK_FROM_REPAIR, device, reason, by, at)


def report_loss(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    _act(acts.REPORT_LOSS, device, reason, by, at)


def find_again(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    _act(acts.FIND_AGAIN, device, reason, by, at)


def retire_device(device: Device, *, reason: str, by: Account, at: datetime) -> None:
    _act(acts.RETIRE_DEVICE, device, reason, by, at)


def _act(act: Act, device: Device, reason: str, by: Account, at: datetime) -> None:
    data = {"serial": device.serial}
    perform(act, device, by=by, at=at, subject=f"device:{device.serial}", reason=reason, data=data)


def is_set(shown_at: datetime, at: datetime) -> bool:
    """Was the device's clock ever set? One that is more than a year off was not, and corrects nothing."""
    return abs(shown_at - at) <= _WRONGLY_SET


def read_clock(device: Device, shown_at: datetime, *, server_at: datetime, by: Account) -> ClockReading:
    """Keep what the device showed when the server's clock said `server_at`. Raises UsageError for a clock never set."""
    if not is_set(shown_at, server_at):
        raise UsageError(
            f"{device.serial} 显示 {clock.local(shown_at)}，与现在相差一年以上：设备时钟未设置，不作为时钟测读。",
            remedy="请先设置设备的日期和时间，再测读；采集存储卡时不填设备时间，文件照常采集。",
            code="clock_not_set",
        )
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
