"""Which pack decides on a day, and what has been ruled of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import orjson

from liuhen.base import packs
from liuhen.base.clock import SHANGHAI
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Agency
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.rulings import Answer, ruled

from . import acts
from .models import Adoption, Ruling


@dataclass(frozen=True)
class Book:
    """The regulations of one agency: `history` newest first; `founded` is the one chosen when it was set up."""

    history: tuple[tuple[date, str, str, str], ...]  # from, pack, version, digest
    founded: str
    answers: dict[str, tuple[Answer, ...]]

    def name_on(self, day: date) -> tuple[str, str, str] | None:
        """Pack, version, digest of the adoption that decides; None before the first."""
        return next(
            ((pack, version, digest) for since, pack, version, digest in self.history if since <= day), None
        )

    def text_on(self, day: date) -> Pack | None:
        """The regulation itself, without rulings. Raises PackChangedError, PackError."""
        named = self.name_on(day)
        if named:
            return packs.adopted(*named)
        return packs.read(packs.FOLDER / self.founded) if self.founded in packs.shipped() else None

    def on(self, day: date) -> Pack | None:
        """As the office reads it: with its rulings. None where it has adopted nothing."""
        text = self.text_on(day)
        return None if text is None else ruled(text, self.answers.get(text.id, ()))

    def remembering(self) -> Callable[[date], Pack | None]:
        """`on`, each version made once: for many days in one run."""
        known: dict[tuple[str, str, str] | None, Pack | None] = {}

        def on(day: date) -> Pack | None:
            named = self.name_on(day)
            if named not in known:
                known[named] = self.on(day)
            return known[named]

        return on


def book_of(agency: Agency) -> Book:
    rows = Adoption.objects.filter(agency=agency, state=Adoption.State.ADOPTED).order_by("-starts_on")
    answers: dict[str, list[Answer]] = {}
    for row in rulings_in_force(agency):
        answers.setdefault(row.pack, []).append(Answer(row.code, row.answer, row.value or None))
    history = tuple((row.starts_on, row.pack, row.version, row.sha256) for row in rows)
    return Book(history, agency.founded_pack, {pack: tuple(some) for pack, some in answers.items()})


def pack_at(agency: Agency, moment: datetime) -> Pack | None:
    """The pack in force on the day of an act, in Shanghai, with the office's rulings."""
    return book_of(agency).on(moment.astimezone(SHANGHAI).date())


def adoptions_of(agency: Agency) -> list[Adoption]:
    """Every adoption, also withdrawn ones, the latest start first."""
    return list(Adoption.objects.filter(agency=agency).order_by("-starts_on", "-pk"))


def rulings_in_force(agency: Agency, pack: str | None = None) -> Sequence[Ruling]:
    rows = Ruling.objects.filter(agency=agency, state=Ruling.State.IN_FORCE).order_by("pack", "code")
    return list(rows.filter(pack=pack) if pack else rows)


def answers_of(agency: Agency, pack: str) -> list[Answer]:
    return [Answer(row.code, row.answer, row.value or None) for row in rulings_in_force(agency, pack)]


def rulings_of(agency: Agency, pack: str) -> list[Ruling]:
    """Every ruling of a regulation, also replaced ones, the latest first."""
    return list(Ruling.objects.filter(agency=agency, pack=pack).order_by("-ruled_at", "-pk"))


# -- the book as entries made it: for whoever reads the ledger in its order

SUBJECTS = ("rules:", "rules;")  # every entry of the rulebook is about one of these


def book_before(agency: Agency, position: int) -> Book:
    """As the entries before a position made it."""
    rows = Entry.objects.filter(agency=agency, position__lt=position)
    rows = rows.filter(subject__gte=SUBJECTS[0], subject__lt=SUBJECTS[1]).order_by("position")
    book = Book((), agency.founded_pack, {})
    for text in rows.values_list("entry", flat=True):
        book = book_after(book, orjson.loads(text))
    return book


def book_after(book: Book, entry: dict[str, Any]) -> Book:
    """With one more entry read; what is no entry of the rulebook changes nothing."""
    data = entry["data"]
    if entry["kind"] == acts.ADOPT.kind:
        adopted = (date.fromisoformat(data["from"]), data["pack"], data["version"], data["sha256"])
        return replace(book, history=tuple(sorted((*book.history, adopted), reverse=True)))
    if entry["kind"] == acts.WITHDRAW.kind:
        gone = (date.fromisoformat(data["from"]), data["pack"], data["version"])
        return replace(book, history=tuple(one for one in book.history if one[:3] != gone))
    if entry["kind"] in (acts.RULE.kind, acts.FILL.kind):
        others = tuple(one for one in book.answers.get(data["pack"], ()) if one.code != data["code"])
        answer = Answer(data["code"], data["answer"], data["value"] or None)
        return replace(book, answers={**book.answers, data["pack"]: (*others, answer)})
    return book
