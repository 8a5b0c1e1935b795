"""Act and perform(): the one door for changing state.

- An act is a row of a table: kind, source states, target, who may, whether a reason is needed, and 依据.
- perform() checks the state, checks the person, flips by conditional UPDATE (exactly one row), and appends
  the ledger entry, all in ONE transaction; publishing follows on commit.
- Nobody acts outside a table, and no account is exempt.
- On paper: the signer is the law's person, whoever records the scan is named beside them.
- By deputy: the absent person's right is used within its dates; both are named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models, transaction

from liuhen.core.errors import RefusedError

from .basis import OWN_RULE, Basis
from .ledger import publish
from .ledger.append import PROGRAM, Actor, News, actor_of, append, append_each
from .ledger.models import Entry
from .people.models import Account, Agency, Deputy, Paper, Role
from .people.rules import HasRole, Rule, looked_up


class NotAllowedError(RefusedError):
    """Not this person, or not there: both look the same from outside."""

    code = "not_allowed"


class WrongStateError(RefusedError):
    code = "wrong_state"


class ReasonMissingError(RefusedError):
    code = "reason_missing"


@dataclass(frozen=True)
class Act:
    """One row of a stage's law.

    No `sources`: the act brings the object into being, unless it `corrects` one that has no states.
    No `target`: the state stays as it is.
    No `who`: only the program itself does it (founding, recovery).
    """

    kind: str
    label: str
    sources: frozenset[str] = frozenset()
    target: str | None = None
    who: Rule | None = None
    needs_reason: bool = False
    basis: Basis = OWN_RULE
    corrects: bool = False


@dataclass(frozen=True)
class OnPaper:
    """A signed paper: who signed it, and the scan that was kept."""

    signer: Account
    scan: Paper


@dataclass(frozen=True)
class Deed:
    """Everything about one performance beside the act and its object."""

    by: Account | None
    at: datetime
    subject: str
    reason: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    on_paper: OnPaper | None = None
    deputy_of: Account | None = None
    words: dict[str, str] = field(default_factory=dict)


def perform(
    act: Act,
    obj: models.Model,
    *,
    by: Account | None,
    at: datetime,
    subject: str,
    reason: str | None = None,
    data: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
    on_paper: OnPaper | None = None,
    deputy_of: Account | None = None,
    words: dict[str, str] | None = None,
) -> Entry:
    """Do `act` to `obj`; returns the ledger entry. `words` (free text, names of parties) stand in it by salted digest,
    as the reason does.

    Raises NotAllowedError, WrongStateError, ReasonMissingError; nothing has changed then.
    """
    deed = Deed(by, at, subject, reason, data or {}, changes or {}, on_paper, deputy_of, words or {})
    agency: Agency = obj.agency  # type: ignore[attr-defined]
    with transaction.atomic():
        actor = _entitled(act, obj, agency, deed)
        _require_reason(act, agency, deed)
        _flip(act, obj, agency, deed)
        row = append(
            agency,
            act.kind,
            subject,
            by=actor,
            at=at,
            data=deed.data,
            basis=act.basis.codes(agency.pack),
            words={**deed.words, "reason": reason} if reason else deed.words,
        )
        publish.soon(agency)
    return row


@dataclass(frozen=True)
class Birth:
    """One of many objects that an act brings into being."""

    obj: models.Model
    at: datetime
    subject: str
    data: dict[str, Any]


def perform_each(
    act: Act,
    births: Sequence[Birth],
    *,
    by: Account | None,
    place: Callable[[models.Model, Entry], None] = lambda _obj, _entry: None,
) -> list[Entry]:
    """`perform` for many new objects of one kind and one agency: each is asked about, all or none happen.

    The entries come first, in the order given; `place` may note on a row where its entry stands. Raises
    NotAllowedError; ValueError for an act that changes a state or needs a reason.
    """
    if act.sources or act.needs_reason:
        raise ValueError(f"{act.kind} is done to one object at a time")
    if not births:
        return []
    agency: Agency = births[0].obj.agency  # type: ignore[attr-defined]
    with transaction.atomic():
        person = looked_up(by) if by else None
        basis = act.basis.codes(agency.pack)
        news = []
        for birth in births:
            actor = _entitled(act, birth.obj, agency, Deed(person, birth.at, birth.subject))
            news.append(News(act.kind, birth.subject, actor, birth.at, birth.data, basis))
        entries = append_each(agency, news)
        for birth, entry in zip(births, entries, strict=True):
            _bring(act, birth.obj, {})
            place(birth.obj, entry)
        type(births[0].obj)._default_manager.bulk_create([birth.obj for birth in births])
        publish.soon(agency)
    return entries


def ask(act: Act, obj: models.Model, *, by: Account | None, at: datetime, reason: str | None = None) -> None:
    """Would perform() refuse? For acts that write bytes before the row. Raises what perform() raises."""
    agency: Agency = obj.agency  # type: ignore[attr-defined]
    deed = Deed(by, at, "", reason)
    _entitled(act, obj, agency, deed)
    _require_reason(act, agency, deed)
    if act.sources and obj.state not in act.sources:  # type: ignore[attr-defined]
        raise _wrong_state(act, agency)


def _entitled(act: Act, obj: models.Model, agency: Agency, deed: Deed) -> Actor:
    """The actor as the ledger names them, after the rule has been asked about the law's person."""
    if act.who is None:
        if deed.by is not None:
            raise _not_allowed(act, agency)
        return PROGRAM
    if deed.by is None:
        raise _not_allowed(act, agency)
    person, actor = _person_in_law(deed, agency)
    if not person.is_active or not act.who.allows(person, obj, deed.at):
        raise _not_allowed(act, agency)
    return actor


def _person_in_law(deed: Deed, agency: Agency) -> tuple[Account, Actor]:
    by = deed.by
    if by is None:
        raise ValueError("somebody must act")
    if deed.on_paper:
        return _paper_signer(deed.on_paper, by, agency)
    if deed.deputy_of:
        lent = lent_roles(by, deed.deputy_of, deed.at)
        if not lent:
            raise NotAllowedError(
                f"{by.name}此时不是{deed.deputy_of.name}的代理人。",
                remedy="请先登记代理及其起止日期，或由本人办理。",
                basis=OWN_RULE.cite(agency.pack),
            )
        return deed.deputy_of.lending(lent), Actor(by.username, by.name, deputy_of=deed.deputy_of.username)
    return by, actor_of(by)


def _paper_signer(paper: OnPaper, by: Account, agency: Agency) -> tuple[Account, Actor]:
    recorder = HasRole((Role.CUSTODIAN, Role.ARCHIVIST, Role.LEGAL))
    if paper.scan.agency_id != agency.pk or not recorder.allows(by, paper.scan, paper.scan.kept_at):
        raise NotAllowedError(
            "纸质审批只能由科室管理员、档案室或法制机构登记扫描件。",
            remedy="请把签字原件交给上述人员扫描登记。",
            basis=OWN_RULE.cite(agency.pack),
        )
    signer = paper.signer
    return signer, Actor(signer.username, signer.name, paper=paper.scan.sha256, recorded_by=by.username)


def lent_roles(by: Account, absent: Account, at: datetime) -> frozenset[str]:
    """The roles that `by` may use in the absent person's place at that moment."""
    if not by.is_active or by.agency_id != absent.agency_id:
        return frozenset()
    rows = Deputy.objects.filter(deputy=by, absent=absent, state=Deputy.State.IN_FORCE)
    return frozenset(row.role for row in rows if row.covers(at))


def _not_allowed(act: Act, agency: Agency) -> NotAllowedError:
    who = act.who.in_words() if act.who else "本系统程序"
    return NotAllowedError(
        f"不能办理“{act.label}”：{'没有这项内容，或' if act.sources or act.corrects else ''}不属于您的权限。",
        remedy=f"该事项由{who}办理；如需权限，请由系统管理员提出、安全管理员确认。",
        basis=act.basis.cite(agency.pack),
        act=act.kind,
    )


def _require_reason(act: Act, agency: Agency, deed: Deed) -> None:
    if act.needs_reason and not (deed.reason or "").strip():
        raise ReasonMissingError(
            f"“{act.label}”必须写明理由。", remedy="请填写理由后再办理。", basis=act.basis.cite(agency.pack)
        )


def _flip(act: Act, obj: models.Model, agency: Agency, deed: Deed) -> None:
    if not act.sources and not act.corrects:
        _create(act, obj, deed)
        return
    changes = dict(deed.changes)
    if act.target is not None:
        changes["state"] = act.target
    rows = type(obj)._default_manager.filter(pk=obj.pk)
    if act.sources:
        rows = rows.filter(state__in=act.sources)
    count = rows.update(**changes) if changes else rows.count()
    if count != 1:
        raise _wrong_state(act, agency)
    obj.refresh_from_db()


def _wrong_state(act: Act, agency: Agency) -> WrongStateError:
    return WrongStateError(
        f"现在不能办理“{act.label}”：当前状态不允许，或刚刚已被他人办理。",
        remedy="请刷新后查看当前状态。",
        basis=act.basis.cite(agency.pack),
        act=act.kind,
    )


def _create(act: Act, obj: models.Model, deed: Deed) -> None:
    _bring(act, obj, deed.changes)
    obj.save(force_insert=True)


def _bring(act: Act, obj: models.Model, changes: dict[str, Any]) -> None:
    """The state an object is born with."""
    if not obj._state.adding:
        raise ValueError(f"{act.kind} brings its object into being")
    if act.target is not None:
        obj.state = act.target  # type: ignore[attr-defined]
    for name, value in changes.items():
        setattr(obj, name, value)
