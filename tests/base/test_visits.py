# ruff: noqa: F811 (fixtures are imported by name)
"""A viewing is one entry a person, recording and session; a token opens nothing anywhere else."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import recording_of
from the_office import AT

from liuhen.base import site
from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Account, RoleGrant
from liuhen.base.recordings.models import Visit
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.base.recordings.visits import open_download, open_visit, visit_with

VIEW, DOWNLOAD = Visit.Purpose.VIEW, Visit.Purpose.DOWNLOAD


def viewings() -> int:
    return Entry.objects.filter(kind="recording.viewed").count()


def _use(visit: Visit, by: Account, *, session="s", at=AT, recording=None, purpose=VIEW, token=None) -> Visit:
    return visit_with(
        token or visit.token,
        recording=(recording or visit.recording).pk,
        purpose=purpose,
        by=by,
        session=session,
        at=at,
    )


@pytest.fixture
def visit(stocked: Path, people) -> Visit:
    return open_visit(recording_of(), by=people.legal, session="s", at=AT)


def test_a_viewing_says_who_what_and_when_and_names_no_party(visit: Visit, people):
    entry = json.loads(Entry.objects.get(kind="recording.viewed").entry)
    assert entry["by"]["account"] == "legal" and entry["subject"] == visit.recording.urn
    assert entry["data"] == {"recording": visit.recording.urn, "sha256": visit.recording.sha256}
    assert visit.position == entry["position"]


def test_however_many_pieces_are_fetched_it_stays_one_entry(visit: Visit, people):
    for second in range(0, 3600, 20):
        _use(visit, people.legal, at=AT + timedelta(seconds=second))
    again = open_visit(visit.recording, by=people.legal, session="s", at=AT + timedelta(seconds=3600))
    assert (again.pk, viewings()) == (visit.pk, 1)


def test_after_the_silence_it_is_another_viewing(visit: Visit, people):
    late = AT + timedelta(minutes=site.current().visit_minutes, seconds=1)
    with pytest.raises(NotFoundError):
        _use(visit, people.legal, at=late)
    again = open_visit(visit.recording, by=people.legal, session="s", at=late)
    assert (again.token != visit.token, viewings()) == (True, 2)


def test_the_office_sets_how_long_the_silence_may_last(visit: Visit, people):
    site.save(site.SiteSettings(visit_minutes=60))
    assert _use(visit, people.legal, at=AT + timedelta(minutes=59)) == visit


def test_the_same_person_elsewhere_views_again(visit: Visit, people):
    assert open_visit(visit.recording, by=people.legal, session="other", at=AT).token != visit.token
    assert viewings() == 2


@pytest.mark.parametrize(
    "wrong", ["person", "session", "recording", "purpose", "token", "nothing", "a stranger"]
)
def test_a_token_opens_nothing_in_any_other_hand(visit: Visit, people, wrong: str):
    refused = {
        "person": lambda: _use(visit, people.custodian),
        "session": lambda: _use(visit, people.legal, session="other"),
        "recording": lambda: _use(visit, people.legal, recording=recording_of("张三询问.txt")),
        "purpose": lambda: _use(visit, people.legal, purpose=DOWNLOAD),
        "token": lambda: _use(visit, people.legal, token=visit.token[:-1] + "x"),
        "nothing": lambda: visit_with(
            "", recording=visit.recording_id, purpose=VIEW, by=people.legal, session="s", at=AT
        ),
        "a stranger": lambda: _use(visit, people.stranger),
    }[wrong]
    with pytest.raises(NotFoundError) as said:
        refused()
    assert "怎么办" in str(said.value)


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "auditor", "stranger", "officer2"])
def test_whoever_may_not_see_it_cannot_visit_it_and_leaves_no_entry(stocked: Path, people, who: str):
    with pytest.raises(NotAllowedError):
        open_visit(recording_of(), by=getattr(people, who), session="s", at=AT)
    assert (viewings(), Visit.objects.count()) == (0, 0)


def test_a_right_that_ended_opens_no_live_visit(visit: Visit, people):
    RoleGrant.objects.filter(account=people.legal).delete()
    with pytest.raises(NotFoundError):
        _use(visit, people.legal)
    with pytest.raises(NotAllowedError):
        open_visit(visit.recording, by=people.legal, session="s", at=AT)


def test_each_download_is_an_entry_and_a_resumed_one_is_the_same(stocked: Path, people):
    first = open_download(recording_of(), by=people.custodian, session="s", at=AT)
    open_download(recording_of(), by=people.custodian, session="s", at=AT)
    assert Entry.objects.filter(kind="recording.downloaded").count() == 2
    for minute in range(0, 60, 5):
        _use(first, people.custodian, purpose=DOWNLOAD, at=AT + timedelta(minutes=minute))
    assert Entry.objects.filter(kind="recording.downloaded").count() == 2


@pytest.mark.parametrize("who", ["officer", "head", "principal", "legal", "archivist"])
def test_only_the_custodian_downloads_originals(stocked: Path, people, who: str):
    with pytest.raises(NotAllowedError) as refused:
        open_download(recording_of(), by=getattr(people, who), session="s", at=AT)
    assert "第十五条" in (refused.value.basis or "")


def test_what_is_long_over_is_forgotten(visit: Visit, people):
    open_visit(recording_of(), by=people.legal, session="s", at=AT + timedelta(days=3))
    assert Visit.objects.filter(pk=visit.pk).count() == 0


def test_the_database_never_holds_the_session_itself(visit: Visit):
    assert visit.session != "s" and len(visit.session) == 64
