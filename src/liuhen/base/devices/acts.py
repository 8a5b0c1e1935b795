"""The law of devices:  (nothing) --register--> in_use --retire--> retired; corrections and readings change no state."""

from __future__ import annotations

from liuhen.base.acts import Act
from liuhen.base.basis import CLOCK_CHECK, KEEPER
from liuhen.base.people.models import Role
from liuhen.base.people.rules import ANYONE, HasRole

from .models import Device

SEE = ANYONE  # a register of things, not of what was recorded

_KEEPERS = HasRole((Role.SYSTEM_ADMIN, Role.CUSTODIAN))

REGISTER_DEVICE = Act("device.registered", "登记设备", target=Device.State.IN_USE, who=_KEEPERS, basis=KEEPER)
CORRECT_DEVICE = Act(
    "device.corrected",
    "更正设备登记",
    sources=frozenset({Device.State.IN_USE}),
    who=_KEEPERS,
    needs_reason=True,
    basis=KEEPER,
)
RETIRE_DEVICE = Act(
    "device.retired",
    "停用设备",
    sources=frozenset({Device.State.IN_USE}),
    target=Device.State.RETIRED,
    who=_KEEPERS,
    needs_reason=True,
    basis=KEEPER,
)
READ_CLOCK = Act(
    "device.clock_read", "测读设备时钟", who=HasRole((Role.CUSTODIAN, Role.OFFICER)), basis=CLOCK_CHECK
)

ALL = (REGISTER_DEVICE, CORRECT_DEVICE, RETIRE_DEVICE, READ_CLOCK)
