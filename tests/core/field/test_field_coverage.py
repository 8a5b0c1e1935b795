"""Coverage of an activity under each of the five packs: spans, holes, what closes them, and the arithmetic."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from core.field.field_office import ARRIVED, ENDED, LEFT, MUST_MATTER, PACKS, at, cover, rec
from hypothesis import given
from hypothesis import strategies as st

from liuhen.base.packs import pack_of
from liuhen.core.field.closing import Explained
from liuhen.core.field.coverage import (
    Recorded,
    Span,
    Tolerances,
    coverage_by_device,
    judge_coverage,
    pieces_in_time,
    severity_of,
    span_of,
)

END_OF = {name: LEFT if name == "baofeng-forestry" else ENDED for name in PACKS}
SPAN_ARTICLE = {
    "jinjiang-agri": "5",
    "shifanqu-bianban": "9",
    "baofeng-forestry": "8",
    "ankang-agri": "1/4",
    "pengyang": "8",
}
STOP_ARTICLE = SPAN_ARTICLE | {
    "jinjiang-agri": "10",
    "shifanqu-bianban": "11",
    "baofeng-forestry": "12",
    "pengyang": "9",
}
SPOKEN = ("jinjiang-agri", "shifanqu-bianban", "pengyang")


def _end(pack: str) -> float:
    return (END_OF[pack] - ARRIVED).total_seconds() / 60


# -- the span


@pytest.mark.parametrize("pack", PACKS)
def test_the_span_ends_where_the_text_says(pack: str) -> None:
    span = span_of(pack_of(pack), ARRIVED, ENDED, LEFT)
    named = pack not in ("ankang-agri", "pengyang")
    assert span == Span(ARRIVED, END_OF[pack], named, SPAN_ARTICLE[pack])


def test_a_text_that_names_no_end_is_served_by_the_departure_too() -> None:
    assert span_of(pack_of("ankang-agri"), ARRIVED, None, LEFT).end == LEFT
    assert span_of(pack_of("jinjiang-agri"), ARRIVED, None, LEFT).end is None


@pytest.mark.parametrize("pack", PACKS)
def test_a_whole_recording_has_no_finding(pack: str) -> None:
    covered = cover(pack, rec(-5, _end(pack) + 5))
    assert (covered.findings, covered.holes, covered.share) == ((), (), 1.0)


def test_departure_counts_in_bf_alone() -> None:
    stops = {pack: [one.kind for one in cover(pack, rec(0, 60)).holes] for pack in PACKS}
    assert stops == {pack: [] for pack in PACKS} | {"baofeng-forestry": ["early_stop"]}


# -- late start, early stop, hole


@pytest.mark.parametrize("pack", PACKS)
def test_late_start_hole_and_early_stop_are_told_apart_with_their_articles(pack: str) -> None:
    covered = cover(pack, rec(10, 20), rec(25, _end(pack) - 7))
    assert [(one.kind, one.seconds) for one in covered.holes] == [
        ("late_start", 600),
        ("hole", 300),
        ("early_stop", 420),
    ]
    assert [(one.code, one.severity, one.article) for one in covered.findings] == [
        ("late_start", "MUST", SPAN_ARTICLE[pack]),
        ("hole", "MUST", STOP_ARTICLE[pack]),
        ("early_stop", "MUST", SPAN_ARTICLE[pack]),
    ]
    assert covered.seconds == covered.of_seconds - 1320


@pytest.mark.parametrize("pack", PACKS)
def test_nothing_recorded_is_one_hole(pack: str) -> None:
    (hole,) = cover(pack).holes
    assert (hole.kind, hole.start, hole.end) == ("nothing_recorded", ARRIVED, END_OF[pack])
    assert (hole.closed, hole.missing) == (False, ("unrecorded_report",))


def test_what_several_devices_record_counts_together() -> None:
    first, second = rec(0, 30, "A"), rec(25, 60, "B")
    assert cover("jinjiang-agri", first, second).holes == ()
    assert [one.kind for one in cover("jinjiang-agri", first).holes] == ["early_stop"]
    assert coverage_by_device([second, first, rec(28, 40, "A")]) == {
        "A": [(at(0), at(40))],
        "B": [(at(25), at(60))],
    }


@pytest.mark.parametrize(("late", "holes"), [(60, 0), (61, 1)])
def test_arrival_is_told_by_the_minute(late: int, holes: int) -> None:
    recorded = Recorded(ARRIVED + timedelta(seconds=late), ENDED)
    assert len(cover("jinjiang-agri", recorded).holes) == holes


@pytest.mark.parametrize(("milliseconds", "holes"), [(40, 0), (41, 1)])
def test_a_normal_split_is_no_hole(milliseconds: int, holes: int) -> None:
    after = Recorded(at(30) + timedelta(milliseconds=milliseconds), ENDED)
    assert len(cover("jinjiang-agri", rec(0, 30), after).holes) == holes


@pytest.mark.parametrize(("seconds", "holes"), [(1.0, 0), (1.1, 1)])
def test_names_of_whole_seconds_make_no_hole_of_a_split(seconds: float, holes: int) -> None:
    blurred = Recorded(at(0), at(30), resolution=timedelta(seconds=1))
    exact = Recorded(at(30) + timedelta(seconds=seconds), ENDED)
    assert len(cover("jinjiang-agri", blurred, exact).holes) == holes
    assert len(cover("jinjiang-agri", rec(0, 30), exact).holes) == 1


def test_a_gap_within_a_file_is_a_hole_like_any_other() -> None:
    recorded = [Recorded(*one) for one in pieces_in_time(ARRIVED, [(0.0, 600.0), (630.0, 3600.0)])]
    (hole,) = cover("jinjiang-agri", *recorded).holes
    assert (hole.kind, hole.seconds) == ("hole", 30)


# -- how grave


def test_what_is_no_must_is_a_note_and_an_unknown_matter_has_to_be_looked_at() -> None:
    pengyang, jinjiang = pack_of("pengyang"), pack_of("jinjiang-agri")
    assert severity_of(pengyang, "life_property") == "MUST"
    assert severity_of(pengyang, "inspection") == "NOTE"
    assert severity_of(jinjiang, "inspection") == "MUST"
    assert severity_of(jinjiang, "a_matter_of_another_office") == "NOTE"
    assert severity_of(jinjiang, None) == "SHOULD"
    assert [one.severity for one in cover("pengyang", rec(0, 50), matter="inspection").findings] == ["NOTE"]


@pytest.mark.parametrize("pack", PACKS)
def test_the_matters_the_tests_call_a_must_are_one(pack: str) -> None:
    assert severity_of(pack_of(pack), MUST_MATTER[pack]) == "MUST"


# -- how a hole closes

SAID = Explained("spoken_reason", at(25.5))


@pytest.mark.parametrize("pack", PACKS)
def test_a_spoken_reason_on_resuming_closes_a_hole_where_the_text_asks_for_it(pack: str) -> None:
    (hole,) = cover(pack, rec(0, 20), rec(25, 90), explained=(SAID,)).holes
    assert hole.closed is (pack in SPOKEN)
    if not hole.closed:
        wanted = "work_record" if pack == "baofeng-forestry" else "unrecorded_report"
        assert hole.missing == (wanted,)


@pytest.mark.parametrize(("minute", "closed"), [(20, False), (23.5, True), (29.9, True), (30.1, False)])
def test_the_reason_is_spoken_when_recording_begins_again(minute: float, closed: bool) -> None:
    said = Explained("spoken_reason", at(minute))
    (hole,) = cover("jinjiang-agri", rec(0, 20), rec(25, 60), explained=(said,)).holes
    assert hole.closed is closed


REPORT = Explained("interruption_report", at(50), None)
STATEMENT = Explained("interruption_statement", at(50), None)


@pytest.mark.parametrize("pack", SPOKEN)
def test_what_did_not_go_on_closes_with_a_report_and_a_statement(pack: str) -> None:
    def left_over(*explained: Explained) -> tuple[str, ...]:
        (hole,) = cover(pack, rec(0, 50), explained=explained).holes
        assert hole.closed is not bool(hole.missing)
        return hole.missing

    assert left_over() == ("interruption_report", "interruption_statement")
    assert left_over(REPORT) == ("interruption_statement",)
    assert left_over(SAID) == ("interruption_report", "interruption_statement")
    assert left_over(REPORT, STATEMENT) == ()


def test_bf_12_wants_a_reviewed_work_record_on_a_listed_cause() -> None:
    def left_over(**told: object) -> tuple[str, ...]:
        record = Explained("work_record", at(20), at(25), **told)  # type: ignore[arg-type]
        covered = cover("baofeng-forestry", rec(0, 20), rec(25, 90), explained=(record,))
        assert len(covered.findings) == (not covered.holes[0].closed)
        return covered.holes[0].missing

    assert left_over(code="site_change", reviewed=True) == ("listed_cause",)
    assert left_over(code="battery") == ("review",)
    assert left_over(code="battery", reviewed=True) == ()


@pytest.mark.parametrize("pack", PACKS)
def test_a_not_recorded_report_on_a_listed_ground_closes_whatever_it_spans(pack: str) -> None:
    ground = "text_suffices" if pack == "pengyang" else "trade_secret"
    report = Explained("unrecorded_report", None, None, ground, reviewed=True)
    for recorded in ((), (rec(10, 90),), (rec(0, 20), rec(25, 90)), (rec(0, 40),)):
        covered = cover(pack, *recorded, explained=(report,))
        assert [one.closed_by for one in covered.holes] == [("unrecorded_report",)]
        assert covered.findings == ()


@pytest.mark.parametrize("pack", [name for name in PACKS if name != "baofeng-forestry"])
def test_a_ground_outside_the_list_leaves_it_open_and_says_so(pack: str) -> None:
    ground = "trade_secret" if pack == "pengyang" else "text_suffices"
    report = Explained("unrecorded_report", None, None, ground)
    (finding,) = cover(pack, explained=(report,)).findings
    assert finding.params["missing"] == ["listed_ground"]
    assert "条文所列的理由" in finding.text


def test_a_report_about_another_stretch_closes_nothing() -> None:
    report = Explained("unrecorded_report", at(30), at(40), "urgent")
    (hole,) = cover("jinjiang-agri", rec(10, 60), explained=(report,)).holes
    assert not hole.closed


def test_a_late_start_is_no_interruption() -> None:
    said = Explained("spoken_reason", at(10))
    (hole,) = cover("jinjiang-agri", rec(10, 60), explained=(said, REPORT, STATEMENT)).holes
    assert (hole.kind, hole.missing) == ("late_start", ("unrecorded_report",))


# -- what cannot be judged


def test_a_span_without_an_end_is_not_judged_and_says_what_is_missing() -> None:
    pack = pack_of("jinjiang-agri")
    covered = judge_coverage(pack, span_of(pack, ARRIVED, None, None), [rec(0, 5)], matter="inspection")
    (finding,) = covered.findings
    assert (covered.holes, covered.share, finding.code, finding.severity) == (
        (),
        None,
        "span_unknown",
        "NOTE",
    )
    assert "结束的时间" in finding.text
    covered = judge_coverage(pack, span_of(pack, None, ENDED, None), [], matter="inspection")
    assert "到达现场的时间" in covered.findings[0].text


def test_an_end_before_arrival_is_a_finding_and_no_crash() -> None:
    pack = pack_of("jinjiang-agri")
    covered = judge_coverage(pack, Span(ENDED, ARRIVED, True, "5"), [rec(0, 5)], matter="inspection")
    assert [(one.code, one.severity) for one in covered.findings] == [("span_unknown", "SHOULD")]


# -- the arithmetic

MINUTES = st.integers(-20, 120)
RECORDED = st.lists(st.tuples(MINUTES, MINUTES), max_size=15)
EXACT = Tolerances(hole=0, edge=0)


def _judged(stretches):
    span = Span(ARRIVED, LEFT, True, "5")
    recorded = [Recorded(at(start), at(end)) for start, end in stretches]
    return judge_coverage(pack_of("jinjiang-agri"), span, recorded, matter="inspection", tolerances=EXACT)


@given(RECORDED)
def test_covered_and_holes_make_the_span(stretches) -> None:
    covered = _judged(stretches)
    pieces = sorted([*covered.covered, *((one.start, one.end) for one in covered.holes)])
    assert pieces[0][0] == ARRIVED
    assert pieces[-1][1] == LEFT
    assert all(one[1] == two[0] for one, two in pairwise(pieces))
    assert covered.seconds + sum(one.seconds for one in covered.holes) == covered.of_seconds


@given(RECORDED, st.randoms())
def test_order_does_not_matter(stretches, random) -> None:
    shuffled = stretches.copy()
    random.shuffle(shuffled)
    assert _judged(shuffled) == _judged(stretches)


@given(RECORDED, st.tuples(MINUTES, MINUTES))
def test_one_more_recording_makes_no_new_hole(stretches, more) -> None:
    before, after = _judged(stretches), _judged([*stretches, more])
    assert after.seconds >= before.seconds
    for hole in after.holes:
        assert any(one.start <= hole.start and hole.end <= one.end for one in before.holes)


@given(RECORDED)
def test_recording_the_same_twice_changes_nothing(stretches) -> None:
    assert _judged(stretches * 2) == _judged(stretches)
