"""使用前检查: which points fail. No text gives figures for 充足 and 足够, so they are the office's settings.

- What was not looked at has failed: an unread clock is not a clock that is set.
- A clock that shows 1970, 2000 or the year in which the device was made was never set.
- Space is told in minutes or in bytes; whatever is told must be enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from liuhen.base.devices.services import is_set
from liuhen.base.site import SiteSettings

WORDS: Final[dict[str, tuple[str, str]]] = {
    "fault": ("设备有故障", "请送修，或另换一台"),
    "battery": ("电量不足", "请充电或更换电池后再检查"),
    "battery_not_told": ("没有填写电量", "请按设备显示填写"),
    "space": ("存储空间不足", "请先采集存储卡、放行后清卡，再检查"),
    "space_not_told": ("没有填写剩余空间", "请按设备显示填写剩余时长或剩余空间"),
    "clock": ("时钟偏差超过允许范围", "请校准设备时钟后再测一次"),
    "clock_not_set": ("设备时钟未设置", "请先设置设备的日期和时间，再检查；这次显示的时间不用于校正"),
    "clock_not_read": ("没有测读时钟", "请按设备屏幕填写它显示的时间"),
}


@dataclass(frozen=True)
class Looked:
    """What somebody saw on the device. `shown_at`: what its clock said at the moment of the check."""

    fault_free: bool
    battery_percent: int | None = None
    free_bytes: int | None = None
    free_minutes: int | None = None
    shown_at: datetime | None = None


def failed_points(looked: Looked, at: datetime, rules: SiteSettings) -> list[str]:
    """Codes of WORDS, in the order in which a person checks."""
    found = [] if looked.fault_free else ["fault"]
    if looked.battery_percent is None:
        found.append("battery_not_told")
    elif looked.battery_percent < rules.check_battery_percent:
        found.append("battery")
    found += _space(looked, rules)
    if looked.shown_at is None:
        found.append("clock_not_read")
    elif not is_set(looked.shown_at, at):
        found.append("clock_not_set")
    elif abs((looked.shown_at - at).total_seconds()) > rules.clock_tolerance_seconds:
        found.append("clock")
    return found


def _space(looked: Looked, rules: SiteSettings) -> list[str]:
    if looked.free_minutes is None and looked.free_bytes is None:
        return ["space_not_told"]
    few = looked.free_minutes is not None and looked.free_minutes < rules.check_free_minutes
    small = looked.free_bytes is not None and looked.free_bytes < rules.check_free_mb * 1_000_000
    return ["space"] if few or small else []


def in_words(codes: list[str]) -> str:
    """设备有故障、电量不足."""
    return "、".join(WORDS[code][0] for code in codes if code in WORDS)


def what_to_do(codes: list[str]) -> str:
    return "；".join(WORDS[code][1] for code in codes if code in WORDS) + "。"
