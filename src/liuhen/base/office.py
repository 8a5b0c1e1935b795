"""Making LIUHEN_HOME ready: the database brought up to date, the first store, and a first office.

- Whatever is missing is made; nothing that exists is touched.
- A damaged database is refused with the way back (restore or rebuild), never replaced silently.
- An office that has not been named yet can work at once: it is founded under a provisional name.
"""

from __future__ import annotations

import getpass
import io
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from liuhen.core.errors import DamagedError, LiuhenError, StorageError, UsageError
from liuhen.core.reasons import why

from . import home
from .ledger import publish
from .people import services
from .people.models import Account, Agency, Role, RoleGrant
from .people.services import Person
from .recordings.lists.rows import catch_up
from .storage.stores import make_first_store

PROVISIONAL = "office"
_NO_ROOM = 1 << 20  # bytes


class DatabaseDamagedError(DamagedError):
    code = "database_damaged"


class DatabaseMissingError(DamagedError):
    code = "database_missing"


class HomeUnusableError(StorageError):
    code = "home_unusable"


def make_ready() -> None:
    """Folders, database and first store. Raises DatabaseMissingError, DatabaseDamagedError, HomeUnusableError."""
    try:
        home.prepare()
    except OSError as error:
        raise HomeUnusableError(
            f"数据目录 {home.home()} 不能写入（{why(error)}）。",
            remedy="请检查该目录的权限、磁盘是否只读或已满；也可用环境变量 LIUHEN_HOME 指定别处。",
        ) from error
    _refuse_forgetting()
    try:
        _migrate()
        catch_up()
        founded = Agency.objects.exists()
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise database_trouble(error) from error
    if not founded:
        # An office that exists has its store: where it is missing now, a disk is not mounted.
        make_first_store()


def _refuse_forgetting() -> None:
    """A ledger without its database is not a new office: starting one here would fork history."""
    place = Path(str(connection.settings_dict["NAME"]))
    if (
        connection.vendor == "sqlite"
        and not place.exists()
        and list(home.ledger_folder("").glob("*/checkpoint"))
    ):
        raise DatabaseMissingError(
            f"数据库 {place.name} 不见了，但已公布的账本还在。",
            remedy="请运行 liuhen rebuild 从存储和账本重建，或运行 liuhen restore 从备份恢复。",
        )


def database_trouble(error: Exception) -> LiuhenError:
    """What a failing database means for the person: a full disk, or damage with the way back."""
    if shutil.disk_usage(home.home()).free < _NO_ROOM:
        return HomeUnusableError(
            f"{home.home()} 所在的磁盘已满，数据库打不开。",
            remedy="请先清出空间再试；不要恢复或重建，数据没有损坏。",
        )
    return DatabaseDamagedError(
        f"数据库打不开或已损坏（{error}）。",
        remedy="存储中的音像记录不受影响。有备份时运行 liuhen restore；没有备份时运行"
        " liuhen rebuild --replace，从存储和账本重建（原数据库文件会改名保留）。",
    )


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        with home.locked("migrate"):
            call_command("migrate", verbosity=0, interactive=False, stdout=io.StringIO())


def first_office(at: datetime) -> Agency:
    """A provisional office for a home that has none: one custodian, and the two administrators."""
    with publish.batched():
        agency = services.found_office(
            code=PROVISIONAL,
            name="本单位（名称待填）",
            pack="",
            unit=("000000000001", "本科室"),
            system=Person(f"{PROVISIONAL}-sysadmin", "系统管理员"),
            security=Person(f"{PROVISIONAL}-secadmin", "安全管理员"),
            at=at,
        )
        system = Account.objects.get(username=f"{PROVISIONAL}-sysadmin")
        security = Account.objects.get(username=f"{PROVISIONAL}-secadmin")
        unit = agency.units.get()
        custodian = services.open_account(
            unit, Person(f"{PROVISIONAL}-custodian", "科室管理员"), by=system, at=at
        )
        grant = services.propose_role(custodian, Role.CUSTODIAN, by=system, at=at)
        services.confirm_role(grant, by=security, at=at)
    return agency


def who(username: str | None, role: Role = Role.CUSTODIAN) -> Account:
    """The person at the terminal: named, else the one whose account is the computer's user, else the only one.

    Without a name, only an agency that has a signing key here counts. Raises UsageError.
    """
    if username:
        return _named(username)
    holders = (
        Account.objects.filter(
            state=Account.State.OPEN, grants__role=role, grants__state=RoleGrant.State.CONFIRMED
        )
        .select_related("agency")
        .distinct()
    )
    own = holders.filter(username=getpass.getuser()).first()
    if own:
        return own
    first = Agency.objects.order_by("founded_at", "code").first()
    if first is None:
        raise UsageError("还没有设立单位。", remedy="请先运行 liuhen init --help，按说明设立单位。")
    people = list(holders.filter(agency=first)[:2])
    if len(people) == 1:
        return people[0]
    raise UsageError(
        f"没有说明由谁办理（{role.label}有{'多位' if people else '零位'}）。",
        remedy="请加上 --by 账号；用 liuhen people list 查看账号。",
    )


def _named(username: str) -> Account:
    account = Account.objects.select_related("agency").filter(username=username).first()
    if account is None:
        raise UsageError(f"没有账号 {username}。", remedy="用 liuhen people list 查看账号。")
    return account
