"""无关内容: its register, flagging a recording or a part of it, and what another person decides about it."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from liuhen.base import clock
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts
from liuhen.base.recordings.models import Recording, Unrelated
from liuhen.base.recordings.unrelated import DECISIONS, Part, flag_unrelated, flags_for, handle_flag

from . import registers
from .acting import FormPage, form_page, not_there, only
from .contents import seen
from .forms import ReasonForm
from .people_in import could, person_in
from .registers import Column, Nothing, Register
from .templatetags.liuhen import milliseconds

_STATE = Unrelated.State
_TONES = {_STATE.OPEN: "to_assign", _STATE.KEPT: "stored", _STATE.RESTRICTED: "damaged"}


def part_in_words(row: Unrelated) -> str:
    if row.start_ms is None or row.end_ms is None:
        return "整条"
    return f"{milliseconds(row.start_ms)} 至 {milliseconds(row.end_ms)}"


FLAGS = Register(
    name="无关内容登记簿",
    title="无关内容登记簿",
    columns=(
        Column(
            "number",
            "音像记录",
            lambda row: row.recording.number,
            width=11,
            sort="recording__number",
            href=lambda row: reverse("recording", args=[row.recording.number]),
        ),
        Column("part", "部分", part_in_words, width=9),
        Column("reason", "标记理由", lambda row: row.reason, width=14),
        Column("flagged_by", "标记人", lambda row: row.flagged_by.name, width=5),
        Column("flagged_at", "标记时间", lambda row: row.flagged_at, width=9, sort="flagged_at"),
        Column(
            "state",
            "处理",
            lambda row: row.get_state_display(),
            width=5,
            sort="state",
            state=lambda row: _TONES[row.state],
        ),
        Column("handled_by", "处理人", lambda row: row.handled_by and row.handled_by.name, width=5),
        Column("handled_at", "处理时间", lambda row: row.handled_at, width=9, sort="handled_at"),
        Column("handled_reason", "处理理由", lambda row: row.handled_reason, width=14, shown=False),
    ),
    nothing=Nothing(
        "没有这样的标记", "科室管理员、科室负责人、法制机构在记录页面标记与工作无关的内容后，列在这里。"
    ),
    order=("-flagged_at",),
)


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.SEE_FLAGS)
    person = person_in(request)
    rows, chosen = flags_for(person, clock.now()), request.GET.get("unrelated", "")
    if chosen in _STATE.values:
        rows = rows.filter(state=chosen)
    context = {
        "title": "无关内容",
        "note": "标记和处理须由两人先后办理，都写明理由；原件始终照原样保存，不删除",
        "basis": acts.FLAG.basis.cite(person.agency.pack),
        "filter_name": "unrelated",
        "filter_words": "处理情况",
        "choices": _STATE.choices,
        "chosen": chosen,
        "help": "“限制查看”后，只有科室管理员、法制机构和主要负责人能看到画面和声音；处理不当的，可重新处理为“仍应保留”。",
    }
    act = Column(
        "act", "办理", lambda row: _words(request, row), width=4, href=lambda row: _link(request, row)
    )
    shown = registers.with_acts(FLAGS, act)
    return registers.respond(request, shown, rows, "register_page.html", context)


def may_handle(request: HttpRequest, row: Unrelated) -> bool:
    """Would the act be offered: the right role, not the one who flagged it, and something left to decide?"""
    open_to = row.state in acts.HANDLE_FLAG.sources
    return open_to and could(request, acts.HANDLE_FLAG.who) and row.flagged_by_id != person_in(request).pk


def _words(request: HttpRequest, row: Unrelated) -> str | None:
    if not may_handle(request, row):
        return None
    return "处理" if row.state == _STATE.OPEN else "重新处理"


def _link(request: HttpRequest, row: Unrelated) -> str | None:
    return reverse("unrelated_handle", args=[row.pk]) if may_handle(request, row) else None


class MomentField(forms.CharField):
    """已播时间: `75`, `1:15`, `0:01:15.5`; cleaned to milliseconds, None for nothing."""

    def clean(self, value: Any) -> int | None:
        text = str(super().clean(value)).replace("：", ":").strip()
        if not text:
            return None
        if not re.fullmatch(r"([0-9]{1,3}:){0,2}[0-9]{1,7}(\.[0-9]{1,3})?", text):
            raise forms.ValidationError("请按播放器显示的已播时间填写，例如 1:15 或 0:01:15.500。")
        seconds = 0.0
        for part in text.split(":"):
            seconds = seconds * 60 + float(part)
        return round(seconds * 1000)


class FlagForm(ReasonForm):
    start = MomentField(
        label="起", required=False, max_length=20, help_text="已播时间，例如 1:15；整条都无关的，起止都不填。"
    )
    end = MomentField(label="止", required=False, max_length=20)

    field_order = ("start", "end", "reason")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not self.errors and (told.get("start") is None) != (told.get("end") is None):
            raise forms.ValidationError("起和止要么都填，要么都不填。")
        return told

    def part(self) -> Part | None:
        start, end = self.cleaned_data["start"], self.cleaned_data["end"]
        return None if start is None or end is None else Part(start, end)


@require_http_methods(["GET", "POST"])
def flag(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    only(request, acts.FLAG.who)
    recording, person = seen(request, pk), person_in(request)
    back = reverse("recording", args=[recording.number])
    page = FormPage(
        "标为无关内容",
        "标记",
        back,
        recording.number,
        intro="只作标记，交另一人处理；原件照原样保存，不删除、不剪辑。",
        basis=acts.FLAG.basis.cite(person.agency.pack),
    )
    form = FlagForm(request.POST or None)

    def act(data: dict[str, Any]) -> Unrelated:
        return flag_unrelated(recording, form.part(), reason=data["reason"], by=person, at=clock.now())

    return form_page(request, page, form, act, said="已标记，等待另一人处理。")


class HandleForm(ReasonForm):
    decision = forms.ChoiceField(
        label="处理",
        choices=[("", "请选择"), *((one.value, one.label) for one in DECISIONS)],
        help_text="限制查看：只有科室管理员、法制机构和主要负责人能看到画面和声音，涉及一部分的也限制整条。",
    )

    field_order = ("decision", "reason")

    def __init__(self, row: Unrelated, *args: Any) -> None:
        super().__init__(*args)
        if row.state == _STATE.RESTRICTED:
            self.fields["decision"].choices = [("", "请选择"), (_STATE.KEPT.value, "仍应保留，解除限制")]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.HANDLE_FLAG.who)
    person = person_in(request)
    row = flags_for(person, clock.now()).filter(pk=pk).first()
    if row is None:
        raise not_there()
    page = FormPage(
        f"处理 {row.recording.number} 的无关内容",
        "处理",
        reverse("recordings_unrelated"),
        "无关内容",
        intro=f"{row.flagged_by.name}标记 {part_in_words(row)}：{row.reason}",
        basis=acts.HANDLE_FLAG.basis.cite(person.agency.pack),
    )
    found = row

    def act(data: dict[str, Any]) -> None:
        handle_flag(found, _STATE(data["decision"]), reason=data["reason"], by=person, at=clock.now())

    return form_page(request, page, HandleForm(row, request.POST or None), act, said="已处理。")


def on_the_page(request: HttpRequest, recording: Recording, person: Account) -> dict[str, Any]:
    """What a recording's own page says: its flags, and what this person may do about them."""
    rows = recording.unrelated.select_related("flagged_by", "handled_by").order_by("number")
    return {
        "flags": [
            {
                "row": row,
                "part": part_in_words(row),
                "tone": _TONES[_STATE(row.state)],
                "seconds": None if row.start_ms is None else row.start_ms / 1000,
                "handle": _link(request, row),
                "handle_words": _words(request, row),
                "own": row.state == _STATE.OPEN and row.flagged_by_id == person.pk,
            }
            for row in rows
        ],
        "flag_basis": acts.FLAG.basis.cite(person.agency.pack),
        "may_flag": could(request, acts.FLAG.who),
    }
