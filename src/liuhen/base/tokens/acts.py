"""The law of machines' tokens, on one screen.

Token: (nothing) --issue--> proposed --confirm--> confirmed --fetch--> in_use
                              `--decline--> declined   `--withdraw--> withdrawn <--withdraw--'

Issued by the system administrator, confirmed by the security administrator, fetched by the account itself: who
grants a token never holds it. Whoever had a hand in it may withdraw it.
"""

from __future__ import annotations

from liuhen.base.acts import Act
from liuhen.base.people.models import Role
from liuhen.base.people.rules import AllOf, AnyOf, HasRole, Is, IsNot

from .models import Token

_STATE = Token.State
_SYSTEM = HasRole((Role.SYSTEM_ADMIN,))
_SECURITY = HasRole((Role.SECURITY_ADMIN,))
_OWN = Is("account")
SEE = AnyOf((HasRole((Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)), _OWN))

ISSUE = Act("token.issued", "签发机器令牌", target=_STATE.PROPOSED, who=_SYSTEM, needs_reason=True)
CONFIRM = Act(
    "token.confirmed",
    "确认机器令牌",
    sources=frozenset({_STATE.PROPOSED}),
    target=_STATE.CONFIRMED,
    who=AllOf((_SECURITY, IsNot("issued_by"), IsNot("account"))),
)
DECLINE = Act(
    "token.declined",
    "不予确认机器令牌",
    sources=frozenset({_STATE.PROPOSED}),
    target=_STATE.DECLINED,
    who=_SECURITY,
    needs_reason=True,
)
FETCH = Act(
    "token.fetched",
    "领取机器令牌",
    sources=frozenset({_STATE.CONFIRMED}),
    target=_STATE.IN_USE,
    who=_OWN,
)
WITHDRAW = Act(
    "token.withdrawn",
    "撤销机器令牌",
    sources=frozenset({_STATE.PROPOSED, _STATE.CONFIRMED, _STATE.IN_USE}),
    target=_STATE.WITHDRAWN,
    who=AnyOf((_SYSTEM, _SECURITY, _OWN)),
    needs_reason=True,
)

ALL = (ISSUE, CONFIRM, DECLINE, FETCH, WITHDRAW)
