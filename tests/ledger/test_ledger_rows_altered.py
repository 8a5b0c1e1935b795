"""Whoever reaches past the program into the database is named by position."""

from __future__ import annotations

import pytest
from django.db import transaction
from ledger_sim import AT, COLUMNS, alter, grow, published_ledger, sql

from liuhen.base.ledger import publish
from liuhen.base.ledger.append import PROGRAM, append
from liuhen.base.ledger.models import Entry, Head
from liuhen.base.ledger.verify import verify_ledger
from liuhen.core.tlog.merkle import Frontier, leaf_hash


@pytest.fixture
def agency(people):
    return published_ledger(people.custodian.agency)


def _found(agency):
    return [(finding.position, finding.code) for finding in verify_ledger(agency).findings]


def test_an_untouched_ledger_is_found_whole_and_its_root_is_the_signed_one(agency):
    report = verify_ledger(agency)
    tree = Frontier()
    for text in Entry.objects.filter(agency=agency).order_by("position").values_list("entry", flat=True):
        tree.append(leaf_hash(text.encode()))
    assert report.ok, report.findings
    assert (report.size, report.root) == (700, tree.root())
    assert report.root == publish.published(agency.code).root


@pytest.mark.parametrize("positions", [[0], [255], [256], [511], [512], [699], [3, 4, 300, 699]])
def test_an_altered_row_is_named(agency, positions):
    for position in positions:
        alter(agency, position)
    assert _found(agency) == [(position, "row_altered") for position in positions]


def test_entries_that_changed_places_are_both_named(agency):
    texts = dict(Entry.objects.filter(agency=agency, position__in=[7, 300]).values_list("position", "entry"))
    for position, other in ((7, 300), (300, 7)):
        sql(
            "UPDATE ledger_entry SET entry = %s WHERE agency_id = %s AND position = %s",
            texts[other],
            agency.pk,
            position,
        )
    assert _found(agency) == [(7, "row_altered"), (300, "row_altered")]


@pytest.mark.parametrize(
    "column, value",
    [
        ("kind", "recording.stored"),
        ("subject", "urn:uuid:00000000-0000-4000-8000-000000000000"),
        ("recorded_at", "2020-01-01 00:00:00"),
        ("kind", 'recording.viewed","position":400,"x":"'),
        ("subject", b"\xff\xfe"),
    ],
)
def test_a_column_that_says_otherwise_than_its_entry_is_named(agency, column, value):
    sql(f"UPDATE ledger_entry SET {column} = %s WHERE agency_id = %s AND position = 400", value, agency.pk)
    assert _found(agency) == [(400, "column_altered")]


def test_a_column_cannot_borrow_words_from_inside_an_entry(people):
    """`kind` may hold any text; with quotation marks in it, it could look like an entry's own end."""
    agency = people.custodian.agency
    with transaction.atomic():
        row = append(agency, "test.noted", "thing:1", by=PROGRAM, at=AT, data={"a": {"kind": "film"}})
    publish.publish(agency)
    tail = row.entry[row.entry.index('"kind":"film') + len('"kind":"') :]
    forged = tail[: tail.index('","position"')]
    sql("UPDATE ledger_entry SET kind = %s WHERE id = %s", forged, row.pk)
    assert _found(agency) == [(row.position, "column_altered")]


@pytest.mark.parametrize("entry", ["", "{}", "null", b"\xff\x00", "x" * 70_000])
def test_a_row_that_is_no_entry_at_all_is_named_too(agency, entry):
    sql("UPDATE ledger_entry SET entry = %s WHERE agency_id = %s AND position = 400", entry, agency.pk)
    assert _found(agency) == [(400, "row_altered")]


@pytest.mark.parametrize("positions", [[0], [300], [255, 256], [10, 500], list(range(256, 512))])
def test_a_row_taken_out_of_the_middle_is_named(agency, positions):
    marks = ", ".join(str(position) for position in positions)
    sql(f"DELETE FROM ledger_entry WHERE agency_id = %s AND position IN ({marks})", agency.pk)
    first_of_each_hole = [one for one in positions if one - 1 not in positions]
    assert _found(agency) == [(one, "row_missing") for one in first_of_each_hole]


def test_behind_a_hole_rows_are_still_compared(agency):
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position = 100", agency.pk)
    alter(agency, 101)
    alter(agency, 600)
    assert _found(agency) == [(100, "row_missing"), (101, "row_altered"), (600, "row_altered")]


@pytest.mark.parametrize("left", [0, 1, 256, 511, 512, 699])
def test_a_tail_cut_off_is_named_even_when_the_head_was_set_back_with_it(agency, left):
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position >= %s", agency.pk, left)
    assert _found(agency) == [(left, "tail_cut"), (None, "head_differs")]
    Head.objects.filter(agency=agency).update(size=left)
    assert _found(agency) == [(left, "tail_cut")]


def test_a_row_put_in_behind_the_head_is_noticed(agency):
    sql(
        f"INSERT INTO ledger_entry ({COLUMNS}) SELECT agency_id, 700, kind, subject, recorded_at, entry"
        " FROM ledger_entry WHERE agency_id = %s AND position = 699",
        agency.pk,
    )
    assert (None, "head_differs") in _found(agency)


@pytest.mark.parametrize("position", [-1, "zz"])
def test_a_row_under_no_position_of_the_log_is_noticed(agency, position):
    sql(
        f"INSERT INTO ledger_entry ({COLUMNS}) SELECT agency_id, %s, kind, subject, recorded_at, entry"
        " FROM ledger_entry WHERE agency_id = %s AND position = 5",
        position,
        agency.pk,
    )
    assert _found(agency) == [(None, "row_extra")]


def test_a_row_far_behind_the_end_is_noticed_at_once(agency):
    sql(
        f"INSERT INTO ledger_entry ({COLUMNS}) SELECT agency_id, %s, kind, subject, recorded_at, entry"
        " FROM ledger_entry WHERE agency_id = %s AND position = 5",
        2**62,
        agency.pk,
    )
    assert _found(agency) == [(700, "row_missing"), (2**62, "column_altered"), (None, "head_differs")]


def test_many_findings_are_listed_up_to_a_measure_and_the_rest_is_counted(agency):
    sql("UPDATE ledger_entry SET entry = entry || ' ' WHERE agency_id = %s", agency.pk)
    report = verify_ledger(agency)
    assert len(report.findings) == 200
    assert report.more == 500
    assert report.as_json()["more"] == 500


def test_rows_not_yet_published_are_no_fault_and_their_columns_are_checked(agency):
    grow(agency, 1300)
    assert _found(agency) == []
    sql("UPDATE ledger_entry SET kind = 'x' WHERE agency_id = %s AND position = 1000", agency.pk)
    assert _found(agency) == [(1000, "column_altered")]


def test_a_head_that_counts_otherwise_is_a_finding(agency):
    Head.objects.filter(agency=agency).update(size=701)
    assert _found(agency) == [(None, "head_differs")]
