"""《时间一致性核对表》: documents against recordings, the raw difference in every row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from core.field.field_office import PACKS, at
from hypothesis import given
from hypothesis import strategies as st

from liuhen.base.packs import pack_of
from liuhen.core.field.time_agreement import DocumentTimes, agreement_article, time_agreement


def _rows(pack: str, recorded, *documents: DocumentTimes, **more):
    return time_agreement(pack_of(pack), documents, recorded, **more)


def _doc(start: float, end: float, **more) -> DocumentTimes:
    return DocumentTimes("现场检查笔录", at(start), at(end), **more)


def test_only_jj_asks_for_agreement() -> None:
    assert {pack: agreement_article(pack_of(pack)) for pack in PACKS} == dict.fromkeys(PACKS) | {
        "jinjiang-agri": "5"
    }


@pytest.mark.parametrize("pack", PACKS)
def test_a_document_that_differs_is_a_must_where_the_text_asks_and_a_note_elsewhere(pack: str) -> None:
    (row,) = _rows(pack, [(at(0), at(60))], _doc(5, 60.5))
    assert (row.start_difference, row.end_difference, row.verdict) == (-300, -30, "differs")
    (finding,) = row.findings
    must = ("MUST", "5") if pack == "jinjiang-agri" else ("NOTE", None)
    assert (finding.code, finding.severity, finding.article) == ("document_start_differs", *must)
    assert "5 分 00 秒（音像在前）" in finding.text


def test_the_raw_difference_stands_in_a_row_that_agrees() -> None:
    (row,) = _rows("jinjiang-agri", [(at(0), at(60))], _doc(0.5, 59.2))
    assert (row.start_difference, row.end_difference, row.verdict, row.findings) == (-30, 48, "agrees", ())


@pytest.mark.parametrize(("tolerance", "verdict"), [(30, "agrees"), (29.9, "differs"), (0, "differs")])
def test_the_tolerance_is_a_parameter(tolerance: float, verdict: str) -> None:
    (row,) = _rows("jinjiang-agri", [(at(0), at(60))], _doc(0.5, 60), tolerance=tolerance)
    assert (row.verdict, row.start_difference) == (verdict, -30)


def test_files_that_follow_each_other_are_one_session_and_devices_count_together() -> None:
    recorded = [(at(20), at(40)), (at(0), at(20)), (at(30), at(60))]
    (row,) = _rows("jinjiang-agri", recorded, _doc(0, 60))
    assert (row.recorded, row.verdict) == ((at(0), at(60)), "agrees")


def test_each_document_meets_its_own_session() -> None:
    recorded = [(at(0), at(20)), (at(40), at(60))]
    rows = _rows("jinjiang-agri", recorded, _doc(41, 60), _doc(0, 19), _doc(0, 60))
    assert [row.recorded for row in rows] == [recorded[1], recorded[0], (at(0), at(60))]
    assert [row.verdict for row in rows] == ["agrees"] * 3


@pytest.mark.parametrize(
    ("start", "end", "near"), [(25, 30, (0, 20)), (32, 38, (40, 60)), (70, 80, (40, 60))]
)
def test_a_document_without_recording_is_told_beside_the_nearest(start, end, near) -> None:
    (row,) = _rows("jinjiang-agri", [(at(0), at(20)), (at(40), at(60))], _doc(start, end))
    assert (row.verdict, row.recorded) == ("not_recorded", (at(near[0]), at(near[1])))
    assert row.start_difference == (near[0] - start) * 60
    assert [one.code for one in row.findings] == ["document_not_recorded"]


@pytest.mark.parametrize(("minute", "verdict"), [(0, "differs"), (10, "differs"), (20, "not_recorded")])
def test_a_document_of_one_moment_meets_the_session_it_lies_in(minute: float, verdict: str) -> None:
    (row,) = _rows("jinjiang-agri", [(at(0), at(20))], _doc(minute, minute))
    assert (row.verdict, row.start_difference) == (verdict, -60 * minute)


def test_what_cannot_be_compared_keeps_its_row() -> None:
    rows = _rows(
        "jinjiang-agri",
        [],
        _doc(0, 5),
        DocumentTimes("送达回证", at(0), None),
        _doc(0, 5, on_site=False),
    )
    assert [row.verdict for row in rows] == ["not_recorded", "untimed", "off_site"]
    assert all(row.start_difference is None for row in rows)
    assert rows[2].findings == ()


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), min_size=1, max_size=12),
    st.integers(0, 300),
    st.integers(1, 60),
)
def test_a_row_is_found_as_by_looking_at_every_session(stretches, start, length) -> None:
    recorded = [(at(one), at(one + two)) for one, two in stretches]
    document = _doc(start, start + length)
    (row,) = _rows("jinjiang-agri", recorded, document)
    touching = [one for one in recorded if one[0] < document.end and document.start < one[1]]
    assert (row.verdict != "not_recorded") is bool(touching)
    if touching:
        assert row.recorded is not None
        assert row.recorded[0] <= min(one for one, _ in touching)
        assert row.recorded[1] >= max(two for _, two in touching)
        assert row.recorded[0] in {one for one, _ in recorded}
    assert row.start_difference == (row.recorded[0] - document.start) / timedelta(seconds=1)
