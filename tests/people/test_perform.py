"""perform(): the one door. What it refuses leaves no trace; what it does is one row and one entry."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from the_office import AT

from liuhen.base.acts import Act, NotAllowedError, OnPaper, ReasonMissingError, WrongStateError, perform
from liuhen.base.devices import acts as devices
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device, retire_device
from liuhen.base.ledger.models import Entry, Words
from liuhen.base.people import acts, services
from liuhen.base.people.models import Account, Deputy, Role, RoleGrant
from liuhen.base.people.rules import roles_of
from liuhen.base.people.services import Person


def _device() -> Device:
    return Device.objects.get(serial="4701A01")


def _retire(by, **more):
    device = _device()
    return perform(devices.RETIRE_DEVICE, device, by=by, at=AT, subject="device:4701A01", **more)


def test_an_act_flips_the_state_and_adds_one_entry_that_names_it(people):
    before = Entry.objects.count()
    entry = _retire(people.custodian, reason="电池鼓包")
    assert _device().state == Device.State.RETIRED
    assert Entry.objects.count() == before + 1
    told = json.loads(entry.entry)
    assert (told["kind"], told["by"]["account"], told["by"]["name"]) == (
        "device.retired",
        "custodian",
        "王晓兰",
    )
    assert told["basis"] == ["jinjiang-agri/3"]
    assert Words.objects.get(position=entry.position, agency=entry.agency).text == "电池鼓包"


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("officer", NotAllowedError),
        ("principal", NotAllowedError),
        ("secadmin", NotAllowedError),
        ("stranger", NotAllowedError),
        ("other_sysadmin", NotAllowedError),
    ],
)
def test_a_wrong_person_changes_nothing_and_hears_who_may(people, who, error):
    before = Entry.objects.count()
    with pytest.raises(error) as refusal:
        _retire(getattr(people, who), reason="x")
    assert "科室管理员" in str(refusal.value)
    assert "怎么办" in str(refusal.value)
    assert _device().state == Device.State.IN_USE
    assert Entry.objects.count() == before


def test_not_yours_looks_like_not_there(people):
    with pytest.raises(NotAllowedError) as theirs:
        _retire(people.stranger, reason="x")
    with pytest.raises(NotAllowedError) as role:
        _retire(people.officer, reason="x")
    assert theirs.value.message == role.value.message


def test_the_same_act_twice_is_refused_the_second_time(people):
    _retire(people.custodian, reason="x")
    with pytest.raises(WrongStateError):
        _retire(people.custodian, reason="x")


@pytest.mark.parametrize("reason", [None, "", "   "])
def test_a_reason_that_is_needed_must_be_given(people, reason):
    with pytest.raises(ReasonMissingError):
        _retire(people.custodian, reason=reason)


def test_an_act_of_the_program_is_refused_to_everyone(people):
    act = Act("thing.done", "程序所为", sources=frozenset({Device.State.IN_USE}))
    for person in Account.objects.all():
        with pytest.raises(NotAllowedError):
            perform(act, _device(), by=person, at=AT, subject="x")
    assert json.loads(perform(act, _device(), by=None, at=AT, subject="x").entry)["by"]["name"] == "程序"


def test_an_act_of_people_is_refused_to_the_program(people):
    with pytest.raises(NotAllowedError):
        _retire(None, reason="x")


def test_a_ledger_that_cannot_be_written_undoes_the_act(people, monkeypatch):
    import liuhen.base.acts as door

    def broken(*args, **kwargs):
        raise OSError("disk")

    monkeypatch.setattr(door, "append", broken)
    with pytest.raises(OSError, match="disk"):
        _retire(people.custodian, reason="x")
    assert _device().state == Device.State.IN_USE


def test_a_role_is_granted_by_two_and_never_by_one(people):
    grant = services.propose_role(people.officer, Role.ARCHIVIST, by=people.sysadmin, at=AT)
    assert Role.ARCHIVIST not in roles_of(people.officer)
    with pytest.raises(NotAllowedError):
        services.confirm_role(grant, by=people.sysadmin, at=AT)
    services.confirm_role(grant, by=people.secadmin, at=AT)
    assert Role.ARCHIVIST in roles_of(people.officer)


def test_the_security_administrator_cannot_confirm_their_own_role(people):
    grant = services.propose_role(people.secadmin, Role.CUSTODIAN, by=people.sysadmin, at=AT)
    with pytest.raises(NotAllowedError):
        services.confirm_role(grant, by=people.secadmin, at=AT)


def test_the_database_too_refuses_one_person_granting_alone(people):
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(
            agency=people.officer.agency,
            account=people.officer,
            role=Role.LEGAL,
            proposed_by=people.sysadmin,
            confirmed_by=people.sysadmin,
        )


def test_a_withdrawn_role_is_gone_and_a_declined_one_never_was(people):
    grant = RoleGrant.objects.get(account=people.custodian, role=Role.CUSTODIAN)
    services.withdraw_role(grant, reason="调离", by=people.secadmin, at=AT)
    assert roles_of(people.custodian) == set()
    other = services.propose_role(people.officer, Role.LEGAL, by=people.sysadmin, at=AT)
    services.decline_role(other, reason="不符合岗位要求", by=people.secadmin, at=AT)
    with pytest.raises(WrongStateError):
        services.confirm_role(other, by=people.secadmin, at=AT)


def _appoint(people, *, starts=-1, ends=1) -> Deputy:
    return services.appoint_deputy(
        people.custodian,
        people.officer2,
        Role.CUSTODIAN,
        starts_at=AT + timedelta(days=starts),
        ends_at=AT + timedelta(days=ends),
        by=people.custodian,
        at=AT,
    )


def test_a_deputy_acts_within_the_dates_and_both_are_named(people):
    _appoint(people)
    entry = _retire(people.officer2, reason="x", deputy_of=people.custodian)
    assert json.loads(entry.entry)["by"] == {
        "account": "officer2",
        "name": "陈思远",
        "deputy_of": "custodian",
    }


@pytest.mark.parametrize(("starts", "ends"), [(1, 2), (-3, -1)])
def test_a_deputy_outside_the_dates_is_refused(people, starts, ends):
    _appoint(people, starts=starts, ends=ends)
    with pytest.raises(NotAllowedError):
        _retire(people.officer2, reason="x", deputy_of=people.custodian)


def test_a_deputy_whose_term_was_ended_is_refused(people):
    services.end_deputy(_appoint(people), by=people.custodian, at=AT)
    with pytest.raises(NotAllowedError):
        _retire(people.officer2, reason="x", deputy_of=people.custodian)


def test_nobody_can_call_themselves_a_deputy(people):
    with pytest.raises(NotAllowedError):
        _retire(people.officer2, reason="x", deputy_of=people.custodian)


def test_a_deputy_lends_only_the_role_named(people):
    """The absent custodian is legal office too and lent only that: the deputy does not become custodian."""
    grant = services.propose_role(people.custodian, Role.LEGAL, by=people.sysadmin, at=AT)
    services.confirm_role(grant, by=people.secadmin, at=AT)
    deputy = _appoint(people)
    Deputy.objects.filter(pk=deputy.pk).update(role=Role.LEGAL)
    with pytest.raises(NotAllowedError):
        _retire(people.officer2, reason="x", deputy_of=people.custodian)


def test_a_deputy_cannot_lend_the_deputyship_on(people):
    """Being oneself cannot be lent: only the absent person or the principal appoints."""
    _appoint(people)
    row = Deputy(
        agency=people.custodian.agency,
        absent=people.custodian,
        deputy=people.officer,
        role=Role.CUSTODIAN,
        starts_at=AT,
        ends_at=AT + timedelta(days=1),
    )
    with pytest.raises(NotAllowedError):
        perform(acts.APPOINT_DEPUTY, row, by=people.officer2, at=AT, subject="x", deputy_of=people.custodian)


def test_an_act_on_paper_is_the_signers_and_names_who_recorded_it(people, tmp_path):
    scan = tmp_path / "审批表.pdf"
    scan.write_bytes(b"%PDF signed")
    paper = services.keep_paper(scan, by=people.legal, at=AT)
    entry = _retire(people.legal, reason="x", on_paper=OnPaper(people.custodian, paper))
    by = json.loads(entry.entry)["by"]
    assert (by["account"], by["recorded_by"], by["paper"]) == ("custodian", "legal", paper.sha256)


def test_paper_does_not_help_a_signer_who_may_not(people, tmp_path):
    scan = tmp_path / "x.pdf"
    scan.write_bytes(b"x")
    paper = services.keep_paper(scan, by=people.legal, at=AT)
    with pytest.raises(NotAllowedError):
        _retire(people.legal, reason="x", on_paper=OnPaper(people.officer, paper))


def test_an_officer_cannot_enter_paper_for_a_leader(people, tmp_path):
    scan = tmp_path / "x.pdf"
    scan.write_bytes(b"x")
    paper = services.keep_paper(scan, by=people.legal, at=AT)
    with pytest.raises(NotAllowedError):
        _retire(people.officer, reason="x", on_paper=OnPaper(people.custodian, paper))


def test_only_the_administrator_opens_accounts(people):
    unit = people.custodian.unit
    with pytest.raises(NotAllowedError):
        services.open_account(unit, Person("new", "新人"), by=people.custodian, at=AT)
    assert not Account.objects.filter(username="new").exists()


STATES = ["proposed", "confirmed", "declined", "withdrawn"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=st.sampled_from(STATES), act=st.sampled_from(acts.ALL))
def test_an_act_from_a_state_outside_its_table_is_refused_whatever_the_table(people, state, act):
    if not act.sources or act.target not in STATES:
        return
    grant, _ = RoleGrant.objects.get_or_create(
        agency=people.officer.agency,
        account=people.officer,
        role=Role.AUDITOR,
        unit=None,
        defaults={"proposed_by": people.sysadmin},
    )
    RoleGrant.objects.filter(pk=grant.pk).update(state=state)
    size = Entry.objects.count()
    if state in act.sources:
        perform(act, grant, by=people.secadmin, at=AT, subject="x", reason="x")
        assert RoleGrant.objects.get(pk=grant.pk).state == act.target
    else:
        with pytest.raises(WrongStateError):
            perform(act, grant, by=people.secadmin, at=AT, subject="x", reason="x")
        assert RoleGrant.objects.get(pk=grant.pk).state == state
        assert Entry.objects.count() == size


def test_a_device_is_registered_once(people):
    from liuhen.core.errors import UsageError

    with pytest.raises(UsageError):
        register_device(
            people.custodian.unit,
            "4701A01",
            Device.Kind.BODY_RECORDER,
            by=people.custodian,
            at=AT,
        )
    retire_device(_device(), reason="x", by=people.custodian, at=AT)
