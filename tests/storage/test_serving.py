# ruff: noqa: F811 (fixtures are imported by name)
"""The one function between people and bytes: who gets what, and that everybody else cannot tell what there is."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from storage.films import FILM, PAGE, PHOTO, SOUND, film_of, filmed, previewed  # noqa: F401
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import CLIP, FILES, original_of, recording_of
from the_office import AT

from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.base.recordings.visits import open_download, open_visit
from liuhen.base.storage import derived
from liuhen.base.storage.reading import NoGoodCopyError
from liuhen.base.storage.serving import Kind, Served, Wanted, serve

VISITED = [Kind.ORIGINAL, Kind.VIEWING, Kind.STRIP, Kind.PEAKS, Kind.SNAPSHOT]
SEES = ["custodian", "officer", "head", "principal", "legal", "archivist"]
SEES_NOT = ["stranger", "sysadmin", "secadmin", "auditor"]


def _visit(recording: Recording, by) -> str:
    return open_visit(recording, by=by, session="s", at=AT).token


def _serve(kind: Kind, recording: Recording, by, *, visit: str = "", name: str = "", session="s") -> Served:
    return serve(Wanted(kind, recording.pk, visit, name), by=by, session=session, at=AT)


def _bytes(served: Served) -> bytes:
    with served.source:
        data = served.source.read()
    assert len(data) == served.size
    return data


@pytest.mark.parametrize("who", SEES)
def test_whoever_may_see_gets_the_originals_bytes_within_a_visit(stocked: Path, people, who: str):
    person, recording = getattr(people, who), recording_of()
    served = _serve(Kind.ORIGINAL, recording, person, visit=_visit(recording, person))
    assert _bytes(served) == FILES[CLIP]
    assert served.etag == f'"{recording.sha256}"'


@pytest.mark.parametrize("who", SEES_NOT)
@pytest.mark.parametrize("kind", Kind)
def test_whoever_may_not_see_cannot_tell_that_it_exists(stocked: Path, people, who: str, kind: Kind):
    recording, person = recording_of(), getattr(people, who)
    token = _visit(recording, people.custodian)
    with pytest.raises(NotFoundError) as there:
        _serve(kind, recording, person, visit=token, name="proof")
    with pytest.raises(NotFoundError) as nowhere:
        serve(Wanted(kind, uuid.uuid4(), token, "proof"), by=person, session="s", at=AT)
    assert str(there.value) == str(nowhere.value)


@pytest.mark.parametrize("kind", VISITED)
@pytest.mark.parametrize("token", ["", "x" * 43, "another person's", "a download's"])
def test_nothing_to_look_at_comes_without_ones_own_visit(previewed: Path, people, kind: Kind, token: str):
    recording = film_of()
    if token == "another person's":
        token = _visit(recording, people.custodian)
    elif token == "a download's":
        token = open_download(recording, by=people.custodian, session="s", at=AT).token
        with pytest.raises(NotFoundError):
            _serve(kind, recording, people.custodian, visit=token)
    with pytest.raises(NotFoundError):
        _serve(kind, recording, people.legal, visit=token)


def test_another_session_of_the_same_person_gets_nothing(stocked: Path, people):
    recording = recording_of()
    with pytest.raises(NotFoundError):
        _serve(
            Kind.ORIGINAL,
            recording,
            people.legal,
            visit=_visit(recording, people.legal),
            session="elsewhere",
        )


def test_what_was_made_for_looking_at_is_served_by_kind(previewed: Path, people):
    recording, token = film_of(), _visit(film_of(), people.legal)
    for kind, mime in ((Kind.STRIP, "image/jpeg"), (Kind.PEAKS, "application/json")):
        served = _serve(kind, recording, people.legal, visit=token)
        assert (served.mime, served.inline) == (mime, True)
        assert _bytes(served)
    thumb = _serve(Kind.THUMBNAIL, recording, people.legal)
    assert _bytes(thumb).startswith(b"\xff\xd8"), "a list needs no visit"
    with pytest.raises(NotFoundError):  # the original plays, so no copy was made
        _serve(Kind.VIEWING, recording, people.legal, visit=token)


def test_before_anything_is_made_it_is_simply_not_there(filmed: Path, people):
    token = _visit(film_of(), people.legal)
    for kind in (Kind.THUMBNAIL, Kind.STRIP, Kind.PEAKS, Kind.VIEWING):
        with pytest.raises(NotFoundError):
            _serve(kind, film_of(), people.legal, visit=token)


def test_a_preview_that_names_a_file_elsewhere_serves_nothing(previewed: Path, people):
    told = derived.folder_of(film_of().pk) / derived.DONE
    made = json.loads(told.read_text())
    for name in ("../../../keys/demo.key", "/etc/hostname", "..", "nowhere.jpg"):
        told.write_text(json.dumps({**made, "thumbnail": name}))
        with pytest.raises(NotFoundError):
            _serve(Kind.THUMBNAIL, film_of(), people.legal)


def test_a_link_in_a_derived_files_place_is_not_followed(previewed: Path, people):
    path = derived.folder_of(film_of().pk) / "thumb.jpg"
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(NotFoundError):
        _serve(Kind.THUMBNAIL, film_of(), people.legal)


@pytest.mark.parametrize(
    ("name", "mime", "inline"),
    [
        (FILM, "video/mp4", True),
        (PHOTO, "image/jpeg", True),
        (SOUND, "audio/wav", True),
        (PAGE, "application/octet-stream", False),
    ],
)
def test_the_analysers_word_says_what_a_file_is_and_what_may_run_is_an_attachment(
    filmed: Path, people, name: str, mime: str, inline: bool
):
    recording = film_of(name)
    served = _serve(Kind.ORIGINAL, recording, people.legal, visit=_visit(recording, people.legal))
    served.source.close()
    assert (served.mime, served.inline) == (mime, inline)


def test_a_download_is_a_file_of_its_own_visit(stocked: Path, people):
    recording = recording_of()
    token = open_download(recording, by=people.custodian, session="s", at=AT).token
    served = _serve(Kind.DOWNLOAD, recording, people.custodian, visit=token)
    assert (_bytes(served), served.inline, served.name) == (FILES[CLIP], False, CLIP)
    with pytest.raises(NotFoundError):
        _serve(Kind.DOWNLOAD, recording, people.custodian, visit=_visit(recording, people.custodian))


def test_a_download_takes_no_name_that_comes_alive(stocked: Path, people):
    recording = recording_of("record.json")
    token = open_download(recording, by=people.custodian, session="s", at=AT).token
    served = _serve(Kind.DOWNLOAD, recording, people.custodian, visit=token)
    served.source.close()
    assert served.name == "原件-record.json.bin"


def test_proof_entry_key_and_record_are_given_to_whoever_may_see(stocked: Path, people):
    recording = recording_of()
    told = {name: _bytes(_serve(Kind.MEMBER, recording, people.legal, name=name)) for name in _MEMBERS}
    assert told["proof"].startswith(b"c2sp.org/tlog-proof@v1\n")
    assert json.loads(told["entry"])["data"]["sha256"] == recording.sha256
    assert told["vkey"] == (stocked / "ledger/demo/vkey").read_bytes()
    assert json.loads(told["record"])["number"] == recording.number
    for name in ("", "original", "../vkey", "key"):
        with pytest.raises(NotFoundError):
            _serve(Kind.MEMBER, recording, people.legal, name=name)


_MEMBERS = ("proof", "entry", "vkey", "record")


@pytest.mark.parametrize("damage", ["missing", "shorter", "a link"])
def test_the_second_store_gives_what_the_first_has_lost(doubled: Path, people, damage: str):
    path, recording = original_of(doubled), recording_of()
    whole = path.read_bytes()
    path.unlink()
    if damage == "shorter":
        path.write_bytes(whole[:-1])
    elif damage == "a link":
        path.symlink_to("/etc/hostname")
    token = _visit(recording, people.legal)
    assert _bytes(_serve(Kind.ORIGINAL, recording, people.legal, visit=token)) == whole
    original_of(doubled, second=True).unlink()
    with pytest.raises(NoGoodCopyError) as lost:
        _serve(Kind.ORIGINAL, recording, people.legal, visit=token)
    assert "liuhen repair" in str(lost.value)
