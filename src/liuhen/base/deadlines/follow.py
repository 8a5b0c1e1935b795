"""Reading the ledger into matters, deadlines and shortenings, entry by entry.

- Everything here is a function of the ledger, the adopted packs and the calendar: reading from zero gives the same rows.
- The regulation is the one adopted, and ruled, by the entries read so far; an adoption or a ruling changes the
  matters it concerns when it is read.
- Retention is judged after every entry, so that what stands never depends on how many were read at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from itertools import islice
from typing import Any

import orjson
import structlog
from django.db import transaction
from django.db.models import QuerySet

from liuhen.base.ledger.models import Entry, Head
from liuhen.base.people.models import Agency
from liuhen.base.rulebook import acts as rulebook
from liuhen.base.rulebook.selectors import Book, book_after, book_before
from liuhen.core.errors import LiuhenError
from liuhen.core.rules.holding import Standing, carried, shortens
from liuhen.core.rules.pack import Pack

from . import acts
from .bulk import without_garbage, without_indexes
from .evaluate import Keeps, seen_of
from .folds import fold, kinds
from .models import Deadline, Followed, Matter, Shortening, matter_id
from .rows import KEYS, Row, Work, known, write

log = structlog.get_logger(__name__)

VERSION = "1"
SLICE = 2000
RULES = (rulebook.ADOPT.kind, rulebook.WITHDRAW.kind, rulebook.RULE.kind, rulebook.FILL.kind)
DECISIONS = (acts.APPROVE.kind, acts.UPHOLD.kind)
_URN = "urn:uuid:"


def catch_up(agency: Agency, *, limit: int | None = None) -> int:
    """Read what was appended since; returns how many entries told something. `limit`: for a page that must answer."""
    with transaction.atomic():
        mark, _ = Followed.objects.select_for_update().get_or_create(
            agency=agency, defaults={"version": VERSION}
        )
        if mark.version != VERSION:
            _forget(agency)
            mark.version, mark.position = VERSION, 0
        size = Head.objects.filter(agency=agency).values_list("size", flat=True).first() or 0
        if mark.position >= size and mark.position:
            return 0
        told, after = _read(agency, mark.position, size, limit)
        mark.position = after
        mark.save()
    return told


def rebuild(agency: Agency) -> int:
    """All of it from the ledger alone; returns how many entries told something."""
    with transaction.atomic():
        _forget(agency)
        Followed.objects.filter(agency=agency).delete()
        with without_indexes(), without_garbage():
            return catch_up(agency)


def behind(agency: Agency) -> int:
    """How many entries have not been read yet."""
    size = Head.objects.filter(agency=agency).values_list("size", flat=True).first() or 0
    at = Followed.objects.filter(agency=agency).values_list("position", flat=True).first() or 0
    return max(size - at, 0)


def _forget(agency: Agency) -> None:
    Deadline.objects.filter(agency=agency)._raw_delete(Deadline.objects.db)  # nothing refers to them
    Matter.objects.filter(agency=agency)._raw_delete(Matter.objects.db)
    Shortening.objects.filter(agency=agency).delete()


def _read(agency: Agency, start: int, size: int, limit: int | None) -> tuple[int, int]:
    """Entries that told something, and the position to go on from."""
    told = (*kinds(), *RULES, *DECISIONS)
    rows = Entry.objects.filter(agency=agency, position__gte=start, position__lt=size, kind__in=told)
    texts = rows.order_by("position").values_list("entry", flat=True)
    reader = _Reader(agency, start)
    count = 0
    for text in islice(texts.iterator(SLICE), limit):
        reader.read(orjson.loads(text))
        count += 1
    reader.write()
    return count, reader.position + 1 if count == limit else size


class _Reader:
    """Matters at hand, the book so far, and which of them must be written anew."""

    def __init__(self, agency: Agency, start: int) -> None:
        self.agency = agency
        self.position = start
        self.book = book_before(agency, start)
        self.pack_on = _unfailing(self.book)
        self.keeps = Keeps()
        self.waiting: list[dict[str, Any]] = []
        self.causes: set[int] = set()

    def read(self, entry: dict[str, Any]) -> None:
        self.position = entry["position"]
        if entry["kind"] in RULES:
            self.write()
            self._turn_to(book_after(self.book, entry), entry)
        elif entry["kind"] in DECISIONS:
            self.write()
            self._decide(entry)
        else:
            self.waiting.append(entry)
            if len(self.waiting) >= SLICE:
                self.write()

    def write(self) -> None:
        """Fold what waits into its matters, and write those anew."""
        entries, self.waiting = self.waiting, []
        work: dict[str, Work] = {}
        for one in _about(self.agency, {entry["subject"] for entry in entries}):
            work[one.row.subject] = one
        for entry in entries:
            subject = entry["subject"]
            if subject not in work:
                work[subject] = Work(_new(self.agency, subject, entry["position"]), fresh=True)
            one = work[subject]
            fold(one.told, entry)
            self._keep(one, entry["position"])
        write(list(work.values()), self.pack_on)

    def _keep(self, one: Work, cause: int) -> None:
        """Judge how long a matter is kept, now that an entry has told something."""
        one.seen = seen_of(one.told)
        one.row.day = one.seen.day if one.seen else None
        if one.row.day is None:
            return  # no regulation can be told yet: what stands goes on standing, and what nobody judged is kept
        waits = _hold(one.row, self.keeps.of(self.pack_on(one.row.day), one.seen), cause)
        if waits and cause not in self.causes:
            self.causes.add(cause)
            _to_decide(self.agency, cause)

    def _turn_to(self, book: Book, entry: dict[str, Any]) -> None:
        """Another book: judge the matters again that it concerns."""
        self.book, self.pack_on, self.keeps = book, _unfailing(book), Keeps()
        data = entry["data"]
        rows = Matter.objects.filter(agency=self.agency)
        rows = (
            rows.filter(day__gte=date.fromisoformat(data["from"]))
            if "from" in data
            else rows.filter(pack=data["pack"])
        )
        for group in _groups(rows):
            for one in group:
                self._keep(one, entry["position"])
            write(group, self.pack_on)

    def _decide(self, entry: dict[str, Any]) -> None:
        """The principal's word on everything that one cause would shorten."""
        cause, approved = entry["data"]["cause"], entry["kind"] == acts.APPROVE.kind
        state = Shortening.State.APPROVED if approved else Shortening.State.UPHELD
        Shortening.objects.filter(agency=self.agency, cause=cause).update(state=state)
        for group in _groups(Matter.objects.filter(agency=self.agency, cause=cause)):
            for one in group:
                one.seen = seen_of(one.told)
                if approved:
                    _set(one.row, _from_json(one.row.shorter))
                else:
                    one.row.upheld = one.row.shorter
                one.row.cause, one.row.shorter = None, ""
            write(group, self.pack_on)


def _groups(rows: QuerySet[Matter]) -> Iterator[list[Work]]:
    last = 0
    while group := list(known(rows.filter(pk__gt=last).order_by("pk")[:SLICE])):
        yield group
        last = group[-1].row.id


def _unfailing(book: Book) -> Callable[[date | None], Pack | None]:
    """The pack of a day; None where there is none, or where it is not the one adopted: nothing is counted by it."""
    on = book.remembering()

    @cache
    def pack_on(day: date | None) -> Pack | None:
        try:
            return on(day) if day else None
        except LiuhenError as error:
            log.error("pack_not_usable", pack=book.name_on(day) if day else None, error=str(error))
            return None

    return pack_on


def _about(agency: Agency, subjects: set[str]) -> Iterator[Work]:
    every = sorted(subjects)
    for start in range(0, len(every), KEYS):
        yield from known(Matter.objects.filter(agency=agency, subject__in=every[start : start + KEYS]))


def _new(agency: Agency, subject: str, position: int) -> Row:
    recording = subject.removeprefix(_URN) if subject.startswith(_URN) else None
    return Row(matter_id(agency.pk, position), agency.pk, subject, recording)


# -- retention: what stands, and what would shorten it


def _hold(matter: Row, new: Standing, cause: int) -> bool:
    """Let `new` stand; or let it wait, where it would let the matter go earlier. Has it begun to wait?"""
    before = stands(matter)
    if before is None or not shortens(before, new):
        _set(matter, carried(before, new))
        matter.cause, matter.shorter, matter.upheld = None, "", ""
        return False
    said = _as_json(new)
    if said == matter.upheld:  # decided already; what waited beside it is overtaken
        matter.cause, matter.shorter = None, ""
        return False
    if said == matter.shorter:
        return False
    matter.cause, matter.shorter = cause, said
    return True


def _to_decide(agency: Agency, cause: int) -> None:
    """One row a cause, also where another entry has taken its place by now."""
    pending = {"state": Shortening.State.PENDING}
    Shortening.objects.get_or_create(agency=agency, cause=cause, defaults=pending)


def stands(matter: Row | Matter) -> Standing | None:
    """How long it is kept as things stand; None before anything could be judged: kept, too."""
    if not matter.rule:
        return None
    return Standing(
        matter.rule,  # type: ignore[arg-type]
        matter.article or None,
        matter.period or None,
        matter.until,
        matter.long_term,
        matter.floor,
    )


def _set(matter: Row, standing: Standing) -> None:
    matter.rule, matter.article = standing.rule, standing.article or ""
    matter.period, matter.until = standing.period or "", standing.until
    matter.floor, matter.long_term = standing.floor, standing.long_term


def _as_json(standing: Standing) -> str:
    return orjson.dumps(standing, option=orjson.OPT_SORT_KEYS).decode()


def shorter_of(matter: Row | Matter) -> Standing | None:
    """What it would come to, were it approved."""
    return _from_json(matter.shorter) if matter.shorter else None


def _from_json(text: str) -> Standing:
    said = orjson.loads(text)
    for name in ("until", "floor"):
        said[name] = date.fromisoformat(said[name]) if said[name] else None
    return Standing(**said)
