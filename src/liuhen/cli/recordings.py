"""liuhen list · show · export."""

from __future__ import annotations

import argparse
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from liuhen.base import clock
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import SYNTHETIC, Account, Agency
from liuhen.base.recordings.lists.filters import Filters, Sort
from liuhen.base.recordings.lists.search import everything, find, place_of
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.record import KIND_WORDS
from liuhen.base.recordings.selectors import find_recording, visible_to
from liuhen.base.storage.custody import custody_of
from liuhen.base.storage.export import export_recording
from liuhen.base.storage.stores import open_stores

from .out import DONE, emit_json, say, show

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    listed = commands.add_parser("list", help="列出音像记录")
    listed.add_argument(
        "--search", default="", metavar="文字", help="文件名、人名或拼音首字母、编号、摘要、日期"
    )
    listed.add_argument("--unit", action="append", metavar="代码", help="科室代码；- 表示未定")
    listed.add_argument("--device", action="append", metavar="序列号", help="设备序列号；- 表示未定")
    listed.add_argument("--officer", action="append", metavar="编号", help="执法人员编号；- 表示未定")
    listed.add_argument("--state", action="append", choices=Recording.State.values, help="在库或待归属")
    listed.add_argument("--from", dest="since", type=_day, metavar="日期", help="拍摄日期从，如 2026-11-01")
    listed.add_argument("--to", dest="until", type=_day, metavar="日期", help="拍摄日期至（含当日）")
    listed.add_argument("--limit", type=_positive, metavar="条数", help="至多列出多少条")
    listed.add_argument("--after", metavar="记录", help="从这一条之后接着列（编号、OCFL 标识或 SHA-256）")
    listed.add_argument("--by", help="查看人账号")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=list_recordings)

    one = commands.add_parser("show", help="一条记录的事实、检查发现和保管经过")
    one.add_argument("recording", help="OCFL 标识、编号或 SHA-256")
    one.add_argument("--by", help="查看人账号")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=show_recording)

    export = commands.add_parser("export", help="导出能自证的复制件")
    export.add_argument("recording", help="OCFL 标识、编号或 SHA-256")
    export.add_argument("-o", "--output", type=Path, required=True, help="新的空文件夹")
    export.add_argument("--by", help="办理的科室管理员账号")
    export.add_argument("--json", action="store_true")
    export.set_defaults(run=export_one)


def _row(recording: Recording) -> dict[str, Any]:
    return {
        "recording": recording.urn,
        "number": recording.number,
        "sha256": recording.sha256,
        "sm3": recording.sm3,
        "bytes": recording.bytes,
        "kind": recording.kind,
        "name": recording.name,
        "state": recording.state,
    }


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def list_recordings(args: argparse.Namespace) -> int:
    make_ready()
    if args.by is None and not Agency.objects.exists():
        rows: list[dict[str, Any]] = []
    else:
        rows = _found(args, who(args.by))
    if args.json:
        emit_json(rows)
    else:
        lines = [
            f"{row['number']}  {KIND_WORDS[row['kind']]}  {Recording.State(row['state']).label}  "
            f"{row['bytes']:>12} 字节  {row['name']}"
            for row in rows
        ]
        show("\n".join(lines) or _nothing(args))
    return DONE


def _found(args: argparse.Namespace, by: Account) -> list[dict[str, Any]]:
    """In the order of storing, so that the last one listed says where to go on."""
    at = clock.now()
    chosen = {name: tuple(getattr(args, name) or ()) for name in ("state", "unit", "officer", "device")}
    filters = Filters(
        text=args.search,
        chosen={name: values for name, values in chosen.items() if values},
        since=args.since,
        until=args.until,
        sort=Sort.FIRST_STORED,
    )
    after = place_of(find_recording(args.after, visible_to(by, at))) if args.after else None
    page = find(by, filters, at=at, size=1, counted=False)
    for notice in (*page.notices, *(f"没有登记 {value}，不会有结果。" for _, value in page.unknown)):
        say(notice)
    rows = [_row(row) for row in islice(everything(by, filters, at=at, after=after), args.limit)]
    if rows and by.agency.code == SYNTHETIC:
        say("以上是合成数据：没有字节，不能播放、导出和校验。")
    return rows


def _nothing(args: argparse.Namespace) -> str:
    asked = (
        args.search,
        args.unit,
        args.device,
        args.officer,
        args.state,
        args.since,
        args.until,
        args.after,
    )
    if any(asked):
        return "没有符合条件的音像记录。怎么办：减少条件再试；不带条件的 liuhen list 列出全部。"
    return "没有您可以查看的音像记录。怎么办：还没有采集过的，用 liuhen ingest 采集一张存储卡。"


def show_recording(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    recording = find_recording(args.recording, visible_to(by, clock.now()))
    custody = custody_of(recording)
    findings = [
        {"code": row.code, "severity": row.severity, "text": row.text} for row in recording.findings.all()
    ]
    if args.json:
        copies = [
            {"store": copy.store, "verified_at": clock.stamp(copy.verified_at), "method": copy.method}
            for copy in recording.copies.all()
        ]
        emit_json({**_row(recording), "copies": copies, "findings": findings, "custody": custody})
        return DONE
    lines = [
        f"{recording.number}  {recording.get_kind_display()}  {recording.get_state_display()}",
        f"文件名    {recording.name}",
        f"标识      {recording.urn}",
        f"SHA-256   {recording.sha256}",
        f"SM3       {recording.sm3}",
        f"设备      {recording.device or '待归属'}    执法人员  {recording.holder or '待归属'}",
        f"副本      {'、'.join(copy.store for copy in recording.copies.all())}",
        "检查发现  " + ("；".join(row["text"] for row in findings) or "无"),
        "保管经过",
        *(f"  {step['sentence']}" for step in custody),
    ]
    show("\n".join(lines))
    return DONE


def export_one(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    recording = find_recording(args.recording, visible_to(by, clock.now()))
    written = export_recording(recording, args.output, open_stores(), by=by, at=clock.now())
    say(f"已导出 {recording.number} 到 {args.output}。")
    say(
        "怎么办：在任何电脑上用浏览器打开其中的 liuhen-verify.html，把该文件夹拖进去，即可自行核对；不用联网。"
    )
    say("也可以用 Python 3：进入该文件夹，运行 python3 liuhen-verify.py . 。")
    if args.json:
        emit_json(written)
    return DONE
