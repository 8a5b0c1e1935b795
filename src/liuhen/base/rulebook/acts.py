"""The law of the office's own rulebook.

Adoption:  (nothing) --adopt--> adopted --withdraw--> withdrawn      (only before its day)
Ruling:    (nothing) --rule | fill--> in_force --replaced by the next--> replaced

The regulation is the office's to adopt, so no article stands behind these acts: the legal office does them, or the
principal; at the terminal of the office's computer, where keys and store lie open anyway, the program may.
"""

from __future__ import annotations

from liuhen.base.acts import Act
from liuhen.base.people.models import Role
from liuhen.base.people.rules import HasRole

from .models import Adoption, Ruling

_STATE = Adoption.State
_ADOPTS = HasRole((Role.LEGAL, Role.PRINCIPAL))
_LEGAL = HasRole((Role.LEGAL,))

ADOPT = Act("rules.adopted", "采用规定", target=_STATE.ADOPTED, who=_ADOPTS)
ADOPT_AT_TERMINAL = Act("rules.adopted", "采用规定（在办公电脑上）", target=_STATE.ADOPTED)
WITHDRAW = Act(
    "rules.withdrawn",
    "撤回尚未施行的规定",
    sources=frozenset({_STATE.ADOPTED}),
    target=_STATE.WITHDRAWN,
    who=_ADOPTS,
    needs_reason=True,
)
# A ruling is cited from then on with its reason, so the reason stands in the entry itself and is never erased.
RULE = Act("question.ruled", "裁定疑问", target=Ruling.State.IN_FORCE, who=_LEGAL)
FILL = Act("slot.filled", "填写条文留给本单位的内容", target=Ruling.State.IN_FORCE, who=_LEGAL)

ALL = (ADOPT, ADOPT_AT_TERMINAL, WITHDRAW, RULE, FILL)
