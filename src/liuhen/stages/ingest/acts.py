"""The law of intake: only the custodian takes a card in; a card is released by proof, cleared by decision.

Batch:  (nothing) --begin--> open --release--> released --clear--> cleared
                              |----keep-----> kept
                              `--interrupt--> interrupted
What was uploaded and never taken in is thrown away by an act, too: by the custodian, or by the program after
the office's days (nobody has touched it since). That it came is told by the batch that took it in.
"""

from __future__ import annotations

from liuhen.base import clock
from liuhen.base.acts import Act
from liuhen.base.basis import CLEARING, INTAKE
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import AllOf, HasRole, Is

from .models import Batch, UploadSet

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
# Who may send files to an open set: the custodian who opened it, and nobody else.
SENDS = AllOf((_CUSTODIAN, Is("by")))

_UPLOAD = UploadSet.State
DROP_UPLOAD = Act(
    "upload.dropped",
    "放弃上传的文件",
    frozenset({_UPLOAD.OPEN, _UPLOAD.CLOSED}),
    _UPLOAD.DROPPED,
    _CUSTODIAN,
    needs_reason=True,
)
EXPIRE_UPLOAD = Act("upload.expired", "清除过期的上传", frozenset({_UPLOAD.OPEN}), _UPLOAD.EXPIRED)


def may_begin(person: Account) -> bool:
    """Might this person take a card of their agency in? What is offered; perform() decides."""
    return BEGIN.who is not None and BEGIN.who.allows(person, Batch(agency=person.agency), clock.now())


ALL = (BEGIN, RELEASE, KEEP, INTERRUPT, CLEAR, DROP_UPLOAD, EXPIRE_UPLOAD)
