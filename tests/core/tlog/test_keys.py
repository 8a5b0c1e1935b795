"""Key files: made once, read back, and refused the moment somebody else could read them."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest

from liuhen.core.tlog.checkpoint import Checkpoint, CheckpointFormatError, open_checkpoint
from liuhen.core.tlog.keys import KeyFileError, create_key, load_key


def test_a_key_reads_back_and_signs_the_same(tmp_path):
    path = tmp_path / "keys" / "晋江.key"
    made = create_key(path, "jinjiang.example/ledger")
    loaded = load_key(path)
    assert loaded.vkey == made.vkey
    head = Checkpoint("jinjiang.example/ledger", 0, bytes(32))
    assert open_checkpoint(loaded.sign(head), [made.vkey]) == head
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "a.key"
    create_key(path, "a")
    before = path.read_bytes()
    with pytest.raises(KeyFileError) as refusal:
        create_key(path, "a")
    assert refusal.value.code == "key_exists"
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666, 0o601])
def test_a_key_that_others_may_touch_is_refused_with_the_remedy(tmp_path, mode):
    path = tmp_path / "a.key"
    create_key(path, "a")
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"chmod 600 {path}") as refusal:
        load_key(path)
    assert refusal.value.code == "key_exposed"
    path.chmod(0o400)
    load_key(path)


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(KeyFileError, match=r"a\.key") as refusal:
        load_key(tmp_path / "a.key")
    assert refusal.value.code == "key_missing"


RSA_LIKE = b"liuhen-key: 1\nname: a\nvkey: a\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-40],
        lambda data: data.replace(b"name: a", b"name: b"),
        lambda data: data.replace(b"liuhen-key: 1", b"liuhen-key: 2"),
        lambda data: data.replace(b"name: a\n", b""),
        lambda data: data.partition(b"-----BEGIN")[0],
        lambda data: b"\xff\xfe" + data,
        lambda data: RSA_LIKE,
    ],
)
def test_a_damaged_key_is_named(tmp_path, damage):
    path = tmp_path / "a.key"
    create_key(path, "a")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(KeyFileError) as refusal:
        load_key(path)
    assert refusal.value.code == "key_damaged"


def test_another_kind_of_key_under_our_header_is_damage(tmp_path):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = tmp_path / "a.key"
    create_key(path, "a")
    head, _, _ = path.read_bytes().partition(b"-----BEGIN")
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(head + other)
    with pytest.raises(KeyFileError) as refusal:
        load_key(path)
    assert refusal.value.code == "key_damaged"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_damage_and_does_not_block(tmp_path, make):
    make(tmp_path / "a.key", 0o600)
    with pytest.raises(KeyFileError) as refusal:
        load_key(tmp_path / "a.key")
    assert refusal.value.code == "key_damaged"


def test_a_name_that_a_note_cannot_carry_leaves_no_file(tmp_path):
    with pytest.raises(CheckpointFormatError):
        create_key(tmp_path / "a.key", "a b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_openssl_reads_the_file_as_it_is(tmp_path):
    path = tmp_path / "a.key"
    signer = create_key(path, "a")
    try:
        run = subprocess.run(
            ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], capture_output=True, check=True
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert run.stdout.endswith(signer.vkey.public)
