"""Files sent from a browser: received piece by piece, however often the line breaks, then taken in like a card.

- One custodian's set; only whoever opened it sends to it. The same path again goes on where it stopped.
- Room is looked for before the first byte: for the file, for its copy in the store, and for what else has
  been announced.
- Nothing is judged by its name: an empty file, or one that is not what its name says, is taken as on a card.
- How a set ends: uploads_end.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from django.db import IntegrityError, transaction

from liuhen.base import clock, home, site
from liuhen.base.acts import ask
from liuhen.base.devices.services import find_device
from liuhen.base.people.models import Account
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.core.digests import Hasher
from liuhen.core.errors import RefusedError, UsageError

from . import acts, arriving
from .intake import in_words
from .models import Batch, UploadFile, UploadSet

MOST_FILES = 20_000
LONGEST_PATH, DEEPEST_PATH = 1000, 30
_STATE = UploadSet.State
_RESERVE = 256 << 20

log = structlog.get_logger(__name__)


class WrongOffsetError(RefusedError):
    """`facts["offset"]` is the right one."""

    code = "wrong_offset"


class NoRoomError(RefusedError):
    code = "no_room"


class DigestDiffersError(RefusedError):
    code = "digest_differs"


class SetClosedError(RefusedError):
    code = "upload_closed"


@dataclass(frozen=True)
class Announced:
    """What the sender says of a file before its first byte."""

    path: str
    size: int
    modified_at: datetime | None = None
    sha256: str = ""


def open_set(
    *,
    by: Account,
    at: datetime,
    label: str = "",
    device: str | None = None,
    device_clock: datetime | None = None,
) -> UploadSet:
    """A new set. Raises NotAllowedError, UnknownDeviceError, UsageError for a clock without a device."""
    ask(acts.BEGIN, Batch(agency=by.agency), by=by, at=at)
    if device_clock is not None and not device:
        raise UsageError("填了设备显示的时间，却没有选是哪台设备。", remedy="请选择设备，或清空设备时间。")
    upload = UploadSet(
        agency=by.agency,
        by=by,
        folder=secrets.token_hex(16),
        label=label.strip()[:200] or f"浏览器上传 {clock.local(at)[:16]}",
        device=find_device(by.agency, device) if device else None,
        device_clock=device_clock,
        opened_at=at,
        touched_at=at,
    )
    arriving.make_folder(upload)
    upload.save(force_insert=True)
    return upload


def add_file(upload: UploadSet, told: Announced, *, by: Account, at: datetime) -> UploadFile:
    """A place for one file; the one that is there when the same file is announced again.

    Raises NotAllowedError, SetClosedError, UsageError for a name or size that cannot be, NoRoomError.
    """
    _refuse_others(upload, by, at)
    refuse_closed(upload)
    _refuse_nonsense(told)
    digest = hashlib.sha256(told.path.encode()).hexdigest()
    standing = upload.files.filter(path_digest=digest).select_related("set").first()
    if standing is not None:
        return _same_again(standing, told)
    if upload.files.count() >= MOST_FILES:
        raise UsageError(
            f"一次最多上传 {MOST_FILES} 个文件。", remedy="请先把已传的交去采集，其余的另起一次上传。"
        )
    refuse_without_room(told)
    file = UploadFile(
        set=upload,
        name=secrets.token_hex(16),
        path=told.path,
        path_digest=digest,
        size=told.size,
        modified_at=told.modified_at,
        sha256=told.sha256.lower(),
        boot=arriving.this_boot(),
    )
    try:
        with transaction.atomic():
            file.save(force_insert=True)
    except IntegrityError:  # announced twice at the same moment
        return _same_again(upload.files.select_related("set").get(path_digest=digest), told)
    _touch(upload, at)
    if told.size == 0:
        receive(file, 0, [], by=by, at=at)
    return file


def _same_again(standing: UploadFile, told: Announced) -> UploadFile:
    if (standing.size, standing.modified_at or told.modified_at) != (told.size, told.modified_at):
        raise RefusedError(
            f"这次上传里已有另一个同名文件“{told.path}”（大小或修改时间不同），没有接收。",
            remedy="请把它改名或放进另一个文件夹再传；或另起一次上传。",
            code="upload_twin",
        )
    return standing


def _refuse_nonsense(told: Announced) -> None:
    parts = arriving.safe_parts(told.path)
    if (
        not told.path.strip()
        or len(told.path) > LONGEST_PATH
        or len(parts) > DEEPEST_PATH
        or "\0" in told.path
    ):
        raise UsageError(
            f"文件名不能用：为空、超过 {LONGEST_PATH} 个字符，或文件夹超过 {DEEPEST_PATH} 层。",
            remedy="请缩短文件夹名和文件名后再传。",
        )
    if told.size < 0:
        raise UsageError("没有说明文件大小。", remedy="请用本系统的采集页面上传。")
    if told.sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", told.sha256):
        raise UsageError("所附的 SHA-256 不是 64 位十六进制数。", remedy="请核对，或不附摘要。")


def refuse_without_room(told: Announced) -> None:
    """Raises NoRoomError when the disk cannot hold the file, its copy in the store, and what is on its way."""
    coming = sum(
        max(0, file.size - arriving.length_of(file))
        for file in UploadFile.objects.filter(finished_at=None, set__state=_STATE.OPEN).select_related("set")
    )
    twice = 2 if _store_on_same_disk() else 1
    room = max(0, arriving.free_bytes() - coming - _RESERVE) // twice
    if told.size > room:
        raise NoRoomError(
            f"“{told.path}”有 {in_words(told.size)}，服务器上能用于上传的空间只剩 {in_words(room)}，"
            "放不下，没有开始上传。",
            remedy="请系统管理员清出或增加磁盘空间；也可以把存储卡直接插在服务器上采集。",
            size=told.size,
            room=room,
        )


def _store_on_same_disk() -> bool:
    try:
        store = site.load().stores[0].root().stat().st_dev
    except (OSError, IndexError):
        return True
    return store == home.home().stat().st_dev


def receive(file: UploadFile, offset: int, pieces: Iterable[bytes], *, by: Account, at: datetime) -> int:
    """Append; returns how much there is now. The last byte finishes the file.

    Raises NotFoundError, SetClosedError, WrongOffsetError with the right offset, UploadBusyError while
    another request is writing to it, DigestDiffersError, UploadBrokenError.
    """
    _refuse_others(file.set, by, at)
    refuse_closed(file.set)
    with arriving.opened(file) as fd:
        file.refresh_from_db(fields=["synced", "boot", "finished_at"])
        have = file.size if file.finished_at else arriving.length_of(file)
        if offset != have:
            raise WrongOffsetError(
                f"这一段从第 {offset} 字节开始，服务器已有 {have} 字节，没有接收。",
                remedy="页面会从正确的位置自动接着传。",
                offset=have,
            )
        if file.finished_at is None:
            have = _receive(fd, file, have, pieces, at)
    return have


def _receive(fd: int, file: UploadFile, have: int, pieces: Iterable[bytes], at: datetime) -> int:
    rows = UploadFile.objects.filter(pk=file.pk)
    rows.update(boot=arriving.this_boot(), synced=have)
    file.boot = arriving.this_boot()
    try:
        have = arriving.append(fd, have, file.size, pieces)
    finally:  # what came before the line broke has been synced, too
        rows.update(synced=arriving.length_of(file))
        _touch(file.set, at)
    if have == file.size:
        _finish(fd, file, at)
    return have


def _finish(fd: int, file: UploadFile, at: datetime) -> None:
    """The length is right; is it what the sender said it is?"""
    if file.sha256 and _sha256_of(arriving.place_of(file)) != file.sha256:
        os.ftruncate(fd, 0)
        UploadFile.objects.filter(pk=file.pk).update(synced=0)
        raise DigestDiffersError(
            f"“{file.path}”传完了，但摘要与发送方给出的不一致，已退回重传。",
            remedy="请重新上传这个文件；仍不一致的，请检查网络或原文件。",
        )
    UploadFile.objects.filter(pk=file.pk, finished_at=None).update(finished_at=at)
    file.finished_at = at


def _sha256_of(path: Path) -> str:
    hasher = Hasher()
    with path.open("rb") as source:
        while piece := source.read(1 << 20):
            hasher.update(piece)
    return hasher.digests().sha256


def offset_of(file: UploadFile, *, by: Account, at: datetime) -> int:
    """Where to go on. Raises NotAllowedError."""
    _refuse_others(file.set, by, at)
    return file.size if file.finished_at else arriving.length_of(file)


def leave_out(file: UploadFile, *, by: Account, at: datetime) -> None:
    """Take a file out of an open set; what had come of it is thrown away and logged."""
    _refuse_others(file.set, by, at)
    refuse_closed(file.set)
    with arriving.opened(file):
        log.warning("upload_left_out", upload=str(file.set_id), **arriving.facts_of(file))
        UploadFile.objects.filter(pk=file.pk).delete()
        arriving.forget_bytes(file)


def _refuse_others(upload: UploadSet, by: Account, at: datetime) -> None:
    if not acts.SENDS.allows(by, upload, at):
        raise no_such_upload()


def no_such_upload() -> NotFoundError:
    return NotFoundError(
        "没有这次上传，或不是您发起的。", remedy="请返回采集页面查看；上传只能由发起人继续。"
    )


def refuse_closed(upload: UploadSet) -> None:
    if upload.state != _STATE.OPEN:
        raise SetClosedError(
            f"这次上传{upload.get_state_display()}，不再接收文件。",
            remedy="请另起一次上传。",
            state=upload.state,
        )


def _touch(upload: UploadSet, at: datetime) -> None:
    UploadSet.objects.filter(pk=upload.pk).update(touched_at=at)
    upload.touched_at = at
