"""liuhen device: the register, import and labels; check before use, issue and return."""

from __future__ import annotations

import argparse
import getpass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.urls import reverse

from liuhen.base import clock, site
from liuhen.base.devices import importing
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Account, Agency, Officer
from liuhen.core.durable import replace_file
from liuhen.core.errors import StorageError, UsageError
from liuhen.core.reasons import why
from liuhen.core.tables import LARGEST, rows_of
from liuhen.stages.equipment import services
from liuhen.stages.equipment.checks import Looked
from liuhen.stages.equipment.leaving import retire_device
from liuhen.stages.equipment.models import Issue
from liuhen.stages.equipment.selectors import held_now, out_now
from liuhen.stages.equipment.signing import Drawn, Proved, Signature

from .out import DONE, REFUSED, emit_json, say, show

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    device = commands.add_parser("device", help="设备登记、检查、领用、归还")
    own = device.add_subparsers(dest="subcommand", required=True, metavar="子命令")
    _add_register(own)
    _add_use(own)


def _add_register(own: Commands) -> None:
    registered = own.add_parser("add", help="登记设备")
    registered.add_argument("serial")
    registered.add_argument("--kind", default="body_recorder", choices=Device.Kind.values)
    registered.add_argument("--model", default="")
    registered.add_argument("--keeper", help="保管人的人员编号")
    registered.add_argument("--by")
    registered.set_defaults(run=add_device)
    retired = own.add_parser("retire", help="停用设备")
    retired.add_argument("serial")
    retired.add_argument("--reason", required=True)
    retired.add_argument("--by")
    retired.set_defaults(run=retire)
    listed = own.add_parser("list", help="列出设备")
    listed.add_argument("--by")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=list_devices)
    imported = own.add_parser("import", help="从 Excel 或 CSV 成批登记")
    imported.add_argument("file", type=Path)
    imported.add_argument("--dry-run", action="store_true", help="只逐行说明会登记什么，不登记")
    imported.add_argument("--by")
    imported.add_argument("--json", action="store_true")
    imported.set_defaults(run=import_table)
    labels = own.add_parser("labels", help="二维码标签（A4，3×8）")
    labels.add_argument("out", type=Path, metavar="输出.pdf")
    labels.add_argument("--kind", choices=Device.Kind.values)
    labels.add_argument("--skip", type=int, default=0, help="第一张纸上已经用掉的标签数")
    labels.add_argument("--by")
    labels.add_argument("--json", action="store_true")
    labels.set_defaults(run=print_labels)


def _add_use(own: Commands) -> None:
    checked = own.add_parser("check", help="使用前检查")
    checked.add_argument("serial")
    checked.add_argument("--fault", action="store_true", help="有故障")
    checked.add_argument("--battery", type=int, metavar="%", help="电量")
    checked.add_argument("--minutes", type=int, help="剩余可录分钟")
    checked.add_argument("--free-gb", type=float, help="剩余空间（GB）")
    checked.add_argument("--shown", help="设备此刻显示的时间，如 2026-11-20T09:30:00")
    checked.add_argument("--note", default="")
    checked.add_argument("--by")
    checked.add_argument("--json", action="store_true")
    checked.set_defaults(run=check)
    issued = own.add_parser("issue", help="领用（领用人当面签名）")
    issued.add_argument("serial")
    issued.add_argument("officer", metavar="人员编号")
    issued.add_argument("--due", help="应归还时间，如 2026-11-20T18:00")
    issued.add_argument("--override", default="", metavar="理由", help="检查没有通过仍要领用的理由")
    issued.set_defaults(run=issue)
    returned = own.add_parser("return", help="归还（归还人当面签名）")
    returned.add_argument("serial")
    returned.add_argument("--absent", default="", metavar="理由", help="归还人未到场的理由")
    returned.set_defaults(run=give_back)
    for one in (issued, returned):
        one.add_argument("--signature", type=Path, metavar="签名.png", help="手写签名的图片；不写时问密码")
        one.add_argument("--by")
        one.add_argument("--json", action="store_true")


# -- the register


def add_device(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    keeper = _officer(by.agency, args.keeper) if args.keeper else None
    unit = by.unit or by.agency.units.get()
    kind = Device.Kind(args.kind)
    device = register_device(unit, args.serial, kind, model=args.model, keeper=keeper, by=by, at=clock.now())
    say(f"已登记{kind.label} {device.serial}。")
    return DONE


def _officer(agency: Agency, staff_no: str) -> Officer:
    found = Officer.objects.filter(agency=agency, staff_no=staff_no).select_related("unit", "agency").first()
    if found is None:
        raise UsageError(f"没有人员编号 {staff_no}。", remedy="请先登记该执法人员。")
    return found


def _device(agency: Agency, serial: str) -> Device:
    rows = Device.objects.filter(agency=agency, serial=serial).select_related("unit", "agency")
    found = rows.first()
    if found is None:
        raise UsageError(f"没有登记设备 {serial}。", remedy="用 liuhen device list 查看。")
    return found


def retire(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    device = _device(by.agency, args.serial)
    retire_device(device, reason=args.reason, by=by, at=clock.now())
    say(f"设备 {device.serial} 已停用。")
    return DONE


def list_devices(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    held = held_now(by, clock.now())
    devices = Device.objects.filter(agency=by.agency).select_related("keeper").order_by("serial")
    if args.json:
        emit_json(
            [
                {
                    "serial": row.serial,
                    "kind": row.kind,
                    "model": row.model,
                    "keeper": row.keeper.name if row.keeper else None,
                    "state": row.state,
                    "holder": held.get(row.pk),
                }
                for row in devices
            ]
        )
    else:
        lines = [
            f"{row.serial:<12} {row.get_kind_display()}  {row.keeper or '（未指定保管人）'}  {row.get_state_display()}"
            f"{f'  {held[row.pk]}领用中' if row.pk in held else ''}"
            for row in devices
        ]
        show("\n".join(lines) or "还没有登记设备。怎么办：liuhen device add 序列号。")
    return DONE


def import_table(args: argparse.Namespace) -> int:
    """Status 1 when some row is wrong; what is right has been registered all the same."""
    make_ready()
    by, at = who(args.by), clock.now()
    lines = importing.plan(rows_of(_read(args.file, LARGEST + 1), args.file.name), by, at)
    made = [] if args.dry_run else importing.carry_out(lines, by=by, at=at)
    new = sum(one.verdict == importing.NEW for one in lines)
    for one in lines:
        say(f"第 {one.number} 行 {one.serial}：{one.sentence}")
    say(f"会登记 {new} 台（没有登记：--dry-run）。" if args.dry_run else f"已登记 {len(made)} 台。")
    wrong = any(one.verdict == importing.WRONG for one in lines)
    if args.json:
        rows = [
            {"row": one.number, "serial": one.serial, "verdict": one.verdict, "text": one.sentence}
            for one in lines
        ]
        emit_json({"rows": rows, "registered": [one.serial for one in made]})
    return REFUSED if wrong else DONE


def print_labels(args: argparse.Namespace) -> int:
    from liuhen.prints.labels import Label, labels_pdf

    make_ready()
    by, address = who(args.by), site.current().address
    if not address:
        raise UsageError(
            "还没有写明本单位系统的网络地址，二维码没有去处。",
            remedy="在 settings.yaml 写明 address（如 http://192.168.1.5:8000），或从网页“设备”的“标签”打印。",
        )
    rows = Device.objects.filter(agency=by.agency).exclude(state=Device.State.RETIRED).order_by("serial")
    rows = rows.filter(kind=args.kind) if args.kind else rows
    labels = [
        Label(
            agency=by.agency.name,
            serial=row.serial,
            kind=f"{row.get_kind_display()} {row.model}".strip(),
            unit=row.unit.name,
            keeper=row.keeper.name if row.keeper else "",
            url=f"{address}{reverse('device_scan', args=[row.pk])}",
        )
        for row in rows.select_related("unit", "keeper")
    ]
    if not labels:
        raise UsageError("没有选出设备。", remedy="用 liuhen device list 查看。")
    try:
        replace_file(args.out, labels_pdf(labels, at=clock.now(), skip=args.skip))
    except OSError as error:
        raise StorageError(f"{args.out} 写不进去（{why(error)}）。", remedy="请换一个位置。") from error
    say(f"已做好 {len(labels)} 枚标签：{args.out}")
    if args.json:
        emit_json({"labels": len(labels), "file": str(args.out)})
    return DONE


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise UsageError(f"{path} 读不出（{why(error)}）。", remedy="请核对文件名和位置。") from error


# -- its use


def check(args: argparse.Namespace) -> int:
    """Status 1 when it did not pass."""
    make_ready()
    by, at = who(args.by), clock.now()
    looked = Looked(not args.fault, args.battery, _bytes(args.free_gb), args.minutes, _moment(args.shown))
    row = services.check_device(_device(by.agency, args.serial), looked, note=args.note, by=by, at=at)
    trouble = services.trouble_of(row, at)
    say(f"{trouble}。怎么办：{services.advice_on(row, at)}" if trouble else f"{args.serial} 使用前检查通过。")
    if args.json:
        offset = row.reading.offset_seconds if row.reading else None
        emit_json(
            {
                "serial": args.serial,
                "passed": row.passed,
                "failed": row.failed,
                "clock_offset_seconds": offset,
            }
        )
    return DONE if row.passed else REFUSED


def _bytes(gigabytes: float | None) -> int | None:
    if gigabytes is None:
        return None
    if not 0 <= gigabytes <= 1_000_000:  # also not for what is no number
        raise UsageError("剩余空间（GB）不可能是这个数。", remedy="请按设备显示填写。")
    return int(gigabytes * 1_000_000_000)


def issue(args: argparse.Namespace) -> int:
    make_ready()
    by, at = who(args.by), clock.now()
    device, officer = _device(by.agency, args.serial), _officer(by.agency, args.officer)
    services.may_hold(device, officer, at)
    row = services.issue_device(
        device,
        officer,
        signature=_signature(args, officer),
        terms=services.Terms("", _moment(args.due)),
        override=args.override,
        by=by,
        at=at,
    )
    say(f"{device.serial} 已由{officer.name}领用。")
    if args.json:
        emit_json(_told(row))
    return DONE


def give_back(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    device = _device(by.agency, args.serial)
    row = out_now(by, clock.now()).filter(device=device).first()
    if row is None:
        raise UsageError(f"{args.serial} 不在领用中。", remedy="用 liuhen device list 查看。")
    signature = None if args.absent else _signature(args, row.officer)
    services.return_device(row, signature=signature, reason=args.absent, by=by, at=clock.now())
    say(f"{args.serial} 已归还。")
    if args.json:
        emit_json(_told(row))
    return DONE


def _signature(args: argparse.Namespace, officer: Officer) -> Signature | None:
    """The drawing that was given, else the officer's own password, asked for here."""
    if args.signature:
        return Drawn(_read(args.signature, 1 << 20))
    account = Account.objects.filter(officer=officer).first()
    if account is None:
        return None
    try:
        password = getpass.getpass(f"请{officer.name}输入本人密码签名（不显示）：")
    except EOFError:  # no terminal to ask at
        raise UsageError(
            f"这里没有终端可以输入密码，{officer.name}没有签名，没有办理。",
            remedy="请在终端中运行，由本人当面输入密码；或用 --signature 给出手写签名的图片。",
            code="not_signed",
        ) from None
    if not account.check_password(password):
        raise UsageError(
            f"{officer.name}的密码不正确，没有办理。", remedy="请本人重新运行，或用 --signature。"
        )
    return Proved(account)


def _moment(text: str | None) -> datetime | None:
    """As people write it, in Shanghai unless it names a zone. Raises UsageError."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"时间“{text[:40]}”不能识别。", remedy="请写成 2026-11-20T09:30:00。") from error
    return when if when.tzinfo else when.replace(tzinfo=clock.SHANGHAI)


def _told(row: Issue) -> dict[str, Any]:
    return {
        "serial": row.device.serial,
        "officer": row.officer.staff_no,
        "state": row.state,
        "issued_at": clock.stamp(row.issued_at),
        "due_back_at": clock.stamp(row.due_back_at) if row.due_back_at else None,
        "returned_at": clock.stamp(row.returned_at) if row.returned_at else None,
        "overridden": row.overridden,
    }
