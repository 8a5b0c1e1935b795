"""The law of issue and return.

Issue:  (nothing) --issue--> out --return--> back          Check:  (nothing) --check--> (what it found)
- A device goes from the custodian's hand to the officer's and back. There is deliberately no act that passes it on
  from one officer to another (JJ 18(7), AK1 10(3), BF 18(3)): it is taken back first.
- Both sides sign: the custodian is signed in, the officer draws a signature or gives their own password.
"""

from __future__ import annotations

from liuhen.base.acts import Act
from liuhen.base.basis import CHECK_BEFORE_USE, USE_REGISTER
from liuhen.base.people.models import Role
from liuhen.base.people.rules import AnyOf, HasRole, Is

from .models import Issue

_STATE = Issue.State
_CUSTODIAN = HasRole((Role.CUSTODIAN,))

# Who sees every issue of the agency; an officer sees their own.
SEE_ALL = HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL))
SEE = AnyOf((SEE_ALL, Is("officer__account")))
SEE_PAGES = HasRole((*SEE_ALL.roles, Role.OFFICER))  # who has the pages at all; SEE says what stands there

CHECK = Act(
    "device.checked",
    "使用前检查",
    who=HasRole((Role.CUSTODIAN, Role.OFFICER)),
    basis=CHECK_BEFORE_USE,
)
ISSUE = Act("device.issued", "领用设备", target=_STATE.OUT, who=_CUSTODIAN, basis=USE_REGISTER)
RETURN = Act(
    "device.returned", "归还设备", frozenset({_STATE.OUT}), _STATE.BACK, _CUSTODIAN, basis=USE_REGISTER
)

ALL = (CHECK, ISSUE, RETURN)
