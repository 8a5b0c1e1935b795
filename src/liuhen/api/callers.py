"""Who is asking: a machine by its token, or a person by the session of the pages.

- A token never reaches further than its account, and no further than its scopes.
- A header that says a token is believed or refused; a session beside it does not help.
- A session needs the forms' token for everything that changes something (X-CSRFToken).
- Wrong tokens are counted by address: after a number of them the answer is 429 for a while. A right one is looked
  up first, so nobody can lock a machine out by guessing; a secret of 256 bits cannot be guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from liuhen.base import clock
from liuhen.base.basis import SYSTEM
from liuhen.base.people.models import Account
from liuhen.base.tokens.models import Scope, Token
from liuhen.base.tokens.services import TokenUnknownError, token_of
from liuhen.core.errors import RefusedError

log = structlog.get_logger(__name__)

MOST_FAILURES, WITHIN = 20, 15 * 60
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Caller:
    """`session`: what a viewing belongs to. `token` None: a person with a session, every scope."""

    account: Account
    session: str
    token: Token | None = None


def caller_of(request: HttpRequest) -> Caller:
    found: Caller = request.auth  # type: ignore[attr-defined]
    return found


class ScopeMissingError(RefusedError):
    code = "scope_missing"


class CsrfError(RefusedError):
    code = "csrf"


class BearerToken(HttpBearer):
    """Authorization: Bearer liuhen_…"""

    def __init__(self, scope: Scope | None) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Caller | None:
        said = request.headers.get(self.header)
        if said is None:
            return None
        kind, _, secret = said.partition(" ")
        token = _believed(request, secret.strip() if kind.lower() == "bearer" else "")
        if self.scope is not None and self.scope not in token.scopes:
            raise ScopeMissingError(
                f"这个令牌没有“{self.scope.label}”的范围（{self.scope.value}）。",
                remedy="请系统管理员另行签发含该范围的令牌，经安全管理员确认后由账号本人领取。",
                basis=SYSTEM,
            )
        return Caller(token.account, f"token:{token.pk}", token)

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return self(request)


def _believed(request: HttpRequest, secret: str) -> Token:
    key = f"liuhen.api.failures:{request.META.get('REMOTE_ADDR', '')}"
    try:
        return token_of(secret, clock.now())
    except TokenUnknownError:
        cache.add(key, 0, WITHIN)
        count = cache.incr(key)
        if count in (1, MOST_FAILURES):
            log.warning("token_refused", address=request.META.get("REMOTE_ADDR"), count=count)
        if count > MOST_FAILURES:
            raise RefusedError(
                "这个地址连续送来无效的令牌，暂时不再理会。",
                remedy="请停下使用它的程序，核对令牌后再试；有效的令牌不受影响。",
                basis=SYSTEM,
                code="token_failures",
                seconds=WITHIN,
            ) from None
        raise


class SignedIn(APIKeyCookie):
    """The session of the pages."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Caller | None:
        if not request.user.is_authenticated:
            return None
        if request.method not in _SAFE and check_csrf(request):
            raise CsrfError(
                "用网页登录的身份办理，须带表单令牌。",
                remedy="请在 X-CSRFToken 头中带页面的表单令牌；机器请改用 Bearer 令牌。",
                basis=SYSTEM,
            )
        account = Account.objects.select_related("agency", "unit").get(pk=request.user.pk)
        return Caller(account, request.session.session_key or "")

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return self(request)
