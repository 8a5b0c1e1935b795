"""The verifier's own SM3, Ed25519 and Merkle arithmetic against published vectors and against `core.tlog`."""

from __future__ import annotations

import ast
import hashlib
import sys

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from outside.exported import VERIFIER, hash_at_of, load_verifier, signer_of

from liuhen.core.tlog.checkpoint import fingerprint
from liuhen.core.tlog.merkle import leaf_hash, root_of
from liuhen.core.tlog.proof import (
    ConsistencyError,
    ProofError,
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)

verifier = load_verifier()


def sm3_vectors():
    message = None
    with cryptography_vectors.open_vector_file("hashes/SM3/oscca.txt", "r") as file:
        for line in file:
            key, _, value = line.strip().partition(" = ")
            if key == "Len":
                length = int(value) // 8
            elif key == "Msg":
                message = bytes.fromhex(value)[:length]
            elif key == "MD":
                yield message, value


def ed25519_vectors(count):
    with cryptography_vectors.open_vector_file("asymmetric/Ed25519/sign.input", "r") as file:
        for _, line in zip(range(count), file, strict=False):
            _, public, message, signed, _ = line.split(":")
            yield bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signed[:128])


def pure_sm3(*pieces: bytes) -> str:
    digest = verifier.PureSm3()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def test_sm3_agrees_with_the_published_vectors():
    vectors = list(sm3_vectors())
    assert len(vectors) >= 6
    for message, expected in vectors:
        assert pure_sm3(message) == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=150), max_size=4))
def test_sm3_in_pieces_agrees_with_hashlib(pieces):
    assert pure_sm3(*pieces) == hashlib.new("sm3", b"".join(pieces)).hexdigest()


def test_a_hashlib_without_sm3_or_with_a_wrong_one_is_not_used(monkeypatch):
    assert verifier.native_sm3() is not None
    monkeypatch.setattr(verifier.hashlib, "new", lambda name: hashlib.sha256())
    assert verifier.native_sm3() is None

    def absent(name):
        raise ValueError(name)

    monkeypatch.setattr(verifier.hashlib, "new", absent)
    assert verifier.native_sm3() is None


def test_ed25519_agrees_with_the_published_vectors():
    for at, (public, message, signature) in enumerate(ed25519_vectors(24)):
        assert verifier.ed25519_verify(public, message, signature)
        bad = bytearray(signature)
        bad[at * 2 % 64] ^= 1 << at % 8
        assert not verifier.ed25519_verify(public, message, bytes(bad))
        assert not verifier.ed25519_verify(public, message + b"\0", signature)


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_ed25519_agrees_with_another_implementation(seed, message):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    assert verifier.ed25519_verify(public, message, private.sign(message))


def test_a_signature_has_one_spelling():
    public, message, signature = next(ed25519_vectors(1))
    s = int.from_bytes(signature[32:], "little") + verifier._L
    assert not verifier.ed25519_verify(public, message, signature[:32] + s.to_bytes(32, "little"))
    assert not verifier.ed25519_verify(public, message, signature[:63])
    assert not verifier.ed25519_verify(public, message, signature + b"\0")
    assert not verifier.ed25519_verify(public[:31], message, signature)


SMALL_ORDER = [
    (1).to_bytes(32, "little"),
    bytes(32),
    (verifier._P - 1).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_points_of_small_order_sign_nothing(point):
    # With such a key, R = identity and S = 0 satisfies the equation for one message in eight or for all.
    for counter in range(16):
        assert not verifier.ed25519_verify(point, b"%d" % counter, SMALL_ORDER[0] + bytes(32))
    assert verifier._same(verifier._multiply(8, verifier._decode_point(point)), verifier._IDENTITY)


@pytest.mark.parametrize(
    "spelling",
    [
        (verifier._P).to_bytes(32, "little"),
        (verifier._P + 1).to_bytes(32, "little"),
        (1 | 1 << 255).to_bytes(32, "little"),
        (2).to_bytes(32, "little"),
    ],
)
def test_what_is_no_canonical_point_is_refused(spelling):
    assert verifier._decode_point(spelling) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_inclusion_is_judged_as_core_judges_it(data):
    size = data.draw(st.integers(1, 80))
    index = data.draw(st.integers(0, size - 1))
    entries = [b"%d" % i for i in range(size)]
    proof = inclusion_proof(index, size, hash_at_of(entries))
    root, leaf = root_of([leaf_hash(entry) for entry in entries]), leaf_hash(entries[index])
    assert verifier.path_length(index, size) == len(proof)
    assert verifier.root_from_inclusion(index, size, leaf, proof) == root
    other = data.draw(st.integers(0, size + 2))
    altered = data.draw(st.sampled_from([proof, proof[:-1], [*proof, leaf], proof[::-1]]))
    try:
        verify_inclusion(other, size, leaf, altered, root)
        holds = True
    except ProofError:
        holds = False
    assert (verifier.root_from_inclusion(other, size, leaf, altered) == root) == holds


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_consistency_is_judged_as_core_judges_it(data):
    new = data.draw(st.integers(2, 80))
    old = data.draw(st.integers(0, new - 1))
    entries = [b"%d" % i for i in range(new)]
    leaves = [leaf_hash(entry) for entry in entries]
    proof = consistency_proof(old, new, hash_at_of(entries))
    altered = data.draw(st.sampled_from([proof, proof[:-1], [*proof, leaves[0]], proof[::-1]]))
    claimed = data.draw(st.integers(0, new - 1))
    try:
        verify_consistency(claimed, new, altered, root_of(leaves[:old]), root_of(leaves))
        holds = True
    except ConsistencyError:
        holds = False
    assert verifier.is_consistent(claimed, new, root_of(leaves[:old]), root_of(leaves), altered) == holds
    assert verifier.is_consistent(old, new, root_of(leaves[:old]), root_of(leaves), proof)


def test_the_fingerprint_is_the_one_that_receipts_print():
    line = str(signer_of(1).vkey)
    assert verifier.Vkey(line).fingerprint == fingerprint(line)


def test_the_file_is_python_3_8_and_imports_the_standard_library_only():
    source = VERIFIER.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module.partition(".")[0])
    assert imported <= set(sys.stdlib_module_names)
    assert "SPDX-License-Identifier: Apache-2.0" in source
