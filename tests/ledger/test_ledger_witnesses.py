"""Two offices look at each other's ledgers: what is signed, what is refused, what is kept."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from ledger_sim import AT, grow, published_ledger

from liuhen.base.ledger import proofs, publish, witness
from liuhen.base.ledger.models import Cosignature
from liuhen.core.tlog.checkpoint import Checkpoint, Signer, verify_cosignatures
from liuhen.core.tlog.notes import CheckpointError
from liuhen.core.tlog.proof import ProofError


@pytest.fixture
def agency(people):
    """The office whose ledger is looked at."""
    return published_ledger(people.custodian.agency, 300)


@pytest.fixture
def other(people):
    """The office that looks."""
    return people.stranger.agency


def _ours(agency):
    return publish.vkeys_of(agency.code)[0]


def _proof(agency, old):
    return [base64.b64decode(one) for one in proofs.prove_consistency(agency, old)["proof"]]


def _grown(agency, size):
    grow(agency, size)
    return publish.publish(agency)


def test_a_first_look_is_signed_on_sight_and_kept_by_the_office_looked_at(agency, other):
    note = publish.publish(agency)
    signed = witness.witness(other, note, _ours(agency), None, at=AT)
    key = publish.signing_key(other.code).as_cosigner().vkey
    (found,) = verify_cosignatures(signed, [key])
    assert found.at == AT
    kept = witness.accept(agency, signed, key, at=AT)
    assert (kept.size, Cosignature.objects.get().note) == (300, signed)


def test_the_next_look_needs_proof_that_the_ledger_only_grew(agency, other):
    first = publish.publish(agency)
    witness.witness(other, first, _ours(agency), None, at=AT)
    second = _grown(agency, 700)
    with pytest.raises(proofs.CheckpointForeignError):
        witness.witness(other, second, _ours(agency), None, at=AT)
    wrong = _proof(agency, first)
    wrong[0] = bytes(32)
    with pytest.raises(ProofError):
        witness.witness(other, second, _ours(agency), wrong, at=AT)
    signed = witness.witness(other, second, _ours(agency), _proof(agency, first), at=AT)
    assert verify_cosignatures(signed, [publish.signing_key(other.code).as_cosigner().vkey])


def test_a_look_that_was_refused_is_not_remembered(agency, other):
    first = publish.publish(agency)
    witness.witness(other, first, _ours(agency), None, at=AT)
    second = _grown(agency, 700)
    with pytest.raises(proofs.CheckpointForeignError):
        witness.witness(other, second, _ours(agency), None, at=AT)
    third = _grown(agency, 800)
    witness.witness(other, third, _ours(agency), _proof(agency, first), at=AT + timedelta(days=1))


def test_a_ledger_that_became_shorter_is_not_signed(agency, other):
    first = publish.publish(agency)
    witness.witness(other, _grown(agency, 700), _ours(agency), None, at=AT)
    with pytest.raises(proofs.CheckpointForeignError):
        witness.witness(other, first, _ours(agency), [], at=AT)


def test_another_history_of_the_same_size_is_not_signed(agency, other):
    note = publish.publish(agency)
    witness.witness(other, note, _ours(agency), None, at=AT)
    forked = publish.signing_key(agency.code).sign(Checkpoint(publish.origin_of(agency.code), 300, bytes(32)))
    with pytest.raises(ProofError):
        witness.witness(other, forked, _ours(agency), [], at=AT)


def test_a_checkpoint_that_the_named_key_did_not_sign_is_not_signed(agency, other):
    forger = Signer.generate(publish.origin_of(agency.code))
    forged = forger.sign(Checkpoint(publish.origin_of(agency.code), 300, bytes(32)))
    with pytest.raises(CheckpointError):
        witness.witness(other, forged, _ours(agency), None, at=AT)


def test_only_a_signature_of_the_named_witness_on_our_own_checkpoint_is_kept(agency, other):
    note = publish.publish(agency)
    key = publish.signing_key(other.code).as_cosigner().vkey
    with pytest.raises(witness.NoCosignatureError):
        witness.accept(agency, note, key, at=AT)
    theirs = publish.signing_key(agency.code).as_cosigner().cosign(publish.publish(other), AT)
    with pytest.raises(CheckpointError):
        witness.accept(agency, theirs, publish.signing_key(agency.code).as_cosigner().vkey, at=AT)
    assert not Cosignature.objects.exists()


def test_an_old_checkpoint_is_proven_to_be_the_beginning_of_todays_ledger(agency):
    old = publish.publish(agency)
    _grown(agency, 1000)
    document = proofs.prove_consistency(agency, old)
    assert (document["ok"], document["old"]["size"], document["new"]["size"]) == (True, 300, 1000)
    assert document["checkpoint"] == publish.published_note(agency.code)


def test_a_checkpoint_of_a_history_that_was_rewritten_is_not_proven(agency):
    forked = publish.signing_key(agency.code).sign(Checkpoint(publish.origin_of(agency.code), 200, bytes(32)))
    with pytest.raises(ProofError):
        proofs.prove_consistency(agency, forked)


def test_another_offices_checkpoint_is_refused(agency, other):
    with pytest.raises(CheckpointError):
        proofs.prove_consistency(agency, publish.publish(other))
