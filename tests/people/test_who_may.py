"""Who may do what: one table, asked of everyone, answered the same for one row and for a list."""

from __future__ import annotations

import pytest
from the_office import AT

from liuhen.base.devices import acts as devices
from liuhen.base.devices.models import Device
from liuhen.base.people import acts as people_acts
from liuhen.base.people.models import Account, Agency, Role, RoleGrant
from liuhen.base.people.rules import HasRole
from liuhen.base.recordings import acts as recordings
from liuhen.base.recordings.acts import SEE
from liuhen.base.recordings.models import Recording
from liuhen.base.tokens import acts as tokens
from liuhen.stages.equipment import acts as equipment
from liuhen.stages.fieldwork import acts as fieldwork
from liuhen.stages.ingest import acts as ingest
from liuhen.stages.ingest.services import Request, ingest_card

TABLES = (people_acts, tokens, devices, recordings, equipment, fieldwork, ingest)
EVERY_ACT = [act for table in TABLES for act in table.ALL]

# The whole law of who may, by user name; an act that is not here is for the program alone.
EXPECTED: dict[str, set[str]] = {
    "unit.opened": {"sysadmin"},
    "unit.renamed": {"sysadmin"},
    "officer.entered": {"sysadmin"},
    "officer.corrected": {"sysadmin"},
    "officer.left": {"sysadmin"},
    "account.opened": {"sysadmin"},
    "account.closed": {"sysadmin"},
    "account.second_factor_removed": {"secadmin"},
    "role.proposed": {"sysadmin"},
    "role.declined": {"secadmin"},
    "role.withdrawn": {"secadmin"},
    "token.issued": {"sysadmin"},
    "token.declined": {"secadmin"},
    "paper.kept": {"custodian", "archivist", "legal"},
    "scan.kept": {"officer", "officer2", "head", "custodian", "archivist", "legal"},
    "device.registered": {"sysadmin", "custodian"},
    "device.corrected": {"sysadmin", "custodian"},
    "device.retired": {"sysadmin", "custodian"},
    "device.sent_to_repair": {"sysadmin", "custodian"},
    "device.repaired": {"sysadmin", "custodian"},
    "device.found": {"sysadmin", "custodian"},
    "device.clock_read": {"custodian", "officer", "officer2"},
    "device.checked": {"custodian", "officer", "officer2"},
    "device.issued": {"custodian"},
    "device.returned": {"custodian"},
    "activity.opened": {"officer", "officer2", "head", "custodian"},
    "activity.voided": {"custodian", "head"},
    "mark.made": {"officer", "officer2", "head", "custodian", "legal"},
    "recording.unmatched": {"custodian", "head"},
    "match.declined": {"custodian", "head"},
    "finding.settled": {"custodian", "head", "legal"},
    "finding.reopened": {"custodian", "head", "legal"},
    "sent.retried": {"officer", "officer2", "head", "custodian", "legal"},
    "sent.handled": {"officer", "officer2", "head", "custodian", "legal"},
    "recording.flagged": {"custodian", "head", "legal"},
    "recording.stored": {"custodian"},
    "recording.assigned": {"custodian"},
    "recording.reassigned": {"custodian"},
    "recording.repaired": {"sysadmin", "custodian"},
    "recording.exported": {"custodian"},
    "recording.downloaded": {"custodian"},
    "batch.begun": {"custodian"},
    "batch.released": {"custodian"},
    "batch.kept": {"custodian"},
    "card.cleared": {"custodian"},
    "upload.dropped": {"custodian"},
}


@pytest.mark.parametrize(
    "act", [act for act in EVERY_ACT if isinstance(act.who, HasRole)], ids=lambda act: act.kind
)
def test_each_act_is_for_the_roles_of_the_table_and_for_nobody_else(act, people):
    device = Device.objects.get(serial="4701A01")
    allowed = {
        row.username for row in Account.objects.filter(agency__code="demo") if act.who.allows(row, device, AT)
    }
    assert allowed == EXPECTED[act.kind]


@pytest.mark.parametrize(
    "act", [act for act in EVERY_ACT if isinstance(act.who, HasRole)], ids=lambda a: a.kind
)
def test_a_list_and_its_detail_cannot_disagree(act, people):
    for person in Account.objects.all():
        listed = set(act.who.scope(person, Account.objects.all(), AT))
        allowed = {row for row in Account.objects.all() if act.who.allows(person, row, AT)}
        assert listed == allowed


def test_nobody_of_another_agency_may_do_anything_here(people):
    device = Device.objects.get(serial="4701A01")
    for act in EVERY_ACT:
        if act.who is not None and isinstance(act.who, HasRole):
            assert not act.who.allows(people.stranger, device, AT)


def test_the_three_administrators_never_see_content(people, tmp_path):
    card = tmp_path / "card"
    card.mkdir()
    (card / "a.txt").write_bytes(b"words")
    ingest_card(Request(card, people.custodian), at=AT)
    seen = {
        person.username
        for person in Account.objects.all()
        if SEE.scope(person, Recording.objects.all(), AT).exists()
    }
    assert seen == {"custodian", "head", "principal", "legal", "archivist"}


def test_there_is_no_superuser_to_ask_for(people):
    assert not hasattr(Account, "is_superuser")
    with pytest.raises(TypeError):
        Account(agency=people.custodian.agency, username="root", name="root", is_superuser=True)


def test_a_closed_account_has_no_role_left(people):
    from liuhen.base.people.rules import roles_of

    assert roles_of(people.custodian) == {Role.CUSTODIAN}
    people.custodian.state = Account.State.CLOSED
    assert roles_of(people.custodian) == set()


def test_a_proposed_role_is_no_role_yet(people):
    from liuhen.base.people.rules import roles_of

    RoleGrant.objects.filter(account=people.custodian).update(
        state=RoleGrant.State.PROPOSED, confirmed_by=None
    )
    assert roles_of(people.custodian) == set()


def test_every_act_has_its_own_kind_and_a_chinese_name():
    by_kind: dict[str, set[str]] = {}
    for act in EVERY_ACT:
        by_kind.setdefault(act.kind, set()).add(act.label)
        assert any("一" <= char <= "鿿" for char in act.label)
    shared = {kind for kind, labels in by_kind.items() if len(labels) > 1}
    # stored by the custodian, or completed by the program after a crash; matched by a person, or by the office's setting
    assert shared == {"recording.stored", "recording.matched"}


def test_the_demo_agencies_are_two(people):
    assert set(Agency.objects.values_list("code", flat=True)) == {"demo", "other"}
