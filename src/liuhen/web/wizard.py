"""按常用参数新拟: a pack for a new regulation out of a form; what comes of it is looked over like any other."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from liuhen.base.packs import FILES, calendar, known, pack_of
from liuhen.base.rulebook import acts
from liuhen.core.rules.errors import PackError
from liuhen.core.rules.terms import NAMES, Cause, Circumstance, Event, Ground, words_of
from liuhen.core.rules.wizard import MEANINGS, Parameters, written

from .acting import only
from .adopting import preview
from .period_field import PeriodField

_ROLES = {
    "officer": "执法人员",
    "custodian": "音像记录管理人员",
    "leader": "分管负责人",
    "principal": "主要负责人",
}
_NUMBER = r"^(\d{1,2}/)?\d{1,3}$"


def _article(label: str) -> forms.RegexField:
    return forms.RegexField(
        _NUMBER,
        label=f"{label}在第几条",
        required=False,
        max_length=6,
        help_text="规定没有写的留空。",
        error_messages={"invalid": "请只写条号，如 7；附件中的条写成 2/7。"},
    )


def _ticked(label: str, kind: object) -> forms.MultipleChoiceField:
    choices = [(code, NAMES[code]) for code in words_of(kind)]
    return forms.MultipleChoiceField(
        label=label, required=False, choices=choices, widget=forms.CheckboxSelectMultiple
    )


def _matters() -> list[tuple[str, str]]:
    """The shared list of matters: every code that a pack here knows, by the first name given."""
    found: dict[str, str] = {}
    for name in known():
        for matter in pack_of(name).matters:
            found.setdefault(matter.code, matter.name)
    return list(found.items())


class WizardForm(forms.Form):
    """Asked in the order of a regulation."""

    title = forms.CharField(label="规定名称", max_length=200)
    agency = forms.CharField(label="制定单位", max_length=200)
    id = forms.RegexField(
        r"^[a-z0-9][a-z0-9-]{1,60}$",
        label="代码",
        help_text="小写字母、数字和连字符，如 gaoshan-water。",
        error_messages={"invalid": "请用小写字母、数字和连字符，如 gaoshan-water。"},
    )
    agency_kind = forms.RegexField(
        r"^[a-z][a-z0-9_]{1,40}$",
        label="单位类型",
        initial="general",
        help_text="如 agriculture、forestry、general。",
        error_messages={"invalid": "请用小写字母和下划线，如 general。"},
    )
    version = forms.RegexField(r"^[0-9][0-9.]{0,15}$", label="版本", initial="1")
    in_force = forms.DateField(
        label="施行日期",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="文本没有写的留空。",
    )
    officer = forms.CharField(label="对执法人员的称呼", max_length=60, initial=_ROLES["officer"])
    custodian = forms.CharField(label="对保管人员的称呼", max_length=60, initial=_ROLES["custodian"])
    leader = forms.CharField(label="对分管负责人的称呼", max_length=60, initial=_ROLES["leader"])
    principal = forms.CharField(label="对主要负责人的称呼", max_length=60, initial=_ROLES["principal"])
    articles = forms.CharField(
        label="各条要旨，一条一行",
        widget=forms.Textarea({"rows": 10}),
        help_text="写成“条号 要旨”。下面各项没有用到的条，在行末注明属于哪一类，如“1 目的 [立制目的]”。可用："
        + f"{'、'.join(MEANINGS)}。",
    )
    matters_article = _article("应当记录的事项")
    matters = forms.MultipleChoiceField(
        label="应当记录的事项", required=False, widget=forms.CheckboxSelectMultiple
    )
    notice_article = _article("告知")
    notice_script = forms.CharField(
        label="告知用语",
        required=False,
        max_length=600,
        widget=forms.Textarea({"rows": 2}),
        help_text="只在文本写明用语时填；姓名处写 {officer}、{officer2}，单位处写 {agency}。",
    )
    unrecorded_article = _article("可以不记录")
    grounds = _ticked("可以不记录的情形", Ground)
    unrecorded_within = PeriodField(label="多久内报告", required=False, help_text="没有写明的留空。")
    interruption_article = _article("中断")
    causes = _ticked("中断的情形", Cause)
    handover_article = _article("移交时限")
    handover_within = PeriodField(label="结束后多久内移交", required=False, help_text="写“当天”的留空。")
    circumstances = _ticked("移交可以推迟的情况", Circumstance)
    exception_within = PeriodField(label="返回后多久内移交", required=False)
    retention_article = _article("保管期限")
    with_dossier = forms.BooleanField(label="立案的与案卷同期保管", required=False)
    period = PeriodField(label="其他的保管多久", required=False)
    minimum = forms.BooleanField(label="写作“不少于”", required=False, initial=True)
    permanent_article = _article("永久保存")
    permanent = _ticked("永久保存的情形", Event)
    long_term_article = _article("长期保存")
    long_term = _ticked("长期保存的情形", Event)
    copies = forms.IntegerField(label="刻录光盘份数", min_value=1, max_value=9, initial=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["matters"].choices = _matters()  # type: ignore[attr-defined]

    def parameters(self) -> Parameters:
        told = dict(self.cleaned_data)
        roles = {name: told.pop(name) for name in _ROLES}
        names = dict(_matters())
        told["matters"] = tuple((code, names[code]) for code in told["matters"])
        lists = ("grounds", "causes", "circumstances", "permanent", "long_term")
        return Parameters(**{**told, **{name: tuple(told[name]) for name in lists}}, roles=roles)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        for article, part in (("permanent_article", "permanent"), ("long_term_article", "long_term")):
            if told.get(article) and not told.get(part):
                self.add_error(part, "写了条号，请选出情形。")
        if told.get("circumstances") and not told.get("exception_within"):
            self.add_error("exception_within", "选了可以推迟的情况，请写明返回后多久内移交。")
        return told


@require_http_methods(["GET", "POST"])
def wizard(request: HttpRequest) -> HttpResponse:
    only(request, acts.ADOPT.who)
    form = WizardForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            texts = written(form.parameters(), calendar())
        except PackError as error:
            for fault in error.faults:
                form.add_error("articles", f"{fault.place}：{fault.message}怎么办：{fault.remedy}")
        else:
            encoded = (text.encode() for text in texts)
            return preview(request, dict(zip(FILES, encoded, strict=True)), form.cleaned_data["in_force"])
    return render(request, "rules/wizard.html", {"form": form}, status=422 if form.is_bound else 200)
