"""Reads of people, filtered by person: one's own agency, and what waits for whom."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, OuterRef, Q, QuerySet

from . import acts
from .models import Account, Deputy, Officer, RoleGrant, Unit
from .rules import ANYONE


def units_of(person: Account, at: datetime) -> QuerySet[Unit]:
    return ANYONE.scope(person, Unit.objects.select_related("parent"), at)


def officers_of(person: Account, at: datetime) -> QuerySet[Officer]:
    return ANYONE.scope(person, Officer.objects.select_related("unit", "account"), at)


def accounts_of(person: Account, at: datetime) -> QuerySet[Account]:
    return ANYONE.scope(person, Account.objects.select_related("unit", "officer"), at)


def grants_of(person: Account, at: datetime) -> QuerySet[RoleGrant]:
    rows = RoleGrant.objects.select_related("account", "unit", "proposed_by", "confirmed_by")
    return ANYONE.scope(person, rows, at)


def deputies_of(person: Account, at: datetime) -> QuerySet[Deputy]:
    return ANYONE.scope(person, Deputy.objects.select_related("absent", "deputy"), at)


def to_confirm(person: Account, at: datetime) -> QuerySet[RoleGrant]:
    """Proposed roles that this person may confirm or decline."""
    rule = acts.CONFIRM_ROLE.who
    rows = grants_of(person, at).filter(state__in=acts.CONFIRM_ROLE.sources)
    return rule.scope(person, rows, at) if rule else rows.none()


def without_role(person: Account, at: datetime) -> QuerySet[Account]:
    """Open accounts that nobody has proposed a role for, for whoever may propose."""
    live = RoleGrant.objects.filter(
        account=OuterRef("pk"), state__in=[RoleGrant.State.PROPOSED, RoleGrant.State.CONFIRMED]
    )
    rows = accounts_of(person, at).filter(state=Account.State.OPEN).exclude(Exists(live))
    rule = acts.PROPOSE_ROLE.who
    return rule.scope(person, rows, at) if rule else rows.none()


def without_password(person: Account, at: datetime) -> QuerySet[Account]:
    """Open accounts that cannot sign in yet, for whoever may set a password."""
    none = Q(password="") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    rows = accounts_of(person, at).filter(none, state=Account.State.OPEN)
    rule = acts.SET_PASSWORD.who
    return rule.scope(person, rows, at).exclude(pk=person.pk) if rule else rows.none()
