"""Who may: every rule answers "this one?" and "which ones?", so that a list and its detail cannot disagree.

- `allows(person, obj, at)` and `scope(person, rows, at)` say the same of one row and of many.
- A rule sees only the person's own agency; "not yours" and "not there" look the same from outside.
- Nobody is exempt: there is no superuser to ask for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model, QuerySet

from .models import NO_CONTENT, Account, Role, RoleGrant


class Rule(Protocol):
    def allows(self, person: Account, obj: Model, at: datetime) -> bool: ...
    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]: ...
    def in_words(self) -> str: ...


def roles_of(person: Account) -> set[str]:
    """Roles in force: the account is open and two people granted each of them."""
    if not person.is_active:
        return set()
    if person.known_roles is not None:
        return set(person.known_roles)
    grants = RoleGrant.objects.filter(account=person, state=RoleGrant.State.CONFIRMED)
    roles = set(grants.values_list("role", flat=True))
    return roles if person.lent_roles is None else roles & person.lent_roles


def looked_up(person: Account) -> Account:
    """The person as they are at this moment, for many questions within one transaction."""
    return person.holding(frozenset(roles_of(person)))


@dataclass(frozen=True)
class HasRole:
    """Holds one of the roles, in the agency the object belongs to."""

    roles: tuple[Role, ...]

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        same_agency = getattr(obj, "agency_id", None) == person.agency_id
        return same_agency and not roles_of(person).isdisjoint(self.roles)

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        if roles_of(person).isdisjoint(self.roles):
            return rows.none()
        return rows.filter(agency_id=person.agency_id)

    def in_words(self) -> str:
        return "、".join(role.label for role in self.roles)


@dataclass(frozen=True)
class Is:
    """Is the person named at the end of a path of fields, e.g. "absent" or "holder__account" (own things)."""

    field: str

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        same = type(obj)._default_manager.filter(pk=obj.pk)
        if person.lent_roles is not None:
            return False  # a role can be lent, being oneself cannot
        if obj._state.adding:
            return self._of_a_new_row(person, obj)
        return self.scope(person, same, at).exists()

    def _of_a_new_row(self, person: Account, obj: Model) -> bool:
        same_agency = getattr(obj, "agency_id", None) == person.agency_id
        return same_agency and person.is_active and getattr(obj, f"{self.field}_id", None) == person.pk

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        if not person.is_active or person.lent_roles is not None:
            return rows.none()
        return rows.filter(agency_id=person.agency_id, **{self.field: person.pk})

    def in_words(self) -> str:
        return "本人"


@dataclass(frozen=True)
class IsNot:
    """Is somebody else than the person named in a field: nobody approves their own request."""

    field: str

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        return bool(getattr(obj, f"{self.field}_id") != person.pk)

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        # A plain exclude() would also drop rows whose field is empty.
        return rows.exclude(**{f"{self.field}_id": person.pk, f"{self.field}__isnull": False})

    def in_words(self) -> str:
        return "不得为本人"


@dataclass(frozen=True)
class AllOf:
    rules: tuple[Rule, ...]

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        return all(rule.allows(person, obj, at) for rule in self.rules)

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        for rule in self.rules:
            rows = rule.scope(person, rows, at)
        return rows

    def in_words(self) -> str:
        return "，且".join(dict.fromkeys(rule.in_words() for rule in self.rules))


@dataclass(frozen=True)
class AnyOf:
    rules: tuple[Rule, ...]

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        return any(rule.allows(person, obj, at) for rule in self.rules)

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        first, *others = (rule.scope(person, rows, at) for rule in self.rules)
        for other in others:
            first |= other
        return first

    def in_words(self) -> str:
        return "或".join(rule.in_words() for rule in self.rules)


@dataclass(frozen=True)
class Anyone:
    """Whoever is signed in, within their own agency."""

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        return person.is_active and getattr(obj, "agency_id", None) == person.agency_id

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        return rows.filter(agency_id=person.agency_id) if person.is_active else rows.none()

    def in_words(self) -> str:
        return "本单位人员"


ANYONE = Anyone()


def keeps_system_only(roles: Iterable[str]) -> bool:
    """三员, or nobody yet: nothing that was recorded is ever theirs to see."""
    return set(roles) <= set(NO_CONTENT)


def may_ever(rule: Rule, roles: Iterable[str]) -> bool:
    """Could a person with these roles be allowed for some object? Decides what is offered, never what is done."""
    if isinstance(rule, HasRole):
        return not set(roles).isdisjoint(rule.roles)
    if isinstance(rule, AllOf):
        return all(may_ever(one, roles) for one in rule.rules)
    if isinstance(rule, AnyOf):
        return any(may_ever(one, roles) for one in rule.rules)
    return True
