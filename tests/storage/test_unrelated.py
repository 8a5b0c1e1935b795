# ruff: noqa: F811 (fixtures are imported by name)
"""无关内容: flagged by one, handled by another, nothing removed; restricted, no way leads to its bytes for the rest."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from storage.films import FILM, PHOTO, film_of, filmed  # noqa: F401
from storage.storage_office import original_of
from the_office import AT

from liuhen.base.acts import NotAllowedError, ReasonMissingError, WrongStateError
from liuhen.base.devices import replay as devices
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry
from liuhen.base.people import replay as people_replay
from liuhen.base.recordings.models import Finding, Recording, Unrelated
from liuhen.base.recordings.selectors import (
    NotFoundError,
    WithheldError,
    content_for,
    not_withheld,
    visible_to,
)
from liuhen.base.recordings.unrelated import AlreadyFlaggedError, Part, flag_unrelated, flags_for, handle_flag
from liuhen.base.recordings.visits import open_download, open_visit
from liuhen.base.storage import derived, rebuilding
from liuhen.base.storage.export_zip import export_archive
from liuhen.base.storage.serving import Kind, Wanted, made_for, serve
from liuhen.base.storage.stills import take_still
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import UsageError
from liuhen.core.media.sandbox import Analyser
from liuhen.stages.ingest import replay as ingest_replay

_STATE = Unrelated.State
KEPT_OUT = ["officer", "head", "archivist"]  # they may know of it, and not look at it
STILL_IN = ["custodian", "legal", "principal"]


def _flag(people, *, by="custodian", part=None, reason="午餐时误录") -> Unrelated:
    return flag_unrelated(film_of(), part, reason=reason, by=getattr(people, by), at=AT)


def _restrict(people) -> Unrelated:
    row = _flag(people)
    handle_flag(row, _STATE.RESTRICTED, reason="确属私人谈话", by=people.legal, at=AT)
    return row


@pytest.mark.parametrize("who", ["custodian", "head", "legal"])
def test_those_who_look_at_recordings_may_flag_one_with_a_reason(filmed: Path, people, who: str):
    row = _flag(people, by=who)
    assert (row.state, row.number, row.flagged_by) == (_STATE.OPEN, 1, getattr(people, who))
    entry = json.loads(Entry.objects.get(kind="recording.flagged").entry)
    told = {"recording": film_of().urn, "flag": 1, "start_ms": None, "end_ms": None}
    assert {key: entry["data"][key] for key in told} == told
    assert "误录" not in json.dumps(entry, ensure_ascii=False), "free text stands beside the ledger"
    assert entry["basis"] == ["jinjiang-agri/3"]


@pytest.mark.parametrize(
    "who", ["officer", "officer2", "principal", "archivist", "sysadmin", "secadmin", "auditor", "stranger"]
)
def test_nobody_else_may_flag(filmed: Path, people, who: str):
    with pytest.raises(NotAllowedError):
        _flag(people, by=who)
    assert not Unrelated.objects.exists()


def test_a_flag_needs_a_reason(filmed: Path, people):
    with pytest.raises(ReasonMissingError):
        _flag(people, reason="  ")


@pytest.mark.parametrize("part", [Part(-1, 500), Part(500, 500), Part(800, 300), Part(0, 9_000_000)])
def test_a_part_lies_within_the_recording(filmed: Path, people, part: Part):
    with pytest.raises(UsageError):
        _flag(people, part=part)


def test_a_photograph_has_no_parts(filmed: Path, people):
    with pytest.raises(UsageError):
        flag_unrelated(film_of(PHOTO), Part(0, 1), reason="误拍", by=people.custodian, at=AT)


def test_the_same_part_is_flagged_once_until_it_is_held_to_be_kept(filmed: Path, people):
    first = _flag(people, part=Part(0, 500))
    _flag(people, part=Part(500, 900))
    with pytest.raises(AlreadyFlaggedError):
        _flag(people, part=Part(0, 500), by="legal")
    handle_flag(first, _STATE.KEPT, reason="执法所需", by=people.legal, at=AT)
    assert _flag(people, part=Part(0, 500)).number == 3


@pytest.mark.parametrize("decision", [_STATE.KEPT, _STATE.RESTRICTED])
@pytest.mark.parametrize("who", ["head", "legal"])
def test_another_person_decides(filmed: Path, people, who: str, decision: Unrelated.State):
    row = _flag(people)
    handle_flag(row, decision, reason="已核对", by=getattr(people, who), at=AT)
    assert (row.state, row.handled_by) == (decision, getattr(people, who))
    entry = json.loads(Entry.objects.get(kind="recording.flag_handled").entry)
    told = {"recording": film_of().urn, "flag": 1, "decision": str(decision)}
    assert {key: entry["data"][key] for key in told} == told


def test_whoever_flagged_does_not_decide(filmed: Path, people):
    row = _flag(people, by="legal")
    with pytest.raises(NotAllowedError):
        handle_flag(row, _STATE.RESTRICTED, reason="我说了算", by=people.legal, at=AT)
    row.refresh_from_db()
    assert row.state == _STATE.OPEN


@pytest.mark.parametrize("who", ["custodian", "officer", "principal", "archivist", "sysadmin", "stranger"])
def test_nobody_else_decides(filmed: Path, people, who: str):
    row = _flag(people, by="head")
    with pytest.raises(NotAllowedError):
        handle_flag(row, _STATE.RESTRICTED, reason="越权", by=getattr(people, who), at=AT)


def test_a_decision_needs_a_reason_and_is_one_of_the_two(filmed: Path, people):
    row = _flag(people)
    with pytest.raises(ReasonMissingError):
        handle_flag(row, _STATE.KEPT, reason="", by=people.legal, at=AT)
    with pytest.raises(UsageError):
        handle_flag(row, _STATE.OPEN, reason="再想想", by=people.legal, at=AT)


def test_what_is_held_to_be_kept_stays_so_and_a_restriction_can_be_lifted(filmed: Path, people):
    row = _restrict(people)
    handle_flag(row, _STATE.KEPT, reason="经复核与执法有关", by=people.head, at=AT)
    assert not_withheld(film_of(), people.officer, AT)
    with pytest.raises(WrongStateError):
        handle_flag(row, _STATE.RESTRICTED, reason="反悔", by=people.legal, at=AT)


def test_nothing_is_removed_by_it(filmed: Path, people):
    before = original_of(filmed, FILM).read_bytes()
    _restrict(people)
    assert original_of(filmed, FILM).read_bytes() == before
    assert Recording.objects.filter(name=FILM).exists()


def test_an_open_flag_withholds_nothing(filmed: Path, people):
    _flag(people)
    for who in [*KEPT_OUT, *STILL_IN]:
        assert not_withheld(film_of(), getattr(people, who), AT)


@pytest.fixture
def shown(filmed: Path, people) -> dict[str, str]:
    """Everything is made, and everybody has a visit from before; then it is restricted."""
    with Analyser() as analyser:
        derived.make_previews(Recording.objects.all(), open_stores(), analyser, on_done=lambda made: None)
    take_still(film_of(), 0.5, open_stores(), by=people.officer, at=AT)
    visits = {
        who: open_visit(film_of(), by=getattr(people, who), session="s", at=AT).token
        for who in [*KEPT_OUT, *STILL_IN]
    }
    _restrict(people)
    return visits


def _serve(kind: Kind, person, token: str):
    name = film_of().snapshots.get().number if kind == Kind.SNAPSHOT else "record"
    return serve(Wanted(kind, film_of().pk, token, name), by=person, session="s", at=AT)


@pytest.mark.parametrize("who", KEPT_OUT)
def test_restricted_no_way_leads_to_its_bytes(shown: dict[str, str], people, who: str):
    person = getattr(people, who)
    assert made_for(film_of())[Kind.THUMBNAIL]
    for kind in Kind:
        with pytest.raises(NotFoundError):
            _serve(kind, person, shown[who])
    for act in (
        lambda: open_visit(film_of(), by=person, session="other", at=AT + timedelta(hours=1)),
        lambda: open_visit(film_of(), by=person, session="s", at=AT),
        lambda: open_download(film_of(), by=person, session="s", at=AT),
        lambda: take_still(film_of(), 0.2, open_stores(), by=person, at=AT),
        lambda: export_archive(film_of(), open_stores(), by=person, at=AT),
    ):
        with pytest.raises(NotAllowedError):
            act()
    with pytest.raises(WithheldError) as refused:
        not_withheld(film_of(), person, AT)
    assert "限制查看" in refused.value.message
    assert visible_to(person, AT).filter(pk=film_of().pk).exists(), "it is known to be there"
    assert not content_for(person, AT).filter(pk=film_of().pk).exists()
    assert content_for(person, AT).filter(pk=film_of(PHOTO).pk).exists(), "another recording is not"


@pytest.mark.parametrize("who", STILL_IN)
def test_restricted_the_few_go_on(shown: dict[str, str], people, who: str):
    person = getattr(people, who)
    for kind in (Kind.ORIGINAL, Kind.STRIP, Kind.PEAKS, Kind.SNAPSHOT, Kind.THUMBNAIL, Kind.MEMBER):
        with _serve(kind, person, shown[who]).source as source:
            assert source.read()


def test_the_register_is_for_those_who_deal_with_it(filmed: Path, people):
    _flag(people)
    for who in ("custodian", "head", "legal", "principal"):
        assert flags_for(getattr(people, who), AT).count() == 1
    for who in ("officer", "archivist", "sysadmin", "auditor", "stranger"):
        assert flags_for(getattr(people, who), AT).count() == 0


def test_flags_and_measures_come_back_when_the_database_is_made_again(
    shown: dict[str, str], people, filmed: Path
):
    from django.db import connection

    _flag(people, by="head", part=Part(100, 900))
    columns = ("recording__number", "number", "start_ms", "end_ms", "state", "flagged_by__username")
    columns += ("flagged_at", "handled_by__username", "handled_at")
    before = list(Unrelated.objects.order_by("number").values_list(*columns))
    measured = list(Finding.objects.order_by("recording", "code").values_list("code", "text"))
    publish.publish(people.custodian.agency)
    connection.close()
    for path in filmed.glob("db.sqlite3*"):
        path.unlink()
    replayers = {**people_replay.REPLAYERS, **devices.REPLAYERS, **ingest_replay.REPLAYERS}
    report = rebuilding.rebuild(replayers, replace=False, at=AT)
    assert report.ok, report.differences
    assert list(Unrelated.objects.order_by("number").values_list(*columns)) == before
    assert list(Finding.objects.order_by("recording", "code").values_list("code", "text")) == measured
    assert any(code == "low_resolution" for code, _ in measured)
