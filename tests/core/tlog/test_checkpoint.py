"""Notes and checkpoints: published ones verify, ours read back, every doubt has its own name."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from liuhen.core.tlog.checkpoint import (
    BadSignatureError,
    Checkpoint,
    CheckpointError,
    CheckpointFormatError,
    Cosigned,
    Cosigner,
    Note,
    Signer,
    UnknownKeyError,
    Vkey,
    fingerprint,
    open_checkpoint,
    verify_cosignatures,
    verify_note,
)
from liuhen.core.tlog.notes import b64, unb64

ROOT = bytes(range(32))
AT = datetime(2026, 3, 2, 8, 30, 15, 999_999, tzinfo=UTC)

# The example of C2SP signed-note.
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm"
    "RKuwHjG1Yu72IneyaQM=\n"
)
# The example of Go's sumdb/note: key pair and note.
GO_SEED = unb64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# A head of a public log, with signatures of kinds we do not know and cosignatures of several witnesses.
PUBLIC_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
PUBLIC_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
PUBLIC_NOTE = (
    "arche2025h1.staging.ct.transparency.dev\n"
    "1432088532\n"
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
    "\n"
    "— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHb"
    "dQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
    "— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3Nyg"
    "NI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75"
    "W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTy"
    "nk5XeU/zZ0WBxtqB0DrAWfBw==\n"
)


def signer_of(seed: int, name: str = "jinjiang.example/ledger") -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def head(size: int = 7, root: bytes = ROOT, origin: str = "jinjiang.example/ledger") -> Checkpoint:
    return Checkpoint(origin, size, root)


@pytest.mark.parametrize(("vkey", "note"), [(SPEC_VKEY, SPEC_NOTE), (GO_VKEY, GO_NOTE)])
def test_published_notes_verify(vkey, note):
    key = Vkey.parse(vkey)
    assert str(key) == vkey
    assert verify_note(note, [key]) == [key]
    assert str(Note.parse(note)) == note
    with pytest.raises(BadSignatureError):
        verify_note(note.replace("i", "j", 1), [key])


def test_signing_gives_the_published_note_byte_for_byte():
    signer = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(GO_SEED))
    text = GO_NOTE.partition("\n\n")[0] + "\n"
    assert str(signer.vkey) == GO_VKEY
    assert str(Note(text, (signer.sign_text(text),))) == GO_NOTE


def test_a_public_log_and_its_witness_verify():
    log, witness = Vkey.parse(PUBLIC_LOG), Vkey.parse(PUBLIC_WITNESS)
    assert verify_note(PUBLIC_NOTE, [log, witness]) == [log, witness]
    assert open_checkpoint(PUBLIC_NOTE, [log]).size == 1432088532
    seen = verify_cosignatures(PUBLIC_NOTE, [witness])
    assert [(one.vkey, one.at.year) for one in seen] == [(witness, 2026)]
    with pytest.raises(UnknownKeyError):
        open_checkpoint(PUBLIC_NOTE, [witness])


def test_a_checkpoint_reads_back_as_signed():
    signer = Signer.generate("jinjiang.example/ledger")
    note = signer.sign(head())
    assert open_checkpoint(note, [signer.vkey]) == head()
    assert head().body() == f"jinjiang.example/ledger\n7\n{b64(ROOT)}\n"
    extended = Checkpoint("jinjiang.example/ledger", 7, ROOT, ("more", "and more"))
    assert Checkpoint.parse(extended.body()) == extended


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_one_flipped_bit_in_a_signed_checkpoint_is_never_accepted(data):
    signer = signer_of(1)
    note = bytearray(signer.sign(head()).encode())
    note[data.draw(st.integers(0, len(note) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((CheckpointError, UnicodeDecodeError)):
        open_checkpoint(note.decode(), [signer.vkey])


def test_an_unknown_key_and_a_bad_signature_are_told_apart():
    ours, theirs = signer_of(1), signer_of(2)
    note = ours.sign(head())
    with pytest.raises(UnknownKeyError):
        verify_note(note, [theirs.vkey])
    with pytest.raises(UnknownKeyError):
        verify_note(note, [])
    with pytest.raises(BadSignatureError):
        verify_note(note.replace("\n7\n", "\n8\n"), [ours.vkey])
    with pytest.raises(BadSignatureError, match="jinjiang"):
        verify_note(note.replace("\n7\n", "\n8\n"), [theirs.vkey, ours.vkey])


def test_lines_of_unknown_keys_are_ignored_but_a_failing_known_one_refuses_all():
    ours, other = signer_of(1), signer_of(2, "other.example")
    note = Note.parse(ours.sign(head()))
    wrong = other.sign_text("something else\n")
    both = str(Note(note.text, (wrong, *note.signatures)))
    assert verify_note(both, [ours.vkey]) == [ours.vkey]
    with pytest.raises(BadSignatureError, match=r"other\.example"):
        verify_note(both, [ours.vkey, other.vkey])


def test_after_a_change_of_key_either_line_of_the_vkey_file_verifies():
    old, new = signer_of(1), signer_of(2)
    keys = Vkey.parse_lines(f"{old.vkey}\n{new.vkey}\n\n")
    assert keys == [old.vkey, new.vkey]
    assert open_checkpoint(old.sign(head(5)), keys).size == 5
    assert open_checkpoint(new.sign(head(6)), keys).size == 6


def test_two_keys_with_one_name_and_key_id_are_both_tried(monkeypatch):
    ours, twin = signer_of(1), signer_of(2)
    monkeypatch.setattr(Vkey, "key_id", "00000000")
    note = ours.sign(head())
    assert verify_note(note, [twin.vkey, ours.vkey]) == [ours.vkey]


def test_a_key_signs_its_own_log_only():
    with pytest.raises(CheckpointError, match="不能签署"):
        signer_of(1).sign(head(origin="other.example"))


def test_a_checkpoint_of_another_log_is_not_opened_with_this_key():
    other = signer_of(1, "other.example")
    body = head().body()
    with pytest.raises(UnknownKeyError):
        open_checkpoint(str(Note(body, (other.sign_text(body),))), [other.vkey])


def test_a_cosignature_carries_its_time_in_whole_seconds_of_utc():
    log = signer_of(1)
    witness = signer_of(3, "witness.example").as_cosigner()
    beijing = AT.astimezone(timezone(timedelta(hours=8)))
    note = witness.cosign(log.sign(head()), beijing)
    assert verify_cosignatures(note, [witness.vkey]) == [Cosigned(witness.vkey, AT.replace(microsecond=0))]
    assert open_checkpoint(note, [log.vkey]) == head()
    assert verify_cosignatures(note, [log.vkey]) == []
    second = Cosigner("second.example", Ed25519PrivateKey.generate())
    both = second.cosign(note, AT)
    assert {one.vkey for one in verify_cosignatures(both, [second.vkey, witness.vkey])} == {
        second.vkey,
        witness.vkey,
    }


def test_a_cosignature_fails_when_its_time_or_the_head_is_altered():
    log, witness = signer_of(1), signer_of(3, "witness.example").as_cosigner()
    note = Note.parse(witness.cosign(log.sign(head()), AT))
    line = note.signatures[1]
    later = type(line)(line.name, line.key_id, (2**62).to_bytes(8, "big") + line.raw[8:])
    tomorrow = type(line)(line.name, line.key_id, bytes(7) + b"\1" + line.raw[8:])
    for altered in (
        Note(note.text, (later,)),
        Note(note.text, (tomorrow,)),
        Note(head(8).body(), (line,)),
        Note(note.text, (type(line)(line.name, line.key_id, b"short"),)),
    ):
        with pytest.raises(BadSignatureError):
            verify_cosignatures(altered, [witness.vkey])


def test_the_same_key_as_log_and_as_witness_gives_lines_that_cannot_be_swapped():
    key = signer_of(1)
    assert key.vkey.key_id != key.as_cosigner().vkey.key_id
    note = Note.parse(key.as_cosigner().cosign(key.sign(head()), AT))
    with pytest.raises(UnknownKeyError):
        open_checkpoint(Note(note.text, note.signatures[1:]), [key.vkey])
    with pytest.raises(UnknownKeyError):
        open_checkpoint(note, [key.as_cosigner().vkey])


@pytest.mark.parametrize("at", [AT.replace(tzinfo=None), datetime(1960, 1, 1, tzinfo=UTC)])
def test_a_cosignature_needs_a_real_time(at):
    with pytest.raises(ValueError, match="aware"):
        signer_of(3).as_cosigner().cosign(signer_of(1).sign(head()), at)


def test_only_a_checkpoint_can_be_cosigned():
    with pytest.raises(CheckpointFormatError):
        signer_of(3).as_cosigner().cosign(SPEC_NOTE, AT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n7\n",
        "log\n7\n" + b64(ROOT),
        "log\n07\n" + b64(ROOT) + "\n",
        "log\n-7\n" + b64(ROOT) + "\n",
        "log\n+7\n" + b64(ROOT) + "\n",
        "log\n７\n" + b64(ROOT) + "\n",
        "log\n" + "9" * 5000 + "\n" + b64(ROOT) + "\n",
        "log\n" + str(2**63) + "\n" + b64(ROOT) + "\n",
        "log\n7\n" + b64(ROOT[:31]) + "\n",
        "log\n7\n" + b64(ROOT).replace("=", "") + "\n",
        "\n7\n" + b64(ROOT) + "\n",
        "log\n7\n" + b64(ROOT) + "\n\n",
        "log\r\n7\r\n" + b64(ROOT) + "\r\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(CheckpointFormatError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n— name AAAAAAA=\n",
        SPEC_NOTE[:-1],
        SPEC_NOTE.replace("— ", "- "),
        SPEC_NOTE.replace("yaQM=", "yaQM"),
        SPEC_NOTE.replace("example message", "example\0message"),
        SPEC_NOTE.replace("example message", "example\udcffmessage"),
        SPEC_NOTE.replace("\n", "\r\n"),
        "text\n\n— name AAAAAA==\n",
        "text\n\n" + "— name AAAAAAA=\n" * 300,
        "a" * 1_000_001 + SPEC_NOTE,
    ],
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(CheckpointFormatError):
        Note.parse(note)


def test_text_with_empty_lines_ends_at_the_last_one():
    signer = signer_of(1)
    text = "one\n\ntwo\n\n\nthree\n"
    note = str(Note(text, (signer.sign_text(text),)))
    assert Note.parse(note).text == text
    assert verify_note(note, [signer.vkey]) == [signer.vkey]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "name",
        "name+00000000",
        SPEC_VKEY.replace("530d903a", "530d903b"),
        SPEC_VKEY.replace("530d903a", "530D903A"),
        SPEC_VKEY[:-1],
        SPEC_VKEY.replace("example.com", "example com"),
        "+" + SPEC_VKEY.partition("+")[2],
        "name+00000000+" + b64(b"\2" + bytes(32)),
        "name+00000000+" + b64(b"\1" + bytes(31)),
    ],
)
def test_what_is_no_verifier_key_is_refused(line):
    with pytest.raises(CheckpointFormatError):
        Vkey.parse(line)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb", "a\0b", "a\udcff"])
def test_names_that_a_note_cannot_carry_are_refused(name):
    with pytest.raises(CheckpointFormatError):
        Signer.generate(name)


def test_a_chinese_name_can_sign():
    signer = Signer.generate("晋江市农业农村局")
    checkpoint = head(origin="晋江市农业农村局")
    assert open_checkpoint(signer.sign(checkpoint), [Vkey.parse(str(signer.vkey))]) == checkpoint


def test_the_fingerprint_is_the_sha256_of_the_line_in_groups_of_four():
    shown = fingerprint(SPEC_VKEY)
    assert shown.replace(" ", "") == hashlib.sha256(SPEC_VKEY.encode()).hexdigest()
    assert {len(group) for group in shown.split(" ")} == {4}
    assert fingerprint(Vkey.parse(SPEC_VKEY)) == fingerprint(SPEC_VKEY + "\n") == shown
