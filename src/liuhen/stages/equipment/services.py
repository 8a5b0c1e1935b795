"""One function an act of issue and return; who may hold a device, and when it may go out.

- Only an officer of the device's own unit, in service, takes it: never another office, never anybody else.
- The last check must be fresh (`check_hours` of the site) and passed; else the custodian gives a reason, which
  the ledger keeps.
- A device in repair, lost or retired does not go out; one that is out comes back first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from liuhen.base import clock, site
from liuhen.base.acts import ask, perform
from liuhen.base.basis import CHECK_BEFORE_USE, NOT_LENT, OWN_RULE, USE_REGISTER
from liuhen.base.devices.models import ClockReading, Device
from liuhen.base.devices.services import is_set, read_clock
from liuhen.base.people.models import Account, Officer
from liuhen.core.errors import RefusedError, UsageError

from . import acts, checks
from .checks import Looked
from .models import Check, Issue, Signed
from .nearby import require_near
from .signing import Signature, keep_signature, two_people

_FUTURE = timedelta(days=366)


class NotHandedOutError(RefusedError):
    """The device stays in the drawer."""

    code = "not_handed_out"


class AlreadyOutError(NotHandedOutError):
    code = "already_out"


class UncheckedError(NotHandedOutError):
    code = "unchecked"


@dataclass(frozen=True)
class Terms:
    """What is said when a device is handed out. `purpose` stays in our row."""

    purpose: str = ""
    due_back_at: datetime | None = None


NO_TERMS = Terms()


def check_device(
    device: Device, looked: Looked, *, note: str = "", carried: bool = False, by: Account, at: datetime
) -> Check:
    """使用前检查: keeps what was seen, the clock's offset included. It may fail; that is told, not refused.

    `carried`: the caller knows that this person's activity has the device with it. A clock that was never set is a
    failed point and no reading. Raises UsageError for impossible figures, NotHandedOutError for a device that is not
    in use, NotTheirDeviceError.
    """
    _possible(looked)
    _in_use(device, "检查")
    ask(acts.CHECK, Check(agency=device.agency, device=device, by=by), by=by, at=at)
    if not carried:
        require_near(device, by, at)
    failed = checks.failed_points(looked, at, site.current())
    with transaction.atomic():
        reading = _reading(device, looked, by, at)
        check = Check(
            agency=device.agency,
            device=device,
            at=at,
            by=by,
            fault_free=looked.fault_free,
            battery_percent=looked.battery_percent,
            free_bytes=looked.free_bytes,
            free_minutes=looked.free_minutes,
            reading=reading,
            passed=not failed,
            failed=failed,
            note=note[:500],
        )
        data = {
            "serial": device.serial,
            "check": str(check.key),
            "fault_free": looked.fault_free,
            "battery_percent": looked.battery_percent,
            "free_bytes": looked.free_bytes,
            "free_minutes": looked.free_minutes,
            "shown_at": clock.stamp(looked.shown_at) if looked.shown_at else None,
            "passed": not failed,
            "failed": failed,
        }
        subject = f"device:{device.serial}"
        perform(acts.CHECK, check, by=by, at=at, subject=subject, reason=note or None, data=data)
    return check


def _reading(device: Device, looked: Looked, by: Account, at: datetime) -> ClockReading | None:
    if looked.shown_at is None or not is_set(looked.shown_at, at):
        return None
    return read_clock(device, looked.shown_at, server_at=at, by=by)


def _possible(looked: Looked) -> None:
    for value, most, what in (
        (looked.battery_percent, 100, "电量（%）"),
        (looked.free_minutes, 1_000_000, "剩余时长（分钟）"),
        (looked.free_bytes, 1 << 50, "剩余空间"),
    ):
        if value is not None and not 0 <= value <= most:
            raise UsageError(f"{what}不可能是 {value}。", remedy="请按设备显示填写。")


def issue_device(
    device: Device,
    officer: Officer,
    *,
    signature: Signature | None,
    terms: Terms = NO_TERMS,
    override: str = "",
    by: Account,
    at: datetime,
) -> Issue:
    """Hand a device out. `override`: why it goes out though its check is missing, old or failed.

    Raises NotHandedOutError and its kinds, UnsignedError, NotAllowedError, UsageError; nothing has changed then.
    """
    issue = Issue(
        agency=device.agency,
        device=device,
        officer=officer,
        purpose=terms.purpose[:200],
        issued_by=by,
        issued_at=at,
        due_back_at=terms.due_back_at,
    )
    ask(acts.ISSUE, issue, by=by, at=at)
    may_hold(device, officer, at)
    _not_out(device)
    _due(terms, at)
    issue.check_before = check = last_check(device, at)
    trouble = trouble_of(check, at)
    if trouble and not override.strip():
        raise UncheckedError(
            f"{device.serial} {trouble}，不能领用。",
            remedy=advice_on(check, at) + "确需领用的，由科室管理员写明理由。",
            basis=CHECK_BEFORE_USE.cite(device.agency.pack),
        )
    issue.overridden = bool(trouble)
    with transaction.atomic():
        _in_use(held(device), "领用")
        issue.taken_signed, issue.taken_paper = keep_signature(signature, officer, by=by, at=at)
        _hand_out(issue, override.strip() if trouble else "", by=by, at=at)
    return issue


def _hand_out(issue: Issue, override: str, *, by: Account, at: datetime) -> None:
    device, due = issue.device, issue.due_back_at
    data = {
        "serial": device.serial,
        "issue": str(issue.key),
        "officer": issue.officer.staff_no,
        "check": str(issue.check_before.key) if issue.check_before else None,
        "overridden": issue.overridden,
        "due_back_at": clock.stamp(due) if due else None,
        "signed": str(issue.taken_signed),
        "signature_sha256": issue.taken_paper.sha256 if issue.taken_paper else None,
    }
    subject = f"device:{device.serial}"
    try:
        with transaction.atomic():
            perform(acts.ISSUE, issue, by=by, at=at, subject=subject, reason=override or None, data=data)
    except IntegrityError as error:  # two at once: the database lets one through
        raise _out(device) from error


def return_device(
    issue: Issue, *, signature: Signature | None, reason: str = "", by: Account, at: datetime
) -> None:
    """Take a device back. The officer signs, too; where they cannot come, `reason` says why.

    Raises UnsignedError, WrongStateError, NotAllowedError, UsageError; nothing has changed then.
    """
    ask(acts.RETURN, issue, by=by, at=at)
    if at < issue.issued_at:
        raise UsageError("归还时间早于领用时间。", remedy="请核对服务器时钟。")
    with transaction.atomic():
        if signature is None and reason.strip():
            two_people(issue.officer, by)
            signed, paper = Signed.ABSENT, None
        else:
            signed, paper = keep_signature(signature, issue.officer, by=by, at=at)
        data = {
            "serial": issue.device.serial,
            "issue": str(issue.key),
            "signed": str(signed),
            "signature_sha256": paper.sha256 if paper else None,
        }
        changes = {"returned_at": at, "received_by": by, "back_signed": signed, "back_paper": paper}
        subject, why = f"device:{issue.device.serial}", reason.strip() or None
        perform(acts.RETURN, issue, by=by, at=at, subject=subject, reason=why, data=data, changes=changes)


# -- the rules


def may_hold(device: Device, officer: Officer, at: datetime) -> None:
    """Raises NotHandedOutError with 依据 unless this officer may have this device."""
    if device.kind not in Device.CARRIED:
        raise UsageError(
            f"{device.get_kind_display()}不领用。", remedy="只有随身携带的记录设备才领用、归还。"
        )
    _in_use(device, "领用")
    pack = device.agency.pack
    if officer.agency_id != device.agency_id:
        raise NotHandedOutError(
            "设备不能交给外单位的人使用。", remedy="请由本单位执法人员领用。", basis=NOT_LENT.cite(pack)
        )
    if officer.left_on is not None and officer.left_on <= at.astimezone(clock.SHANGHAI).date():
        raise NotHandedOutError(
            f"{officer.name}已于 {officer.left_on} 离开本单位，不能领用。",
            remedy="请由在职的执法人员领用。",
            basis=NOT_LENT.cite(pack),
        )
    if officer.unit_id != device.unit_id:
        raise NotHandedOutError(
            f"{device.serial} 属于{device.unit.name}，{officer.name}属于{officer.unit.name}，不能领用。",
            remedy="请由该科室的执法人员领用；确实调配给别的科室的，先更正设备的所属科室并写明理由。",
            basis=OWN_RULE.cite(pack),
        )


def _in_use(device: Device, what: str) -> None:
    if device.state != Device.State.IN_USE:
        raise NotHandedOutError(
            f"{device.serial} 现为“{device.get_state_display()}”，不能{what}。",
            remedy="修好或找回后先登记，再办理；也可以另换一台。",
            basis=USE_REGISTER.cite(device.agency.pack),
            code="device_not_in_use",
        )


def held(device: Device) -> Device:
    """As it stands at this moment, and nobody else issues it or puts it away until this transaction ends."""
    return Device.objects.select_for_update(of=("self",)).select_related("agency").get(pk=device.pk)


def _not_out(device: Device) -> None:
    if Issue.objects.filter(device=device, state=Issue.State.OUT).exists():
        raise _out(device)


def _out(device: Device) -> AlreadyOutError:
    row = Issue.objects.filter(device=device, state=Issue.State.OUT).select_related("officer").first()
    who = f"，{clock.local(row.issued_at)} 由{row.officer.name}领走" if row else ""
    return AlreadyOutError(
        f"{device.serial} 已在领用中{who}，不能再次领用。",
        remedy="请先办理归还（设备页“归还”），再领给下一人；设备不得在执法人员之间转手。",
        basis=NOT_LENT.cite(device.agency.pack),
    )


def _due(terms: Terms, at: datetime) -> None:
    if terms.due_back_at is not None and not at < terms.due_back_at <= at + _FUTURE:
        raise UsageError("应归还的时间须晚于现在，且在一年之内。", remedy="请核对应归还的时间；不定的留空。")


def last_check(device: Device, at: datetime) -> Check | None:
    return Check.objects.filter(device=device, at__lte=at).order_by("-at", "-pk").first()


def trouble_of(check: Check | None, at: datetime) -> str:
    """Why a check does not let a device go out; empty when it does."""
    hours = site.current().check_hours
    if check is None:
        return "没有做过使用前检查"
    if not is_fresh(check, at):
        return f"最近一次检查在 {clock.local(check.at)}，超过 {hours} 小时，已过期"
    return "" if check.passed else f"使用前检查没有通过：{checks.in_words(check.failed)}"


def is_fresh(check: Check, at: datetime) -> bool:
    return check.at >= at - timedelta(hours=site.current().check_hours)


def advice_on(check: Check | None, at: datetime) -> str:
    """What is to be done before the device is used; a check of long ago tells nothing of today."""
    if check is None:
        return "请先做使用前检查。"
    return checks.what_to_do(check.failed) if check.failed and is_fresh(check, at) else "请再检查。"
