"""Retention never shortens by itself: what stands against what a change would come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.rules.holding import Standing, carried, shortens

D2026, D2028, D2030 = date(2026, 6, 1), date(2028, 6, 1), date(2030, 6, 1)
FOREVER = Standing("permanent", "12", "permanent", None, long_term=False)
SILENT = Standing("silent", None, None, None, long_term=False)


def period(until: date | None, length: str = "P2Y", *, long_term: bool = False) -> Standing:
    return Standing("period", "14", length, until, long_term, until)


def dossier(until: date | None = None, length: str | None = None) -> Standing:
    return Standing("follows_dossier", "14", length, until, False, until)


@pytest.mark.parametrize(
    ("stands", "new", "shorter"),
    [
        (period(D2028), period(D2030), False),
        (period(D2030), period(D2028), True),
        (period(D2028), period(D2028), False),
        (period(None), period(D2028), False),  # its end has become known
        (period(None), period(None, "P12M"), True),
        (period(D2028), dossier(), False),  # a case was filed: kept until it has ended
        (dossier(), period(D2028), True),  # the case went away
        (dossier(), dossier(None, "P10Y"), False),  # its period was named for the first time
        (dossier(None, "P10Y"), dossier(None, "P1Y"), True),
        (dossier(None, "permanent"), dossier(None, "P30Y"), True),
        (dossier(None, "P10Y"), dossier(D2030, "P10Y"), False),  # it ended
        (dossier(D2030, "P10Y"), dossier(None, "P10Y"), False),
        (FOREVER, period(D2030), True),
        (FOREVER, SILENT, False),
        (SILENT, period(D2030), True),  # no period is kept for ever
        (SILENT, FOREVER, False),
        (period(D2028), FOREVER, False),
        (period(D2028, long_term=True), period(D2030), True),  # the long-term hold fell away
        (period(D2028), period(D2028, long_term=True), False),
    ],
)
def test_what_shortens(stands: Standing, new: Standing, shorter: bool) -> None:
    assert shortens(stands, new) is shorter


def test_a_day_that_stood_once_is_not_undercut_by_way_of_a_dossier() -> None:
    through = carried(period(D2028), dossier())
    assert through.floor == D2028
    assert shortens(through, dossier(D2026, "P1Y"))
    assert not shortens(through, dossier(D2030, "P10Y"))


STANDINGS = st.builds(
    Standing,
    st.sampled_from(["period", "follows_dossier", "permanent", "silent"]),
    st.just("14"),
    st.sampled_from([None, "P6M", "P2Y", "P10Y", "permanent"]),
    st.one_of(st.none(), st.dates(date(2024, 1, 1), date(2060, 1, 1))),
    st.booleans(),
).map(lambda one: replace(one, until=None) if one.for_ever else replace(one, floor=one.until))


@given(STANDINGS)
def test_the_same_again_shortens_nothing(stands: Standing) -> None:
    assert not shortens(stands, stands)


@given(st.lists(STANDINGS, min_size=1, max_size=8))
def test_the_last_day_that_stands_never_comes_nearer(changes: list[Standing]) -> None:
    stands: Standing | None = None
    for new in changes:
        if stands is None or not shortens(stands, new):
            before, stands = stands, carried(stands, new)
            if before and before.until and stands.until:
                assert stands.until >= before.until
            if before and before.for_ever:
                assert stands.for_ever
            if before and before.long_term and not stands.for_ever:
                assert stands.long_term
