"""Deadlines for machines: the same rows as the page and the terminal, read up to the ledger before the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from api_office import bearer, token
from deadlines.deadlines_office import store
from django.test import Client

from liuhen.base import clock
from liuhen.base.clock import stamp
from liuhen.base.people.models import Agency
from liuhen.doors import following

ClientOf = Callable[..., Client]


@pytest.fixture
def told(people: SimpleNamespace) -> Agency:
    """Three recordings: handed over in time, late, and nobody knows when the third ended."""
    agency: Agency = people.legal.agency
    Agency.objects.filter(pk=agency.pk).update(founded_pack="jinjiang-agri", pack="jinjiang-agri")
    now = clock.now()
    ended = now - timedelta(days=3)
    store(agency, 1, stamp(ended), handed=stamp(ended + timedelta(hours=2)))
    store(agency, 2, stamp(ended), handed=stamp(ended + timedelta(hours=50)))
    store(agency, 3, None, handed=stamp(now))
    return agency


def test_a_machine_reads_what_is_met_late_and_waiting(
    told: Agency, people: SimpleNamespace, client_of: ClientOf
) -> None:
    machine = client_of(headers=bearer(token(people, "recordings:read")))
    met = machine.get("/api/v1/deadlines?state=met").json()
    handed = [one["state"] for one in met["items"] if one["duty"] == "handover"]
    assert sorted(handed) == ["late", "met", "met"], (
        "when the third ended nobody knows: it is not called late"
    )
    assert {one["article"] for one in met["items"] if one["duty"] == "handover"} == {"11"}
    assert met["items"][0]["recording"].startswith("urn:uuid:")
    assert met["behind"] == 0


def test_pages_of_one_go_on_where_the_last_ended(told: Agency, client_of: ClientOf) -> None:
    client, cursor, seen = client_of("custodian"), "", []
    for _ in range(10):
        page = client.get("/api/v1/deadlines", {"state": "met", "size": 1, "cursor": cursor}).json()
        seen += [(one["subject"], one["duty"]) for one in page["items"]]
        cursor = page["after"] or ""
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == len(client.get("/api/v1/deadlines?state=met").json()["items"]) > 1


def test_who_sees_no_recording_sees_no_deadline(told: Agency, client_of: ClientOf) -> None:
    client_of("custodian").get("/api/v1/deadlines")
    for who in ("sysadmin", "secadmin", "stranger", "officer2"):
        assert client_of(who).get("/api/v1/deadlines?state=met").json()["items"] == [], who


def test_an_unknown_state_is_refused(told: Agency, client_of: ClientOf) -> None:
    answer = client_of("custodian").get("/api/v1/deadlines?state=late")
    assert answer.status_code == 422 and answer.json()["remedy"]


def test_what_is_left_to_read_is_said(
    told: Agency, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 1)
    assert client_of("custodian").get("/api/v1/deadlines").json()["behind"] > 0
