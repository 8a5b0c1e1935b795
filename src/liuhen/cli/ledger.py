"""liuhen ledger verify · checkpoint · prove · consistency · cosign."""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path
from typing import Any

from liuhen.base import clock
from liuhen.base.keys import rotate_key
from liuhen.base.ledger import proofs, publish, received, witness
from liuhen.base.ledger.verify import LedgerReport, verify_ledger
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Agency
from liuhen.base.recordings.selectors import find_recording, visible_to
from liuhen.base.storage.export import proof_text, prove_recording
from liuhen.base.storage.logs import log_codes
from liuhen.core.errors import UsageError
from liuhen.core.reasons import why
from liuhen.core.tlog.merkle import EMPTY_ROOT
from liuhen.core.tlog.notes import Vkey, b64, fingerprint

from .out import DONE, REFUSED, emit_json, say, show

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's commands."""
    ledger = commands.add_parser("ledger", help="留痕账本：核对、检查点、证明、见证")
    subcommands = ledger.add_subparsers(dest="subcommand", required=True, metavar="子命令")

    verify = _sub(subcommands, "verify", "逐条核对账本、已公布文件与签名", verify_all)
    verify.add_argument("--agency", help="只核对这个单位的账本")
    verify.set_defaults(refused_document=_nothing_verified())
    checkpoint = _sub(subcommands, "checkpoint", "打印当前检查点和密钥指纹", print_checkpoint)
    checkpoint.add_argument("--agency")
    prove = _sub(subcommands, "prove", "生成一条记录的入库证明（.tlog-proof）", prove_one)
    prove.add_argument("recording")
    prove.add_argument("-o", "--output", type=Path, required=True)
    prove.add_argument("--by")
    consistency = _sub(subcommands, "consistency", "证明账本自某个旧检查点以来只增不改", prove_growth)
    consistency.add_argument("old", type=Path, help="旧检查点文件（可由回执抄录）")
    consistency.add_argument("--agency")
    consistency.add_argument("-o", "--output", type=Path, help="把证明另存为文件")
    turn = _sub(subcommands, "rotate-key", "更换签名密钥（旧密钥保留，不再签名）", rotate)
    turn.add_argument("--agency")
    turn.add_argument("--reason", required=True, metavar="理由", help="例行更换，或怀疑密钥外泄")
    turn.add_argument("--by", required=True, metavar="账号", help="系统管理员账号")
    cosign = _sub(subcommands, "cosign", "见证：为其他单位的检查点签名，或收存他人对本单位的见证", cosign_one)
    cosign.add_argument("checkpoint", type=Path)
    cosign.add_argument("--vkey", required=True, help="对方公钥（文件或一行文字）；收存时为见证人公钥")
    cosign.add_argument(
        "--proof", type=Path, help="对方 liuhen ledger consistency 的结果（第二次见证起必需）"
    )
    cosign.add_argument("--accept", action="store_true", help="收存见证单位在本单位检查点上的签名")
    cosign.add_argument("--agency")
    cosign.add_argument("-o", "--output", type=Path, help="把带见证签名的检查点存为文件")


def _sub(subcommands: Commands, name: str, words: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subcommands.add_parser(name, help=words)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)
    return parser


def _agency(code: str | None) -> Agency:
    """The agency named, else the first one founded here."""
    rows = Agency.objects.order_by("founded_at", "code")
    agency = rows.filter(code=code).first() if code else rows.first()
    if agency is None:
        raise UsageError(f"没有单位 {code or ''}。", remedy="请先用 liuhen init 设立单位，或核对 --agency。")
    return agency


def _nothing_verified() -> dict[str, Any]:
    return {"ok": False, "size": 0, "root": None, "findings": []}


def verify_all(args: argparse.Namespace) -> int:
    make_ready()
    agencies = [_agency(args.agency)] if args.agency else list(Agency.objects.order_by("founded_at", "code"))
    reports = [verify_ledger(agency) for agency in agencies]
    if not args.agency:
        reports += [
            _without_rows(code) for code in log_codes() if code not in {one.agency for one in reports}
        ]
    for report in reports:
        for finding in report.findings:
            say(f"{report.agency}：{finding.text}")
        verdict = "核对一致" if report.ok else f"发现 {len(report.findings)} 处问题"
        say(f"{report.agency}：共 {report.size} 条，{verdict}。")
    if not reports:
        say("还没有账本。怎么办：先用 liuhen init 设立单位，或用 liuhen demo 试用。")
    ok = all(report.ok for report in reports)
    if not ok:
        say(
            "怎么办：停止写入，保全现状，把结果报告主管领导；再从备份恢复或用 liuhen rebuild 由已公布账本重建。"
        )
    if args.json:
        emit_json(_joined(reports))
    return DONE if ok else REFUSED


def _without_rows(code: str) -> LedgerReport:
    """A published ledger that the database knows nothing of: its rows are gone, all of them."""
    report = LedgerReport(code, root=EMPTY_ROOT)
    report.say(0, "rows_missing", "已公布的账本在，数据库中却没有这个单位。")
    return report


def _joined(reports: list[LedgerReport]) -> dict[str, Any]:
    """The first agency's report at the top; the findings of every agency; each report under `ledgers`."""
    empty = {"agency": None, "size": 0, "root": b64(EMPTY_ROOT)}
    first = reports[0].as_json() if reports else empty
    findings = [{**finding, "agency": report.agency} for report in reports for finding in _findings(report)]
    return {
        **first,
        "ok": all(report.ok for report in reports),
        "findings": findings,
        "ledgers": [report.as_json() for report in reports],
    }


def _findings(report: LedgerReport) -> list[dict[str, Any]]:
    return [
        {"position": finding.position, "code": finding.code, "text": finding.text}
        for finding in report.findings
    ]


def print_checkpoint(args: argparse.Namespace) -> int:
    make_ready()
    agency = _agency(args.agency)
    note = publish.publish(agency)
    keys = publish.vkeys_of(agency.code)
    checkpoint = publish.published(agency.code)
    if args.json and checkpoint is not None:
        emit_json(
            {
                "agency": agency.code,
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": base64.b64encode(checkpoint.root).decode(),
                "checkpoint": note,
                "vkeys": [str(key) for key in keys],
                "fingerprint": fingerprint(keys[-1]),
            }
        )
        return DONE
    show(note)
    say(f"密钥指纹：{fingerprint(keys[-1])}")
    say("怎么办：把检查点和指纹抄入或打印贴入纸质登记簿，日后可据以证明账本只增不改。")
    return DONE


def prove_one(args: argparse.Namespace) -> int:
    make_ready()
    by = who(args.by)
    recording = find_recording(args.recording, visible_to(by, clock.now()))
    proof = prove_recording(recording)
    _write(args.output, proof_text(proof))
    say(f"{recording.number} 的入库证明已存到 {args.output}（账本第 {proof.position} 条）。")
    if args.json:
        emit_json({"recording": recording.urn, "position": proof.position, "output": str(args.output)})
    return DONE


def prove_growth(args: argparse.Namespace) -> int:
    make_ready()
    old_note = received.checkpoint_in(_read(args.old))
    code = args.agency or old_note.partition("\n")[0].removeprefix("liuhen/")
    agency = _agency(code if Agency.objects.filter(code=code).exists() else args.agency)
    document = proofs.prove_consistency(agency, old_note)
    old, new = document["old"]["size"], document["new"]["size"]
    say(f"证明成立：账本从 {old} 条增长到 {new} 条，其间只增不改。")
    if args.output:
        _write(args.output, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        say(f"证明已存到 {args.output}。")
    if args.json:
        emit_json(document)
    return DONE


def rotate(args: argparse.Namespace) -> int:
    make_ready()
    done = rotate_key(_agency(args.agency), reason=args.reason, by=who(args.by), at=clock.now())
    say(f"签名密钥已更换：旧密钥签到第 {done.after} 条为止，其后由新密钥签名。")
    say("怎么办：把新的公钥和指纹抄入纸质登记簿，重新备份 keys 文件夹，并把新旧公钥一并告知见证单位。")
    say(f"新密钥指纹：{fingerprint(done.new)}")
    if args.json:
        emit_json({"old": done.old, "new": done.new, "after": done.after, "checkpoint": done.note})
    else:
        show(done.new)
    return DONE


def cosign_one(args: argparse.Namespace) -> int:
    make_ready()
    agency, at = _agency(args.agency), clock.now()
    key = _vkey(args.vkey)
    note = received.checkpoint_in(_read(args.checkpoint))
    if args.accept:
        kept = witness.accept(agency, note, key, at=at)
        say(f"已收存 {key.name} 对本单位第 {kept.size} 条检查点的见证签名。")
        if args.json:
            emit_json({"accepted": True, "witness": str(key), "size": kept.size})
        return DONE
    signed = witness.witness(agency, note, key, _proof(args.proof), at=at)
    cosigner = publish.signing_key(agency.code).as_cosigner().vkey
    say(f"已见证 {key.name} 的检查点。请把见证公钥一并交给对方：{cosigner}")
    if args.output:
        _write(args.output, signed)
        say(f"已存到 {args.output}。")
    if args.json:
        emit_json({"checkpoint": signed, "witness": str(cosigner)})
    elif not args.output:
        show(signed)
    return DONE


def _vkey(text: str) -> Vkey:
    """From a file (its last line is the key in force) or from the line itself."""
    try:
        is_file = Path(text).is_file()
    except OSError:  # a line longer than any file name
        is_file = False
    return received.key_in(_read(Path(text)) if is_file else text)


def _proof(path: Path | None) -> list[bytes] | None:
    return None if path is None else received.proof_in(_read(path))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"读不出 {path}。", remedy="请核对文件路径和内容。") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"写不进 {path}（{why(error)}）。", remedy="请换一个可写的位置。") from error
