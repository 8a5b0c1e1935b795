"""liuhen assign: say whose recording it is."""

from __future__ import annotations

import argparse
from typing import Any

from liuhen.base import clock
from liuhen.base.devices.services import find_device
from liuhen.base.office import make_ready, who
from liuhen.base.people.models import Agency, Officer
from liuhen.base.recordings.selectors import find_recording, visible_to
from liuhen.base.storage.amend import Owner, assign
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import UsageError

from .out import DONE, emit_json, say

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's command."""
    parser = commands.add_parser("assign", help="为“待归属”的记录确定设备和执法人员")
    parser.add_argument("recording", help="OCFL 标识、编号或 SHA-256")
    parser.add_argument("--device", help="设备序列号")
    parser.add_argument("--officer", help="执法人员的人员编号")
    parser.add_argument("--reason", required=True, help="依据什么确定归属")
    parser.add_argument("--by", help="办理的科室管理员账号")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=assign_recording)


def assign_recording(args: argparse.Namespace) -> int:
    make_ready()
    by, at = who(args.by), clock.now()
    recording = find_recording(args.recording, visible_to(by, at))
    device = find_device(by.agency, args.device) if args.device else None
    owner = Owner(device, _officer(by.agency, args.officer) or (device.keeper if device else None))
    entry = assign(recording, owner, open_stores(), reason=args.reason, by=by, at=at)
    recording.refresh_from_db()
    say(f"{recording.number} 已归属：设备 {recording.device or '无'}，执法人员 {recording.holder or '无'}。")
    if args.json:
        emit_json({"recording": recording.urn, "state": recording.state, "position": entry.position})
    return DONE


def _officer(agency: Agency, staff_no: str | None) -> Officer | None:
    if staff_no is None:
        return None
    officer = Officer.objects.filter(agency=agency, staff_no=staff_no).first()
    if officer is None:
        raise UsageError(f"没有人员编号 {staff_no}。", remedy="请先用 liuhen people add 登记该执法人员。")
    return officer
