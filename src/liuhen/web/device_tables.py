"""The register of devices from and to paper: import from a spreadsheet, its template, and sheets of QR labels."""

from __future__ import annotations

import base64
import binascii
import io
import ipaddress
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock, site
from liuhen.base.basis import KEEPER
from liuhen.base.devices import acts, importing
from liuhen.base.devices.models import Device
from liuhen.base.devices.selectors import visible_to
from liuhen.core.errors import UsageError
from liuhen.core.tables import LARGEST, rows_of
from liuhen.prints.labels import A_SHEET, Label, labels_pdf

from .acting import not_there, only
from .forms import refusals_on
from .people_in import person_in
from .sheets import CONTENT_TYPE

_VERDICTS = {
    importing.NEW: ("ok", "新登记"),
    importing.SAME: ("plain", "已有"),
    importing.OTHER: ("warning", "不同"),
    importing.WRONG: ("bad", "有误"),
}
MOST_LABELS = 480


class TableForm(forms.Form):
    table = forms.FileField(label="设备表", help_text="Excel 工作簿（.xlsx）或 CSV，至多 5 MB、5000 行。")

    def clean_table(self) -> tuple[bytes, str]:
        """What it holds, and what it is called."""
        file = self.cleaned_data["table"]
        if file.size > LARGEST:
            raise forms.ValidationError(f"文件超过 {LARGEST >> 20} MB，请分成几个。")
        data: bytes = file.read()
        return data, file.name or ""


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; what follows is the preview, and nothing is done before it is confirmed."""
    only(request, acts.REGISTER_DEVICE.who)
    form = TableForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            return _preview(request, *form.cleaned_data["table"])
    context = {
        "form": form,
        "columns": importing.COLUMNS,
        "basis": KEEPER.cite(person_in(request).agency.pack),
    }
    return render(request, "devices/import.html", context, status=422 if form.is_bound else 200)


def _preview(request: HttpRequest, data: bytes, name: str) -> HttpResponse:
    lines = importing.plan(rows_of(data, name), person_in(request), clock.now())
    counts = {name: sum(one.verdict == name for one in lines) for name in _VERDICTS}
    context = {
        "lines": [(one, *_VERDICTS[one.verdict]) for one in lines],
        "counts": [(_VERDICTS[name][1], count) for name, count in counts.items() if count],
        "new": counts[importing.NEW],
        "sent": base64.b64encode(data).decode(),
    }
    return render(request, "devices/import_preview.html", context)


class SentForm(forms.Form):
    """The bytes that were looked over."""

    table = forms.CharField(max_length=LARGEST * 2)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Register what is new in the table that was looked over; it is looked over again, so nothing comes twice."""
    only(request, acts.REGISTER_DEVICE.who)
    person, form = person_in(request), SentForm(request.POST)
    if not form.is_valid():
        raise not_there()
    try:
        data = base64.b64decode(form.cleaned_data["table"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise not_there() from error
    at = clock.now()
    try:
        made = importing.carry_out(importing.plan(rows_of(data), person, at), by=person, at=at)
    except UsageError as error:
        messages.error(request, f"没有导入任何一台：{error.message}怎么办：{error.remedy}")
        return redirect("devices_import")
    messages.success(request, f"已登记 {len(made)} 台设备。" if made else "没有新的设备需要登记。")
    return redirect("devices")


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """An empty table with the heads, one row of example, and the kinds to choose from."""
    only(request, acts.REGISTER_DEVICE.who)
    person, out = person_in(request), io.BytesIO()
    unit = person.unit.name if person.unit else ""
    example = (
        "4701A99",
        "执法记录仪",
        "厂家 型号",
        unit,
        "",
        "",
        "1920x1080",
        8,
        128,
        "是",
        "否",
        "2026-01-15",
    )
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("设备")
        head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1})
        for place, name in enumerate(importing.COLUMNS):
            sheet.write_string(0, place, name, head)
            value = example[place]
            (sheet.write_number if isinstance(value, int) else sheet.write_string)(1, place, value)
        sheet.set_column(0, len(importing.COLUMNS) - 1, 17)
        sheet.freeze_panes(1, 0)
        last = importing.COLUMNS.index(importing.KIND)
        sheet.data_validation(1, last, 5000, last, {"validate": "list", "source": list(Device.Kind.labels)})
        for name in (importing.NO_DELETE, importing.PROOF):
            place = importing.COLUMNS.index(name)
            sheet.data_validation(1, place, 5000, place, {"validate": "list", "source": ["是", "否"]})
    response = HttpResponse(out.getvalue(), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote('设备登记模板.xlsx')}"
    return response


# -- labels


class LabelForm(forms.Form):
    kind = forms.ChoiceField(label="种类", required=False, choices=[("", "全部种类"), *Device.Kind.choices])
    serial = forms.CharField(label="序列号", required=False, max_length=40, help_text="只印一台时填写。")
    skip = forms.IntegerField(
        label="跳过标签数",
        required=False,
        min_value=0,
        max_value=A_SHEET - 1,
        help_text="第一张纸上已经用掉的标签数，从左上角数起。",
    )


@require_safe
def labels(request: HttpRequest) -> HttpResponse:
    only(request, acts.REGISTER_DEVICE.who)
    form = LabelForm(request.GET)
    address = address_of_office(request)
    rows = _chosen(request, form)
    context = {
        "form": form,
        "count": rows.count(),
        "most": MOST_LABELS,
        "address": address,
        "loopback": is_loopback(address),
        "pdf": f"{reverse('device_labels_pdf')}?{request.GET.urlencode()}",
    }
    return render(request, "devices/labels.html", context, status=200 if form.is_valid() else 422)


@require_safe
def labels_sheet(request: HttpRequest) -> HttpResponse:
    """The PDF. Raises UsageError for none, and for more than go on twenty sheets."""
    only(request, acts.REGISTER_DEVICE.who)
    form, at = LabelForm(request.GET), clock.now()
    rows = _chosen(request, form)
    count = rows.count()
    if not 0 < count <= MOST_LABELS:
        raise UsageError(
            "没有选出设备。" if not count else f"选出 {count} 台，一次最多印 {MOST_LABELS} 枚。",
            remedy="请按种类或序列号另选。",
            code="label_count",
        )
    base = address_of_office(request)
    told = [label_of(row, base) for row in rows.order_by("serial")]
    pdf = labels_pdf(told, at=at, skip=form.cleaned_data.get("skip") or 0)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote('设备标签.pdf')}"
    return response


def _chosen(request: HttpRequest, form: LabelForm) -> Any:
    rows = visible_to(person_in(request), clock.now()).exclude(state=Device.State.RETIRED)
    told = form.cleaned_data if form.is_valid() else {}
    if told.get("kind"):
        rows = rows.filter(kind=told["kind"])
    if told.get("serial"):
        rows = rows.filter(serial=told["serial"])
    return rows.select_related("agency")


def label_of(device: Device, base: str) -> Label:
    return Label(
        agency=device.agency.name,
        serial=device.serial,
        kind=f"{device.get_kind_display()} {device.model}".strip(),
        unit=device.unit.name,
        keeper=device.keeper.name if device.keeper else "",
        url=f"{base}{reverse('device_scan', args=[device.pk])}",
    )


def address_of_office(request: HttpRequest) -> str:
    """What a phone calls: the site's own setting, else what this browser used."""
    return site.current().address or f"{request.scheme}://{request.get_host()}"


def is_loopback(address: str) -> bool:
    """An address that means "this computer" leads a phone to itself."""
    name = split_domain_port(address.partition("://")[2])[0].strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name in ("localhost", "testserver") or name.endswith(".localhost")
