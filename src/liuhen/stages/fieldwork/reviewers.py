"""Who reviews a report: the role that the regulation names, in one's own right, as a deputy, or on paper.

- Where the text names nobody (JJ 9), the unit's head: 本系统安全规则.
- A list and its detail ask the same: `waiting_for` is `reviewer_of` over many rows.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from liuhen.base.acts import lent_roles
from liuhen.base.people.models import Account, Deputy, Role, RoleGrant
from liuhen.base.people.rules import roles_of

from .models import Report

ROLES = {
    "leader": Role.UNIT_HEAD,
    "unit_head": Role.UNIT_HEAD,
    "unit": Role.UNIT_HEAD,
    "officer": Role.UNIT_HEAD,
    "principal": Role.PRINCIPAL,
    "custodian": Role.CUSTODIAN,
    "legal": Role.LEGAL,
    "archivist": Role.ARCHIVIST,
}


def reviewer_of(report: Report) -> Role:
    """The role that reviews it here: whom the regulation names, else the unit's head."""
    return ROLES.get(report.to, Role.UNIT_HEAD)


def roles_here(person: Account, at: datetime, deputy_of: Account | None = None) -> set[str]:
    """The roles a person may review with at that moment: their own, or those that are lent to them."""
    if deputy_of is None:
        return roles_of(person)
    return roles_of(deputy_of.lending(lent_roles(person, deputy_of, at)))


def signers_of(report: Report) -> QuerySet[Account]:
    """Who may have signed it on paper: open accounts with the reviewing role, but not whoever made it."""
    grants = RoleGrant.objects.filter(role=reviewer_of(report), state=RoleGrant.State.CONFIRMED)
    rows = Account.objects.filter(agency=report.agency_id, state=Account.State.OPEN)
    return rows.filter(pk__in=grants.values("account")).exclude(pk=report.made_by_id).order_by("name")


def absent_whom(report: Report, person: Account, at: datetime) -> list[Account]:
    """In whose place this person may review it now."""
    if person.pk == report.made_by_id:
        return []
    found = [one.absent for one in _lent(person, at) if one.role == reviewer_of(report)]
    role = reviewer_of(report)
    return [one for one in found if one.pk != report.made_by_id and role in roles_here(person, at, one)]


def may_review(report: Report, person: Account, at: datetime) -> bool:
    """In their own right; deputies are asked about by `absent_whom`."""
    made = report.state == Report.State.MADE
    return made and report.made_by_id != person.pk and reviewer_of(report) in roles_of(person)


def waiting_for(person: Account, at: datetime) -> QuerySet[Report]:
    """Reports that this person, or somebody whose deputy they are, is to review."""
    mine = roles_of(person) | {one.role for one in _lent(person, at)}
    rows = Report.objects.filter(agency=person.agency_id, state=Report.State.MADE)
    return rows.filter(to_be_reviewed_by(mine)).exclude(made_by=person)


def to_be_reviewed_by(roles: set[str]) -> Q:
    """Over reports: those whose reviewing role is among these."""
    named = [to for to, role in ROLES.items() if role in roles]
    wanted = Q(to__in=named)
    return wanted | ~Q(to__in=list(ROLES)) if Role.UNIT_HEAD in roles else wanted


def lent_to(person: Account, at: datetime) -> set[str]:
    return {one.role for one in _lent(person, at)}


def _lent(person: Account, at: datetime) -> list[Deputy]:
    rows = Deputy.objects.filter(
        deputy=person, state=Deputy.State.IN_FORCE, absent__agency=person.agency_id
    ).select_related("absent")
    return [one for one in rows if one.covers(at)]
