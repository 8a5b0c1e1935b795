"""疑问与裁定: what a regulation leaves open, how the legal office ruled it and why, and the forms for doing so."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from liuhen.base import clock
from liuhen.base.basis import article_in_words
from liuhen.base.packs import asked_of, higher_missing, known, pack_of, question_named
from liuhen.base.people.models import Agency
from liuhen.base.rulebook import acts, services
from liuhen.base.rulebook.models import Ruling
from liuhen.base.rulebook.selectors import answers_of, rulings_of
from liuhen.core.rules.calendar import Period
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.rulings import Value, choices, filled, slot_named, value_asked

from .acting import FormPage, form_page, not_there, only
from .people_in import could, person_in
from .period_field import PeriodField
from .rules import pack_named

_KINDS = {"conflict": "冲突", "silence": "未写明"}


@require_safe
def rulings(request: HttpRequest) -> HttpResponse:
    """Open questions and slots of one regulation, and every ruling of the agency, replaced ones too."""
    person = person_in(request)
    pack = pack_named(request.GET.get("pack", person.agency.pack or known()[0]))
    against = pack_named(request.GET["against"]) if request.GET.get("against") else None
    context = {
        "pack": pack,
        "against": against,
        "higher": [pack_of(name).title for name in pack.higher if name in known()],
        "higher_missing": higher_missing(pack),
        "packs": [pack_of(name) for name in known()],
        "open": _open(pack, person.agency, against),
        "rows": [_ruled(row) for row in rulings_of(person.agency, pack.id)],
        "rules": could(request, acts.RULE.who),
    }
    return render(request, "rules/rulings.html", context)


def _open(pack: Pack, agency: Agency, against: Pack | None) -> list[dict[str, str]]:
    answers = answers_of(agency, pack.id)
    written = filled(pack, answers)
    beside = f"?against={against.id}" if against else ""
    asked = [
        {
            "kind": _KINDS[one.kind],
            "text": one.text,
            "where": _where(pack, one.articles),
            "href": f"{reverse('rules_rule', args=[pack.id, one.code])}{beside}",
            "words": "裁定",
        }
        for one in asked_of(pack, answers, against)
        if one.ruling is None
    ]
    left = [
        {
            "kind": "待填",
            "text": f"{slot.text}（由{slot.filled_by}定）",
            "where": _where(pack, (slot.article,)),
            "href": f"{reverse('rules_fill', args=[pack.id, slot.code])}{beside}",
            "words": "填写",
        }
        for slot in pack.slots
        if slot.code not in written
    ]
    return asked + left


def _where(pack: Pack, articles: tuple[str, ...] | list[str]) -> str:
    return "、".join(_article(pack, one) for one in articles) or "全文"


def _article(pack: Pack, number: str) -> str:
    annex = f"附件 {number.partition('/')[0]} " if "/" in number else ""
    return annex + article_in_words(pack.id, number).partition("》")[2]


def _ruled(row: Ruling) -> dict[str, Any]:
    pack = pack_of(row.pack)
    route = "rules_fill" if slot_named(pack, row.code) else "rules_rule"
    return {
        "row": row,
        "where": _where(pack, row.articles),
        "value": value_in_words(pack, row.code, row.value),
        "href": reverse(route, args=[row.pack, row.code]),
    }


def value_in_words(pack: Pack, code: str, value: str) -> str:
    """What is counted with from then on; empty for a ruling in words alone."""
    kind = value_asked(pack, code)
    if not value or kind is None:
        return ""
    if kind == "period":
        return Period.parse(value).in_words()
    return {**pack.roles}.get(value, value) if kind == "role" else value  # type: ignore[call-overload]


class RulingForm(forms.Form):
    """What is ruled and why; the value only where the question asks for one that the engine counts with."""

    answer = forms.CharField(
        label="裁定", max_length=600, widget=forms.Textarea({"rows": 3}), help_text="以后引用的就是这段话。"
    )
    reason = forms.CharField(label="理由", max_length=600, widget=forms.Textarea({"rows": 3}))
    field_order = ("answer", "period", "role", "date", "reason")

    def __init__(self, pack: Pack, kind: Value | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        later = "填写后，程序即按此推算；不填的只作文字裁定。"
        if kind == "period":
            self.fields["period"] = PeriodField(label="时限", required=False, help_text=later)
        elif kind == "role":
            roles = [("", "不指定"), *choices(pack)]
            self.fields["role"] = forms.ChoiceField(
                label="角色", required=False, choices=roles, help_text=later
            )
        elif kind == "date":
            widget = forms.DateInput({"type": "date"})
            self.fields["date"] = forms.DateField(
                label="施行日期", required=False, widget=widget, help_text=later
            )
        self.order_fields(self.field_order)


def _value(kind: Value | None, data: dict[str, Any]) -> str:
    if kind == "date":
        return data["date"].isoformat() if data["date"] else ""
    return str(data[kind]) if kind else ""


@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, name: str, code: str) -> HttpResponse:
    only(request, acts.RULE.who)
    person, pack = person_in(request), pack_named(name)
    question = question_named(pack, code)
    if question is None:
        raise not_there()
    kind = value_asked(pack, code)
    shipped = f"随规则包的裁定：{question.ruling}" if question.ruling else ""
    page = FormPage(
        "裁定疑问",
        "裁定",
        _back(request, pack),
        "疑问与裁定",
        intro=f"{pack.title}：{question.text}{shipped}",
    )

    def act(data: dict[str, Any]) -> Ruling:
        said = services.Said(data["answer"], data["reason"], _value(kind, data))
        return services.rule(person.agency, pack, code, said, by=person, at=clock.now())

    form = RulingForm(pack, kind, request.POST if request.method == "POST" else None)
    return form_page(request, page, form, act, said="已裁定，记入账本；此后按此推算和引用。")


class FillForm(forms.Form):
    answer = forms.CharField(label="本单位的内容", max_length=600, widget=forms.Textarea({"rows": 4}))
    reason = forms.CharField(label="来源和理由", max_length=600, widget=forms.Textarea({"rows": 2}))


@require_http_methods(["GET", "POST"])
def fill(request: HttpRequest, name: str, slot: str) -> HttpResponse:
    only(request, acts.FILL.who)
    person, pack = person_in(request), pack_named(name)
    found = slot_named(pack, slot)
    if found is None:
        raise not_there()
    intro = f"{article_in_words(pack.id, found.article)}：{found.text}（由{found.filled_by}定）"
    page = FormPage("填写条文留给本单位的内容", "填写", _back(request, pack), "疑问与裁定", intro=intro)

    def act(data: dict[str, Any]) -> Ruling:
        said = services.Said(data["answer"], data["reason"])
        return services.fill(person.agency, pack, slot, said, by=person, at=clock.now())

    form = FillForm(request.POST if request.method == "POST" else None)
    return form_page(request, page, form, act, said="已填写，记入账本。")


def _back(request: HttpRequest, pack: Pack) -> str:
    """To the list it came from, the regulation that was held beside it included."""
    asked = {"pack": pack.id}
    if name := request.GET.get("against"):
        asked["against"] = pack_named(name).id
    return f"{reverse('rules_rulings')}?{urlencode(asked)}"
