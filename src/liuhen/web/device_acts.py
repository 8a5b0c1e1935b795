"""Acts on one device: check before use, issue, return, and its care; both sides sign on one screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from liuhen.base import clock, site
from liuhen.base.acts import Act
from liuhen.base.basis import CARE, CHECK_BEFORE_USE, NOT_LENT, USE_REGISTER
from liuhen.base.devices import acts as device_acts
from liuhen.base.devices import services as devices
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to
from liuhen.base.people.models import Account, Officer
from liuhen.prints.words import clock_offset
from liuhen.stages.equipment import acts, leaving, selectors, services
from liuhen.stages.equipment.checks import Looked
from liuhen.stages.equipment.models import Issue
from liuhen.stages.equipment.signing import UnsignedError

from .acting import FormPage, button, form_page, not_there, only
from .forms import done
from .people_in import person_in
from .signing import SignatureFields, signature_of

_GB = 1_000_000_000


class CheckForm(forms.Form):
    """What somebody saw on the device."""

    fault_free = forms.TypedChoiceField(
        label="外观与功能",
        choices=[("yes", "正常，能开机、能录制、能回放"), ("no", "有故障")],
        coerce=lambda value: value == "yes",
    )
    battery_percent = forms.IntegerField(label="电量（%）", min_value=0, max_value=100, required=False)
    free_minutes = forms.IntegerField(
        label="剩余可录时长（分钟）",
        min_value=0,
        max_value=1_000_000,
        required=False,
        help_text="设备显示剩余时长的填这一项；只显示剩余空间的填下一项。",
    )
    free_gb = forms.DecimalField(
        label="剩余空间（GB）", min_value=0, max_value=100_000, max_digits=9, decimal_places=2, required=False
    )
    shown_at = forms.DateTimeField(
        label="设备此刻显示的时间",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "step": 1}),
        help_text="照设备屏幕填写，不要照手表或手机；提交时与服务器时间相比，差值留存。",
    )
    note = forms.CharField(
        label="备注", max_length=500, required=False, widget=forms.Textarea({"rows": 2}), strip=True
    )

    def looked(self) -> Looked:
        told = self.cleaned_data
        free = told["free_gb"]
        return Looked(
            told["fault_free"],
            told["battery_percent"],
            None if free is None else int(free * _GB),
            told["free_minutes"],
            told["shown_at"],
        )


@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.CHECK.who)
    device, person, at = _find(request, pk), person_in(request), clock.now()
    rules = site.current()
    form = CheckForm(request.POST or None, initial={"fault_free": "yes"})
    page = FormPage(
        f"{device.serial} 使用前检查",
        "登记检查结果",
        reverse("device", args=[pk]),
        device.serial,
        intro=f"电量不低于 {rules.check_battery_percent}%，剩余可录 {rules.check_free_minutes} 分钟"
        f"（或 {rules.check_free_mb / 1000:g} GB）以上，时钟偏差 {rules.clock_tolerance_seconds} 秒以内，为通过；"
        f"{rules.check_hours} 小时内有效",
        basis=CHECK_BEFORE_USE.cite(device.agency.pack),
    )

    def act(data: dict[str, Any]) -> str:
        row = services.check_device(device, form.looked(), note=data["note"], by=person, at=at)
        trouble = services.trouble_of(row, at)
        if trouble:
            messages.warning(request, f"{trouble}。怎么办：{services.advice_on(row, at)}")
        return page.back

    return form_page(request, page, form, act, said="检查结果已登记。")


class IssueForm(SignatureFields):
    officer = forms.ModelChoiceField(Officer.objects.none(), label="领用人", empty_label="（请选择）")
    due_back_at = forms.DateTimeField(
        label="应归还时间",
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="过时未还的，列为逾期；不定的留空。",
    )
    purpose = forms.CharField(
        label="用途", max_length=200, required=False, help_text="如执法事项；只存本单位，不入账本。"
    )
    override = forms.CharField(
        label="仍要领用的理由",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="检查没有通过或已过时的，由科室管理员写明理由才能领用，理由记入账本。",
        strip=True,
    )
    field_order = ("officer", "due_back_at", "purpose", "override", "signature", "password")

    def __init__(self, device: Device, trouble: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Officer.objects.filter(agency=device.agency_id, unit=device.unit_id, left_on__isnull=True)
        self.fields["officer"].queryset = rows.order_by("staff_no")  # type: ignore[attr-defined]
        if not trouble:
            del self.fields["override"]


def _signed(form: forms.Form, act: Callable[[], Any]) -> bool:
    """`done`, with what the stage refuses said on the form, too: both people stand before it."""
    try:
        return done(form, act)
    except (services.NotHandedOutError, UnsignedError) as refused:
        form.add_error(None, str(refused))
        return False


def _evening(at: datetime) -> datetime:
    """18:00 of today, or of tomorrow when the day is nearly over: what the form proposes."""
    local = at.astimezone(clock.SHANGHAI)
    day = local.date() if local.hour < 16 else local.date() + timedelta(days=1)
    return datetime.combine(day, time(18), clock.SHANGHAI)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.ISSUE.who)
    device, person, at = _find(request, pk), person_in(request), clock.now()
    last = services.last_check(device, at)
    trouble = services.trouble_of(last, at)
    initial = {"due_back_at": _evening(at), "officer": device.keeper_id}
    form = IssueForm(device, trouble, request.POST if request.method == "POST" else None, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and _signed(form, lambda: _hand_out(request, device, form))
    ):
        messages.success(request, f"{device.serial} 已领用，双方签名已登记。")
        return redirect("device", pk=pk)
    context = {
        "device": device,
        "form": form,
        "check": last,
        "clock_words": clock_offset(last.reading.offset_seconds) if last and last.reading else "",
        "trouble": trouble,
        "advice": services.advice_on(last, at),
        "out": selectors.issue_of(device, person, at),
        "giver": person,
        "verb": "领用",
        "basis": USE_REGISTER.cite(device.agency.pack),
        "not_lent": NOT_LENT.cite(device.agency.pack),
    }
    return render(request, "equipment/issue.html", context, status=_status(request))


def _hand_out(request: HttpRequest, device: Device, form: IssueForm) -> Issue:
    told = form.cleaned_data
    person, at = person_in(request), clock.now()
    services.may_hold(device, told["officer"], at)
    return services.issue_device(
        device,
        told["officer"],
        signature=signature_of(request, told["officer"], told["signature"], told["password"]),
        terms=services.Terms(told["purpose"], told["due_back_at"]),
        override=told.get("override", ""),
        by=person,
        at=at,
    )


class ReturnForm(SignatureFields):
    reason = forms.CharField(
        label="归还人未到场的理由",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="本人不能签名的才填（如放在值班室）；到场的请签名，此项留空。",
        strip=True,
    )
    field_order = ("signature", "password", "reason")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.RETURN.who)
    device, person, at = _find(request, pk), person_in(request), clock.now()
    row = selectors.issue_of(device, person, at)
    if row is None:
        messages.info(request, f"{device.serial} 不在领用中，不用归还。")
        return redirect("device", pk=pk)
    form = ReturnForm(request.POST if request.method == "POST" else None)
    form.fields["password"].label = "归还人的登录密码"
    if request.method == "POST" and form.is_valid() and _signed(form, lambda: _take_back(request, row, form)):
        messages.success(request, f"{device.serial} 已归还。")
        return redirect("device", pk=pk)
    context = {
        "device": device,
        "form": form,
        "row": row,
        "overdue": row.is_overdue(at),
        "giver": person,
        "verb": "归还",
        "basis": USE_REGISTER.cite(device.agency.pack),
    }
    return render(request, "equipment/return.html", context, status=_status(request))


def _take_back(request: HttpRequest, row: Issue, form: ReturnForm) -> None:
    told = form.cleaned_data
    signature = signature_of(request, row.officer, told["signature"], told["password"])
    services.return_device(
        row, signature=signature, reason=told["reason"], by=person_in(request), at=clock.now()
    )


def _status(request: HttpRequest) -> int:
    return 200 if request.method != "POST" else 422


# -- care

Care = Callable[..., None]
CARE_ACTS: dict[str, tuple[Act, Care, str]] = {
    "maintain": (
        device_acts.MAINTAIN,
        lambda device, reason, **told: devices.maintain(device, note=reason, **told),
        "保养已登记。",
    ),
    "repair": (device_acts.SEND_TO_REPAIR, leaving.send_to_repair, "已登记送修，修好前不能领用。"),
    "repaired": (device_acts.BACK_FROM_REPAIR, devices.back_from_repair, "已登记修复，可以领用。"),
    "lost": (device_acts.REPORT_LOSS, devices.report_loss, "已登记遗失。"),
    "found": (device_acts.FIND_AGAIN, devices.find_again, "已登记找回，请检查后再用。"),
    "retire": (device_acts.RETIRE_DEVICE, leaving.retire_device, "设备已停用。"),
}


def care_of(request: HttpRequest, device: Device, at: datetime) -> dict[str, bool]:
    """Which of these acts this person could do to this device now: what is offered, never what is done."""
    person = person_in(request)
    return {name: _may(act, device, person, at) for name, (act, _, _) in CARE_ACTS.items()}


def _may(act: Act, device: Device, person: Account, at: datetime) -> bool:
    return bool(device.state in act.sources and act.who and act.who.allows(person, device, at))


@require_POST
def care(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    device, person = _find(request, pk), person_in(request)
    if act not in CARE_ACTS:
        raise not_there()
    _, do, said = CARE_ACTS[act]
    return button(
        request,
        lambda reason: do(device, reason=reason, by=person, at=clock.now()),
        said=said,
        to=reverse("device", args=[pk]),
    )


def care_basis(device: Device) -> str:
    return CARE.cite(device.agency.pack)


def _find(request: HttpRequest, pk: int) -> Device:
    device = visible_to(person_in(request), clock.now()).select_related("agency").filter(pk=pk).first()
    if device is None:
        raise not_there()
    return device
