"""liuhen verify · repair · rebuild · backup · restore."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from liuhen.base import backup, clock, keys, restore, site
from liuhen.base.devices import replay as devices
from liuhen.base.office import make_ready, who
from liuhen.base.people import replay as people
from liuhen.base.recordings.lists.rows import make_again
from liuhen.base.rulebook import replay as rulebook
from liuhen.base.storage import rebuilding
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.rebuild import Replayer
from liuhen.base.storage.repair import repair_stores
from liuhen.base.storage.report import RebuildReport
from liuhen.base.storage.stores import open_stores
from liuhen.base.tokens import replay as tokens
from liuhen.core.errors import UsageError
from liuhen.stages.equipment import replay as equipment
from liuhen.stages.fieldwork import replay as fieldwork
from liuhen.stages.ingest import replay as ingest

from .counter import Counter
from .out import DONE, REFUSED, emit_json, say

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    verify = commands.add_parser("verify", help="完整性校验：逐个回读存储中的字节")
    verify.add_argument("--sample", type=int, help="只随机抽查 N 条")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run=verify_bytes, refused_document=_nothing_verified())

    repair = commands.add_parser("repair", help="用完好的副本修复损坏或缺少的副本")
    repair.add_argument("--by")
    repair.add_argument("--json", action="store_true")
    repair.set_defaults(run=repair_copies)

    rebuild = commands.add_parser("rebuild", help="仅凭存储和已公布的账本重建数据库")
    rebuild.add_argument("--replace", action="store_true", help="已有数据库时，先把它移到一旁保留")
    rebuild.add_argument(
        "--lists", action="store_true", help="只重建列表、搜索和计数（数据库中的记录不动，可随时运行）"
    )
    rebuild.add_argument("--json", action="store_true")
    rebuild.set_defaults(run=rebuild_database)

    save = commands.add_parser("backup", help="备份数据库、密钥、账本和设置，并做一次恢复演练")
    save.add_argument("folder", type=Path, help="备份放在这里（每次新建一个子文件夹）")
    save.add_argument("--json", action="store_true")
    save.set_defaults(run=make_backup)

    restore = commands.add_parser("restore", help="从备份恢复到当前 LIUHEN_HOME")
    restore.add_argument("backup", type=Path, help="liuhen backup 建立的文件夹")
    restore.add_argument("--replace", action="store_true", help="已有数据时，先把它移到一旁保留")
    restore.add_argument("--json", action="store_true")
    restore.set_defaults(run=restore_backup)


def _nothing_verified() -> dict[str, Any]:
    return {"objects": 0, "bytes": 0, "ok": False, "bad": []}


def verify_bytes(args: argparse.Namespace) -> int:
    if args.sample is not None and args.sample < 1:
        raise UsageError("抽查条数应为正整数。", remedy="例如 --sample 20。")
    make_ready()
    with Counter("已回读") as counter:
        report = verify_stores(open_stores(), sample=args.sample, on_object=counter.show)
    for bad in report.bad:
        say(f"✗ {bad.text}")
        for damage in bad.damages:
            if damage.expected or damage.found:
                say(
                    f"    {damage.path} 应为 {damage.expected or '（没有）'}，实为 {damage.found or '（没有）'}"
                )
    for one in report.unfinished:
        say(f"· {one.number} 已写入{one.store}，登记被中断：再次运行 liuhen ingest 时会自动补上。")
    verdict = "全部完好" if report.ok else f"{len(report.bad)} 处有问题"
    if report.synthetic:
        say(f"另有 {report.synthetic} 条合成数据：没有字节，无从校验，未计入。")
    say(f"已回读 {report.objects} 个对象、{report.bytes} 字节，{verdict}。")
    if not report.ok:
        say(
            "怎么办：有第二存储时运行 liuhen repair；数据库与账本不符时运行 liuhen rebuild --replace；"
            "都不行时从备份或此前导出的复制件取回。损坏的原件不要删除。"
        )
    if args.json:
        emit_json(report.as_json())
    return DONE if report.ok else REFUSED


def repair_copies(args: argparse.Namespace) -> int:
    make_ready()
    stores = open_stores()
    with Counter("已核对") as counter:
        report = repair_stores(stores, by=who(args.by), at=clock.now(), on_object=counter.show)
    for row in report.repaired:
        aside = f"，移开留存 {len(row['set_aside'])} 项" if row["set_aside"] else ""
        say(f"✓ {row['number']}：{row['store']}已修复 {row['files']} 个文件{aside}。")
    for row in report.lost:
        say(f"✗ {row['number']}：{row['text']}。怎么办：请从备份或此前导出的复制件取回，损坏的不要删除。")
    for row in report.failed:
        say(f"✗ {row.get('number', row.get('store'))}：{row['text']}")
    for error in stores.away.values():
        say(f"✗ {error}")
    say(
        f"完好 {report.whole} 条，修复 {len(report.repaired)} 份，各处都已损坏 {len(report.lost)} 条，"
        f"这次没有修成 {len(report.failed)} 份。"
    )
    ok = report.ok and not stores.away
    if args.json:
        emit_json({"ok": ok, **vars(report), "away": sorted(stores.away)})
    return DONE if ok else REFUSED


def rebuild_database(args: argparse.Namespace) -> int:
    if args.lists:
        return _rebuild_lists(args)
    return _told(rebuilding.rebuild(_replayers(), replace=args.replace, at=clock.now()), as_json=args.json)


def _rebuild_lists(args: argparse.Namespace) -> int:
    make_ready()
    made = make_again()
    say(f"已重建 {made} 条音像记录的列表、搜索和计数。")
    if args.json:
        emit_json({"recordings": made})
    return DONE


def _replayers() -> dict[str, Replayer]:
    tables = (people, keys, devices, tokens, rulebook, equipment, fieldwork, ingest)
    return {kind: replay for table in tables for kind, replay in table.REPLAYERS.items()}


def _told(report: RebuildReport, *, as_json: bool) -> int:
    for difference in report.differences:
        say(f"✗ {difference['text']}")
    for ledger in report.ledgers:
        say(f"{ledger['agency']}：账本 {ledger['size']} 条，树根与签名一致。")
    if report.kept:
        say(f"原数据库保留为 {report.kept.name}。")
    for note in report.notes:
        say(note)
    say(f"已重建 {report.recordings} 条音像记录，{len(report.differences)} 处差异。账号口令须重新设置。")
    if as_json:
        emit_json(_rebuilt(report))
    return DONE if report.ok else REFUSED


def _rebuilt(report: RebuildReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "recordings": report.recordings,
        "ledgers": report.ledgers,
        "differences": report.differences,
        "notes": report.notes,
        "kept": report.kept.name if report.kept else None,
    }


def make_backup(args: argparse.Namespace) -> int:
    make_ready()
    made = backup.make_backup(args.folder, at=clock.now())
    say(f"备份已存到 {made.folder}，共 {made.files} 个文件；恢复演练通过：账本 {made.entries} 条一致。")
    for note in made.notes:
        say(note)
    second = len(site.load().stores) > 1
    originals = "由另一存储中的副本保障" if second else "目前只有一份，请用 liuhen store add 增加第二存储"
    say(f"怎么办：备份含签名密钥，请离线保存在上锁的柜中。音像原件不在备份里，{originals}。")
    if args.json:
        emit_json(
            {
                "backup": str(made.folder),
                "files": made.files,
                "ledger_entries": made.entries,
                "notes": made.notes,
            }
        )
    return DONE


def restore_backup(args: argparse.Namespace) -> int:
    """A ledger published after the backup stays in force; then the database is made again from it."""
    done = restore.restore_backup(args.backup, replace=args.replace, at=clock.now())
    say(f"已从 {args.backup} 恢复 {done.files} 个文件，每个文件的摘要都核对过。")
    if done.aside:
        say(f"原有数据已移到 {done.aside}。")
    document: dict[str, Any] = {
        "restored": str(args.backup),
        "files": done.files,
        "aside": done.aside.name if done.aside else None,
        "newer_ledgers": done.newer,
        "rebuilt": None,
    }
    status = DONE
    if done.newer:
        say(f"已公布的账本（{'、'.join(done.newer)}）比备份新，不能丢弃：保留新账本，并据以重建数据库。")
        report = rebuilding.rebuild(_replayers(), replace=True, at=clock.now())
        status = _told(report, as_json=False)
        document["rebuilt"] = _rebuilt(report)
    say("怎么办：接着运行 liuhen ledger verify 和 liuhen verify；备份之后入库而账本未载的，verify 会列出。")
    if args.json:
        emit_json(document)
    return status
