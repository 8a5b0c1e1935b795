"""Reads of deadlines and retention, filtered by person: whoever may see a recording sees its duties."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from liuhen.base import packs, site
from liuhen.base.people.models import Account
from liuhen.base.recordings.acts import reach_of
from liuhen.base.recordings.models import Recording
from liuhen.core.errors import LiuhenError
from liuhen.core.rules.calendar import Period

from . import acts
from .models import Deadline, Matter, Shortening

COUNTED = 1000  # numbers beyond are not worth counting for a page
_OPEN = Q(met_at__isnull=True, due_at__isnull=False)
_UNDATED = Q(met_at__isnull=True, due_at__isnull=True)


_OWN: list[Callable[[Account, datetime], Iterable[str]]] = []


def owns(subjects: Callable[[Account, datetime], Iterable[str]]) -> None:
    """A stage tells which subjects of the ledger, beside recordings, are an officer's own."""
    if subjects not in _OWN:
        _OWN.append(subjects)


def visible_to(person: Account, at: datetime) -> QuerySet[Deadline]:
    """An officer: the duties of what is her own. Whoever sees every recording: those of the agency."""
    reach = reach_of(person, at)
    if reach is None:
        return Deadline.objects.none()
    rows = Deadline.objects.filter(agency_id=reach.agency)
    if reach.holder is None:
        return rows
    recordings = Recording.objects.filter(agency_id=reach.agency, holder_id=reach.holder)
    own = Q(recording__in=recordings.values("pk"))
    if subjects := [subject for told in _OWN for subject in told(person, at)]:
        matters = Matter.objects.filter(agency_id=reach.agency, subject__in=subjects)
        own |= Q(matter__in=matters.values("pk"))
    return rows.filter(own)


def open_ones(rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    """Not met and with a due moment, the first due first."""
    return rows.filter(_OPEN).order_by("due_at", "pk")


def overdue(rows: QuerySet[Deadline], at: datetime) -> QuerySet[Deadline]:
    return open_ones(rows).filter(due_at__lt=at)


def due_soon(rows: QuerySet[Deadline], at: datetime) -> QuerySet[Deadline]:
    return open_ones(rows).filter(due_at__gte=at, due_at__lte=at + longest_amber())


def waiting(rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    return rows.filter(_UNDATED, state=Deadline.State.WAITING).order_by("pk")


def without_hours(rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    return rows.filter(_UNDATED).exclude(state=Deadline.State.WAITING).order_by("pk")


def met(rows: QuerySet[Deadline]) -> QuerySet[Deadline]:
    return rows.filter(met_at__isnull=False).order_by("-met_at", "-pk")


def at_most(rows: QuerySet[Deadline]) -> int:
    """Counted up to COUNTED + 1: more than that is said as “more”."""
    return rows.order_by()[: COUNTED + 1].count()


@dataclass(frozen=True)
class Selection:
    """Deadlines of one kind, and the order they are shown in. `full`: columns that hold a value in all of them."""

    rows: Callable[[QuerySet[Deadline], datetime], QuerySet[Deadline]]
    order: tuple[str, ...] = ("due_at", "pk")
    full: frozenset[str] = frozenset({"due_at"})


SELECTIONS: dict[str, Selection] = {
    "open": Selection(lambda rows, at: open_ones(rows)),
    "overdue": Selection(overdue),
    "soon": Selection(due_soon),
    "waiting": Selection(lambda rows, at: waiting(rows), ("pk",), frozenset()),
    "undated": Selection(lambda rows, at: without_hours(rows), ("pk",), frozenset()),
    "met": Selection(lambda rows, at: met(rows), ("-met_at", "-pk"), frozenset({"met_at"})),
}


# -- amber before red


def amber_of(pack: str) -> timedelta:
    """How long before it is due a duty turns amber: the site's setting, else the pack's."""
    said = site.current().amber_before
    if said is None:
        try:
            said = packs.pack_of(pack).amber_before
        except LiuhenError:
            said = "PT4H"
    return _length(said)


def longest_amber() -> timedelta:
    return max((amber_of(name) for name in packs.known()), default=timedelta(hours=4))


def _length(text: str) -> timedelta:
    period = Period.parse(text)
    return timedelta(hours=period.hours, days=period.days + period.working + 30 * period.months)


def tone_of(row: Deadline, at: datetime) -> str:
    """overdue | soon | late (met after its day) | the state itself."""
    if row.met_at is not None:
        return "late" if row.due_at and row.met_at > row.due_at else "met"
    if row.due_at is None:
        return str(row.state)
    if at > row.due_at:
        return "overdue"
    return "soon" if at > row.due_at - amber_of(row.pack) else str(row.state)


# -- retention


def keeping_of(recording: UUID) -> Matter | None:
    """How long a recording is kept; the caller has asked whether it may be seen."""
    return Matter.objects.filter(recording=recording).first()


def duties_of_recording(recording: UUID) -> list[Deadline]:
    return list(Deadline.objects.filter(recording=recording).order_by("pk"))


@dataclass(frozen=True)
class Pending:
    """One cause that would shorten, how many matters it is about, and some of them."""

    row: Shortening
    count: int
    examples: tuple[Matter, ...]


def shortenings(person: Account, at: datetime) -> list[Pending]:
    """What waits for the principal; nothing for whoever may not know."""
    rows = acts.SEE.scope(person, Shortening.objects.all(), at)
    found = [_pending(row) for row in rows.filter(state=Shortening.State.PENDING).order_by("cause")]
    return [one for one in found if one.count]  # what a later entry has overtaken waits for nobody


def _pending(row: Shortening) -> Pending:
    matters = Matter.objects.filter(agency=row.agency, cause=row.cause)
    return Pending(row, matters.count(), tuple(matters.order_by("pk")[:3]))
