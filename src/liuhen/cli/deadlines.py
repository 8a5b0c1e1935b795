"""liuhen deadlines list · rebuild."""

from __future__ import annotations

import argparse
from itertools import islice
from typing import Any

from liuhen.base import clock
from liuhen.base.basis import article_in_words
from liuhen.base.deadlines import follow, selectors
from liuhen.base.deadlines.models import Deadline
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Agency
from liuhen.core.rules.terms import NAMES

from .out import DONE, emit_json, say, show

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    deadlines = commands.add_parser("deadlines", help="期限：未办、逾期、等待事实的义务，由账本推算")
    subcommands = deadlines.add_subparsers(dest="subcommand", required=True, metavar="子命令")
    listed = subcommands.add_parser("list", help="列出期限")
    listed.add_argument("--by", metavar="账号", help="以谁的身份查看；不写时为本机账号")
    listed.add_argument(
        "--state", choices=selectors.SELECTIONS, default="open", help="默认 open：未办的，最先到期的在前"
    )
    listed.add_argument("--limit", type=int, default=100, metavar="N", help="最多几项，默认 100")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=list_deadlines)
    again = subcommands.add_parser("rebuild", help="由账本从头重算全部期限和保管期限")
    again.add_argument("--json", action="store_true")
    again.set_defaults(run=rebuild)


def list_deadlines(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    follow.catch_up(person.agency)
    rows = (
        selectors.SELECTIONS[args.state].rows(selectors.visible_to(person, at), at).select_related("matter")
    )
    found = list(islice(rows.iterator(), max(args.limit, 0)))
    if args.json:
        emit_json([_as_json(row, selectors.tone_of(row, at)) for row in found])
    else:
        show("\n".join(map(_in_words, found)) or "没有这样的期限。")
    return DONE


def _as_json(row: Deadline, state: str) -> dict[str, Any]:
    return {
        "duty": row.duty,
        "subject": row.matter.subject,
        "pack": row.pack,
        "version": row.version,
        "article": row.article,
        "state": state,
        "starts_at": _local(row.starts_at),
        "due_at": _local(row.due_at),
        "met_at": _local(row.met_at),
        "who": row.who,
        "to": row.to or None,
        "basis": row.basis,
        "assumed": row.assumed,
        "warnings": row.warnings.splitlines(),
    }


def _local(moment: Any) -> str | None:
    return moment.astimezone(clock.SHANGHAI).isoformat() if moment else None


def _in_words(row: Deadline) -> str:
    due = clock.local(row.due_at) if row.due_at else "未定"
    return f"{due}  {NAMES[row.duty]}  {row.who}  {article_in_words(row.pack, row.article)}  {row.matter.subject}"


def rebuild(args: argparse.Namespace) -> int:
    make_ready()
    told = {agency.code: follow.rebuild(agency) for agency in Agency.objects.order_by("pk")}
    for code, count in told.items():
        say(f"{code}：读了 {count} 条账本条目。")
    if args.json:
        emit_json({"agencies": told})
    return DONE
