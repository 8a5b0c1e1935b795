"""liuhen continuity DEVICE: one device, one day: what lies between its recordings, and what time it truly was."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from liuhen.base import clock
from liuhen.base.devices.selectors import visible_to
from liuhen.base.office import make_ready, who
from liuhen.core.errors import UsageError
from liuhen.stages.fieldwork.admitted import Admitted, DeviceDay, day_named, day_of, days_of

from .out import DONE, emit_json, show

Commands = Any


def add(commands: Commands) -> None:
    """Add this file's command."""
    one = commands.add_parser(
        "continuity", help="一台设备一天的连续性：分段、暂停、断电、缺号、重叠，和校正后的时间"
    )
    one.add_argument("device", metavar="序列号")
    one.add_argument("--day", type=_day, metavar="日期", help="如 2026-11-20；不写时为最近有记录的一天")
    one.add_argument("--by", metavar="账号", help="以谁的身份查看；不写时为本机账号")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run)


def _day(text: str) -> date:
    try:
        return day_named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"日期“{text}”读不懂，请写成 2026-11-20") from error


def run(args: argparse.Namespace) -> int:
    make_ready()
    person, at = who(args.by), clock.now()
    device = visible_to(person, at).filter(serial=args.device).first()
    if device is None:
        raise UsageError(
            f"没有设备 {args.device}。", remedy="请核对序列号：liuhen device list。", code="no_device"
        )
    days = days_of(device, by=person, at=at)
    day = args.day or (days[0] if days else None)
    if day is None:
        raise UsageError(
            f"{args.device} 还没有有时间的记录。", remedy="请先采集它的存储卡。", code="nothing_recorded"
        )
    found = day_of(device, day, by=person, at=at)
    emit_json(_as_json(found)) if args.json else show("\n".join(_in_words(found)))
    return DONE


def _as_json(found: DeviceDay) -> dict[str, Any]:
    return {
        "device": found.device.serial,
        "day": found.day.isoformat(),
        "partial": found.partial,
        "lost": list(found.lost),
        "files": [_file(one) for one in found.files],
        "junctions": [
            {
                "before": one.before,
                "after": one.after,
                "kind": one.kind,
                "seconds": one.seconds,
                "reason": one.reason,
                "finding": one.finding.as_json() if one.finding else None,
            }
            for one in found.junctions
        ],
        "twins": [one.as_json() for one in found.twins],
    }


def _file(one: Admitted) -> dict[str, Any]:
    truth = one.truth
    return {
        "number": one.recording.number,
        "recording": one.recording.urn,
        "kind": one.recording.kind,
        "said": _local(truth.said),
        "start": _local(truth.start),
        "end": _local(truth.end),
        "offset": truth.offset,
        "method": truth.method,
        "confidence": truth.confidence,
        "read_at": _local(truth.read_at),
        "claims": [
            {
                "source": claim.source,
                "field": claim.field,
                "raw": claim.raw,
                "zone": claim.zone,
                "at": _local(claim.moment),
                "of": claim.anchor,
            }
            for claim in truth.claims
        ],
        "findings": [finding.as_json() for finding in one.findings],
    }


def _local(moment: Any) -> str | None:
    return moment.astimezone(clock.SHANGHAI).isoformat() if moment else None


def _in_words(found: DeviceDay) -> list[str]:
    after = {one.before: one for one in found.junctions}
    told = [f"{found.device.serial}  {found.day}  {len(found.files)} 段"]
    for one in found.files:
        start = clock.local(one.truth.start) if one.truth.start else "时间不明"
        told.append(f"{one.recording.number}  {start}")
        told += [f"    {finding.text}怎么办：{finding.remedy}" for finding in one.findings]
        junction = after.get(one.file.name)
        if junction is not None:
            told.append(f"    ↓ {junction.reason}")
    return told
