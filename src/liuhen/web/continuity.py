"""连续性: one device, one day: every file in its place, what lies between them, and what time it truly was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liuhen.base import clock
from liuhen.base.devices.selectors import visible_to
from liuhen.base.recordings.acts import BROWSE
from liuhen.core.findings import Finding
from liuhen.core.media.junctions import Junction
from liuhen.stages.fieldwork.admitted import Admitted, DeviceDay, day_named, day_of, days_of

from .acting import not_there, only
from .clock_words import how, off_by
from .people_in import person_in
from .recording_facts import in_words

KINDS = {
    "split": "正常分段",
    "pause": "暂停",
    "power_off": "断电",
    "missing_number": "缺号",
    "overlap": "重叠",
    "trimmed": "疑似剪去",
    "foreign": "非本机文件",
    "out_of_order": "次序不符",
    "untimed": "时间不明",
}
_TONES = {"split": "good", "pause": "", "missing_number": "bad", "trimmed": "bad", "foreign": "bad"}
SEVERITIES = {"MUST": "必须处理", "SHOULD": "请核对", "NOTE": "说明"}
_FINDING_TONES = {"MUST": "error", "SHOULD": "warning", "NOTE": "info"}


@dataclass(frozen=True)
class Line:
    """One line of the day: a file, or what lies between it and the next."""

    file: Admitted | None = None
    junction: Junction | None = None
    length: str = ""
    apart: str = ""
    kind: str = ""
    tone: str = ""
    method: str = ""
    offset: str = ""
    said: datetime | None = None
    findings: tuple[dict[str, str], ...] = ()


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, BROWSE)
    person, at = person_in(request), clock.now()
    device = visible_to(person, at).filter(pk=pk).first()
    if device is None:
        raise not_there()
    days = days_of(device, by=person, at=at)
    chosen = _day(request.GET.get("day", "")) or (days[0] if days else None)
    context: dict[str, Any] = {"device": device, "days": days, "chosen": chosen, "lines": []}
    if chosen is not None:
        context |= _told(day_of(device, chosen, by=person, at=at))
    return render(request, "devices/continuity.html", context)


def _day(text: str) -> date | None:
    try:
        return day_named(text)
    except ValueError:
        return None


def _told(day: DeviceDay) -> dict[str, Any]:
    return {
        "one": day,
        "lines": lines(day),
        "twins": [_finding(one) for one in day.twins],
        "stops": sum(one.kind != "split" for one in day.junctions),
    }


def lines(day: DeviceDay) -> list[Line]:
    """Files in the order of time, each followed by the junction that begins with it."""
    after: dict[str, list[Junction]] = {}
    for one in day.junctions:
        after.setdefault(one.before, []).append(one)
    found = []
    for file in sorted(day.files, key=_place):
        found.append(_file(file))
        found += [_junction(one) for one in after.get(file.file.name, [])]
    return found


def _place(one: Admitted) -> tuple[bool, datetime, int]:
    start = one.truth.start
    return start is None, start or one.recording.stored_at, one.recording.position


def _file(one: Admitted) -> Line:
    truth, seconds = one.truth, (one.recording.duration_ms or 0) / 1000
    corrected = bool(truth.said and truth.start and truth.said != truth.start)
    method = how(truth.method, truth.confidence, corrected, truth.read_at, truth.start)
    return Line(
        file=one,
        length=in_words(seconds) if seconds else "—",
        method=method if truth.said else "没有可信的时间",
        offset=off_by(truth.offset) if corrected else "",
        said=truth.said if corrected else None,
        findings=tuple(_finding(finding) for finding in one.findings),
    )


def _junction(one: Junction) -> Line:
    seconds = one.seconds
    if seconds is None:
        apart = "—"
    else:
        apart = (
            f"重叠 {in_words(-seconds)}" if seconds < 0 else in_words(seconds) if seconds >= 0.0005 else "0"
        )
    return Line(
        junction=one,
        apart=apart,
        kind=KINDS[one.kind],
        tone=_TONES.get(one.kind, "wait"),
        findings=(_finding(one.finding),) if one.finding else (),
    )


def _finding(one: Finding) -> dict[str, str]:
    return {
        "text": one.text,
        "remedy": one.remedy,
        "severity": SEVERITIES[one.severity],
        "tone": _FINDING_TONES[one.severity],
    }
