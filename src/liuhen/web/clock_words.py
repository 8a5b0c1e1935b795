"""The time of a recording, the same on every page: where it lies in corrected time, and in words how that came about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liuhen.base import clock
from liuhen.base.recordings import moments
from liuhen.base.recordings.models import Recording
from liuhen.core.field.offsets import FRESH
from liuhen.core.findings import length_in_words
from liuhen.stages.fieldwork.models import Placed
from liuhen.stages.fieldwork.placing import place_of

METHODS = {
    "as_said": "按设备自己的时间，没有可靠的对照，未作校正",
    "dock_reading": "按{read}测读的时钟偏差校正",
    "zone_shift": "按时区差校正",
    "gps_series": "按多个卫星定位时间校正",
    "gps_single": "按一个卫星定位时间校正",
}
AGREES = {
    "dock_reading": "与{read}测读的时钟相符",
    "gps_series": "与多个卫星定位时间相符",
    "gps_single": "与卫星定位时间相符",
}
CONFIDENCE = {"high": "可靠", "medium": "较可靠", "low": "仅供参考"}


def shown(recording: Recording, record: dict[str, Any]) -> moments.Clock:
    """The moment that the recording begins with, on its own page as on that of its activity and of its device's day."""
    said = moments.said_by(record)
    placed = place_of(recording)
    if placed is None or placed.start is None:
        return said
    return moments.Clock(placed.start, f"{said.words}；{of_placed(placed)}")


def of_placed(row: Placed) -> str:
    """“按 2026-03-13 18:00 测读的时钟偏差校正（可靠），设备时钟快 3 秒”."""
    words = how(row.method, row.confidence, bool(row.offset), row.read_at, row.start)
    return f"{words}，设备时钟{off_by(row.offset)}" if row.offset else words


def how(
    method: str, confidence: str, corrected: bool, read_at: datetime | None, start: datetime | None
) -> str:
    """By what the time was corrected or found to agree, and how far that can be relied on."""
    words = (METHODS if corrected else AGREES).get(method, METHODS["as_said"])
    sure = [CONFIDENCE[confidence]] if confidence in CONFIDENCE else []
    if method == "dock_reading" and read_at and start and abs(read_at - start) > FRESH:
        sure.append(f"测读与录制相隔 {abs(read_at - start).days} 天")
    read = f" {clock.local(read_at)[:16]} " if read_at else ""
    relied = f"（{'，'.join(sure)}）" if sure else ""
    return words.format(read=read) + relied


def off_by(seconds: float) -> str:
    """“快 3 秒”: positive is fast."""
    return f"{'快' if seconds > 0 else '慢'} {length_in_words(seconds)}"
