"""One function an act of tokens; and who a token that was sent stands for."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from liuhen.base import clock, site
from liuhen.base.acts import Act, perform
from liuhen.base.basis import OWN_RULE, SYSTEM
from liuhen.base.people.models import Account
from liuhen.base.people.rules import keeps_system_only, roles_of
from liuhen.core.errors import RefusedError, UsageError

from . import acts
from .models import Scope, Token

PREFIX = "liuhen_"
_BYTES = 32
_LONGEST = 200
_CONTENT = frozenset(
    {Scope.RECORDINGS_READ, Scope.RECORDINGS_CONTENT, Scope.RECORDINGS_WRITE, Scope.INGEST_WRITE}
)


class TokenUnknownError(RefusedError):
    """Forged, expired, withdrawn, or of a closed account: one answer for all of them."""

    code = "token_unknown"


def issue(
    account: Account, scopes: Iterable[str], *, days: int, purpose: str, by: Account, at: datetime
) -> Token:
    """Propose a token for an account of one's own agency.

    Raises UsageError for no or unknown scopes, days beyond the office's own limit, and content for 三员;
    NotAllowedError, ReasonMissingError.
    """
    wanted = _checked(account, scopes, days)
    token = Token(
        agency=account.agency,
        account=account,
        scopes=wanted,
        purpose=purpose.strip()[:_LONGEST],
        issued_by=by,
        issued_at=at,
        expires_at=at + timedelta(days=days),
    )
    data = {"scopes": wanted, "expires_at": clock.stamp(token.expires_at)}
    _perform(acts.ISSUE, token, by=by, at=at, reason=purpose, more=data)
    return token


def _checked(account: Account, scopes: Iterable[str], days: int) -> list[str]:
    wanted, most = set(scopes), site.current().token_days
    unknown = wanted - set(Scope.values)
    if unknown or not wanted:
        what = f"没有权限范围 {'、'.join(sorted(unknown))}。" if unknown else "没有说明权限范围。"
        raise UsageError(what, remedy=f"可用的有：{'、'.join(Scope.values)}。")
    if not 1 <= days <= most:
        raise UsageError(
            f"令牌必须有期限，至多 {most} 天。",
            remedy="请缩短天数，到期前另行签发；上限在 settings.yaml 的 token_days。",
            basis=SYSTEM,
        )
    roles = roles_of(account)
    if wanted & _CONTENT and keeps_system_only(roles):
        raise UsageError(
            f"{account.name}不能接触音像内容，不能为其签发内容方面的令牌。",
            remedy="请去掉 recordings 和 ingest 各项；确需使用的，为有该职责的账号签发。",
            basis=SYSTEM,
        )
    return sorted(wanted)


def confirm(token: Token, *, by: Account, at: datetime) -> None:
    _refuse_expired(token, at)
    _perform(acts.CONFIRM, token, by=by, at=at, changes={"confirmed_by": by})


def decline(token: Token, *, reason: str, by: Account, at: datetime) -> None:
    _perform(acts.DECLINE, token, by=by, at=at, reason=reason)


def fetch(token: Token, *, by: Account, at: datetime) -> str:
    """The secret, this one time; from now on only its digest is known. By the token's own account alone."""
    _refuse_expired(token, at)
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    _perform(acts.FETCH, token, by=by, at=at, changes={"secret_sha256": _digest(secret)})
    return secret


def withdraw(token: Token, *, reason: str, by: Account, at: datetime) -> None:
    _perform(acts.WITHDRAW, token, by=by, at=at, reason=reason)


def _refuse_expired(token: Token, at: datetime) -> None:
    if token.expired(at):
        raise RefusedError(
            f"这个令牌已于 {clock.local(token.expires_at)} 到期。",
            remedy="请系统管理员另行签发。",
            basis=OWN_RULE.cite(token.agency.pack),
            code="token_expired",
        )


def _perform(
    act: Act,
    token: Token,
    *,
    by: Account,
    at: datetime,
    reason: str | None = None,
    changes: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    data = {"token": str(token.pk), "account": token.account.username, **(more or {})}
    perform(act, token, by=by, at=at, subject=f"token:{token.pk}", reason=reason, data=data, changes=changes)


def token_of(secret: str, at: datetime) -> Token:
    """The token in use whose secret this is, its account open. Raises TokenUnknownError.

    The day of the last use is kept; the digest is looked up, so that nothing can be learnt from how long it takes.
    """
    rows = Token.objects.filter(secret_sha256=_digest(secret), state=Token.State.IN_USE, expires_at__gt=at)
    token = rows.select_related("account__agency", "account__unit", "agency").first()
    if token is None or not token.account.is_active:
        raise TokenUnknownError(
            "令牌无效：可能抄错、已到期、已撤销，或账号已停用。",
            remedy="请核对令牌；需要新令牌的，由系统管理员签发、安全管理员确认，再由账号本人领取。",
            basis=SYSTEM,
        )
    today = at.astimezone(clock.SHANGHAI).date()
    if token.last_used_on != today:
        Token.objects.filter(pk=token.pk).update(last_used_on=today)
    return token


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
