"""Days as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.base.recordings.lists.days import days_in
from liuhen.base.recordings.lists.words import fold

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("2026-11-19", "2026-11-19", "2026-11-19"),
        ("2026/11/19", "2026-11-19", "2026-11-19"),
        ("2026.1.9", "2026-01-09", "2026-01-09"),
        ("2026年11月19日", "2026-11-19", "2026-11-19"),
        ("20261119", "2026-11-19", "2026-11-19"),
        ("２０２６年１１月１９日", "2026-11-19", "2026-11-19"),
        ("11月19日", "2026-11-19", "2026-11-19"),
        ("11月26日", "2025-11-26", "2025-11-26"),
        ("2月29日", "2024-02-29", "2024-02-29"),
        ("2026年11月", "2026-11-01", "2026-11-30"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("202602", "2026-02-01", "2026-02-28"),
        ("12月", "2025-12-01", "2025-12-31"),
        ("2026年", "2026-01-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("今天", "2026-11-25", "2026-11-25"),
        ("昨天", "2026-11-24", "2026-11-24"),
        ("本周", "2026-11-23", "2026-11-29"),
        ("上月", "2026-10-01", "2026-10-31"),
        ("去年", "2025-01-01", "2025-12-31"),
        ("11月1日至11月19日", "2026-11-01", "2026-11-19"),
        ("2026-11-01~2026-11-19", "2026-11-01", "2026-11-19"),
        ("2026-11-01..2026-11-19", "2026-11-01", "2026-11-19"),
        ("2026年1月到2026年3月", "2026-01-01", "2026-03-31"),
    ],
)
def test_a_written_day_is_understood(typed, first, last):
    days = days_in(fold(typed), TODAY)
    assert days is not None
    assert (days.first.isoformat(), days.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    "typed",
    ["2026-02-30", "20261332", "202613", "13月", "4701", "100001", "0001", "9999-99-99", "0000-01-01", "至", "检查",
     "2026-11-19至2026-11-01", "1" * 50, ""],
)  # fmt: skip
def test_what_is_no_day_is_none(typed):
    assert days_in(typed, TODAY) is None


@given(
    st.text(alphabet="0123456789年月日-./~至今昨天周", max_size=30),
    st.dates(date(1971, 1, 1), date(8000, 1, 1)),
)
def test_any_text_is_read_without_an_error(text, today):
    days = days_in(text, today)
    assert days is None or days.first <= days.last
