"""The law of intake: only the custodian takes a card in; a card is released by proof, cleared by decision.

Batch:  (nothing) --begin--> open --release--> released --clear--> cleared
                              |----keep-----> kept
                              `--interrupt--> interrupted
"""

from __future__ import annotations

from liuhen.base.acts import Act
from liuhen.base.basis import CLEARING, INTAKE
from liuhen.base.people.models import Role
from liuhen.base.people.rules import HasRole

from .models import Batch

_STATE = Batch.State
_CUSTODIAN = HasRole((Role.CUSTODIAN,))
_OPEN = frozenset({_STATE.OPEN})

BEGIN = Act("batch.begun", "开始采集", target=_STATE.OPEN, who=_CUSTODIAN, basis=INTAKE)
RELEASE = Act("batch.released", "移交回执、放行存储卡", _OPEN, _STATE.RELEASED, _CUSTODIAN, basis=INTAKE)
KEEP = Act("batch.kept", "采集结束、存储卡未放行", _OPEN, _STATE.KEPT, _CUSTODIAN, basis=INTAKE)
INTERRUPT = Act("batch.interrupted", "采集中断", _OPEN, _STATE.INTERRUPTED)
CLEAR = Act(
    "card.cleared",
    "清空已放行的存储卡",
    frozenset({_STATE.RELEASED}),
    _STATE.CLEARED,
    _CUSTODIAN,
    needs_reason=True,
    basis=CLEARING,
)

ALL = (BEGIN, RELEASE, KEEP, INTERRUPT, CLEAR)
