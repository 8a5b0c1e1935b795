"""The ledger: gapless, append-only, never going back in time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from the_office import AT

from liuhen.base import clock
from liuhen.base.ledger import publish
from liuhen.base.ledger.append import PROGRAM, EntryTooLargeError, append, salted
from liuhen.base.ledger.models import Entry, Head, Words
from liuhen.base.ledger.verify import verify_ledger
from liuhen.core.canonical import CanonicalError


def _append(agency, data=None, **more):
    with transaction.atomic():
        row = append(agency, "test.noted", "thing:1", by=PROGRAM, at=AT, data=data or {}, **more)
        publish.soon(agency)
    return row


def test_positions_are_gapless_and_the_bytes_say_what_the_columns_say(people):
    agency = people.custodian.agency
    rows = list(Entry.objects.filter(agency=agency).order_by("position"))
    assert [row.position for row in rows] == list(range(len(rows)))
    for row in rows:
        told = json.loads(row.entry)
        assert (told["position"], told["kind"], told["subject"]) == (row.position, row.kind, row.subject)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET kind = 'x' WHERE position = 1",
        "DELETE FROM ledger_entry WHERE position = 1",
        "INSERT OR REPLACE INTO ledger_entry (id, agency_id, position, kind, subject, recorded_at, entry)"
        " SELECT id, agency_id, position, kind, subject, recorded_at, '{}' FROM ledger_entry WHERE position = 1",
    ],
)
def test_the_database_itself_refuses_to_change_history(people, sql):
    before = list(Entry.objects.order_by("pk").values_list("entry", flat=True))
    with pytest.raises(DatabaseError, match="只增不改"), connection.cursor() as cursor:
        cursor.execute(sql)
    assert list(Entry.objects.order_by("pk").values_list("entry", flat=True)) == before


def test_an_entry_outside_a_transaction_is_refused(people):
    with pytest.raises(RuntimeError):
        append(people.custodian.agency, "test.noted", "x", by=PROGRAM, at=AT, data={})


def test_an_entry_rolled_back_leaves_no_hole(people):
    agency = people.custodian.agency
    size = Head.objects.get(agency=agency).size
    with pytest.raises(RuntimeError, match="undo"), transaction.atomic():
        append(agency, "test.noted", "x", by=PROGRAM, at=AT, data={})
        raise RuntimeError("undo")
    assert _append(agency).position == size
    assert verify_ledger(agency).ok


def test_a_clock_set_back_is_itself_an_entry_and_recorded_at_never_goes_back(people, monkeypatch):
    agency = people.custodian.agency
    last = Head.objects.get(agency=agency).recorded_at
    monkeypatch.setattr(clock, "now", lambda: last - timedelta(days=3))
    row = _append(agency)
    jump = Entry.objects.get(agency=agency, position=row.position - 1)
    assert jump.kind == "clock.set_back"
    assert json.loads(jump.entry)["data"]["clock"] == clock.stamp(last - timedelta(days=3))
    times = list(
        Entry.objects.filter(agency=agency).order_by("position").values_list("recorded_at", flat=True)
    )
    assert times == sorted(times)


def test_free_text_stands_beside_the_ledger_and_only_its_salted_digest_inside(people):
    row = _append(people.custodian.agency, words={"reason": "当事人张三投诉"})
    kept = Words.objects.get(agency=people.custodian.agency, position=row.position)
    told = json.loads(row.entry)["data"]["words"]["reason"]
    assert "张三" not in row.entry
    assert kept.text == "当事人张三投诉"
    assert told == salted(kept.text, kept.salt)[0]


@pytest.mark.parametrize("value", [1.5, {"a": float("nan")}, {1: "a"}, {"\U00020000": 1}, b"x"])
def test_a_value_without_a_single_spelling_is_refused(people, value):
    with pytest.raises(CanonicalError):
        _append(people.custodian.agency, data={"value": value})


def test_an_entry_over_the_limit_is_refused_and_nothing_is_written(people):
    agency = people.custodian.agency
    size = Entry.objects.count()
    with pytest.raises(EntryTooLargeError):
        _append(agency, data={"long": "长" * 30_000})
    assert Entry.objects.count() == size
