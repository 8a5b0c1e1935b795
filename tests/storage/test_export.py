# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen export: a folder that proves itself on a stranger's computer, and only to whom it may be given."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from outside.exported import load_verifier
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import (
    AT,
    CLIP,
    FILES,
    flip,
    in_the_middle,
    object_of,
    original_of,
    recording_of,
    tree_of,
)

from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import AmbiguousError, NotFoundError, find_recording, visible_to
from liuhen.base.storage import export as exporting
from liuhen.base.storage.export import export_recording, exported_name
from liuhen.base.storage.stores import open_stores
from liuhen.core.errors import LiuhenError
from liuhen.stages.ingest.services import Request, ingest_card


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "给法院"


def _export(folder: Path, by, name: str = CLIP):
    return export_recording(recording_of(name), folder, open_stores(), by=by, at=AT)


def _judge(folder: Path, *options: str) -> tuple[int, dict]:
    """The verifier, as a module of this process."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        status = load_verifier().main([str(folder), "--json", *options])
    return status, json.loads(out.getvalue())


def _codes(document: dict) -> set[str]:
    return {check["code"] for check in document["checks"] if check["state"] == "fail"}


def test_the_folder_holds_what_the_contract_says(stocked: Path, people, folder: Path):
    written = _export(folder, people.custodian)
    number = recording_of().number
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            CLIP,
            "record.json",
            "entry.json",
            f"{number}.tlog-proof",
            "vkey",
            "liuhen-verify.py",
            "liuhen-verify.html",
        ]
    )
    assert written["files"] == sorted(path.name for path in folder.iterdir())
    assert (folder / CLIP).read_bytes() == FILES[CLIP]
    assert (folder / "vkey").read_bytes() == (stocked / "ledger/demo/vkey").read_bytes()
    row = Entry.objects.get(agency=recording_of().agency, position=recording_of().position)
    assert (folder / "entry.json").read_text() == row.entry


def test_a_stranger_proves_it_with_python_alone(stocked: Path, people, folder: Path):
    _export(folder, people.custodian)
    command = [sys.executable, "-I", "liuhen-verify.py", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env={})
    assert done.returncode == 0, done.stdout.decode()
    flip(folder / CLIP, 100)
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env={})
    assert done.returncode == 1
    assert CLIP in done.stdout.decode() + done.stderr.decode()


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_original_proves_itself(stocked: Path, people, folder: Path, name: str):
    written = _export(folder, people.custodian, name)
    status, document = _judge(folder)
    assert (status, _codes(document)) == (0, set())
    assert (folder / written["original"]).read_bytes() == FILES[name]


FLIPPED = {
    CLIP: "content_changed",
    "record.json": "record_changed",
    "entry.json": "entry_changed",
    "vkey": "malformed",
    "tlog-proof": "proof_invalid",
}


@pytest.mark.parametrize("name", FLIPPED)
def test_one_flipped_bit_anywhere_is_refused_and_told_apart(stocked: Path, people, folder: Path, name: str):
    _export(folder, people.custodian)
    path = folder / name if name != "tlog-proof" else next(folder.glob("*.tlog-proof"))
    whole = path.read_bytes()
    flip(path, in_the_middle(name, whole))
    status, document = _judge(folder)
    assert (status, document["code"]) == (1, FLIPPED[name])
    path.write_bytes(whole)
    assert _judge(folder)[0] == 0


def test_the_proof_covers_the_export_itself(stocked: Path, people, folder: Path):
    _export(folder, people.custodian)
    entry = Entry.objects.filter(agency__code="demo").order_by("-position").first()
    assert entry.kind == "recording.exported"
    assert json.loads(entry.entry)["by"]["account"] == "custodian"
    status, _ = _judge(folder, "--checkpoint", str(stocked / "ledger/demo/checkpoint"))
    assert status == 0
    assert verify_ledger(people.custodian.agency).ok


@pytest.mark.parametrize("who", ["officer", "head", "principal", "legal", "archivist"])
def test_whoever_may_see_but_not_export_leaves_no_byte_and_no_entry(
    stocked: Path, people, folder, who, monkeypatch
):
    monkeypatch.setattr(exporting, "_copy", lambda *_: pytest.fail("bytes went out before anybody was asked"))
    before = Entry.objects.count()
    with pytest.raises(NotAllowedError):
        _export(folder, getattr(people, who))
    assert (folder.exists(), Entry.objects.count()) == (False, before)


@pytest.mark.parametrize("who", ["stranger", "sysadmin", "secadmin", "auditor"])
def test_whoever_may_not_see_cannot_tell_that_it_exists(stocked: Path, people, who: str):
    rows = visible_to(getattr(people, who), AT)
    for name in (recording_of().urn, recording_of().number, recording_of().sha256):
        with pytest.raises(NotFoundError) as there:
            find_recording(name, rows)
        with pytest.raises(NotFoundError) as nowhere:
            find_recording("demo-YX-2026-999999", rows)
        assert str(there.value).replace(name, "X") == str(nowhere.value).replace("demo-YX-2026-999999", "X")


@pytest.mark.parametrize("how", ["urn", "pk", "number", "sha256", "SHA256", "spaces"])
def test_a_recording_is_named_by_its_id_its_number_or_its_digest(stocked: Path, people, how: str):
    row = recording_of()
    name = {
        "urn": row.urn,
        "pk": str(row.pk),
        "number": row.number,
        "sha256": row.sha256,
        "SHA256": row.sha256.upper(),
        "spaces": f" {row.number}\n",
    }[how]
    assert find_recording(name, visible_to(people.custodian, AT)) == row


def test_a_digest_that_several_share_is_refused_with_their_numbers(stocked: Path, people):
    empty = recording_of("empty-a.mp4")
    with pytest.raises(AmbiguousError) as refused:
        find_recording(empty.sha256, visible_to(people.custodian, AT))
    for name in ("empty-a.mp4", "empty-b.mp4"):
        assert recording_of(name).number in refused.value.message


@pytest.mark.parametrize("what", ["a file", "a folder with something", "a link", "a hidden file"])
def test_only_a_new_or_empty_folder_is_written_to(stocked: Path, people, folder: Path, what: str):
    if what == "a file":
        folder.write_bytes(b"mine")
    elif what == "a link":
        folder.symlink_to(stocked)
    else:
        folder.mkdir()
        (folder / (".hidden" if "hidden" in what else "mine.txt")).write_bytes(b"mine")
    before = Entry.objects.count()
    with pytest.raises(LiuhenError) as refused:
        _export(folder, people.custodian)
    assert (refused.value.code, Entry.objects.count()) == ("usage", before)


def test_an_empty_folder_that_is_there_is_used(stocked: Path, people, folder: Path):
    folder.mkdir()
    _export(folder, people.custodian)
    assert _judge(folder)[0] == 0


def test_a_full_disk_is_said_and_takes_the_beginning_away(stocked: Path, people, folder: Path, monkeypatch):
    real, seen = exporting.write_new, []

    def full(path, data, **options):
        seen.append(path.name)
        if path.name == "entry.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data, **options)

    monkeypatch.setattr(exporting, "write_new", full)
    with pytest.raises(LiuhenError) as refused:
        _export(folder, people.custodian)
    assert (refused.value.code, folder.exists()) == ("storage", False)
    assert "record.json" in seen


def test_the_second_store_gives_what_the_first_has_lost(doubled: Path, people, folder: Path):
    flip(original_of(doubled))
    flip(object_of(doubled, second=True) / "v1/content/record.json")
    _export(folder, people.custodian)
    assert _judge(folder)[0] == 0


@pytest.mark.parametrize("inside", [f"original/{CLIP}", "record.json"])
def test_without_good_bytes_nothing_is_exported(stocked: Path, people, folder: Path, inside: str):
    flip(object_of(stocked) / "v1/content" / inside, 3)
    before = Entry.objects.count()
    with pytest.raises(LiuhenError) as refused:
        _export(folder, people.custodian)
    assert (refused.value.code, folder.exists(), Entry.objects.count()) == ("no_good_copy", False, before)


def test_a_row_altered_by_sql_exports_the_ledgers_bytes_or_nothing(stocked: Path, people, folder: Path):
    Recording.objects.filter(pk=recording_of().pk).update(sha256="0" * 64)
    _export(folder, people.custodian)
    assert _judge(folder)[0] == 0
    Recording.objects.filter(pk=recording_of().pk).update(position=3)
    with pytest.raises(LiuhenError) as refused:
        _export(folder.with_name("again"), people.custodian)
    assert refused.value.code == "no_good_copy"


def test_a_missing_key_is_said_before_a_byte_is_written(stocked: Path, people, folder: Path):
    (stocked / "keys/demo.key").unlink()
    before = Entry.objects.count()
    with pytest.raises(LiuhenError) as refused:
        _export(folder, people.custodian)
    assert (refused.value.code, folder.exists(), Entry.objects.count()) == ("key_missing", False, before)


def test_an_assigned_recording_still_proves_what_was_stored(stocked: Path, people, folder: Path):
    from liuhen.base.devices.models import Device
    from liuhen.base.storage.amend import Owner, assign

    owner = Owner(Device.objects.get(serial="4701A01"), None)
    assign(recording_of("张三询问.txt"), owner, open_stores(), reason="查明", by=people.custodian, at=AT)
    _export(folder, people.custodian, "张三询问.txt")
    assert _judge(folder)[0] == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (CLIP, CLIP),
        ("张三询问.txt", "张三询问.txt"),
        ("record.json", "原件-record.json.bin"),
        ("RECORD.JSON", "原件-RECORD.JSON.bin"),
        ("vkey", "原件-vkey.bin"),
        ("entry.json", "原件-entry.json.bin"),
        ("liuhen-verify.py", "原件-liuhen-verify.py.bin"),
        ("liuhen-verify.html", "原件-liuhen-verify.html.bin"),
        ("已核验.HTM", "原件-已核验.HTM.bin"),
        ("json.py", "原件-json.py.bin"),
        ("argparse.cpython-311-x86_64-linux-gnu.so", "原件-argparse.cpython-311-x86_64-linux-gnu.so.bin"),
        ("python3.EXE", "原件-python3.EXE.bin"),
        ("x.tlog-proof", "原件-x.tlog-proof.bin"),
        (".profile", "原件-.profile.bin"),
        ("movie.py.mp4", "movie.py.mp4"),
    ],
)
def test_no_original_takes_our_names_or_comes_alive_by_itself(name: str, told: str):
    assert exported_name(name) == told


def test_the_longest_name_stays_within_what_a_disk_takes():
    long = exported_name("录" * 83 + ".py")
    assert len(long.encode()) <= 255
    assert not long.endswith(".py")


def test_a_card_file_named_like_a_python_module_does_not_run(stocked: Path, people, tmp_path: Path):
    """`python3 liuhen-verify.py .` without -I looks for modules beside the script first."""
    card = tmp_path / "hostile"
    card.mkdir()
    marker = tmp_path / "ran"
    (card / "argparse.py").write_text(f"open({str(marker)!r}, 'w').close()")
    (card / "vkey").write_text("not a key")
    ingest_card(Request(card, people.custodian), at=AT)
    for name in ("argparse.py", "vkey"):
        folder = tmp_path / f"out-{name}"
        _export(folder, people.custodian, name)
        command = [sys.executable, "liuhen-verify.py", "."]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode()
    assert not marker.exists()


def test_two_exports_of_one_recording_are_two_entries(stocked: Path, people, tmp_path: Path):
    before = Entry.objects.count()
    _export(tmp_path / "a", people.custodian)
    _export(tmp_path / "b", people.custodian)
    assert Entry.objects.count() == before + 2
    assert tree_of(tmp_path / "a").keys() == tree_of(tmp_path / "b").keys()
