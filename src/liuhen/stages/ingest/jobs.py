"""The ingest as background work: the same act, the same rules, somebody else's patience.

- Whoever may begin a batch may ask for the job; the ingest asks again when it runs.
- Run again after its worker died, it first looks whether its batch was concluded: no card gets two receipts
  for one wish. Otherwise it takes the card in anew, and what stood is found there.
- The custodian reads the recorder's clock when asking; the job may run later, the reading keeps its moment.
- Previews are asked for before the job is done, so that no crash can forget them.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from liuhen.base import clock, site
from liuhen.base.acts import ask
from liuhen.base.devices.services import find_device
from liuhen.base.jobs.chores import ask_for_previews
from liuhen.base.jobs.kinds import EVERYBODY, Kind
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.services import JobOverError, ask_for
from liuhen.base.jobs.work import JobStoppedError, Work
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.base.storage import derived
from liuhen.core.cards.filenames import shown_path
from liuhen.core.cards.reader import CardFile, CardListing, card_key
from liuhen.core.errors import LiuhenError, RefusedError, UsageError

from . import acts, arriving, uploads, uploads_end
from .docking import Request, refuse_own_home
from .intake import StoppedError
from .models import Batch, Item, UploadSet
from .progress import Outcome, Result
from .services import ingest_card

CARD = "ingest.card"
UPLOADED = "（从浏览器上传）"
RELEASED = "所有文件均已入库，存储卡可以放行。"
KEPT = "存储卡不放行、请勿清卡：请按各项提示处理后再次采集。"
UPLOAD_TAKEN = "上传的文件均已入库，回执已出具。"
UPLOAD_KEPT = "请按各项提示处理；没有入库的，传到的内容仍保留着，可再次采集。"
_ENDED = (Batch.State.RELEASED, Batch.State.KEPT, Batch.State.CLEARED)
_SET = UploadSet.State
_BAD = (Item.State.REFUSED, Item.State.FAILED)


class NotConcludedError(LiuhenError):
    """Every file has its result, the batch could not be closed."""

    code = "not_concluded"


class UnfinishedError(RefusedError):
    code = "upload_unfinished"


def ask_for_card(
    card: Path,
    *,
    by: Account,
    at: datetime,
    device: str | None = None,
    device_clock: datetime | None = None,
    label: str = "",
) -> Job:
    """Queue the taking in of a card; the live job of the same card instead, where there is one.

    Raises NotAllowedError, card errors (missing, unreadable, holds our own home) and UnknownDeviceError.
    """
    ask(acts.BEGIN, Batch(agency=by.agency), by=by, at=at)
    refuse_own_home(card)
    if device:
        find_device(by.agency, device)
    args = {
        "card": os.fsencode(card.resolve()).hex(),
        "device": device,
        "device_clock": clock.stamp(device_clock) if device_clock else None,
        "clock_read_at": clock.stamp(at) if device_clock else None,
        "label": label,
    }
    title = label or shown_path(os.fsencode(card.name))[0]
    return ask_for(CARD, by.agency, by=by, at=at, args=args, key=f"card:{card_key(card)}", title=title)


def ask_for_upload(upload: UploadSet, *, by: Account, at: datetime) -> Job:
    """Close an upload set and queue its taking in, in one transaction; a closed one whose ingest ended is tried again.

    Raises NotFoundError, UnfinishedError, UsageError for an empty set, SetClosedError when it has ended.
    """
    if not acts.SENDS.allows(by, upload, at):
        raise uploads.no_such_upload()
    _refuse_unfinished(upload)
    clock_read = upload.device_clock is not None
    args = {
        "upload": str(upload.pk),
        "device": upload.device.serial if upload.device else None,
        "device_clock": clock.stamp(upload.device_clock) if upload.device_clock else None,
        "clock_read_at": clock.stamp(upload.opened_at) if clock_read else None,
        "label": upload.label,
    }
    with transaction.atomic():
        living = UploadSet.objects.filter(pk=upload.pk, state__in=(_SET.OPEN, _SET.CLOSED))
        if not living.update(state=_SET.CLOSED, touched_at=at):
            upload.refresh_from_db()
            uploads.refuse_closed(upload)
        key = f"upload:{upload.pk}"
        job = ask_for(CARD, upload.agency, by=by, at=at, args=args, key=key, title=upload.label)
        living.update(job=str(job.pk))
    upload.refresh_from_db()
    return job


def ask_again(job: Job, *, by: Account, at: datetime) -> Job:
    """The same card or upload once more; what stands is found there. A clock is not read twice.

    Raises NotAllowedError, what ask_for_card and ask_for_upload raise, and JobOverError while it is still live.
    """
    ask(acts.BEGIN, Batch(agency=job.agency), by=by, at=at)
    if job.live:
        raise JobOverError("这项采集还在进行，不用再发起。", remedy="请等它结束，或先取消。")
    if "upload" in job.args:
        upload = UploadSet.objects.select_related("device", "agency").filter(pk=job.args["upload"]).first()
        if upload is None:
            raise uploads.no_such_upload()
        return ask_for_upload(upload, by=by, at=at)
    return ask_for_card(card_of(job), by=by, at=at, device=job.args["device"], label=job.args["label"])


def _refuse_unfinished(upload: UploadSet) -> None:
    if upload.state != _SET.OPEN:
        return
    if not upload.files.exists():
        raise UsageError("还没有上传任何文件。", remedy="请先选择文件或文件夹上传。")
    waiting = upload.files.filter(finished_at=None).count()
    if waiting:
        raise UnfinishedError(
            f"还有 {waiting} 个文件没有传完，没有开始入库。",
            remedy="请等它们传完；不要的请先移出，再交去采集。",
            unfinished=waiting,
        )


def card_of(job: Job) -> Path:
    """The folder a job takes in: a card's, or that of an upload set, laid out now."""
    if "upload" in job.args:
        upload = UploadSet.objects.get(pk=job.args["upload"])
        files = upload.files.filter(finished_at__isnull=False).select_related("set")
        return arriving.lay_out(upload, files.order_by("path_digest"))
    return Path(os.fsdecode(bytes.fromhex(job.args["card"])))


def take_in(work: Work) -> dict[str, Any]:
    job = work.job
    batch, note = _concluded(job), ""
    if batch is None:
        note = _ingest(work).note
        batch = _concluded(job)
    if batch is None:
        raise NotConcludedError(note, remedy="稍后会自动再试；排除故障后也可以再次采集这张卡。")
    if site.load().previews:
        # what an attempt that died had stored is "already there" for the one that ends
        rows = Recording.objects.filter(items__batch=batch).distinct().order_by("position")
        missing = [row.pk for row in derived.missing(rows)]
        ask_for_previews(batch.agency, missing, key=batch.key, at=clock.now())
    told = result_of(batch)
    if "upload" in work.args:
        uploads_end.settle(UploadSet.objects.get(pk=work.args["upload"]), batch, clock.now())
        return told | {"sentence": UPLOAD_TAKEN if told["released"] else UPLOAD_KEPT}
    return told | {"sentence": note or (RELEASED if told["released"] else KEPT)}


def _concluded(job: Job) -> Batch | None:
    return Batch.objects.filter(job=str(job.pk), state__in=_ENDED).order_by("-started_at").first()


def _ingest(work: Work) -> Outcome:
    job, args = work.job, work.args
    if job.by is None:
        raise RuntimeError("a card is taken in by a person")
    request = Request(
        card=card_of(job),
        by=job.by,
        device=args["device"],
        device_clock=_moment(args["device_clock"]),
        clock_read_at=_moment(args["clock_read_at"]),
        analyser=work.analyser(),
        stopped=lambda: work.stopping,
        job=str(job.pk),
        label=args["label"],
        place=UPLOADED if "upload" in args else "",
    )
    work.check()
    try:
        return ingest_card(request, at=clock.now(), progress=Watch(work))
    except StoppedError as error:
        raise JobStoppedError(error.message, remedy=error.remedy) from error


def _moment(stamp: str | None) -> datetime | None:
    return clock.parse_stamp(stamp) if stamp else None


def result_of(batch: Batch) -> dict[str, Any]:
    """What became of a concluded batch, from its rows: the same however often it is asked."""
    receipt = getattr(batch, "receipt", None)
    items = batch.items
    counts = {str(state): items.filter(state=state).count() for state in Item.State}
    return {
        "batch": batch.key,
        "receipt": receipt.number if receipt else None,
        "released": batch.state in (Batch.State.RELEASED, Batch.State.CLEARED),
        "counts": counts,
        "files": sum(counts.values()),
    }


class Watch:
    """The ingest's Progress, told to the job."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._read: dict[bytes, int] = {}
        self._listed = self._done = 0

    def listed(self, listing: CardListing) -> None:
        self._work.total(files=len(listing.files), size=listing.total_bytes)
        self._listed = len(listing.files) + len(listing.refusals)

    def read(self, file: CardFile, count: int) -> None:
        """A piece of a file; one file is read by one thread at a time."""
        left = file.size - self._read.get(file.raw, 0)
        counted = min(count, max(left, 0))  # a file that is read twice counts once
        self._read[file.raw] = self._read.get(file.raw, 0) + counted
        self._work.add(size=counted)

    def done(self, result: Result) -> None:
        if result.size is not None:
            self._work.add(files=1, size=result.size - self._read.pop(result.raw, 0))
        self._done += 1
        if self._done == self._listed:
            self._work.say("文件都已处理完，正在办结。")
        if result.state in _BAD:
            self._work.trouble(
                {
                    "path": result.path,
                    "state": str(result.state),
                    "code": result.code,
                    "reason": result.reason,
                }
            )

    def say(self, sentence: str) -> None:
        self._work.say(sentence)


KINDS = (Kind(CARD, "采集存储卡", take_in, who=acts.BEGIN.who, sees=EVERYBODY, urgent=True, limit=5),)
