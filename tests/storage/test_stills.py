# ruff: noqa: F811 (fixtures are imported by name)
"""Stills: numbered, provable, in the recording's own object; the original never moves."""

from __future__ import annotations

import io
import json
from pathlib import Path

import ocfl.validator
import pytest
from storage.films import FILM, PHOTO, SOUND, film_of, filmed  # noqa: F401
from storage.storage_office import root_of
from the_office import AT

from liuhen.base import home as homes
from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.recordings.models import Recording, Snapshot
from liuhen.base.recordings.visits import open_visit
from liuhen.base.storage.amend import Owner, assign
from liuhen.base.storage.fixity import verify_stores
from liuhen.base.storage.reading import record_of
from liuhen.base.storage.rebuilding import rebuild
from liuhen.base.storage.repair import repair_stores
from liuhen.base.storage.serving import Kind, Wanted, serve
from liuhen.base.storage.stills import NotAFilmError, take_still
from liuhen.base.storage.stores import add_store, open_stores
from liuhen.core.digests import digests_of
from liuhen.core.media.asking import NoPictureError
from liuhen.core.ocfl.layout import object_path

pytestmark = pytest.mark.slow


def _take(by, seconds: float = 1.0, recording: Recording | None = None) -> Snapshot:
    return take_still(recording or film_of(), seconds, open_stores(), by=by, at=AT)


def _served(still: Snapshot, by) -> bytes:
    token = open_visit(still.recording, by=by, session="s", at=AT).token
    with serve(
        Wanted(Kind.SNAPSHOT, still.recording_id, token, still.number), by=by, session="s", at=AT
    ).source as source:
        return source.read()


def test_a_still_is_numbered_stored_and_provable(filmed: Path, people):
    before = film_of()
    still = _take(people.legal, 1.0)
    row = film_of()
    assert still.number == f"{row.number}-S01"
    assert (still.time_us, still.width, still.height) == (1_000_000, 64, 48)
    entry = json.loads(Entry.objects.filter(kind="recording.snapshot").get().entry)
    data = _served(still, people.legal)
    digests = digests_of(data)
    assert (still.sha256, still.sm3, still.bytes) == (digests.sha256, digests.sm3, digests.size)
    told = {key: entry["data"][key] for key in ("snapshot", "sha256", "sm3", "bytes", "time_us")}
    assert told == {
        "snapshot": still.number,
        "sha256": digests.sha256,
        "sm3": digests.sm3,
        "bytes": digests.size,
        "time_us": 1_000_000,
    }
    assert entry["by"]["account"] == "legal" and entry["data"]["record_sha256"] == row.record_sha256
    assert (row.head, row.sha256, row.state) == ("v2", before.sha256, before.state)
    described = record_of(row)["snapshots"][0]
    assert (described["of"], described["taken"]["by"]["account"]) == (row.sha256, "legal")


def test_it_is_the_picture_that_was_recorded(filmed: Path, people):
    import av
    import numpy as np
    from PIL import Image

    still = _take(people.legal, 1.0)
    path = root_of(filmed) / object_path(film_of().urn) / "v1/content/original" / FILM
    with av.open(str(path)) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    with Image.open(io.BytesIO(_served(still, people.legal))) as image:
        assert np.array_equal(np.asarray(image), np.asarray(frames[25]))


def test_numbers_go_on_and_a_still_of_the_same_moment_is_another(filmed: Path, people):
    stills = [_take(people.custodian, seconds) for seconds in (0.5, 0.5, 1.5)]
    assert [still.number[-4:] for still in stills] == ["-S01", "-S02", "-S03"]
    assert stills[0].sha256 == stills[1].sha256 != stills[2].sha256
    assert [_served(still, people.legal) for still in stills][2] != b""
    assert len(record_of(film_of())["amended"]) == 3


def test_every_judge_finds_the_object_whole(filmed: Path, people):
    add_store("第二存储", str(filmed / "second"))
    repair_stores(open_stores(), by=people.custodian, at=AT)
    _take(people.legal, 0.2)
    _take(people.legal, 0.4)
    assert verify_stores(open_stores()).as_json()["bad"] == []
    assert verify_ledger(people.legal.agency).ok
    for second in (False, True):
        judge = ocfl.validator.Validator()
        folder = root_of(filmed, second=second) / object_path(film_of().urn)
        assert judge.validate_object(str(folder)), str(judge)


def test_a_flipped_bit_in_a_still_is_found_and_healed_from_the_other_store(filmed: Path, people):
    add_store("第二存储", str(filmed / "second"))
    repair_stores(open_stores(), by=people.custodian, at=AT)
    still = _take(people.legal)
    path = root_of(filmed) / object_path(film_of().urn) / "v2/content" / still.file
    data = bytearray(path.read_bytes())
    whole, data[100] = bytes(data), data[100] ^ 1
    path.write_bytes(bytes(data))
    report = verify_stores(open_stores())
    assert [bad.damages[0].path.endswith(".png") for bad in report.bad] == [True]
    repair_stores(open_stores(), by=people.custodian, at=AT)
    assert path.read_bytes() == whole and verify_stores(open_stores()).ok


def test_a_rebuild_brings_every_still_back(filmed: Path, people):
    from storage.test_rebuild import REPLAYERS

    stills = [_take(people.legal, seconds) for seconds in (0.2, 1.2)]
    told = [_columns(still) for still in stills]
    data = [_served(still, people.legal) for still in stills]
    report = rebuild(REPLAYERS, replace=True, at=AT)
    assert report.differences == []
    rows = list(Snapshot.objects.order_by("number"))
    assert [_columns(row) for row in rows] == told
    assert [_served(row, people.legal) for row in rows] == data
    assert _take(people.legal, 0.9).number.endswith("-S03")


def _columns(row: Snapshot) -> dict:
    return {
        field.name: getattr(row, field.attname)
        for field in Snapshot._meta.concrete_fields
        if field.name != "id"
    }


def test_a_later_change_of_owner_keeps_the_stills(filmed: Path, people):
    from liuhen.base.people.models import Officer

    still = _take(people.legal)
    owner = Owner(None, Officer.objects.get(agency=people.custodian.agency, staff_no="100001"))
    assign(film_of(), owner, open_stores(), reason="查明", by=people.custodian, at=AT)
    assert film_of().head == "v3"
    assert digests_of(_served(still, people.legal)).sha256 == still.sha256
    assert len(record_of(film_of())["snapshots"]) == 1
    assert verify_stores(open_stores()).ok


def test_a_crash_between_store_and_row_leaves_no_still_and_loses_no_number(filmed: Path, people, monkeypatch):
    from liuhen.base.storage import versions

    with monkeypatch.context() as patch:
        patch.setattr(versions, "perform", lambda *args, **more: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            _take(people.legal, 0.3)
    assert (Snapshot.objects.count(), film_of().head) == (0, "v1")
    still = _take(people.legal, 0.7)
    assert (still.number[-4:], film_of().head) == ("-S01", "v3")
    assert digests_of(_served(still, people.legal)).sha256 == still.sha256
    assert verify_stores(open_stores()).ok


@pytest.mark.parametrize("who", ["stranger", "sysadmin", "secadmin", "auditor"])
def test_whoever_may_not_see_takes_no_still(filmed: Path, people, who: str):
    with pytest.raises(NotAllowedError):
        _take(getattr(people, who))
    assert Snapshot.objects.count() == 0 and film_of().head == "v1"


@pytest.mark.parametrize("name", [PHOTO, SOUND])
def test_only_films_have_moments(filmed: Path, people, name: str):
    with pytest.raises(NotAFilmError):
        _take(people.legal, 0.1, film_of(name))


def test_a_film_that_cannot_be_decoded_says_so_and_changes_nothing(filmed: Path, people, tmp_path: Path):
    Recording.objects.filter(name="4701A01_100001_20261120093300_0004.mp4").update(kind="video")
    with pytest.raises(NoPictureError):
        _take(people.legal, 0.1, film_of("4701A01_100001_20261120093300_0004.mp4"))
    assert Snapshot.objects.count() == 0


def test_who_is_busy_with_the_recording_is_waited_for_by_asking_again(filmed: Path, people):
    import os

    held = homes.try_lock(f"recording-{film_of().pk}")
    try:
        with pytest.raises(homes.BusyError):
            _take(people.legal)
    finally:
        os.close(held)
    assert _take(people.legal).number.endswith("-S01")
