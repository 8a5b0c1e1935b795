"""liuhen probe: what files say of themselves. No database needed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from liuhen.core.media.sandbox import Analyser

from .out import DONE, REFUSED, emit_json, show

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    probe = commands.add_parser("probe", help="查看文件自身说了什么（不入库）")
    probe.add_argument("files", nargs="+", type=Path)
    probe.add_argument("--json", action="store_true")
    probe.set_defaults(run=probe_files)


def probe_files(args: argparse.Namespace) -> int:
    """Damage in a file is what a probe is asked to tell; only a file that is not there is a refusal."""
    with Analyser() as analyser:
        results = [{**analyser.probe(path), "path": str(path)} for path in args.files]
    if args.json:
        emit_json(results)
    else:
        show("\n\n".join(_in_words(result) for result in results))
    return DONE if all(path.is_file() for path in args.files) else REFUSED


def _in_words(result: dict[str, Any]) -> str:
    duration, gps = result["duration"], result["gps"]
    lines = [
        result["path"],
        f"  {'可读' if result['readable'] else '读不出'}  {result['container'] or '未知格式'}  "
        f"{'、'.join(map(str, result['codecs'])) or '无编码信息'}",
        f"  时长 {'无' if duration is None else f'{duration:.3f} 秒'}    帧数 {result['frames'] or '无'}",
        f"  浏览器{'可以' if result['playable_in_browser'] else '不能'}直接播放",
    ]
    lines += [f"  时间 {time['raw']}（{time['field']}，{time['zone']}）" for time in result["times"]]
    if gps:
        lines.append(f"  位置 {gps['lat']}, {gps['lon']}")
    lines += [
        f"  间断 {gap['stream']}：{gap['start']:.3f} 秒处，{gap['length']:.3f} 秒" for gap in result["gaps"]
    ]
    lines += [f"  发现 {finding['text']}" for finding in result["findings"]]
    return "\n".join(lines)
