"""Proofs: the published ones come out, the right ones pass, anything altered is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tlog_oracle import (
    CT_CONSISTENCY,
    CT_ENTRIES,
    CT_INCLUSION,
    CT_ROOTS,
    hash_at_of,
    mth,
    path,
    proof,
    some_entries,
)

from liuhen.core.tlog.merkle import EMPTY_ROOT, leaf_hash
from liuhen.core.tlog.proof import (
    ConsistencyError,
    InclusionError,
    ProofError,
    ProofFile,
    ProofFormatError,
    ProofRangeError,
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)

sizes = st.integers(1, 300)


@st.composite
def positions(draw):
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw):
    new = draw(sizes)
    return draw(st.integers(1, new)), new


def flipped(data: bytes, bit: int) -> bytes:
    value = bytearray(data)
    value[bit // 8] ^= 1 << bit % 8
    return bytes(value)


@pytest.mark.parametrize(("at", "hashes"), CT_INCLUSION.items())
def test_published_inclusion_proofs(at, hashes):
    index, size = at
    made = inclusion_proof(index, size, hash_at_of(CT_ENTRIES))
    assert [value.hex() for value in made] == hashes
    verify_inclusion(index, size, leaf_hash(CT_ENTRIES[index]), made, CT_ROOTS[size])


@pytest.mark.parametrize(("at", "hashes"), CT_CONSISTENCY.items())
def test_published_consistency_proofs(at, hashes):
    old, new = at
    made = consistency_proof(old, new, hash_at_of(CT_ENTRIES))
    assert [value.hex() for value in made] == hashes
    verify_consistency(old, new, made, CT_ROOTS[old], CT_ROOTS[new])


@settings(max_examples=60, deadline=None)
@given(positions())
def test_every_inclusion_proof_is_the_defined_one_and_holds(at):
    index, size = at
    entries = some_entries(size)
    made = inclusion_proof(index, size, hash_at_of(entries))
    assert made == path(index, entries)
    verify_inclusion(index, size, leaf_hash(entries[index]), made, mth(entries))


@settings(max_examples=60, deadline=None)
@given(growths())
def test_every_consistency_proof_is_the_defined_one_and_holds(at):
    old, new = at
    entries = some_entries(new)
    made = consistency_proof(old, new, hash_at_of(entries))
    assert made == proof(old, entries)
    verify_consistency(old, new, made, mth(entries[:old]), mth(entries))


@settings(max_examples=60, deadline=None)
@given(positions(), st.data())
def test_one_flipped_bit_anywhere_refuses_the_inclusion(at, data):
    index, size = at
    entries = some_entries(size)
    parts = [leaf_hash(entries[index]), mth(entries), *path(index, entries)]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], data.draw(st.integers(0, 255)))
    with pytest.raises(InclusionError):
        verify_inclusion(index, size, parts[0], parts[2:], parts[1])


@settings(max_examples=60, deadline=None)
@given(growths(), st.data())
def test_one_flipped_bit_anywhere_refuses_the_consistency(at, data):
    old, new = at
    entries = some_entries(new)
    parts = [mth(entries[:old]), mth(entries), *proof(old, entries)]
    which = data.draw(st.integers(0, len(parts) - 1))
    parts[which] = flipped(parts[which], data.draw(st.integers(0, 255)))
    with pytest.raises(ConsistencyError):
        verify_consistency(old, new, parts[2:], parts[0], parts[1])


@settings(max_examples=60, deadline=None)
@given(positions(), st.data())
def test_a_proof_holds_at_its_own_position_only(at, data):
    index, size = at
    entries = some_entries(size)
    made, leaf, root = path(index, entries), leaf_hash(entries[index]), mth(entries)
    other = data.draw(
        st.integers(0, size - 1).filter(lambda value: value != index) if size > 1 else st.just(1)
    )
    with pytest.raises(ProofError):
        verify_inclusion(other, size, leaf, made, root)
    with pytest.raises(InclusionError):
        verify_inclusion(index, size, leaf, [*made, root], root)
    if made:
        with pytest.raises(InclusionError):
            verify_inclusion(index, size, leaf, made[:-1], root)


@settings(max_examples=60, deadline=None)
@given(growths())
def test_a_consistency_proof_with_one_hash_more_or_less_is_refused(at):
    old, new = at
    entries = some_entries(new)
    made, roots = proof(old, entries), (mth(entries[:old]), mth(entries))
    with pytest.raises(ConsistencyError):
        verify_consistency(old, new, [*made, roots[1]], *roots)
    if made:
        with pytest.raises(ConsistencyError):
            verify_consistency(old, new, made[:-1], *roots)


def test_a_proof_of_a_smaller_or_larger_tree_is_refused_even_with_that_tree_s_root():
    entries = some_entries(8)
    leaf = leaf_hash(entries[0])
    for real, claimed in ((2, 4), (4, 2), (2, 1), (4, 8), (8, 4)):
        with pytest.raises(InclusionError):
            verify_inclusion(0, claimed, leaf, path(0, entries[:real]), mth(entries[:real]))
    with pytest.raises(InclusionError):
        verify_inclusion(0, 1, leaf_hash(entries[1]), path(1, entries[:2]), mth(entries[:2]))
    for real, claimed in (((7, 8), (3, 4)), ((3, 4), (7, 8)), ((3, 5), (3, 4)), ((3, 4), (3, 5))):
        roots = (mth(entries[:size]) for size in real)
        with pytest.raises(ConsistencyError):
            verify_consistency(*claimed, proof(real[0], entries[: real[1]]), *roots)


def test_a_history_rewritten_before_the_old_head_is_refused():
    entries = some_entries(20)
    forged = [*entries[:3], b"another entry 3", *entries[4:]]
    with pytest.raises(ConsistencyError):
        verify_consistency(10, 20, proof(10, forged), mth(entries[:10]), mth(forged))


def test_from_nothing_and_to_the_same_size_need_no_hashes():
    entries = some_entries(5)
    verify_consistency(0, 5, [], EMPTY_ROOT, mth(entries))
    verify_consistency(5, 5, [], mth(entries), mth(entries))
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    assert consistency_proof(0, 5, hash_at_of(entries)) == consistency_proof(5, 5, hash_at_of(entries)) == []
    for old, old_root, new_root in (
        (0, mth(entries), mth(entries)),
        (5, mth(entries[:4]), mth(entries)),
    ):
        with pytest.raises(ConsistencyError):
            verify_consistency(old, 5, [], old_root, new_root)
    with pytest.raises(ConsistencyError):
        verify_consistency(0, 0, [], mth(entries), mth(entries))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (7, 5)])
def test_a_position_outside_the_tree_is_named_as_such(index, size):
    with pytest.raises(ProofRangeError, match="没有第"):
        inclusion_proof(index, size, hash_at_of(some_entries(8)))
    with pytest.raises(ProofRangeError):
        verify_inclusion(index, size, EMPTY_ROOT, [], EMPTY_ROOT)


def test_sizes_in_the_wrong_order_are_named_as_such():
    with pytest.raises(ProofRangeError):
        consistency_proof(6, 5, hash_at_of(some_entries(8)))
    with pytest.raises(ProofRangeError):
        verify_consistency(6, 5, [], EMPTY_ROOT, EMPTY_ROOT)


def test_hashes_of_another_length_are_refused():
    with pytest.raises(InclusionError):
        verify_inclusion(0, 1, b"short", [], b"short")
    with pytest.raises(ConsistencyError):
        verify_consistency(2, 2, [], b"short", b"short")


NOTE = "example.com/log\n8\n" + "A" * 43 + "=\n\n— example.com/log AAAAAAAA\n"


@pytest.mark.parametrize("extra", [None, b"", b"\x00anything\n\n"])
@pytest.mark.parametrize("hashes", [(), (EMPTY_ROOT,), (EMPTY_ROOT, CT_ROOTS[3])])
def test_a_proof_file_reads_back_as_written(extra, hashes):
    file = ProofFile(7, hashes, NOTE, extra)
    assert ProofFile.parse(file.to_text()) == file
    assert file.to_text().startswith("c2sp.org/tlog-proof@v1\n")
    assert file.to_text().endswith("\n\n" + NOTE)


GOOD = ProofFile(7, (EMPTY_ROOT,), NOTE, b"extra").to_text()


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("empty", ""),
        ("another version", GOOD.replace("@v1", "@v2")),
        ("no empty line", GOOD.split("\n\n")[0]),
        ("no index", GOOD.replace("index 7\n", "")),
        ("leading zero", GOOD.replace("index 7", "index 07")),
        ("negative", GOOD.replace("index 7", "index -7")),
        ("other digits", GOOD.replace("index 7", "index ７")),
        ("huge", GOOD.replace("index 7", "index " + "9" * 5000)),
        ("extra after index", GOOD.replace("index 7\n", "index 7\nextra AAAA\n")),
        ("bad extra", GOOD.replace("extra ", "extra *")),
        ("short hash", GOOD.replace("index 7\n", "index 7\nAAAA\n")),
        ("not base64", GOOD.replace("index 7\n", "index 7\n!\n")),
        ("two spellings", GOOD.replace("uFU=", "uFV=")),
        ("too many hashes", GOOD.replace("index 7\n", "index 7\n" + ("A" * 43 + "=\n") * 64)),
        ("carriage returns", GOOD.replace("\n", "\r\n")),
    ],
)
def test_a_proof_file_that_is_not_one_is_refused(what, text):
    assert text != GOOD
    with pytest.raises(ProofFormatError):
        ProofFile.parse(text)
