"""Sign-ins that failed: counted by account and address, for those who keep accounts."""

from __future__ import annotations

from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from liuhen.base import clock
from liuhen.base.people import acts
from liuhen.base.people.selectors import accounts_of

from . import registers
from .acting import only
from .adapters import UNKNOWN
from .people_in import person_in
from .registers import Column, Nothing, Register

FAILURES = Register(
    name="登录失败登记簿",
    title="登录失败登记簿",
    columns=(
        Column("username", "账号", lambda row: row.username, width=10, sort="username"),
        Column("address", "来自地址", lambda row: row.ip_address, width=10, sort="ip_address"),
        Column("count", "连续失败次数", lambda row: row.failures_since_start, width=6, align="end"),
        Column("at", "最近一次", lambda row: row.attempt_time, width=9, sort="attempt_time"),
        Column("state", "状态", lambda row: _words(row), width=5, state=lambda row: _state(row)),
        Column("browser", "浏览器", lambda row: row.user_agent, width=24, shown=False),
    ),
    nothing=Nothing("没有登录失败的记录", "登录成功后，该账号在该地址的失败次数归零。"),
    order=("-attempt_time",),
)


def _locked(row: AccessAttempt) -> bool:
    enough: bool = row.failures_since_start >= settings.AXES_FAILURE_LIMIT
    return enough and clock.now() - row.attempt_time < settings.AXES_COOLOFF_TIME


def _state(row: AccessAttempt) -> str:
    return "bad" if _locked(row) else "warning"


def _words(row: AccessAttempt) -> str:
    return "锁定中" if _locked(row) else "未锁定"


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.SEE_ACCOUNTS)
    known = accounts_of(person_in(request), clock.now()).values_list("username", flat=True)
    rows = AccessAttempt.objects.filter(username__in=[*known, UNKNOWN])
    context = {
        "title": "登录失败",
        "note": "同一账号在同一地址连续输错 5 次，锁定 15 分钟；输入的内容一律不保留",
    }
    return registers.respond(request, FAILURES, rows, "register_page.html", context)
