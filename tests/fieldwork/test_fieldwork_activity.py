"""An activity is opened, told more of, corrected and voided; every step is one entry, and what cannot be is a sentence."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fieldwork_office import AT, clock, inspection, officers

from liuhen.base.acts import NotAllowedError, ReasonMissingError, WrongStateError
from liuhen.base.deadlines import follow
from liuhen.base.deadlines.models import Deadline
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.models import Words as Kept
from liuhen.stages.fieldwork import facts
from liuhen.stages.fieldwork.errors import ActivityError, TwoOfficersError
from liuhen.stages.fieldwork.models import Activity, Carried
from liuhen.stages.fieldwork.selectors import activities_seen
from liuhen.stages.fieldwork.telling import Told, tell, void


def last() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Entry.objects.filter(agency__code="demo").latest("position").entry)
    return found


def test_opening_an_activity_is_an_entry_with_its_codes_and_times_and_none_of_its_words(
    people: SimpleNamespace,
) -> None:
    activity = inspection(people)
    entry = last()
    assert entry["kind"] == "activity.opened"
    assert entry["data"]["number"] == activity.number == "demo-HD-2026-000001"
    assert entry["data"]["officers"] == ["100001", "100002"]
    assert entry["data"]["devices"] == [{"serial": "4701A01", "officer": "100001"}]
    assert entry["data"]["facts"]["matter"] == "inspection"
    assert entry["basis"] == ["jinjiang-agri/5"]
    assert "某某" not in json.dumps(entry, ensure_ascii=False)
    assert Kept.objects.get(key="party").text == "某某农资店"


def test_one_officer_alone_is_refused_with_the_law_that_asks_for_two(people: SimpleNamespace) -> None:
    with pytest.raises(TwoOfficersError) as refused:
        inspection(people, officers=officers("100001"))
    assert refused.value.basis == "《中华人民共和国行政处罚法》第四十二条"
    assert refused.value.remedy
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"ended_at": clock(8)}, "out_of_order"),
        ({"left_at": clock(9, 10)}, "out_of_order"),
        ({"returned_at": clock(9, 20)}, "out_of_order"),
        ({"arrived_at": AT + timedelta(days=2), "ended_at": None, "left_at": None}, "in_the_future"),
        ({"circumstances": ["moon"]}, "activity_wrong"),
        ({"events": ["flood"]}, "activity_wrong"),
        ({"matter": "DROP TABLE"}, "activity_wrong"),
        ({"latitude": 91, "longitude": 10}, "activity_wrong"),
        ({"latitude": 30}, "activity_wrong"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(
    people: SimpleNamespace, told: dict[str, Any], code: str
) -> None:
    with pytest.raises(ActivityError) as refused:
        inspection(people, **told)
    assert (refused.value.code, bool(refused.value.remedy)) == (code, True)
    assert not Activity.objects.exists()


def test_a_matter_outside_the_list_is_kept_as_it_is(people: SimpleNamespace) -> None:
    assert inspection(people, matter="drone_survey").matter == "drone_survey"


def test_telling_more_needs_no_reason_and_the_entry_carries_all_that_is_known(
    people: SimpleNamespace,
) -> None:
    activity = inspection(people, left_at=None)
    tell(activity, Told(left_at=clock(9, 45), returned_at=clock(11)), by=people.officer2, at=AT)
    entry = last()
    assert entry["kind"] == "activity.told"
    told = entry["data"]["facts"]
    assert set(told) == {"matter", "arrived_at", "ended_at", "left_at", "returned_at"}
    assert activity.returned_at == clock(11)


def test_saying_something_else_than_was_said_needs_a_reason(people: SimpleNamespace) -> None:
    activity = inspection(people)
    with pytest.raises(ReasonMissingError):
        tell(activity, Told(ended_at=clock(9, 25)), by=people.officer, at=AT)
    assert Activity.objects.get().ended_at == clock(9, 30)
    tell(activity, Told(ended_at=clock(9, 25)), by=people.officer, at=AT, reason="看错了表")
    assert last()["kind"] == "activity.corrected"
    assert Activity.objects.get().ended_at == clock(9, 25)


def test_saying_the_same_again_is_nothing(people: SimpleNamespace) -> None:
    activity = inspection(people)
    before = last()["position"]
    tell(
        activity, Told(ended_at=clock(9, 30), officers=officers("100002", "100001")), by=people.officer, at=AT
    )
    assert last()["position"] == before


def test_taking_an_officer_away_is_a_correction_and_adding_one_is_not(people: SimpleNamespace) -> None:
    activity = inspection(people)
    tell(activity, Told(officers=officers("100001", "100002", "100003")), by=people.officer, at=AT)
    assert last()["kind"] == "activity.told"
    with pytest.raises(ReasonMissingError):
        tell(activity, Told(officers=officers("100001", "100003")), by=people.officer, at=AT)
    assert activity.participants.count() == 3


def test_a_carrier_is_one_of_the_officers(people: SimpleNamespace) -> None:
    head = officers("100003")[0]
    with pytest.raises(ActivityError, match="周建国"):
        inspection(people, devices={Device.objects.get(serial="4701A01"): head})
    assert not Carried.objects.exists()


def test_who_took_part_and_who_keeps_may_tell_and_nobody_else(people: SimpleNamespace) -> None:
    activity = inspection(people, left_at=None)
    for nobody in (people.principal, people.sysadmin, people.auditor, people.stranger, people.archivist):
        with pytest.raises(NotAllowedError):
            tell(activity, Told(left_at=clock(9, 50)), by=nobody, at=AT)
    tell(activity, Told(left_at=clock(9, 50)), by=people.custodian, at=AT)


def test_an_officer_sees_the_own_activities_and_the_keepers_see_all(people: SimpleNamespace) -> None:
    own = inspection(people)
    other = inspection(people, officers=officers("100002", "100003"), devices={}, by=people.head)
    assert set(activities_seen(people.officer, AT)) == {own}
    assert set(activities_seen(people.officer2, AT)) == {own, other}
    assert activities_seen(people.custodian, AT).count() == 2
    for nobody in (people.sysadmin, people.secadmin, people.auditor, people.stranger):
        assert not activities_seen(nobody, AT).exists()


def test_a_voided_activity_stays_and_is_told_no_more(people: SimpleNamespace) -> None:
    activity = inspection(people)
    with pytest.raises(NotAllowedError):
        void(activity, reason="重复登记", by=people.officer, at=AT)
    void(activity, reason="重复登记", by=people.head, at=AT)
    assert Activity.objects.get().state == Activity.State.VOID
    with pytest.raises(WrongStateError):
        tell(activity, Told(returned_at=clock(12)), by=people.officer, at=AT)
    follow.catch_up(activity.agency)
    assert not Deadline.objects.filter(matter__subject=activity.subject).exists()


def test_the_hand_over_runs_from_the_end_and_waits_for_the_return_where_the_text_says_so(
    people: SimpleNamespace,
) -> None:
    near, far = inspection(people), inspection(people, circumstances=["offsite"], devices={})
    follow.catch_up(near.agency)
    due = Deadline.objects.get(matter__subject=near.subject, duty="handover")
    assert (due.state, due.due_at) == ("running", clock(9, 30) + timedelta(hours=24))
    waits = Deadline.objects.get(matter__subject=far.subject, duty="handover")
    assert (waits.state, waits.due_at) == ("waiting", None)
    tell(far, Told(returned_at=clock(15)), by=people.officer, at=AT)
    follow.catch_up(near.agency)
    assert Deadline.objects.get(matter__subject=far.subject, duty="handover").due_at == clock(15) + timedelta(
        hours=24
    )


def test_every_entry_of_an_activity_can_be_read_by_the_rule_engine(people: SimpleNamespace) -> None:
    activity = inspection(people, circumstances=["on_water"], events=["refusal"])
    assert facts.read(last()["data"]["facts"]).act.events == ["refusal"]
    assert facts.read(facts.facts_of(activity)).act.circumstances == ["on_water"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"place": "长" * 201}, "too_long"),
        ({"party": "长" * 10_000}, "too_long"),
        ({"place": "a\0b"}, "no_text"),
    ],
)
def test_words_that_one_of_the_databases_does_not_keep_are_refused_by_every_door(
    people: SimpleNamespace, said: dict[str, Any], code: str
) -> None:
    """SQLite takes any length; PostgreSQL would have answered with an error of its own."""
    with pytest.raises(ActivityError) as refused:
        inspection(people, **said)
    assert refused.value.code == code and refused.value.remedy
    row = inspection(people, place="长" * 200)
    with pytest.raises(ActivityError):
        tell(row, Told(**said), by=people.officer, at=AT, reason="更正")
