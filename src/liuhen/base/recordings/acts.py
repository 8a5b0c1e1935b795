"""The law of a recording's custody so far.

Recording:  (nothing) --store--> stored | to_assign ;  to_assign --assign--> stored ;  stored --correct--> stored
Unrelated:  (nothing) --flag--> open --handle--> kept | restricted ;  restricted --handle--> kept
Repairing, viewing, downloading and exporting it, and keeping a still of it, change no state; a verification is no act, it
only looks. Seeing it again on a card is told by that card's batch and receipt.

A viewing is one entry a person, recording and visit, however many pieces of it the player fetches; every copy of the
bytes that leaves the office is an entry of its own.

Unrelated content is flagged and handled by two people, and never removed: restricted, its content is for the few of CONTENT.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from liuhen.base.acts import Act
from liuhen.base.basis import CLASSIFY, EVIDENCE_COPY, INTAKE, UNRELATED, VIEWING
from liuhen.base.people.models import Account, Role
from liuhen.base.people.rules import AllOf, AnyOf, HasRole, Is, IsNot, roles_of

from .models import Recording, Unrelated

_STATE = Recording.State
_ANY = frozenset({_STATE.STORED, _STATE.TO_ASSIGN})
_CUSTODIAN = HasRole((Role.CUSTODIAN,))

STORE = Act("recording.stored", "入库", who=_CUSTODIAN, basis=INTAKE)
ASSIGN = Act(
    "recording.assigned",
    "确定归属",
    sources=frozenset({_STATE.TO_ASSIGN}),
    target=_STATE.STORED,
    who=_CUSTODIAN,
    needs_reason=True,
    basis=CLASSIFY,
)
CORRECT = Act(
    "recording.reassigned",
    "更正归属",
    sources=frozenset({_STATE.STORED}),
    target=_STATE.STORED,
    who=_CUSTODIAN,
    needs_reason=True,
    basis=CLASSIFY,
)
REPAIR = Act("recording.repaired", "修复副本", sources=_ANY, who=HasRole((Role.CUSTODIAN, Role.SYSTEM_ADMIN)))
EXPORT = Act("recording.exported", "导出复制件", sources=_ANY, who=_CUSTODIAN, basis=EVIDENCE_COPY)
DOWNLOAD = Act("recording.downloaded", "下载原件", sources=_ANY, who=_CUSTODIAN, basis=EVIDENCE_COPY)
RECOVER = Act("recording.stored", "入库（恢复中断的采集）", basis=INTAKE)

# Who may see that a recording exists and what it holds: the system and security administrators may not.
_SEE_ALL = HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST))
_SEE_OWN = Is("holder__account")
SEE = AnyOf((_SEE_ALL, _SEE_OWN))


@dataclass(frozen=True)
class Reach:
    """What SEE lets a person see, told in the columns that lists and counters are kept by."""

    agency: int
    holder: int | None = None  # only this officer's recordings

    def holds(self, row: Recording) -> bool:
        return row.agency_id == self.agency and self.holder in (None, row.holder_id)


def reach_of(person: Account, at: datetime) -> Reach | None:
    """None: nothing, whatever is asked. The same as SEE; a test holds the two together."""
    if not roles_of(person).isdisjoint(_SEE_ALL.roles):
        return Reach(person.agency_id)
    if person.is_active and person.lent_roles is None and person.officer_id:
        return Reach(person.agency_id, person.officer_id)
    return None


@dataclass(frozen=True)
class NotRestricted:
    """No part of it is held to be unrelated content under restriction."""

    def allows(self, person: Account, obj: Model, at: datetime) -> bool:
        return not _restricted().filter(recording=obj.pk).exists()

    def scope(self, person: Account, rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
        return rows.exclude(pk__in=_restricted().values("recording"))

    def in_words(self) -> str:
        return "未被限制查看"


def _restricted() -> QuerySet[Unrelated]:
    return Unrelated.objects.filter(state=Unrelated.State.RESTRICTED)


# Who may have what it holds: every way to its bytes, its pictures and its sound included, asks this.
KEEPS_RESTRICTED = HasRole((Role.CUSTODIAN, Role.LEGAL, Role.PRINCIPAL))
CONTENT = AllOf((SEE, AnyOf((KEEPS_RESTRICTED, NotRestricted()))))

# Who has it may keep a still: it stays in the office, beside the original, with who took it and when.
VIEW = Act("recording.viewed", "查看", sources=_ANY, who=CONTENT, basis=VIEWING)
SNAPSHOT = Act("recording.snapshot", "截取画面", sources=_ANY, who=CONTENT)

_FLAG = Unrelated.State
FLAG = Act(
    "recording.flagged",
    "标为无关内容",
    target=_FLAG.OPEN,
    who=HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.LEGAL)),
    needs_reason=True,
    basis=UNRELATED,
)
HANDLE_FLAG = Act(
    "recording.flag_handled",
    "处理无关内容",
    sources=frozenset({_FLAG.OPEN, _FLAG.RESTRICTED}),
    who=AllOf((HasRole((Role.UNIT_HEAD, Role.LEGAL)), IsNot("flagged_by"))),
    needs_reason=True,
    basis=UNRELATED,
)
SEE_FLAGS = HasRole((Role.CUSTODIAN, Role.UNIT_HEAD, Role.LEGAL, Role.PRINCIPAL))

# Who has a register of recordings at all; what stands in it is SEE's to say.
BROWSE = HasRole((Role.OFFICER, Role.CUSTODIAN, Role.UNIT_HEAD, Role.PRINCIPAL, Role.LEGAL, Role.ARCHIVIST))

ALL = (STORE, ASSIGN, CORRECT, REPAIR, EXPORT, DOWNLOAD, VIEW, SNAPSHOT, FLAG, HANDLE_FLAG, RECOVER)
