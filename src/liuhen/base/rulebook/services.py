"""One function an act of the rulebook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from liuhen.base import packs
from liuhen.base.acts import Act, ask, perform
from liuhen.base.clock import SHANGHAI
from liuhen.base.people.models import Account, Agency
from liuhen.core.errors import RefusedError, UsageError
from liuhen.core.rules import examples
from liuhen.core.rules.errors import Fault, PackError
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.reading import read_pack
from liuhen.core.rules.rulings import Value, fits, slot_named, value_asked

from . import acts
from .models import Adoption, Ruling
from .selectors import book_of


class OverlappingError(UsageError):
    """Two versions for the same days."""

    code = "overlapping_versions"


@dataclass(frozen=True)
class Candidate:
    """A pack that was read and whose examples came out: it may be adopted. `bare`: articles without an example."""

    folder: Path
    pack: Pack
    examples: int
    bare: tuple[str, ...] = ()


def candidate(folder: Path) -> Candidate:
    """Raises PackError: nothing of a faulty pack is adopted, nor one whose examples do not come out."""
    pack = read_pack(folder)
    cases = examples.read_examples(folder)
    ran = examples.run(pack, cases, packs.calendar())
    faults = [
        Fault(
            one.example.place,
            f"例子“{one.example.name}”不符：{'；'.join(one.faults)}。",
            "请改正规则或例子。",
            "example",
        )
        for one in ran
        if one.faults
    ]
    if faults:
        raise PackError("规则包不能采用", faults)
    return Candidate(folder, pack, len(cases), tuple(examples.missing(pack, cases)))


def adopt(
    chosen: Candidate, agency: Agency, starts_on: date, *, by: Account | None, at: datetime
) -> Adoption:
    """From `starts_on` the pack is what the agency runs; the one before it ends the day before.

    `by` None: at the terminal of the office's computer. Raises OverlappingError, UsageError, NotAllowedError;
    nothing has changed then.
    """
    pack = chosen.pack
    if by:
        ask(acts.ADOPT, Adoption(agency=agency), by=by, at=at)
    _fits_its_own_dates(pack, starts_on)
    _free_from(agency, pack, starts_on, packs.digest_of(chosen.folder) or "")
    digest = packs.keep(chosen.folder, pack)
    adoption = Adoption(
        agency=agency,
        pack=pack.id,
        version=pack.version,
        title=pack.title,
        sha256=digest,
        starts_on=starts_on,
        adopted_at=at,
        by=by.name if by else "",
    )
    data = {
        "pack": pack.id,
        "version": pack.version,
        "title": pack.title,
        "sha256": digest,
        "from": starts_on.isoformat(),
    }
    act = acts.ADOPT if by else acts.ADOPT_AT_TERMINAL
    try:
        perform(act, adoption, by=by, at=at, subject=f"rules:{pack.id}", data=data)
    except IntegrityError as error:  # somebody was quicker
        raise _overlapping(starts_on) from error
    finally:
        if not Adoption.objects.filter(pack=pack.id, version=pack.version).exists():
            packs.forget(pack)
    turn_over(at)
    return adoption


def _fits_its_own_dates(pack: Pack, starts_on: date) -> None:
    early = pack.in_force is not None and starts_on < pack.in_force
    late = pack.until is not None and starts_on > pack.until
    if early or late:
        raise UsageError(
            f"{pack.title}{f'自 {pack.in_force} 起施行' if early else f'已于 {pack.until} 废止'}，不能从 {starts_on} 起采用。",
            remedy="请核对起始日期，或规则包中的 in_force、until。",
            code="outside_its_dates",
        )


def _free_from(agency: Agency, pack: Pack, starts_on: date, digest: str) -> None:
    rows = Adoption.objects.filter(agency=agency, state=Adoption.State.ADOPTED)
    latest = rows.order_by("-starts_on").first()
    if latest and starts_on <= latest.starts_on:
        raise _overlapping(latest.starts_on)
    if Adoption.objects.filter(pack=pack.id, version=pack.version).exclude(sha256=digest).exists():
        raise UsageError(
            f"{pack.title}第 {pack.version} 版已经采用过另一份内容。",
            remedy="内容改动后请在 pack.yaml 中改用新的 version。",
            code="version_reused",
        )


def _overlapping(day: date) -> OverlappingError:
    return OverlappingError(
        f"自 {day} 起已有一部规定，起始日期不能与它相同或更早。",
        remedy="请选更晚的日期；那一部还没有开始施行的，可先撤回。",
    )


def withdraw(adoption: Adoption, *, reason: str, by: Account, at: datetime) -> None:
    """Raises RefusedError once it is in force: what was done under it stays done under it."""
    if adoption.starts_on <= at.astimezone(SHANGHAI).date():
        raise RefusedError(
            f"{adoption.title}已于 {adoption.starts_on} 起施行，不能撤回。",
            remedy="请采用新的一版取代它，写明起始日期。",
            code="already_in_force",
        )
    data = {"pack": adoption.pack, "version": adoption.version, "from": adoption.starts_on.isoformat()}
    perform(acts.WITHDRAW, adoption, by=by, at=at, subject=f"rules:{adoption.pack}", reason=reason, data=data)
    turn_over(at)


def turn_over(at: datetime) -> int:
    """Let every agency run the regulation of the day; returns for how many it changed. May be done at any time."""
    today, changed = at.astimezone(SHANGHAI).date(), 0
    for agency in Agency.objects.filter(adoptions__state=Adoption.State.ADOPTED).distinct():
        book = book_of(agency)
        named = book.name_on(today)
        pack = named[0] if named else book.founded
        changed += Agency.objects.filter(pk=agency.pk).exclude(pack=pack).update(pack=pack)
    return changed


def superseded_on(history: list[Adoption], adoption: Adoption) -> date | None:
    """The last day of an adoption; None while nothing follows it. `history` as `adoptions_of` gives it."""
    later = [
        row.starts_on
        for row in history
        if row.state == Adoption.State.ADOPTED and row.starts_on > adoption.starts_on
    ]
    return min(later) - timedelta(days=1) if later else None


# -- rulings


@dataclass(frozen=True)
class Said:
    """What the legal office says: the answer in words, the value where the question asks for one, and why."""

    answer: str
    reason: str
    value: str = ""


def rule(agency: Agency, pack: Pack, code: str, said: Said, *, by: Account, at: datetime) -> Ruling:
    """Rule one question of a regulation; another ruling of it is replaced.

    `pack`: the regulation's own text. Raises UsageError for a question that is not there, a value that it cannot
    have, or words that are missing.
    """
    question = packs.question_named(pack, code)
    if question is None:
        raise UsageError(
            f"{pack.title}没有这项疑问。", remedy="请从该规定的页面进入。", code="unknown_question"
        )
    if said.value and not fits(pack, code, said.value):
        remedy = _HOW[value_asked(pack, code)]
        raise UsageError(f"“{said.value}”不能作为这项裁定的内容。", remedy=remedy, code="bad_value")
    row = _worded(agency, pack, said, code=code, articles=list(question.articles), question=question.text)
    return _settle(acts.RULE, row, by=by, at=at)


_HOW: dict[Value | None, str] = {
    "period": "请写成 PT24H（小时）、P2WD（工作日）、P20D（日）或 P3M（月）。",
    "role": "请从该规定列出的角色中选一个。",
    "date": "请写成 2026-01-01。",
    None: "这项疑问只作文字裁定，不填数值。",
}


def fill(agency: Agency, pack: Pack, code: str, said: Said, *, by: Account, at: datetime) -> Ruling:
    """Fill a slot that the text leaves to others. Raises UsageError for one that is not there."""
    slot = slot_named(pack, code)
    if slot is None:
        raise UsageError(
            f"{pack.title}没有这项待填内容。", remedy="请从该规定的页面进入。", code="unknown_slot"
        )
    row = _worded(agency, pack, said, code=code, articles=[slot.article], question=slot.text)
    return _settle(acts.FILL, row, by=by, at=at)


def _worded(agency: Agency, pack: Pack, said: Said, **what: Any) -> Ruling:
    if not said.answer.strip() or not said.reason.strip():
        raise UsageError(
            "没有写明内容或理由。", remedy="请写明怎样裁定或填写什么，以及为什么。", code="nothing_said"
        )
    return Ruling(
        agency=agency,
        pack=pack.id,
        answer=said.answer.strip(),
        value=said.value,
        reason=said.reason.strip(),
        **what,
    )


TOLD = ("pack", "code", "articles", "question", "answer", "value", "reason")


def _settle(act: Act, row: Ruling, *, by: Account, at: datetime) -> Ruling:
    row.ruled_at, row.by = at, by.name
    data = {name: getattr(row, name) for name in TOLD}
    with transaction.atomic():
        replace_earlier(row.agency, row.pack, row.code)
        perform(act, row, by=by, at=at, subject=f"rules:{row.pack}", data=data)
    return row


def replace_earlier(agency: Agency, pack: str, code: str) -> None:
    """The ruling in force, if there is one, gives way."""
    rows = Ruling.objects.filter(agency=agency, pack=pack, code=code, state=Ruling.State.IN_FORCE)
    rows.update(state=Ruling.State.REPLACED)
