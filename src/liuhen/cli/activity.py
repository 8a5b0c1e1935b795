"""liuhen activity list · show · open · tell · match · proposals."""

from __future__ import annotations

import argparse
from datetime import datetime
from itertools import islice
from typing import Any

from liuhen.base import clock
from liuhen.base.basis import article_in_words
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Account, Unit
from liuhen.base.recordings.selectors import find_recording, visible_to
from liuhen.core.errors import UsageError
from liuhen.doors import activities as shapes
from liuhen.stages.fieldwork import pairing, phone, placing, telling
from liuhen.stages.fieldwork.checks import Judged, as_seen, judge
from liuhen.stages.fieldwork.facts import CIRCUMSTANCES, EVENTS
from liuhen.stages.fieldwork.models import MOMENTS, Activity
from liuhen.stages.fieldwork.naming import devices_named, find_activity, officers_named
from liuhen.stages.fieldwork.selectors import activities_seen, without_activity
from liuhen.stages.fieldwork.telling import Told

from .out import DONE, emit_json, say, show

Commands = Any
_MOST = 500  # recordings looked at for proposals


def add(commands: Commands) -> None:
    """Add this file's commands."""
    activity = commands.add_parser("activity", help="执法活动：登记、补登、归入音像记录、判断是否完整")
    sub = activity.add_subparsers(dest="subcommand", required=True, metavar="子命令")
    listed = _sub(sub, "list", "列出执法活动，最近登记的在前", list_activities)
    listed.add_argument("--limit", type=int, default=50, metavar="N", help="最多几项，默认 50")
    one = _sub(sub, "show", "一个活动：记录的时段、缺口、文书起止时间、发现的问题", show_activity)
    one.add_argument("activity", metavar="编号")
    opened = _sub(sub, "open", "登记执法活动", open_activity)
    opened.add_argument("--unit", metavar="科室代码", help="不写时为本人科室")
    _facts(opened)
    more = _sub(sub, "tell", "补登执法活动；改动已填内容的须写 --reason", tell_activity)
    more.add_argument("activity", metavar="编号")
    more.add_argument("--reason", metavar="理由")
    _facts(more)
    matched = _sub(sub, "match", "把音像记录归入执法活动", match_recordings)
    matched.add_argument("activity", metavar="编号")
    matched.add_argument("recordings", nargs="+", metavar="记录")
    _sub(sub, "proposals", "未归入活动的记录，各自可能属于哪个活动", show_proposals)


def _sub(commands: Commands, name: str, words: str, run: Any) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=words)
    made.add_argument("--by", metavar="账号", help="以谁的身份办理；不写时为本机账号")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=run)
    return made


def _facts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--matter", metavar="事项代码")
    parser.add_argument("--place", metavar="地点")
    parser.add_argument("--party", metavar="当事人")
    parser.add_argument("--officers", metavar="编号,编号", help="执法人员编号，至少两人")
    parser.add_argument(
        "--device",
        action="append",
        metavar="序列号[:携带人编号]",
        help="使用的设备，可写多次",
    )
    for name, words in zip(MOMENTS, ("到达现场", "执法结束", "离开现场", "返回单位"), strict=True):
        parser.add_argument(
            f"--{name.removesuffix('_at')}", dest=name, type=_moment, metavar="时间", help=words
        )
    for name, codes in (("circumstances", CIRCUMSTANCES), ("events", EVENTS)):
        parser.add_argument(f"--{name}", metavar="代码,代码", help="、".join(codes))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"时间“{text}”读不懂，请写成 2026-11-25T09:30") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.SHANGHAI)


def _told(args: argparse.Namespace, person: Account) -> Told:
    said: dict[str, Any] = {name: getattr(args, name) for name in ("matter", "place", "party", *MOMENTS)}
    for name in ("circumstances", "events"):
        text = getattr(args, name)
        said[name] = _several(text) if text is not None else None
    if args.officers is not None:
        said["officers"] = officers_named(person, _several(args.officers))
    if args.device is not None:
        pairs = [one.partition(":") for one in args.device]
        said["devices"] = devices_named(person, [(serial, carrier or None) for serial, _, carrier in pairs])
    return Told(**said)


def _several(text: str) -> list[str]:
    return [one for one in text.replace("，", ",").split(",") if one]


def list_activities(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    rows = list(islice(activities_seen(person, at).order_by("-opened_at").iterator(), max(args.limit, 0)))
    if args.json:
        emit_json([shapes.told(row) for row in rows])
    else:
        show("\n".join(_line(row) for row in rows) or "没有执法活动。")
    return DONE


def _line(row: Activity) -> str:
    when = clock.local(row.arrived_at) if row.arrived_at else "未到场"
    return f"{row.number}  {when}  {row.phase}  {row.matter or '未填事项'}  {row.place}"


def show_activity(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    activity = find_activity(args.activity, person, at)
    found = as_seen(judge(activity), person, at)
    if args.json:
        emit_json({**shapes.told(activity), **shapes.judged(found)})
    else:
        show("\n".join([_line(activity), *_in_words(found)]))
    return DONE


def _in_words(found: Judged) -> list[str]:
    lines = []
    if found.coverage is not None and found.coverage.share is not None:
        share, total = found.coverage.seconds, found.coverage.of_seconds
        lines.append(f"应记录 {total:.0f} 秒，已记录 {share:.0f} 秒（{found.coverage.share:.1%}）")
    for one in found.findings:
        article = one.finding.article
        basis = article_in_words(found.pack.id, article) if found.pack and article else "本系统安全规则"
        closed = f"（{one.settled.by}办结：{one.settled.reason}）" if one.settled else ""
        lines.append(
            f"{one.finding.severity:<6} {one.finding.text}{closed}依据：{basis}。怎么办：{one.finding.remedy}"
        )
    return lines or ["没有发现问题。"]


def open_activity(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    activity = telling.open_activity(_unit(args.unit, person), _told(args, person), by=person, at=at)
    return _done(args, activity, f"已登记 {activity.number}。")


def _unit(code: str | None, person: Account) -> Unit:
    if code is None:
        own = person.unit or (person.officer.unit if person.officer else None)
        if own is not None:
            return own
    found = Unit.objects.filter(agency=person.agency, code=code or "").first()
    if found is None:
        raise UsageError("没有写明承办科室，或没有这个科室。", remedy="请用 --unit 写明科室代码。")
    return found


def tell_activity(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    activity = find_activity(args.activity, person, at)
    activity = phone.tell_of(activity, _told(args, person), by=person, at=at, reason=args.reason)
    return _done(args, activity, f"{activity.number} 已保存。")


def match_recordings(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    activity = find_activity(args.activity, person, at)
    rows = [find_recording(name, visible_to(person, at)) for name in args.recordings]
    for row in rows:
        pairing.confirm(row, activity, by=person, at=at)
    return _done(args, activity, f"已把 {len(rows)} 条记录归入 {activity.number}。")


def _done(args: argparse.Namespace, activity: Activity, sentence: str) -> int:
    say(sentence)
    if args.json:
        emit_json(shapes.told(activity))
    return DONE


def show_proposals(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    placing.place(person.agency, limit=_MOST)
    rows = list(without_activity(person, at)[:_MOST])
    found = pairing.propose(rows, activities_seen(person, at))
    told = [
        {
            "recording": row.number,
            "proposals": [
                {
                    "activity": activity.number,
                    "confidence": one.confidence,
                    "grounds": list(one.grounds),
                    "ambiguous": one.ambiguous,
                    "reason": one.reason,
                }
                for one, activity in found.of(row)
            ],
            "why": found.why_alone(row) or None,
        }
        for row in rows
    ]
    if args.json:
        emit_json(told)
    else:
        show("\n".join(map(_proposal, told)) or "没有未归入的记录。")
    return DONE


def _proposal(one: dict[str, Any]) -> str:
    if not one["proposals"]:
        return f"{one['recording']}  {one['why'] or '没有相符的活动'}"
    best = one["proposals"][0]
    return f"{one['recording']}  → {best['activity']}（{best['reason']}）"
