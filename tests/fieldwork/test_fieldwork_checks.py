"""An activity is judged by what it has: coverage, marks, documents, devices; and a finding is closed by a named act."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from equipment.equipment_office import handed_out, taken_back
from fieldwork_office import AT, clock, inspection, officers, recording, run_by

from liuhen.base import site
from liuhen.base.acts import NotAllowedError, ReasonMissingError
from liuhen.core.findings import MUST, NOTE, SHOULD
from liuhen.stages.fieldwork import documents, marking
from liuhen.stages.fieldwork.checks import Found, judge
from liuhen.stages.fieldwork.documents import Paperwork
from liuhen.stages.fieldwork.errors import ActivityError, MarkError
from liuhen.stages.fieldwork.models import Activity, Settled
from liuhen.stages.fieldwork.settling import reopen, settle


def told(activity: Activity) -> dict[str, Found]:
    return {one.finding.code: one for one in judge(activity).findings}


def test_an_activity_that_was_recorded_whole_and_marked_has_nothing_open(people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9), 30 * 60, match=activity)
    for minute, code in enumerate(("notice", "identity_shown", "landmark", "signing")):
        marking.mark_activity(activity, code, moment=clock(9, minute), by=people.officer, at=AT)
    judged = judge(activity)
    assert judged.open == ()
    assert judged.coverage is not None
    assert judged.coverage.share == 1.0


def test_a_late_start_is_told_with_its_length_and_article(people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9, 6), 24 * 60, match=activity)
    late = told(activity)["late_start"].finding
    assert (late.severity, late.article, late.params["seconds"]) == (MUST, "5", 360.0)


def test_a_gap_inside_a_file_is_a_hole_however_coarse_its_name_tells_the_time(
    people: SimpleNamespace,
) -> None:
    activity = inspection(people)
    row = recording(clock(9), 30 * 60, match=activity, pieces=[[0, 600], [602, 1800]])
    row.placed.resolution = 1.0
    row.placed.save()
    assert told(activity)["hole"].finding.params["seconds"] == 2.0


def test_where_the_matter_is_no_must_a_hole_is_a_note(people: SimpleNamespace) -> None:
    run_by(people, "pengyang")
    activity = inspection(people)
    recording(clock(9, 6), 24 * 60, match=activity)
    assert told(activity)["late_start"].finding.severity == NOTE


def test_baofeng_counts_to_the_departure(people: SimpleNamespace) -> None:
    run_by(people, "baofeng-forestry")
    activity = inspection(people)
    recording(clock(9), 30 * 60, match=activity)
    stop = told(activity)["early_stop"].finding
    assert (stop.article, stop.params["seconds"]) == ("8", 600.0)


def test_two_devices_cover_for_each_other(people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9), 20 * 60, match=activity)
    recording(clock(9, 15), 15 * 60, match=activity)
    assert not {"hole", "late_start", "early_stop"} & set(told(activity))


def test_the_site_says_what_is_still_no_late_start(people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9, 1, 30), 29 * 60, match=activity)
    assert "late_start" in told(activity)
    site.save(site.SiteSettings(edge_seconds=120))
    assert "late_start" not in told(activity)


def test_documents_are_held_against_the_recordings_and_the_difference_is_always_there(
    people: SimpleNamespace,
) -> None:
    activity = inspection(people)
    recording(clock(9), 30 * 60, match=activity)
    paper = Paperwork("现场检查笔录", "1", clock(9, 5), clock(9, 30))
    documents.list_document(activity, paper, by=people.officer, at=AT)
    judged = judge(activity)
    (row,) = judged.table
    assert (row.start_difference, row.end_difference) == (-300.0, 0.0)
    assert told(activity)["document_start_differs"].finding.severity == MUST


def test_an_on_site_document_outside_the_activity_is_warned_of(people: SimpleNamespace) -> None:
    activity = inspection(people)
    early = Paperwork("询问笔录", "2", clock(8), clock(8, 30))
    documents.list_document(activity, early, by=people.officer, at=AT)
    elsewhere = Paperwork("送达回证", "3", clock(15), clock(15, 5), on_site=False)
    documents.list_document(activity, elsewhere, by=people.officer, at=AT)
    outside = [one.finding for one in judge(activity).findings if one.finding.code == "document_outside"]
    assert [one.params["document"] for one in outside] == ["《询问笔录》2"]


def test_a_withdrawn_document_is_held_against_nothing(people: SimpleNamespace) -> None:
    activity = inspection(people)
    paper = Paperwork("询问笔录", "2", clock(8), clock(8, 30))
    row = documents.list_document(activity, paper, by=people.officer, at=AT)
    documents.withdraw_document(row, reason="列错了", by=people.officer, at=AT)
    assert judge(activity).table == ()


def test_a_document_that_ends_before_it_begins_is_refused(people: SimpleNamespace) -> None:
    with pytest.raises(ActivityError):
        documents.list_document(
            inspection(people),
            Paperwork("询问笔录", "", clock(10), clock(9)),
            by=people.officer,
            at=AT,
        )


def test_one_recorder_in_two_activities_at_once_is_shown_at_both(people: SimpleNamespace) -> None:
    first = inspection(people)
    second = inspection(people, arrived_at=clock(9, 20), ended_at=clock(10), left_at=None)
    later = inspection(people, arrived_at=clock(11), ended_at=clock(12), left_at=None)
    assert told(first)["device_twice"].finding.params["other"] == second.number
    assert told(second)["device_twice"].finding.params["other"] == first.number
    assert "device_twice" not in told(later)


def test_photographs_are_asked_for_where_the_text_asks(people: SimpleNamespace) -> None:
    run_by(people, "baofeng-forestry")
    activity = inspection(people)
    recording(clock(9), 40 * 60, match=activity)
    assert told(activity)["photographs_missing"].finding.article == "11"
    recording(clock(9, 5), 0, kind="photo", match=activity, pieces=[])
    assert "photographs_missing" not in told(activity)


def test_what_has_no_time_is_said_and_not_counted(people: SimpleNamespace) -> None:
    activity = inspection(people)
    row = recording(None, 600, match=activity)
    assert told(activity)["time_unplaced"].finding.params["recording"] == row.number
    assert told(activity)["nothing_recorded"].finding.severity == MUST


def test_a_finding_is_closed_by_a_named_act_and_opened_again(people: SimpleNamespace) -> None:
    activity = inspection(people)
    recording(clock(9, 6), 24 * 60, match=activity)
    key = told(activity)["late_start"].key
    for nobody in (people.officer, people.sysadmin, people.stranger):
        with pytest.raises(NotAllowedError):
            settle(activity, key, reason="已说明", by=nobody, at=AT)
    with pytest.raises(ReasonMissingError):
        settle(activity, key, reason=" ", by=people.head, at=AT)
    row = settle(activity, key, reason="已说明", by=people.head, at=AT)
    assert not told(activity)["late_start"].open
    with pytest.raises(ActivityError):
        settle(activity, key, reason="再来", by=people.head, at=AT)
    reopen(row, reason="说明不实", by=people.legal, at=AT)
    assert told(activity)["late_start"].open
    settle(activity, key, reason="查明", by=people.legal, at=AT)
    assert Settled.objects.count() == 2


def test_other_figures_are_another_finding(people: SimpleNamespace) -> None:
    activity = inspection(people)
    row = recording(clock(9, 6), 24 * 60, match=activity)
    settle(activity, told(activity)["late_start"].key, reason="已说明", by=people.head, at=AT)
    row.placed.start = clock(9, 8)
    row.placed.save()
    assert told(activity)["late_start"].open


def test_a_mark_at_the_player_stands_at_its_second_and_in_corrected_time(people: SimpleNamespace) -> None:
    activity = inspection(people)
    row = recording(clock(9), 600, match=activity)
    mark = marking.mark_recording(row, "notice", 12.5, by=people.custodian, at=AT)
    assert (mark.at, mark.activity) == (clock(9, 0, 12).replace(microsecond=500000), activity)
    assert "notice_missing" not in told(activity)
    marking.withdraw_mark(mark, reason="点错了", by=people.custodian, at=AT)
    assert "notice_missing" in told(activity)


@pytest.mark.parametrize(
    ("code", "seconds"), [("notice", -1.0), ("notice", 700.0), ("<script>", 1.0), ("", 1)]
)
def test_a_mark_outside_the_recording_is_refused(people: SimpleNamespace, code: str, seconds: float) -> None:
    row = recording(clock(9), 600)
    with pytest.raises(MarkError):
        marking.mark_recording(row, code, seconds, by=people.custodian, at=AT)


def test_who_may_not_see_a_recording_cannot_mark_it(people: SimpleNamespace) -> None:
    row = recording(clock(9), 600)
    for nobody in (people.officer2, people.sysadmin, people.stranger):
        with pytest.raises((MarkError, NotAllowedError)):
            marking.mark_recording(row, "notice", 1, by=nobody, at=AT)
    marking.mark_recording(row, "notice", 1, by=people.officer, at=AT)


def test_every_mark_of_a_regulation_has_its_key(people: SimpleNamespace) -> None:
    from liuhen.base import packs

    for name in packs.shipped():
        choices = marking.choices(packs.pack_of(name))
        keys = [one.key for one in choices]
        assert all(keys)
        assert len(set(keys)) == len(keys)


def test_severities_are_told_apart(people: SimpleNamespace) -> None:
    found = {one.finding.severity for one in judge(inspection(people)).findings}
    assert found <= {MUST, SHOULD, NOTE}


def test_who_carries_a_device_without_having_signed_for_it_is_told(people: SimpleNamespace) -> None:
    before = inspection(people)
    issue = handed_out(people, clock(8))
    taken_back(issue, people, clock(10))
    theirs = inspection(people, devices={issue.device: officers("100002")[0]})
    later = inspection(people, arrived_at=clock(11), ended_at=clock(12), left_at=None)
    assert "carried_unissued" not in told(before), "the officer who signed for it carried it"
    assert "领用人是林一鸣" in told(theirs)["carried_unissued"].finding.text
    finding = told(later)["carried_unissued"].finding
    assert (finding.severity, finding.params["holders"]) == (SHOULD, "无人")
    assert finding.article is not None


def test_of_a_device_without_a_use_register_nobody_is_asked_who_signed(people: SimpleNamespace) -> None:
    assert "carried_unissued" not in told(inspection(people))
