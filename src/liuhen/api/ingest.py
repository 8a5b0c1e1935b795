"""Sending files: one by its digest, or a set of them; and taking them in."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Header, Router, Schema
from ninja.responses import Status
from pydantic import Field

from liuhen.base import clock
from liuhen.base.people.models import Account
from liuhen.base.tokens.models import Scope
from liuhen.core.errors import UsageError
from liuhen.doors.paging import page_of
from liuhen.doors.sending import pieces_of
from liuhen.stages.ingest import arriving, by_digest, selectors, uploads, uploads_end
from liuhen.stages.ingest.by_digest import Stage, Standing
from liuhen.stages.ingest.jobs import ask_for_upload
from liuhen.stages.ingest.models import UploadFile, UploadSet
from liuhen.stages.ingest.uploads import Announced

from . import shapes
from .callers import caller_of
from .jobs import told as job_told
from .operations import BYTES, JSON, operation
from .recordings import row_of
from .shapes import Cursor, Digest, PageSize

router = Router(tags=["上传与采集"])

Name = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Offset = Annotated[int, Field(ge=0, le=(1 << 53) - 1)]
WRITE = Scope.INGEST_WRITE


class WholeOrPart(Schema):
    upload_offset: Offset = Field(0, alias="Upload-Offset")
    upload_length: Offset | None = Field(None, alias="Upload-Length")


class Part(Schema):
    upload_offset: Offset = Field(alias="Upload-Offset")


def _standing(standing: Standing) -> Status[Any]:
    told = {
        "stage": standing.stage.value,
        "offset": standing.offset,
        "size": standing.size,
        "recording": row_of(standing.recording) if standing.recording else None,
        "job": standing.job.pk if standing.job else None,
        "upload_set": standing.upload.pk if standing.upload else None,
    }
    return Status(200 if standing.stage == Stage.ALREADY else 202, told)


@operation(
    router,
    "GET",
    "/uploads/{sha256}",
    "按摘要查询：是否已入库，或已收到多少",
    scope=WRITE,
    returns=shapes.StandingShape,
    also={202: shapes.StandingShape},
)
def upload_standing(request: HttpRequest, sha256: Digest) -> Any:
    return _standing(by_digest.standing_of(sha256, by=caller_of(request).account, at=clock.now()))


@operation(
    router,
    "PUT",
    "/uploads/{sha256}",
    "按摘要上传一个文件并采集入库；重复发送与发送一次相同",
    scope=WRITE,
    returns=shapes.StandingShape,
    also={202: shapes.StandingShape},
    refuses=(507,),
    sends=BYTES,
)
def upload_by_digest(
    request: HttpRequest,
    sha256: Digest,
    sent: Header[WholeOrPart],
    name: Name = "",
) -> Any:
    """分段发送时，Upload-Offset 说明这一段从哪里开始，Upload-Length 说明全长；不写时这一次就是全部。"""
    size = sent.upload_length if sent.upload_length is not None else sent.upload_offset + _length(request)
    standing = by_digest.send(
        sha256,
        name,
        size,
        sent.upload_offset,
        pieces_of(request),
        by=caller_of(request).account,
        at=clock.now(),
    )
    return _standing(standing)


def _length(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or "0"
    if not said.isdecimal() or "Transfer-Encoding" in request.headers:
        raise UsageError("没有说明文件大小。", remedy="请带 Content-Length，或用 Upload-Length 说明全长。")
    return int(said)


def _set_told(upload: UploadSet, person: Account) -> dict[str, Any]:
    """Names of files are for the one who sends them."""
    files = None
    if upload.by_id == person.pk:
        rows = upload.files.select_related("set").order_by("path_digest")
        files = [_file_told(row) for row in rows]
    return {
        "upload_set": upload.pk,
        "label": upload.label,
        "state": upload.state,
        "job": upload.job or None,
        "expires_at": uploads_end.expires_at(upload),
        "files": files,
    }


def _file_told(row: UploadFile) -> dict[str, Any]:
    offset = row.size if row.finished_at else arriving.length_of(row)
    return {"file": row.pk, "path": row.path, "size": row.size, "offset": offset}


@operation(router, "GET", "/upload-sets", "还没有入库的各次上传", scope=WRITE, returns=shapes.UploadSets)
def list_upload_sets(request: HttpRequest, cursor: Cursor = "", size: PageSize = 50) -> Any:
    person = caller_of(request).account
    page = page_of(selectors.uploads_of(person, clock.now()), ("-opened_at",), cursor, size)
    rows = [{**_set_told(row, person), "files": None} for row in page.rows]
    return {"items": rows, "before": page.before, "after": page.after}


@operation(
    router,
    "POST",
    "/upload-sets",
    "另起一次上传",
    scope=WRITE,
    returns=shapes.UploadSetShape,
    status=201,
    sends=JSON,
)
def open_upload_set(request: HttpRequest, told: shapes.NewUploadSet) -> Any:
    """device_clock 为记录仪此刻显示的时间，须带时区。"""
    person = caller_of(request).account
    if told.device_clock is not None and told.device_clock.tzinfo is None:
        raise UsageError("设备时间没有时区。", remedy="请写成 2026-11-21T09:30:00+08:00 的样子。")
    upload = uploads.open_set(
        by=person, at=clock.now(), label=told.label, device=told.device, device_clock=told.device_clock
    )
    return Status(201, _set_told(upload, person))


@operation(
    router,
    "GET",
    "/upload-sets/{upload}",
    "一次上传：各文件已收到多少",
    scope=WRITE,
    returns=shapes.UploadSetShape,
)
def one_upload_set(request: HttpRequest, upload: uuid.UUID) -> Any:
    person = caller_of(request).account
    return _set_told(selectors.upload_with(upload, person, clock.now()), person)


@operation(
    router,
    "POST",
    "/upload-sets/{upload}/files",
    "说明要发送的一个文件；已说明过的，返回原来的",
    scope=WRITE,
    returns=shapes.UploadFileShape,
    status=201,
    refuses=(507,),
    sends=JSON,
)
def add_upload_file(request: HttpRequest, upload: uuid.UUID, told: shapes.NewUploadFile) -> Any:
    person, at = caller_of(request).account, clock.now()
    modified = told.modified_at if told.modified_at is None or told.modified_at.tzinfo else None
    announced = Announced(told.path, told.size, modified, told.sha256 or "")
    file = uploads.add_file(selectors.upload_with(upload, person, at), announced, by=person, at=at)
    return Status(201, _file_told(file))


@operation(
    router,
    "PATCH",
    "/upload-sets/{upload}/files/{file}",
    "从 Upload-Offset 处接着发送一个文件",
    scope=WRITE,
    returns=shapes.UploadFileShape,
    sends=BYTES,
)
def send_upload_file(
    request: HttpRequest,
    upload: uuid.UUID,
    file: uuid.UUID,
    sent: Header[Part],
) -> Any:
    person = caller_of(request).account
    row = selectors.upload_file_with(file, upload, person)
    have = uploads.receive(row, sent.upload_offset, pieces_of(request), by=person, at=clock.now())
    return {"file": row.pk, "path": row.path, "size": row.size, "offset": have}


@operation(
    router,
    "DELETE",
    "/upload-sets/{upload}/files/{file}",
    "移出一个还没有交去采集的文件",
    scope=WRITE,
    status=204,
)
def leave_out_file(request: HttpRequest, upload: uuid.UUID, file: uuid.UUID) -> Any:
    person = caller_of(request).account
    row = selectors.upload_file_with(file, upload, person)
    uploads.leave_out(row, by=person, at=clock.now())
    return Status(204, None)


@operation(
    router,
    "POST",
    "/upload-sets/{upload}/ingest",
    "交去采集；进度见返回的任务",
    scope=WRITE,
    returns=shapes.JobShape,
    status=202,
)
def ingest_upload_set(request: HttpRequest, upload: uuid.UUID) -> Any:
    person, at = caller_of(request).account, clock.now()
    job = ask_for_upload(selectors.upload_with(upload, person, at), by=person, at=at)
    return Status(202, job_told(job, person))


@operation(
    router,
    "POST",
    "/upload-sets/{upload}/drop",
    "放弃一次上传，清除已收到的内容（须写理由，记入账本）",
    scope=WRITE,
    status=204,
    sends=JSON,
)
def drop_upload_set(request: HttpRequest, upload: uuid.UUID, told: shapes.WithReason) -> Any:
    person, at = caller_of(request).account, clock.now()
    uploads_end.drop_set(selectors.upload_with(upload, person, at), reason=told.reason, by=person, at=at)
    return Status(204, None)
