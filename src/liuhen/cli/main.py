"""`liuhen`: the terminal door. Exit status 0 done, 1 found something bad or refused, 2 wrong usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import structlog
from django.db import DatabaseError

from liuhen import __version__
from liuhen.core.errors import LiuhenError, UsageError

from .out import REFUSED, USAGE, emit_json, say

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; never shows a traceback (the engineer finds it in the log)."""
    _speak_utf8()
    os.umask(0o077)  # recordings, keys and records are the office's alone
    _set_up()
    args = _parser().parse_args(argv)
    try:
        status: int = args.run(args)
    except LiuhenError as error:
        return _refuse(args, error)
    except KeyboardInterrupt:
        say("已停止。已入库的文件不受影响；再次运行会从停下的地方继续。")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except DatabaseError as error:
        structlog.get_logger(__name__).exception("database_failed", command=args.command)
        from liuhen.base.office import database_trouble

        return _refuse(args, database_trouble(error))
    except Exception as error:
        structlog.get_logger(__name__).exception("command_failed", command=args.command)
        return _refuse(args, _unexpected(error))
    return status


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liuhen.config.settings")
    import django

    django.setup()
    from liuhen.base import collector
    from liuhen.base.logs import log_to_file

    collector.settle()
    log_to_file()


def _parser() -> argparse.ArgumentParser:
    from .chinese import speak_chinese

    speak_chinese()
    from . import (
        activity,
        assign,
        continuity,
        deadlines,
        devices,
        generate,
        ingest,
        jobs,
        ledger,
        media,
        office,
        recordings,
        rules,
        serve,
        storage,
        tokens,
    )

    parser = argparse.ArgumentParser(
        prog="liuhen", description="留痕：执法音像记录管理系统", epilog="每个命令后加 --help 查看用法。"
    )
    parser.add_argument("--version", action="version", version=f"liuhen {__version__}", help="显示版本")
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for module in (
        office,
        devices,
        serve,
        ingest,
        recordings,
        assign,
        activity,
        storage,
        ledger,
        rules,
        media,
        continuity,
        deadlines,
        jobs,
        tokens,
        generate,
    ):
        module.add(commands)
    return parser


def _refuse(args: argparse.Namespace, error: LiuhenError) -> int:
    say(str(error))
    if getattr(args, "json", False):
        document = getattr(args, "refused_document", {})
        emit_json({**document, "error": error.as_json()})
    return USAGE if isinstance(error, UsageError) else REFUSED


def _unexpected(error: Exception) -> LiuhenError:
    return LiuhenError(
        f"出现意外错误（{type(error).__name__}：{error}）。",
        remedy="数据没有丢失；请重试一次，仍不行时把 LIUHEN_HOME/logs/liuhen.log 交给维护人员。",
        code="unexpected",
    )


if __name__ == "__main__":
    sys.exit(main())
