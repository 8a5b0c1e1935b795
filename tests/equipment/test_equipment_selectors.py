"""Who had it when, what is overdue, what is unchecked, what was recorded, and what was recorded by nobody."""

import uuid
from datetime import timedelta

import pytest
from equipment.equipment_office import HOUR, checked, handed_out, officer, recorder, taken_back
from the_office import AT

from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording
from liuhen.stages.equipment import selectors
from liuhen.stages.equipment.services import Terms


def recording(taken_at, device=None, *, seconds=600, holder="100001") -> Recording:
    number = uuid.uuid4().hex[:8]
    return Recording.objects.create(
        agency=recorder().agency,
        number=number,
        sameness=number,
        sha256=number,
        sm3=number,
        bytes=1,
        kind="video",
        name=f"{number}.mp4",
        card_path=number,
        state="stored",
        device=device or recorder(),
        holder=officer(holder),
        unit=recorder().unit,
        taken_at=taken_at,
        duration_ms=seconds * 1000,
        stored_at=AT + 30 * HOUR,
        record_sha256=number,
        position=Recording.objects.count() + 1000,
    )


def test_the_holder_is_who_had_it_from_issue_to_return(people) -> None:
    taken_back(handed_out(people), people, AT + 4 * HOUR)
    assert selectors.holder_at(recorder(), AT - HOUR) is None
    assert selectors.holder_at(recorder(), AT) == officer()
    assert selectors.holder_at(recorder(), AT + 3 * HOUR) == officer()
    assert selectors.holder_at(recorder(), AT + 4 * HOUR) is None


def test_every_holder_of_a_span_is_named_in_order(people) -> None:
    first = handed_out(people)
    taken_back(first, people, AT + HOUR)
    second = handed_out(people, AT + 2 * HOUR)
    assert selectors.holders_between(recorder(), AT + HOUR / 2, AT + 3 * HOUR) == [first, second]
    assert selectors.holders_between(recorder(), AT + HOUR, AT + HOUR * 1.5) == []


def test_an_officer_sees_their_own_issues_and_the_custodian_all(people) -> None:
    handed_out(people)
    for name, seen in (
        ("custodian", 1),
        ("head", 1),
        ("legal", 1),
        ("principal", 1),
        ("officer", 1),
        ("officer2", 0),
    ):
        assert selectors.out_now(getattr(people, name), AT).count() == seen, name
    for name in ("stranger", "sysadmin", "secadmin", "auditor", "archivist"):
        assert selectors.out_now(getattr(people, name), AT).count() == 0, name


def test_overdue_is_what_is_out_after_its_time(people) -> None:
    row = handed_out(people, terms=Terms("", AT + HOUR))
    assert not selectors.overdue(people.custodian, AT + HOUR).exists()
    assert selectors.overdue(people.custodian, AT + HOUR + timedelta(seconds=1)).get() == row
    taken_back(row, people, AT + 2 * HOUR)
    assert not selectors.overdue(people.custodian, AT + 3 * HOUR).exists()


def test_unchecked_is_what_is_out_without_a_fresh_good_check(people) -> None:
    row = handed_out(people)
    assert not selectors.unchecked(people.custodian, AT + HOUR).exists()
    assert selectors.unchecked(people.custodian, AT + 25 * HOUR).get() == row
    checked(people, AT + 25 * HOUR)
    assert not selectors.unchecked(people.custodian, AT + 26 * HOUR).exists()
    checked(people, AT + 26 * HOUR, fault_free=False)
    assert selectors.unchecked(people.custodian, AT + 26 * HOUR).get() == row


def test_an_override_without_any_check_is_shown_as_unchecked(people) -> None:
    from equipment_office import drawn

    from liuhen.stages.equipment.services import issue_device

    told = {"signature": drawn(), "override": "急", "by": people.custodian, "at": AT}
    row = issue_device(recorder(), officer(), **told)
    assert selectors.unchecked(people.custodian, AT).get() == row


def test_the_use_register_fills_itself_from_what_came_in(people) -> None:
    row = handed_out(people)
    taken_back(row, people, AT + 4 * HOUR)
    recording(AT + HOUR, seconds=600)
    recording(AT + 2 * HOUR, seconds=30, holder="100002")
    recording(AT + 5 * HOUR)
    told = selectors.use_register(people.custodian, AT + 9 * HOUR).get()
    assert (told.recorded, told.recorded_ms) == (2, 630_000)


def test_an_issue_without_recordings_says_none(people) -> None:
    handed_out(people)
    told = selectors.use_register(people.custodian, AT + HOUR).get()
    assert (told.recorded, told.recorded_ms) == (0, 0)


# -- unheld


def unheld(person: Account) -> set[str]:
    return set(selectors.unheld_recordings(person, AT + 99 * HOUR).values_list("number", flat=True))


def test_what_was_taken_while_nobody_had_it_is_a_finding(people) -> None:
    taken_back(handed_out(people), people, AT + 2 * HOUR)
    held, alone = recording(AT + HOUR), recording(AT + 5 * HOUR)
    assert unheld(people.custodian) == {alone.number}
    assert selectors.unheld(held) is None
    finding = selectors.unheld(alone)
    assert (finding.code, finding.article, finding.params["serial"]) == ("unheld", "3", "4701A01")
    assert "没有领用人" in finding.text
    assert finding.remedy


def test_before_the_first_issue_there_was_no_register_to_be_missing_from(people) -> None:
    early = recording(AT - 5 * HOUR)
    assert unheld(people.custodian) == set()
    handed_out(people)
    assert unheld(people.custodian) == set()
    assert selectors.unheld(early) is None


@pytest.mark.parametrize(("seconds", "found"), [(59, False), (60, False), (61, True)])
def test_the_clock_may_be_off_by_the_sites_tolerance(people, seconds, found) -> None:
    taken_back(handed_out(people), people, AT + HOUR)
    row = recording(AT + HOUR + timedelta(seconds=seconds))
    assert (selectors.unheld(row) is not None) is found


def test_a_camera_on_the_wall_has_no_holder_and_is_no_finding(people) -> None:
    wall = register_device(people.custodian.unit, "W1", Device.Kind.SURVEILLANCE, by=people.custodian, at=AT)
    handed_out(people)
    recording(AT + 5 * HOUR, wall)
    assert unheld(people.custodian) == set()


def test_without_a_time_nobody_can_say(people) -> None:
    taken_back(handed_out(people), people, AT + HOUR)
    recording(None)
    assert unheld(people.custodian) == set()


def test_an_officer_is_told_of_their_own_recordings_only(people) -> None:
    taken_back(handed_out(people), people, AT + HOUR)
    own, other = recording(AT + 3 * HOUR), recording(AT + 4 * HOUR, holder="100002")
    assert unheld(people.officer) == {own.number}
    assert unheld(people.officer2) == {other.number}
    assert unheld(people.stranger) == set()
    assert unheld(people.sysadmin) == set()
