"""领用 and 归还: who may hold a device, what blocks, who signs."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from equipment.equipment_office import (
    HOUR,
    checked,
    drawn,
    fit,
    handed_out,
    officer,
    png,
    recorder,
    taken_back,
)
from the_office import AT

from liuhen.base.acts import NotAllowedError, WrongStateError
from liuhen.base.devices import services as devices
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry, Words
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.people import services as office
from liuhen.base.people.models import Officer, Paper
from liuhen.core.errors import LiuhenError, RefusedError, UsageError
from liuhen.stages.equipment import acts, services
from liuhen.stages.equipment.models import Issue, Signed
from liuhen.stages.equipment.services import AlreadyOutError, NotHandedOutError, Terms, UncheckedError
from liuhen.stages.equipment.signing import Drawn, Proved, UnsignedError


def issue(people, **more):
    told = {"signature": drawn(), "by": people.custodian, "at": AT, **more}
    return services.issue_device(told.pop("device", None) or recorder(), told.pop("who", officer()), **told)


def last(kind: str) -> str:
    return Entry.objects.filter(kind=kind).latest("position").entry


def test_a_checked_device_goes_to_an_officer_of_its_unit_and_comes_back(people) -> None:
    row = handed_out(people, terms=Terms("张三案现场检查", AT + 8 * HOUR))
    assert (row.state, row.officer.name, row.issued_by, row.overridden) == (
        "out",
        "林一鸣",
        people.custodian,
        False,
    )
    assert row.check_before.passed
    taken_back(row, people, AT + 5 * HOUR)
    row.refresh_from_db()
    assert (row.state, row.received_by, row.returned_at) == ("back", people.custodian, AT + 5 * HOUR)
    assert (row.taken_signed, row.back_signed) == (Signed.DRAWN, Signed.DRAWN)
    assert verify_ledger(row.agency).ok


def test_the_purpose_stays_out_of_the_ledger_and_the_signature_is_there_by_digest(people) -> None:
    row = handed_out(people, terms=Terms("张三案现场检查"))
    entry = last("device.issued")
    assert "张三" not in entry
    assert row.taken_paper.sha256 in entry
    assert (people.custodian.agency.code, "100001") == ("demo", row.officer.staff_no)


def test_the_drawn_signature_is_kept_like_a_signed_paper(home, people) -> None:
    signature = drawn()
    row = handed_out(people, signature=signature)
    sha256 = row.taken_paper.sha256
    assert (home / "papers" / sha256[:2] / sha256).read_bytes() == signature.png


@pytest.mark.parametrize("name", ["officer", "officer2", "head", "legal", "sysadmin", "auditor", "stranger"])
def test_nobody_but_the_custodian_hands_out_or_takes_back(people, name) -> None:
    checked(people)
    with pytest.raises(NotAllowedError):
        issue(people, by=getattr(people, name), who=officer("100003"))
    row = issue(people)
    with pytest.raises(NotAllowedError):
        services.return_device(row, signature=drawn(), by=getattr(people, name), at=AT)
    assert Issue.objects.get().state == "out"


def test_there_is_no_act_that_passes_a_device_on() -> None:
    assert {act.kind for act in acts.ALL} == {"device.checked", "device.issued", "device.returned"}
    assert not hasattr(services, "hand_on")


# -- never to a person outside


def test_not_to_an_officer_of_another_unit(people) -> None:
    unit = office.open_unit(people.sysadmin.agency, "350582000002", "渔政股", by=people.sysadmin, at=AT)
    other = office.enter_officer(unit, "许南", "35058200077", "100077", by=people.sysadmin, at=AT)
    checked(people)
    with pytest.raises(NotHandedOutError) as refused:
        issue(people, who=other)
    assert refused.value.basis == "本系统安全规则"
    assert "渔政股" in refused.value.message
    assert refused.value.remedy


def test_not_to_an_officer_of_another_office(people) -> None:
    unit = people.stranger.agency.units.get()
    other = office.enter_officer(unit, "外人", "41042100001", "200001", by=people.other_sysadmin, at=AT)
    checked(people)
    with pytest.raises(NotHandedOutError) as refused:
        issue(people, who=other)
    assert "第十八条" in refused.value.basis


def test_not_to_an_officer_who_has_left(people) -> None:
    office.leave_officer(officer(), AT.date(), reason="调离", by=people.sysadmin, at=AT)
    checked(people)
    with pytest.raises(NotHandedOutError) as refused:
        issue(people)
    assert "离开本单位" in refused.value.message
    assert not Issue.objects.exists()


def test_a_dock_is_not_handed_out(people) -> None:
    dock = devices.register_device(people.custodian.unit, "D1", Device.Kind.DOCK, by=people.custodian, at=AT)
    with pytest.raises(UsageError):
        issue(people, device=dock)


@pytest.mark.parametrize("act", ["send_to_repair", "report_loss", "retire_device"])
def test_what_is_in_repair_lost_or_retired_stays_here(people, act) -> None:
    checked(people)
    getattr(devices, act)(recorder(), reason="不能用", by=people.custodian, at=AT)
    with pytest.raises(NotHandedOutError) as refused:
        issue(people)
    assert refused.value.code == "device_not_in_use"


# -- the check


def test_without_a_check_it_is_blocked(people) -> None:
    with pytest.raises(UncheckedError) as refused:
        issue(people)
    assert "没有做过使用前检查" in refused.value.message
    assert "第三条" in refused.value.basis


def test_a_failed_check_blocks_and_says_what_to_do(people) -> None:
    checked(people, battery_percent=5)
    with pytest.raises(UncheckedError) as refused:
        issue(people)
    assert "电量不足" in refused.value.message
    assert "充电" in refused.value.remedy


def test_an_old_check_blocks_by_the_sites_hours(people) -> None:
    checked(people, AT - timedelta(hours=24))
    issue(people)
    row = Issue.objects.get()
    taken_back(row, people, AT + HOUR)
    with pytest.raises(UncheckedError):
        issue(people, at=AT + HOUR)


def test_a_later_failed_check_takes_the_good_one_back(people) -> None:
    checked(people)
    checked(people, AT + HOUR, fault_free=False)
    with pytest.raises(UncheckedError):
        issue(people, at=AT + HOUR)


def test_the_custodians_reason_overrides_and_the_ledger_keeps_it(people) -> None:
    checked(people, battery_percent=40)
    row = issue(people, override="紧急出动，随带充电宝")
    assert row.overridden
    entry = Entry.objects.filter(kind="device.issued").get()
    assert '"overridden":true' in entry.entry
    assert Words.objects.get(position=entry.position, key="reason").text == "紧急出动，随带充电宝"


def test_a_reason_of_blanks_overrides_nothing(people) -> None:
    with pytest.raises(UncheckedError):
        issue(people, override="  \n ")


def test_a_reason_that_was_not_needed_is_no_override(people) -> None:
    checked(people)
    assert not issue(people, override="以防万一").overridden
    assert not Words.objects.filter(key="reason").exists()


# -- issued twice


def test_a_device_that_is_out_is_not_handed_out_again(people) -> None:
    handed_out(people)
    with pytest.raises(AlreadyOutError) as refused:
        issue(people, who=officer("100002"))
    assert "林一鸣" in refused.value.message
    assert "先办理归还" in refused.value.remedy


def test_the_database_itself_refuses_a_second_issue(people) -> None:
    row = handed_out(people)
    twin = Issue(
        agency=row.agency, device=row.device, officer=row.officer, issued_by=row.issued_by, issued_at=AT
    )
    with pytest.raises(IntegrityError):
        twin.save()


def test_of_two_at_the_same_moment_one_gets_it(people) -> None:
    checked(people)
    device, who = recorder(), [officer("100001"), officer("100002")]
    together, ended = threading.Barrier(2), []

    def take(one: Officer) -> None:
        try:
            signature = drawn()
            together.wait()
            services.issue_device(device, one, signature=signature, by=people.custodian, at=AT)
            ended.append("out")
        except LiuhenError as error:
            ended.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(one,)) for one in who]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["already_out", "out"]
    assert Issue.objects.count() == 1
    assert Paper.objects.count() == 1
    assert Entry.objects.filter(kind="device.issued").count() == 1
    assert verify_ledger(people.custodian.agency).ok


def test_what_was_taken_back_is_not_taken_back_again(people) -> None:
    row = handed_out(people)
    taken_back(row, people, AT + HOUR)
    with pytest.raises(WrongStateError):
        taken_back(row, people, AT + HOUR)


def test_it_can_go_out_again_after_its_return(people) -> None:
    taken_back(handed_out(people), people, AT + HOUR)
    assert handed_out(people, AT + 2 * HOUR).state == "out"


# -- signatures


def test_without_a_signature_nothing_goes_out(people) -> None:
    checked(people)
    with pytest.raises(UnsignedError) as refused:
        issue(people, signature=None)
    assert "签名" in refused.value.remedy
    assert not Issue.objects.exists()


@pytest.mark.parametrize("bad", [b"", b"GIF89a", png(empty=True), png() + b"x" * 300_000, png()[:100]])
def test_an_empty_or_broken_drawing_is_no_signature(people, bad) -> None:
    checked(people)
    with pytest.raises(UsageError) as refused:
        issue(people, signature=Drawn(bad))
    assert refused.value.code == "bad_signature"
    assert not Paper.objects.exists()


def test_the_same_drawing_twice_is_a_copy(people) -> None:
    signature = drawn()
    row = handed_out(people, signature=signature)
    with pytest.raises(UsageError) as refused:
        taken_back(row, people, AT + HOUR, signature=signature)
    assert refused.value.code == "signature_again"
    assert Issue.objects.get().state == "out"


def test_an_officer_with_an_account_signs_with_their_own_password_only(people) -> None:
    checked(people)
    with pytest.raises(UnsignedError):
        issue(people, signature=Proved(people.officer2))
    row = issue(people, signature=Proved(people.officer))
    assert (row.taken_signed, row.taken_paper) == (Signed.PASSWORD, None)


def test_giver_and_taker_are_two_people(people) -> None:
    grant = office.propose_role(people.officer, "custodian", by=people.sysadmin, at=AT)
    office.confirm_role(grant, by=people.secadmin, at=AT)
    checked(people)
    with pytest.raises(RefusedError) as refused:
        issue(people, by=people.officer)
    assert refused.value.code == "both_sides_the_same"


def test_a_return_without_the_officer_needs_a_reason(people) -> None:
    row = handed_out(people)
    with pytest.raises(UnsignedError):
        taken_back(row, people, AT + HOUR, signature=None)
    taken_back(row, people, AT + HOUR, signature=None, reason="放在值班室，本人在外地")
    row.refresh_from_db()
    assert row.back_signed == Signed.ABSENT


@pytest.mark.parametrize("hours", [-1, 0, 24 * 400])
def test_it_is_due_back_after_now_and_within_a_year(people, hours) -> None:
    checked(people)
    with pytest.raises(UsageError):
        issue(people, terms=Terms("", AT + hours * HOUR))


def test_a_check_before_use_can_be_told_by_what_it_found(people) -> None:
    check = services.check_device(recorder(), fit(battery_percent=10), by=people.custodian, at=AT)
    assert services.trouble_of(check, AT) == "使用前检查没有通过：电量不足"
