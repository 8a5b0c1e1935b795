"""Recordings meet activities: proposed with a reason, confirmed by a person, told to record, ledger and clocks."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from fieldwork_office import AT, clock, inspection, recording
from storage.storage_homes import stocked, stocked_homes  # noqa: F401 (fixtures)
from storage.storage_office import recording_of

from liuhen.base import site
from liuhen.base.acts import NotAllowedError, ReasonMissingError
from liuhen.base.deadlines import follow
from liuhen.base.deadlines.models import Deadline, Matter
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.reading import record_of
from liuhen.stages.fieldwork import pairing, placing
from liuhen.stages.fieldwork.errors import MatchError
from liuhen.stages.fieldwork.models import Activity, Match, Placed
from liuhen.stages.fieldwork.selectors import without_activity, without_recording
from liuhen.stages.fieldwork.telling import Told, tell, void

TAKEN = clock(9, 30) - timedelta(days=126)  # 2026-07-16 09:30:01, as the clip's name says


@pytest.fixture
def film(stocked: Path, people: SimpleNamespace) -> Recording:  # noqa: F811
    return recording_of()


def july(people: SimpleNamespace, **more: object) -> Activity:
    day = TAKEN
    told = {"arrived_at": day - timedelta(minutes=5), "ended_at": day + timedelta(minutes=30)}
    return inspection(people, **{**told, "left_at": None, **more})


def proposals(rows: list[Recording]) -> pairing.Proposed:
    return pairing.propose(rows, Activity.objects.all())


def test_a_recording_is_proposed_by_device_and_time_with_its_reason(people: SimpleNamespace) -> None:
    activity, row = inspection(people), recording(clock(9), 600)
    ((proposal, found),) = proposals([row]).of(row)
    assert found == activity
    assert (proposal.confidence, proposal.reason) == ("high", "设备相同，使用人相同，时间全部在活动之内")


def test_what_nothing_fits_says_why(people: SimpleNamespace) -> None:
    inspection(people)
    late, timeless = recording(clock(18), 60), recording(None, 60)
    found = proposals([late, timeless])
    assert found.of(late) == found.of(timeless) == []
    assert found.why_alone(late) != found.why_alone(timeless) != ""


def test_a_voided_activity_is_proposed_to_nobody(people: SimpleNamespace) -> None:
    activity, row = inspection(people), recording(clock(9), 600)
    void(activity, reason="重复", by=people.head, at=AT)
    assert proposals([row]).of(row) == []


def test_what_was_declined_is_not_proposed_again(people: SimpleNamespace) -> None:
    activity, row = inspection(people), recording(clock(9), 600)
    with pytest.raises(NotAllowedError):
        pairing.decline(row, activity, by=people.principal, at=AT)
    pairing.decline(row, activity, by=people.custodian, at=AT)
    assert proposals([row]).of(row) == []


def test_confirming_makes_a_version_that_names_the_activity(people: SimpleNamespace, film: Recording) -> None:
    activity = july(people)
    pairing.confirm(film, activity, by=people.custodian, at=AT)
    film.refresh_from_db()
    (told,) = record_of(film)["activities"]
    assert (told["number"], told["place"], told["officers"][0]["staff_no"]) == (
        activity.number,
        "示范镇农资店",
        "100001",
    )
    assert film.head == "v2"
    assert Match.objects.get().state == Match.State.MATCHED
    pairing.confirm(film, activity, by=people.custodian, at=AT)  # again is nothing
    assert Recording.objects.get(pk=film.pk).head == "v2"


def test_the_clock_of_the_recording_runs_by_the_activity_it_is_of(
    people: SimpleNamespace, film: Recording
) -> None:
    activity = july(people, circumstances=["offsite"], events=["refusal"])
    pairing.confirm(film, activity, by=people.custodian, at=AT)
    follow.catch_up(film.agency)
    row = Deadline.objects.get(recording=film.pk, duty="handover")
    assert (row.assumed, row.basis) == (False, "returned_at + PT24H")
    assert Matter.objects.get(recording=film.pk).long_term
    back = TAKEN + timedelta(hours=8)
    tell(activity, Told(returned_at=back), by=people.officer, at=AT)
    follow.catch_up(film.agency)
    assert Deadline.objects.get(recording=film.pk, duty="handover").due_at == back + timedelta(hours=24)


def test_the_activity_is_handed_over_once_every_device_has_a_recording(
    people: SimpleNamespace, film: Recording
) -> None:
    activity = july(people)
    pairing.confirm(film, activity, by=people.custodian, at=AT)
    follow.catch_up(film.agency)
    assert Deadline.objects.get(matter__subject=activity.subject, duty="handover").met_at is not None


def test_taking_it_out_needs_a_reason_and_gives_the_recording_its_own_clock_back(
    people: SimpleNamespace, film: Recording
) -> None:
    activity = july(people, circumstances=["offsite"])
    row = pairing.confirm(film, activity, by=people.custodian, at=AT)
    with pytest.raises(ReasonMissingError):
        pairing.undo(row, reason="", by=people.custodian, at=AT)
    assert Match.objects.get().state == Match.State.MATCHED
    pairing.undo(row, reason="不是这次活动", by=people.custodian, at=AT)
    film.refresh_from_db()
    assert record_of(film)["activities"] == []
    follow.catch_up(film.agency)
    assert Deadline.objects.get(recording=film.pk, duty="handover").basis == "ended_at + PT24H"
    assert Deadline.objects.get(matter__subject=activity.subject, duty="handover").met_at is None
    pairing.confirm(film, activity, by=people.custodian, at=AT)  # and in again
    assert Match.objects.get().state == Match.State.MATCHED


def test_a_recording_of_two_activities_runs_by_the_one_that_ended_first(
    people: SimpleNamespace, film: Recording
) -> None:
    first, second = july(people), july(people, ended_at=TAKEN + timedelta(hours=3), events=["refusal"])
    for activity in (second, first):
        pairing.confirm(film, activity, by=people.custodian, at=AT)
    entry = json.loads(Entry.objects.filter(kind="recording.matched").latest("position").entry)
    assert entry["data"]["facts"]["ended_at"].startswith("2026-07-16T02:00")
    assert entry["data"]["facts"]["events"] == ["refusal"]


def test_an_officer_matches_what_they_recorded_and_nothing_else(
    people: SimpleNamespace, film: Recording
) -> None:
    activity = july(people)
    for nobody in (people.officer2, people.legal, people.auditor, people.stranger):
        with pytest.raises(NotAllowedError):
            pairing.confirm(film, activity, by=nobody, at=AT)
    assert not Match.objects.exists()
    pairing.confirm(film, activity, by=people.officer, at=AT)


def test_nothing_is_matched_to_a_voided_activity(people: SimpleNamespace, film: Recording) -> None:
    activity = july(people)
    void(activity, reason="重复", by=people.head, at=AT)
    with pytest.raises(MatchError):
        pairing.confirm(film, activity, by=people.custodian, at=AT)


def test_the_program_matches_what_is_certain_only_where_the_office_said_so(
    people: SimpleNamespace, film: Recording
) -> None:
    july(people)
    assert pairing.confirm_sure(film.agency, at=AT) == 0
    site.save(site.SiteSettings(match_confirms="sure"))
    placing.place(film.agency)
    Placed.objects.filter(recording=film).update(confidence="high", end=TAKEN + timedelta(minutes=1))
    assert pairing.confirm_sure(film.agency, at=AT) == 1
    entry = json.loads(Entry.objects.filter(kind="recording.matched").get().entry)
    assert entry["by"]["name"] == "程序"
    assert pairing.confirm_sure(film.agency, at=AT) == 0


def test_two_activities_that_fit_alike_are_left_to_a_person(people: SimpleNamespace, film: Recording) -> None:
    july(people)
    july(people)
    site.save(site.SiteSettings(match_confirms="sure"))
    assert pairing.confirm_sure(film.agency, at=AT) == 0


def test_both_worklists_hold_what_stands_alone(people: SimpleNamespace) -> None:
    lone, met = inspection(people), inspection(people, devices={})
    row, other = recording(clock(9), 60, match=met), recording(clock(9), 60)
    assert list(without_recording(people.custodian, AT)) == [lone]
    assert list(without_activity(people.custodian, AT)) == [other]
    assert row not in without_activity(people.officer, AT)


def test_recordings_are_placed_once_and_again_when_the_clock_of_their_device_is_read(
    people: SimpleNamespace, film: Recording
) -> None:
    from liuhen.base.devices.services import read_clock

    assert placing.place(film.agency) == 0
    placed = Placed.objects.get(recording=film)
    assert (placed.start, placed.method) == (TAKEN + timedelta(seconds=1), "as_said")
    assert placed.handed_over_at is not None
    near = TAKEN + timedelta(hours=1)
    read_clock(film.device, near + timedelta(minutes=10), server_at=near, by=people.custodian)
    placing.place(film.agency)
    again = Placed.objects.get(recording=film)
    assert (again.start, again.method) == (TAKEN + timedelta(seconds=1, minutes=-10), "dock_reading")


def test_placing_ends_where_a_record_is_lost(people: SimpleNamespace, film: Recording) -> None:
    from storage.storage_office import object_of

    from liuhen.base.storage.reading import _record

    for path in object_of(Path(site.home()), film.name).rglob("record.json"):
        path.unlink()
    _record.cache_clear()
    placing.place_all(AT)
    assert Placed.objects.get(recording=film).start is None
