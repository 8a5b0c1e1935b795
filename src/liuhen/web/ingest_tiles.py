"""What a tile of the ingest wall shows: one card, folder or upload, in words, a colour and an icon.

- Who may read titles, sentences and names of files is asked of the kind's own rule, tile by tile; everybody of
  the office sees states and counts.
- A tile's two parts have versions: the page replaces a part only when its version has changed, so that an open
  form or list stays open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.jobs.kinds import kind_named
from liuhen.base.jobs.models import Job
from liuhen.base.people.models import Account
from liuhen.stages.ingest import acts, arriving, selectors, uploads_end
from liuhen.stages.ingest.models import Batch, UploadSet

from .templatetags.liuhen import size

_STATE = Job.State
# state -> tone, icon, words
_LOOKS = {
    _STATE.QUEUED: ("wait", "hourglass-split", "排队中"),
    _STATE.RUNNING: ("busy", "arrow-repeat", "采集中"),
    _STATE.RETRYING: ("wait", "clock-history", "稍后重试"),
    _STATE.FAILED: ("bad", "x-circle", "未成功"),
    _STATE.CANCELLED: ("plain", "stop", "已取消"),
}
_STOPPING = ("wait", "hourglass-split", "正在停止")
_RELEASED = ("good", "check-circle", "已完成，可以取卡")
_TAKEN = ("good", "check-circle", "已完成，全部入库")
_KEPT = ("bad", "exclamation-triangle", "已结束，不放行")
_ARRIVING = ("busy", "upload", "上传中")
_ARRIVED = ("wait", "upload", "已传完，还没有入库")


@dataclass
class Tile:
    """One tile; `looks`: tone, icon, words."""

    id: str
    title: str
    looks: tuple[str, str, str]
    facts: list[tuple[str, str]] = field(default_factory=list)
    progress: tuple[int, int] | None = None
    counts: str = ""
    pace: str = ""
    said: str = ""
    troubles: list[dict[str, Any]] = field(default_factory=list)
    troubles_count: int = 0
    live: bool = False
    receipt: str = ""
    receipt_url: str = ""
    cancel_url: str = ""
    again_url: str = ""
    close_url: str = ""
    drop_url: str = ""
    more_url: str = ""  # where a page of the opener goes on sending

    @property
    def version(self) -> str:
        """Of the part that shows how far it is."""
        return _digest(self.title, self.looks, self.facts, self.counts, self.progress, self.pace, self.said)

    @property
    def acts_version(self) -> str:
        """Of the part with troubles and buttons."""
        urls = (self.receipt, self.cancel_url, self.again_url, self.close_url, self.drop_url, self.more_url)
        return _digest(urls, self.troubles, self.troubles_count)


def _digest(*values: Any) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()[:12]


def tiles_for(person: Account, at: datetime) -> list[Tile]:
    """Live ones first, then what ended lately, newest first."""
    jobs = list(selectors.ingests_of(person, at)[:60])
    sets = list(selectors.uploads_of(person, at)[:20])
    batches = selectors.batches_by_job(jobs)
    devices = _devices(person, jobs)
    may = acts.may_begin(person)
    waiting = {str(upload.pk): upload for upload in sets}
    shown = {job.args.get("upload") for job in jobs}
    tiles = [_of_upload(upload, person) for upload in sets if str(upload.pk) not in shown]
    latest: set[str] = set()
    for job in sorted(jobs, key=lambda job: not job.live):
        upload = waiting.get(job.args.get("upload", ""))
        tile = _of_job(job, batches.get(str(job.pk)), devices, person, at)
        newest = job.key not in latest
        latest.add(job.key)
        if may and job.live:
            tile.cancel_url = reverse("ingest_cancel", args=[job.pk])
        elif may and newest and not job.live:
            _offer_again(tile, job, upload)
        tiles.append(tile)
    return tiles


def _devices(person: Account, jobs: Iterable[Job]) -> dict[str, Device]:
    serials = {job.args.get("device") for job in jobs} - {None}
    rows = Device.objects.filter(agency_id=person.agency_id, serial__in=serials)
    return {row.serial: row for row in rows.select_related("keeper")}


def _of_job(job: Job, batch: Batch | None, devices: dict[str, Device], person: Account, at: datetime) -> Tile:
    named = kind_named(job.kind).names.allows(person, job, at)
    device = batch.device if batch and batch.device else devices.get(job.args.get("device") or "")
    officer = batch.holder if batch and batch.holder else device.keeper if device else None
    facts = [
        ("设备", f"{device.model} {device.serial}".strip() if device else "未认定"),
        ("人员", officer.name if officer else "未认定"),
        ("经办", f"{job.by.name if job.by else '程序'}，{clock.local(job.asked_at)[5:16]}"),
    ]
    tile = Tile(
        id=f"job-{job.pk}",
        title=(job.title if named else "") or ("浏览器上传" if "upload" in job.args else "存储卡"),
        looks=_looks_of(job),
        facts=facts,
        live=job.live,
        progress=_progress(job),
        counts=_counts(job),
        pace=_pace(job),
        said=_said(job) if named else "",
        troubles=job.troubles[:20] if named else [],
        troubles_count=job.troubles_count,
    )
    receipt = (job.result or {}).get("receipt")
    if receipt and batch is not None and _may_see(batch, person):
        tile.receipt, tile.receipt_url = receipt, reverse("receipt", args=[receipt])
    return tile


def _may_see(batch: Batch, person: Account) -> bool:
    receipt = getattr(batch, "receipt", None)
    return receipt is not None and selectors.SEE_RECEIPTS.allows(person, receipt, clock.now())


def _looks_of(job: Job) -> tuple[str, str, str]:
    if job.state == _STATE.DONE:
        if not (job.result or {}).get("released"):
            return _KEPT
        return _TAKEN if "upload" in job.args else _RELEASED
    if job.state == _STATE.RUNNING and job.cancel_asked_at is not None:
        return _STOPPING
    return _LOOKS[_STATE(job.state)]


def _progress(job: Job) -> tuple[int, int] | None:
    """For the bar; empty files have no bytes to count."""
    if job.bytes_total:
        return job.bytes_done, job.bytes_total
    return (job.files_done, job.files_total) if job.files_total else None


def _counts(job: Job) -> str:
    if job.files_total is None:
        return "正在看卡上有什么" if job.state == _STATE.RUNNING else ""
    files = f"{job.files_done}/{job.files_total} 个文件"
    return f"{files}，{size(job.bytes_done)}/{size(job.bytes_total or 0)}"


def _pace(job: Job) -> str:
    if job.state != _STATE.RUNNING or not job.rate:
        return ""
    left = "" if job.seconds_left is None else f"，{in_words(job.seconds_left)}"
    return f"{size(round(job.rate))}/秒{left}"


def in_words(seconds: int) -> str:
    """Time left as a person says it."""
    if seconds < 60:
        return f"还要约 {max(1, seconds)} 秒"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"还要约 {minutes} 分钟"
    return f"还要约 {minutes // 60} 小时 {minutes % 60} 分"


def _said(job: Job) -> str:
    if job.state == _STATE.DONE:
        result = job.result or {}
        counts = result.get("counts", {})
        words = (("stored", "新入库"), ("already", "此前已入库"), ("refused", "拒收"), ("failed", "未成功"))
        told = "，".join(f"{label} {counts[state]} 个" for state, label in words if counts.get(state))
        return f"{told}。{job.sentence}" if told else job.sentence
    return job.sentence if job.state != _STATE.RUNNING else job.saying


def _offer_again(tile: Tile, job: Job, upload: UploadSet | None) -> None:
    """Another try for what did not come to its good end; an upload that is gone cannot be tried."""
    good = job.state == _STATE.DONE and bool((job.result or {}).get("released"))
    if "upload" in job.args:
        if upload is not None:
            tile.again_url = reverse("ingest_again", args=[job.pk])
            tile.drop_url = reverse("upload_drop", args=[upload.pk])
    elif not good:
        tile.again_url = reverse("ingest_again", args=[job.pk])


def _of_upload(upload: UploadSet, person: Account) -> Tile:
    files = list(upload.files.select_related("set"))
    finished = [file for file in files if file.finished_at]
    received = sum(file.size if file.finished_at else arriving.length_of(file) for file in files)
    total = sum(file.size for file in files)
    own = upload.by_id == person.pk
    whole = bool(files) and len(finished) == len(files)
    device = upload.device
    tile = Tile(
        id=f"upload-{upload.pk}",
        title=upload.label,
        looks=_ARRIVED if whole else _ARRIVING,
        facts=[
            ("设备", f"{device.model} {device.serial}".strip() if device else "未认定"),
            ("经办", f"{upload.by.name}，{clock.local(upload.opened_at)[5:16]}"),
        ],
        progress=(received, total) if total else None,
        counts=f"{len(finished)}/{len(files)} 个文件传完，{size(received)}/{size(total)}",
        said=_left_alone(upload, own=own, whole=whole),
        live=True,
        drop_url=reverse("upload_drop", args=[upload.pk]),
    )
    if own and upload.state == UploadSet.State.OPEN:
        tile.more_url = reverse("upload", args=[upload.pk])
    if own and whole:
        tile.close_url = reverse("upload_close", args=[upload.pk])
    return tile


def _left_alone(upload: UploadSet, *, own: bool, whole: bool) -> str:
    until = f"{clock.local(uploads_end.expires_at(upload))[:10]} 前没有动静的，会被清除并记入账本。"
    if whole:
        return "文件都已传到，请点“交去采集”。"
    if not own:
        return f"由{upload.by.name}在另一处上传；{until}"
    return f"没传完的，请点“继续上传”选同样的文件，会从断处接着传；{until}"
