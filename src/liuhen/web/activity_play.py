"""Recordings of an activity as the player in step asks for them: which there are, and their sources once opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.core.errors import LiuhenError

from .activity_items import Item
from .activity_shapes import Told
from .recording_facts import source_of

LANES = 4  # devices side by side
MOST = 40  # recordings opened at once


@dataclass(frozen=True)
class PlayLane:
    """One device, who carried it, and its films and sounds in the order of time."""

    name: str
    note: str
    films: tuple[Item, ...]


def lanes_of(told: Told) -> list[PlayLane]:
    lanes: dict[str, list[Item]] = {}
    for one in told.recordings:
        if one.play:
            lanes.setdefault(one.lane, []).append(one)
    return [PlayLane(name, told.carried.get(name, ""), tuple(films)) for name, films in sorted(lanes.items())]


def source_told(row: Recording, person: Account, session: str, at: datetime) -> dict[str, Any]:
    """Opens a visit to it. `source` is None where nothing can be played; `note` says why."""
    placed = row.placed
    told: dict[str, Any] = {
        "id": str(row.pk),
        "number": row.number,
        "kind": row.kind,
        "lane": row.device.serial if row.device else "未登记设备",
        "holder": row.holder.name if row.holder else "",
        "page": reverse("recording", args=[row.number]),
        "start": placed.start.timestamp() if placed.start else None,
        "seconds": (row.duration_ms or 0) / 1000,
        "parts": placed.pieces,
    }
    try:
        mode, source, mime = source_of(row, person, session, at)
    except LiuhenError as error:
        return {**told, "source": None, "mime": "", "note": f"{error.message}怎么办：{error.remedy}"}
    notes = {
        "making": "浏览副本正在制作。怎么办：稍后再打开；打开这条记录的页面可以看进度。",
        "impossible": "浏览器不能播放。怎么办：请由科室管理员下载原件，用专用播放软件查看。",
    }
    return {**told, "source": source, "mime": mime, "note": notes.get(mode, "")}
