# ruff: noqa: F811 (fixtures are imported by name)
"""ledger verify · checkpoint · prove · consistency · cosign at the terminal, and the stranger's verifier beside them."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest
from cli.cli_terminal import Terminal, liuhen  # noqa: F401
from outside.exported import load_verifier
from storage.storage_homes import doubled, stocked, stocked_homes  # noqa: F401
from storage.storage_office import recording_of

from liuhen.base.ledger import publish
from liuhen.core.tlog.checkpoint import Checkpoint, Signer
from liuhen.core.tlog.proof import ProofFile


def _sql(*statements: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _work_in(home: Path) -> None:
    from django.conf import settings
    from django.db import connection

    connection.close()
    settings.LIUHEN_HOME = home
    connection.settings_dict["NAME"] = str(home / "db.sqlite3")


def _grow(liuhen: Terminal, *serials: str) -> None:
    for serial in serials:
        assert liuhen("device", "add", serial, "--by", "custodian").status == 0


# -- verify


def test_verify_has_the_contracts_shape(stocked: Path, liuhen: Terminal):
    said = liuhen("ledger", "verify", "--json")
    document = said.document
    assert (said.status, document["ok"], document["findings"]) == (0, True, [])
    assert document["size"] == publish.published("demo").size
    assert base64.b64decode(document["root"]) == publish.published("demo").root
    assert [ledger["agency"] for ledger in document["ledgers"]] == ["demo", "other"]


def test_verify_names_the_altered_row(stocked: Path, liuhen: Terminal):
    position = recording_of().position
    _sql(
        "DROP TRIGGER ledger_entry_no_update",
        "UPDATE ledger_entry SET entry = replace(entry, '王晓兰', '王小兰')"
        f" WHERE position = {position} AND agency_id = {recording_of().agency_id}",
    )
    said = liuhen("ledger", "verify", "--json", "--agency", "demo")
    assert (said.status, said.document["ok"]) == (1, False)
    assert [(one["position"], one["code"]) for one in said.document["findings"]] == [
        (position, "row_altered")
    ]
    assert f"第 {position} 条" in said.err


def test_verify_of_an_empty_home_finds_an_empty_ledger(empty_home: Path, liuhen: Terminal):
    said = liuhen("ledger", "verify", "--json")
    assert (said.status, said.document["ok"], said.document["size"], said.document["findings"]) == (
        0,
        True,
        0,
        [],
    )
    assert "还没有账本" in said.err


def test_verify_misses_an_agency_whose_rows_are_gone(stocked: Path, liuhen: Terminal):
    """The published ledger of an office that the database does not know is not passed over."""
    shutil.copytree(stocked / "ledger/demo", stocked / "ledger/third")
    said = liuhen("ledger", "verify", "--json")
    assert said.status == 1
    assert [(one["agency"], one["code"]) for one in said.document["findings"]] == [("third", "rows_missing")]


def test_verify_of_an_unknown_agency_is_wrong_usage(stocked: Path, liuhen: Terminal):
    assert liuhen("ledger", "verify", "--agency", "nowhere", "--json").status == 2


# -- checkpoint


def test_the_checkpoint_is_printed_as_it_is_published(stocked: Path, liuhen: Terminal):
    said = liuhen("ledger", "checkpoint")
    assert said.out == (stocked / "ledger/demo/checkpoint").read_text()
    assert "指纹" in said.err
    document = liuhen("ledger", "checkpoint", "--json").document
    assert (document["origin"], document["checkpoint"]) == ("liuhen/demo", said.out)
    assert liuhen("ledger", "checkpoint", "--agency", "other").out != said.out


# -- prove


def test_a_proof_is_written_and_holds(stocked: Path, tmp_path: Path, liuhen: Terminal):
    path = tmp_path / "x.tlog-proof"
    said = liuhen("ledger", "prove", recording_of().number, "-o", path, "--by", "custodian", "--json")
    assert (said.status, said.document["position"]) == (0, recording_of().position)
    proof = ProofFile.parse(path.read_text())
    assert (proof.index, proof.checkpoint) == (
        recording_of().position,
        (stocked / "ledger/demo/checkpoint").read_text(),
    )


@pytest.mark.parametrize(("who", "status"), [("stranger", 1), ("sysadmin", 1), ("head", 0)])
def test_only_who_may_see_a_recording_gets_its_proof(
    stocked: Path, tmp_path: Path, liuhen: Terminal, who, status
):
    path = tmp_path / "x.tlog-proof"
    assert liuhen("ledger", "prove", recording_of().number, "-o", path, "--by", who).status == status
    assert path.exists() == (status == 0)


def test_a_proof_into_a_missing_folder_is_wrong_usage(stocked: Path, tmp_path: Path, liuhen: Terminal):
    path = tmp_path / "no/x.tlog-proof"
    assert liuhen("ledger", "prove", recording_of().number, "-o", path, "--by", "custodian").status == 2


# -- consistency


@pytest.fixture
def old(stocked: Path, tmp_path: Path, liuhen: Terminal) -> Path:
    """A checkpoint kept on paper; then the ledger grew."""
    path = tmp_path / "old-checkpoint"
    path.write_text(liuhen("ledger", "checkpoint").out)
    _grow(liuhen, "5500001", "5500002", "5500003")
    return path


def test_true_growth_is_proved_and_the_strangers_verifier_accepts_it(
    stocked: Path, tmp_path: Path, liuhen: Terminal, old: Path, capsys
):
    link = tmp_path / "consistency.json"
    said = liuhen("ledger", "consistency", old, "-o", link, "--json")
    document = said.document
    assert (said.status, json.loads(link.read_text())) == (0, document)
    assert document["new"]["size"] - document["old"]["size"] == 3
    assert all(len(base64.b64decode(one)) == 32 for one in (document["old"]["root"], *document["proof"]))
    folder = tmp_path / "out"
    assert liuhen("export", recording_of().number, "-o", folder, "--by", "custodian").status == 0
    fresh = liuhen("ledger", "consistency", old, "--json").out  # the export itself is one entry more
    link.write_text(fresh)
    options = ["--checkpoint", str(old), "--consistency", str(link), "--json"]
    assert load_verifier().main([str(folder), *options]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert [c["state"] for c in judged["checks"] if c["check"] == "checkpoint"] == ["ok"]


def test_the_same_checkpoint_needs_no_proof(stocked: Path, liuhen: Terminal):
    said = liuhen("ledger", "consistency", stocked / "ledger/demo/checkpoint", "--json")
    assert (said.status, said.document["proof"]) == (0, [])


@pytest.mark.parametrize("how", ["qr", "windows", "bom"])
def test_a_checkpoint_copied_from_paper_or_mail_is_understood(stocked, liuhen: Terminal, old: Path, how: str):
    text = old.read_text()
    if how == "qr":  # as receipts print it: note and key
        old.write_text(text + (stocked / "ledger/demo/vkey").read_text())
    elif how == "windows":
        old.write_bytes(text.replace("\n", "\r\n").encode())
    else:
        old.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert liuhen("ledger", "consistency", old).status == 0


def test_another_agencys_checkpoint_is_proved_against_its_own_ledger(stocked: Path, liuhen: Terminal):
    said = liuhen("ledger", "consistency", stocked / "ledger/other/checkpoint", "--json")
    assert (said.status, said.document["new"]["size"]) == (0, publish.published("other").size)


def test_a_rewritten_log_is_refused(stocked: Path, tmp_path: Path, liuhen: Terminal, old: Path):
    """The old head was signed over other entries of the same number."""
    signer, head = publish.signing_key("demo"), publish.published("demo")
    old.write_text(signer.sign(Checkpoint(head.origin, head.size - 2, b"\7" * 32)))
    said = liuhen("ledger", "consistency", old, "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "consistency_invalid")


def test_a_checkpoint_longer_than_the_ledger_is_refused(stocked: Path, liuhen: Terminal, old: Path):
    signer, head = publish.signing_key("demo"), publish.published("demo")
    old.write_text(signer.sign(Checkpoint(head.origin, head.size + 9, b"\7" * 32)))
    said = liuhen("ledger", "consistency", old, "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "ledger_cut_back")


def test_a_foreign_or_altered_checkpoint_is_refused(stocked: Path, liuhen: Terminal, old: Path):
    text, head = old.read_text(), publish.published("demo")
    foreign = Signer.generate("liuhen/demo").sign(head)
    elsewhere = Signer.generate("elsewhere/log")
    for wrong in (
        foreign,
        elsewhere.sign(Checkpoint("elsewhere/log", 1, b"\1" * 32)),
        text.replace("\n", " ", 1),
        text.replace("— liuhen/demo ", "— liuhen/demo A"),
        "rubbish",
        "",
    ):
        old.write_text(wrong)
        said = liuhen("ledger", "consistency", old, "--json")
        assert said.status == 1, wrong
        assert said.document["error"]["code"].startswith("checkpoint")


def test_a_checkpoint_file_that_cannot_be_read_is_wrong_usage(stocked: Path, tmp_path, liuhen: Terminal):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "nowhere", tmp_path, tmp_path / "binary"):
        assert liuhen("ledger", "consistency", path, "--json").status == 2


# -- witness


@pytest.fixture
def offices(stocked: Path, tmp_path: Path, liuhen: Terminal):
    """Ours, and a witness's with a key of its own; `offices(name)` works in one of them."""
    from types import SimpleNamespace

    witness = tmp_path / "witness-home"
    _work_in(witness)
    assert liuhen("init", "--code", "linxian", "--name", "邻县局", "--custodian", "见证人").status == 0
    _work_in(stocked)
    note = tmp_path / "ours"
    note.write_text(liuhen("ledger", "checkpoint").out)
    vkey = stocked / "ledger/demo/vkey"
    return SimpleNamespace(ours=stocked, witness=witness, note=note, vkey=vkey, folder=tmp_path)


def _cosign(liuhen: Terminal, offices, *more: object):
    _work_in(offices.witness)
    said = liuhen("ledger", "cosign", offices.note, "--vkey", offices.vkey, "--json", *more)
    _work_in(offices.ours)
    return said


def test_a_witness_signs_and_we_keep_the_signature(offices, liuhen: Terminal):
    signed = offices.folder / "signed"
    said = _cosign(liuhen, offices, "-o", signed)
    assert (said.status, said.document["checkpoint"]) == (0, signed.read_text())
    assert signed.read_text().startswith(offices.note.read_text())
    kept = liuhen("ledger", "cosign", signed, "--vkey", said.document["witness"], "--accept", "--json")
    assert (kept.status, kept.document["size"]) == (0, publish.published("demo").size)


def test_the_strangers_verifier_accepts_the_witness(offices, liuhen: Terminal, capsys):
    folder = offices.folder / "out"
    assert liuhen("export", recording_of().number, "-o", folder, "--by", "custodian").status == 0
    offices.note.write_text(liuhen("ledger", "checkpoint").out)
    said = _cosign(liuhen, offices)
    proof = next(folder.glob("*.tlog-proof"))
    text = proof.read_text()
    proof.write_text(text.replace(offices.note.read_text(), said.document["checkpoint"]))
    assert load_verifier().main([str(folder), "--witness", said.document["witness"], "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert [c["state"] for c in judged["checks"] if c["check"] == "witness"] == ["ok"]


def test_the_second_time_a_witness_wants_proof_that_the_log_grew(offices, liuhen: Terminal):
    assert _cosign(liuhen, offices).status == 0
    first = offices.folder / "first"
    first.write_text(offices.note.read_text())
    _grow(liuhen, "5500001", "5500002")
    offices.note.write_text(liuhen("ledger", "checkpoint").out)
    said = _cosign(liuhen, offices)
    assert (said.status, "consistency" in said.err) == (1, True)
    link = offices.folder / "link.json"
    assert liuhen("ledger", "consistency", first, "-o", link).status == 0
    assert _cosign(liuhen, offices, "--proof", link).status == 0
    assert _cosign(liuhen, offices).status == 0  # the same head again


def test_a_witness_never_signs_a_fork_or_an_older_head(offices, liuhen: Terminal):
    head, signer = publish.published("demo"), publish.signing_key("demo")
    assert _cosign(liuhen, offices).status == 0
    link = offices.folder / "link.json"
    proof = {"proof": [base64.b64encode(b"\1" * 32).decode()] * 3}
    link.write_text(json.dumps(proof))
    for size in (head.size, head.size + 5, head.size - 1):
        offices.note.write_text(signer.sign(Checkpoint(head.origin, size, b"\3" * 32)))
        said = _cosign(liuhen, offices, "--proof", link)
        assert (said.status, "checkpoint" in said.document) == (1, False)


@pytest.mark.parametrize("text", ["", "[]", '{"proof": 3}', '{"proof": ["?"]}', "not json", '{"proof": [1]}'])
def test_a_proof_file_that_is_none_is_wrong_usage(offices, liuhen: Terminal, text: str):
    link = offices.folder / "link.json"
    link.write_text(text)
    assert _cosign(liuhen, offices, "--proof", link).status == 2


def test_a_checkpoint_of_another_key_is_not_witnessed(offices, liuhen: Terminal):
    offices.vkey = Signer.generate("liuhen/demo").vkey
    said = _cosign(liuhen, offices)
    assert (said.status, "checkpoint" in said.document) == (1, False)


@pytest.mark.parametrize("vkey", ["nonsense", "a+b+c", "", "x" * 3000])
def test_a_key_that_is_none_is_refused(offices, liuhen: Terminal, vkey: str):
    offices.vkey = vkey
    assert _cosign(liuhen, offices).status in (1, 2)


def test_a_note_without_the_witnesss_line_is_not_kept(offices, liuhen: Terminal):
    said = _cosign(liuhen, offices)
    kept = liuhen("ledger", "cosign", offices.note, "--vkey", said.document["witness"], "--accept", "--json")
    assert (kept.status, kept.document["error"]["code"]) == (1, "no_cosignature")


@pytest.mark.parametrize(
    "words", [[], ["prove", "x"], ["consistency"], ["cosign", "x"], ["nonsense"], ["verify", "--agency"]]
)
def test_wrong_usage_is_status_2(stocked: Path, liuhen: Terminal, words: list[str]):
    said = liuhen("ledger", *words)
    assert (said.status, said.out) == (2, "")
