"""Told already? The same activity or the same report once more is asked about before it is kept.

- A page that one goes back to is sent again with everything it said; what is told twice has its duties twice.
- It may be another one all the same: whoever says so goes on. Phones have their own keys and are not asked.
- Only what the person may see is pointed at.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from liuhen.base.people.models import Account, Unit

from .errors import TwinError, require_possible
from .facts import STANDING
from .models import Activity, Report
from .reporting import Written
from .selectors import activities_seen
from .telling import Told

_LATELY = timedelta(days=1)  # so long may two without an arrival be the same


def require_no_twin(unit: Unit, told: Told, *, by: Account, at: datetime) -> None:
    """Raises TwinError where a live activity stands of the same unit, matter, party, place, arrival and officers;
    ActivityError for an arrival in a year that cannot be."""
    require_possible(told.arrived_at)
    officers = {one.pk for one in told.officers or ()}
    same = activities_seen(by, at).filter(
        unit=unit,
        state=Activity.State.OPEN,
        matter=told.matter or "",
        party=told.party or "",
        place=told.place or "",
        arrived_at=told.arrived_at,
    )
    if told.arrived_at is None:
        same = same.filter(opened_at__gte=at - _LATELY)
    for row in same.prefetch_related("participants"):
        if {one.officer_id for one in row.participants.all()} == officers:
            raise TwinError(
                f"已有一项相同的执法活动 {row.number}：科室、事项、地点、当事人、到达时间和执法人员都一样。",
                remedy="重复登记的，请打开已有的一项；确是另一次活动的，勾选后再登记。",
                twin=row,
            )


def require_first_report(activity: Activity, written: Written) -> None:
    """Raises TwinError where a report of this kind, about the same, waits for its review or was agreed to."""
    rows = Report.objects.filter(activity=activity, kind=written.kind, stop=written.stop, state__in=STANDING)
    row = rows.order_by("made_at").first()
    if row is not None:
        raise TwinError(
            f"这项执法活动已有{row.get_kind_display()} {row.number}（{row.get_state_display()}）。",
            remedy="重复提交的，请打开已有的一份；写错的先撤回；确需另交一份的，勾选后再提交。",
            twin=row,
        )
