"""liuhen worker · jobs."""

from __future__ import annotations

import argparse
import signal
import uuid
from typing import Any

from liuhen.base import clock
from liuhen.base.jobs import selectors, services
from liuhen.base.jobs.kinds import kind_named
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.worker import FEWEST, Worker
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Account
from liuhen.core.errors import UsageError
from liuhen.stages.ingest.intake import in_words

from .out import DONE, emit_json, say, show

Commands = Any
_LISTED = 50


def add(commands: Commands) -> None:
    """Add this file's commands."""
    worker = commands.add_parser("worker", help="在后台执行采集、缩略图、校验等任务，直到停止")
    worker.add_argument("--once", action="store_true", help="做完到期的任务就结束")
    worker.add_argument("--threads", metavar="N", type=int, default=3, help=f"同时做几项，至少 {FEWEST}")
    worker.set_defaults(run=run_worker)

    jobs = commands.add_parser("jobs", help="查看或取消后台任务")
    jobs.add_argument("--all", action="store_true", help="也列出已结束的")
    jobs.add_argument("--cancel", metavar="任务号", help="取消这项任务")
    jobs.add_argument("--by", metavar="账号", help="查看人、取消人账号")
    jobs.add_argument("--json", action="store_true")
    jobs.set_defaults(run=list_jobs)


def run_worker(args: argparse.Namespace) -> int:
    if args.threads < FEWEST:
        raise UsageError(
            f"至少要 {FEWEST} 个线程：其中一个专门留给采集。", remedy=f"例如 --threads {FEWEST}。"
        )
    make_ready()
    worker = Worker(threads=args.threads)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    say("后台任务程序已启动。" + ("" if args.once else "按 Ctrl-C 停止；没做完的任务下次启动时接着做。"))
    worker.run(once=args.once)
    say("后台任务程序已停止。")
    return DONE


def list_jobs(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    if args.cancel:
        return _cancel(args.cancel, by)
    rows = selectors.jobs_of(by, clock.now())
    if not args.all:
        rows = rows.filter(state__in=Job.LIVE)
    listed = list(rows[:_LISTED])
    if args.json:
        emit_json([_document(job, by) for job in listed])
    else:
        show("\n".join(_line(job, by) for job in listed) or "没有正在进行的后台任务。")
    return DONE


def _cancel(text: str, by: Account) -> int:
    try:
        pk = uuid.UUID(text)
    except ValueError as error:
        raise UsageError(f"“{text}”不是任务号。", remedy="用 liuhen jobs 查看任务号。") from error
    job = services.cancel(selectors.job_with(pk, by, clock.now()), by=by, at=clock.now())
    say("已取消。" if job.state == Job.State.CANCELLED else "已请它停下，通常一秒之内停止。")
    return DONE


def _line(job: Job, by: Account) -> str:
    named = selectors.sees_names(by, job, clock.now())
    title = f"：{job.title}" if named and job.title else ""
    files = "" if job.files_total is None else f"  {job.files_done}/{job.files_total} 个"
    size = "" if job.bytes_total is None else f"  {in_words(job.bytes_done)}/{in_words(job.bytes_total)}"
    said = f"  {job.sentence or job.saying}" if named else ""
    label = kind_named(job.kind).label
    return f"{job.pk}  {job.get_state_display()}  {label}{title}{files}{size}{said}".rstrip()


def _document(job: Job, by: Account) -> dict[str, Any]:
    named = selectors.sees_names(by, job, clock.now())
    return {
        "job": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "title": job.title if named else None,
        "asked_at": clock.stamp(job.asked_at),
        "asked_by": job.by.username if job.by else None,
        "finished_at": clock.stamp(job.finished_at) if job.finished_at else None,
        "attempts": job.attempts,
        "files": [job.files_done, job.files_total],
        "bytes": [job.bytes_done, job.bytes_total],
        "sentence": (job.sentence or job.saying) if named else None,
        "result": job.result if named else None,
    }
