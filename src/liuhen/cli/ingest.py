"""liuhen ingest · receipt · card clear."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from liuhen.base import clock, site
from liuhen.base.office import first_office, make_ready, who
from liuhen.base.people.models import Account, Agency
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.base.storage import derived
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import UsageError
from liuhen.core.media.sandbox import Analyser
from liuhen.core.reasons import why
from liuhen.prints.receipt import receipt_text
from liuhen.stages.ingest import clearing, jobs, receipts, selectors, services
from liuhen.stages.ingest.models import Batch, Item
from liuhen.stages.ingest.printing import print_apart
from liuhen.stages.ingest.progress import Outcome

from .out import DONE, REFUSED, emit_json, say, show
from .progress import TerminalProgress

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    ingest = commands.add_parser("ingest", help="采集一张存储卡或一个旧录像文件夹")
    ingest.add_argument("card", metavar="存储卡", type=Path, help="存储卡挂载的文件夹")
    ingest.add_argument("--device", metavar="序列号", help="设备序列号（须已登记）")
    ingest.add_argument(
        "--device-clock", metavar="时间", help="此刻设备屏幕显示的时间，如 '2026-11-21 09:30:00'"
    )
    ingest.add_argument("--by", metavar="账号", help="办理采集的科室管理员账号")
    ingest.add_argument("--later", action="store_true", help="只排入后台任务，由 liuhen worker 去做")
    ingest.add_argument("--json", action="store_true", help="只在标准输出打印一个 JSON 文档")
    ingest.set_defaults(run=ingest_card, refused_document=_nothing())

    receipt = commands.add_parser("receipt", help="查看或重新打印移交回执")
    receipt.add_argument("number", nargs="?", help="回执编号；不写则列出全部")
    receipt.add_argument("--pdf", type=Path, help="把回执打印成 PDF 存到这里")
    receipt.add_argument("--by", metavar="账号", help="查看人账号")
    receipt.add_argument("--json", action="store_true")
    receipt.set_defaults(run=show_receipt)

    clear = commands.add_parser("clear", help="清空一张已放行的存储卡（默认关闭）")
    clear.add_argument("card", type=Path)
    clear.add_argument("--receipt", required=True, help="放行这张卡的回执编号")
    clear.add_argument("--reason", required=True, help="清卡理由")
    clear.add_argument("--by", metavar="账号", help="办理的科室管理员账号")
    clear.add_argument("--json", action="store_true")
    clear.set_defaults(run=clear_card)


def ingest_card(args: argparse.Namespace) -> int:
    make_ready()
    by = _custodian(args.by)
    args.refused_document = {**_nothing(), "agency": by.agency.code}
    if args.later:
        return _later(args, by)
    progress = TerminalProgress()
    request = services.Request(
        card=args.card, by=by, device=args.device, device_clock=_shown(args.device_clock)
    )
    with progress:
        outcome = services.ingest_card(request, at=clock.now(), progress=progress)
    status = tell(outcome, as_json=args.json)
    _say_unassigned(by, outcome)
    derive(by, released=outcome.released)
    return status


def _later(args: argparse.Namespace, by: Account) -> int:
    job = jobs.ask_for_card(
        args.card, by=by, at=clock.now(), device=args.device, device_clock=_shown(args.device_clock)
    )
    say("已排入后台任务。怎么办：用 liuhen jobs 查看进度；后台程序没有启动的，运行 liuhen worker。")
    if args.json:
        emit_json({**args.refused_document, "job": str(job.pk)})
    return DONE


def _custodian(username: str | None) -> Account:
    if not Agency.objects.exists():
        first_office(clock.now())
        say("这是一个新的数据目录：已用临时名称设立单位，并开立科室管理员账号 office-custodian。")
        say("怎么办：用 liuhen init 正式设立单位；此前采集的记录都会保留。")
    return who(username)


def _shown(text: str | None) -> datetime | None:
    """The time on the recorder's screen is Asia/Shanghai unless it says otherwise."""
    if text is None:
        return None
    try:
        shown = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"看不懂设备时间“{text}”。", remedy="请写成 2026-11-21 09:30:00 的样子。") from error
    return shown if shown.tzinfo else shown.replace(tzinfo=clock.SHANGHAI)


def _nothing() -> dict[str, Any]:
    return {"receipt": None, "agency": None, "files": [], "released": False}


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """The contract's JSON of an ingest, files in the order of their paths."""
    return {
        "receipt": outcome.receipt,
        "agency": outcome.agency,
        "files": [
            {
                "path": result.path,
                "recording": result.recording,
                "sha256": result.sha256,
                "sm3": result.sm3,
                "bytes": result.size,
                "state": str(result.state),
                "reason": result.reason,
            }
            for result in sorted(outcome.results, key=lambda result: result.path)
        ],
        "released": outcome.released,
        "batch": outcome.batch,
        "note": outcome.note,
    }


def tell(outcome: Outcome, *, as_json: bool) -> int:
    if outcome.receipt:
        receipt = selectors.receipt_named(outcome.receipt)
        if not as_json:
            show(receipt_text(receipts.with_proof(receipt)))
        if "pdf" in outcome.paths:
            say(f"回执 PDF：{outcome.paths['pdf']}")
        else:
            say(f"回执 PDF 未能打印：{outcome.paths.get('pdf_error', '')}")
    say(outcome.note)
    if as_json:
        emit_json(outcome_document(outcome))
    bad = (Item.State.REFUSED, Item.State.FAILED)
    return REFUSED if any(result.state in bad for result in outcome.results) or not outcome.released else DONE


def _say_unassigned(by: Account, outcome: Outcome) -> None:
    numbers = [
        result.number for result in outcome.results if result.state == Item.State.STORED and result.number
    ]
    rows = visible_to(by, clock.now()).filter(state=Recording.State.TO_ASSIGN)
    waiting = len(rows.filter(stored_at__gte=_begun(outcome))) if numbers else 0
    if waiting:
        say(
            f"本次有 {waiting} 条“待归属”。怎么办：用 liuhen list 查看编号，"
            "再用 liuhen assign 编号 --device 设备 --officer 人员编号 --reason 理由 确定归属。"
        )


def _begun(outcome: Outcome) -> datetime:
    return Batch.objects.values_list("started_at", flat=True).get(key=outcome.batch)


def derive(by: Account, *, released: bool) -> None:
    """Thumbnails and viewing copies, after the card is released; stopping here loses nothing."""
    if not site.load().previews:
        return
    rows = list(derived.missing(visible_to(by, clock.now())))
    if not rows:
        return
    card = "存储卡已可取走；" if released else ""
    say(f"正在生成 {len(rows)} 个文件的缩略图和浏览副本（{card}可随时中断，下次继续）。")
    with Analyser() as analyser:
        derived.make_previews(rows, open_stores(), analyser, on_done=_say_trouble)


def _say_trouble(made: derived.Derived) -> None:
    if made.trouble:
        say(f"{made.number} 的缩略图未生成：{made.trouble}")


def show_receipt(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    rows = selectors.receipts_of(by)
    if args.number is None:
        listed = [
            {"number": row.number, "issued_at": clock.stamp(row.issued_at), "released": row.batch.state}
            for row in rows
        ]
        if args.json:
            emit_json(listed)
        else:
            lines = [f"{row.number}  {clock.local(row.issued_at)}  {row.batch.card_label}" for row in rows]
            show("\n".join(lines) or "还没有移交回执。怎么办：先用 liuhen ingest 采集一张卡。")
        return DONE
    readable = selectors.READ_RECEIPTS.scope(by, rows, clock.now())
    full = receipts.with_proof(selectors.receipt_named(args.number, readable))
    if args.pdf:
        try:
            print_apart(receipts.for_paper(full), args.pdf)
        except OSError as error:
            raise UsageError(f"写不进 {args.pdf}（{why(error)}）。", remedy="请换一个可写的位置。") from error
        say(f"已打印到 {args.pdf}")
    if args.json:
        emit_json(full)
    else:
        show(receipt_text(full))
    return DONE


def clear_card(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    receipt = selectors.receipt_named(args.receipt, selectors.receipts_of(by))
    report = clearing.clear_card(args.card, receipt, reason=args.reason, by=by, at=clock.now())
    for sentence in report.kept:
        say(sentence)
    say(f"已清除 {report.cleared} 个文件，保留 {len(report.kept)} 个。")
    if args.json:
        emit_json({"receipt": receipt.number, "cleared": report.cleared, "kept": report.kept})
    return REFUSED if report.kept else DONE
