"""The law of shortening: what would let records go earlier waits until the principal has said yes or no.

Shortening:  pending --approve--> approved ;  pending --uphold--> upheld      (the longer period holds meanwhile)

No article asks for it: 本系统安全规则.
"""

from __future__ import annotations

from liuhen.base.acts import Act
from liuhen.base.people.models import Role
from liuhen.base.people.rules import HasRole

from .models import Shortening

_STATE = Shortening.State
_PENDING = frozenset({_STATE.PENDING})
_PRINCIPAL = HasRole((Role.PRINCIPAL,))

APPROVE = Act(
    "keeping.shortened", "批准缩短保管期限", _PENDING, _STATE.APPROVED, _PRINCIPAL, needs_reason=True
)
UPHOLD = Act("keeping.upheld", "维持原保管期限", _PENDING, _STATE.UPHELD, _PRINCIPAL, needs_reason=True)
# Who may read what waits: those who keep, judge or answer for the records.
SEE = HasRole((Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST, Role.CUSTODIAN, Role.AUDITOR))

ALL = (APPROVE, UPHOLD)
