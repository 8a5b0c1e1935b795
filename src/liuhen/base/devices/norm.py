"""What a device can do, as far as the register knows: what a regulation's technical norm is held against.

- Nothing told is None (or empty): unknown, never "no".
- In the ledger only what is known stands, so that entries from before there was a norm still read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from liuhen.core.errors import UsageError

_RESOLUTION = re.compile(r"([1-9][0-9]{2,4})x([1-9][0-9]{2,4})")
MOST_HOURS, MOST_GB = 1000, 1_000_000
_EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True)
class Norm:
    """`resolution` as 1920x1080; `battery_hours` of recording with one charge; `storage_gb` in powers of ten."""

    resolution: str = ""
    battery_hours: int | None = None
    storage_gb: int | None = None
    no_delete: bool | None = None
    explosion_proof: bool | None = None
    bought_on: date | None = None

    def as_data(self) -> dict[str, Any]:
        """For the ledger: only what is known."""
        known = {name: getattr(self, name) for name in FIELDS if getattr(self, name) not in (None, "")}
        return {name: one.isoformat() if isinstance(one, date) else one for name, one in known.items()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Norm:
        told = dict(data)
        if told.get("bought_on"):
            told["bought_on"] = date.fromisoformat(told["bought_on"])
        return cls(**told)

    def as_fields(self) -> dict[str, Any]:
        """For a row of devices."""
        return {name: getattr(self, name) for name in FIELDS}

    def checked(self) -> Norm:
        """Itself, if it can be one. Raises UsageError."""
        if self.resolution and not _RESOLUTION.fullmatch(self.resolution):
            raise UsageError(
                f"分辨率“{self.resolution[:40]}”不能识别。",
                remedy="请写成宽x高，如 1920x1080；不清楚的留空。",
            )
        for value, most, what in (
            (self.battery_hours, MOST_HOURS, "电池时长（小时）"),
            (self.storage_gb, MOST_GB, "存储容量（GB）"),
        ):
            if value is not None and not 1 <= value <= most:
                raise UsageError(f"{what}应在 1 至 {most} 之间。", remedy="请核对说明书；不清楚的留空。")
        if self.bought_on is not None and self.bought_on < _EARLIEST:
            raise UsageError(f"购置日期 {self.bought_on} 不合理。", remedy="请核对日期；不清楚的留空。")
        return self


UNKNOWN = Norm()
FIELDS = tuple(one.name for one in fields(Norm))


def written_resolution(text: str) -> str:
    """As people write it (1920*1080, 1920×1080, 1920 X 1080) to 1920x1080; what is none stays what it is."""
    return re.sub(r"\s*[x×X*＊]\s*", "x", text.strip())
