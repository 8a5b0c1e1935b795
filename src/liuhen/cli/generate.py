"""liuhen generate: synthetic rows for trying lists at size."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from liuhen.base import clock, synthetic
from liuhen.base.office import make_ready
from liuhen.core.errors import UsageError

from .out import DONE, emit_json, say

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's command."""
    parser = commands.add_parser("generate", help="生成合成记录（只有数据库行，没有字节），用于试用和测速")
    parser.add_argument("--recordings", type=int, metavar="条数", help="生成多少条")
    parser.add_argument("--seed", type=int, default=1, metavar="种子", help="同一种子生成同样的数据")
    parser.add_argument("--remove", action="store_true", help="清除全部合成记录")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=generate)


def generate(args: argparse.Namespace) -> int:
    if args.remove == (args.recordings is not None):
        raise UsageError("没有说明要做什么。", remedy="请写 --recordings 条数，或写 --remove，不能都写。")
    make_ready()
    if args.remove:
        return _remove(args)
    started = time.monotonic()
    made = synthetic.generate(args.recordings, seed=args.seed, at=clock.now(), on_group=_show)
    seconds = time.monotonic() - started
    _clear()
    say(f"已生成 {made.recordings} 条合成记录（{seconds:.1f} 秒，每秒 {made.recordings / seconds:.0f} 条）。")
    say("它们没有字节，也没有留痕条目：不能播放、导出，liuhen verify 不核对它们，liuhen rebuild 不重建它们。")
    say(f"可用账号查看：{'、'.join(made.accounts)}。怎么办：用完运行 liuhen generate --remove 清除。")
    if args.json:
        emit_json({"recordings": made.recordings, "seconds": round(seconds, 3), "accounts": made.accounts})
    return DONE


def _remove(args: argparse.Namespace) -> int:
    removed = synthetic.remove()
    say(f"已清除 {removed} 条合成记录；合成单位的账号和账本保留。")
    if args.json:
        emit_json({"removed": removed})
    return DONE


def _show(written: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r已写入 {written} 条…\x1b[K")
        sys.stderr.flush()


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
