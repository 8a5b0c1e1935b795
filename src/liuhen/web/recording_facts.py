"""What the page of a recording says, read from record.json, the ledger and the rows; rules stand elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.jobs.chores import previews_for
from liuhen.base.jobs.models import Job
from liuhen.base.people.models import Account
from liuhen.base.recordings import moments
from liuhen.base.recordings.acts import VIEW
from liuhen.base.recordings.models import Recording, Snapshot, Visit
from liuhen.base.recordings.selectors import Neighbour, neighbours
from liuhen.base.recordings.visits import open_visit
from liuhen.base.storage.custody import custody_of
from liuhen.base.storage.reading import record_of
from liuhen.base.storage.serving import (
    UNKNOWN,
    Kind,
    made_for,
    mime_of,
    needs_viewing_copy,
    preview_told,
)

from . import clock_words
from .activity_beside import marks_on
from .contents import content_address
from .equipment import finding_of
from .marking import marks_told
from .recording_findings import findings_of, legend_of, stretches_of
from .start import address
from .templatetags.liuhen import milliseconds

METHODS = {
    "direct": "绕过缓存，从磁盘回读比对",
    "fadvise": "清除缓存后，从磁盘回读比对",
    "ledger": "重建时依据留痕账本登记，尚未回读",
}
_LATE = timedelta(minutes=2)


def page_of(
    recording: Recording, visit: Visit, person: Account, at: datetime, job: Job | None
) -> dict[str, Any]:
    record = record_of(recording)
    own = clock_words.shown(recording, record)
    before, after = (_neighbour(one) for one in neighbours(recording, person, at))
    stills = stills_of(recording, visit)
    return {
        "recording": recording,
        **marks_told(recording, person, at),
        "list_address": address("recordings"),
        "says": record["says"],
        "shape": _shape(record["says"]),
        "clock": own,
        "moments": [(one, difference_in_words(one.difference)) for one in moments.moments_of(record)],
        "before": before,
        "after": after,
        "day_address": continuity_address(recording.device, recording.taken_at),
        "findings": [*findings_of(recording), *([alone] if (alone := finding_of(recording)) else [])],
        "copies": [
            (copy, METHODS.get(copy.method, copy.method)) for copy in recording.copies.order_by("store")
        ],
        **_custody(recording),
        "members": _members(recording),
        "stills": stills,
        **_player(
            recording, record, visit, own, (before, after), stills, job, marks_on(recording, person, at)
        ),
    }


def continuity_address(device: Device | None, taken_at: datetime | None) -> str:
    """Where the day of a recording stands; empty where it has no device or no time."""
    if device is None or taken_at is None:
        return ""
    day = taken_at.astimezone(clock.SHANGHAI)
    return f"{reverse('device_continuity', args=[device.pk])}?day={day:%Y-%m-%d}"


# -- the player


def _player(
    recording: Recording,
    record: dict[str, Any],
    visit: Visit,
    own: moments.Clock,
    beside: tuple[dict[str, Any] | None, dict[str, Any] | None],
    stills: list[dict[str, Any]],
    job: Job | None,
    marks: list[dict[str, Any]],
) -> dict[str, Any]:
    """`mode`: original, viewing, making (a copy is on the way), impossible, or none (nothing to be played)."""
    says, told, made = record["says"], preview_told(recording), made_for(recording)
    mode, source, mime = _source(recording, visit, job, made)
    stretches = stretches_of(recording)
    data = {
        "kind": recording.kind,
        "source": source,
        "mime": mime,
        "seconds": says.get("duration") or told.get("seconds") or 0,
        "fps": _frame_rate(says) or 25,
        "start": clock.stamp(own.start) if own.start else None,
        "gaps": [gap for gap in says.get("gaps") or [] if gap["length"] > 0],
        "stretches": stretches,
        "strip": _strip(recording, visit, told),
        "peaks": content_address(recording.pk, Kind.PEAKS, visit=visit.token)
        if made.get(Kind.PEAKS)
        else None,
        "before": beside[0] and {"words": beside[0]["words"], "number": beside[0]["number"]},
        "after": beside[1] and {"words": beside[1]["words"], "number": beside[1]["number"]},
        "marks": [*marks, *({"at": one["seconds"], "label": one["number"]} for one in stills)],
    }
    return {
        "mode": mode,
        "player": json.dumps(data, ensure_ascii=False),
        "legend": legend_of(stretches),
        "source": data["source"],
        "job": job_told(job) if job else None,
        "failures": [one["text"] for one in told.get("findings", [])] if mode == "impossible" else [],
    }


def source_of(
    recording: Recording, person: Account, session: str, at: datetime
) -> tuple[str, str | None, str]:
    """(mode, address, kind of content) of what can be played of it. Opens a visit, as its page does."""
    record_of(recording)  # where it is lost, nothing was viewed
    visit = open_visit(recording, by=person, session=session, at=at)
    return _source(recording, visit, previews_for(recording, at=at), made_for(recording))


def _source(
    recording: Recording, visit: Visit, job: Job | None, made: dict[str, str | None]
) -> tuple[str, str | None, str]:
    mode = _mode(recording, made, job)
    kind = {"original": Kind.ORIGINAL, "viewing": Kind.VIEWING}.get(mode)
    mime = mime_of(recording) if mode == "original" else _copy_mime(made)
    source = content_address(recording.pk, kind, visit=visit.token) if kind else None
    return mode, source, "video/mp4" if mime == "video/quicktime" else mime


def _mode(recording: Recording, made: dict[str, str | None], job: Job | None) -> str:
    if recording.kind == Recording.Kind.OTHER:
        return "none"
    if not needs_viewing_copy(recording):
        return "original"
    if made.get(Kind.VIEWING):
        return "viewing"
    return "making" if job else "impossible"


def _copy_mime(made: dict[str, str | None]) -> str:
    name = made.get(Kind.VIEWING) or ""
    return {"mp4": "video/mp4", "m4a": "audio/mp4", "jpg": "image/jpeg"}.get(name[-3:], UNKNOWN)


def _strip(recording: Recording, visit: Visit, told: dict[str, Any]) -> dict[str, Any] | None:
    grid = told.get("strip")
    if not grid:
        return None
    return {**grid, "url": content_address(recording.pk, Kind.STRIP, visit=visit.token)}


def job_told(job: Job) -> dict[str, Any]:
    waiting = clock.now() - job.asked_at
    return {
        "pk": job.pk,
        "words": job.get_state_display(),
        "done": job.files_done,
        "total": job.files_total or 0,
        "late": job.state in Job.WAITING and waiting > _LATE,
    }


# -- beside the player


def _shape(says: dict[str, Any]) -> str:
    """1920 × 1080，25 帧/秒，H264、AAC，MP4."""
    size = f"{says['width']} × {says['height']}" if says.get("width") else ""
    frames = _frame_rate(says)
    rate = f"{frames:.3f}".rstrip("0").rstrip(".") + " 帧/秒" if frames else ""
    sound = f"{says['sample_rate']} Hz" if says.get("sample_rate") else ""
    codecs = "、".join(str(one).upper() for one in says.get("codecs") or [])
    parts = (size, rate, sound, codecs, str(says.get("container") or "").upper())
    return "，".join(dict.fromkeys(part for part in parts if part))


def _frame_rate(says: dict[str, Any]) -> float | None:
    """Pictures a second while it was recording: the gaps do not count."""
    film = next((one for one in says.get("streams") or [] if one.get("type") == "video"), None)
    if film is None or not film.get("packets") or not film.get("duration"):
        return says.get("fps")
    gaps = [gap["length"] for gap in says.get("gaps") or [] if gap["stream"] == film["index"]]
    recorded = film["duration"] - sum(gaps)
    pictures = film["packets"] - len(gaps)
    return round(pictures / recorded, 6) if recorded > 0 and pictures > 0 else says.get("fps")


def _neighbour(one: Neighbour | None) -> dict[str, Any] | None:
    if one is None:
        return None
    row = one.recording
    return {
        "number": row.number,
        "kind": row.get_kind_display(),
        "taken_at": row.taken_at,
        "words": apart_in_words(one.apart),
        "overlap": one.apart is not None and one.apart < 0,
        "href": reverse("recording", args=[row.number]),
    }


def apart_in_words(seconds: float | None) -> str:
    if seconds is None:
        return "间隔不明（时长未知）"
    if abs(seconds) < 0.0005:
        return "首尾相接"
    return f"重叠 {-seconds:.3f} 秒" if seconds < 0 else f"间隔 {in_words(seconds)}"


def in_words(seconds: float) -> str:
    """0.480 秒, 5 分 12 秒, 3 小时 2 分, 2 天 3 小时."""
    if seconds < 60:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " 秒"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "天"), (hours, "小时"), (minutes, "分"), (rest, "秒")]
    first = next(at for at, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number)


def difference_in_words(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    if abs(seconds) < 0.0005:
        return "0"
    return f"{'晚' if seconds > 0 else '早'} {in_words(abs(seconds))}"


@dataclass(frozen=True)
class Viewer:
    name: str
    times: int
    last: str


def _custody(recording: Recording) -> dict[str, Any]:
    """The chain without its viewings, and who viewed how often."""
    steps = custody_of(recording)
    views = [step for step in steps if step["kind"] == VIEW.kind]
    counts = Counter(step["by"] for step in views)
    last = {step["by"]: step["at"] for step in views}
    viewers = [
        Viewer(name, times, clock.local(clock.parse_stamp(last[name]))) for name, times in counts.items()
    ]
    return {
        "custody": [step for step in steps if step["kind"] != VIEW.kind],
        "viewings": len(views),
        "viewers": viewers,
    }


def _members(recording: Recording) -> list[tuple[str, str, str]]:
    """(words, file, address) of what proves it."""
    told = (
        ("证明", "*.tlog-proof", "proof"),
        ("入库条目", "entry.json", "entry"),
        ("本单位公钥", "vkey", "vkey"),
        ("记录说明", "record.json", "record"),
    )
    return [
        (words, file, content_address(recording.pk, Kind.MEMBER, name=name)) for words, file, name in told
    ]


def stills_of(recording: Recording, visit: Visit) -> list[dict[str, Any]]:
    """Newest first."""
    own = clock_words.shown(recording, record_of(recording))
    return [_still(row, visit, own.start) for row in recording.snapshots.order_by("-pk")]


def _still(row: Snapshot, visit: Visit, start: datetime | None) -> dict[str, Any]:
    seconds = row.time_us / 1_000_000
    return {
        "number": row.number,
        "seconds": seconds,
        "elapsed": milliseconds(row.time_us // 1000),
        "at": f"{clock.local(start + timedelta(seconds=seconds))}" if start else "",
        "href": content_address(row.recording_id, Kind.SNAPSHOT, visit=visit.token, name=row.number),
        "width": row.width,
        "height": row.height,
        "bytes": row.bytes,
        "sha256": row.sha256,
        "sm3": row.sm3,
        "by": row.taken_by,
        "taken_at": row.taken_at,
    }
