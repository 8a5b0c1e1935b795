"""Reads of issues and checks, filtered by person; and what was recorded while a device was with nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from liuhen.base import site
from liuhen.base.basis import USE_REGISTER
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account, Officer
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.core.findings import SHOULD, Finding, found

from .acts import SEE
from .models import Check, Issue

_RELATED = (
    *("device__unit", "officer__unit", "issued_by", "received_by", "check_before__reading"),
    *("taken_paper", "back_paper"),
)
_OUT = Q(state=Issue.State.OUT)


def holder_at(device: Device, moment: datetime) -> Officer | None:
    """Who had the device in hand at that moment; None: nobody had it, by the use register."""
    rows = Issue.objects.filter(device=device, issued_at__lte=moment)
    rows = rows.filter(Q(returned_at__isnull=True) | Q(returned_at__gt=moment))
    row = rows.select_related("officer").order_by("-issued_at").first()
    return row.officer if row else None


def holders_between(device: Device, start: datetime, end: datetime) -> list[Issue]:
    """Every issue that touches the span, the earliest first."""
    rows = Issue.objects.filter(device=device, issued_at__lte=end)
    rows = rows.filter(Q(returned_at__isnull=True) | Q(returned_at__gt=start))
    return list(rows.select_related("officer").order_by("issued_at"))


def issues_of(person: Account, at: datetime) -> QuerySet[Issue]:
    """The use register as this person may see it: an officer their own, custodian and heads all."""
    return SEE.scope(person, Issue.objects.select_related(*_RELATED), at)


def out_now(person: Account, at: datetime) -> QuerySet[Issue]:
    return issues_of(person, at).filter(_OUT)


def overdue(person: Account, at: datetime) -> QuerySet[Issue]:
    return out_now(person, at).filter(due_back_at__lt=at)


def with_last_check(rows: QuerySet[Issue]) -> QuerySet[Issue]:
    """`checked_at` and `checked_well` of the device's last check, whenever it was."""
    last = Check.objects.filter(device=OuterRef("device")).order_by("-at", "-pk")
    return rows.annotate(
        checked_at=Subquery(last.values("at")[:1]), checked_well=Subquery(last.values("passed")[:1])
    )


def unchecked(person: Account, at: datetime) -> QuerySet[Issue]:
    """Devices in somebody's hand whose last check failed, or is older than the site's hours, or was never made."""
    old = at - timedelta(hours=site.current().check_hours)
    stale = Q(checked_at__isnull=True) | Q(checked_well=False) | Q(checked_at__lt=old)
    return with_last_check(out_now(person, at)).filter(stale)


def issue_of(device: Device, person: Account, at: datetime) -> Issue | None:
    """The issue of a device that is out, as far as this person may see it."""
    return out_now(person, at).filter(device=device).first()


def held_now(person: Account, at: datetime) -> dict[int, str]:
    """Who has which device in hand, by the device's key, as far as this person may see it."""
    return dict(out_now(person, at).values_list("device_id", "officer__name"))


def use_register(person: Account, at: datetime) -> QuerySet[Issue]:
    """`issues_of` with what was recorded meanwhile: `recorded` (how many) and `recorded_ms` (how long).

    It fills itself: a recording belongs to the issue in which it was taken, by the device's own clock, whenever its
    card came in.
    """
    taken = Recording.objects.filter(
        device=OuterRef("device"),
        taken_at__gte=OuterRef("issued_at"),
        taken_at__lte=Coalesce(OuterRef("returned_at"), at, output_field=DateTimeField()),
    ).order_by()
    each = taken.values("device")
    return issues_of(person, at).annotate(
        recorded=Coalesce(Subquery(each.annotate(n=Count("pk")).values("n")[:1]), 0),
        recorded_ms=Coalesce(Subquery(each.annotate(n=Sum("duration_ms")).values("n")[:1]), 0),
    )


# -- recordings of nobody


def unheld_recordings(person: Account, at: datetime) -> QuerySet[Recording]:
    """Recordings that this person may see, taken when their device was with nobody.

    The rule: the device is one that people carry; the recording says when it was taken (`taken_at`, by the device's
    own clock); that is not before the device was first issued, for until then the office kept no use register of it;
    and no issue covers the moment. The clock may be off by the site's tolerance, either way.
    """
    return _unheld(visible_to(person, at))


def unheld(recording: Recording) -> Finding | None:
    """The same of one recording, as a finding."""
    if not _unheld(Recording.objects.filter(pk=recording.pk)).exists():
        return None
    device, taken = recording.device, recording.taken_at
    if device is None or taken is None:
        return None
    articles = USE_REGISTER.articles.get(recording.agency.pack, ())
    return found(
        "unheld",
        SHOULD,
        article=articles[0] if articles else None,
        taken=taken,
        serial=device.serial,
    )


def carried_unissued(
    device: Device, officer: Officer | None, start: datetime, end: datetime
) -> Finding | None:
    """The officer (None: anybody) who carried the device from `start` to `end` had not signed for it.

    As above, nothing is asked of the time before the office kept a use register of the device.
    """
    if not Issue.objects.filter(device=device, issued_at__lte=start).exists():
        return None
    holders = [one.officer for one in holders_between(device, start, end)]
    if holders if officer is None else officer in holders:
        return None
    articles = USE_REGISTER.articles.get(device.agency.pack, ())
    return found(
        "carried_unissued",
        SHOULD,
        article=articles[0] if articles else None,
        serial=device.serial,
        who=officer.name if officer else "活动人员",
        holders=[one.name for one in holders] or "无人",
    )


def _unheld(rows: QuerySet[Recording]) -> QuerySet[Recording]:
    slack = timedelta(seconds=site.current().clock_tolerance_seconds)
    first = Issue.objects.filter(device=OuterRef("device")).order_by().values("device")
    issued = Issue.objects.order_by().values(
        "device"
    )  # so that the rows of other devices are never looked at
    rows = rows.filter(device__in=issued, device__kind__in=Device.CARRIED, taken_at__isnull=False).annotate(
        kept_since=Subquery(first.annotate(first=Min("issued_at")).values("first")[:1]),
        taken_late=ExpressionWrapper(F("taken_at") + slack, output_field=DateTimeField()),
        taken_early=ExpressionWrapper(F("taken_at") - slack, output_field=DateTimeField()),
    )
    covering = Issue.objects.filter(device=OuterRef("device"), issued_at__lte=OuterRef("taken_late")).filter(
        Q(returned_at__isnull=True) | Q(returned_at__gte=OuterRef("taken_early"))
    )
    return rows.filter(taken_at__gte=F("kept_since")).exclude(Exists(covering))
