"""Rows, counters and words follow the recordings through any sequence of acts."""

from __future__ import annotations

import random
import threading
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lists.lists_office import AT, fill, mark, store_row
from stages.ingest_office import take

from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Head
from liuhen.base.people.models import Officer
from liuhen.base.recordings.lists import rows as lists
from liuhen.base.recordings.lists.cells import Facts
from liuhen.base.recordings.lists.filters import Filters
from liuhen.base.recordings.lists.models import Cell, Following, Listed, Total
from liuhen.base.recordings.lists.rows import catch_up, differences, follow, make_again
from liuhen.base.recordings.lists.search import find
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.amend import Owner, assign
from liuhen.base.storage.stores import open_stores


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    for number in range(3):
        name = f"4701A01_100001_2026111908000{number}_000{number}.mp4"
        (folder / name).write_bytes(b"film %d" % number)
    (folder / "张三询问.txt").write_bytes(b"words")
    return folder


def test_a_card_taken_in_is_listed_counted_and_found(people, card):
    take(people.custodian, card)
    assert Listed.objects.count() == 4
    assert sum(Cell.objects.values_list("n", flat=True)) == 4
    assert differences() == []


def test_assigning_and_correcting_move_the_count(people, card):
    take(people.custodian, card)
    row = Recording.objects.get(name="张三询问.txt")
    stores = open_stores()
    first = Owner(Device.objects.get(serial="4701A01"), Officer.objects.get(staff_no="100001"))
    assign(row, first, stores, reason="说明", by=people.custodian, at=AT)
    assert differences() == []
    assert not Cell.objects.filter(state="to_assign").exists()
    row.refresh_from_db()
    assign(
        row,
        Owner(None, Officer.objects.get(staff_no="100002")),
        stores,
        reason="改",
        by=people.custodian,
        at=AT,
    )
    assert differences() == []
    listed = Listed.objects.get(recording=row.pk)
    assert (listed.device, listed.holder) == (0, Officer.objects.get(staff_no="100002").pk)


def test_an_act_that_fails_leaves_the_lists_alone(people, card, monkeypatch):
    take(people.custodian, card)
    row = Recording.objects.get(name="张三询问.txt")
    monkeypatch.setattr("liuhen.base.storage.versions.follow", lambda _: 1 / 0)
    owner = Owner(None, Officer.objects.get(staff_no="100002"))
    with pytest.raises(ZeroDivisionError):
        assign(row, owner, open_stores(), reason="说明", by=people.custodian, at=AT)
    row.refresh_from_db()
    assert row.state == "to_assign"
    assert differences() == []


_STEPS = st.lists(st.sampled_from(["store", "change", "find", "again", "undo"]), min_size=1, max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, seed=st.integers(0, 10_000))
def test_counters_equal_a_fresh_count_after_any_sequence(people, steps, seed):
    chance = random.Random(seed)
    agency = people.custodian.agency
    officers, devices = [None, *Officer.objects.filter(agency=agency)], [None, *Device.objects.all()]
    with transaction.atomic():
        for step in steps:
            _step(step, chance, agency, officers, devices)
        assert differences() == []
        transaction.set_rollback(True)


def _step(step, chance, agency, officers, devices):
    rows = list(Recording.objects.filter(agency=agency))
    if step == "store" or not rows:
        first = 1 + max((row.position for row in rows), default=0)
        follow(
            [
                store_row(agency, first + more, holder=chance.choice(officers))
                for more in range(chance.randint(1, 4))
            ]
        )
    elif step == "change":
        some = chance.sample(rows, min(3, len(rows)))
        for row in some:
            row.holder, row.device = chance.choice(officers), chance.choice(devices)
            row.state = chance.choice(("stored", "to_assign"))
            row.unit = row.holder.unit if row.holder else None
            row.save()
        follow(some)
    elif step == "find":
        row = chance.choice(rows)
        mark(row, chance.choice(("note", "warning")))
        follow([row])
    elif step == "again":
        make_again()
    else:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            follow([store_row(agency, 900_000)])
            raise ZeroDivisionError


def test_two_writers_at_once_add_up(people, home):
    agency = people.custodian.agency
    errors = []

    def write(first):
        try:
            for position in range(first, first + 8):
                with transaction.atomic():
                    Head.objects.select_for_update().get(agency=agency)
                    follow([store_row(agency, position)])
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(first,)) for first in (1, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(Cell.objects.values_list("n", flat=True)) == 16
    assert differences() == []


def test_lists_are_made_again_from_nothing(people):
    fill(people.custodian.agency, 60)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE recordings_cell SET n = n + 5")
        cursor.execute("DELETE FROM recordings_listed WHERE id % 2 = 0")
    assert differences() != []
    assert make_again() == 60
    assert differences() == []


def test_rows_from_before_are_given_their_cells(people):
    fill(people.custodian.agency, 60)
    Listed.objects.update(cell=0)
    assert differences() != []
    filled = import_module("liuhen.base.recordings.migrations.0006_listed_cell")
    with connection.cursor() as cursor:
        cursor.execute(filled._FILL)
    assert differences() == []


def test_totals_are_filled_from_the_cells_there_are(people):
    fill(people.custodian.agency, 60)
    Total.objects.all().delete()
    assert differences() == ["totals"]
    filled = import_module("liuhen.base.recordings.migrations.0007_totals")
    with connection.cursor() as cursor:
        for column in Facts._fields:
            cursor.execute(filled._fill(column))
    assert differences() == []


def test_beside_the_list_of_everything_stand_totals_and_no_cell_is_read(people):
    fill(people.custodian.agency, 60)
    with CaptureQueriesContext(connection) as asked:
        counts = find(people.custodian, Filters(), at=AT).counts
    assert counts.total == 60
    assert not [one["sql"] for one in asked if "recordings_cell" in one["sql"]]
    by_cells = Counter()
    for cell in Cell.objects.all():
        by_cells[cell.state] += cell.n
    assert {one.value: one.n for one in counts.facets[0].choices} == dict(by_cells)


def test_a_search_stands_without_its_counters(people):
    fill(people.custodian.agency, 60)
    Cell.objects.all().delete()
    for text in ("市场", "林一鸣", "检查 林一鸣"):
        find(people.custodian, Filters.read({"q": [text], "kind": ["video"]}), at=AT)


def test_another_version_of_the_rules_makes_them_again(people, monkeypatch):
    fill(people.custodian.agency, 10)
    Cell.objects.all().delete()
    catch_up()
    assert not Cell.objects.exists()  # the version is the same: nobody looks
    monkeypatch.setattr(lists, "VERSION", "other")
    catch_up()
    assert differences() == []
    assert list(Following.objects.values_list("version", flat=True)) == ["other"]


def test_following_twice_changes_nothing(people):
    rows = fill(people.custodian.agency, 20)
    before = Counter(Cell.objects.values_list("n", flat=True))
    with transaction.atomic():
        follow(rows)
    assert Counter(Cell.objects.values_list("n", flat=True)) == before
    assert differences() == []
