"""liuhen init · demo · people · store."""

from __future__ import annotations

import argparse
import getpass
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from liuhen.base import clock, home
from liuhen.base.basis import PACKS
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device
from liuhen.base.ledger import publish
from liuhen.base.office import make_ready, who
from liuhen.base.people import cast, passwords, services
from liuhen.base.people.models import Account, Agency, Officer, Role
from liuhen.base.people.rules import roles_of
from liuhen.base.people.services import Person
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.stores import add_store, make_again, open_stores
from liuhen.core.errors import StorageError, UsageError
from liuhen.stages.equipment.checks import Looked
from liuhen.stages.equipment.services import Terms, check_device, issue_device, return_device
from liuhen.stages.equipment.signing import Drawn
from liuhen.stages.ingest.intake import in_words
from liuhen.stages.ingest.services import Request
from liuhen.stages.ingest.services import ingest_card as take_in

from .demo_field import demo_inspection
from .ingest import derive, tell
from .out import DONE, REFUSED, emit_json, say, show
from .progress import TerminalProgress

DEMO_SERIAL = "4701A01"
DEMO_OFFICER = "100001"
DEMO_STARTED = "2026-11-20T09:30:00+08:00"

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    init = commands.add_parser("init", help="设立单位：密钥、账本、存储和首批账号")
    init.add_argument("--code", required=True, help="单位代码，如 jjny（小写字母、数字、连字符）")
    init.add_argument("--name", required=True, help="单位全称")
    init.add_argument("--pack", default="", metavar="制度", help=f"所执行的制度：{'、'.join(PACKS)}")
    init.add_argument("--unit", default="综合科", help="首个科室名称")
    init.add_argument("--unit-code", default="000000000001", help="首个科室代码")
    init.add_argument("--custodian", required=True, help="科室管理员姓名")
    init.add_argument("--json", action="store_true")
    init.set_defaults(run=found)

    demo = commands.add_parser("demo", help="演示：造一张卡，采集、核对、打印回执")
    demo.add_argument("--json", action="store_true")
    demo.set_defaults(run=demonstrate)

    people = commands.add_parser("people", help="人员与账号")
    people_commands = people.add_subparsers(dest="subcommand", required=True, metavar="子命令")
    listed = people_commands.add_parser("list", help="列出本单位的账号与角色")
    listed.add_argument("--by", help="查看人账号；不写时为首个设立的单位")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=list_people)
    added = people_commands.add_parser("add", help="开立账号并授权（系统管理员提出、安全管理员确认）")
    added.add_argument("username")
    added.add_argument("--name", required=True)
    added.add_argument("--role", required=True, choices=Role.values)
    added.add_argument("--certificate", help="执法证号（执法人员）")
    added.add_argument("--staff-no", help="六位人员编号（执法人员）")
    added.add_argument("--proposed-by", required=True, help="系统管理员账号")
    added.add_argument("--confirmed-by", required=True, help="安全管理员账号")
    added.set_defaults(run=add_person)

    password = people_commands.add_parser("password", help="设置登录密码（不回显，输入两遍）")
    password.add_argument("username", metavar="账号")
    password.add_argument("--generate", action="store_true", help="由程序生成一个，显示一次")
    password.add_argument("--by", help="安全管理员账号；本人设置自己的密码时为本人账号")
    password.set_defaults(run=set_password)

    store = commands.add_parser("store", help="存储位置")
    store_commands = store.add_subparsers(dest="subcommand", required=True, metavar="子命令")
    new = store_commands.add_parser("add", help="增加一个存储（此后每个文件都写两份并核对）")
    new.add_argument("name", metavar="名称")
    new.add_argument("folder", metavar="文件夹", help="另一块磁盘上已有的文件夹")
    new.set_defaults(run=new_store)
    again = store_commands.add_parser("renew", help="磁盘换新后，在原位置重新建立一个空的存储")
    again.add_argument("name", metavar="名称")
    again.set_defaults(run=refill_store)
    stores = store_commands.add_parser("list", help="列出存储与剩余空间")
    stores.add_argument("--json", action="store_true")
    stores.set_defaults(run=list_stores)


def found(args: argparse.Namespace) -> int:
    make_ready()
    at = clock.now()
    if Agency.objects.filter(code=args.code).exists():
        raise UsageError(f"单位代码 {args.code} 已存在。", remedy="用 liuhen people list 查看现有账号。")
    taken = Account.objects.exists()
    prefix = f"{args.code}-" if taken else ""
    with publish.batched():
        agency = services.found_office(
            code=args.code,
            name=args.name,
            pack=args.pack,
            unit=(args.unit_code, args.unit),
            system=Person(f"{prefix}sysadmin", "系统管理员"),
            security=Person(f"{prefix}secadmin", "安全管理员"),
            at=at,
        )
        system = Account.objects.get(username=f"{prefix}sysadmin")
        person = Person(f"{prefix}custodian", args.custodian)
        account = services.open_account(agency.units.get(), person, by=system, at=at)
        grant = services.propose_role(account, Role.CUSTODIAN, by=system, at=at)
        services.confirm_role(grant, by=Account.objects.get(username=f"{prefix}secadmin"), at=at)
    key = publish.vkeys_text(agency.code).strip()
    say(f"{agency.name}已设立，账号：科室管理员 {account.username}、系统管理员 {system.username}、")
    say(f"安全管理员 {prefix}secadmin。开立账号和授权由系统管理员提出、安全管理员确认。")
    if not agency.pack:
        say(f"还没有选定所执行的制度，各处依据只显示“本系统安全规则”；可选：{'、'.join(PACKS)}。")
    say("各账号用 liuhen people password 账号 设置密码后，即可登录网页（liuhen serve）。")
    say(
        "怎么办：把屏幕上的验证公钥抄入纸质登记簿；备份 keys 文件夹并妥善保管；再用 liuhen device add 登记设备。"
    )
    if args.json:
        emit_json({"agency": agency.code, "custodian": account.username, "vkey": key})
    else:
        show(key)
    return DONE


def demonstrate(args: argparse.Namespace) -> int:
    """The whole main job on a card of our own making; repeatable."""
    make_ready()
    _demo_office()
    card = make_demo_card_here()
    say(f"演示卡在 {card}")
    custodian = Account.objects.select_related("agency").get(username="custodian", agency__code=cast.AGENCY)
    progress = TerminalProgress()
    with progress:
        outcome = take_in(Request(card, custodian), at=clock.now(), progress=progress)
    demo_inspection(DEMO_SERIAL, DEMO_STARTED, custodian)
    report = verify_stores(open_stores())
    say(
        f"已回读核对 {report.objects} 个对象、{report.bytes} 字节：{'全部完好' if report.ok else '发现问题'}。"
    )
    for bad in report.bad:
        say(bad.text)
    status = tell(outcome, as_json=args.json)
    derive(custodian, released=outcome.released)
    return status if report.ok else REFUSED


def make_demo_card_here() -> Path:
    card = home.home() / "demo" / "card"
    card.parent.mkdir(parents=True, exist_ok=True)
    # In a process of its own: the encoder stays out of this one (docs/adr/dependencies.md).
    command = [sys.executable, "-m", "liuhen.demo.card", str(card), DEMO_SERIAL, DEMO_OFFICER, DEMO_STARTED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StorageError(
            f"演示卡没有做成：{done.stderr.strip()[-300:]}",
            remedy=f"请检查 {card} 的空间和权限；那里若有别的文件，请移走后再试。",
        )
    return card


def _demo_office() -> None:
    if not Agency.objects.filter(code=cast.AGENCY).exists():
        taken = Account.objects.filter(username__in=cast.usernames())
        if taken.exists():
            raise UsageError(
                "这个数据目录里已有正式单位的账号，不在其中做演示。",
                remedy="请另用一个目录：LIUHEN_HOME=/tmp/liuhen-demo liuhen demo。",
            )
        agency = cast.assemble(clock.now())
        custodian = Account.objects.get(username="custodian")
        officer = Officer.objects.get(agency=agency, staff_no=DEMO_OFFICER)
        device = register_device(
            agency.units.get(),
            DEMO_SERIAL,
            Device.Kind.BODY_RECORDER,
            model="演示记录仪",
            keeper=officer,
            by=custodian,
            at=clock.now(),
        )
        _demo_issue(device, officer, custodian)


def _demo_issue(device: Device, officer: Officer, custodian: Account) -> None:
    """The recorder was out while the demo's card was recorded: checked, handed out, and back in the evening."""
    from liuhen.demo.signature import signature_png

    start = datetime.fromisoformat(DEMO_STARTED)
    out, back = start - timedelta(minutes=30), start + timedelta(hours=8)
    looked = Looked(True, battery_percent=96, free_minutes=480, shown_at=out)
    with publish.batched():
        check_device(device, looked, by=custodian, at=out)
        terms = Terms(due_back_at=back)
        issue = issue_device(
            device, officer, signature=Drawn(signature_png()), terms=terms, by=custodian, at=out
        )
        return_device(issue, signature=Drawn(signature_png()), by=custodian, at=back)


def list_people(args: argparse.Namespace) -> int:
    make_ready()
    rows: list[dict[str, Any]] = [
        {
            "account": account.username,
            "name": account.name,
            "agency": account.agency.code,
            "unit": account.unit.name if account.unit else None,
            "roles": sorted(roles_of(account)),
            "state": account.state,
        }
        for account in _listed(args.by)
    ]
    if args.json:
        emit_json(rows)
    else:
        lines = [
            f"{row['agency']:<10} {row['account']:<16} {row['name']}  {role_words(row['roles'])}"
            for row in rows
        ]
        show("\n".join(lines) or "还没有账号。怎么办：先用 liuhen init 设立单位。")
    return DONE


def _listed(username: str | None) -> list[Account]:
    """The viewer's own agency's accounts; without a viewer, those of the first that was founded here."""
    agency = who(username).agency if username else Agency.objects.order_by("founded_at", "code").first()
    rows = Account.objects.filter(agency=agency).select_related("agency", "unit")
    return list(rows.order_by("pk"))


def role_words(roles: list[str]) -> str:
    return "、".join(Role(role).label for role in roles) or "（无角色）"


def add_person(args: argparse.Namespace) -> int:
    make_ready()
    at = clock.now()
    system, security = who(args.proposed_by), who(args.confirmed_by)
    unit = system.unit or system.agency.units.get()
    person = Person(args.username, args.name)
    with publish.batched(), transaction.atomic():
        account = services.enter_person(
            unit,
            person,
            certificate_no=args.certificate or "",
            staff_no=args.staff_no or "",
            by=system,
            at=at,
        )
        grant = services.propose_role(account, Role(args.role), by=system, at=at)
        services.confirm_role(grant, by=security, at=at)
    say(f"{account.name}（{account.username}）已开立账号，角色：{Role(args.role).label}。")
    say(f"怎么办：用 liuhen people password {account.username} 设置密码后即可登录网页。")
    return DONE


def set_password(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by, Role.SECURITY_ADMIN)
    account = Account.objects.filter(agency=by.agency, username=args.username).first()
    if account is None:
        raise UsageError(f"没有账号 {args.username}。", remedy="用 liuhen people list 查看账号。")
    password = passwords.generate() if args.generate else _ask_twice()
    services.set_password(account, password, by=by, at=clock.now())
    if args.generate:
        show(password)
    say(f"{account.name}（{account.username}）的密码已设置；此前的登录已全部失效。")
    return DONE


def _ask_twice() -> str:
    first = getpass.getpass("新密码（不显示）：")
    if getpass.getpass("再输一遍：") != first:
        raise UsageError("两次输入不一致，密码没有改。", remedy="请重新运行本命令。")
    return first


def refill_store(args: argparse.Namespace) -> int:
    make_ready()
    root = make_again(args.name)
    say(f"已在 {root} 重新建立空的“{args.name}”。怎么办：运行 liuhen repair，从其他存储把副本补回来。")
    return DONE


def _room(row: dict[str, Any]) -> str:
    return f"{row['root']}  剩余 {in_words(row['free_bytes'])}"


def new_store(args: argparse.Namespace) -> int:
    make_ready()
    root = add_store(args.name, args.folder)
    say(f"已增加存储“{args.name}”，位置 {root}。怎么办：运行 liuhen repair，为已有的记录补上第二份副本。")
    if root.stat().st_dev == home.home().stat().st_dev:
        say(
            "注意：它与主存储在同一块磁盘上，这块磁盘坏了两份会一起丢。怎么办：最好改用另一块磁盘上的文件夹。"
        )
    return DONE


def list_stores(args: argparse.Namespace) -> int:
    make_ready()
    stores = open_stores()
    rows: list[dict[str, Any]] = [
        {"name": store.name, "root": str(store.root), "free_bytes": store.free_bytes(), "error": None}
        for store in stores.there
    ]
    rows += [
        {"name": name, "root": None, "free_bytes": None, "error": str(error)}
        for name, error in stores.away.items()
    ]
    if args.json:
        emit_json(rows)
    else:
        show("\n".join(f"{row['name']}  {row['error'] or _room(row)}" for row in rows))
    return REFUSED if stores.away else DONE
