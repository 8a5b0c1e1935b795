"""The law of devices.

Device:  (nothing) --register--> in_use --to repair--> repair --back--> in_use
                                 in_use | repair --loss--> lost --found--> in_use
                                 in_use | repair | lost --retire--> retired
Corrections, maintenance and readings of the clock change no state. Who uses it when is the stage's: stages/equipment.
"""

from __future__ import annotations

from liuhen.base.acts import Act
from liuhen.base.basis import CARE, CLOCK_CHECK, KEEPER
from liuhen.base.people.models import Role
from liuhen.base.people.rules import ANYONE, AnyOf, HasRole, Is

from .models import Device

SEE = ANYONE  # a register of things, not of what was recorded

_STATE = Device.State
_KEEPERS = HasRole((Role.SYSTEM_ADMIN, Role.CUSTODIAN))
_KEEPERS_OR_ITS_OWN = AnyOf((_KEEPERS, Is("keeper__account")))
_HERE = frozenset({_STATE.IN_USE, _STATE.REPAIR})

REGISTER_DEVICE = Act("device.registered", "登记设备", target=_STATE.IN_USE, who=_KEEPERS, basis=KEEPER)
CORRECT_DEVICE = Act(
    "device.corrected",
    "更正设备登记",
    sources=_HERE,
    who=_KEEPERS,
    needs_reason=True,
    basis=KEEPER,
)
MAINTAIN = Act(
    "device.maintained", "保养设备", sources=_HERE, who=_KEEPERS_OR_ITS_OWN, needs_reason=True, basis=CARE
)
SEND_TO_REPAIR = Act(
    "device.sent_to_repair",
    "设备送修",
    frozenset({_STATE.IN_USE}),
    _STATE.REPAIR,
    _KEEPERS,
    needs_reason=True,
    basis=CARE,
)
BACK_FROM_REPAIR = Act(
    "device.repaired",
    "设备修复",
    frozenset({_STATE.REPAIR}),
    _STATE.IN_USE,
    _KEEPERS,
    needs_reason=True,
    basis=CARE,
)
REPORT_LOSS = Act(
    "device.lost", "报告设备遗失", _HERE, _STATE.LOST, _KEEPERS_OR_ITS_OWN, needs_reason=True, basis=CARE
)
FIND_AGAIN = Act(
    "device.found",
    "设备找回",
    frozenset({_STATE.LOST}),
    _STATE.IN_USE,
    _KEEPERS,
    needs_reason=True,
    basis=CARE,
)
RETIRE_DEVICE = Act(
    "device.retired",
    "停用设备",
    frozenset({_STATE.IN_USE, _STATE.REPAIR, _STATE.LOST}),
    _STATE.RETIRED,
    _KEEPERS,
    needs_reason=True,
    basis=KEEPER,
)
READ_CLOCK = Act(
    "device.clock_read", "测读设备时钟", who=HasRole((Role.CUSTODIAN, Role.OFFICER)), basis=CLOCK_CHECK
)

CARES = (MAINTAIN, SEND_TO_REPAIR, BACK_FROM_REPAIR, REPORT_LOSS, FIND_AGAIN)
ALL = (REGISTER_DEVICE, CORRECT_DEVICE, *CARES, RETIRE_DEVICE, READ_CLOCK)
