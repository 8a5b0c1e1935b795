"""liuhen rules list · show · duties · retention · diff · check · coverage · new · adopt. Only adopt needs the database."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from liuhen.base import clock
from liuhen.base.ledger import publish
from liuhen.base.office import make_ready, who
from liuhen.base.packs import asked_of, calendar, folder_of, higher_missing, known, pack_of, shipped
from liuhen.base.people.models import Agency
from liuhen.base.rulebook.models import Adoption
from liuhen.base.rulebook.selectors import book_of
from liuhen.base.rulebook.services import adopt
from liuhen.core.errors import UsageError
from liuhen.core.rules import examples
from liuhen.core.rules.clocks import duties_of, in_words, notes_of
from liuhen.core.rules.conflicts import differences
from liuhen.core.rules.errors import PackError
from liuhen.core.rules.facts import read_facts
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.reading import read_pack
from liuhen.core.rules.retention import retention_of
from liuhen.core.rules.starter import write_starter
from liuhen.doors.adopting import looked_over
from liuhen.doors.coverage import covered, unresolved

from .out import DONE, REFUSED, emit_json, say, show

Commands = Any
_EXAMPLE_REMEDY = "怎么办：对照条文，改正例子中应得的结果，或 pack.yaml 中的规则。"


def add(commands: Commands) -> None:
    """Add this file's commands."""
    rules = commands.add_parser("rules", help="规则：五部规定怎么说，按事实推算义务和期限")
    subcommands = rules.add_subparsers(dest="subcommand", required=True, metavar="子命令")
    _sub(subcommands, "list", "列出规则包", list_packs)
    show_one = _sub(subcommands, "show", "查看一部规定，或其中一条", show_pack)
    show_one.add_argument("pack")
    show_one.add_argument("article", nargs="?")
    duties = _sub(subcommands, "duties", "按事实推算义务和时限", print_duties)
    kept = _sub(subcommands, "retention", "按事实推算保管期限", print_retention)
    for parser in (duties, kept):
        parser.add_argument("pack")
        parser.add_argument("--facts", type=Path, required=True, metavar="文件", help="FACTS.json")
        parser.add_argument("--at", type=_moment, metavar="时间", help="在这个时刻判断是否逾期、是否到期")
    diff = _sub(subcommands, "diff", "比较两部规定", print_diff)
    diff.add_argument("one", metavar="规则包")
    diff.add_argument("other", metavar="规则包")
    check = _sub(subcommands, "check", "检查任意位置的规则包，跑它的例子", check_folder)
    check.add_argument("folder", type=Path)
    check.add_argument("--against", metavar="规则包", help="另与这部上位规定对照，低于它的地方列为疑问")
    coverage = _sub(subcommands, "coverage", "逐条说明由什么执行", print_coverage)
    coverage.add_argument("pack", nargs="?")
    new = _sub(subcommands, "new", "生成一个起步用的规则包", new_pack)
    new.add_argument("folder", type=Path)
    adopts = _sub(subcommands, "adopt", "自某日起采用一个规则包", adopt_folder)
    adopts.add_argument("folder", type=Path)
    adopts.add_argument("--agency", required=True, metavar="单位代码")
    adopts.add_argument(
        "--from", required=True, type=_day, dest="since", metavar="日期", help="起始日期，如 2026-12-01"
    )
    adopts.add_argument("--by", metavar="账号", help="法制机构或主要负责人账号；不写时记为在办公电脑上办理")


def _sub(
    subcommands: Commands, name: str, words: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subcommands.add_parser(name, help=words)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"时间“{text}”读不懂，请写成 2026-11-25T09:30:00+08:00") from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"时间“{text}”没有时区，请写成 2026-11-25T09:30:00+08:00")
    return moment


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"日期“{text}”读不懂，请写成 2026-12-01") from error


def list_packs(args: argparse.Namespace) -> int:
    packs = [pack_of(name) for name in known()]
    if args.json:
        emit_json([_head(pack) for pack in packs])
    else:
        show(
            "\n".join(
                f"{pack.id:<18}{pack.title}（{len(pack.articles)} 条，第 {pack.version} 版）"
                for pack in packs
            )
        )
    return DONE


def _head(pack: Pack) -> dict[str, Any]:
    return {
        "pack": pack.id,
        "title": pack.title,
        "agency": pack.agency,
        "agency_kind": pack.agency_kind,
        "version": pack.version,
        "in_force": pack.in_force.isoformat() if pack.in_force else None,
        "articles": len(pack.articles),
        "open_slots": [slot.code for slot in pack.slots],
        "questions": len(asked_of(pack)),
    }


def show_pack(args: argparse.Namespace) -> int:
    pack = pack_of(args.pack)
    if args.article is None:
        document: dict[str, Any] = pack.model_dump(mode="json") | {
            "questions": [one.as_json() for one in asked_of(pack)]
        }
        text = "\n".join(f"第 {number} 条  {one.gist}" for number, one in pack.articles.items())
    else:
        document = _article(pack, args.article)
        text = _article_in_words(document)
    emit_json(document) if args.json else show(text)
    return DONE


def _article(pack: Pack, number: str) -> dict[str, Any]:
    """One article with every item of the pack that rests on it. Raises UsageError."""
    article = pack.articles.get(number)
    if article is None:
        raise UsageError(
            f"{pack.title}没有第 {number} 条。",
            remedy=f"请给 {'、'.join(list(pack.articles)[:3])}……{list(pack.articles)[-1]} 中的一条。",
            code="unknown_article",
        )
    rules: dict[str, Any] = {}
    for name, value in pack.model_dump(mode="json").items():
        rows = value if isinstance(value, list) else [value]
        mine = [
            row
            for row in rows
            if isinstance(row, dict) and number in (row.get("article"), *row.get("articles", ()))
        ]
        if mine and name != "articles":
            rules[name] = mine
    return {
        "pack": pack.id,
        "article": number,
        "gist": article.gist,
        "status": article.status,
        "rules": rules,
        "questions": [one.as_json() for one in asked_of(pack) if number in one.articles],
    }


def _article_in_words(document: dict[str, Any]) -> str:
    lines = [f"第 {document['article']} 条  {document['gist']}"]
    for rows in document["rules"].values():
        lines += [f"  · {row.get('script') or row.get('text') or row.get('name') or ''}" for row in rows]
    lines += [
        f"  ？ {one['text']}{'（裁定：' + one['ruling'] + '）' if one['ruling'] else ''}"
        for one in document["questions"]
    ]
    return "\n".join(lines)


def print_duties(args: argparse.Namespace) -> int:
    pack, facts = pack_of(args.pack), read_facts(args.facts)
    found = duties_of(pack, facts, calendar(), at=args.at)
    for note in notes_of(pack, facts):
        say(note)
    for warning in sorted({warning for due in found for warning in due.warnings}):
        say(warning)
    if args.json:
        emit_json([due.as_json() for due in found])
    else:
        show("\n".join(in_words(due) for due in found) or "这些事实没有产生义务。")
    return DONE


def print_retention(args: argparse.Namespace) -> int:
    pack, facts = pack_of(args.pack), read_facts(args.facts)
    kept = retention_of(pack, facts, at=args.at)
    emit_json(kept.as_json()) if args.json else show(kept.why)
    return DONE


def print_diff(args: argparse.Namespace) -> int:
    found = differences(pack_of(args.one), pack_of(args.other))
    if args.json:
        emit_json(found)
    else:
        show(
            "\n".join(f"{row['area']} {row['key']}：{row['before']} → {row['after']}" for row in found)
            or "没有差别。"
        )
    return DONE


def check_folder(args: argparse.Namespace) -> int:
    try:
        pack = read_pack(args.folder)
        cases = examples.read_examples(args.folder)
        if faults := unresolved(pack, args.folder):
            raise PackError("规则包不能采用", faults)
    except PackError as error:
        if args.json:
            emit_json(
                {
                    "ok": False,
                    "pack": None,
                    "faults": [_fault(one) for one in error.faults],
                    "examples": [],
                    "questions": [],
                }
            )
        for fault in error.faults:
            say(str(fault))
        return REFUSED
    ran = examples.run(pack, cases, calendar())
    bare = examples.missing(pack, cases)
    failed = [one for one in ran if one.faults]
    for one in failed:
        say(f"{one.example.place} 例子“{one.example.name}”：{'；'.join(one.faults)}。{_EXAMPLE_REMEDY}")
    if bare:
        say(f"还没有例子的条：{'、'.join(bare)}。怎么办：在 examples.yaml 中各补一个。")
    questions = asked_of(pack, against=pack_of(args.against) if args.against else None)
    for name in higher_missing(pack):
        say(f"上位规定 {name} 不在这里，没有对照。怎么办：先采用它，或核对 higher 中的名称。")
    for question in questions:
        say(
            f"待裁定：{question.text}"
            if question.ruling is None
            else f"已裁定：{question.text}——{question.ruling}"
        )
    if args.json:
        emit_json(
            {
                "ok": not failed,
                "pack": pack.id,
                "faults": [],
                "examples": [
                    {"name": one.example.name, "ok": not one.faults, "faults": list(one.faults)}
                    for one in ran
                ],
                "without_example": bare,
                "questions": [one.as_json() for one in questions],
            }
        )
    else:
        show(
            f"{pack.title}：{len(pack.articles)} 条，例子 {len(ran)} 个，{len(failed)} 个不符；疑问 {len(questions)} 项。"
        )
    return REFUSED if failed else DONE


def _fault(fault: Any) -> dict[str, str]:
    return {"place": fault.place, "code": fault.code, "message": fault.message, "remedy": fault.remedy}


def print_coverage(args: argparse.Namespace) -> int:
    names = [args.pack] if args.pack else shipped()
    rows = [row for name in names for row in covered(pack_of(name))]
    if args.json:
        emit_json(rows)
    else:
        words = {"carried_out": "已执行", "accounted": "无须执行", "open": "待建"}
        show(
            "\n".join(
                f"{row['pack']} 第 {row['article']} 条  {words[row['status']]}  {row['gist']}" for row in rows
            )
        )
    return DONE


def new_pack(args: argparse.Namespace) -> int:
    write_starter(args.folder)
    say(
        f"已写好 {folder_of(str(args.folder))}。怎么办：按注释改成本单位的规定，再用 liuhen rules check 检查。"
    )
    if args.json:
        emit_json({"folder": str(args.folder)})
    return DONE


def adopt_folder(args: argparse.Namespace) -> int:
    """Everything that is wrong with the pack is said, one line each; nothing is adopted then."""
    try:
        chosen = looked_over(args.folder)
    except PackError as error:
        return _not_adopted(args, error)
    make_ready()
    agency = Agency.objects.filter(code=args.agency).first()
    if agency is None:
        codes = "、".join(Agency.objects.order_by("code").values_list("code", flat=True)) or "还没有设立单位"
        raise UsageError(
            f"没有单位 {args.agency}。", remedy=f"请给出单位代码（{codes}）。", code="unknown_agency"
        )
    by = who(args.by) if args.by else None
    before = book_of(agency).on(args.since)
    with publish.batched():
        adoption = adopt(chosen, agency, args.since, by=by, at=clock.now())
    if chosen.bare:
        say(f"还没有例子的条：{'、'.join(chosen.bare)}。怎么办：补齐例子后以新的版本再采用。")
    if args.json:
        changes = differences(before, chosen.pack) if before else []
        emit_json(_adopted(adoption, before.id if before else None) | {"changes": changes})
    else:
        show(f"{agency.name}自 {adoption.starts_on} 起执行{adoption.title}（第 {adoption.version} 版）。")
    return DONE


def _adopted(adoption: Adoption, before: str | None) -> dict[str, Any]:
    return {
        "ok": True,
        "agency": adoption.agency.code,
        "pack": adoption.pack,
        "version": adoption.version,
        "from": adoption.starts_on.isoformat(),
        "sha256": adoption.sha256,
        "supersedes": before,
    }


def _not_adopted(args: argparse.Namespace, error: PackError) -> int:
    for fault in error.faults:
        say(str(fault))
    if args.json:
        emit_json({"ok": False, "faults": [_fault(one) for one in error.faults]})
    return REFUSED
