"""What stands on the paper of a report: the form before it is signed, and the record after.

- The texts prescribe no form and no title; the titles are ours, in each text's own words for the thing.
- Who reviews is called what the regulation calls them; where it names nobody, the role that reviews here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from liuhen.base.basis import OWN_RULE, article_in_words
from liuhen.base.clock import local
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.selectors import told
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES
from liuhen.prints.sheet import Fact, Passage, Sheet, Signature

from . import acts
from .facts import pack_of
from .models import Activity, Report
from .reporting import Demanded, demanded
from .reviewers import reviewer_of

_KINDS = Report.Kind
_TITLES: dict[str, str] = {
    _KINDS.UNRECORDED: "未进行执法音像记录工作记录",
    _KINDS.AT_ONCE: "执法音像记录中断情况报告",
    _KINDS.STATEMENT: "执法音像记录中断情况书面说明",
    _KINDS.WORK_RECORD: "执法音像记录中断工作记录",
}
_OWN_TITLES: dict[tuple[str, str], str] = {
    ("jinjiang-agri", _KINDS.UNRECORDED): "未进行现场执法音像记录工作记录",
    ("shifanqu-bianban", _KINDS.UNRECORDED): "未进行现场执法记录工作记录",
    ("baofeng-forestry", _KINDS.UNRECORDED): "未使用音像记录设备工作记录",
    ("baofeng-forestry", _KINDS.WORK_RECORD): "停止使用音像记录设备工作记录",
    ("ankang-agri", _KINDS.UNRECORDED): "未进行音像记录工作记录",
}


FORMS = frozenset(_TITLES)  # papers that can be made, by the name a pack calls them


class Step(NamedTuple):
    """One entry of a report's history, as the ledger tells it."""

    label: str
    at: datetime
    name: str
    position: int
    deputy_of: str = ""
    recorded_by: str = ""
    paper: str = ""


def title_of(pack: Pack | None, kind: str) -> str:
    return _OWN_TITLES.get((pack.id if pack else "", kind), _TITLES[kind])


def reviewer_in_words(report: Report, pack: Pack | None) -> str:
    """What the regulation calls whoever reviews it; the role here where it names nobody."""
    named = pack.who(report.to) if pack and report.to in pack.roles else None
    return named or reviewer_of(report).label


def verb_of(rule: Demanded) -> str:
    """备案 where the text asks for no more than that (AK 1/5), else 审核."""
    return "备案" if "备案" in rule.text and "审核" not in rule.text else "审核"


def basis_of(report: Report, pack: Pack | None) -> str:
    return article_in_words(pack.id, report.article) if pack and report.article else OWN_RULE.cite(None)


def code_in_words(report: Report) -> str:
    """The ground or cause, and whether the article lists it."""
    listed = {True: "条文所列", False: "条文未列，由审核人判断", None: "条文没有列举"}[report.listed]
    return f"{NAMES.get(report.code, report.code)}（{listed}）"


def history_of(report: Report) -> list[Step]:
    """From making to the last act, in the ledger's order."""
    labels = {act.kind: act.label for act in acts.ALL}
    rows = Entry.objects.filter(agency=report.agency_id, subject=f"report:{report.pk}").order_by("position")
    return [_step(row, labels) for row in rows]


def _step(row: Entry, labels: dict[str, str]) -> Step:
    said = told(row)
    by: dict[str, Any] = said.get("by") or {}
    return Step(
        labels.get(row.kind, row.kind),
        datetime.fromisoformat(said["at"]) if said.get("at") else row.recorded_at,
        str(by.get("name", "")),
        row.position,
        str(by.get("deputy_of", "")),
        str(by.get("recorded_by", "")),
        str(by.get("paper", "")),
    )


def paper_of(report: Report) -> Sheet:
    """The sheet of a report as it stands now."""
    activity, pack = report.activity, pack_of(report.activity)
    rule = demanded(pack, report.kind)
    steps = history_of(report)
    return Sheet(
        title=title_of(pack, report.kind),
        number=report.number,
        agency=report.agency.name,
        facts=(*_activity(activity, pack), *_report(report)),
        passages=_passages(report, rule),
        signatures=(
            Signature("报告人", name="", day=""),
            _reviewed(report, f"{reviewer_in_words(report, pack)}{verb_of(rule)}意见", steps),
        ),
        basis=_basis_said(report, pack, rule),
        foot=_foot(report, steps),
        at=report.reviewed_at or report.made_at,
        note=_note(report),
    )


def _activity(activity: Activity, pack: Pack | None) -> tuple[Fact, ...]:
    return (
        Fact("承办科室", activity.unit.name),
        Fact("活动编号", activity.number),
        Fact("执法事项", matter_in_words(activity, pack) or "—"),
        Fact("当事人", activity.party or "—"),
        Fact("执法地点", activity.place or "—", wide=True),
        Fact("执法时间", _from_to(activity.arrived_at, activity.ended_at, "未结束"), wide=True),
        Fact("执法人员", _officers(activity), wide=True),
        Fact("记录设备", _devices(activity), wide=True),
    )


def matter_in_words(activity: Activity, pack: Pack | None) -> str:
    known = {one.code: one.name for one in pack.matters} if pack else {}
    return known.get(activity.matter, activity.matter)


def _officers(activity: Activity) -> str:
    rows = activity.participants.select_related("officer").order_by("officer__staff_no")
    people = [f"{one.officer.name}（执法证号 {one.officer.certificate_no}）" for one in rows]
    return "、".join(people) or "—"


def _devices(activity: Activity) -> str:
    rows = activity.carried.select_related("device", "officer").order_by("device__serial")
    told = [
        f"{one.device.get_kind_display()} {one.device.serial}"
        + (f"（{one.officer.name}使用）" if one.officer else "")
        for one in rows
    ]
    return "、".join(told) or "未携带"


def _report(report: Report) -> tuple[Fact, ...]:
    unrecorded = report.kind == _KINDS.UNRECORDED
    span = _from_to(report.start, report.end, "未恢复" if report.stop_id else "—")
    return (
        Fact("未记录时段" if unrecorded else "中断时段", span, wide=True),
        Fact("未记录情形" if unrecorded else "中断原因", code_in_words(report), wide=True),
    )


def _from_to(start: datetime | None, end: datetime | None, without_end: str) -> str:
    if start is None and end is None:
        return "—"
    return f"{local(start) if start else '—'} 至 {local(end) if end else without_end}"


def _passages(report: Report, rule: Demanded) -> tuple[Passage, ...]:
    reason = Passage(
        "无法记录的情况和原因" if report.kind == _KINDS.UNRECORDED else "中断的情况和原因", report.reason
    )
    if not report.grounds and not rule.names_basis:
        return (reason,)
    return (reason, Passage("依据", report.grounds or "（未写明；条文要求写明原因和依据）"))


def _reviewed(report: Report, label: str, steps: list[Step]) -> Signature:
    if report.state != Report.State.REVIEWED or report.reviewed_by is None or report.reviewed_at is None:
        return Signature(label)
    step = next((one for one in reversed(steps) if one.label == acts.REVIEW.label), None)
    how = ""
    if step and step.paper:
        how = f"（纸质签字，扫描件 SHA-256 前 16 位 {step.paper[:16]}）"
    elif step and step.deputy_of:
        how = f"（代理办理，被代理人账号 {step.deputy_of}）"
    return Signature(
        label, f"{report.opinion or '同意。'}{how}", report.reviewed_by.name, local(report.reviewed_at)
    )


def _basis_said(report: Report, pack: Pack | None, rule: Demanded) -> str:
    cited = basis_of(report, pack)
    return f"{cited}：{rule.text}。" if rule.article else f"{cited}（本单位的制度没有要求这种报告）。"


def _foot(report: Report, steps: list[Step]) -> str:
    made = next((one.position for one in steps if one.label == acts.MAKE_REPORT.label), None)
    where = f"　账本第 {made} 条" if made is not None else ""
    return f"{report.number}{where}　{report.made_by.name} {local(report.made_at)} 提交"


def _note(report: Report) -> str:
    notes = {
        Report.State.RETURNED: "已退回补正，本件不作数",
        Report.State.WITHDRAWN: "已撤回，本件不作数",
    }
    return notes.get(Report.State(report.state), "")
