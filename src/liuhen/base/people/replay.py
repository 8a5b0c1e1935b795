"""Reading people back out of the ledger: every act of people carries what is needed to do it again.

Accounts come back without a password: the person sets a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from . import acts
from .models import Account, Agency, Deputy, Officer, Paper, RoleGrant, Unit

Entry = dict[str, Any]


def _founded(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    unit = Unit.objects.create(agency=agency, **data["unit"])
    for person in data["administrators"]:
        account = _account(agency, person["account"], person["name"], unit)
        state = RoleGrant.State.CONFIRMED
        RoleGrant.objects.create(agency=agency, account=account, role=person["role"], state=state)


def _account(agency: Agency, username: str, name: str, unit: Unit) -> Account:
    account = Account(agency=agency, username=username, name=name, unit=unit)
    account.set_unusable_password()
    account.save()
    return account


def _unit_opened(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    parent = Unit.objects.get(agency=agency, code=data["parent"]) if data.get("parent") else None
    Unit.objects.create(agency=agency, code=data["code"], name=data["name"], parent=parent)


def _unit_renamed(agency: Agency, entry: Entry) -> None:
    Unit.objects.filter(agency=agency, code=entry["data"]["code"]).update(name=entry["data"]["name"])


def _officer_entered(agency: Agency, entry: Entry) -> None:
    data = dict(entry["data"])
    unit = Unit.objects.get(agency=agency, code=data.pop("unit"))
    Officer.objects.create(agency=agency, unit=unit, **data)


def _officer_corrected(agency: Agency, entry: Entry) -> None:
    data = dict(entry["data"])
    data["unit"] = Unit.objects.get(agency=agency, code=data.pop("unit"))
    data.pop("words", None)
    Officer.objects.filter(agency=agency, staff_no=data.pop("staff_no")).update(**data)


def _officer_left(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    left = date.fromisoformat(data["on"])
    Officer.objects.filter(agency=agency, staff_no=data["staff_no"]).update(left_on=left)


def _account_opened(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    unit = Unit.objects.get(agency=agency, code=data["unit"])
    account = _account(agency, data["account"], data["name"], unit)
    if data.get("officer"):
        account.officer = Officer.objects.get(agency=agency, staff_no=data["officer"])
        account.save(update_fields=["officer"])


def _account_closed(agency: Agency, entry: Entry) -> None:
    Account.objects.filter(username=entry["data"]["account"]).update(state=Account.State.CLOSED)


def _secret_changed(agency: Agency, entry: Entry) -> None:
    """The ledger tells that it was done; the secret itself was nowhere but in the database that was lost."""


def _by(entry: Entry) -> Account | None:
    return Account.objects.filter(username=entry["by"]["account"]).first()


def _role_proposed(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    account = Account.objects.get(username=data["account"])
    RoleGrant.objects.create(
        agency=agency, account=account, role=data["role"], unit=account.unit, proposed_by=_by(entry)
    )


def _role_moved(state: RoleGrant.State, source: RoleGrant.State) -> Callable[[Agency, Entry], None]:
    def move(agency: Agency, entry: Entry) -> None:
        data = entry["data"]
        rows = RoleGrant.objects.filter(account__username=data["account"], role=data["role"], state=source)
        by = {"confirmed_by": _by(entry)} if state == RoleGrant.State.CONFIRMED else {}
        rows.update(state=state, **by)

    return move


def _deputy_appointed(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Deputy.objects.create(
        agency=agency,
        absent=Account.objects.get(username=data["absent"]),
        deputy=Account.objects.get(username=data["deputy"]),
        role=data["role"],
        starts_at=datetime.fromisoformat(data["from"]),
        ends_at=datetime.fromisoformat(data["until"]),
    )


def _deputy_ended(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    rows = Deputy.objects.filter(absent__username=data["absent"], deputy__username=data["deputy"])
    rows.filter(role=data["role"]).update(state=Deputy.State.ENDED)


def _paper_kept(agency: Agency, entry: Entry) -> None:
    data = entry["data"]
    Paper.objects.create(
        agency=agency,
        sha256=data["sha256"],
        sm3=data["sm3"],
        size=data["bytes"],
        name=data["sha256"],
        kept_by=Account.objects.get(username=entry["by"]["account"]),
        kept_at=datetime.fromisoformat(entry["at"]),
    )


_STATE = RoleGrant.State

REPLAYERS: dict[str, Callable[[Agency, Entry], None]] = {
    acts.FOUND_OFFICE.kind: _founded,
    acts.OPEN_UNIT.kind: _unit_opened,
    acts.RENAME_UNIT.kind: _unit_renamed,
    acts.ENTER_OFFICER.kind: _officer_entered,
    acts.CORRECT_OFFICER.kind: _officer_corrected,
    acts.LEAVE_OFFICER.kind: _officer_left,
    acts.OPEN_ACCOUNT.kind: _account_opened,
    acts.CLOSE_ACCOUNT.kind: _account_closed,
    acts.SET_PASSWORD.kind: _secret_changed,
    acts.REMOVE_SECOND_FACTOR.kind: _secret_changed,
    acts.PROPOSE_ROLE.kind: _role_proposed,
    acts.CONFIRM_ROLE.kind: _role_moved(_STATE.CONFIRMED, _STATE.PROPOSED),
    acts.DECLINE_ROLE.kind: _role_moved(_STATE.DECLINED, _STATE.PROPOSED),
    acts.WITHDRAW_ROLE.kind: _role_moved(_STATE.WITHDRAWN, _STATE.CONFIRMED),
    acts.APPOINT_DEPUTY.kind: _deputy_appointed,
    acts.END_DEPUTY.kind: _deputy_ended,
    acts.KEEP_PAPER.kind: _paper_kept,
    acts.KEEP_SCAN.kind: _paper_kept,
}
