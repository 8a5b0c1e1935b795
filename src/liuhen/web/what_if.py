"""试算: facts in, duties out, each as a sentence that a lawyer accepts. Nothing is kept."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liuhen.base import clock
from liuhen.base.basis import article_in_words
from liuhen.base.packs import calendar, known, pack_of
from liuhen.base.people.models import Agency
from liuhen.base.rulebook.selectors import answers_of
from liuhen.core.rules.clocks import duties_of, in_words, notes_of
from liuhen.core.rules.conflicts import questions_of
from liuhen.core.rules.errors import FactsError
from liuhen.core.rules.facts import Facts, facts_from
from liuhen.core.rules.retention import retention_of
from liuhen.core.rules.rulings import ruled
from liuhen.core.rules.terms import NAMES, Cause, Circumstance, Event, Ground, words_of

from .people_in import person_in


def _named(kind: object) -> list[tuple[str, str]]:
    return [(code, NAMES[code]) for code in words_of(kind)]


def _moment(label: str) -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
    return forms.DateTimeField(
        label=label, required=False, widget=widget, input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
    )


def _ticked(label: str, kind: object) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, choices=_named(kind), widget=forms.CheckboxSelectMultiple
    )


class WhatIfForm(forms.Form):
    """Facts, as somebody would tell them."""

    pack = forms.ChoiceField(label="规定")
    ended_at = _moment("执法活动结束")
    circumstances = _ticked("情况", Circumstance)
    returned_at = _moment("返回单位")
    handover = _moment("移交")
    recorded = _moment("录制结束")
    evidence = forms.BooleanField(label="作为证据使用", required=False)
    events = _ticked("发生的事", Event)
    ground = forms.ChoiceField(
        label="没有记录的原因", required=False, choices=[("", "都记录了"), *_named(Ground)]
    )
    cause = forms.ChoiceField(label="中断的原因", required=False, choices=[("", "没有中断"), *_named(Cause)])
    stopped_at = _moment("中断")
    resumed_at = _moment("恢复")
    filed_at = _moment("立案")
    concluded_at = _moment("执法行为终结（结案）")
    at = _moment("在什么时刻判断")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["pack"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(name, pack_of(name).title) for name in known()]

    def facts(self) -> Facts:
        """Raises FactsError."""
        told = self.cleaned_data
        stop = {"cause": told["cause"] or None, "at": told["stopped_at"], "resumed_at": told["resumed_at"]}
        parts = {
            "activity": {
                "ended_at": told["ended_at"],
                "returned_at": told["returned_at"],
                "circumstances": told["circumstances"],
                "events": told["events"],
                "not_recorded": {"ground": told["ground"]} if told["ground"] else None,
                "interruptions": [stop] if told["cause"] or told["stopped_at"] else [],
            },
            "recordings": [{"ended_at": told["recorded"], "evidence": told["evidence"]}]
            if told["recorded"] or told["evidence"]
            else None,
            "handover": {"at": told["handover"]},
            "case": {"filed_at": told["filed_at"], "concluded_at": told["concluded_at"]}
            if told["filed_at"] or told["concluded_at"]
            else None,
        }
        return facts_from(json.dumps(parts, default=_iso), "所填事实")


def _iso(moment: datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).isoformat()


@require_safe
def what_if(request: HttpRequest) -> HttpResponse:
    """Everything told stands in the address, so that a question can be passed on."""
    asked = "pack" in request.GET
    person = person_in(request)
    mine = person.agency.pack or known()[0]
    form = WhatIfForm(request.GET) if asked else WhatIfForm(initial={"pack": mine})
    context: dict[str, Any] = {"form": form}
    if asked and form.is_valid():
        try:
            context |= _answer(form, person.agency)
        except FactsError as error:
            context["faults"] = error.faults
    status = 422 if asked and "rows" not in context else 200
    return render(request, "rules/what_if.html", context, status=status)


def _answer(form: WhatIfForm, agency: Agency) -> dict[str, Any]:
    facts, at = form.facts(), form.cleaned_data["at"]
    text = pack_of(form.cleaned_data["pack"])
    pack = ruled(text, answers_of(agency, text.id))
    found = duties_of(pack, facts, calendar(), at=at)
    rulings = {one.code: one.ruling for one in questions_of(pack)}
    rows = [
        {
            "sentence": in_words(due),
            "basis": article_in_words(pack.id, due.article),
            "state": due.state,
            "label": _STATES[due.state],
            "due_at": due.due_at,
            "ruling": rulings.get(due.ruling or ""),
            "warnings": due.warnings,
        }
        for due in found
    ]
    kept = retention_of(pack, facts, at=at)
    return {"pack": pack, "rows": rows, "kept": kept, "notes": notes_of(pack, facts)}


_STATES = {
    "running": "期限内",
    "waiting": "等事实",
    "no_hours_named": "未写明时限",
    "immediate": "立即",
    "met": "已办",
    "overdue": "逾期",
}
