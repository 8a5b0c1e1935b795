"""Notice, opening statement and key content under each of the five packs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from core.field.field_office import ARRIVED, ENDED, PACKS, at, cover, rec

from liuhen.base.packs import pack_of
from liuhen.core.field.marks import Mark, judge_marks, required_content, spoken_reasons

WHOLE = [(ARRIVED, ENDED)]
NOTICE = {"jinjiang-agri": "7", "shifanqu-bianban": "8", "baofeng-forestry": "9", "pengyang": "6"}
OPENING = {"baofeng-forestry": "8", "pengyang": "9"}
CONTENT = {"jinjiang-agri": "8", "shifanqu-bianban": "10", "baofeng-forestry": "10", "pengyang": "9"}


def _judged(pack: str, *marks: Mark, **more):
    return judge_marks(pack_of(pack), marks, more.pop("recorded", WHOLE), **more)


def _codes(findings) -> list[str]:
    return [one.code for one in findings]


@pytest.mark.parametrize("pack", PACKS)
def test_a_missing_notice_is_a_finding_where_the_text_asks_for_it(pack: str) -> None:
    found = [one for one in _judged(pack) if one.code == "notice_missing"]
    assert [(one.article, one.severity) for one in found] == (
        [(NOTICE[pack], "MUST")] if pack in NOTICE else []
    )


@pytest.mark.parametrize("pack", PACKS)
def test_a_missing_opening_statement_names_what_is_to_be_spoken(pack: str) -> None:
    found = [one for one in _judged(pack) if one.code == "opening_missing"]
    assert [one.article for one in found] == ([OPENING[pack]] if pack in OPENING else [])
    assert all("执法人员" in one.text for one in found)


@pytest.mark.parametrize("pack", PACKS)
def test_a_mark_at_the_start_answers(pack: str) -> None:
    found = _judged(pack, Mark("notice", at(1)), Mark("opening", at(2)))
    assert not {"notice_missing", "notice_late", "opening_missing"} & set(_codes(found))


@pytest.mark.parametrize(("minutes", "late"), [(3, False), (3.1, True)])
def test_a_notice_said_late_is_told_with_how_late(minutes: float, late: bool) -> None:
    found = [
        one for one in _judged("jinjiang-agri", Mark("notice", at(minutes))) if one.code == "notice_late"
    ]
    assert [(one.article, one.params["seconds"]) for one in found] == ([("7", 186.0)] if late else [])


def test_the_earliest_notice_counts() -> None:
    found = _judged("jinjiang-agri", Mark("notice", at(40)), Mark("notice", at(1)))
    assert "notice_late" not in _codes(found)


@pytest.mark.parametrize("pack", PACKS)
def test_where_nothing_was_recorded_nothing_is_asked_for(pack: str) -> None:
    assert _judged(pack, recorded=[]) == []


ALWAYS = {
    "jinjiang-agri": {"landmark", "identity_shown"},
    "shifanqu-bianban": {"landmark", "purpose"},
    "baofeng-forestry": {"place_time", "people", "officers_acts", "party_acts"},
    "ankang-agri": set(),
    "pengyang": {"scene", "people"},
}


@pytest.mark.parametrize("pack", PACKS)
def test_missing_key_content_is_told_with_its_article(pack: str) -> None:
    found = [one for one in _judged(pack) if one.code == "key_content_missing"]
    assert {one.params["code_of"] for one in found} == ALWAYS[pack]
    assert {(one.article, one.severity) for one in found} == (
        {(CONTENT[pack], "SHOULD")} if ALWAYS[pack] else set()
    )


@pytest.mark.parametrize("pack", PACKS)
def test_marks_answer_for_key_content(pack: str) -> None:
    marks = [Mark(code, at(5)) for code in ALWAYS[pack]]
    assert "key_content_missing" not in _codes(_judged(pack, *marks))


def test_a_matter_asks_for_its_own_content() -> None:
    pack = pack_of("jinjiang-agri")
    asked = {one.code for one in required_content(pack, "investigation")} - ALWAYS["jinjiang-agri"]
    assert asked == {"questioning", "signing"}
    assert "retained_service" in {one.code for one in required_content(pack, "retained_service")}


def test_what_is_said_to_have_happened_is_asked_for() -> None:
    found = _judged("jinjiang-agri", happened=["summary_penalty"])
    assert "summary_penalty" in {one.params.get("code_of") for one in found}


def test_a_mark_of_the_reason_closes_the_hole_it_ends() -> None:
    marks = [Mark("interruption_reason", at(25.5)), Mark("notice", at(20))]
    reasons = tuple(spoken_reasons(marks))
    (hole,) = cover("jinjiang-agri", rec(0, 20), rec(25, 60), explained=reasons).holes
    assert hole.closed_by == ("spoken_reason",)


def test_a_mark_between_two_recordings_is_outside() -> None:
    marks = [Mark("scene", at(minute)) for minute in (-1, 5, 15, 25, 31)]
    found = _judged("ankang-agri", *marks, recorded=[(at(20), at(30)), (at(0), at(10))])
    assert [one.params["at"] for one in found] == [at(minute).isoformat() for minute in (-1, 15, 31)]


def test_a_mark_outside_every_recording_is_told() -> None:
    edge = Mark("scene", ENDED + timedelta(seconds=2))
    outside = Mark("scene", ENDED + timedelta(seconds=3))
    found = [one for one in _judged("ankang-agri", edge, outside) if one.code == "mark_outside"]
    assert [one.params["at"] for one in found] == [outside.at.isoformat()]
