"""liuhen report paper NUMBER: the paper of a report, as PDF or as Word file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from liuhen.base import clock
from liuhen.base.office import make_ready, who
from liuhen.core.durable import replace_file
from liuhen.core.errors import UsageError
from liuhen.core.reasons import why
from liuhen.stages.fieldwork import papers
from liuhen.stages.fieldwork.selectors import reports_open_to

from .out import DONE, say

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's command."""
    report = commands.add_parser("report", help="中断和未记录的报告")
    acts = report.add_subparsers(dest="act", required=True, metavar="操作")
    paper = acts.add_parser("paper", help="把一份报告做成 PDF 或 Word 文件，供打印签字")
    paper.add_argument("number", metavar="编号", help="报告编号，如 demo-BG-2026-000001")
    paper.add_argument("out", metavar="文件", type=Path, help="存到哪里")
    paper.add_argument("--as", dest="form", choices=("pdf", "docx"), default="pdf", help="pdf（默认）或 docx")
    paper.add_argument("--by", metavar="账号", help="以谁的身份；不写时为本机账号")
    paper.set_defaults(run=run_paper)


def run_paper(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    row = reports_open_to(person, at).filter(number=args.number).first()
    if row is None:
        raise UsageError(
            f"没有报告 {args.number}，或不属于您的权限。",
            remedy="请核对编号；或用 --by 以有权查看的账号打开。",
            code="no_report",
        )
    sheet = papers.paper_of(row)
    if args.form == "docx":
        from liuhen.prints.word import sheet_docx

        raw = sheet_docx(sheet)
    else:
        from liuhen.prints.sheet import sheet_pdf

        raw = sheet_pdf(sheet)
    try:
        replace_file(args.out, raw)
    except OSError as error:
        raise UsageError(f"写不进 {args.out}（{why(error)}）。", remedy="请换一个可写的位置。") from error
    say(f"已存到 {args.out}")
    return DONE
