"""liuhen token issue · confirm · decline · fetch · withdraw · list."""

from __future__ import annotations

import argparse
from typing import Any

from liuhen.base import clock
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Account, Role
from liuhen.base.tokens import selectors, services
from liuhen.base.tokens.models import Scope, Token
from liuhen.core.errors import UsageError

from .out import DONE, emit_json, say, show

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    token = commands.add_parser("token", help="机器令牌：签发、确认、领取、撤销（供 API 使用）")
    verbs = token.add_subparsers(dest="subcommand", required=True, metavar="子命令")
    issued = _verb(verbs, "issue", "系统管理员为一个账号签发令牌（待确认）", issue)
    issued.add_argument("account", metavar="账号", help="令牌代表哪个账号；权限不会超过这个账号")
    issued.add_argument(
        "--scope", action="append", required=True, metavar="范围", help="、".join(Scope.values)
    )
    issued.add_argument("--days", type=int, required=True, metavar="天数", help="有效天数")
    issued.add_argument("--purpose", required=True, metavar="用途", help="哪台机器、做什么用")
    for name, words, run in (
        ("confirm", "安全管理员确认", confirm),
        ("fetch", "令牌所代表的账号本人领取，只显示这一次", fetch),
    ):
        _verb(verbs, name, words, run).add_argument("token", metavar="令牌编号")
    for name, words, run in (
        ("decline", "安全管理员不予确认", decline),
        ("withdraw", "撤销，立即失效", withdraw),
    ):
        verb = _verb(verbs, name, words, run)
        verb.add_argument("token", metavar="令牌编号")
        verb.add_argument("--reason", required=True, metavar="理由")
    _verb(verbs, "list", "列出令牌（不含令牌本身）", list_tokens)


def _verb(verbs: Commands, name: str, words: str, run: Any) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=words)
    verb.add_argument("--by", required=True, metavar="账号", help="办理人账号")
    verb.add_argument("--json", action="store_true")
    verb.set_defaults(run=run)
    return verb


def issue(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by, Role.SYSTEM_ADMIN)
    account = Account.objects.select_related("agency").filter(agency=by.agency, username=args.account).first()
    if account is None:
        raise UsageError(f"没有账号 {args.account}。", remedy="用 liuhen people list 查看账号。")
    token = services.issue(account, args.scope, days=args.days, purpose=args.purpose, by=by, at=clock.now())
    say(f"已签发，待安全管理员确认：liuhen token confirm {token.pk} --by 安全管理员账号")
    return _told(args, token)


def confirm(args: argparse.Namespace) -> int:
    token, by = _named(args)
    services.confirm(token, by=by, at=clock.now())
    say(
        f"已确认。怎么办：由{token.account.name}本人领取：liuhen token fetch {token.pk} --by {token.account.username}"
    )
    return _told(args, token)


def decline(args: argparse.Namespace) -> int:
    token, by = _named(args)
    services.decline(token, reason=args.reason, by=by, at=clock.now())
    say("已登记为不予确认。")
    return _told(args, token)


def fetch(args: argparse.Namespace) -> int:
    token, by = _named(args)
    secret = services.fetch(token, by=by, at=clock.now())
    say("令牌只显示这一次，系统不保存。怎么办：立即填入使用它的机器；遗失时撤销后另行签发。")
    if args.json:
        emit_json({**_row(token), "secret": secret})
    else:
        show(secret)
    return DONE


def withdraw(args: argparse.Namespace) -> int:
    token, by = _named(args)
    services.withdraw(token, reason=args.reason, by=by, at=clock.now())
    say("已撤销，使用它的机器立即被拒绝。")
    return _told(args, token)


def list_tokens(args: argparse.Namespace) -> int:
    make_ready()
    at = clock.now()
    rows = list(selectors.tokens_of(who(args.by, Role.SYSTEM_ADMIN), at))
    if args.json:
        emit_json([_row(token) for token in rows])
        return DONE
    lines = [
        f"{token.pk}  {token.account.username:<12} {'已到期' if token.expired(at) else token.get_state_display()}  "
        f"至 {clock.local(token.expires_at)[:10]}  最近使用 {token.last_used_on or '—'}  "
        f"{' '.join(token.scopes)}  {token.purpose}"
        for token in rows
    ]
    show("\n".join(lines) or "没有令牌。怎么办：由系统管理员用 liuhen token issue 签发。")
    return DONE


def _named(args: argparse.Namespace) -> tuple[Token, Account]:
    make_ready()
    by = who(args.by)
    return selectors.token_with(args.token, by, clock.now()), by


def _told(args: argparse.Namespace, token: Token) -> int:
    if args.json:
        emit_json(_row(token))
    return DONE


def _row(token: Token) -> dict[str, Any]:
    return {
        "token": str(token.pk),
        "account": token.account.username,
        "scopes": token.scopes,
        "purpose": token.purpose,
        "state": token.state,
        "expires_at": clock.stamp(token.expires_at),
        "last_used_on": token.last_used_on.isoformat() if token.last_used_on else None,
    }
