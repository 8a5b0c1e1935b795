"""领用归还: what is out, what is overdue or unchecked; the use register; recordings of nobody; the standard."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from liuhen.base import clock, home, site
from liuhen.base.basis import EQUIPMENT_NORM, USE_REGISTER, article_in_words
from liuhen.base.devices.models import Device
from liuhen.base.recordings.models import Recording
from liuhen.core.findings import length_in_words
from liuhen.prints.words import clock_offset
from liuhen.stages.equipment import acts, selectors, standard
from liuhen.stages.equipment.checks import in_words
from liuhen.stages.equipment.models import Check, Issue

from . import registers
from .acting import not_there, only
from .people_in import could, person_in
from .registers import Column, Nothing, Register


def _stale(row: Any, at: datetime) -> bool:
    hours = site.current().check_hours
    return not row.checked_well or (at - row.checked_at).total_seconds() > hours * 3600


def _out_state(row: Any) -> tuple[str, str]:
    at = clock.now()
    if row.is_overdue(at):
        return "overdue", "逾期未还"
    if row.checked_at is not None and not row.checked_well:
        return "warning", "检查未通过"
    if _stale(row, at):
        return "warning", "检查已过期" if row.checked_at else "未检查"
    return "info", "领用中"


def _checked(row: Any) -> str | None:
    if row.checked_at is None:
        return "没有检查"
    return f"{clock.local(row.checked_at)} {'通过' if row.checked_well else '未通过'}"


_DEVICE = Column(
    "device",
    "设备",
    lambda row: row.device.serial,
    width=9,
    sort="device__serial",
    href=lambda row: reverse("device", args=[row.device_id]),
)
_OFFICER = Column("officer", "使用人", lambda row: row.officer.name, width=6, sort="officer__name")
_CERTIFICATE = Column("certificate", "执法证号", lambda row: row.officer.certificate_no, width=10)
_UNIT = Column("unit", "科室", lambda row: row.device.unit.name, width=11, sort="device__unit__name")
_ISSUED = Column("issued_at", "领用时间", lambda row: row.issued_at, width=10, sort="issued_at")
_DUE = Column("due", "应归还", lambda row: row.due_back_at, width=10, sort="due_back_at")
_PURPOSE = Column("purpose", "用途", lambda row: row.purpose, width=12, shown=False)

OUT = Register(
    name="领用中的设备",
    title="领用中的执法音像记录设备",
    columns=(
        _DEVICE,
        Column("kind", "种类", lambda row: row.device.get_kind_display(), width=6, shown=False),
        _OFFICER,
        _CERTIFICATE,
        _UNIT,
        _ISSUED,
        _DUE,
        Column("check", "最近检查", _checked, width=13),
        Column(
            "state", "状态", lambda row: _out_state(row)[1], width=5, state=lambda row: _out_state(row)[0]
        ),
        _PURPOSE,
    ),
    nothing=Nothing("没有领用中的设备", "设备都在保管人处。领用从设备页或下面的“可领用的设备”办理。"),
    order=("-issued_at",),
)


def _use_state(row: Issue) -> tuple[str, str]:
    if row.state == Issue.State.BACK:
        return "plain", "已归还"
    return ("overdue", "逾期未还") if row.is_overdue(clock.now()) else ("info", "领用中")


def check_in_words(check: Check) -> str:
    """通过，设备快 3.0 秒."""
    verdict = "通过" if check.passed else f"未通过：{in_words(check.failed)}"
    return f"{verdict}，{clock_offset(check.reading.offset_seconds) if check.reading else '时钟未测'}"


def _check_before(row: Issue) -> str:
    """What the check said when the device was handed out, and whether it went out all the same."""
    check = row.check_before
    if check is None:
        return "没有检查，写明理由后领用"
    if not row.overridden:
        return check_in_words(check)
    return f"{'已过期' if check.passed else check_in_words(check)}，写明理由后领用"


def _recorded(row: Any) -> str:
    if not row.recorded:
        return "—"
    return f"{row.recorded} 条，{length_in_words(row.recorded_ms // 1000)}"


def _recordings_address(row: Any) -> str | None:
    if not row.recorded:
        return None
    first, last = row.issued_at, row.returned_at or clock.now()
    days = [f"{one.astimezone(clock.SHANGHAI):%Y-%m-%d}" for one in (first, last)]
    return (
        f"{reverse('recordings')}?{urlencode({'device': row.device.serial, 'from': days[0], 'to': days[1]})}"
    )


USE = Register(
    name="使用台账",
    title="执法音像记录设备使用台账",
    columns=(
        _DEVICE,
        _OFFICER,
        _CERTIFICATE,
        _UNIT,
        _ISSUED,
        replace(_DUE, shown=False),
        Column("given", "发放人", lambda row: row.issued_by.name, width=5, shown=False),
        Column(
            "check",
            "使用前检查",
            _check_before,
            width=13,
        ),
        Column("back", "归还时间", lambda row: row.returned_at, width=10, sort="returned_at"),
        Column(
            "received",
            "收回人",
            lambda row: row.received_by.name if row.received_by else None,
            width=5,
            shown=False,
        ),
        Column("recorded", "记录内容", _recorded, width=10, href=_recordings_address),
        Column(
            "state", "状态", lambda row: _use_state(row)[1], width=5, state=lambda row: _use_state(row)[0]
        ),
        Column("signed", "领用签名", lambda row: row.get_taken_signed_display(), width=6, shown=False),
        Column(
            "back_signed",
            "归还签名",
            lambda row: row.get_back_signed_display() if row.back_signed else None,
            width=6,
            shown=False,
        ),
        _PURPOSE,
    ),
    nothing=Nothing(
        "使用台账还没有内容", "科室管理员发放设备后，这里自动有一行；采集存储卡后，记录内容自动填上。"
    ),
    order=("-issued_at",),
    note="使用人、交接时间自动登记；记录内容为领用至归还之间由该设备拍摄、已采集入库的音像记录，按设备时钟计。",
)

UNHELD = Register(
    name="无人领用时的记录",
    title="设备无人领用时拍摄的音像记录",
    columns=(
        Column(
            "number",
            "编号",
            lambda row: row.number,
            width=13,
            sort="number",
            href=lambda row: reverse("recording", args=[row.number]),
        ),
        Column(
            "device",
            "设备",
            lambda row: row.device.serial,
            width=9,
            sort="device__serial",
            href=lambda row: reverse("device", args=[row.device_id]),
        ),
        Column("taken_at", "拍摄时间（设备时钟）", lambda row: row.taken_at, width=10, sort="taken_at"),
        Column("holder", "登记的执法人员", lambda row: row.holder.name if row.holder else None, width=7),
        Column("kind", "种类", lambda row: row.get_kind_display(), width=4),
        Column("stored_at", "入库时间", lambda row: row.stored_at, width=10, sort="stored_at"),
    ),
    nothing=Nothing(
        "没有这样的记录", "每条记录拍摄时，使用台账上都有领用人；没有开始领用登记的设备不在此列。"
    ),
    order=("-taken_at",),
)


@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.SEE_PAGES)
    person, at = person_in(request), clock.now()
    rows = selectors.with_last_check(selectors.out_now(person, at))
    overdue, unchecked = selectors.overdue(person, at), selectors.unchecked(person, at)
    show = request.GET.get("show", "")
    if show == "overdue":
        rows = rows.filter(pk__in=overdue.values("pk"))
    elif show == "unchecked":
        rows = unchecked
    context = {
        "show": show,
        "counts": {
            "out": selectors.out_now(person, at).count(),
            "overdue": overdue.count(),
            "unchecked": unchecked.count(),
        },
        "basis": USE_REGISTER.cite(person.agency.pack),
        "here": _to_hand_out(request, at) if could(request, acts.ISSUE.who) else None,
        "hours": site.current().check_hours,
    }
    listing = OUT if not could(request, acts.RETURN.who) else registers.with_acts(OUT, _BACK)
    return registers.respond(request, listing, rows, "equipment/page.html", context)


_BACK = Column(
    "act",
    "办理",
    lambda row: "归还",
    width=4,
    href=lambda row: reverse("device_return", args=[row.device_id]),
)
_SHOWN = 60


def _to_hand_out(request: HttpRequest, at: datetime) -> list[Device]:
    """What lies in the drawer: at most sixty, the rest is in the register of devices."""
    person = person_in(request)
    rows = Device.objects.filter(
        agency=person.agency_id, state=Device.State.IN_USE, kind__in=Device.CARRIED
    ).exclude(issues__state=Issue.State.OUT)
    return list(rows.select_related("unit", "keeper").order_by("serial")[:_SHOWN])


@require_safe
def use_register(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.SEE_PAGES)
    person, at = person_in(request), clock.now()
    rows = selectors.use_register(person, at)
    device = request.GET.get("device", "").strip()[:40]
    if device:
        rows = rows.filter(device__serial__icontains=device)
    name = request.GET.get("officer", "").strip()[:50]
    if name:
        rows = rows.filter(officer__name__icontains=name)
    context = {"basis": USE_REGISTER.cite(person.agency.pack), "device": device, "officer": name}
    return registers.respond(request, USE, rows, "equipment/use.html", context)


@require_safe
def unheld(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.SEE_PAGES)
    person, at = person_in(request), clock.now()
    rows = selectors.unheld_recordings(person, at).select_related("device", "holder")
    serial = request.GET.get("device", "").strip()[:40]
    if serial:
        rows = rows.filter(device__serial=serial)
    context = {"basis": USE_REGISTER.cite(person.agency.pack), "device": serial}
    return registers.respond(request, UNHELD, rows, "equipment/unheld.html", context)


@require_safe
def norms(request: HttpRequest) -> HttpResponse:
    """配备标准."""
    person, at = person_in(request), clock.now()
    found = standard.standard_of(person, at)
    pack = found.pack
    context = {
        "standard": found,
        "kinds": dict(Device.Kind.choices),
        "norms": [(one, _place(pack.id, one.norm.article)) for one in found.norms] if pack else [],
        "items": [(one, _place(pack.id, one.article)) for one in pack.equipment] if pack else [],
        "ratio": (pack.ratio, _place(pack.id, pack.ratio.article)) if pack and pack.ratio else None,
        "basis": EQUIPMENT_NORM.cite(person.agency.pack),
    }
    return render(request, "equipment/standard.html", context)


def _place(pack: str, article: str) -> str:
    return article_in_words(pack, article)


@require_safe
def signature(request: HttpRequest, pk: int, side: str) -> HttpResponseBase:
    """The drawn signature of an issue or of its return, for whoever sees the issue."""
    row = selectors.issues_of(person_in(request), clock.now()).filter(pk=pk).first()
    paper = {"taken": row.taken_paper, "back": row.back_paper}.get(side) if row else None
    if paper is None:
        raise not_there()
    place = home.home() / "papers" / paper.sha256[:2] / paper.sha256
    if not place.is_file():
        raise not_there()
    return FileResponse(place.open("rb"), content_type="image/png")


def finding_of(recording: Recording) -> dict[str, Any] | None:
    """`unheld` as the page of a recording shows its findings."""
    found = selectors.unheld(recording)
    if found is None:
        return None
    pack = recording.agency.pack
    basis = f"依据：{article_in_words(pack, found.article)}。" if found.article else ""
    return {
        "text": found.text,
        "meaning": f"使用台账上没有这段时间的领用登记。{basis}",
        "remedy": found.remedy,
        "severity": "请核对",
        "tone": "warning",
        "seconds": None,
    }
