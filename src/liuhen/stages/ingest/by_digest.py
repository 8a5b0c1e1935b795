"""A file sent by what it is: named by its SHA-256, so that sending it twice is the same as sending it once.

- What the agency has already is said, and nothing is received; who may send is asked first.
- Else the file is an upload set of its own. Bytes that are here are not written again: whoever sends from the start
  after the line broke has them skipped, and the digest of the whole decides in the end.
- When the last byte is there the set is taken in like a card. An ingest that ended without a receipt is tried again.
- An empty file has no content that could be named: it goes into a set of several files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from liuhen.base.acts import ask
from liuhen.base.jobs.models import Job
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import NotFoundError, visible_to
from liuhen.core.errors import UsageError

from . import acts, uploads
from .jobs import ask_for_upload
from .models import Batch, UploadFile, UploadSet
from .uploads import Announced

_SET = UploadSet.State


class Stage(StrEnum):
    ALREADY = "already"  # it is a recording
    RECEIVING = "receiving"  # some of it has come
    TAKING_IN = "taking_in"  # all of it has come
    FAILED = "failed"  # it has come and could not be taken in; sending it again tries again


@dataclass(frozen=True)
class Standing:
    """How far a file has come."""

    stage: Stage
    offset: int
    size: int
    recording: Recording | None = None
    job: Job | None = None
    upload: UploadSet | None = None


def standing_of(sha256: str, *, by: Account, at: datetime) -> Standing:
    """Raises NotAllowedError, UsageError for what is no digest, NotFoundError when nothing of it has come."""
    _refuse(sha256, by, at)
    found = _standing(sha256.lower(), by, at)
    if found is None:
        raise NotFoundError("没有收到过这个文件。", remedy="请用 PUT 从第 0 字节开始发送。")
    return found


def send(
    sha256: str, name: str, size: int, offset: int, pieces: Iterable[bytes], *, by: Account, at: datetime
) -> Standing:
    """Receive what is missing, from `offset` on. Raises what uploads.receive and standing_of raise."""
    _refuse(sha256, by, at)
    if size == 0:
        raise UsageError(
            "空文件没有内容可认，不能按摘要上传。",
            remedy="请建立一次上传（upload-sets），把它作为其中一个文件。",
        )
    digest = sha256.lower()
    standing = _standing(digest, by, at)
    if standing is not None and standing.stage in (Stage.ALREADY, Stage.TAKING_IN):
        return standing
    file = _file(digest, name, size, by, at)
    if file.finished_at is None:
        have = uploads.offset_of(file, by=by, at=at)
        start = max(offset, have) if offset <= have else offset  # a gap is refused by receive()
        have = uploads.receive(file, start, _behind(pieces, start - offset), by=by, at=at)
        if have < file.size:
            return Standing(Stage.RECEIVING, have, file.size, upload=file.set)
    job = ask_for_upload(file.set, by=by, at=at)
    return Standing(Stage.TAKING_IN, file.size, file.size, job=job, upload=file.set)


def _refuse(sha256: str, by: Account, at: datetime) -> None:
    ask(acts.BEGIN, Batch(agency=by.agency), by=by, at=at)
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise UsageError("SHA-256 应是 64 位十六进制数。", remedy="请核对摘要。")


def _standing(digest: str, by: Account, at: datetime) -> Standing | None:
    recording = visible_to(by, at).filter(sha256=digest, bytes__gt=0).first()
    if recording is not None:
        return Standing(Stage.ALREADY, recording.bytes, recording.bytes, recording=recording)
    file = _sent(digest, by)
    if file is None:
        return None
    if file.set.state == _SET.OPEN:
        return Standing(Stage.RECEIVING, uploads.offset_of(file, by=by, at=at), file.size, upload=file.set)
    job = Job.objects.filter(pk=file.set.job).first() if file.set.job else None
    stage = Stage.TAKING_IN if job is not None and job.live else Stage.FAILED
    return Standing(stage, file.size, file.size, job=job, upload=file.set)


def _label(digest: str) -> str:
    return f"按摘要上传 {digest[:16]}"


def _sent(digest: str, by: Account) -> UploadFile | None:
    """The file of the set that was opened for this digest: named by it, by this person."""
    rows = UploadFile.objects.filter(
        sha256=digest, set__by=by, set__label=_label(digest), set__state__in=(_SET.OPEN, _SET.CLOSED)
    )
    return rows.select_related("set__agency", "set__by", "set__device").order_by("set__opened_at").first()


def _file(digest: str, name: str, size: int, by: Account, at: datetime) -> UploadFile:
    file = _sent(digest, by)
    if file is not None:
        if file.size != size:
            raise UsageError(
                f"上次说这个文件有 {file.size} 字节，这次说有 {size} 字节。",
                remedy="摘要相同的文件大小必相同：请核对后再传。",
                size=file.size,
            )
        return file
    told = Announced(name.strip() or digest, size, sha256=digest)
    uploads.refuse_without_room(told)
    return uploads.add_file(uploads.open_set(by=by, at=at, label=_label(digest)), told, by=by, at=at)


def _behind(pieces: Iterable[bytes], skip: int) -> Iterator[bytes]:
    for piece in pieces:
        if skip >= len(piece):
            skip -= len(piece)
            continue
        yield piece[skip:]
        skip = 0
