# ruff: noqa: F811 (fixtures are imported by name)
"""list · show · export at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.cli_terminal import Terminal, liuhen  # noqa: F401
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import CLIP, FILES, recording_of, sha256

from liuhen.base.recordings.models import Recording

KEYS = ["recording", "number", "sha256", "sm3", "bytes", "kind", "name", "state"]


def test_the_list_has_the_contracts_shape(stocked: Path, liuhen: Terminal):
    said = liuhen("list", "--json", "--by", "custodian")
    assert (said.status, len(said.document)) == (0, 5)
    assert all(list(row) == KEYS for row in said.document)
    row = next(row for row in said.document if row["name"] == CLIP)
    assert (row["recording"], row["sha256"], row["bytes"]) == (
        recording_of().urn,
        sha256(FILES[CLIP]),
        len(FILES[CLIP]),
    )


def test_the_list_of_an_empty_home_is_empty(empty_home: Path, liuhen: Terminal):
    assert (liuhen("list", "--json").status, liuhen("list", "--json").document) == (0, [])
    assert "liuhen ingest" in liuhen("list").out


def test_everyone_sees_their_own_agency_and_their_own_right(stocked: Path, liuhen: Terminal):
    own = Recording.objects.filter(holder__staff_no="100001").count()
    assert own
    counts = {
        who: len(liuhen("list", "--json", "--by", who).document)
        for who in ("custodian", "head", "legal", "officer", "officer2", "sysadmin", "auditor", "stranger")
    }
    assert counts == {
        "custodian": 5,
        "head": 5,
        "legal": 5,
        "officer": own,
        "officer2": 0,
        "sysadmin": 0,
        "auditor": 0,
        "stranger": 1,
    }


def test_a_list_for_people_names_each_recording(stocked: Path, liuhen: Terminal):
    said = liuhen("list", "--by", "custodian")
    assert [name in said.out for name in FILES] == [True] * 5


def test_an_unknown_account_is_wrong_usage(stocked: Path, liuhen: Terminal):
    said = liuhen("list", "--json", "--by", "nobody")
    assert (said.status, said.document["error"]["code"]) == (2, "usage")


def test_show_tells_the_custody(stocked: Path, liuhen: Terminal):
    said = liuhen("show", recording_of().number, "--json", "--by", "custodian")
    assert (said.status, said.document["custody"][0]["kind"]) == (0, "recording.stored")
    assert list(said.document)[:8] == KEYS
    assert "王晓兰" in liuhen("show", recording_of().urn, "--by", "custodian").out


@pytest.mark.parametrize("name", ["demo-YX-2026-999999", "0" * 64, "urn:uuid:nonsense", "", "../x", "'; --"])
def test_an_unknown_recording_is_refused(stocked: Path, tmp_path: Path, liuhen: Terminal, name: str):
    for words in (["show", name], ["export", name, "-o", tmp_path / "out"]):
        said = liuhen(*words, "--by", "custodian", "--json")
        assert (said.status, said.document["error"]["code"]) == (1, "not_found")
    assert not (tmp_path / "out").exists()


def test_a_digest_of_several_is_refused_with_their_numbers(stocked: Path, tmp_path: Path, liuhen: Terminal):
    said = liuhen("export", sha256(b""), "-o", tmp_path / "out", "--by", "custodian", "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "ambiguous")
    for name in ("empty-a.mp4", "empty-b.mp4"):
        assert recording_of(name).number in said.err
        assert recording_of(name).urn in said.document["error"]["detail"]["recordings"]


@pytest.mark.parametrize("how", ["urn", "number", "sha256"])
def test_export_by_any_name(stocked: Path, tmp_path: Path, liuhen: Terminal, how: str):
    said = liuhen(
        "export", getattr(recording_of(), how), "-o", tmp_path / "out", "--by", "custodian", "--json"
    )
    assert said.status == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        CLIP,
        "record.json",
        "entry.json",
        f"{recording_of().number}.tlog-proof",
        "vkey",
        "liuhen-verify.py",
        "liuhen-verify.html",
    }
    assert said.document["files"] == sorted(names)


@pytest.mark.parametrize(
    ("who", "code"), [("head", "not_allowed"), ("stranger", "not_found"), ("sysadmin", "not_found")]
)
def test_export_by_the_wrong_person_writes_nothing(stocked, tmp_path, liuhen: Terminal, who, code):
    said = liuhen("export", recording_of().number, "-o", tmp_path / "out", "--by", who, "--json")
    assert (said.status, said.document["error"]["code"]) == (1, code)
    assert not (tmp_path / "out").exists()


def test_export_into_a_folder_in_use_is_wrong_usage(stocked: Path, tmp_path: Path, liuhen: Terminal):
    (tmp_path / "mine.txt").write_bytes(b"mine")
    said = liuhen("export", recording_of().number, "-o", tmp_path, "--by", "custodian", "--json")
    assert (said.status, said.document["error"]["code"]) == (2, "usage")


def test_export_to_a_place_that_cannot_be_is_refused(stocked: Path, tmp_path: Path, liuhen: Terminal):
    (tmp_path / "file").write_bytes(b"")
    said = liuhen("export", recording_of().number, "-o", tmp_path / "file/out", "--by", "custodian", "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "storage")


@pytest.mark.parametrize("words", [["export", "x"], ["show"], ["list", "--by"], ["export", "-o", "x"]])
def test_wrong_usage_is_status_2(stocked: Path, liuhen: Terminal, words: list[str]):
    said = liuhen(*words)
    assert (said.status, said.out) == (2, "")


def test_a_name_in_bytes_of_no_encoding_stands_in_the_json_document(
    stocked: Path, tmp_path, liuhen: Terminal
):
    from simulators.cards import SimCard

    (stocked / "settings.yaml").write_text("previews: false\n")
    card = SimCard(tmp_path).gbk().undecodable(b"caf\xe9\xff.mp4")
    said = liuhen("ingest", card.root, "--by", "custodian", "--json")
    assert said.status == 0
    assert sorted(row["path"] for row in said.document["files"]) == ["caf\\xe9\\xff.mp4", "现场录像.mp4"]
    names = {row["name"] for row in liuhen("list", "--json", "--by", "custodian").document}
    assert {"caf\\xe9\\xff.mp4", "现场录像.mp4"} <= names
    json.dumps(sorted(names)).encode()
