"""When a recording was made: every time that anything tells, side by side.

- Three clocks are kept apart (DESIGN §4): what the device said, what it is corrected to, and when the server learned it.
- Here is what the device said: by the file name, else the first believable time inside the file.
- Nothing is hidden: a time that cannot be believed is told with its raw value and no moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from liuhen.base.clock import parse_stamp

Record = dict[str, Any]

ZONES = {
    "utc-by-standard": "按该字段的标准为 UTC",
    "stated": "文件写明了时区",
    "local-assumed": "未写时区，按东八区（北京时间）理解",
    "unknown": "读不懂，未采用",
}


@dataclass(frozen=True)
class Moment:
    """One time that something tells. `difference`: seconds after the clock the page runs on; None without both."""

    what: str
    field: str
    raw: str
    zone: str
    at: datetime | None
    difference: float | None = None
    hint: str = ""


@dataclass(frozen=True)
class Clock:
    """The moment of the recording's first picture or sound as a page shows it, and where that comes from."""

    start: datetime | None
    words: str


def said_by(record: Record) -> Clock:
    """By what the device told, as it told it: the file's name, else the first believable time inside the file."""
    said = _first_told(record)
    if said is None:
        return Clock(None, "没有任何可信的时间，只能显示已播时长")
    return Clock(said.at, said.what)


def moments_of(record: Record) -> list[Moment]:
    """Every time told, each with its difference from the device's own."""
    first = _first_told(record)
    start = first.at if first else None
    return [
        Moment(one.what, one.field, one.raw, one.zone, one.at, _between(start, one.at), one.hint)
        for one in [*_by_the_name(record), *_inside(record), *_around(record)]
    ]


_NAME = "文件名"


def _first_told(record: Record) -> Moment | None:
    return next((one for one in [*_by_the_name(record), *_inside(record)] if one.at is not None), None)


def _by_the_name(record: Record) -> list[Moment]:
    facts = record["name_facts"]
    if not facts.get("raw_ts"):
        return []
    at = parse_stamp(facts["taken_at"]) if facts.get("taken_at") else None
    zone = f"按命名规则为 {facts['zone']}" if facts.get("zone") else "未写时区"
    return [Moment("设备时钟（文件名）", _NAME, facts["raw_ts"], zone, at, hint="开始录制时的设备时钟")]


def _inside(record: Record) -> list[Moment]:
    says = record["says"]
    found = [
        Moment("文件内部", one["field"], one["raw"], ZONES.get(one["zone"], one["zone"]), _parsed(one["utc"]))
        for one in says.get("times") or []
    ]
    gps = says.get("gps") or {}
    if gps.get("utc"):
        found.append(
            Moment("卫星定位", gps["field"], gps["utc"], ZONES["utc-by-standard"], _parsed(gps["utc"]))
        )
    return found


def _around(record: Record) -> list[Moment]:
    modified, ingested = record["original"].get("modified_ns"), record["ingested"]["at"]
    found = []
    if modified is not None:
        at = _from_ns(modified)
        hint = "卡的文件系统通常精确到 2 秒，多为录制结束时刻"
        raw = str(modified)
        found.append(Moment("卡上文件的修改时间", "文件系统", raw, "按东八区理解", at, hint=hint))
    clock = record["clock"]
    if clock.get("measured"):
        zone = "设备与服务器同时读取"
        shown, server = _parsed(clock["shown"]), _parsed(clock["server"])
        found.append(Moment("采集时设备显示的时间", "人工读取", clock["shown"], zone, shown))
        found.append(Moment("采集时服务器的时间", "服务器", clock["server"], zone, server))
    found.append(Moment("入库时间", "服务器", ingested, "UTC", _parsed(ingested)))
    return found


def _from_ns(value: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1_000_000_000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _parsed(text: str | None) -> datetime | None:
    return parse_stamp(text) if text else None


def _between(start: datetime | None, at: datetime | None) -> float | None:
    return None if start is None or at is None else (at - start).total_seconds()
