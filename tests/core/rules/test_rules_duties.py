"""Duties: each pack's clocks, exceptions, reports and discs, as the articles say them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from core.rules.packs_shipped import END, PACKS, act, duties, facts, only
from hypothesis import given
from hypothesis import strategies as st

from liuhen.base.packs import calendar, folder_of, pack_of
from liuhen.core.rules import examples
from liuhen.core.rules.clocks import duties_of, notes_of
from liuhen.core.rules.reading import read_pack
from liuhen.core.rules.terms import Cause, Circumstance, Event, Ground, words_of

LATE = "2027-01-01T00:00:00+08:00"


@pytest.mark.parametrize("name", PACKS)
def test_every_example_comes_out_and_every_executable_article_has_one(name: str) -> None:
    cases = examples.read_examples(folder_of(name))
    assert {
        one.example.name: one.faults for one in examples.run(pack_of(name), cases, calendar()) if one.faults
    } == {}
    assert examples.missing(pack_of(name), cases) == []


MAIN = {
    "jinjiang-agri": ("handover", "11", "2026-03-14T17:00:00+08:00", "running"),
    "shifanqu-bianban": ("handover", "15", "2026-03-13T23:59:59+08:00", "immediate"),
    "baofeng-forestry": ("handover", "13", None, "no_hours_named"),
    "ankang-agri": ("handover", "1/6", "2026-03-14T17:00:00+08:00", "running"),
    "pengyang": ("store", "10", "2026-03-17T23:59:59+08:00", "running"),
}


@pytest.mark.parametrize("name", PACKS)
def test_the_main_clock_of_each_pack(name: str) -> None:
    duty, article, due, state = MAIN[name]
    known = facts(activity={"ended_at": END}, recordings=[{"ended_at": END}])
    row = only(name, known, duty)
    assert (row["article"], row["due_at"], row["state"]) == (article, due, state)
    late = only(name, known, duty, LATE)["state"]
    assert late == ("overdue" if due else state)
    met = facts(activity={"ended_at": END}, recordings=[{"ended_at": END}], handover={"at": LATE})
    assert only(name, met, duty)["state"] == "met"
    assert only(name, met, duty, LATE)["state"] == "met"


NAMED = {
    "jinjiang-agri": {"continuous", "offsite", "special"},
    "shifanqu-bianban": {"continuous", "offsite", "remote"},
    "baofeng-forestry": {"remote", "on_water", "offsite", "continuous"},
    "ankang-agri": set(),
    "pengyang": {"continuous", "offsite", "remote"},
}


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("circumstance", words_of(Circumstance))
def test_an_exception_holds_only_for_what_the_text_names(name: str, circumstance: str) -> None:
    duty, _, due, state = MAIN[name]
    recordings = [{"ended_at": END}]
    away = facts(activity={"ended_at": END, "circumstances": [circumstance]}, recordings=recordings)
    row = only(name, away, duty)
    if circumstance not in NAMED[name]:
        assert (row["due_at"], row["state"]) == (due, state)
        return
    assert (row["due_at"], row["state"]) == (None, "waiting")
    back = {"ended_at": END, "circumstances": [circumstance], "returned_at": "2026-03-20T08:00:00+08:00"}
    row = only(name, facts(activity=back, recordings=recordings), duty)
    assert (row["due_at"], row["state"]) == ("2026-03-21T08:00:00+08:00", "running")
    assert row["basis"] == "returned_at + PT24H"


def test_an_exception_never_ends_earlier_than_the_clock_it_excepts_from() -> None:
    known = facts(
        activity={"ended_at": END, "circumstances": ["offsite"], "returned_at": END},
        recordings=[{"ended_at": END}],
    )
    assert only("pengyang", known, "store")["due_at"] == "2026-03-17T23:59:59+08:00"
    assert only("shifanqu-bianban", known, "handover")["due_at"] == "2026-03-14T17:00:00+08:00"


def test_every_recording_has_its_own_row_and_none_waits() -> None:
    known = facts(
        recordings=[{"ended_at": END}, {"ended_at": None}, {"ended_at": "2026-03-16T09:00:00+08:00"}]
    )
    rows = [row for row in duties("pengyang", known) if row["duty"] == "store"]
    assert [(row["recording"], row["state"], row["due_at"]) for row in rows] == [
        (0, "running", "2026-03-17T23:59:59+08:00"),
        (1, "waiting", None),
        (2, "running", "2026-03-18T23:59:59+08:00"),
    ]
    assert only("pengyang", facts(recordings=[]), "store")["state"] == "waiting"
    back = {"circumstances": ["offsite"], "returned_at": END}
    assert only("pengyang", facts(activity=back), "store")["state"] == "waiting"
    assert only("pengyang", facts(activity=back, recordings=[{}]), "store")["due_at"] is None


def test_what_is_met_later_was_not_met_before() -> None:
    known = facts(activity={"ended_at": END}, handover={"at": "2026-03-20T17:00:00+08:00"})
    states = {
        at: only("jinjiang-agri", known, "handover", at)["state"]
        for at in (None, END, "2026-03-16T00:00:00+08:00", LATE)
    }
    assert list(states.values()) == ["met", "running", "overdue", "met"]


def test_not_recorded_for_no_told_ground_is_reported_all_the_same() -> None:
    row = only("jinjiang-agri", act(not_recorded={}), "unrecorded_report")
    assert "listed" not in row


@pytest.mark.parametrize("name", PACKS)
def test_nothing_known_waits_and_nothing_is_overdue(name: str) -> None:
    for known in (facts(), facts(activity=None, recordings=None, handover=None, case=None)):
        assert {row["state"] for row in duties(name, known, LATE)} == {"waiting"}


REPORTS = {
    "jinjiang-agri": ({"state_secret", "trade_secret", "privacy", "urgent", "objective"}, "9", None),
    "shifanqu-bianban": (
        {"explosive_area", "state_secret", "trade_secret", "privacy", "urgent", "objective"},
        "5",
        "市编委办主管领导",
    ),
    "ankang-agri": (
        {"state_secret", "trade_secret", "privacy", "urgent", "other_means", "objective"},
        "1/5",
        "全过程记录管理人员（音像保管岗位）",
    ),
}


@pytest.mark.parametrize("ground", words_of(Ground))
@pytest.mark.parametrize("name", REPORTS)
def test_a_ground_outside_the_list_is_kept_and_marked(name: str, ground: str) -> None:
    listed, article, to = REPORTS[name]
    row = only(name, act(not_recorded={"ground": ground}), "unrecorded_report")
    assert (row["article"], row["to"], row["listed"]) == (article, to, ground in listed)
    assert row["due_at"] == ("2026-03-14T17:00:00+08:00" if name == "ankang-agri" else None)


@pytest.mark.parametrize("name", ["jinjiang-agri", "shifanqu-bianban", "pengyang"])
@pytest.mark.parametrize("cause", words_of(Cause))
def test_a_stop_asks_for_words_when_it_went_on_and_for_reports_when_not(name: str, cause: str) -> None:
    stop = {"cause": cause, "at": "2026-03-13T15:00:00+08:00"}
    on = {row["duty"] for row in duties(name, act(interruptions=[{**stop, "resumed_at": END}]))}
    off = {row["duty"] for row in duties(name, act(interruptions=[{**stop, "resumed_at": None}]))}
    told = {"voice_reason", "interruption_report", "interruption_statement"}
    assert (on & told, off & told) == ({"voice_reason"}, told - {"voice_reason"})


def test_baofeng_asks_for_a_work_record_after_every_stop_and_ankang_for_nothing() -> None:
    stop = {"cause": "site_change", "at": "2026-03-13T15:00:00+08:00"}
    known = act(interruptions=[{**stop, "resumed_at": END}, stop, {**stop, "cause": "weather"}])
    rows = [row for row in duties("baofeng-forestry", known) if row["duty"] == "unrecorded_report"]
    assert [row["listed"] for row in rows] == [False, False, True]
    assert {row["state"] for row in rows} == {"no_hours_named"}
    assert {row["duty"] for row in duties("ankang-agri", known)} == {
        "handover",
        "store",
        "dossier",
        "dossier_arrangement",
    }


DISCS = {
    "jinjiang-agri": {"objection", "complaint", "petition", "public_health", "other_important"},
    "baofeng-forestry": {"objection", "complaint", "petition", "other_important"},
    "pengyang": {"objection", "mass_incident", "emergency", "public_health", "other_important"},
    "shifanqu-bianban": None,
    "ankang-agri": None,
}
AGAINST = {"evasion", "refusal", "obstruction", "abuse", "assault"}


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("event", words_of(Event))
def test_a_disc_is_asked_for_where_a_long_term_article_is_met(name: str, event: str) -> None:
    wanted = DISCS[name]
    met = wanted is not None and event in wanted | AGAINST
    assert any(row["duty"] == "disc" for row in duties(name, act(events=[event]))) is met


def test_an_unlisted_matter_is_a_note() -> None:
    known = act(matter="something_else")
    assert len(notes_of(pack_of("pengyang"), known)) == 1
    assert notes_of(pack_of("pengyang"), act(matter="hearing")) == []
    assert duties_of(pack_of("pengyang"), known, calendar())


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.sampled_from(PACKS))
def test_a_later_end_is_never_due_earlier(first: int, second: int, name: str) -> None:
    from datetime import datetime, timedelta

    def due(hours: int) -> dict[str, str]:
        end = (datetime.fromisoformat("2025-03-01T08:00:00+08:00") + timedelta(hours=hours)).isoformat()
        known = facts(
            activity={"ended_at": end},
            recordings=[{"ended_at": end}],
            handover={"at": end},
            case={"concluded_at": end},
        )
        return {row["duty"]: row["due_at"] for row in duties(name, known) if row["due_at"]}

    early, late = due(min(first, second)), due(max(first, second))
    assert all(early[duty] <= late[duty] for duty in early)


def test_a_hand_over_meets_only_the_recordings_already_made() -> None:
    known = facts(
        recordings=[{"ended_at": "2026-03-02T10:00:00+08:00"}, {"ended_at": "2026-02-26T10:00:00+08:00"}],
        handover={"at": "2026-02-27T10:00:00+08:00"},
    )
    assert [row["state"] for row in duties("pengyang", known) if row["duty"] == "store"] == ["running", "met"]


def test_an_excepted_clock_warns_where_the_main_clock_may_still_move() -> None:
    known = facts(
        activity={"circumstances": ["remote"], "returned_at": "2027-02-09T20:00:00+08:00"},
        recordings=[{"ended_at": "2027-02-05T10:00:00+08:00"}],
    )
    assert "2027" in only("pengyang", known, "store")["warnings"][0]


def test_a_cause_not_told_is_neither_listed_nor_unlisted() -> None:
    known = facts(activity={"ended_at": END, "interruptions": [{}]})
    assert "listed" not in only("baofeng-forestry", known, "unrecorded_report")


def test_only_the_ground_that_pengyang_names_needs_no_report() -> None:
    def rows(ground: str | None) -> list[tuple[str, bool | None]]:
        found = duties("pengyang", act(ended_at=END, not_recorded={"ground": ground}))
        return [(due["state"], due.get("listed")) for due in found if due["duty"] == "unrecorded_report"]

    assert rows("text_suffices") == []
    assert rows(None) == []
    assert rows("urgent") == [("no_hours_named", False)]


def test_a_null_in_a_list_is_something_not_known() -> None:
    told = facts(
        activity={"events": [None, "objection"], "interruptions": [None]},
        recordings=[None, {"ended_at": END}],
    )
    assert (told.act.events, told.act.interruptions, len(told.recordings or [])) == (["objection"], [], 1)


COUNTY = Path(__file__).resolve().parents[2] / "corpus" / "packs" / "county-constables"


def test_a_report_due_in_a_year_without_a_notice_says_so() -> None:
    known = facts(activity={"ended_at": "2026-12-31T10:00:00+08:00", "not_recorded": {"ground": "objective"}})
    (report,) = [
        one for one in duties_of(read_pack(COUNTY), known, calendar()) if one.duty == "unrecorded_report"
    ]
    assert ["2027" in one for one in report.warnings] == [True]


def test_an_excepted_clock_in_working_days_warns_of_its_own_year() -> None:
    pack = pack_of("jinjiang-agri")
    (clock,) = pack.clocks
    assert clock.exception is not None
    later = clock.exception.model_copy(update={"within": "P3WD"})
    slower = pack.model_copy(update={"clocks": (clock.model_copy(update={"exception": later}),)})
    known = act(circumstances=["offsite"], returned_at="2026-12-30T10:00:00+08:00")
    (due,) = duties_of(slower, known, calendar())
    assert (due.due_at or 0, ["2027" in one for one in due.warnings]) == (
        datetime.fromisoformat("2027-01-04T23:59:59+08:00"),
        [True],
    )
