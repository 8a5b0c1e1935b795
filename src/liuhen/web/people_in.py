"""The person behind a request, and what a page may ask about them: only the rules of base/people."""

from __future__ import annotations

from django.http import HttpRequest

from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import Rule, may_ever, roles_of


def person_in(request: HttpRequest) -> Account:
    """The signed-in account. A view without one is a mistake of ours: SignedInMiddleware stands before it."""
    return the_account(request.user)


def the_account(user: object) -> Account:
    """The account itself, out of the lazy wrapper that Django puts around it: acts look at its class."""
    if not isinstance(user, Account):
        raise TypeError("nobody is signed in")
    account: Account = getattr(user, "_wrapped", user)
    return account


def roles_in(request: HttpRequest) -> frozenset[str]:
    """The roles in force of whoever is signed in, asked once a request."""
    known: frozenset[str] | None = getattr(request, "roles_in_force", None)
    if known is None:
        known = frozenset(roles_of(request.user)) if isinstance(request.user, Account) else frozenset()
        request.roles_in_force = known  # type: ignore[attr-defined]
    return known


def could(request: HttpRequest, rule: Rule | None) -> bool:
    """Might this person ever be allowed by the rule? For showing or hiding a door; perform() still decides."""
    return rule is not None and may_ever(rule, roles_in(request))


def role_words(roles: frozenset[str]) -> str:
    return "、".join(role.label for role in Role if role.value in roles) or "（尚未授权）"
