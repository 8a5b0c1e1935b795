"""确定归属 of more than a page can wait for, in the background: by the custodian who asked, each with its result."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from liuhen.base import clock
from liuhen.base.devices.models import Device
from liuhen.base.ledger import publish
from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings.acts import ASSIGN
from liuhen.base.recordings.lists.selection import Selection
from liuhen.base.storage.amend import Owner
from liuhen.base.storage.assigning import assign_each
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import UsageError

from .kinds import CONTENT, Kind
from .models import Job
from .services import ask_for
from .work import Work

ASSIGN_MANY = "recordings.assign"
MOST = 20_000  # recordings one job assigns
_TOLD = 500  # rows of the result that are kept
_TOGETHER = 50  # between two publications


def ask_to_assign(selection: Selection, owner: Owner, *, reason: str, by: Account, at: datetime) -> Job:
    """Queue it. Raises UsageError where nobody is named, no reason is given, or it is too much at once."""
    count = selection.count(by, at)
    if owner.device is None and owner.holder is None:
        raise UsageError("没有说明归属。", remedy="请选择设备、执法人员，或两者都选。")
    if not reason.strip():
        raise UsageError("必须写明理由。", remedy="请填写依据什么确定归属。")
    if count is None or count > MOST:
        raise UsageError(f"一次最多办理 {MOST} 条。", remedy="请用日期、设备等条件缩小范围后分次办理。")
    args = {
        **selection.as_json(),
        "device": owner.device and owner.device.pk,
        "holder": owner.holder and owner.holder.pk,
        "reason": reason,
    }
    return ask_for(ASSIGN_MANY, by.agency, by=by, at=at, args=args, title=f"确定 {count} 条记录的归属")


def assign_many(work: Work) -> dict[str, Any]:
    by, args = work.job.by, work.args
    if by is None:
        raise ValueError("somebody must have asked")
    at = clock.now()
    wanted = list(
        islice(Selection.from_json(args).rows(by, at), MOST)
    )  # before any of them leaves the search
    work.total(files=len(wanted))
    rows = iter(wanted)
    owner = Owner(_of(Device, args["device"], by), _of(Officer, args["holder"], by))
    told: list[tuple[str, bool, str]] = []
    done = left = 0
    while some := list(islice(rows, _TOGETHER)):
        work.check()
        with publish.batched():
            for one in assign_each(some, owner, open_stores(), reason=args["reason"], by=by, at=clock.now()):
                done, left = done + one.done, left + (not one.done)
                work.add(files=1)
                if not one.done:
                    work.trouble({"path": one.number, "code": "not_assigned", "reason": one.sentence})
                if len(told) < _TOLD:
                    told.append((one.number, one.done, one.sentence))
    said = f"已确定 {done} 条记录的归属" + (f"，{left} 条没有办成" if left else "")
    return {"assigned": done, "left": left, "rows": told, "sentence": f"{said}。"}


def _of(model: Any, pk: int | None, by: Account) -> Any:
    return None if pk is None else model.objects.get(pk=pk, agency=by.agency)


KINDS = (Kind(ASSIGN_MANY, "批量确定归属", assign_many, who=ASSIGN.who, sees=CONTENT),)
