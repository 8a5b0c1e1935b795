"""Continuity across the files of one device: what lies between each file and the next.

- Told apart: normal split, pause, power-off, missing number, overlap, trimmed, foreign file; and, where the facts
  do not reach, out of order and untimed. Each junction has its measured length and the reason in words.
- A split is at most 0.04 s (GA/T 947.2 [K?], a site setting) plus what the times themselves cannot tell apart: a
  file name tells whole seconds, FAT steps of two.
- Two lenses of one device (stream A and B) record at the same time: each is a row of files of its own.
- A power-off is told only where the file before it did not end properly: a recorder switched off in good order
  leaves the same files as one that was paused.
- Trimmed by arithmetic: the device cuts at a fixed length, the next file begins where the full length would have
  ended, and the file before it is shorter. Or by a trace that the device's other files do not have.
- A foreign file is told from files of its own kind, is taken out of the row, and the row goes on without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ..findings import NOTE, SHOULD, Finding, Severity, found
from .continuity import Origin, within_file
from .contract import Probe

Kind = Literal[
    "split",
    "pause",
    "power_off",
    "missing_number",
    "overlap",
    "trimmed",
    "foreign",
    "out_of_order",
    "untimed",
]
_LAST = datetime.max.replace(tzinfo=UTC)
_ENOUGH = 3  # files before "the device's other files" means anything


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """One file of a device. `start` and `end` are corrected moments; `resolution` is the step of the clock that told
    them; `maker` is whatever its header says of the program and device that wrote it."""

    name: str
    start: datetime | None
    end: datetime | None
    sequence: int | None = None
    kind: str = "video"
    serial: str | None = None
    stream: str | None = None
    finished: bool = True
    origin: Origin = "unknown"
    maker: str = ""
    resolution: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is normal, in seconds: site settings."""

    split: float = 0.04
    segment: float = 2.0  # two lengths that near are the same fixed length


@dataclass(frozen=True, slots=True)
class Junction:
    """Between two neighbours. `seconds`: next start − previous end, negative where they overlap, None without times."""

    before: str
    after: str
    kind: Kind
    seconds: float | None
    reason: str
    finding: Finding | None = None


def device_file(
    name: str,
    probe: Probe,
    start: datetime | None,
    *,
    sequence: int | None = None,
    serial: str | None = None,
    stream: str | None = None,
    resolution: timedelta = timedelta(0),
) -> DeviceFile:
    """A file from its probe and what its name and clock say; the length is the probe's. Never raises."""
    judged = within_file(probe)
    end = start + timedelta(seconds=probe["duration"] or 0) if start else None
    maker = "|".join(str(probe[key] or "") for key in ("container", "make", "model", "encoder"))
    return DeviceFile(
        name,
        start,
        end,
        sequence=sequence,
        kind=probe["kind"],
        serial=serial,
        stream=stream,
        finished=judged.finished,
        origin=judged.origin,
        maker=maker,
        resolution=resolution,
    )


def junctions(
    files: Sequence[DeviceFile], *, serial: str | None = None, rules: Rules | None = None
) -> list[Junction]:
    """Every junction of one device's files, lens by lens, in order of time. n log n.

    `serial`: what the device is registered as; None: what most of its files say. Photos count in the numbering and
    make no junction of their own; what is neither picture nor sound stays out.
    """
    rules = rules or Rules()
    own = sorted(
        (one for one in files if one.kind != "other"),
        key=lambda one: (one.start or _LAST, one.sequence or 0, one.name),
    )
    normal = _normal(own, serial, rules)
    result: list[Junction] = []
    for lens in sorted({one.stream or "" for one in own}):
        result.extend(_row(own, lens, normal, rules))
    return result


def usual_length(files: Sequence[DeviceFile], within: float) -> float | None:
    """The fixed length a device cuts its films at, in seconds: the commonest of three or more alike; None without."""
    lengths = sorted(_length(one) for one in files if one.kind == "video" and _length(one) > 0)
    best, best_count, first = 0.0, 0, 0
    for last, length in enumerate(lengths):
        while length - lengths[first] > within:
            first += 1
        if last - first + 1 > best_count:
            best, best_count = lengths[(first + last) // 2], last - first + 1
    return best if best_count >= _ENOUGH else None


@dataclass(frozen=True, slots=True)
class _Normal:
    """What most of the device's files have in common. `makers`: kind by kind, for one device writes films and sound alike
    with programs of their own."""

    serial: str | None
    makers: dict[str, str | None]
    traced: bool
    length: float | None


def _normal(files: Sequence[DeviceFile], serial: str | None, rules: Rules) -> _Normal:
    films = [one for one in files if one.kind != "photo"]
    makers = {
        kind: _most([one.maker for one in films if one.kind == kind and one.maker.strip("|")])
        for kind in {one.kind for one in films}
    }
    traced = sum(one.origin in ("library", "editor") for one in films)
    return _Normal(
        serial or _most([one.serial for one in files if one.serial]),
        makers,
        2 * traced > len(films) or len(films) < _ENOUGH,
        usual_length(films, rules.segment),
    )


def _most(values: Sequence[str]) -> str | None:
    """The value that more than half of at least three share."""
    if len(values) < _ENOUGH:
        return None
    value, count = Counter(values).most_common(1)[0]
    return value if 2 * count > len(values) else None


def _row(files: list[DeviceFile], lens: str, normal: _Normal, rules: Rules) -> Iterator[Junction]:
    """One lens's films in order; photos and the other lens count between them for the numbering alone."""
    last: int | None = None
    for place, one in enumerate(files):
        if (one.stream or "") != lens:
            continue
        before = files[last] if last is not None else None
        reason = _foreign(one, normal)
        if reason is not None:
            finding = found("foreign_file", SHOULD, name=one.name, reason=reason)
            seconds = _between(before, one) if before else None
            yield Junction(before.name if before else "", one.name, "foreign", seconds, reason, finding)
        elif one.kind != "photo":
            if before is not None and last is not None:
                between = {other.sequence for other in files[last + 1 : place]}
                yield _junction(before, one, _step(before, one, between), normal, rules)
            last = place


def _foreign(one: DeviceFile, normal: _Normal) -> str | None:
    if one.serial and normal.serial and one.serial.casefold() != normal.serial.casefold():
        return f"文件名中的设备是 {one.serial}，不是 {normal.serial}"
    maker = normal.makers.get(one.kind)
    if (
        maker is not None
        and one.maker.strip("|")
        and one.maker != maker
        and one.origin not in ("library", "editor")
    ):
        return "文件头写明的机型或程序与本设备其他文件不同"
    return None


def _junction(
    one: DeviceFile, after: DeviceFile, step: int | None, normal: _Normal, rules: Rules
) -> Junction:
    seconds = _between(one, after)
    kind, reason, severity, more = _judge(one, after, step, seconds, normal, rules)
    finding = None
    if severity is not None:
        facts: dict[str, Any] = {
            "before": one.name,
            "after": after.name,
            "name": one.name,
            "seconds": seconds or 0.0,
        }
        finding = found(kind, severity, **{**facts, "reason": reason, **more})
    return Junction(one.name, after.name, kind, seconds, reason, finding)


_Verdict = tuple[Kind, str, Severity | None, dict[str, Any]]


def _judge(
    one: DeviceFile,
    after: DeviceFile,
    step: int | None,
    seconds: float | None,
    normal: _Normal,
    rules: Rules,
) -> _Verdict:
    """The first that holds, the gravest first."""
    if step is not None and step > 1:
        return "missing_number", f"编号从 {one.sequence} 跳到 {after.sequence}", SHOULD, {"count": step - 1}
    if seconds is None:
        name = one.name if one.end is None else after.name
        return "untimed", "没有可用的时间，只能看编号", NOTE, {"name": name}
    if step is not None and step < 0:
        return "out_of_order", f"编号从 {one.sequence} 回到 {after.sequence}，时间却在后", SHOULD, {}
    blur = rules.split + max(one.resolution, after.resolution).total_seconds()
    if seconds < -blur:
        return "overlap", "后一段开始时前一段还没有结束", SHOULD, {}
    cut = _trimmed(one, after, seconds, normal, rules, blur)
    if cut:
        return "trimmed", cut[1], SHOULD, {"name": cut[0]}
    if not one.finished:
        return "power_off", "前一段没有正常结束", SHOULD, {}
    if seconds <= blur:
        exact = seconds <= rules.split
        return "split", "正常分段" if exact else "正常分段（在时间精度之内）", None, {}
    return "pause", "前一段正常结束后又开始；设备暂停或正常关机", NOTE, {}


def _trimmed(
    one: DeviceFile, after: DeviceFile, seconds: float, normal: _Normal, rules: Rules, blur: float
) -> tuple[str, str] | None:
    """Which of the two was cut, and why it is thought so."""
    for file in (one, after):
        if file.origin in ("library", "editor") and not normal.traced and file.kind != "photo":
            return file.name, "带有本设备其他文件没有的编码或编辑痕迹"
    if normal.length is None or one.start is None or after.start is None or seconds <= blur:
        return None
    near = rules.segment + blur
    whole = normal.length
    if _length(one) < whole - near and abs((after.start - one.start).total_seconds() - whole) <= near:
        return one.name, f"后一段正好在满 {whole:.0f} 秒处开始，本段却只有 {_length(one):.0f} 秒"
    full = abs(_length(one) - whole) <= near
    if full and _length(after) < whole - near and abs(_length(after) + seconds - whole) <= near:
        return after.name, f"结尾正好在满 {whole:.0f} 秒处，开头缺 {seconds:.0f} 秒"
    return None


def _step(one: DeviceFile, after: DeviceFile, between: set[int | None]) -> int | None:
    """How far the number goes on beyond what lies between: 1 is next. A number that begins again at 0 or 1 (new day,
    counter full) counts as next."""
    if one.sequence is None or after.sequence is None:
        return None
    step = after.sequence - one.sequence
    if step < 0 and after.sequence <= 1:
        return 1
    known = sum(one.sequence < number < after.sequence for number in between if number is not None)
    return step - known


def _between(one: DeviceFile, after: DeviceFile) -> float | None:
    if one.end is None or after.start is None:
        return None
    return round((after.start - one.end).total_seconds(), 6)


def _length(one: DeviceFile) -> float:
    return (one.end - one.start).total_seconds() if one.start and one.end else 0.0
