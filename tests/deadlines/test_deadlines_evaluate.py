"""A stored recording's facts by the short road and by the long one, and what is taken off while all is written anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deadlines.deadlines_office import store
from hypothesis import given
from hypothesis import strategies as st

import liuhen
from liuhen.base import packs
from liuhen.base.clock import stamp
from liuhen.base.deadlines import evaluate, follow
from liuhen.base.people.models import Agency
from liuhen.core.rules.clocks import duties_of
from liuhen.core.rules.holding import standing_of
from liuhen.core.rules.pack import Pack

MOMENTS = st.none() | st.datetimes(
    datetime(2000, 1, 1),
    datetime(2099, 12, 28),
    timezones=st.just(UTC),
).map(stamp)
PACKS = ("ankang-agri", "baofeng-forestry", "jinjiang-agri", "pengyang", "shifanqu-bianban")


def shipped(name: str) -> Pack:
    return packs.read(Path(liuhen.__file__).parent / "packs" / name)


@given(ended=MOMENTS, handed=MOMENTS, name=st.sampled_from(PACKS))
def test_the_short_road_sees_what_the_long_one_sees(ended: str | None, handed: str | None, name: str):
    told = {"recordings": [{"ended_at": ended}], "handover": {"at": handed}, "met": {"store": "x"}}
    long = evaluate._read(told)
    short = evaluate._of_a_recording(told) or long
    assert (short.day, short.assumed, short.plain) == (long.day, long.assumed, long.plain)
    assert short.facts.model_dump() == long.facts.model_dump()
    pack, calendar = shipped(name), packs.calendar()
    assert duties_of(pack, short.facts, calendar) == duties_of(pack, long.facts, calendar)
    assert evaluate.Keeps().of(pack, short) == standing_of(pack, long.facts)


def test_the_short_road_is_taken():
    """Or the property above would compare the long road with itself."""
    assert evaluate._of_a_recording(
        {"recordings": [{"ended_at": "2026-11-19T23:59:59.000000Z"}], "handover": {"at": None}}
    )


@pytest.mark.parametrize(
    "told",
    [
        {"recordings": [{"ended_at": "2026-02-30T00:00:00.000000Z"}], "handover": {"at": None}},
        {"recordings": [{"ended_at": 5}], "handover": {"at": None}},
        {"recordings": [{"ended_at": "2026-11-19T23:59:59Z"}], "handover": {"at": None}},
        {"recordings": [{"ended_at": None, "evidence": True}], "handover": {"at": None}},
        {"recordings": [{"ended_at": None}] * 2, "handover": {"at": None}},
        {"recordings": [{"ended_at": None}], "handover": {"at": None}, "case": {"filed_at": None}},
        {"recordings": [{"ended_at": None}]},
        {"recordings": [], "handover": {"at": None}},
    ],
)
def test_everything_else_goes_the_long_road(told: dict[str, Any]):
    assert evaluate._of_a_recording(told) is None


def test_recordings_of_one_day_are_answered_alike_only_where_nothing_else_is_known():
    pack, keeps = shipped("jinjiang-agri"), evaluate.Keeps()
    day = {"recordings": [{"ended_at": "2026-11-19T01:00:00.000000Z"}], "handover": {"at": None}}
    plain = keeps.of(pack, evaluate.seen_of(day))
    special = evaluate.seen_of({**day, "activity": {"events": ["assault"]}})
    assert not special.plain
    assert keeps.of(pack, special) == standing_of(pack, special.facts) != plain


def test_a_rebuild_leaves_the_indexes_it_found(home: Path):
    from django.db import connection

    def indexes() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name")
            return cursor.fetchall()

    if connection.vendor != "sqlite":
        pytest.skip("indexes are taken off on SQLite only")
    agency = Agency.objects.order_by("pk")[0]
    for number in range(3):
        at = datetime(2026, 11, 19, tzinfo=UTC) + timedelta(hours=number)
        store(agency, number, stamp(at), handed=stamp(at))
    before = indexes()
    follow.rebuild(agency)
    assert indexes() == before


def test_a_rebuild_that_fails_leaves_the_indexes_too(home: Path, monkeypatch: pytest.MonkeyPatch):
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("indexes are taken off on SQLite only")
    names = "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name"
    with connection.cursor() as cursor:
        before = cursor.execute(names).fetchall()
    monkeypatch.setattr(follow, "catch_up", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        follow.rebuild(Agency.objects.order_by("pk")[0])
    with connection.cursor() as cursor:
        assert cursor.execute(names).fetchall() == before
