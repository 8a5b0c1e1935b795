"""执法文书 listed beside the recordings (JJ 2, JJ 5, PY 2, PY 4): kind, number, times on the paper, scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from liuhen.base.acts import perform
from liuhen.base.clock import stamp
from liuhen.base.people.models import Account, Paper

from . import acts
from .errors import ActivityError, require_live, require_possible
from .models import Activity, Document

# Kinds that the offices write; any other may be typed.
KINDS = (
    "现场检查笔录",
    "询问笔录",
    "勘验笔录",
    "抽样取证凭证",
    "先行登记保存证据通知书",
    "查封（扣押）决定书",
    "听证笔录",
    "送达回证",
    "当场行政处罚决定书",
    "责令改正通知书",
)


@dataclass(frozen=True)
class Paperwork:
    """What the document says of itself. `on_site`: made at the place, so its times are held against the recordings'."""

    kind: str
    number: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    on_site: bool = True
    scan: Paper | None = None


def list_document(
    activity: Activity, told: Paperwork, *, by: Account, at: datetime, key: UUID | None = None
) -> Document:
    """Raises ActivityError for times in the wrong order. One outside the activity is kept, and told as a finding."""
    require_live(activity)
    require_times(told.kind, told.started_at, told.ended_at)
    row = Document(
        id=key or uuid4(),
        agency=activity.agency,
        activity=activity,
        kind=told.kind.strip(),
        number=told.number.strip(),
        started_at=told.started_at,
        ended_at=told.ended_at,
        on_site=told.on_site,
        scan=told.scan,
        listed_by=by,
        listed_at=at,
    )
    data = {
        "activity": str(activity.pk),
        "document": str(row.pk),
        "started_at": stamp(told.started_at) if told.started_at else None,
        "ended_at": stamp(told.ended_at) if told.ended_at else None,
        "on_site": told.on_site,
        "scan": told.scan.sha256 if told.scan else None,
    }
    perform(
        acts.LIST_DOCUMENT,
        row,
        by=by,
        at=at,
        subject=f"document:{row.pk}",
        data=data,
        words={"name": str(row)},
    )
    return row


def require_times(kind: str, started_at: datetime | None, ended_at: datetime | None) -> None:
    """What a document must say of itself; asked before its scan is kept. Raises ActivityError."""
    if not kind.strip():
        raise ActivityError("没有写明文书的种类。", remedy="请选择或填写种类，如“现场检查笔录”。")
    require_possible(started_at, ended_at)
    if started_at and ended_at and ended_at < started_at:
        raise ActivityError(
            "文书的终止时间早于起始时间。", remedy="请对照文书核对两个时间。", code="out_of_order"
        )


def withdraw_document(row: Document, *, reason: str, by: Account, at: datetime) -> None:
    data = {"activity": str(row.activity_id), "document": str(row.pk)}
    perform(acts.WITHDRAW_DOCUMENT, row, by=by, at=at, subject=f"document:{row.pk}", reason=reason, data=data)
