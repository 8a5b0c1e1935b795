# ruff: noqa: F811 (fixtures are imported by name)
"""verify · repair · rebuild · backup · restore at the terminal: status, one JSON document, sentences beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.cli_terminal import Terminal, liuhen  # noqa: F401
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import AT, CLIP, FILES, SECOND, flip, object_of, original_of, recording_of, sha256

from liuhen.base import backup
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording


def _lose_database(home: Path) -> None:
    from django.db import connection

    connection.close()
    for path in home.glob("db.sqlite3*"):
        path.unlink()


# -- verify


def test_verify_of_whole_stores(stocked: Path, liuhen: Terminal):
    said = liuhen("verify", "--json")
    assert said.status == 0
    assert {key: said.document[key] for key in ("objects", "ok", "bad")} == {
        "objects": 6,
        "ok": True,
        "bad": [],
    }
    assert said.document["bytes"] > sum(map(len, FILES.values()))
    assert "全部完好" in said.err


def test_verify_names_the_flipped_byte(stocked: Path, liuhen: Terminal):
    flip(original_of(stocked))
    said = liuhen("verify", "--json")
    (bad,) = said.document["bad"]
    assert (said.status, said.document["ok"]) == (1, False)
    assert (bad["recording"], bad["expected"], bad["found"]) == (
        recording_of().urn,
        sha256(FILES[CLIP]),
        sha256(original_of(stocked).read_bytes()),
    )
    assert (stocked / "store" / bad["path"]) == original_of(stocked)
    assert CLIP in said.err
    assert "怎么办" in said.err


def test_verify_without_json_prints_nothing_on_standard_output(stocked: Path, liuhen: Terminal):
    said = liuhen("verify")
    assert (said.status, said.out) == (0, "")


def test_verify_of_an_empty_home_finds_nothing_to_read(empty_home: Path, liuhen: Terminal):
    said = liuhen("verify", "--json")
    assert (said.status, said.document["objects"], said.document["ok"]) == (0, 0, True)


def test_verify_of_a_sample(stocked: Path, liuhen: Terminal):
    assert liuhen("verify", "--sample", 2, "--json").document["objects"] == 2


@pytest.mark.parametrize("sample", ["0", "-1", "many", ""])
def test_verify_of_a_sample_that_is_none_is_wrong_usage(stocked: Path, liuhen: Terminal, sample: str):
    assert liuhen("verify", f"--sample={sample}").status == 2


def test_verify_leaves_the_ledgers_root_alone(stocked: Path, liuhen: Terminal):
    flip(original_of(stocked))
    before = liuhen("ledger", "verify", "--json").document
    liuhen("verify")
    assert liuhen("ledger", "verify", "--json").document == before


def test_verify_with_the_store_gone_says_so_and_makes_no_new_one(stocked: Path, liuhen: Terminal):
    (stocked / "store").rename(stocked / "unplugged")
    said = liuhen("verify", "--json")
    assert (said.status, said.document["objects"], said.document["bad"][0]["code"]) == (1, 0, "store_missing")
    assert "未挂载" in said.err
    assert not (stocked / "store").exists()


# -- repair


def test_repair_says_what_it_healed(doubled: Path, liuhen: Terminal):
    flip(original_of(doubled))
    said = liuhen("repair", "--by", "custodian", "--json")
    assert (said.status, said.document["ok"], said.document["whole"]) == (0, True, 4)
    assert [row["store"] for row in said.document["repaired"]] == ["主存储"]
    assert recording_of().number in said.err
    assert liuhen("verify", "--json").status == 0


def test_repair_says_what_is_lost(doubled: Path, liuhen: Terminal):
    for second in (False, True):
        flip(original_of(doubled, second=second))
    said = liuhen("repair", "--by", "custodian", "--json")
    assert (said.status, [row["recording"] for row in said.document["lost"]]) == (1, [recording_of().urn])
    assert "怎么办" in said.err


def test_repair_with_a_store_away_does_what_it_can_and_says_so(doubled: Path, liuhen: Terminal):
    (doubled / "second/store").rename(doubled / "unplugged")
    said = liuhen("repair", "--by", "custodian", "--json")
    assert (said.status, said.document["ok"], said.document["away"]) == (1, False, [SECOND])
    assert SECOND in said.err


@pytest.mark.parametrize(("who", "status"), [("officer", 1), ("head", 1), ("nobody", 2), ("sysadmin", 0)])
def test_repair_is_for_custodian_and_system_administrator(doubled: Path, liuhen: Terminal, who, status):
    assert liuhen("repair", "--by", who, "--json").status == status


# -- rebuild


def test_the_deleted_database_comes_back_with_the_same_list_and_root(stocked: Path, liuhen: Terminal):
    listed = liuhen("list", "--json", "--by", "custodian").document
    root = liuhen("ledger", "verify", "--json").document
    _lose_database(stocked)
    lost = liuhen("list", "--json")
    assert (lost.status, lost.document["error"]["code"]) == (1, "database_missing")
    said = liuhen("rebuild", "--json")
    assert (said.status, said.document["ok"], said.document["recordings"]) == (0, True, 6)
    assert liuhen("list", "--json", "--by", "custodian").document == listed
    assert liuhen("ledger", "verify", "--json").document == root
    assert [ledger["root"] for ledger in said.document["ledgers"]] == [
        ledger["root"] for ledger in root["ledgers"]
    ]


def test_rebuild_refuses_an_existing_database_unless_told(stocked: Path, liuhen: Terminal):
    said = liuhen("rebuild", "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "database_exists")
    assert "--replace" in said.err
    said = liuhen("rebuild", "--replace", "--json")
    assert (said.status, (stocked / said.document["kept"]).is_file()) == (0, True)


def test_rebuild_reports_differences_with_status_1(stocked: Path, liuhen: Terminal):
    flip(object_of(stocked) / "v1/content/record.json")
    _lose_database(stocked)
    said = liuhen("rebuild", "--json")
    assert (said.status, said.document["ok"], said.document["recordings"]) == (1, False, 6)
    assert {one["code"] for one in said.document["differences"]} == {"record_differs", "record_missing"}


def test_rebuild_with_nothing_to_rebuild_from(empty_home: Path, liuhen: Terminal):
    _lose_database(empty_home)
    said = liuhen("rebuild", "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "ledger_not_whole")
    assert not (empty_home / "db.sqlite3").exists()


def test_a_changed_key_survives_the_rebuild(stocked: Path, liuhen: Terminal):
    assert (
        liuhen("ledger", "rotate-key", "--by", "sysadmin", "--reason", "例行", "--agency", "demo").status == 0
    )
    before = liuhen("ledger", "verify", "--json").document
    _lose_database(stocked)
    assert liuhen("rebuild", "--json").status == 0
    assert liuhen("ledger", "verify", "--json").document == before
    assert (
        liuhen("ledger", "rotate-key", "--by", "sysadmin", "--reason", "例行", "--agency", "demo").status == 0
    )


# -- backup and restore


@pytest.fixture
def saved(stocked: Path, tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(backup, "drill", lambda folder: 0)
    return backup.make_backup(tmp_path / "disk", at=AT).folder


def test_backup_prints_where_it_is(stocked: Path, tmp_path: Path, liuhen: Terminal):
    said = liuhen("backup", tmp_path / "disk", "--json")
    assert said.status == 0
    assert (Path(said.document["backup"]) / "manifest.json").is_file()
    assert said.document["ledger_entries"] == Entry.objects.count()
    assert "恢复演练通过" in said.err


def test_restore_over_data_needs_the_word(stocked: Path, saved: Path, liuhen: Terminal):
    said = liuhen("restore", saved, "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "home_in_use")
    said = liuhen("restore", saved, "--replace", "--json")
    assert (said.status, said.document["newer_ledgers"]) == (0, [])
    assert (stocked / said.document["aside"] / "db.sqlite3").is_file()


def test_restore_of_an_older_backup_keeps_the_newer_ledger_and_rebuilds(
    stocked: Path, saved: Path, liuhen: Terminal
):
    assert liuhen("device", "add", "9900001", "--by", "custodian").status == 0
    before = liuhen("ledger", "verify", "--json").document
    said = liuhen("restore", saved, "--replace", "--json")
    assert (said.status, said.document["newer_ledgers"]) == (0, ["demo"])
    assert said.document["rebuilt"]["ok"]
    assert liuhen("ledger", "verify", "--json").document == before
    assert "9900001" in liuhen("device", "list", "--by", "custodian").out
    assert liuhen("device", "add", "9900002", "--by", "custodian").status == 0
    assert liuhen("ledger", "verify", "--json").status == 0


def test_restore_of_what_is_no_backup(stocked: Path, tmp_path: Path, liuhen: Terminal):
    for folder in (tmp_path, tmp_path / "nowhere"):
        said = liuhen("restore", folder, "--replace", "--json")
        assert (said.status, said.document["error"]["code"]) == (1, "backup_damaged")
    assert Recording.objects.count() == 6


def test_restore_mends_a_damaged_database(stocked: Path, saved: Path, liuhen: Terminal):
    from django.db import connection

    connection.close()
    (stocked / "db.sqlite3").write_bytes(b"damaged" * 999)
    assert liuhen("list").status == 1
    assert liuhen("restore", saved, "--replace").status == 0
    assert liuhen("list", "--by", "custodian").status == 0
    assert liuhen("verify").status == 0


@pytest.mark.parametrize(
    "words", [["backup"], ["restore"], ["verify", "extra"], ["rebuild", "--force"], ["repair", "--by"]]
)
def test_wrong_usage_is_status_2_and_prints_no_document(stocked: Path, liuhen: Terminal, words: list[str]):
    said = liuhen(*words)
    assert (said.status, said.out) == (2, "")
    assert said.err
