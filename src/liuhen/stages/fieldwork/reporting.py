"""Interruptions, and the reports of them and of not having recorded.

- Which report, on which grounds, to whom and reviewed by whom is the regulation's of the day of the activity. A ground or
  cause that it does not list is kept and marked: the reviewer decides, nobody's words are lost.
- Where the text names nobody (JJ 9), the unit's head reviews: 本系统安全规则.
- Nobody reviews a report of their own; a leader may sign on paper, and the scan is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction

from liuhen.base.acts import OnPaper, ask, perform
from liuhen.base.basis import OWN_RULE, article_in_words
from liuhen.base.clock import local, stamp
from liuhen.base.people.acts import KEEP_PAPER
from liuhen.base.people.models import Account, Paper
from liuhen.base.recordings.numbers import next_number
from liuhen.core.rules.pack import Pack

from . import acts, retelling
from .errors import ActivityError, NotTheReviewerError, require_live, require_possible
from .facts import CAUSES, GROUNDS, data_of, pack_of
from .models import Activity, Report, Stop
from .reviewers import reviewer_of as reviewer_of
from .reviewers import roles_here
from .telling import AHEAD

SERIES = "BG"  # 报告
_BEFORE = timedelta(days=7)  # so long before the arrival may it be written that nothing will be recorded


class Demanded(NamedTuple):
    """What the regulation says of one kind of report. `codes`: the grounds or causes it lists, `closed` where the list
    has no open end; `asked`: does it ask for such a report at all? `names_basis`: must the report name its 依据?"""

    asked: bool
    article: str
    to: str
    codes: tuple[str, ...]
    closed: bool
    text: str
    names_basis: bool = False


_NOTHING = Demanded(False, "", "", (), False, "")


def demanded(pack: Pack | None, kind: str) -> Demanded:
    """What a report of this kind rests on; for a regulation that says nothing of it, nothing."""
    if pack is None:
        return _NOTHING
    if kind == Report.Kind.UNRECORDED:
        rule = pack.unrecorded
        if rule is None:
            return _NOTHING
        asked = not rule.no_report
        return Demanded(
            asked,
            rule.article,
            rule.to or "",
            rule.grounds,
            rule.closed,
            rule.text,
            _names_basis(pack, rule.article),
        )
    stop = pack.interruption
    if stop is None or stop.report_every_stop != (kind == Report.Kind.WORK_RECORD):
        return _NOTHING
    basis = kind == Report.Kind.WORK_RECORD and _names_basis(pack, stop.article)
    return Demanded(True, stop.article, stop.to or "", stop.causes, stop.closed, stop.text, basis)


def _names_basis(pack: Pack, article: str) -> bool:
    """Does the article ask for “原因和依据” (SF 5, BF 12, AK 1/5)? One article may stand behind both rules."""
    rules = [rule for rule in (pack.unrecorded, pack.interruption) if rule and rule.article == article]
    return any("依据" in rule.text for rule in rules)


def kinds_asked(pack: Pack | None, stop: Stop | None) -> list[str]:
    """Which reports a stop asks for (None: that nothing was recorded)."""
    kinds = Report.Kind
    if stop is None:
        return [kinds.UNRECORDED]
    rule = pack.interruption if pack else None
    if rule is None:
        return []
    if rule.report_every_stop:
        return [kinds.WORK_RECORD]
    return [] if stop.resumed_at else [kinds.AT_ONCE, kinds.STATEMENT]


# -- interruptions


def stop(
    activity: Activity,
    cause: str,
    *,
    stopped_at: datetime,
    resumed_at: datetime | None = None,
    text: str = "",
    by: Account,
    at: datetime,
    key: UUID | None = None,
) -> Stop:
    """Recording stopped. Raises ActivityError for a moment that cannot be."""
    if cause not in CAUSES:
        raise ActivityError("没有这种中断原因。", remedy="请从列表中选择；都不是的，选“其他客观原因”并写明。")
    require_possible(stopped_at, resumed_at)
    _require_moment(activity, "中断", stopped_at, at)
    _require_before_its_end(activity, stopped_at)
    _require_order(stopped_at, resumed_at)
    if resumed_at is not None:
        _require_resumed_within(activity, resumed_at, at)
    row = Stop(
        id=key or uuid4(),
        agency=activity.agency,
        activity=activity,
        cause=cause,
        text=text,
        at=stopped_at,
        resumed_at=resumed_at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        _about(acts.STOP, row, by=by, at=at)
    return row


def resume(row: Stop, *, resumed_at: datetime, by: Account, at: datetime) -> Stop:
    """Recording went on."""
    if row.resumed_at is not None:
        raise ActivityError("这次中断已登记恢复时间。", remedy="填错的，请写明情况后作废活动或另作说明。")
    require_possible(resumed_at)
    _require_order(row.at, resumed_at)
    _require_resumed_within(row.activity, resumed_at, at)
    with transaction.atomic():
        if not Stop.objects.filter(pk=row.pk, resumed_at__isnull=True).update(resumed_at=resumed_at):
            raise ActivityError("这次中断刚刚已登记恢复时间。", remedy="请刷新后查看。")
        row.resumed_at = resumed_at
        _about(acts.RESUME, row, by=by, at=at)
    return row


def _about(act: Any, row: Stop, *, by: Account, at: datetime) -> None:
    told = {
        "id": str(row.pk),
        "cause": row.cause,
        "at": stamp(row.at),
        "resumed_at": stamp(row.resumed_at) if row.resumed_at else None,
    }
    perform(
        act,
        row.activity,
        by=by,
        at=at,
        subject=row.activity.subject,
        data={**data_of(row.activity), "stop": told},
        words={"text": row.text} if row.text else None,
    )
    retelling.tell_recordings(row.activity, at=at)


def _require_moment(activity: Activity, what: str, moment: datetime, at: datetime) -> None:
    if activity.arrived_at and moment < activity.arrived_at:
        raise ActivityError(f"{what}时间早于到达现场的时间。", remedy="请核对两个时间，填错的改正。")
    if moment > at + AHEAD:
        raise ActivityError(
            f"{what}时间晚于现在。",
            remedy="请核对手机或电脑的时钟；还没有发生的，发生后再填。",
            code="in_the_future",
        )


def _require_before_its_end(activity: Activity, stopped_at: datetime) -> None:
    """An interruption is of an activity that still goes on: after its end, or the return, nothing is interrupted."""
    last = _last_of(activity)
    if last is not None and stopped_at > last:
        raise ActivityError(
            f"中断时间 {local(stopped_at)} 晚于执法活动结束、返回的时间 {local(last)}。",
            remedy="请核对两个时间：结束、返回的时间填错的，先写明理由更正；结束以后没有录的，不算中断。",
            code="after_its_end",
        )


def _last_of(activity: Activity) -> datetime | None:
    return activity.returned_at or activity.left_at or activity.ended_at


def _require_resumed_within(activity: Activity, resumed_at: datetime, at: datetime) -> None:
    """What did not go on before the end did not go on: else the report that it asks for would be owed no longer."""
    _require_moment(activity, "恢复", resumed_at, at)
    last = _last_of(activity)
    if last is not None and resumed_at > last:
        raise ActivityError(
            f"恢复时间 {local(resumed_at)} 晚于执法活动结束、返回的时间 {local(last)}。",
            remedy="活动结束前没有恢复的，不登记恢复，按规定提交报告；时间填错的，先写明理由更正。",
            code="after_its_end",
        )


def _require_order(stopped_at: datetime, resumed_at: datetime | None) -> None:
    if resumed_at is not None and resumed_at < stopped_at:
        raise ActivityError(
            "恢复时间早于中断时间。", remedy="请核对两个时间，填错的改正。", code="out_of_order"
        )


# -- reports


@dataclass(frozen=True)
class Written:
    """What the officer writes: ground or cause, reason, 依据, and the stretch it is about."""

    kind: str
    code: str
    reason: str
    grounds: str = ""
    stop: Stop | None = None
    start: datetime | None = None
    end: datetime | None = None
    at: datetime | None = None  # when it was written, where that was before it reached the office


def make_report(
    activity: Activity, written: Written, *, by: Account, at: datetime, key: UUID | None = None
) -> Report:
    """Hand in a report. Raises ActivityError; a ground outside the list is kept and marked."""
    require_live(activity)
    _require_written(written)
    _require_since(activity, written)
    rule = demanded(pack_of(activity), written.kind)
    stop_row = written.stop
    report = Report(
        id=key or uuid4(),
        agency=activity.agency,
        activity=activity,
        stop=stop_row,
        kind=written.kind,
        code=written.code,
        listed=written.code in rule.codes if rule.article and rule.codes else None,
        article=rule.article,
        to=rule.to,
        start=written.start or (stop_row.at if stop_row else None),
        end=written.end or (stop_row.resumed_at if stop_row else None),
        reason=written.reason.strip(),
        grounds=written.grounds.strip(),
        made_by=by,
        made_at=min(written.at or at, at),
    )
    with transaction.atomic():
        report.number = next_number(activity.agency, SERIES, at)
        _perform(acts.MAKE_REPORT, report, by=by, at=at, words=_words(report))
    return report


def _require_written(written: Written) -> None:
    if written.kind not in Report.Kind.values:
        raise ActivityError("没有这种报告。", remedy="请从列表中选择。")
    known = GROUNDS if written.kind == Report.Kind.UNRECORDED else CAUSES
    if written.code not in known:
        raise ActivityError("没有这种理由。", remedy="请从列表中选择；都不是的，选最接近的一项并写明。")
    if not written.reason.strip():
        raise ActivityError("没有写明原因。", remedy="请写明当时的情况和原因。")
    require_possible(written.start, written.end)
    if written.start and written.end and written.end < written.start:
        raise ActivityError("终止时间早于起始时间。", remedy="请核对两个时间。", code="out_of_order")


def _require_since(activity: Activity, written: Written) -> None:
    """A report is written after what it tells of: a phone whose clock was reset would meet every period with it."""
    since = written.stop.at if written.stop else (activity.arrived_at or activity.opened_at) - _BEFORE
    if written.at is not None and written.at < since:
        raise ActivityError(
            f"写报告的时间 {local(written.at)} 早于{'中断' if written.stop else '执法活动'}，没有登记。",
            remedy="请核对手机的时钟；时钟不对的，请本人在“执法活动”中另写，按提交的时间计算时限。",
            code="before_it_happened",
        )


def _words(report: Report) -> dict[str, str]:
    return {
        name: text
        for name, text in (("text", report.reason), ("grounds", report.grounds), ("opinion", report.opinion))
        if text
    }


def review(
    report: Report,
    *,
    opinion: str = "",
    by: Account,
    at: datetime,
    on_paper: OnPaper | None = None,
    deputy_of: Account | None = None,
) -> None:
    """The reviewer agrees. Raises NotTheReviewerError, NotAllowedError, WrongStateError."""
    _require_reviewer(report, by, at, signer=on_paper.signer if on_paper else None, deputy_of=deputy_of)
    changes: dict[str, Any] = {
        "reviewed_by": on_paper.signer if on_paper else by,
        "reviewed_at": at,
        "opinion": opinion,
    }
    if on_paper:
        changes["scan"] = on_paper.scan
    _perform(
        acts.REVIEW,
        report,
        by=by,
        at=at,
        changes=changes,
        words={"opinion": opinion} if opinion else {},
        on_paper=on_paper,
        deputy_of=deputy_of,
    )


def send_back(
    report: Report, *, reason: str, by: Account, at: datetime, deputy_of: Account | None = None
) -> None:
    """Not enough: back to whoever made it, who hands in another."""
    _require_reviewer(report, by, at, deputy_of=deputy_of)
    changes = {"reviewed_by": by, "reviewed_at": at, "opinion": reason}
    _perform(acts.RETURN, report, by=by, at=at, changes=changes, reason=reason, deputy_of=deputy_of)


def withdraw(report: Report, *, reason: str, by: Account, at: datetime) -> None:
    _perform(acts.WITHDRAW_REPORT, report, by=by, at=at, reason=reason)


def keep_scan(report: Report, scan: Paper, *, by: Account, at: datetime) -> None:
    """The signed paper came back. Raises ActivityError where one stands already under a review."""
    _require_no_signed(report)
    _perform(acts.KEEP_SCAN, report, by=by, at=at, changes={"scan": scan})


def require_paper(report: Report, signer: Account, *, by: Account, at: datetime) -> None:
    """Would a review signed on paper be refused? Asked before the scan is kept. Raises NotTheReviewerError,
    NotAllowedError, WrongStateError."""
    _require_reviewer(report, by, at, signer=signer)
    ask(KEEP_PAPER, Paper(agency=report.agency), by=by, at=at)
    ask(acts.REVIEW, report, by=signer, at=at)


def require_scan(report: Report, *, by: Account, at: datetime) -> None:
    """Would the scan be refused? Raises NotAllowedError, WrongStateError."""
    ask(acts.KEEP_SCAN, report, by=by, at=at)
    _require_no_signed(report)


def _require_no_signed(report: Report) -> None:
    if report.state == Report.State.REVIEWED and report.scan_id:
        raise ActivityError(
            "已审核的报告已有签字件，不能替换。", remedy="签字件有误的，请由审核人退回后另写一份。"
        )


def _require_reviewer(
    report: Report,
    by: Account,
    at: datetime,
    *,
    signer: Account | None = None,
    deputy_of: Account | None = None,
) -> None:
    """The right role, in one's own right or lent; and nobody their own report, not as a deputy either."""
    role = reviewer_of(report)
    own = deputy_of is not None and by.pk == report.made_by_id
    if role in roles_here(signer or by, at, None if signer else deputy_of) and not own:
        return
    pack = pack_of(report.activity)
    named = pack.who(report.to) if pack and report.to else role.label  # type: ignore[arg-type]
    raise NotTheReviewerError(
        f"{report.get_kind_display()} {report.number} 由{named}审核，不能由提交人自己审核。"
        if own
        else f"{report.get_kind_display()} {report.number} 由{named}审核。",
        remedy=f"请由{role.label}办理；本人不在的，由登记的代理人办理，或把签字件扫描登记。",
        basis=article_in_words(pack.id, report.article) if pack and report.to else OWN_RULE.cite(None),
    )


def _perform(
    act: Any,
    report: Report,
    *,
    by: Account,
    at: datetime,
    changes: dict[str, Any] | None = None,
    reason: str | None = None,
    words: dict[str, str] | None = None,
    on_paper: OnPaper | None = None,
    deputy_of: Account | None = None,
) -> None:
    """The act, and with it what it changes in the facts of the activity."""
    scan = (changes or {}).get("scan") or report.scan
    told = {
        "id": str(report.pk),
        "number": report.number,
        "kind": str(report.kind),
        "code": report.code,
        "listed": report.listed,
        "article": report.article,
        "to": report.to,
        "stop": str(report.stop_id) if report.stop_id else None,
        "start": stamp(report.start) if report.start else None,
        "end": stamp(report.end) if report.end else None,
        "scan": scan.sha256 if scan else None,
        "made_at": stamp(report.made_at),
    }
    with transaction.atomic():
        perform(
            act,
            report,
            by=by,
            at=at,
            subject=f"report:{report.pk}",
            reason=reason,
            data={"activity": str(report.activity_id), "number": report.number, "report": told},
            changes=changes,
            words=words,
            on_paper=on_paper,
            deputy_of=deputy_of,
        )
        retelling.tell_activity(report.activity, at=at)
