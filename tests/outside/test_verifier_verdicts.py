"""What the verifier says of an exported folder: proved, or refused under the code that fits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from outside.exported import (
    INDEX,
    RECORDING,
    Export,
    canonical,
    digest,
    entry_for,
    load_verifier,
    make_export,
    signer_of,
)

from liuhen.core.tlog.checkpoint import Checkpoint, Note
from liuhen.core.tlog.proof import ProofFile

verifier = load_verifier()
SEEN = datetime(2026, 3, 3, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    return make_export(folder)


@pytest.fixture
def ask(capsys):
    """Run the verifier in this process; (status, JSON document)."""

    def run(export: Export, *options: object):
        status = verifier.main([str(export.folder), "--json", *map(str, options)])
        document = json.loads(capsys.readouterr().out)
        assert document["ok"] == (status == 0) == (document["code"] == "ok")
        return status, document

    return run


@pytest.fixture
def code(ask):
    return lambda export, *options: ask(export, *options)[1]["code"]


def state_of(document, check):
    return [one["state"] for one in document["checks"] if one["check"] == check]


def flip(path, at=-3, bit=1):
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(bytes(data))


# ---- proved


def test_an_untouched_copy_proves_itself(export, ask):
    status, document = ask(export)
    assert status == 0
    assert (document["index"], document["size"]) == (INDEX, 9)
    assert document["key"] == "jinjiang.example/ledger"
    assert document["vkey"] == str(export.signer.vkey)
    assert document["recorded_at"] == "2026-03-02T08:31:05Z"
    assert [check["state"] for check in document["checks"]] == ["ok"] * 7
    assert document["key_source"] == "folder"
    assert "纸质回执" in document["not_proved"][0]["zh"]


def test_a_key_from_elsewhere_is_said_to_be_so(export, ask, tmp_path):
    for option in (str(export.signer.vkey), export.folder / "vkey"):
        status, document = ask(export, "--vkey", option)
        assert (status, document["key_source"]) == (0, "given")
        assert "纸质回执" not in document["not_proved"][0]["zh"]
    assert ask(export, "--vkey", signer_of(2).vkey, "--vkey", export.signer.vkey)[0] == 0


@pytest.mark.parametrize("size", [6, 7, 8, 16, 20])
@pytest.mark.parametrize("hinted", [True, False])
def test_a_proof_holds_under_any_head_that_covers_the_entry(export, ask, size, hinted):
    export.prove(size, hinted=hinted)
    assert ask(export)[0] == 0


def test_after_a_change_of_key_the_folder_holds_both_lines(export, ask):
    lines = f"{signer_of(2).vkey}\n{export.signer.vkey}\n"
    (export.folder / "vkey").write_text(lines, encoding="utf-8")
    assert ask(export)[0] == 0


def test_the_original_may_bear_another_name(export, ask):
    (export.folder / export.original).rename(export.folder / "副本 1.mp4")
    (export.folder / "别的文件.mp4").write_bytes(RECORDING[::-1])
    assert ask(export)[0] == 0


def test_an_empty_original_is_proved_too(tmp_path, ask):
    digests = {"sha256": digest("sha256", b""), "sm3": digest("sm3", b""), "bytes": 0}
    export = make_export(tmp_path, data=digests)
    (tmp_path / export.original).write_bytes(b"")
    assert ask(export)[0] == 0


# ---- refused, each under its own code


def test_one_flipped_bit_in_the_original_is_named_with_both_digests(export, ask):
    flip(export.folder / export.original)
    status, document = ask(export)
    assert (status, document["code"]) == (1, "content_changed")
    sentence = next(check["zh"] for check in document["checks"] if check["check"] == "content")
    assert export.original in sentence
    assert digest("sha256", RECORDING) in sentence
    assert digest("sha256", (export.folder / export.original).read_bytes()) in sentence
    assert state_of(document, "inclusion") == state_of(document, "signature") == ["ok"]


@pytest.mark.parametrize("name", [None, "renamed.mp4"])
@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0", lambda data: b""])
def test_a_shorter_or_longer_original_is_refused(export, ask, name, change):
    file = export.folder / export.original
    file.write_bytes(change(RECORDING))
    if name:
        file.rename(export.folder / name)
    assert ask(export)[1]["code"] == ("content_missing" if name else "content_changed")


@pytest.mark.parametrize("original", [{"content_name": "x.mp4", "name": "坏名"}, {"name": "x.mp4"}, {}, None])
def test_the_refusal_names_the_file_that_the_record_names(export, ask, original):
    (export.folder / export.original).rename(export.folder / "x.mp4")
    (export.folder / "x.mp4").write_bytes(b"shorter")
    (export.folder / "record.json").write_bytes(canonical({"original": original}))
    (export.folder / "y.mp4").write_bytes(b"something else")
    sentences = [check["zh"] for check in ask(export)[1]["checks"] if check["check"] == "content"]
    assert "x.mp4" in sentences[0]


def test_a_missing_original_is_refused(export, code):
    (export.folder / export.original).unlink()
    assert code(export) == "content_missing"


def test_an_sm3_that_disagrees_with_the_entry_is_refused(tmp_path, ask):
    document = ask(make_export(tmp_path, data={"sm3": "0" * 64}))[1]
    assert document["code"] == "content_changed"
    assert state_of(document, "content") == ["ok"] and state_of(document, "sm3") == ["fail"]


def test_an_altered_or_later_record_is_refused(export, ask):
    (export.folder / "record.json").write_bytes(export.record + b"\n")
    document = ask(export)[1]
    assert document["code"] == "record_changed"
    assert any("record.json 已改动或为后来版本" in check["zh"] for check in document["checks"])


def test_an_altered_entry_is_told_from_an_altered_proof(export, code):
    entry = entry_for(export.record, recorded_at="2026-03-02T09:31:05Z")
    (export.folder / "entry.json").write_bytes(canonical(entry))
    assert code(export) == "entry_changed"
    export.prove(9, hinted=False)
    assert code(export) == "proof_invalid"


def test_an_entry_made_to_fit_another_film_is_refused(export, code):
    film = RECORDING + b"another ending"
    (export.folder / export.original).write_bytes(film)
    forged = {"sha256": digest("sha256", film), "sm3": digest("sm3", film), "bytes": len(film)}
    (export.folder / "entry.json").write_bytes(canonical(entry_for(export.record, data=forged)))
    assert code(export) == "entry_changed"


@pytest.mark.parametrize("hinted", [True, False])
def test_a_tampered_proof_is_refused_as_such(export, code, hinted):
    export.prove(9, hinted=hinted)
    proof = ProofFile.parse(export.proof.read_text(encoding="utf-8"))
    for at in range(len(proof.hashes)):
        hashes = list(proof.hashes)
        hashes[at] = bytes([hashes[at][0] ^ 1]) + hashes[at][1:]
        altered = ProofFile(proof.index, tuple(hashes), proof.checkpoint, proof.extra)
        export.proof.write_text(altered.to_text(), encoding="utf-8")
        assert code(export) == "proof_invalid"
    for index in (INDEX - 1, INDEX + 1, 0):
        moved = ProofFile(index, proof.hashes, proof.checkpoint, proof.extra)
        export.proof.write_text(moved.to_text(), encoding="utf-8")
        assert code(export) == "proof_invalid"
    shorter = ProofFile(proof.index, proof.hashes[:-1], proof.checkpoint, proof.extra)
    export.proof.write_text(shorter.to_text(), encoding="utf-8")
    assert code(export) == "proof_invalid"


def test_an_honest_proof_of_an_entry_that_claims_another_place_is_refused(tmp_path, code):
    assert code(make_export(tmp_path, position=INDEX + 1)) == "proof_invalid"


def test_a_foreign_key_is_told_apart(export, code):
    assert code(export, "--vkey", signer_of(2).vkey) == "foreign_key"
    (export.folder / "vkey").write_text(f"{signer_of(2).vkey}\n", encoding="utf-8")
    assert code(export) == "foreign_key"


def test_a_log_forged_from_end_to_end_is_refused_by_the_office_key(export, ask):
    office = export.signer
    export.signer = signer_of(66)
    export.fresh(export.folder)
    status, document = ask(export)
    assert status == 0, "nothing in the folder can show that its own key is a forger's"
    assert document["key_source"] == "folder"
    assert ask(export, "--vkey", office.vkey)[1]["code"] == "foreign_key"


def test_a_key_of_another_log_does_not_vouch_for_this_one(export, code):
    other = signer_of(1, "other.example")
    body = export.head(9).body()
    export.prove(9, note=str(Note(body, (other.sign_text(body),))))
    assert code(export, "--vkey", other.vkey) == "foreign_key"


def test_an_altered_checkpoint_fails_its_signature(export, code):
    note = export.note(9).replace("\n9\n", "\n10\n")
    export.prove(9, note=note)
    assert code(export) == "signature_invalid"
    export.prove(9, note=export.note(9)[:-8] + "AAAA" + export.note(9)[-4:])
    assert code(export) in ("signature_invalid", "malformed")


@pytest.mark.parametrize("hinted", [True, False])
@pytest.mark.parametrize("size", [1, INDEX])
def test_a_checkpoint_from_before_the_entry_is_too_old(export, code, hinted, size):
    export.prove(9, hinted=hinted, note=export.note(size))
    assert code(export) == "checkpoint_too_old"


@pytest.mark.parametrize(
    ("size", "made_for", "hinted"), [(6, 9, True), (7, 9, True), (6, 16, False), (8, 17, False)]
)
def test_a_checkpoint_older_than_its_proof_is_too_old(export, code, size, made_for, hinted):
    export.prove(made_for, hinted=hinted, note=export.note(size))
    assert code(export) == "checkpoint_too_old"


@pytest.mark.parametrize("name", ["entry.json", "record.json", "vkey", "recording.tlog-proof"])
def test_a_missing_file_is_named(export, ask, name):
    (export.folder / name).unlink()
    document = ask(export)[1]
    assert document["code"] == "incomplete"
    wanted = "*.tlog-proof" if name.endswith("proof") else name
    assert any(wanted in check["zh"] for check in document["checks"] if check["state"] == "fail")


def test_two_proofs_are_one_too_many(export, code):
    (export.folder / "second.tlog-proof").write_bytes(export.proof.read_bytes())
    assert code(export) == "malformed"


# ---- a checkpoint from elsewhere


def given(tmp_path, text, name="paper.txt"):
    (tmp_path / name).write_bytes(text.encode())
    return tmp_path / name


def linked(tmp_path, document):
    return given(tmp_path, json.dumps(document), "link.json")


def test_the_same_head_on_paper_agrees_in_any_copying(export, ask, tmp_path):
    body = export.head(9).body()
    for text in (export.note(9), body, body.strip(), body.replace("\n", "\r\n"), "\ufeff" + export.note(9)):
        status, document = ask(export, "--checkpoint", given(tmp_path, text))
        assert (status, state_of(document, "checkpoint")[-1]) == (0, "ok")


def test_the_same_size_with_another_root_is_a_conflict(export, code, tmp_path):
    forged = Checkpoint(export.signer.name, 9, bytes(32))
    for text in (forged.body(), export.signer.sign(forged)):
        assert code(export, "--checkpoint", given(tmp_path, text)) == "checkpoint_conflict"


@pytest.mark.parametrize("size", [7, 20])
def test_another_size_without_a_link_is_accepted_with_a_reservation(export, ask, tmp_path, size):
    status, document = ask(export, "--checkpoint", given(tmp_path, export.note(size)))
    assert (status, state_of(document, "checkpoint")) == (0, ["note"])
    assert any("--consistency" in one["zh"] for one in document["not_proved"])
    sentence = next(check["en"] for check in document["checks"] if check["check"] == "checkpoint")
    assert ("older" if size == 20 else "newer") in sentence


def test_a_paper_that_does_not_cover_the_entry_vouches_for_nothing(export, code, ask, tmp_path):
    paper = given(tmp_path, export.note(4))
    assert code(export, "--checkpoint", paper) == "checkpoint_too_old"
    link = linked(tmp_path, export.link(4, 9))
    status, document = ask(export, "--checkpoint", paper, "--consistency", link)
    assert status == 0
    assert any("之后才登记" in check["zh"] for check in document["checks"])


@pytest.mark.parametrize("size", [1, 6, 8, 20])
def test_a_link_proves_that_the_log_only_grew(export, ask, tmp_path, size):
    link = linked(tmp_path, export.link(*sorted((size, 9))))
    status, document = ask(export, "--checkpoint", given(tmp_path, export.note(size)), "--consistency", link)
    assert (status, state_of(document, "checkpoint")) == (0, ["ok"])


def test_an_empty_log_on_paper_links_to_anything(export, ask, tmp_path):
    link = linked(tmp_path, export.link(0, 9))
    assert ask(export, "--checkpoint", given(tmp_path, export.note(0)), "--consistency", link)[0] == 0


def test_a_rewritten_history_is_a_conflict(export, code, tmp_path, tmp_path_factory):
    honest = make_export(tmp_path_factory.mktemp("honest"))
    honest.entries[2] = b"what was really there"
    for size in (4, 20):
        paper = given(tmp_path, honest.note(size))
        old, new = sorted((size, 9))
        # The forger can link his own heads, and the office its own, but nobody can link one to the other.
        assert code(
            export, "--checkpoint", paper, "--consistency", linked(tmp_path, export.link(old, new))
        ) in (
            "checkpoint_conflict",
            "consistency_invalid",
        )
        proved = honest.link(old, new) if size == 20 else export.link(old, new)
        assert (
            code(export, "--checkpoint", paper, "--consistency", linked(tmp_path, proved))
            == "checkpoint_conflict"
        )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda link: link | {"proof": link["proof"][:-1]},
        lambda link: link | {"proof": [*link["proof"], link["old"]["root"]]},
        lambda link: link | {"old": link["old"] | {"size": 5}},
        lambda link: link | {"new": link["new"] | {"root": b64encode(bytes(32)).decode()}},
        lambda link: link | {"old": link["old"] | {"root": b64encode(bytes(32)).decode()}},
    ],
)
def test_a_link_that_does_not_hold_is_refused(export, code, tmp_path, spoil):
    link = linked(tmp_path, spoil(export.link(6, 9)))
    assert (
        code(export, "--checkpoint", given(tmp_path, export.note(6)), "--consistency", link)
        == "consistency_invalid"
    )


def test_a_checkpoint_of_another_log_is_told_apart(export, code, tmp_path):
    other = Checkpoint("other.example", 9, bytes(32)).body()
    assert code(export, "--checkpoint", given(tmp_path, other)) == "origin_differs"


def test_a_given_checkpoint_with_a_failing_signature_is_refused(export, code, tmp_path):
    text = export.note(20).replace("\n20\n", "\n19\n")
    assert code(export, "--checkpoint", given(tmp_path, text)) == "signature_invalid"


# ---- witnesses


def test_a_witness_whose_key_is_given_is_checked_and_others_are_said_not_to_be(export, ask):
    first, second = (signer_of(seed, f"witness{seed}.example").as_cosigner() for seed in (7, 8))
    export.prove(9, note=second.cosign(first.cosign(export.note(9), SEEN), SEEN))
    document = ask(export, "--witness", first.vkey)[1]
    assert state_of(document, "witness") == ["ok", "note"]
    assert any("2026-03-03T01:02:03Z" in check["zh"] for check in document["checks"])
    assert any("witness8.example" in check["zh"] and "未核对" in check["zh"] for check in document["checks"])
    assert state_of(ask(export, "--witness", first.vkey, "--witness", second.vkey)[1], "witness") == [
        "ok",
        "ok",
    ]


def test_a_witness_that_did_not_sign_or_whose_line_fails_is_refused(export, code):
    witness = signer_of(7, "witness.example").as_cosigner()
    assert code(export, "--witness", witness.vkey) == "witness_missing"
    note = Note.parse(witness.cosign(export.note(8), SEEN))
    export.prove(
        9, note=str(Note(export.head(9).body(), (*Note.parse(export.note(9)).signatures, note.signatures[1])))
    )
    assert code(export, "--witness", witness.vkey) == "signature_invalid"
    assert code(export) == "ok", "a line that nobody asked to check is only named"


# ---- SM3 on a computer without it


def test_without_hashlibs_sm3_the_slow_road_is_announced_and_right(export, ask, monkeypatch, capsys):
    monkeypatch.setattr(verifier, "native_sm3", lambda: None)
    monkeypatch.setattr(verifier, "tell", lambda sentence: told.append(sentence))
    told: list[str] = []
    status, document = ask(export)
    assert (status, state_of(document, "sm3")) == (0, ["ok"])
    assert "--skip-sm3" in told[0] and "分" in told[0]


def test_a_skipped_sm3_is_said_not_to_be_checked(export, ask):
    status, document = ask(export, "--skip-sm3")
    assert (status, state_of(document, "sm3")) == (0, ["note"])
    assert any("SM3" in one["zh"] and "未核对" in one["zh"] for one in document["not_proved"])


# ---- hostile folders


HOSTILE_ENTRIES = {
    "deep": b"[" * 60_000,
    "deep object": b'{"a":' * 12_000,
    "not utf-8": b"\xff\xfe",
    "not an object": b"[]",
    "huge number": b'{"position": ' + b"9" * 60_000 + b"}",
    "not a number": b'{"position": NaN}',
    "a key twice": canonical(entry_for(b"")).replace(b'"kind":', b'"kind":"x","kind":'),
    "no data": b'{"data": null, "position": 5}',
    "empty": b"",
    "too large": b" " * 70_000,
}


@pytest.mark.parametrize("content", HOSTILE_ENTRIES.values(), ids=HOSTILE_ENTRIES)
def test_a_hostile_entry_is_refused_without_a_crash(export, ask, content):
    (export.folder / "entry.json").write_bytes(content)
    status, document = ask(export)
    assert status == 1
    assert document["code"] != "internal"


@pytest.mark.parametrize(
    "changes",
    [
        {"position": True},
        {"position": str(INDEX)},
        {"kind": "recording.viewed"},
        {"data": {"bytes": -1}},
        {"data": {"bytes": 1.5}},
        {"data": {"sha256": None}},
        {"data": {"sha256": digest("sha256", RECORDING).upper()}},
        {"data": {"record_sha256": "../../etc/passwd"}},
    ],
)
def test_a_logged_entry_of_another_form_is_malformed(tmp_path, code, changes):
    assert code(make_export(tmp_path, **changes)) == "malformed"


@pytest.mark.parametrize("name", ["recording.tlog-proof", "vkey", "record.json"])
@pytest.mark.parametrize("content", [b"", b"\xff" * 50, b"\n\n\n\n", b"A" * 2_000_000, b"[" * 100_000])
def test_any_file_may_be_rubbish(export, ask, name, content):
    (export.folder / name).write_bytes(content)
    status, document = ask(export)
    assert (status, document["code"] in ("malformed", "incomplete", "record_changed")) == (1, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index 5", "index " + "9" * 30),
        ("index 5", "index 9223372036854775807"),
        ("index 5", "index -5"),
        ("\n9\n", "\n" + "9" * 4000 + "\n"),
        ("\n9\n", "\n0\n"),
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("— ", "- "),
    ],
)
def test_a_hostile_proof_is_refused_without_a_crash(export, ask, old, new):
    text = export.proof.read_text(encoding="utf-8")
    assert old in text
    export.proof.write_text(text.replace(old, new), encoding="utf-8")
    status, document = ask(export)
    assert (status, document["code"] == "internal") == (1, False)


@pytest.mark.parametrize("name", ["entry.json", "record.json", "vkey", "recording.tlog-proof", None])
def test_links_are_not_followed(export, ask, tmp_path, name):
    file = export.folder / (name or export.original)
    file.rename(tmp_path / "outside")
    file.symlink_to(tmp_path / "outside")
    document = ask(export)[1]
    assert document["code"] == ("malformed" if name else "content_missing")
    assert any("链接" in check["zh"] for check in document["checks"])


@pytest.mark.parametrize("name", ["entry.json", "record.json", "vkey", "recording.tlog-proof"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_pipes_and_folders_in_place_of_files_do_not_block(export, ask, name, make):
    (export.folder / name).unlink()
    make(export.folder / name)
    assert ask(export)[1]["code"] == "malformed"


def test_foreign_text_cannot_move_the_cursor_or_fill_the_screen(tmp_path, capsys):
    export = make_export(tmp_path, data={"number": "\x1b[2J\u202e✓ 全部成立\n✓" + "长" * 9999})
    assert verifier.main([str(export.folder)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\u202e" not in out and "长" * 201 not in out


# ---- how it speaks


def test_the_sentences_are_in_both_languages_and_end_in_what_is_not_proved(export, capsys):
    assert verifier.main([str(export.folder)]) == 0
    out = capsys.readouterr().out
    for part in (
        "✓ 检查点",
        "The checkpoint (9 entries)",
        "结论：核验成立",
        "VERDICT: proved against key jinjiang.example/ledger",
        verifier.Vkey(str(export.signer.vkey)).fingerprint,
        "与纸质回执核对",
        "密钥取自本文件夹",
        "录制的内容是否真实发生",
        "What this does NOT prove",
    ):
        assert part in out
    flip(export.folder / export.original)
    assert verifier.main([str(export.folder), "--vkey", str(export.signer.vkey)]) == 1
    out = capsys.readouterr().out
    assert "✗ 文件" in out and "[content_changed]" in out and "结论：核验不成立" in out
    assert "密钥取自本文件夹" not in out


@pytest.mark.parametrize(
    "options",
    [
        ["--vkey", "no such file"],
        ["--vkey", "name+00000000+AAAA"],
        ["--witness", str(signer_of(1).vkey)],
        ["--vkey", str(signer_of(1).as_cosigner().vkey)],
        ["--checkpoint", "no such file"],
        ["--checkpoint", "entry.json"],
        ["--consistency", "link.json"],
        ["--vkey", "nul\0byte"],
    ],
)
def test_wrong_usage_is_status_2_and_still_one_json_document(export, capsys, monkeypatch, options):
    monkeypatch.chdir(export.folder)
    assert verifier.main([".", "--json", *options]) == 2
    output = capsys.readouterr()
    assert json.loads(output.out)["code"] == "usage"
    assert "用法有误" in output.err


def test_no_such_folder_is_wrong_usage(tmp_path, capsys):
    assert verifier.main([str(tmp_path / "nowhere")]) == 2
    with pytest.raises(SystemExit) as stop:
        verifier.main(["--no-such-option"])
    assert stop.value.code == 2


def test_a_fault_or_an_interruption_is_never_a_verdict(export, capsys, monkeypatch):
    for error, expected in ((RuntimeError, "internal"), (KeyboardInterrupt, "interrupted")):

        def fail(*arguments, error=error):
            raise error

        monkeypatch.setattr(verifier, "audit", fail)
        assert verifier.main([str(export.folder), "--json"]) == 1
        assert json.loads(capsys.readouterr().out) | {"message": ""} == {
            "ok": False,
            "code": expected,
            "checks": [],
            "message": "",
        }


def test_a_check_that_was_never_made_is_not_a_proof():
    report = verifier.Report()
    assert report.code == "incomplete"
    for check in verifier.ESSENTIAL:
        report.ok(check, "", "")
    assert report.code == "ok"
    report.note("sm3", "", "")
    assert report.code == "ok"


@pytest.mark.slow
def test_it_runs_alone_as_a_stranger_runs_it(export):
    def run(*options):
        return subprocess.run(
            [sys.executable, "-I", "liuhen-verify.py", ".", *options],
            cwd=export.folder,
            env={"LC_ALL": "C", "PATH": ""},
            capture_output=True,
            timeout=60,
        )

    good = run()
    assert (good.returncode, good.stderr) == (0, b"")
    assert "结论：核验成立" in good.stdout.decode("utf-8")
    flip(export.folder / export.original)
    bad = run("--json")
    assert (bad.returncode, json.loads(bad.stdout)["code"]) == (1, "content_changed")
