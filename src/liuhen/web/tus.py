"""Uploads from the browser: tus 1.0 (core, creation, termination) over the upload sets of the ingest.

- Every answer names the protocol's version; a refusal is JSON with our sentence, in the status tus asks for.
- A piece is read from the connection as it comes; what came before the line broke is kept.
- No rule stands here: who may, how much fits and what is finished is asked of stages/ingest/uploads.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.core.errors import LiuhenError, UsageError
from liuhen.doors.sending import pieces_of
from liuhen.stages.ingest import arriving, selectors, uploads, uploads_end
from liuhen.stages.ingest import jobs as ingests
from liuhen.stages.ingest.models import UploadFile
from liuhen.stages.ingest.uploads import Announced

from . import problems
from .forms import ReasonForm
from .ingest import CardForm, device_clock_of
from .people_in import person_in

VERSION = "1.0.0"
HEADERS = {"Tus-Resumable": VERSION, "Tus-Version": VERSION, "Tus-Extension": "creation,termination"}
BODY = "application/offset+octet-stream"
# Where tus gives a status its own meaning: 409 is a wrong offset and 423 a lock, both are tried again.
_STATUS = {
    "wrong_offset": 409,
    "upload_busy": 423,
    "no_room": 413,
    "upload_closed": 410,
    "digest_differs": 460,
    "upload_twin": 422,
    "upload_unfinished": 422,
}

View = Callable[..., HttpResponse]


def speaks_tus(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "OPTIONS":
            response = HttpResponse(status=204)
        elif request.headers.get("Tus-Resumable") != VERSION:
            response = _refused(UsageError("上传协议的版本不对。", remedy="请刷新页面后再上传。"), 412)
        else:
            try:
                response = view(request, *args, **kwargs)
            except LiuhenError as error:
                response = _refused(error, _STATUS.get(error.code) or problems.status_of(error))
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    return answer


def _refused(error: LiuhenError, status: int) -> HttpResponse:
    response = JsonResponse(
        problems.problem_of(error).as_json(), status=status, json_dumps_params={"ensure_ascii": False}
    )
    if "offset" in error.facts:
        response.headers["Upload-Offset"] = str(error.facts["offset"])
    return response


@require_http_methods(["POST", "OPTIONS"])
@speaks_tus
def files(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Creation: announce a file of a set."""
    person, at = person_in(request), clock.now()
    upload = selectors.upload_with(pk, person, at)
    said = _metadata(request.headers.get("Upload-Metadata", ""))
    told = Announced(
        path=said.get("path") or said.get("filename", ""),
        size=_number(request, "Upload-Length"),
        modified_at=_moment(said.get("modified", "")),
        sha256=said.get("sha256", ""),
    )
    file = uploads.add_file(upload, told, by=person, at=at)
    return HttpResponse(status=201, headers={"Location": reverse("upload_file", args=[pk, file.pk])})


@require_http_methods(["HEAD", "PATCH", "DELETE", "OPTIONS"])
@speaks_tus
def file(request: HttpRequest, pk: uuid.UUID, file: uuid.UUID) -> HttpResponse:
    person, at = person_in(request), clock.now()
    found = selectors.upload_file_with(file, pk, person)
    if request.method == "DELETE":
        uploads.leave_out(found, by=person, at=at)
        return HttpResponse(status=204)
    if request.method == "HEAD":
        return _place(found, uploads.offset_of(found, by=person, at=at), 200)
    if request.content_type != BODY:
        return _refused(UsageError("上传的内容类型不对。", remedy="请用本系统的采集页面上传。"), 415)
    offset = _number(request, "Upload-Offset")
    try:
        return _place(found, uploads.receive(found, offset, pieces_of(request), by=person, at=at), 204)
    except UnreadablePostError:  # nobody hears this: the line is gone; what came is kept
        return HttpResponse(status=400)


def _place(file: UploadFile, offset: int, status: int) -> HttpResponse:
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(file.size), "Cache-Control": "no-store"}
    return HttpResponse(status=status, headers=headers)


def _number(request: HttpRequest, header: str) -> int:
    said = request.headers.get(header, "")
    if not said.isascii() or not said.isdecimal() or len(said) > 18:
        raise UsageError(f"没有说明 {header}，或不是一个数。", remedy="请用本系统的采集页面上传。")
    return int(said)


def _metadata(text: str) -> dict[str, str]:
    """`key base64,key base64`; values are UTF-8. Raises UsageError."""
    found = {}
    try:
        for pair in filter(None, (part.strip() for part in text.split(","))):
            key, _, value = pair.partition(" ")
            found[key] = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UsageError("文件名等信息的编码不对。", remedy="请用本系统的采集页面上传。") from error
    return found


def _moment(said: str) -> datetime | None:
    """Milliseconds since 1970, as browsers tell; what is no possible time is not told."""
    try:
        return datetime.fromtimestamp(int(said) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """Open a set; answers where to send."""
    person = person_in(request)
    form = CardForm(request.POST)
    if not form.is_valid():
        raise UsageError(
            "设备时间看不懂，没有开始上传。", remedy="请写成 2026-11-21 09:30:00 的样子，或留空。"
        )
    upload = uploads.open_set(
        by=person, at=clock.now(), label=request.POST.get("label", ""), **device_clock_of(form)
    )
    return JsonResponse({"upload": reverse("upload", args=[upload.pk])}, status=201)


@require_safe
def state(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What has come of a set, for its opener's page to go on."""
    upload = selectors.upload_with(pk, person_in(request), clock.now())
    rows = upload.files.filter(set__by=person_in(request)).select_related("set")
    told = [
        {
            "path": row.path,
            "size": row.size,
            "offset": row.size if row.finished_at else arriving.length_of(row),
            "url": reverse("upload_file", args=[pk, row.pk]),
        }
        for row in rows
    ]
    return JsonResponse(
        {
            "state": upload.state,
            "label": upload.label,
            "files": told,
            "send": reverse("upload_files", args=[pk]),
            "close": reverse("upload_close", args=[pk]),
        }
    )


@require_POST
def close(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Everything has come: take it in."""
    person, at = person_in(request), clock.now()
    job = ingests.ask_for_upload(selectors.upload_with(pk, person, at), by=person, at=at)
    if problems.wants_json(request):
        return JsonResponse({"job": str(job.pk)}, status=202)
    return redirect("ingest")


@require_POST
def drop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    person, at = person_in(request), clock.now()
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    uploads_end.drop_set(selectors.upload_with(pk, person, at), reason=reason, by=person, at=at)
    messages.success(request, "已放弃这次上传，传到的内容已清除，理由已记入账本。")
    return redirect("ingest")
