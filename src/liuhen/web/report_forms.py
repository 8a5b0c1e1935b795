"""Forms of interruptions and reports: what the regulation lists first, what it asks for said beside the form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from liuhen.base import clock
from liuhen.base.basis import article_in_words
from liuhen.base.people.models import Role
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES
from liuhen.stages.fieldwork import acts, papers, reporting, selectors, twins
from liuhen.stages.fieldwork.due import due_of
from liuhen.stages.fieldwork.facts import CAUSES, GROUNDS, pack_of
from liuhen.stages.fieldwork.models import Activity, Report, Stop
from liuhen.stages.fieldwork.reporting import Demanded, Written
from liuhen.stages.fieldwork.reviewers import ROLES

from .acting import FormPage, form_page, not_there
from .field_links import activity_address
from .forms import done, moment_field
from .people_in import person_in
from .twins import asked_once

# Of one stop the text asks for two: the one at once, and the written one afterwards.
_AT_ONCE_NOTE = "提交后即视为已书面告知；口头已报告的，写明何时、向谁报告。"


def choices_of(
    codes: Sequence[str], listed: Sequence[str], article: str
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The regulation's own first, in its order; the others after, told apart."""
    own = [(code, NAMES[code]) for code in listed]
    others = [(code, NAMES[code]) for code in codes if code not in listed]
    groups = [(f"{article}所列" if article else "所列", own), ("条文未列" if own else "条文没有列举", others)]
    return [(label, rows) for label, rows in groups if rows]


def _offer(field: forms.Field, codes: Sequence[str], listed: Sequence[str], article: str) -> None:
    """Nothing stands chosen: a report cannot be rewritten, so its reason is one that somebody picked."""
    field.choices = [("", "请选择"), *choices_of(codes, listed, article)]  # type: ignore[attr-defined]
    unchosen = f"没有选择{field.label}。怎么办：请从列表中选一项；都不是的，选最接近的并在说明中写明。"
    field.error_messages |= {"required": unchosen, "invalid_choice": unchosen}


class StopForm(forms.Form):
    cause = forms.ChoiceField(label="中断原因")
    stopped_at = moment_field("中断时间")
    resumed_at = moment_field("恢复时间", required=False, help_text="没有恢复的，不填。")
    text = forms.CharField(
        label="说明",
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="当时的情况，可以不写。",
    )

    def __init__(self, pack: Pack | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = pack.interruption if pack else None
        field = self.fields["cause"]
        listed: Sequence[str] = rule.causes if rule else ()
        _offer(field, CAUSES, listed, _article(pack, rule.article if rule else ""))
        if rule and rule.causes:
            field.help_text = _listed_note(rule.closed)


def _article(pack: Pack | None, article: str) -> str:
    """第十条 alone: the title stands beside the form."""
    return article_in_words(pack.id, article).rpartition("》")[2] if pack and article else ""


def _listed_note(closed: bool) -> str:
    more = "条文只列这几种；" if closed else "条文所列之外还有“等客观原因”；"
    return f"{more}选“条文未列”的也能提交，会标明，由审核人判断。"


@require_http_methods(["GET", "POST"])
def stop_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    activity, person = telling(request, pk), person_in(request)
    pack, back = pack_of(activity), activity_address(activity)
    page = FormPage(
        "登记录制中断",
        "登记",
        back,
        activity.number,
        intro=(
            pack.interruption.text
            if pack and pack.interruption
            else "本单位的制度没有规定中断怎么办；登记后仍然留痕。"
        ),
        basis=acts.STOP.basis.cite(pack.id if pack else None),
    )

    def act(data: dict[str, Any]) -> Stop:
        return reporting.stop(activity, data.pop("cause"), **data, by=person, at=clock.now())

    form = StopForm(pack, request.POST or None)
    return form_page(request, page, form, act, said="已登记中断。", to=lambda row: _after_stop(row, back))


def _after_stop(row: Stop, back: str) -> str:
    """On to the report that the text asks for now."""
    kinds = reporting.kinds_asked(pack_of(row.activity), row)
    return f"{reverse('report_new', args=[row.activity_id])}?stop={row.pk}&kind={kinds[0]}" if kinds else back


class ResumeForm(forms.Form):
    resumed_at = moment_field("恢复时间")


@require_http_methods(["GET", "POST"])
def stop_resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = Stop.objects.select_related("activity").filter(pk=pk).first()
    if row is None:
        raise not_there()
    activity, person = telling(request, row.activity_id), person_in(request)
    pack = pack_of(activity)
    spoken = pack is not None and pack.interruption is not None and not pack.interruption.report_every_stop
    page = FormPage(
        f"登记恢复记录（{clock.local(row.at)} 中断）",
        "登记",
        activity_address(activity),
        activity.number,
        intro="重新开始记录时，应当对中断原因进行语音说明。" if spoken else "",
        basis=acts.RESUME.basis.cite(pack.id if pack else None),
    )

    def act(data: dict[str, Any]) -> Stop:
        return reporting.resume(row, resumed_at=data["resumed_at"], by=person, at=clock.now())

    return form_page(request, page, ResumeForm(request.POST or None), act, said="已登记恢复时间。")


def telling(request: HttpRequest, pk: UUID) -> Activity:
    """The activity, for whoever may tell of it. Raises NotFoundError for everyone else."""
    person, at = person_in(request), clock.now()
    activity = selectors.activities_seen(person, at).filter(pk=pk).select_related("agency").first()
    who = acts.STOP.who
    if activity is None or who is None or not who.allows(person, activity, at):
        raise not_there()
    return activity


# -- reports


class ReportForm(forms.Form):
    code = forms.ChoiceField(label="理由")
    start = moment_field("起", required=False)
    end = moment_field("止", required=False)
    reason = forms.CharField(label="情况和原因", max_length=10000, widget=forms.Textarea({"rows": 5}))
    grounds = forms.CharField(label="依据", max_length=10000, widget=forms.Textarea({"rows": 3}))

    def __init__(self, kind: str, rule: Demanded, pack: Pack | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unrecorded = kind == Report.Kind.UNRECORDED
        code, basis = self.fields["code"], self.fields["grounds"]
        known = GROUNDS if unrecorded else CAUSES
        code.label = "未记录的情形" if unrecorded else "中断原因"
        _offer(code, known, rule.codes, _article(pack, rule.article))
        if rule.codes:
            code.help_text = _listed_note(rule.closed)
        self.fields["start"].label = "未记录时段，从" if unrecorded else "中断时间"
        self.fields["end"].label = "到" if unrecorded else "恢复时间（没有恢复的不填）"
        basis.required = rule.names_basis
        basis.help_text = (
            "条文要求写明原因和依据：写所依据的条款和事实。"
            if rule.names_basis
            else "条文没有要求写依据，可以不写。"
        )
        if kind == Report.Kind.AT_ONCE:
            self.fields["reason"].help_text = _AT_ONCE_NOTE


@require_http_methods(["GET", "POST"])
def report_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    activity, person = telling(request, pk), person_in(request)
    stop, pack = _stop_asked(request, activity), pack_of(activity)
    asked = reporting.kinds_asked(pack, stop)
    kind = _kind_asked(request, asked, stop)
    rule = reporting.demanded(pack, kind)
    form = ReportForm(kind, rule, pack, request.POST or None, initial=_initial(activity, stop, request))
    if request.method == "POST" and form.is_valid():
        made: list[Report] = []
        written = Written(kind, **form.cleaned_data, stop=stop)

        def act() -> None:
            with asked_once(request, form, "确需另交一份"):
                twins.require_first_report(activity, written)
            made.append(reporting.make_report(activity, written, by=person, at=clock.now()))

        if done(form, act):
            messages.success(request, f"已提交 {made[0].number}。")
            return redirect("report", pk=made[0].pk)
    context = {
        "form": form,
        "activity": activity,
        "back": activity_address(activity),
        "title": papers.title_of(pack, kind),
        "tabs": _tabs(kind, asked, stop),
        "rule": rule,
        "basis": acts.MAKE_REPORT.basis.cite(pack.id if pack else None),
        "article": article_in_words(pack.id, rule.article) if pack and rule.article else "",
        "due": due_of(activity, kind, clock.now()) if rule.article else None,
        "reviewer": _reviewer_said(rule, pack),
        "stop": stop,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "reports/new.html", context, status=status)


def _stop_asked(request: HttpRequest, activity: Activity) -> Stop | None:
    said = request.GET.get("stop", "")
    if not said:
        return None
    try:
        row = activity.stops.filter(pk=UUID(said)).first()
    except ValueError:
        row = None
    if row is None:
        raise not_there()
    return row


def _kind_asked(request: HttpRequest, asked: list[str], stop: Stop | None) -> str:
    said = request.GET.get("kind", "")
    if said in _kinds(stop):
        return said
    return asked[0] if asked else _kinds(stop)[-1]


def _kinds(stop: Stop | None) -> list[str]:
    """Those that can be written of a stop, or of not having recorded."""
    kinds = Report.Kind
    if stop is None:
        return [kinds.UNRECORDED.value]
    return [kinds.AT_ONCE.value, kinds.STATEMENT.value, kinds.WORK_RECORD.value]


def _tabs(kind: str, asked: list[str], stop: Stop | None) -> list[dict[str, Any]]:
    known = dict(Report.Kind.choices)
    shown = [one for one in _kinds(stop) if one in asked or one == kind]
    about = f"&stop={stop.pk}" if stop else ""
    return [{"label": known[one], "href": f"?kind={one}{about}", "here": one == kind} for one in shown]


def _initial(activity: Activity, stop: Stop | None, request: HttpRequest) -> dict[str, Any]:
    if stop is None:
        start: datetime | None = activity.arrived_at
        return {"start": start and _local(start), "end": activity.ended_at and _local(activity.ended_at)}
    told = {"code": stop.cause, "start": _local(stop.at), "reason": stop.text}
    return {**told, "end": _local(stop.resumed_at)} if stop.resumed_at else told


def _local(moment: datetime) -> datetime:
    return moment.astimezone(clock.SHANGHAI)


def _reviewer_said(rule: Demanded, pack: Pack | None) -> str:
    if rule.to and pack:
        role = ROLES.get(rule.to, Role.UNIT_HEAD)
        return f"{pack.who(rule.to)}（在本系统由{role.label}审核）"  # type: ignore[arg-type]
    return "科室负责人（条文没有写报告给谁，按本系统安全规则）"
