"""Who asks, the office's registers of itself, and whether the installation is well."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from liuhen.base import clock, health
from liuhen.base.people import acts
from liuhen.base.people.models import Account
from liuhen.base.people.rules import may_ever, roles_of
from liuhen.base.people.selectors import accounts_of, officers_of, units_of
from liuhen.base.tokens.models import Scope
from liuhen.core.errors import RefusedError
from liuhen.doors.paging import page_of

from . import shapes
from .answers import without_paths
from .callers import caller_of
from .operations import operation
from .shapes import Cursor, PageSize

router = Router(tags=["本单位"])


@operation(router, "GET", "/me", "我是谁：账号、角色和令牌的范围", scope=None, returns=shapes.Me)
def who_am_i(request: HttpRequest) -> Any:
    caller = caller_of(request)
    person, token = caller.account, caller.token
    return {
        **_account(person),
        "agency": person.agency.code,
        "agency_name": person.agency.name,
        "by": "token" if token else "session",
        "scopes": token.scopes if token else None,
        "expires_at": token.expires_at if token else None,
    }


def _account(row: Account) -> dict[str, Any]:
    return {
        "account": row.username,
        "name": row.name,
        "unit": row.unit.code if row.unit else None,
        "officer": row.officer.staff_no if row.officer else None,
        "roles": sorted(roles_of(row)),
        "state": row.state,
    }


@operation(router, "GET", "/health", "系统状况：各项检查及处理办法", scope=None, returns=shapes.Health)
def system_health(request: HttpRequest) -> Any:
    checks = health.examine(caller_of(request).account.agency, clock.now())
    told = [
        {
            "name": one.name,
            "state": one.state,
            "said": without_paths(one.said),
            "remedy": without_paths(one.remedy),
        }
        for one in checks
    ]
    return {"state": health.worst(checks), "checks": told}


@operation(router, "GET", "/units", "科室登记簿", scope=Scope.PEOPLE_READ, returns=shapes.Units)
def list_units(request: HttpRequest, cursor: Cursor = "", size: PageSize = 50) -> Any:
    page = page_of(units_of(caller_of(request).account, clock.now()), ("code",), cursor, size)
    rows = [
        {"code": row.code, "name": row.name, "parent": row.parent.code if row.parent else None}
        for row in page.rows
    ]
    return {"items": rows, "before": page.before, "after": page.after}


@operation(router, "GET", "/officers", "执法人员登记簿", scope=Scope.PEOPLE_READ, returns=shapes.Officers)
def list_officers(request: HttpRequest, cursor: Cursor = "", size: PageSize = 50) -> Any:
    page = page_of(officers_of(caller_of(request).account, clock.now()), ("staff_no",), cursor, size)
    rows = [
        {
            "staff_no": row.staff_no,
            "name": row.name,
            "certificate_no": row.certificate_no,
            "unit": row.unit.code,
            "left_on": row.left_on,
        }
        for row in page.rows
    ]
    return {"items": rows, "before": page.before, "after": page.after}


@operation(
    router, "GET", "/accounts", "账号登记簿（三员可查）", scope=Scope.PEOPLE_READ, returns=shapes.Accounts
)
def list_accounts(request: HttpRequest, cursor: Cursor = "", size: PageSize = 50) -> Any:
    person = caller_of(request).account
    if not may_ever(acts.SEE_ACCOUNTS, roles_of(person)):
        raise not_there()
    page = page_of(accounts_of(person, clock.now()), ("username",), cursor, size)
    rows = [_account(row) for row in page.rows]
    return {"items": rows, "before": page.before, "after": page.after}


def not_there() -> RefusedError:
    return RefusedError(
        "没有这项内容，或不属于您的权限。",
        remedy="确需办理的，请由系统管理员提出授权、安全管理员确认。",
        code="not_found",
    )
