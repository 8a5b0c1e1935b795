"""Rows against tree, tree against published tiles, tiles against the signed checkpoint; the tail included.

- Reads only, each row and each published file once; trusts nothing that was computed before.
- A finding names the position; row or tile, the signed root says which is wrong (walk.py).
- The keys are held against the ledger's own entries: a key that no rotation named signs nothing.
- What cannot be seen here (rows, tiles and checkpoint all cut back together) is seen by holding a printed
  receipt's checkpoint against `consistency`.
"""

from __future__ import annotations

from liuhen.base.people.models import Agency
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.checkpoint import Checkpoint, open_checkpoint
from liuhen.core.tlog.keys import KeyFileError
from liuhen.core.tlog.merkle import EMPTY_ROOT
from liuhen.core.tlog.notes import CheckpointError, Vkey

from . import publish
from .models import Head
from .report import LedgerFinding, LedgerReport
from .walk import Walk

__all__ = ["LedgerFinding", "LedgerReport", "verify_ledger"]


def verify_ledger(agency: Agency) -> LedgerReport:
    """Check one agency's whole ledger. Never raises for what is wrong in it: that is a finding."""
    report = LedgerReport(agency.code)
    note = _note(report, agency.code)
    report.checkpoint = None if note is None else _checkpoint(report, agency.code, note)
    if note is not None and report.checkpoint is not None:
        _check_keys(report, agency, report.checkpoint, note)
    head = _head_size(agency)
    walk = Walk(report, agency)
    walk.everything()
    walk.judge()
    report.size, report.root = walk.rows.size, walk.rows.root(walk.rows.size) or EMPTY_ROOT
    if head is None or not head <= walk.expected <= (_head_size(agency) or 0):
        report.say(None, "head_differs", f"账本登记为 {head} 条，实有 {walk.expected} 条。")
    report.findings.sort(key=lambda finding: (finding.position is None, finding.position or 0))
    return report


def _head_size(agency: Agency) -> int | None:
    return Head.objects.filter(agency=agency).values_list("size", flat=True).first()


def _note(report: LedgerReport, code: str) -> str | None:
    try:
        note = publish.published_note(code)
    except (OSError, UnicodeDecodeError) as error:
        report.say(None, "checkpoint_invalid", f"检查点读不出：{error}")
        return None
    if note is None:
        report.say(None, "checkpoint_missing", "没有已签名的检查点。")
    return note


def _checkpoint(report: LedgerReport, code: str, note: str) -> Checkpoint | None:
    try:
        checkpoint = open_checkpoint(note, publish.vkeys_of(code))
    except (LiuhenError, OSError, UnicodeDecodeError) as error:
        report.say(None, "checkpoint_invalid", f"检查点的签名不成立：{error}")
        return None
    if checkpoint.origin != publish.origin_of(code):
        report.say(None, "checkpoint_foreign", f"检查点属于另一个账本（{checkpoint.origin}）。")
        return None
    return checkpoint


def _check_keys(report: LedgerReport, agency: Agency, checkpoint: Checkpoint, note: str) -> None:
    """The keys in the `vkey` file are those the ledger tells of, and the one in force signed."""
    vkeys = publish.vkeys_of(agency.code)
    rotations = publish.rotations_of(agency)
    told = [str(key) for key in vkeys]
    first = rotations[0].old if rotations else told[0]
    due = [first, *(one.new for one in rotations if one.after < checkpoint.size)]
    if told not in (due, [first, *(one.new for one in rotations)]):
        report.say(None, "vkey_differs", "公钥文件中的密钥与账本记载的不一致，可能被人添加或替换。")
    elif not _own_key_is_among(agency.code, told):
        report.say(None, "vkey_differs", "公钥文件中没有本机签名密钥的公钥，文件可能被替换。")
    try:
        open_checkpoint(note, [Vkey.parse(due[-1])])
    except CheckpointError:
        report.say(None, "checkpoint_foreign", "检查点不是由此时有效的密钥签署的。")


def _own_key_is_among(code: str, told: list[str]) -> bool:
    try:
        return str(publish.signing_key(code).vkey) in told
    except KeyFileError:
        return True  # whoever only checks has no key; a missing key is said when something is to be signed
