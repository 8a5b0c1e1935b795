"""The law of fieldwork.

Activity:  (nothing) --open--> open --void--> void ;  open: tell, correct, stop, resume
Report:    (nothing) --make--> made --review--> reviewed ;  made --return--> returned ;  made | returned --withdraw--> withdrawn
Document, Mark:  (nothing) --list | make--> there --withdraw--> withdrawn
Recording: matched to an activity, and taken out again; its state does not change.

Who took part tells and marks; custodian and unit head may do it for them. Nobody reviews a report of their own, and who
reviews is whom the regulation names (services ask). What a machine proposes becomes a match only by a person, or by the
office's own setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from liuhen.base.acts import Act
from liuhen.base.basis import Basis
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import AllOf, AnyOf, HasRole, Is, IsNot
from liuhen.base.recordings.models import Recording

from .models import Activity, Document, Mark, Match, Participant, Report, Settled

_ANY_RECORDING = frozenset({Recording.State.STORED, Recording.State.TO_ASSIGN})


@dataclass(frozen=True)
class TookPart:
    """Is an officer of the activity, or opened it. `path` leads from the object to the activity; "" for itself."""

    path: str = ""

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        if not self._herself(person) or getattr(obj, "agency_id", None) != person.agency_id:
            return False
        activity = getattr(obj, self.path) if self.path else obj
        if not isinstance(activity, Activity):
            return False
        return (
            activity.opened_by_id == person.pk
            or Participant.objects.filter(activity=activity, officer__account=person).exists()
        )

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        if not self._herself(person):
            return rows.none()
        before = f"{self.path}__" if self.path else ""
        took_part = Participant.objects.filter(officer__account=person).values("activity")
        opened = Activity.objects.filter(opened_by=person).values("pk")
        return rows.filter(
            Q(**{f"{before}pk__in": took_part}) | Q(**{f"{before}pk__in": opened}), agency_id=person.agency_id
        )

    def in_words(self) -> str:
        return "参加该活动的人员"

    def _herself(self, person: Account) -> bool:
        return person.is_active and person.lent_roles is None


_SPAN = Basis(
    {
        "jinjiang-agri": ("5",),
        "shifanqu-bianban": ("9",),
        "baofeng-forestry": ("8",),
        "ankang-agri": ("1/4",),
        "pengyang": ("8",),
    },
    ("activity.opened", "activity.told"),
)
_STOPS = Basis(
    {
        "jinjiang-agri": ("10",),
        "shifanqu-bianban": ("11",),
        "baofeng-forestry": ("12",),
        "pengyang": ("9",),
    },
    ("activity.stopped", "activity.resumed"),
)
_REPORTS = Basis(
    {
        "jinjiang-agri": ("9", "10"),
        "shifanqu-bianban": ("5", "11"),
        "baofeng-forestry": ("12",),
        "ankang-agri": ("1/5",),
        "pengyang": ("9",),
    },
    ("report.made", "report.reviewed"),
)
_MARKS = Basis(
    {
        "jinjiang-agri": ("7", "8"),
        "shifanqu-bianban": ("8", "10"),
        "baofeng-forestry": ("8", "9", "10"),
        "pengyang": ("6", "9"),
    },
    ("mark.made",),
)
_DOCUMENTS = Basis({"jinjiang-agri": ("2", "5"), "pengyang": ("2", "4")}, ("document.listed",))

SEE_ALL = HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST))
SEE = AnyOf((SEE_ALL, TookPart()))
BROWSE = HasRole((Role.OFFICER, Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST))
_KEEPERS = HasRole((Role.CUSTODIAN, Role.UNIT_HEAD))
_OPENS = HasRole((Role.OFFICER, Role.UNIT_HEAD, Role.CUSTODIAN))
_TELLS = AnyOf((_KEEPERS, TookPart()))
_TELLS_OF = AnyOf((_KEEPERS, TookPart("activity")))
_REVIEWS = AllOf(
    (
        HasRole((Role.UNIT_HEAD, Role.PRINCIPAL, Role.CUSTODIAN, Role.LEGAL)),
        IsNot("made_by"),
    )
)
_OPEN, _R = frozenset({Activity.State.OPEN}), Report.State

OPEN = Act("activity.opened", "登记执法活动", target=Activity.State.OPEN, who=_OPENS, basis=_SPAN)
TELL = Act("activity.told", "补登执法活动", sources=_OPEN, who=_TELLS, basis=_SPAN)
CORRECT = Act("activity.corrected", "更正执法活动", sources=_OPEN, who=_TELLS, needs_reason=True, basis=_SPAN)
VOID = Act(
    "activity.voided",
    "作废执法活动",
    sources=_OPEN,
    target=Activity.State.VOID,
    who=_KEEPERS,
    needs_reason=True,
)
RETELL_ACTIVITY = Act("activity.retold", "执法活动的办理情况有变", sources=_OPEN)
STOP = Act("activity.stopped", "登记中断", sources=_OPEN, who=_TELLS, basis=_STOPS)
RESUME = Act("activity.resumed", "登记恢复记录", sources=_OPEN, who=_TELLS, basis=_STOPS)

MAKE_REPORT = Act("report.made", "提交报告", target=_R.MADE, who=_TELLS_OF, basis=_REPORTS)
REVIEW = Act(
    "report.reviewed",
    "审核报告",
    sources=frozenset({_R.MADE}),
    target=_R.REVIEWED,
    who=_REVIEWS,
    basis=_REPORTS,
)
RETURN = Act(
    "report.returned",
    "退回报告补正",
    sources=frozenset({_R.MADE}),
    target=_R.RETURNED,
    who=_REVIEWS,
    needs_reason=True,
    basis=_REPORTS,
)
WITHDRAW_REPORT = Act(
    "report.withdrawn",
    "撤回报告",
    sources=frozenset({_R.MADE, _R.RETURNED}),
    target=_R.WITHDRAWN,
    who=_TELLS_OF,
    needs_reason=True,
)
KEEP_SCAN = Act(
    "report.scanned",
    "登记签字报告的扫描件",
    sources=frozenset({_R.MADE, _R.REVIEWED, _R.RETURNED}),
    who=_TELLS_OF,
    basis=_REPORTS,
)

LIST_DOCUMENT = Act(
    "document.listed", "登记执法文书", target=Document.State.LISTED, who=_TELLS_OF, basis=_DOCUMENTS
)
WITHDRAW_DOCUMENT = Act(
    "document.withdrawn",
    "撤下执法文书",
    sources=frozenset({Document.State.LISTED}),
    target=Document.State.WITHDRAWN,
    who=_TELLS_OF,
    needs_reason=True,
)

# Which recordings and activities somebody may mark is the services' question: those that they see.
MARK = Act(
    "mark.made",
    "标记",
    target=Mark.State.MADE,
    who=HasRole((Role.OFFICER, Role.CUSTODIAN, Role.UNIT_HEAD, Role.LEGAL)),
    basis=_MARKS,
)
WITHDRAW_MARK = Act(
    "mark.withdrawn",
    "撤销标记",
    sources=frozenset({Mark.State.MADE}),
    target=Mark.State.WITHDRAWN,
    who=AnyOf((_KEEPERS, HasRole((Role.LEGAL,)), Is("made_by"))),
    needs_reason=True,
)

MATCH = Act(
    "recording.matched", "归入执法活动", sources=_ANY_RECORDING, who=AnyOf((_KEEPERS, Is("holder__account")))
)
MATCH_BY_SETTING = Act("recording.matched", "归入执法活动（按本单位设置）", sources=_ANY_RECORDING)
UNDO = Act("recording.unmatched", "移出执法活动", sources=_ANY_RECORDING, who=_KEEPERS, needs_reason=True)
DECLINE = Act(
    "match.declined",
    "否定归入建议",
    target=Match.State.DECLINED,
    who=_KEEPERS,
)
RETELL = Act("recording.activity_told", "执法活动的情况有变", sources=_ANY_RECORDING)

_SENDERS = HasRole((Role.OFFICER, Role.CUSTODIAN, Role.UNIT_HEAD, Role.LEGAL))
RETRY = Act("sent.retried", "再次登记现场记录", who=_SENDERS, corrects=True)
HANDLE = Act("sent.handled", "处理未能登记的现场记录", who=_SENDERS, corrects=True)

SETTLE = Act(
    "finding.settled",
    "办结发现的问题",
    target=Settled.State.SETTLED,
    who=HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.LEGAL)),
    needs_reason=True,
)
REOPEN = Act(
    "finding.reopened",
    "重新打开发现的问题",
    sources=frozenset({Settled.State.SETTLED}),
    target=Settled.State.REOPENED,
    who=HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.LEGAL)),
    needs_reason=True,
)

ALL = (
    *(OPEN, TELL, CORRECT, VOID, STOP, RESUME, RETELL_ACTIVITY),
    *(MAKE_REPORT, REVIEW, RETURN, WITHDRAW_REPORT, KEEP_SCAN),
    *(LIST_DOCUMENT, WITHDRAW_DOCUMENT, MARK, WITHDRAW_MARK),
    *(MATCH, MATCH_BY_SETTING, UNDO, DECLINE, RETELL, SETTLE, REOPEN, RETRY, HANDLE),
)
