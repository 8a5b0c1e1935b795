"""规定: what each regulation says and what carries it out, two side by side, facts in and duties out, the calendar.

- Read-only, and for everybody who is signed in: these are published texts and the office's own calendar.
- Nothing is judged here: `core.rules` answers, these pages ask and show.
"""

from __future__ import annotations

import json
from calendar import Calendar as Weeks
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liuhen.base import clock
from liuhen.base.basis import article_in_words
from liuhen.base.packs import calendar, pack_of, shipped
from liuhen.core.rules.calendar import Period
from liuhen.core.rules.clocks import duties_of, in_words, notes_of
from liuhen.core.rules.conflicts import differences, questions_of
from liuhen.core.rules.errors import FactsError
from liuhen.core.rules.facts import Facts, facts_from
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.retention import retention_of
from liuhen.core.rules.terms import NAMES, Cause, Circumstance, Event, Ground, words_of
from liuhen.doors.coverage import covered

from .acting import not_there
from .ledger import LABELS
from .navigation import MENU
from .people_in import person_in

_STATUS = {"carried_out": ("ok", "已执行"), "accounted": ("plain", "无须执行"), "open": ("wait", "待建")}
_NEEDS = {
    "equipment": "设备管理",
    "fieldwork": "现场执法",
    "casework": "案卷归档",
    "access": "调阅调取",
    "oversight": "监督检查",
    "preservation": "保管处置",
}
_ACCOUNTED = {
    "purpose": "立制目的",
    "definition": "定义",
    "principle": "原则",
    "effect": "施行",
    "reference": "援引",
}
_BY = {"clock": "时限", "act": "办理事项", "screen": "页面", "rule": "规则", "check": "检查", "form": "表单"}
_AREAS = {
    "deadlines": "时限",
    "retention": "保管期限",
    "matters": "记录事项",
    "approvers": "批准人",
    "forms": "表单",
    "reports": "报告",
    "discs": "光盘",
}
_DUTY = {"must": "必须", "should": "应当", "as_fit": "视情", "need_not": "不要求"}


def _pack(name: str) -> Pack:
    if name not in shipped():
        raise not_there()
    return pack_of(name)


@require_safe
def regulations(request: HttpRequest) -> HttpResponse:
    """The five, and the doors to the other pages."""
    mine = person_in(request).agency.pack
    rows = [{"pack": pack_of(name), "mine": name == mine, **_numbers(pack_of(name))} for name in shipped()]
    return render(request, "rules/regulations.html", {"rows": rows})


def _numbers(pack: Pack) -> dict[str, int]:
    status = [article.status for article in pack.articles.values()]
    return {
        "carried": status.count("carried_out"),
        "open": status.count("open"),
        "questions": sum(one.ruling is None for one in questions_of(pack)),
    }


@require_safe
def regulation(request: HttpRequest, name: str) -> HttpResponse:
    pack = _pack(name)
    rows = [
        {
            "article": row["article"],
            "words": article_in_words(name, row["article"]).partition("》")[2],
            "annex": pack.annexes.get(row["article"].partition("/")[0], "") if "/" in row["article"] else "",
            "gist": row["gist"],
            "status": _STATUS[row["status"]],
            "how": _how(row),
            "items": _items(pack, row["article"]),
            "questions": [one for one in questions_of(pack) if row["article"] in one.articles],
        }
        for row in covered(pack)
    ]
    context = {
        "pack": pack,
        "rows": rows,
        "questions": [one for one in questions_of(pack) if not one.articles],
        "others": [pack_of(one) for one in shipped() if one != name],
    }
    return render(request, "rules/regulation.html", context)


def _how(row: dict[str, Any]) -> str:
    if row["status"] == "open":
        return "等待：" + "、".join(_NEEDS[one] for one in row["needs"])
    if row["status"] == "accounted":
        return _ACCOUNTED[row["accounted"]]
    return "、".join(f"{_BY[by['kind']]}“{_called(by)}”" for by in row["carried_out_by"])


def _called(by: dict[str, str]) -> str:
    """What people here call it: the act's or the page's own name."""
    doors = {door.url: door.label for section in MENU for door in section.doors}
    names = {"act": LABELS, "screen": doors, "rule": {"retention": "保管期限"}}.get(by["kind"], NAMES)
    return names.get(by["name"], by["name"])


def _items(pack: Pack, number: str) -> list[str]:
    """What the pack holds of one article, a sentence each."""
    found: list[str] = []
    for name in type(pack).model_fields:
        value = getattr(pack, name)
        rows = value if isinstance(value, tuple) else (value,)
        found += [_said(row) for row in rows if getattr(row, "article", None) == number]
    return found


def _said(row: Any) -> str:
    text = getattr(row, "text", None) or getattr(row, "name", None)
    if text is None and hasattr(row, "triggers"):
        text = "；".join(one.text for one in row.triggers) + "：长期保存"
    if text is None and hasattr(row, "statement"):
        text = "刻成光盘，写明" + "、".join(row.statement)
    duty = f"（{_DUTY[row.duty]}记录）" if getattr(row, "duty", None) in _DUTY else ""
    script = f"用语：“{_blanks(row.script)}”" if getattr(row, "script", None) else ""
    papers = f"；须交：{'、'.join(row.papers)}" if getattr(row, "papers", ()) else ""
    return f"{text}{duty}{script}{papers}"


def _blanks(script: str) -> str:
    return script.format(officer="×××", officer2="×××", agency="×××")


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    names = shipped()
    one, other = request.GET.get("one", names[0]), request.GET.get("other", names[1])
    matters = {matter.code: matter.name for name in (other, one) for matter in _pack(name).matters}
    found = [
        {"area": _AREAS[row["area"]], "key": matters.get(row["key"]) or _key(row["key"]), **_both(row)}
        for row in differences(_pack(one), _pack(other))
    ]
    context = {
        "one": pack_of(one),
        "other": pack_of(other),
        "rows": found,
        "packs": [pack_of(name) for name in names],
    }
    return render(request, "rules/compare.html", context)


_KEYS = {
    "case": "已立案",
    "evidence": "作为证据",
    "events": "有所列情形",
    "always": "一般情形",
    "internal": "内部调阅",
    "external": "外部调取",
    "party": "当事人复制",
    "supervision": "监督、复议等利用",
    "unrecorded": "未记录",
    "interruption": "中断",
    "long_term": "长期保存",
}


def _key(key: str) -> str:
    first, *rest = key.split(" ")
    words = _KEYS.get(first) or NAMES.get(first) or first
    return words if not rest else f"{words}：{'、'.join(NAMES.get(one, one) for one in rest)}"


def _both(row: dict[str, Any]) -> dict[str, str]:
    return {side: _value(row[side]) for side in ("before", "after")}


def _value(value: Any) -> str:
    if value is None:
        return "没有规定"
    if isinstance(value, dict):
        said = [f"{_FIELDS[key]} {_value(one)}" for key, one in value.items() if one not in (None, [], False)]
        return "，".join(said)
    if isinstance(value, list):
        return "、".join(NAMES.get(one, str(one)) for one in value)
    if value is True:
        return "是"
    known = {**_DUTY, "period": "定期", "follows_dossier": "随案卷", "permanent": "永久"}
    return known.get(str(value)) or NAMES.get(str(value)) or _length(str(value))


_FIELDS = {
    "article": "条号",
    "from": "起于",
    "within": "期限",
    "same_day": "当日",
    "exception": "例外",
    "rule": "方式",
    "period": "期限",
    "grounds": "情形",
    "causes": "情形",
    "to": "报",
    "copies": "份数",
    "disc": "光盘",
}


def _length(text: str) -> str:
    try:
        return Period.parse(text).in_words()
    except ValueError:
        return text


# -- what if


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
            field.choices = [(name, pack_of(name).title) for name in shipped()]

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
    mine = person_in(request).agency.pack or shipped()[0]
    form = WhatIfForm(request.GET) if asked else WhatIfForm(initial={"pack": mine})
    context: dict[str, Any] = {"form": form}
    if asked and form.is_valid():
        try:
            context |= _answer(form)
        except FactsError as error:
            context["faults"] = error.faults
    status = 422 if asked and "rows" not in context else 200
    return render(request, "rules/what_if.html", context, status=status)


def _answer(form: WhatIfForm) -> dict[str, Any]:
    pack, facts, at = pack_of(form.cleaned_data["pack"]), form.facts(), form.cleaned_data["at"]
    found = duties_of(pack, facts, calendar(), at=at)
    rows = [
        {
            "sentence": in_words(due),
            "basis": article_in_words(pack.id, due.article),
            "state": due.state,
            "label": _STATES[due.state],
            "due_at": due.due_at,
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


# -- the calendar


@require_safe
def working_days(request: HttpRequest) -> HttpResponse:
    known = calendar()
    years = sorted(known.sources)
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdigit() and int(asked) in years else years[-1]
    months = [
        {"month": month, "weeks": [[_day(day, month) for day in week] for week in _weeks(year, month)]}
        for month in range(1, 13)
    ]
    return render(
        request,
        "rules/calendar.html",
        {"year": year, "years": years, "source": known.sources[year], "months": months},
    )


def _weeks(year: int, month: int) -> list[list[date]]:
    return Weeks().monthdatescalendar(year, month)


def _day(day: date, month: int) -> dict[str, Any]:
    known = calendar()
    kind = (
        ""
        if day.month != month
        else ("worked" if day in known.worked else "" if known.is_working(day) else "off")
    )
    if kind == "off" and day in known.off:
        kind = "holiday"
    return {"number": day.day if day.month == month else "", "kind": kind}
