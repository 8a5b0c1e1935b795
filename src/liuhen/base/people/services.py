"""One function an act of people; every door calls these.

`found_office` is the one beginning: it makes the agency, its key, its ledger and the two administrators who
from then on grant every role together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db import transaction

from liuhen.base.acts import Act, perform
from liuhen.base.basis import PACKS
from liuhen.base.ledger import publish
from liuhen.base.ledger.append import PROGRAM, append, open_ledger
from liuhen.core.errors import RefusedError, UsageError

from . import acts, passwords
from .models import ENFORCING, SYNTHETIC, Account, Agency, Deputy, Officer, Paper, Role, RoleGrant, Unit
from .papers import keep_bytes
from .rules import roles_of

_CODE = re.compile(r"[a-z][a-z0-9-]{0,31}")
_USERNAME = re.compile(r"[A-Za-z0-9._-]{2,64}")
_UNIT_CODE = re.compile(r"[A-Za-z0-9]{1,12}")
_STAFF_NO = re.compile(r"[A-Za-z0-9]{6}")


@dataclass(frozen=True)
class Person:
    """What is needed to open an account."""

    username: str
    name: str


def found_office(
    *,
    code: str,
    name: str,
    pack: str,
    unit: tuple[str, str],
    system: Person,
    security: Person,
    at: datetime,
    synthetic: bool = False,
) -> Agency:
    """Make an agency with its first unit and its two administrators. Raises UsageError if the code is taken."""
    if (code == SYNTHETIC) is not synthetic:
        raise UsageError(f"单位代码 {code} 留给合成数据，不能用。", remedy="请换一个代码。")
    _check_founding(code, name, pack, [system, security])
    if not publish.key_path(code).exists():
        publish.make_key(code)
    with transaction.atomic():
        agency = Agency.objects.create(code=code, name=name, pack=pack, founded_pack=pack, founded_at=at)
        open_ledger(agency, at)
        first = Unit.objects.create(agency=agency, code=unit[0], name=unit[1])
        pairs = ((system, Role.SYSTEM_ADMIN), (security, Role.SECURITY_ADMIN))
        accounts = [
            Account.objects.create(
                agency=agency, unit=first, username=p.username, name=p.name, password=make_password(None)
            )
            for p, _ in pairs
        ]
        for account, (_, role) in zip(accounts, pairs, strict=True):
            RoleGrant.objects.create(
                agency=agency, account=account, role=role, state=RoleGrant.State.CONFIRMED
            )
        append(
            agency,
            acts.FOUND_OFFICE.kind,
            code,
            by=PROGRAM,
            at=at,
            data={
                "name": name,
                "pack": pack,
                "unit": {"code": first.code, "name": first.name},
                "administrators": [
                    {"account": person.username, "name": person.name, "role": str(role)}
                    for person, role in pairs
                ],
            },
        )
        publish.soon(agency)
    return agency


def _check_founding(code: str, name: str, pack: str, people: list[Person]) -> None:
    if not _CODE.fullmatch(code):
        raise UsageError(
            f"单位代码“{code}”不能用。",
            remedy="请用小写字母开头，由小写字母、数字和连字符组成，至多 32 个字符，如 jjny。",
        )
    if Agency.objects.filter(code=code).exists():
        raise UsageError(f"单位代码 {code} 已存在。", remedy="请换一个代码。")
    if not name.strip() or any(not person.name.strip() for person in people):
        raise UsageError("单位名称和人员姓名不能为空。", remedy="请填写后再设立。")
    if pack and pack not in PACKS:
        raise UsageError(f"没有制度 {pack}。", remedy=f"可用的有：{'、'.join(PACKS)}；尚未确定时可以不填。")


def _check_person(person: Person) -> None:
    """Raises UsageError for a user name that cannot be typed or is taken, and for an empty name."""
    if not _USERNAME.fullmatch(person.username):
        raise UsageError(
            f"账号“{person.username}”不能用。", remedy="请用字母、数字、点、下划线或连字符，2 至 64 个字符。"
        )
    if not person.name.strip():
        raise UsageError("姓名不能为空。", remedy="请填写姓名。")
    if Account.objects.filter(username=person.username).exists():
        raise UsageError(f"账号 {person.username} 已存在。", remedy="请换一个账号名。")


def open_unit(
    agency: Agency, code: str, name: str, *, parent: Unit | None = None, by: Account, at: datetime
) -> Unit:
    """Raises UsageError for a code that cannot be used or is taken, and for an empty name."""
    if not _UNIT_CODE.fullmatch(code):
        raise UsageError(
            f"科室代码“{code}”不能用。", remedy="请用至多 12 位字母或数字，如记录仪上设置的 12 位单位代码。"
        )
    _require_name(name, "科室名称")
    if Unit.objects.filter(agency=agency, code=code).exists():
        raise UsageError(f"科室代码 {code} 已存在。", remedy="请核对代码，或换一个。")
    unit = Unit(agency=agency, code=code, name=name, parent=parent)
    data = {"code": code, "name": name, **({"parent": parent.code} if parent else {})}
    perform(acts.OPEN_UNIT, unit, by=by, at=at, subject=f"unit:{code}", data=data)
    return unit


def rename_unit(unit: Unit, name: str, *, reason: str, by: Account, at: datetime) -> None:
    _require_name(name, "科室名称")
    data = {"code": unit.code, "name": name, "before": unit.name}
    changes = {"name": name}
    subject = f"unit:{unit.code}"
    perform(acts.RENAME_UNIT, unit, by=by, at=at, subject=subject, reason=reason, data=data, changes=changes)


def _require_name(name: str, what: str) -> None:
    if not name.strip():
        raise UsageError(f"{what}不能为空。", remedy="请填写后再办理。")


def enter_officer(
    unit: Unit, name: str, certificate_no: str, staff_no: str, *, by: Account, at: datetime
) -> Officer:
    """Raises UsageError when a number is taken or is none."""
    if not _STAFF_NO.fullmatch(staff_no):
        raise UsageError(
            f"人员编号“{staff_no}”不能用。", remedy="请用六位字母或数字，与记录仪文件名中的人员编号一致。"
        )
    if not name.strip() or not certificate_no.strip():
        raise UsageError("姓名和执法证号不能为空。", remedy="请填写后再登记。")
    for number, taken in (
        (staff_no, Officer.objects.filter(agency=unit.agency, staff_no=staff_no)),
        (certificate_no, Officer.objects.filter(agency=unit.agency, certificate_no=certificate_no)),
    ):
        if (other := taken.first()) is not None:
            raise UsageError(f"编号 {number} 已登记给{other.name}。", remedy="请核对人员编号和执法证号。")
    officer = Officer(
        agency=unit.agency, unit=unit, name=name, certificate_no=certificate_no, staff_no=staff_no
    )
    data = {"name": name, "certificate_no": certificate_no, "staff_no": staff_no, "unit": unit.code}
    perform(acts.ENTER_OFFICER, officer, by=by, at=at, subject=f"officer:{staff_no}", data=data)
    return officer


def correct_officer(
    officer: Officer,
    *,
    name: str,
    certificate_no: str,
    unit: Unit,
    reason: str,
    by: Account,
    at: datetime,
) -> None:
    """A new certificate, another unit, a name written wrongly; the staff number stays who it is."""
    _require_name(name, "姓名")
    _require_name(certificate_no, "执法证号")
    others = Officer.objects.filter(agency=officer.agency, certificate_no=certificate_no)
    if (other := others.exclude(pk=officer.pk).first()) is not None:
        raise UsageError(f"执法证号 {certificate_no} 已登记给{other.name}。", remedy="请核对执法证号。")
    data = {
        "staff_no": officer.staff_no,
        "name": name,
        "certificate_no": certificate_no,
        "unit": unit.code,
    }
    changes = {"name": name, "certificate_no": certificate_no, "unit": unit}
    subject = f"officer:{officer.staff_no}"
    perform(
        acts.CORRECT_OFFICER,
        officer,
        by=by,
        at=at,
        subject=subject,
        reason=reason,
        data=data,
        changes=changes,
    )


def leave_officer(officer: Officer, on: date, *, reason: str, by: Account, at: datetime) -> None:
    """调离、退休: the register keeps them, with the day. Their account is closed by an act of its own."""
    data = {"staff_no": officer.staff_no, "on": on.isoformat()}
    subject = f"officer:{officer.staff_no}"
    changes = {"left_on": on}
    perform(
        acts.LEAVE_OFFICER, officer, by=by, at=at, subject=subject, reason=reason, data=data, changes=changes
    )


def enter_person(
    unit: Unit, person: Person, *, certificate_no: str = "", staff_no: str = "", by: Account, at: datetime
) -> Account:
    """An account, and the officer's register entry where the person enforces: both numbers, or neither.

    Raises UsageError; nothing has been done then.
    """
    if bool(certificate_no.strip()) != bool(staff_no.strip()):
        raise UsageError(
            "执法人员须同时有执法证号和人员编号。", remedy="请两项都填；不是执法人员的，两项都不填。"
        )
    with publish.batched(), transaction.atomic():
        officer = None
        if staff_no.strip():
            officer = enter_officer(unit, person.name, certificate_no.strip(), staff_no.strip(), by=by, at=at)
        return open_account(unit, person, officer=officer, by=by, at=at)


def open_account(
    unit: Unit, person: Person, *, officer: Officer | None = None, by: Account, at: datetime
) -> Account:
    """Raises UsageError when the user name is taken or cannot be used."""
    _check_person(person)
    account = Account(
        agency=unit.agency, unit=unit, officer=officer, username=person.username, name=person.name
    )
    account.set_unusable_password()
    data = {
        "account": person.username,
        "name": person.name,
        "unit": unit.code,
        "officer": officer.staff_no if officer else None,
    }
    perform(acts.OPEN_ACCOUNT, account, by=by, at=at, subject=f"account:{person.username}", data=data)
    return account


def propose_role(account: Account, role: Role, *, by: Account, at: datetime) -> RoleGrant:
    """Raises UsageError for an enforcing role without certificate and staff number, and for a role held already."""
    if role in ENFORCING and account.officer_id is None:
        raise UsageError(
            f"{Role(role).label}须有执法证号和人员编号。",
            remedy="请先登记该人员的执法证号和人员编号，再提出授权。",
            code="no_certificate",
        )
    live = account.grants.filter(role=role, state__in=[RoleGrant.State.PROPOSED, RoleGrant.State.CONFIRMED])
    if (held := live.first()) is not None:
        raise UsageError(
            f"{account.name}的“{Role(role).label}”{held.get_state_display()}，不必再提。",
            remedy="待确认的请安全管理员确认。",
        )
    grant = RoleGrant(agency=account.agency, account=account, role=role, unit=account.unit, proposed_by=by)
    perform(
        acts.PROPOSE_ROLE,
        grant,
        by=by,
        at=at,
        subject=f"account:{account.username}",
        data={"account": account.username, "role": str(role)},
    )
    return grant


def confirm_role(grant: RoleGrant, *, by: Account, at: datetime) -> None:
    _decide(acts.CONFIRM_ROLE, grant, by=by, at=at, changes={"confirmed_by": by})


def decline_role(grant: RoleGrant, *, reason: str, by: Account, at: datetime) -> None:
    _decide(acts.DECLINE_ROLE, grant, by=by, at=at, reason=reason)


def withdraw_role(grant: RoleGrant, *, reason: str, by: Account, at: datetime) -> None:
    _decide(acts.WITHDRAW_ROLE, grant, by=by, at=at, reason=reason)


def _decide(
    act: Act,
    grant: RoleGrant,
    *,
    by: Account,
    at: datetime,
    reason: str | None = None,
    changes: dict[str, object] | None = None,
) -> None:
    perform(
        act,
        grant,
        by=by,
        at=at,
        subject=f"account:{grant.account.username}",
        reason=reason,
        data={"account": grant.account.username, "role": grant.role},
        changes=changes,
    )


def remove_second_factor(account: Account, *, reason: str, by: Account, at: datetime) -> None:
    """The phone is lost and so are the codes: the password alone lets in until a new one is set up."""
    data = {"account": account.username}
    subject = f"account:{account.username}"
    with transaction.atomic():
        perform(acts.REMOVE_SECOND_FACTOR, account, by=by, at=at, subject=subject, reason=reason, data=data)
        Authenticator.objects.filter(user=account).delete()


def has_second_factor(account: Account) -> bool:
    return bool(Authenticator.objects.filter(user=account).exists())


def appoint_deputy(
    absent: Account,
    deputy: Account,
    role: Role,
    *,
    starts_at: datetime,
    ends_at: datetime,
    by: Account,
    at: datetime,
) -> Deputy:
    """代理 within dates. Raises UsageError for an end before the start, for oneself, and for a role not held."""
    if ends_at <= starts_at:
        raise UsageError("代理的截止时间不晚于开始时间。", remedy="请核对起止时间。")
    if absent.pk == deputy.pk or absent.agency_id != deputy.agency_id:
        raise UsageError("代理人须是本单位的另一个人。", remedy="请另选代理人。")
    if role not in roles_of(absent):
        raise UsageError(
            f"{absent.name}没有“{Role(role).label}”这个角色，无从代理。", remedy="请核对被代理人和角色。"
        )
    row = Deputy(
        agency=absent.agency, absent=absent, deputy=deputy, role=role, starts_at=starts_at, ends_at=ends_at
    )
    data = {
        "absent": absent.username,
        "deputy": deputy.username,
        "role": str(role),
        "from": starts_at.isoformat(),
        "until": ends_at.isoformat(),
    }
    perform(acts.APPOINT_DEPUTY, row, by=by, at=at, subject=f"account:{absent.username}", data=data)
    return row


def end_deputy(row: Deputy, *, by: Account, at: datetime) -> None:
    data = {"absent": row.absent.username, "deputy": row.deputy.username, "role": row.role}
    perform(acts.END_DEPUTY, row, by=by, at=at, subject=f"account:{row.absent.username}", data=data)


def close_account(account: Account, *, reason: str, by: Account, at: datetime) -> None:
    """People leave: the account is closed, its history stays. Raises RefusedError for one's own."""
    if account.pk == by.pk:
        raise RefusedError(
            "不能停用自己的账号。",
            remedy="请另一位系统管理员停用；只有一位的，先开立接任者的账号并完成授权。",
            basis=acts.CLOSE_ACCOUNT.basis.cite(account.agency.pack),
            code="own_account",
        )
    subject = f"account:{account.username}"
    data = {"account": account.username}
    perform(acts.CLOSE_ACCOUNT, account, by=by, at=at, subject=subject, reason=reason, data=data)


def set_password(account: Account, password: str, *, by: Account, at: datetime) -> None:
    """By oneself or by the security administrator; the ledger tells that it was done, never the password.

    Whoever is signed in with the old one is signed out; one that somebody else set is to be changed first.
    Raises UsageError for a weak one.
    """
    passwords.check(password, account)
    data = {"account": account.username, "own": by.pk == account.pk}
    changes = {"password": make_password(password), "password_given": by.pk != account.pk}
    subject = f"account:{account.username}"
    perform(acts.SET_PASSWORD, account, by=by, at=at, subject=subject, data=data, changes=changes)


def keep_paper(scan: Path, *, by: Account, at: datetime) -> Paper:
    """Keep the scan of a signed paper under LIUHEN_HOME/papers, by digest. Raises OSError when unreadable."""
    return keep_bytes(acts.KEEP_PAPER, scan.name, scan.read_bytes(), by=by, at=at)
