# ruff: noqa: F811 (fixtures are imported by name)
"""The page's own SHA-256, SHA-512, SM3, Ed25519 and Merkle arithmetic against published vectors, in the browser."""

from __future__ import annotations

import hashlib
import random
from base64 import b64encode
from typing import Any

import pytest
from e2e.verifier_page import VerifierPage, _verifier_page, verifier_page  # noqa: F401
from outside.exported import hash_at_of, load_verifier
from outside.test_verifier_arithmetic import SMALL_ORDER, ed25519_vectors, sm3_vectors

from liuhen.core.tlog.merkle import leaf_hash, root_of
from liuhen.core.tlog.proof import consistency_proof, inclusion_proof

pytestmark = pytest.mark.slow
verifier = load_verifier()


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def compute(page: VerifierPage, body: str, given: list[Any]) -> list[Any]:
    """`body` is a function (L, one) of the engine and one value, run on each in the browser."""
    found: list[Any] = page.page.evaluate(f"(given) => given.map((one) => ({body})(Liuhen, one))", given)
    return found


def test_sm3_agrees_with_the_published_vectors(verifier_page: VerifierPage):
    vectors = list(sm3_vectors())
    assert len(vectors) >= 6
    body = "(L, one) => new L.Sm3().update(L.unhex(one)).hexdigest()"
    assert compute(verifier_page, body, [message.hex() for message, _ in vectors]) == [
        md for _, md in vectors
    ]


def test_digests_agree_with_hashlib_at_every_length_and_cut(verifier_page: VerifierPage):
    chance = random.Random(5)
    whole = chance.randbytes(400)
    given = [[whole[:size].hex(), chance.randrange(size + 1)] for size in (*range(140), 191, 192, 256, 399)]
    body = """(L, [text, cut]) => {
        const bytes = L.unhex(text), piece = (d) => d.update(bytes.subarray(0, cut)).update(bytes.subarray(cut));
        return [piece(new L.Sha256()).hexdigest(), piece(new L.Sm3()).hexdigest(), L.hex(L.sha512(bytes))];
    }"""
    for (text, _), found in zip(given, compute(verifier_page, body, given), strict=True):
        data = bytes.fromhex(text)
        assert found == [hashlib.new(name, data).hexdigest() for name in ("sha256", "sm3", "sha512")]


VERIFY = "(L, one) => L.ed25519Verify(...one.map(L.unhex))"


def test_ed25519_agrees_with_the_published_vectors(verifier_page: VerifierPage):
    good, bad = [], []
    for at, (public, message, signature) in enumerate(ed25519_vectors(64)):
        flipped = bytearray(signature)
        flipped[at % 64] ^= 1 << at % 8
        good.append([public.hex(), message.hex(), signature.hex()])
        bad += [
            [public.hex(), message.hex(), bytes(flipped).hex()],
            [public.hex(), message.hex() + "00", signature.hex()],
        ]
    assert compute(verifier_page, VERIFY, good) == [True] * 64
    assert compute(verifier_page, VERIFY, bad) == [False] * 128


def test_a_signature_has_one_spelling_and_small_points_sign_nothing(verifier_page: VerifierPage):
    public, message, signature = next(ed25519_vectors(1))
    s = int.from_bytes(signature[32:], "little") + verifier._L
    refused = [
        [public, message, signature[:32] + s.to_bytes(32, "little")],
        [public, message, signature[:63]],
        [public, message, signature + b"\0"],
        [public[:31], message, signature],
    ]
    refused += [[point, b"%d" % at, SMALL_ORDER[0] + bytes(32)] for point in SMALL_ORDER for at in range(16)]
    given = [[part.hex() for part in one] for one in refused]
    assert compute(verifier_page, VERIFY, given) == [False] * len(refused)
    spellings = [verifier._P, verifier._P + 1, 1 | 1 << 255, 2]
    body = "(L, one) => L.decodePoint(L.unhex(one)) === null"
    assert compute(verifier_page, body, [n.to_bytes(32, "little").hex() for n in spellings]) == [True] * 4


def test_inclusion_is_judged_as_the_other_verifier_judges_it(verifier_page: VerifierPage):
    chance, given, expected = random.Random(7), [], []
    for _ in range(400):
        size = chance.randrange(1, 80)
        index, entries = chance.randrange(size), [b"%d" % i for i in range(size)]
        proof, leaf = inclusion_proof(index, size, hash_at_of(entries)), leaf_hash(entries[index])
        claimed = chance.choice([index, index, chance.randrange(size + 2)])
        proof = chance.choice([proof, proof, proof[:-1], [*proof, leaf], proof[::-1]])
        root = verifier.root_from_inclusion(claimed, size, leaf, proof)
        given.append([str(claimed), str(size), leaf.hex(), [one.hex() for one in proof]])
        expected.append(root.hex() if root else None)
    assert sum(value is not None for value in expected) > 100
    body = """(L, [index, size, leaf, proof]) => {
        const root = L.rootFromInclusion(BigInt(index), BigInt(size), L.unhex(leaf), proof.map(L.unhex));
        return root && L.hex(root);
    }"""
    assert compute(verifier_page, body, given) == expected


def test_consistency_is_judged_as_the_other_verifier_judges_it(verifier_page: VerifierPage):
    chance, given, expected = random.Random(9), [], []
    for _ in range(400):
        new = chance.randrange(2, 80)
        old = chance.randrange(new)
        leaves = [leaf_hash(b"%d" % i) for i in range(new)]
        proof = consistency_proof(old, new, hash_at_of([b"%d" % i for i in range(new)]))
        proof = chance.choice([proof, proof, proof[:-1], [*proof, leaves[0]], proof[::-1]])
        claimed = chance.choice([old, old, chance.randrange(new)])
        roots = root_of(leaves[:old]), root_of(leaves)
        given.append([str(claimed), str(new), *(root.hex() for root in roots), [one.hex() for one in proof]])
        expected.append(verifier.is_consistent(claimed, new, *roots, proof))
    assert 100 < sum(expected) < 400
    body = """(L, [old, size, a, b, proof]) =>
        L.isConsistent(BigInt(old), BigInt(size), L.unhex(a), L.unhex(b), proof.map(L.unhex))"""
    assert compute(verifier_page, body, given) == expected


def test_base64_has_one_spelling(verifier_page: VerifierPage):
    texts = [
        "",
        "AA==",
        "AB==",
        "AAA=",
        "AAB=",
        "AAAA",
        "AA",
        "A",
        "AA=A",
        "A A=",
        "AA==\n",
        "-_==",
        b64(bytes(33)),
        "é",
    ]
    found = compute(verifier_page, "(L, one) => { const x = L.unb64(one); return x && L.hex(x); }", texts)
    plain = [verifier.unb64(text) for text in texts]
    assert found == [None if data is None else data.hex() for data in plain]
