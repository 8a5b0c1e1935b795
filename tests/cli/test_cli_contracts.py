# ruff: noqa: F811 (fixtures are imported by name)
"""What holds for every command: statuses, one document on standard output, and sentences for whatever is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.cli_terminal import Terminal, liuhen  # noqa: F401
from simulators.cards import SimCard
from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import CLIP, FILES, recording_of

ASKING = [  # every command that answers in JSON and changes nothing
    ["list", "--by", "custodian"],
    ["show", "NUMBER", "--by", "custodian"],
    ["verify"],
    ["ledger", "verify"],
    ["ledger", "checkpoint"],
    ["people", "list"],
    ["device", "list", "--by", "custodian"],
    ["store", "list"],
    ["receipt", "--by", "custodian"],
]


def _type(
    *words: object, home: Path, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """A process of its own, with nothing of this one's environment but what Python needs."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "liuhen.cli.main", *map(str, words)],
        env={**kept, "LIUHEN_HOME": str(home), **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_json_is_one_document_alone_on_standard_output(stocked: Path, liuhen: Terminal, words: list[str]):
    words = [recording_of().number if word == "NUMBER" else word for word in words]
    said = liuhen(*words, "--json")
    assert said.status == 0
    json.loads(said.out)
    assert said.out.startswith(("{", "["))


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_damaged_database_is_one_clear_sentence(stocked: Path, liuhen: Terminal, words: list[str]):
    from django.db import connection

    connection.close()
    (stocked / "db.sqlite3").write_bytes(b"SQLite format 3\0" + b"rubbish" * 3000)
    for tail in ("-wal", "-shm"):
        (stocked / f"db.sqlite3{tail}").unlink(missing_ok=True)
    said = liuhen(*words, "--json")
    assert said.status == 1
    assert (said.document["error"]["code"], "liuhen restore" in said.err) == ("database_damaged", True)
    assert "Traceback" not in said.err


def test_a_refused_verification_still_has_the_contracts_keys(stocked: Path, liuhen: Terminal):
    from django.db import connection

    connection.close()
    (stocked / "db.sqlite3").write_bytes(b"damaged" * 999)
    document = liuhen("verify", "--json").document
    assert (document["ok"], document["objects"], document["bad"]) == (False, 0, [])
    document = liuhen("ledger", "verify", "--json").document
    assert (document["ok"], document["findings"]) == (False, [])
    document = liuhen("ingest", stocked, "--json").document
    assert (document["receipt"], document["files"], document["released"]) == (None, [], False)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "stores: [",
            "unknown: 1",
            "previews: maybe",
            "stores: []",
            "\x00",
            "- a list",
            "stores: [{name: x}]",
        ),
        "stores: [{name: a, path: store, staging: staging}, {name: a, path: other, staging: staging}]",
        "stores: [{name: a, path: store, staging: staging}, {name: b, path: ./store, staging: staging}]",
    ],
)
def test_broken_settings_are_named_with_the_file(stocked: Path, liuhen: Terminal, text: str):
    (stocked / "settings.yaml").write_text(text)
    said = liuhen("verify", "--json")
    assert said.status in (1, 2)
    assert "settings.yaml" in said.err
    assert "Traceback" not in said.err


def test_settings_in_another_encoding_are_named_with_the_file(stocked: Path, liuhen: Terminal):
    (stocked / "settings.yaml").write_bytes("stores: 主存储".encode("gbk"))
    assert "settings.yaml" in liuhen("verify").err


def test_an_exposed_key_is_refused_with_the_remedy(stocked: Path, tmp_path: Path, liuhen: Terminal):
    (stocked / "keys/demo.key").chmod(0o644)
    card = SimCard(tmp_path).recording().root
    said = liuhen("ingest", card, "--by", "custodian", "--json")
    assert (said.status, said.document["error"]["code"], "chmod 600" in said.err) == (1, "key_exposed", True)
    assert liuhen("list", "--by", "custodian").status == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 2),
        (["nonsense"], 2),
        (["ingest"], 2),
        (["probe"], 2),
        (["--help"], 0),
        (["--version"], 0),
        (["verify", "--help"], 0),
        (["receipt", "demo-YJ-2026-999999", "--by", "custodian"], 1),
        (["ingest", "/nowhere/at/all", "--by", "custodian"], 1),
        (["ingest", ".", "--by", "nobody"], 2),
        (["ingest", ".", "--by", "custodian", "--device", "0000000"], 1),
        (["ingest", ".", "--by", "custodian", "--device-clock", "half past nine"], 2),
        (["device", "retire", "0000000", "--reason", "x", "--by", "custodian"], 2),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else str(value),
)
def test_statuses(stocked: Path, tmp_path: Path, liuhen: Terminal, monkeypatch, words, status):
    monkeypatch.chdir(tmp_path)
    said = liuhen(*words)
    assert said.status == status
    assert "Traceback" not in said.err


def test_ingest_has_the_contracts_shape_and_a_refused_file_is_status_1(stocked, tmp_path, liuhen: Terminal):
    (stocked / "settings.yaml").write_text("previews: false\n")
    card = SimCard(tmp_path).file(CLIP, FILES[CLIP]).file("new.mp4", b"new").zero().fifo()
    said = liuhen("ingest", card.root, "--by", "custodian", "--json")
    document = said.document
    assert list(document)[:4] == ["receipt", "agency", "files", "released"]
    assert {row["path"]: row["state"] for row in document["files"]} == {
        CLIP: "already",
        "new.mp4": "stored",
        "DCIM/20260716/A000001_000012_20260716093059_0059.mp4": "stored",
        "pipe.mp4": "refused",
    }
    keys = {"path", "recording", "sha256", "sm3", "bytes", "state", "reason"}
    assert all(set(row) == keys for row in document["files"])
    assert (said.status, document["released"], document["agency"]) == (1, False, "demo")


def test_ingest_in_an_empty_home_founds_an_office(empty_home: Path, tmp_path: Path, liuhen: Terminal):
    (empty_home / "settings.yaml").write_text("previews: false\n")
    said = liuhen("ingest", SimCard(tmp_path).recording().root, "--json")
    assert (said.status, said.document["agency"], said.document["released"]) == (0, "office", True)
    assert len(liuhen("list", "--json").document) == 1
    assert liuhen("verify", "--json").document["objects"] == 1
    assert liuhen("ledger", "verify", "--json").status == 0


def test_probe_answers_in_the_order_of_its_arguments_and_needs_no_home(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"words")
    done = _type("probe", tmp_path / "nowhere", tmp_path / "a.txt", "--json", home=tmp_path / "home")
    rows = json.loads(done.stdout)
    assert [row["path"] for row in rows] == [str(tmp_path / "nowhere"), str(tmp_path / "a.txt")]
    keys = {
        *("path", "readable", "container", "codecs", "duration", "frames", "times", "gps", "encoder", "gaps"),
        *("stream_digest", "playable_in_browser", "findings"),
    }
    assert all(keys <= set(row) for row in rows)
    assert done.returncode == 1
    assert not (tmp_path / "home/db.sqlite3").exists()


def test_a_fresh_home_works_in_a_plain_c_locale_with_chinese_names(tmp_path: Path):
    card = SimCard(tmp_path).file("现场录像.mp4", b"words").root
    home = tmp_path / "新家"
    home.mkdir()
    (home / "settings.yaml").write_text("previews: false\n", encoding="utf-8")
    done = _type("ingest", card, "--json", home=home, LC_ALL="C")
    document = json.loads(done.stdout.decode("utf-8"))
    assert (done.returncode, document["files"][0]["path"]) == (0, "现场录像.mp4")
    assert "已入库" in done.stderr.decode("utf-8")
    explained = list(home.glob("store/*/*/*/*/v1/content/说明.html"))
    assert len(explained) == 1


def test_a_reader_that_leaves_early_is_no_crash(stocked: Path):
    from django.db import connection

    connection.close()
    read, write = os.pipe()
    os.close(read)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "liuhen.cli.main", "list", "--json", "--by", "custodian"],
        env={**kept, "LIUHEN_HOME": str(stocked)},
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("words", [["list"], ["verify"], ["ledger", "verify"]], ids=" ".join)
def test_a_home_that_cannot_be_is_refused(tmp_path: Path, words: list[str]):
    (tmp_path / "file").write_bytes(b"")
    done = _type(*words, "--json", home=tmp_path / "file/home")
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "home_unusable")
    assert "Traceback" not in done.stderr.decode()


def test_state_is_made_nowhere_but_under_the_home(tmp_path: Path):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    subprocess.run(
        [sys.executable, "-m", "liuhen.cli.main", "list", "--json"],
        env={**kept, "LIUHEN_HOME": str(home), "HOME": str(elsewhere)},
        cwd=elsewhere,
        check=True,
        capture_output=True,
    )
    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in home.iterdir()} >= {"db.sqlite3", "store", "ledger", "keys", "staging"}
