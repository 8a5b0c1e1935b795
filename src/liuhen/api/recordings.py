"""Recordings: the list, one of them, whose it is, and its bytes. Bytes go through base.storage.serving alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from liuhen.base import clock, site
from liuhen.base.devices.services import find_device
from liuhen.base.people.models import Account, Officer
from liuhen.base.people.selectors import officers_of
from liuhen.base.recordings.lists.filters import Filters, Sort
from liuhen.base.recordings.lists.page import Place
from liuhen.base.recordings.lists.search import find
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.remedies import meaning_of
from liuhen.base.recordings.selectors import find_recording, visible_to
from liuhen.base.recordings.visits import open_download, open_visit
from liuhen.base.storage.amend import Owner, assign
from liuhen.base.storage.custody import custody_of
from liuhen.base.storage.export_zip import export_archive
from liuhen.base.storage.serving import Kind, Wanted, serve
from liuhen.base.storage.stores import open_stores
from liuhen.base.tokens.models import Scope
from liuhen.core.errors import UsageError
from liuhen.doors import ranges
from liuhen.doors.paging import BadCursorError

from . import shapes
from .callers import Caller, caller_of
from .operations import JSON, operation
from .shapes import PageSize, Word, Words

router = Router(tags=["音像记录"])

Named = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Some = Annotated[list[Word], Field(max_length=50)]
ZIP = "application/zip"


class Wish(Schema):
    """Filters as the list's page has them; "-" stands for "none of them"."""

    q: Words = ""
    state: list[Literal["stored", "to_assign"]] = []
    kind: list[Literal["video", "audio", "photo", "other"]] = []
    findings: list[Literal["yes", "no"]] = []
    unit: Some = []
    officer: Some = []
    device: Some = []
    since: date | None = Field(None, description="拍摄日期从（上海时间）")
    until: date | None = Field(None, description="拍摄日期至（含当日）")
    sort: Literal["-taken", "taken", "-stored", "stored"] = "-stored"
    after: shapes.Cursor = ""
    before: shapes.Cursor = ""
    size: PageSize = 50
    counted: bool = Field(False, description="也给出总数")


def row_of(row: Recording) -> dict[str, Any]:
    return {
        "recording": row.urn,
        "number": row.number,
        "name": row.name,
        "kind": row.kind,
        "state": row.state,
        "sha256": row.sha256,
        "sm3": row.sm3,
        "bytes": row.bytes,
        "device": row.device.serial if row.device else None,
        "officer": row.holder.staff_no if row.holder else None,
        "unit": row.unit.code if row.unit else None,
        "taken_at": row.taken_at,
        "duration_ms": row.duration_ms,
        "stored_at": row.stored_at,
    }


@operation(
    router,
    "GET",
    "/recordings",
    "音像记录：按文字和条件查找，逐页列出",
    scope=Scope.RECORDINGS_READ,
    returns=shapes.Recordings,
)
def list_recordings(request: HttpRequest, wanted: Query[Wish]) -> Any:
    chosen = {
        name: tuple(getattr(wanted, name))
        for name in ("state", "kind", "findings", "unit", "officer", "device")
    }
    filters = Filters(
        text=wanted.q,
        chosen={name: values for name, values in chosen.items() if values},
        since=_day(wanted.since),
        until=_day(wanted.until),
        sort=Sort(wanted.sort),
    )
    page = find(
        caller_of(request).account,
        filters,
        at=clock.now(),
        size=wanted.size,
        after=_place(wanted.after),
        before=_place(wanted.before),
        counted=wanted.counted,
    )
    places = page.places
    unknown = [f"没有登记 {value}，不会有结果。" for _, value in page.unknown]
    return {
        "items": [row_of(row) for row in page.rows],
        "before": str(places[0]) if places and page.before else None,
        "after": str(places[-1]) if places and page.after else None,
        "total": page.counts.total if page.counts else None,
        "notices": [*page.notices, *unknown],
    }


def _day(day: date | None) -> date | None:
    if day is not None and not 1970 <= day.year <= 9000:
        raise UsageError("日期的年份不在 1970 至 9000 之间。", remedy="请核对日期。")
    return day


def _place(cursor: str) -> Place | None:
    if not cursor:
        return None
    place = Place.read(cursor)
    if place is None or not all(abs(number) < 1 << 62 for number in place):
        raise BadCursorError("翻页位置无效。", remedy="请用上一页答复中的 before 或 after。")
    return place


@operation(
    router,
    "GET",
    "/recordings/{name}",
    "一条记录：事实、检查发现、副本和保管经过",
    scope=Scope.RECORDINGS_READ,
    returns=shapes.RecordingShape,
)
def one_recording(request: HttpRequest, name: Named) -> Any:
    """name 为 OCFL 标识、编号或 SHA-256。"""
    return _told(_recording(name, caller_of(request)))


def _recording(name: str, caller: Caller) -> Recording:
    return find_recording(name, visible_to(caller.account, clock.now()))


def _told(row: Recording) -> dict[str, Any]:
    findings = [
        {
            "code": one.code,
            "severity": one.severity,
            "text": one.text,
            "meaning": meaning_of(one.code)[0],
            "remedy": meaning_of(one.code)[1],
        }
        for one in row.findings.order_by("pk")
    ]
    copies = [
        {"store": one.store, "verified_at": one.verified_at, "method": one.method}
        for one in row.copies.order_by("store")
    ]
    return {
        **row_of(row),
        "position": row.position,
        "card_path": row.card_path,
        "findings": findings,
        "copies": copies,
        "custody": custody_of(row),
    }


@operation(
    router,
    "POST",
    "/recordings/{name}/owner",
    "确定归属，或更正归属（须写理由）",
    scope=Scope.RECORDINGS_WRITE,
    returns=shapes.RecordingShape,
    sends=JSON,
)
def assign_owner(request: HttpRequest, name: Named, told: shapes.NewOwner) -> Any:
    caller = caller_of(request)
    recording, person = _recording(name, caller), caller.account
    device = find_device(person.agency, told.device) if told.device else None
    holder = _officer(told.officer, person) if told.officer else (device.keeper if device else None)
    assign(recording, Owner(device, holder), open_stores(), reason=told.reason, by=person, at=clock.now())
    recording.refresh_from_db()
    return _told(recording)


def _officer(staff_no: str, person: Account) -> Officer:
    found = officers_of(person, clock.now()).filter(staff_no=staff_no).first()
    if found is None:
        raise UsageError(
            f"没有人员编号 {staff_no}。", remedy="请核对人员编号；用 GET /api/v1/officers 查看。"
        )
    return found


@operation(
    router,
    "POST",
    "/recordings/{name}/visits",
    "登记一次查看或下载，取得内容所需的凭据（记入账本）",
    scope=Scope.RECORDINGS_CONTENT,
    returns=shapes.VisitShape,
    status=201,
    sends=JSON,
)
def begin_visit(request: HttpRequest, name: Named, told: shapes.NewVisit) -> Any:
    caller = caller_of(request)
    recording = _recording(name, caller)
    begin = open_visit if told.purpose == "view" else open_download
    visit = begin(recording, by=caller.account, session=caller.session, at=clock.now())
    return Status(
        201,
        {
            "visit": visit.token,
            "purpose": visit.purpose,
            "position": visit.position,
            "silent_minutes": site.current().visit_minutes,
        },
    )


@operation(
    router,
    "GET",
    "/recordings/{name}/content/{kind}",
    "内容的字节：原件、浏览副本、缩略图、波形；支持 Range",
    scope=Scope.RECORDINGS_CONTENT,
    also={206: None},
    refuses=(416,),
    media="*/*",
)
def recording_content(
    request: HttpRequest,
    name: Named,
    kind: Literal["original", "download", "viewing", "thumbnail", "strip", "peaks"],
    visit: shapes.Cursor = "",
) -> HttpResponseBase:
    """除缩略图外，须带 visit：先用 visits 登记（download 用 purpose 为 download 的一次）。"""
    return _bytes(request, name, Kind(kind), visit)


@operation(
    router,
    "GET",
    "/recordings/{name}/evidence/{member}",
    "证明材料：入库证明（.tlog-proof）、账本条目、公钥、record.json",
    scope=Scope.RECORDINGS_READ,
    also={206: None},
    refuses=(416,),
    media="*/*",
)
def recording_evidence(
    request: HttpRequest, name: Named, member: Literal["proof", "entry", "vkey", "record"]
) -> HttpResponseBase:
    return _bytes(request, name, Kind.MEMBER, "", member)


def _bytes(request: HttpRequest, name: str, kind: Kind, visit: str, member: str = "") -> HttpResponseBase:
    caller = caller_of(request)
    wanted = Wanted(kind, _recording(name, caller).pk, visit, member)
    return ranges.answer(request, serve(wanted, by=caller.account, session=caller.session, at=clock.now()))


@operation(
    router,
    "POST",
    "/recordings/{name}/export",
    "导出能自证的复制件（ZIP，与 liuhen export 相同；记入账本）",
    scope=Scope.RECORDINGS_CONTENT,
    media=ZIP,
)
def export_recording(request: HttpRequest, name: Named) -> HttpResponseBase:
    caller = caller_of(request)
    recording = _recording(name, caller)
    archive = export_archive(recording, open_stores(), by=caller.account, at=clock.now())
    response = StreamingHttpResponse(archive.pieces, content_type=ZIP)
    response["Content-Length"] = str(archive.size)
    response["Content-Disposition"] = content_disposition_header(True, archive.name) or "attachment"
    response["Cache-Control"] = ranges.NEVER
    return response
