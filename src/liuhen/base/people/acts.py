"""The law of people, on one screen.

Role grant:  (nothing) --propose--> proposed --confirm--> confirmed --withdraw--> withdrawn
                                       `-----decline--> declined
Deputy:      (nothing) --appoint--> in_force --end--> ended
"""

from __future__ import annotations

from liuhen.base.acts import Act

from .models import Account, Deputy, Role, RoleGrant
from .rules import AllOf, AnyOf, HasRole, Is, IsNot

_SYSTEM = HasRole((Role.SYSTEM_ADMIN,))
_SECURITY = HasRole((Role.SECURITY_ADMIN,))
_GRANT = RoleGrant.State

SEE_ACCOUNTS = HasRole((Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR))

FOUND_OFFICE = Act("office.founded", "设立单位")
OPEN_UNIT = Act("unit.opened", "设立科室", who=_SYSTEM)
RENAME_UNIT = Act("unit.renamed", "变更科室名称", who=_SYSTEM, needs_reason=True, corrects=True)
ENTER_OFFICER = Act("officer.entered", "登记执法人员", who=_SYSTEM)
CORRECT_OFFICER = Act("officer.corrected", "更正执法人员登记", who=_SYSTEM, needs_reason=True, corrects=True)
LEAVE_OFFICER = Act("officer.left", "登记离任", who=_SYSTEM, needs_reason=True, corrects=True)
OPEN_ACCOUNT = Act("account.opened", "开立账号", target=Account.State.OPEN, who=_SYSTEM)
CLOSE_ACCOUNT = Act(
    "account.closed",
    "停用账号",
    sources=frozenset({Account.State.OPEN}),
    target=Account.State.CLOSED,
    who=_SYSTEM,
    needs_reason=True,
)
SET_PASSWORD = Act(
    "account.password_set",
    "设置密码",
    sources=frozenset({Account.State.OPEN}),
    who=AnyOf((Is("id"), _SECURITY)),
)
REMOVE_SECOND_FACTOR = Act(
    "account.second_factor_removed",
    "取消动态口令",
    sources=frozenset({Account.State.OPEN}),
    who=_SECURITY,
    needs_reason=True,
)

PROPOSE_ROLE = Act("role.proposed", "提出授权", target=_GRANT.PROPOSED, who=_SYSTEM)
CONFIRM_ROLE = Act(
    "role.confirmed",
    "确认授权",
    sources=frozenset({_GRANT.PROPOSED}),
    target=_GRANT.CONFIRMED,
    who=AllOf((_SECURITY, IsNot("proposed_by"), IsNot("account"))),
)
DECLINE_ROLE = Act(
    "role.declined",
    "不予确认授权",
    sources=frozenset({_GRANT.PROPOSED}),
    target=_GRANT.DECLINED,
    who=_SECURITY,
    needs_reason=True,
)
WITHDRAW_ROLE = Act(
    "role.withdrawn",
    "撤销授权",
    sources=frozenset({_GRANT.CONFIRMED}),
    target=_GRANT.WITHDRAWN,
    who=_SECURITY,
    needs_reason=True,
)

APPOINT_DEPUTY = Act(
    "deputy.appointed",
    "登记代理",
    target=Deputy.State.IN_FORCE,
    who=AnyOf((Is("absent"), HasRole((Role.PRINCIPAL,)))),
)
END_DEPUTY = Act(
    "deputy.ended",
    "终止代理",
    sources=frozenset({Deputy.State.IN_FORCE}),
    target=Deputy.State.ENDED,
    who=AnyOf((Is("absent"), HasRole((Role.PRINCIPAL,)))),
)
KEEP_PAPER = Act("paper.kept", "登记纸质审批", who=HasRole((Role.CUSTODIAN, Role.ARCHIVIST, Role.LEGAL)))
# Scans of documents and of reports come from those who were there; what signs in somebody's place is KEEP_PAPER.
KEEP_SCAN = Act(
    "scan.kept",
    "登记扫描件",
    who=HasRole((Role.OFFICER, Role.UNIT_HEAD, Role.CUSTODIAN, Role.ARCHIVIST, Role.LEGAL)),
)

ALL = (
    FOUND_OFFICE,
    OPEN_UNIT,
    RENAME_UNIT,
    ENTER_OFFICER,
    CORRECT_OFFICER,
    LEAVE_OFFICER,
    OPEN_ACCOUNT,
    CLOSE_ACCOUNT,
    SET_PASSWORD,
    REMOVE_SECOND_FACTOR,
    PROPOSE_ROLE,
    CONFIRM_ROLE,
    DECLINE_ROLE,
    WITHDRAW_ROLE,
    APPOINT_DEPUTY,
    END_DEPUTY,
    KEEP_PAPER,
    KEEP_SCAN,
)
