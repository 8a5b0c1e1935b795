"""报告: the register of reports, one report with who reviews it and its paper, and what is done to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.base.acts import OnPaper
from liuhen.base.people import acts as people
from liuhen.base.people.models import Account
from liuhen.core.errors import UsageError
from liuhen.prints.sheet import sheet_pdf
from liuhen.stages.fieldwork import acts, papers, reporting, reviewers, selectors
from liuhen.stages.fieldwork.due import due_of
from liuhen.stages.fieldwork.facts import pack_of, packs_of
from liuhen.stages.fieldwork.models import Report

from . import registers, scans
from .acting import button, not_there
from .field_links import activity_address
from .people_in import could, person_in
from .registers import Column, Nothing, Register

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
# Reports are opened by whoever sees activities; a deputy comes by the list of what waits.
_TABS = (("mine", "待我审核"), ("all", "全部"), ("returned", "退回"))


def _register_of(person: Account) -> Register:
    """The register, whose regulations are read once for all rows."""
    pack_on = packs_of(person.agency)

    def reviewer(row: Report) -> str:
        return papers.reviewer_in_words(row, pack_on(row.activity))

    columns = tuple(replace(one, value=reviewer) if one.key == "reviewer" else one for one in REPORTS.columns)
    return replace(REPORTS, columns=columns)


REPORTS = Register(
    name="中断和未记录报告登记簿",
    title="中断和未记录报告登记簿",
    columns=(
        Column(
            "number",
            "编号",
            lambda row: row.number,
            width=11,
            sort="number",
            href=lambda row: reverse("report", args=[row.pk]),
        ),
        Column("kind", "种类", lambda row: row.get_kind_display(), width=8, sort="kind"),
        Column(
            "activity",
            "执法活动",
            lambda row: row.activity.number,
            width=11,
            sort="activity__number",
            href=lambda row: activity_address(row.activity),
        ),
        Column("code", "理由", papers.code_in_words, width=12),
        Column("made_by", "提交人", lambda row: row.made_by.name, width=5, sort="made_by__name"),
        Column("made_at", "提交时间", lambda row: row.made_at, width=10, sort="made_at"),
        Column("reviewer", "审核人应为", lambda row: None, width=8),
        Column("reviewed_by", "审核人", lambda row: row.reviewed_by and row.reviewed_by.name, width=5),
        Column("reviewed_at", "审核时间", lambda row: row.reviewed_at, width=10, shown=False),
        Column("scan", "签字件", lambda row: "有" if row.scan_id else "", width=4),
        Column(
            "state",
            "状态",
            lambda row: row.get_state_display(),
            width=5,
            sort="state",
            state=lambda row: "pending" if row.state == Report.State.MADE else row.state,
        ),
    ),
    nothing=Nothing("还没有报告", "录制中断、或有活动没有记录时，由参加活动的人员在活动页面提交报告。"),
    order=("-made_at",),
    note="编号、提交和审核时间以留痕账本为准",
)


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    person, at = person_in(request), clock.now()
    waiting = reviewers.waiting_for(person, at)
    if not (could(request, acts.BROWSE) or reviewers.lent_to(person, at)):
        raise not_there()
    rows, asked = selectors.reports_open_to(person, at), request.GET.get("show", "")
    mine = rows.filter(pk__in=waiting.values("pk"))
    show = asked if asked in dict(_TABS) else ("mine" if mine.exists() else "all")
    if show == "mine":
        rows = mine
    elif show == "returned":
        rows = rows.filter(state=Report.State.RETURNED)
    kind = request.GET.get("kind", "")
    if kind in Report.Kind.values:
        rows = rows.filter(kind=kind)
    counts = {"mine": mine.count()}
    tabs = [(name, label, name == show, counts.get(name)) for name, label in _TABS]
    context = {"tabs": tabs, "show": show, "kind": kind, "kinds": Report.Kind.choices}
    return registers.respond(request, _register_of(person), rows, "reports/register.html", context)


@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    report = _find(request, pk)
    person, at = person_in(request), clock.now()
    pack = pack_of(report.activity)
    rule = reporting.demanded(pack, report.kind)
    made = report.state == Report.State.MADE
    context = {
        "report": report,
        "sheet": papers.paper_of(report),
        "steps": papers.history_of(report),
        "rule": rule,
        "verb": papers.verb_of(rule),
        "who": papers.reviewer_in_words(report, pack),
        "role": reviewers.reviewer_of(report).label,
        "named": bool(report.to),
        "code": papers.code_in_words(report),
        "basis": papers.basis_of(report, pack),
        "due": due_of(report.activity, report.kind, report.made_at) if rule.article else None,
        "back": activity_address(report.activity),
        "may_review": reviewers.may_review(report, person, at),
        "absent": reviewers.absent_whom(report, person, at) if made else [],
        "on_paper": PaperForm(report) if made and could(request, people.KEEP_PAPER.who) else None,
        "own": report.made_by_id == person.pk,
        "paper_by": people.KEEP_PAPER.who.in_words() if people.KEEP_PAPER.who else "",
        "scan_by": acts.KEEP_SCAN.who.in_words() if acts.KEEP_SCAN.who else "",
        **_may(report, person),
    }
    return render(request, "reports/report.html", context)


def _may(report: Report, person: Account) -> dict[str, Any]:
    told = acts.MAKE_REPORT.who
    tells = told is not None and told.allows(person, report, clock.now())
    there = report.state in acts.KEEP_SCAN.sources
    return {
        "may_withdraw": tells and report.state in acts.WITHDRAW_REPORT.sources,
        "scan_form": ScanForm() if tells and there else None,
        "may_again": tells and report.state == Report.State.RETURNED and report.activity.live,
    }


class PaperForm(forms.Form):
    """The review signed on paper: who signed, and the scan."""

    def __init__(self, report: Report, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "prefix": "paper"})
        signers = reviewers.signers_of(report)
        self.fields["signer"] = forms.ModelChoiceField(signers, label="签字人", empty_label=None)
        self.fields["opinion"] = forms.CharField(
            label="纸上的意见", max_length=500, required=False, widget=forms.Textarea({"rows": 2})
        )
        self.fields["scan"] = scans.scan_field("签字件的扫描件")


class ScanForm(forms.Form):
    scan = scans.scan_field("签字件的扫描件")


@require_POST
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """In one's own right, for somebody absent (`deputy_of`), or as signed on paper (`paper-signer`, `paper-scan`)."""
    report, person = _find(request, pk), person_in(request)
    if "paper-signer" in request.POST:
        return _review_on_paper(request, report, person)

    def act(_reason: str) -> None:
        opinion = request.POST.get("opinion", "").strip()[:2000]
        absent = _absent(request, report, person)
        reporting.review(report, opinion=opinion, by=person, at=clock.now(), deputy_of=absent)

    return button(request, act, said="已审核同意。", to=reverse("report", args=[pk]))


def _review_on_paper(request: HttpRequest, report: Report, person: Account) -> HttpResponse:
    form = PaperForm(report, request.POST, request.FILES)
    here = reverse("report", args=[report.pk])
    if not form.is_valid():
        return _not_done(request, form, here)
    told = form.cleaned_data

    def act(_reason: str) -> None:
        at = clock.now()
        reporting.require_paper(report, told["signer"], by=person, at=at)
        paper = scans.kept(told["scan"], by=person, act=people.KEEP_PAPER)
        if paper is not None:
            signed = OnPaper(told["signer"], paper)
            reporting.review(report, opinion=told["opinion"], by=person, at=at, on_paper=signed)

    return button(request, act, said="已登记纸质签字的审核。", to=here)


def _not_done(request: HttpRequest, form: forms.Form, to: str) -> HttpResponse:
    for name, errors in form.errors.items():
        messages.error(
            request, f"{form.fields[name].label}：{'；'.join(map(str, errors))}怎么办：请补齐后重新提交。"
        )
    return redirect(to)


def _absent(request: HttpRequest, report: Report, person: Account) -> Account | None:
    """In whose place: nobody's, or one of those that the page offers. Raises UsageError for anybody else."""
    said = request.POST.get("deputy_of", "")
    if not said:
        return None
    for one in reviewers.absent_whom(report, person, clock.now()):
        if str(one.pk) == said:
            return one
    raise UsageError(
        "您此时不是该审核人的代理人。", remedy="请先登记代理及其起止日期，或由本人办理。", code="no_deputy"
    )


@require_POST
def send_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    report, person = _find(request, pk), person_in(request)

    def act(reason: str) -> None:
        absent = _absent(request, report, person)
        reporting.send_back(report, reason=reason, by=person, at=clock.now(), deputy_of=absent)

    return button(request, act, said="已退回补正。", to=reverse("report", args=[pk]))


@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    report, person = _find(request, pk), person_in(request)
    return button(
        request,
        lambda reason: reporting.withdraw(report, reason=reason, by=person, at=clock.now()),
        said="已撤回。",
        to=reverse("report", args=[pk]),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def scan(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET: the scan, to save. POST: the signed paper came back."""
    report, person = _find(request, pk), person_in(request)
    if request.method != "POST":
        if report.scan is None:
            raise not_there()
        return scans.as_file(report.scan, f"{report.number}签字件.{report.scan.name.rpartition('.')[2]}")
    form, here = ScanForm(request.POST, request.FILES), reverse("report", args=[pk])
    if not form.is_valid():
        return _not_done(request, form, here)

    def act(_reason: str) -> None:
        at = clock.now()
        reporting.require_scan(report, by=person, at=at)
        paper = scans.kept(form.cleaned_data["scan"], by=person)
        if paper is not None:
            reporting.keep_scan(report, paper, by=person, at=at)

    return button(request, act, said="已登记签字件的扫描件。", to=here)


@require_safe
def paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form or the record, as PDF or as Word file."""
    report = _find(request, pk)
    sheet = papers.paper_of(report)
    word = request.GET.get("as", "pdf") == "docx"
    if word:
        from liuhen.prints.word import sheet_docx

        response = HttpResponse(sheet_docx(sheet), content_type=WORD)
    else:
        response = HttpResponse(sheet_pdf(sheet), content_type="application/pdf")
    attached = word or "download" in request.GET
    name = f"{report.number}{sheet.title}.{'docx' if word else 'pdf'}"
    response["Content-Disposition"] = content_disposition_header(attached, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


def _find(request: HttpRequest, pk: UUID) -> Report:
    person, at = person_in(request), clock.now()
    report = selectors.reports_open_to(person, at).filter(pk=pk).first()
    if report is None:
        raise not_there()
    return report
