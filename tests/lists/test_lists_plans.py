"""How the database means to answer a page: along an index that has the rows in order, never by sorting."""

from __future__ import annotations

import pytest
from django.db import connection
from lists.lists_office import AT, another_unit, fill

from liuhen.base.recordings.lists.facets import edge_statement
from liuhen.base.recordings.lists.filters import Filters, Sort
from liuhen.base.recordings.lists.hits import hits_of
from liuhen.base.recordings.lists.page import Place, statements
from liuhen.base.recordings.lists.query import ask

ASKED = [
    {},
    {"state": ["to_assign"]},
    {"state": ["stored"]},
    {"kind": ["photo"]},
    {"kind": ["photo", "audio"]},
    {"kind": ["video"]},
    {"findings": ["yes"]},
    {"findings": ["no"]},
    {"unit": ["350582000001"]},
    {"officer": ["100001"]},
    {"officer": ["100001", "100002"]},
    {"officer": ["-"]},
    {"device": ["4701A01"]},
    {"month": ["202611"]},
    {"unit": ["350582000001"], "kind": ["photo"], "findings": ["yes"], "state": ["stored"]},
    {"officer": ["100001"], "month": ["202611"]},
    {"from": ["2026-10-10"], "to": ["2026-11-05"]},
    {"q": ["林一鸣"]},
    {"q": ["渔政股"], "kind": ["audio"]},
]


def plan_of(text: str, given: list) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {text}", given)
        return [row[-1] for row in cursor.fetchall()]


@pytest.mark.parametrize("analysed", [False, True])
def test_every_page_is_walked_along_an_index(people, analysed):
    if connection.vendor != "sqlite":
        pytest.skip("the plans are SQLite's")
    another_unit(people.custodian.agency)
    fill(people.custodian.agency, 300)
    if analysed:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    looked = 0
    for given in ASKED:
        for sort in Sort:
            for who in (people.custodian, people.officer):
                query = ask(who, Filters.read({**given, "sort": [sort]}), AT)
                for back in (False, True):
                    for statement in statements(query, hits_of(query), 50, start=Place(1, 1), back=back):
                        plan = plan_of(statement.text, statement.given)
                        looked += 1
                        assert not [
                            step for step in plan if "TEMP B-TREE" in step or step.startswith("SCAN")
                        ], (
                            statement.text,
                            plan,
                        )
    assert looked > 300


def test_the_ends_of_a_span_are_counted_from_one_index_alone(people):
    if connection.vendor != "sqlite":
        pytest.skip("the plans are SQLite's")
    fill(people.custodian.agency, 300)
    query = ask(people.custodian, Filters.read({"from": ["2026-10-10"], "to": ["2026-11-05"]}), AT)
    statement = edge_statement(query, query.span)
    steps = plan_of(statement.text, statement.given)
    assert [step for step in steps if "COVERING INDEX listed_taken" in step], steps
