"""liuhen list · show · export."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from liuhen.base import clock
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Agency
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


def list_recordings(args: argparse.Namespace) -> int:
    make_ready()
    if args.by is None and not Agency.objects.exists():
        rows: list[dict[str, Any]] = []
    else:
        rows = [_row(recording) for recording in visible_to(who(args.by), clock.now()).iterator(1000)]
    if args.json:
        emit_json(rows)
    else:
        lines = [
            f"{row['number']}  {KIND_WORDS[row['kind']]}  {Recording.State(row['state']).label}  "
            f"{row['bytes']:>12} 字节  {row['name']}"
            for row in rows
        ]
        show(
            "\n".join(lines)
            or "没有您可以查看的音像记录。怎么办：还没有采集过的，用 liuhen ingest 采集一张存储卡。"
        )
    return DONE


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
