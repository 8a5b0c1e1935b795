# ruff: noqa: F811 (fixtures are imported by name)
"""The export as a ZIP: unpacked it proves itself, nothing is written here, and bad bytes never leave."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from outside.exported import load_verifier
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import AT, CLIP, FILES, flip, object_of, original_of, recording_of

from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.storage.export_zip import Archive, export_archive
from liuhen.base.storage.reading import NoGoodCopyError
from liuhen.base.storage.stores import open_stores
from liuhen.stages.ingest.services import Request, ingest_card


def _export(by, name: str = CLIP) -> Archive:
    return export_archive(recording_of(name), open_stores(), by=by, at=AT)


def _unpacked(archive: Archive, folder: Path) -> Path:
    data = b"".join(archive.pieces)
    assert len(data) == archive.size, "the length is told before the first byte"
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        assert whole.testzip() is None
        whole.extractall(folder)
    (inside,) = folder.iterdir()
    return inside


def _judge(folder: Path) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        load_verifier().main([str(folder), "--json"])
    return json.loads(out.getvalue())["code"]


@pytest.mark.parametrize("name", FILES)
def test_unpacked_it_is_a_folder_that_proves_itself(stocked: Path, people, tmp_path: Path, name: str):
    archive = _export(people.custodian, name)
    folder = _unpacked(archive, tmp_path / "out")
    assert archive.name == f"{recording_of(name).number}.zip" and folder.name == recording_of(name).number
    assert _judge(folder) == "ok"
    assert {"liuhen-verify.py", "liuhen-verify.html", "record.json", "entry.json", "vkey"} <= {
        path.name for path in folder.iterdir()
    }


def test_it_is_one_entry_and_the_proof_covers_it(stocked: Path, people, tmp_path: Path):
    before = Entry.objects.count()
    folder = _unpacked(_export(people.custodian), tmp_path / "out")
    assert Entry.objects.count() == before + 1
    proof = next(folder.glob("*.tlog-proof")).read_text()
    last = Entry.objects.filter(agency__code="demo").order_by("-position").first()
    assert last.kind == "recording.exported" and f"\n{last.position + 1}\n" in proof


@pytest.mark.parametrize(
    "who", ["officer", "head", "principal", "legal", "archivist", "stranger", "sysadmin"]
)
def test_whoever_may_not_export_gets_no_byte_and_no_entry(stocked: Path, people, who: str):
    before = Entry.objects.count()
    with pytest.raises(NotAllowedError):
        _export(getattr(people, who))
    assert Entry.objects.count() == before


def test_a_damaged_copy_is_passed_over_and_two_damaged_ones_are_said(doubled: Path, people, tmp_path: Path):
    flip(original_of(doubled))
    assert _judge(_unpacked(_export(people.custodian), tmp_path / "out")) == "ok"
    flip(original_of(doubled, second=True))
    before = Entry.objects.count()
    with pytest.raises(NoGoodCopyError):
        _export(people.custodian)
    assert Entry.objects.count() == before


def test_bytes_that_change_on_the_way_leave_an_archive_without_an_end(stocked: Path, people):
    archive = _export(people.custodian)
    flip(object_of(stocked) / "v1/content/original" / CLIP, 500)
    sent = b""
    with pytest.raises(NoGoodCopyError):
        for piece in archive.pieces:
            sent += piece
    assert not zipfile.is_zipfile(io.BytesIO(sent))


@pytest.mark.slow
def test_a_large_original_passes_in_flat_memory(home: Path, people, tmp_path: Path):
    card = tmp_path / "card"
    card.mkdir()
    with (card / "4701A01_100001_20261120093000_0001.mp4").open("wb") as file:
        file.truncate(300 << 20)
    ingest_card(Request(card, people.custodian), at=AT)
    from liuhen.base.recordings.models import Recording

    tracemalloc.start()
    archive = export_archive(Recording.objects.get(), open_stores(), by=people.custodian, at=AT)
    size = sum(len(piece) for piece in archive.pieces)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == archive.size > 300 << 20
    assert peak < 24 << 20
