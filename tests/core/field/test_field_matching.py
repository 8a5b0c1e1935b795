"""Matching recordings to activities: by device, holder and corrected time; what fits nothing is a result as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from core.field.field_office import at
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.field.matching import ActivityFacts, Matches, RecordingFacts, Settings, match

ACT = ActivityFacts("act", at(0), at(60), frozenset({"D1"}), frozenset({"zhang"}))


def rec(start: float, end: float, device: str | None = "D1", holder: str | None = None, name: str = "rec"):
    return RecordingFacts(name, at(start), at(end), device, holder)


def only(found: Matches):
    (proposal,) = found.proposals
    return proposal


@pytest.mark.parametrize(
    ("recording", "grounds", "inside", "confidence"),
    [
        (rec(5, 25), ("device",), 1.0, "high"),
        (rec(5, 25, "D1", "zhang"), ("device", "holder"), 1.0, "high"),
        (rec(5, 25, None, "zhang"), ("holder",), 1.0, "medium"),
        (rec(50, 70), ("device",), 0.5, "high"),
        (rec(55, 75), ("device",), 0.25, "medium"),
        (rec(55, 75, None, "zhang"), ("holder",), 0.25, "low"),
        (rec(62, 70), ("device",), 0.0, "low"),
        (rec(-20, -5), ("device",), 0.0, "low"),
        (rec(30, 30), ("device",), 1.0, "high"),
    ],
)
def test_how_sure_a_proposal_is(recording, grounds, inside, confidence) -> None:
    found = only(match([recording], [ACT]))
    assert (found.activity, found.grounds, found.inside) == ("act", grounds, inside)
    assert (found.confidence, found.ambiguous) == (confidence, False)


def test_a_proposal_says_why_in_words() -> None:
    assert only(match([rec(50, 70, "D1", "zhang")], [ACT])).reason == (
        "设备相同，使用人相同，时间有 50% 在活动之内"
    )
    assert only(match([rec(70, 80)], [ACT])).reason == "设备相同，时间与活动相隔 10 分钟"


@pytest.mark.parametrize(
    ("recording", "why"),
    [
        (rec(5, 25, "D2", "li"), "nobody_there"),
        (rec(5, 25, None, None), "nobody_there"),
        (rec(91, 99), "no_activity_then"),
        (replace(rec(0, 1), start=None, end=None), "no_time"),
    ],
)
def test_time_alone_proposes_nothing_and_every_recording_alone_says_why(recording, why) -> None:
    found = match([recording], [ACT])
    assert found.proposals == ()
    assert [(one.recording, one.why) for one in found.without_activity] == [("rec", why)]
    assert found.without_recording == ("act",)
    assert found.without_activity[0].finding.text


@pytest.mark.parametrize(("minutes", "proposed"), [(30, 1), (30.1, 0)])
def test_the_slack_is_a_setting(minutes: float, proposed: int) -> None:
    assert len(match([rec(60 + minutes, 99)], [ACT]).proposals) == proposed
    wider = Settings(slack=timedelta(hours=1))
    assert len(match([rec(60 + minutes, 99)], [ACT], wider).proposals) == 1


def test_the_better_of_two_activities_comes_first() -> None:
    later = replace(ACT, id="later", start=at(60), end=at(120))
    found = match([rec(50, 100)], [ACT, later])
    assert [(one.activity, one.confidence) for one in found.proposals] == [
        ("later", "high"),
        ("act", "medium"),
    ]
    assert found.without_recording == ()


def test_one_recorder_in_two_activities_at_once_is_left_to_a_person() -> None:
    found = match([rec(5, 25)], [ACT, replace(ACT, id="twin")])
    assert [(one.confidence, one.ambiguous) for one in found.proposals] == [("low", True)] * 2
    assert [(one.code, one.params["count"]) for one in found.findings] == [("activity_ambiguous", 2)]


def test_after_a_no_the_one_that_is_left_is_judged_alone_and_after_two_nothing_fits() -> None:
    acts = [ACT, replace(ACT, id="twin")]
    found = match([rec(5, 25)], acts, declined={("rec", "twin")})
    assert (only(found).activity, only(found).confidence, only(found).ambiguous) == ("act", "high", False)
    assert found.findings == ()
    none = match([rec(5, 25)], acts, declined={("rec", "twin"), ("rec", "act")})
    assert (none.proposals, none.without_activity[0].why) == ((), "declined")


def test_the_holder_decides_between_two_activities_of_one_recorder() -> None:
    other = replace(ACT, id="other", officers=frozenset({"li"}))
    found = match([rec(5, 25, "D1", "li")], [ACT, other])
    assert found.proposals[0].activity == "other"


def test_a_time_of_low_confidence_takes_a_step_off() -> None:
    assert only(match([replace(rec(5, 25), confidence="low")], [ACT])).confidence == "medium"


def test_an_open_activity_takes_what_comes_within_a_day() -> None:
    still = replace(ACT, end=None)
    assert only(match([rec(23 * 60, 24 * 60 - 1)], [still])).confidence == "high"
    assert match([rec(25 * 60, 26 * 60)], [still]).proposals == ()


def test_a_long_activity_is_found_behind_many_short_ones() -> None:
    long = replace(ACT, id="long", start=at(-600), end=at(6000))
    short = [replace(ACT, id=f"s{n}", start=at(n * 2), end=at(n * 2 + 1)) for n in range(500)]
    found = match([rec(2000, 2010)], [long, *short], Settings(slack=timedelta(0)))
    assert [one.activity for one in found.proposals] == ["long"]


def _plainly(recordings, activities, settings: Settings) -> set[tuple[str, str]]:
    """Every pair that shares device or holder and meets in time, by looking at all of them."""
    pairs = set()
    for one in recordings:
        for other in activities:
            shares = one.device in other.devices or one.holder in other.officers
            begins, ends = other.start - settings.slack, other.end + settings.slack
            if shares and begins <= one.end and one.start <= ends:
                pairs.add((one.id, other.id))
    return pairs


_PLACES = st.tuples(st.integers(0, 500), st.integers(0, 90), st.sampled_from("AB"), st.sampled_from("xy"))


@given(st.lists(_PLACES, max_size=12), st.lists(_PLACES, max_size=12))
def test_the_same_pairs_as_by_looking_at_all(recorded, acts) -> None:
    recordings = [
        rec(start, start + length, device, holder, f"r{number}")
        for number, (start, length, device, holder) in enumerate(recorded)
    ]
    activities = [
        ActivityFacts(f"a{number}", at(start), at(start + length), frozenset({device}), frozenset({holder}))
        for number, (start, length, device, holder) in enumerate(acts)
    ]
    settings = Settings(most=99)
    found = match(recordings, activities, settings)
    pairs = {(one.recording, one.activity) for one in found.proposals}
    assert pairs == _plainly(recordings, activities, settings)
    assert {one.recording for one in found.without_activity} == {one.id for one in recordings} - {
        one for one, _ in pairs
    }
    assert set(found.without_recording) == {one.id for one in activities} - {one for _, one in pairs}


def test_activities_without_end_in_sight_cost_no_more_than_the_most_looked_at() -> None:
    many = [ActivityFacts(f"a{n}", at(n), at(5000), frozenset({"D1"})) for n in range(3000)]
    found = match([rec(3500, 3600)], many, Settings(most=8))
    assert len(found.proposals) == 8
    assert {one.activity for one in found.proposals} == {f"a{n}" for n in range(2999, 2991, -1)}
