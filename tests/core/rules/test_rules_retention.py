"""Retention: each pack's period, long-term keeping, and who may be put forward for disposal."""

from __future__ import annotations

import pytest
from core.rules.packs_shipped import END, PACKS, facts, kept

LATE = "2040-01-01T00:00:00+08:00"
PLAIN = {
    "jinjiang-agri": ("period", "13", "P2Y", True, "2028-03-13"),
    "shifanqu-bianban": ("period", "16", "P1Y", True, "2027-03-13"),
    "baofeng-forestry": ("period", "15", "P12M", False, "2027-03-13"),
    "ankang-agri": ("silent", None, None, False, None),
    "pengyang": ("follows_dossier", "12", None, False, None),
}


@pytest.mark.parametrize("name", PACKS)
def test_what_each_pack_says_of_retention(name: str) -> None:
    found = kept(name, facts(recordings=[{"ended_at": END}]))
    assert tuple(found[key] for key in ("rule", "article", "period", "minimum", "until")) == PLAIN[name]
    assert found["may_dispose"] is False
    assert kept(name, facts(recordings=[{"ended_at": END}]), LATE)["may_dispose"] is (
        PLAIN[name][0] == "period"
    )


def test_the_last_day_itself_is_still_kept() -> None:
    known = facts(recordings=[{"ended_at": END}])
    assert kept("baofeng-forestry", known, "2027-03-13T23:59:59+08:00")["may_dispose"] is False
    assert kept("baofeng-forestry", known, "2027-03-14T00:00:00+08:00")["may_dispose"] is True


def test_of_several_recordings_the_latest_end_counts_and_the_facts_last_moment_judges() -> None:
    known = facts(
        recordings=[{"ended_at": "2020-01-01T10:00:00+08:00"}, {"ended_at": END}],
        handover={"at": "2030-01-01T00:00:00+08:00"},
    )
    found = kept("baofeng-forestry", known)
    assert (found["from"], found["until"], found["may_dispose"]) == ("2026-03-13", "2027-03-13", True)


def test_a_long_term_article_holds_whatever_the_period_and_changes_no_rule() -> None:
    known = facts(activity={"events": ["abuse"]}, recordings=[{"ended_at": END}])
    found = kept("baofeng-forestry", known, LATE)
    assert (found["rule"], found["long_term"], found["long_term_articles"]) == ("period", True, ["16"])
    assert found["disc"] == {"required": True, "or_other_carrier": True, "copies": 2}
    assert found["may_dispose"] is False
    assert kept("shifanqu-bianban", known, LATE)["long_term"] is False


CASE = {"filed_at": "2026-03-14T09:00:00+08:00", "concluded_at": "2026-06-30T09:00:00+08:00"}


@pytest.mark.parametrize(
    ("retention", "until"),
    [("P10Y", "2036-06-30"), ("P30Y", "2056-06-30"), ("permanent", None), (None, None)],
)
@pytest.mark.parametrize("name", ["jinjiang-agri", "pengyang"])
def test_what_follows_the_dossier_ends_with_it(name: str, retention: str | None, until: str | None) -> None:
    known = facts(recordings=[{"ended_at": END}], case={**CASE, "retention": retention})
    found = kept(name, known)
    assert (found["rule"], found["period"], found["until"]) == ("follows_dossier", retention, until)
    assert kept(name, known, "2060-01-01T00:00:00+08:00")["may_dispose"] is (until is not None)


def test_evidence_follows_the_dossier_in_sf_and_a_case_alone_does_not() -> None:
    plain = facts(recordings=[{"ended_at": END}], case=CASE)
    used = facts(recordings=[{"ended_at": END, "evidence": True}], case=CASE)
    assert kept("shifanqu-bianban", plain)["rule"] == "period"
    assert kept("shifanqu-bianban", used)["rule"] == "follows_dossier"
    assert kept("baofeng-forestry", used)["rule"] == "period"


@pytest.mark.parametrize("name", PACKS)
def test_without_a_recording_nothing_begins_and_nothing_is_disposed_of(name: str) -> None:
    found = kept(name, facts(), LATE)
    assert (found["from"], found["until"], found["may_dispose"]) == (None, None, False)


def test_a_dossier_not_yet_concluded_has_no_end() -> None:
    known = facts(recordings=[{"ended_at": END}], case={"filed_at": END, "retention": "P10Y"})
    found = kept("jinjiang-agri", known)
    assert (found["from"], found["until"], found["may_dispose"]) == ("2026-03-13", None, False)


def test_nothing_is_disposed_of_while_an_end_is_unknown_or_a_recording_is_younger_than_its_dossier() -> None:
    unknown = facts(recordings=[{"ended_at": "2020-01-01T10:00:00+08:00"}, {"ended_at": None}])
    assert kept("baofeng-forestry", unknown, LATE)["may_dispose"] is False
    old = {
        "filed_at": "2010-01-01T09:00:00+08:00",
        "concluded_at": "2010-06-30T09:00:00+08:00",
        "retention": "P10Y",
    }
    assert (
        kept("jinjiang-agri", facts(recordings=[{"ended_at": END}], case=old), LATE)["may_dispose"] is False
    )
