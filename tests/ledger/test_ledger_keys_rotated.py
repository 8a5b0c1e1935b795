"""A key that others may have seen is replaced; what it signed stays good, and it signs nothing more."""

from __future__ import annotations

import os
import stat

import pytest
from ledger_sim import AT, flip, folder, grow, published_ledger

from liuhen.base import home, keys
from liuhen.base.acts import NotAllowedError, ReasonMissingError
from liuhen.base.ledger import keyring, proofs, publish
from liuhen.base.ledger.models import Entry, SigningKey
from liuhen.base.ledger.verify import verify_ledger
from liuhen.core.errors import LiuhenError
from liuhen.core.tlog.checkpoint import Checkpoint, open_checkpoint
from liuhen.core.tlog.keys import load_key
from liuhen.core.tlog.notes import Vkey, verify_note


@pytest.fixture
def agency(people):
    return published_ledger(people.custodian.agency, 300)


def _rotate(agency, people):
    return keys.rotate_key(agency, reason="例行更换", by=people.sysadmin, at=AT)


def _found(agency):
    return [(finding.position, finding.code) for finding in verify_ledger(agency).findings]


def test_the_new_key_signs_from_the_stated_size_on_and_both_lines_are_kept(agency, people):
    old = publish.signing_key(agency.code).vkey
    old_note = publish.published_note(agency.code)
    done = _rotate(agency, people)
    new = publish.signing_key(agency.code).vkey
    assert (done.old, done.new, done.after) == (str(old), str(new), 300)
    assert [str(key) for key in publish.vkeys_of(agency.code)] == [str(old), str(new)]
    entry = Entry.objects.get(agency=agency, position=300)
    assert (entry.kind, f'"new":"{new}"' in entry.entry, '"size":300' in entry.entry) == (
        publish.KEY_ROTATED,
        True,
        True,
    )
    grow(agency, 310)
    later = publish.publish(agency)
    assert verify_note(later, [old, new]) == [new]
    assert open_checkpoint(old_note, publish.vkeys_of(agency.code)).size == 300
    assert proofs.prove_consistency(agency, old_note)["ok"]
    assert _found(agency) == []


def test_the_note_of_the_handover_is_signed_by_both_and_kept(agency, people):
    done = _rotate(agency, people)
    grow(agency, 310)
    publish.publish(agency)
    old, new = Vkey.parse(done.old), Vkey.parse(done.new)
    kept = (folder(agency) / f"checkpoint.{old.key_id}").read_text()
    assert kept == done.note
    assert open_checkpoint(kept, [old]) == open_checkpoint(kept, [new])
    assert open_checkpoint(kept, [old]).size == 301


def test_the_old_keys_file_is_kept_for_its_owner_alone(agency, people):
    done = _rotate(agency, people)
    old = Vkey.parse(done.old)
    path = home.keys_folder() / f"{agency.code}.key.{old.key_id}.retired"
    assert load_key(path).vkey == old
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not (home.keys_folder() / f"{agency.code}.key.next").exists()


def test_a_retired_key_signs_nothing_more(agency, people):
    done = _rotate(agency, people)
    retired = load_key(keyring.retired_path(agency.code, Vkey.parse(done.old).key_id))
    grow(agency, 310)
    publish.publish(agency)
    good = publish.published(agency.code)
    forged = retired.sign(Checkpoint(good.origin, good.size, good.root))
    (folder(agency) / "checkpoint").write_text(forged)
    assert _found(agency) == [(None, "checkpoint_foreign")]


def test_a_key_can_be_changed_again(agency, people):
    first, second = _rotate(agency, people), _rotate(agency, people)
    assert second.old == first.new
    assert [row.after for row in SigningKey.objects.order_by("after")] == [300, 301]
    assert len(publish.vkeys_of(agency.code)) == 3
    assert _found(agency) == []


@pytest.mark.parametrize("who", ["secadmin", "custodian", "principal", "auditor", "stranger"])
def test_only_the_system_administrator_changes_a_key(agency, people, who):
    before = publish.signing_key(agency.code).vkey
    with pytest.raises(NotAllowedError):
        keys.rotate_key(agency, reason="换", by=getattr(people, who), at=AT)
    assert publish.signing_key(agency.code).vkey == before
    assert [str(key) for key in publish.vkeys_of(agency.code)] == [str(before)]
    assert _found(agency) == []


def test_a_change_of_key_without_a_reason_is_refused(agency, people):
    with pytest.raises(ReasonMissingError):
        keys.rotate_key(agency, reason=" ", by=people.sysadmin, at=AT)
    assert _found(agency) == []


def test_an_attempt_that_was_refused_leaves_a_key_that_the_next_one_uses(agency, people):
    with pytest.raises(NotAllowedError):
        keys.rotate_key(agency, reason="换", by=people.custodian, at=AT)
    waiting = keyring.next_key(agency.code).vkey
    assert _rotate(agency, people).new == str(waiting)


STEPS = ["commit", "vkey", "retired", "swap", "handover", "checkpoint"]


@pytest.mark.parametrize("stop", STEPS)
def test_a_change_of_key_broken_off_anywhere_is_brought_to_its_end_by_the_next_publisher(
    agency, people, monkeypatch, stop
):
    class PowerCutError(Exception):
        pass

    def cut(*_):
        raise PowerCutError

    with monkeypatch.context() as patch:
        real = keyring.replace_file

        def write(path, data, **more):
            about = {"vkey": "vkey", "checkpoint": "checkpoint"}.get(path.name)
            about = about or ("retired" if path.name.endswith(".retired") else "handover")
            if stop == about:
                raise PowerCutError
            real(path, data, **more)

        if stop == "commit":
            patch.setattr(publish, "signer_in_force", _after(1, publish.signer_in_force, cut))
        elif stop == "swap":
            patch.setattr(keyring, "fsync_dir", cut)
        else:
            patch.setattr(keyring, "replace_file", write)
            patch.setattr(publish, "replace_file", write)
        with pytest.raises(PowerCutError):
            _rotate(agency, people)
    grow(agency, 320)
    note = publish.publish(agency)
    told = publish.vkeys_of(agency.code)
    assert len(told) == 2
    assert told[-1] in verify_note(note, told)
    assert publish.signing_key(agency.code).vkey == told[-1]
    assert _found(agency) == []


def _after(count, real, then):
    """`real` for the first calls, `then` for those that follow."""
    calls = iter(range(count))
    return lambda *args: real(*args) if next(calls, None) is not None else then(*args)


def test_before_its_handover_is_published_a_new_key_is_no_fault(agency, people, monkeypatch):
    def cut(_):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(publish, "signer_in_force", _after(1, publish.signer_in_force, cut))
        with pytest.raises(publish.NotPublishedError):
            _rotate(agency, people)
    assert _found(agency) == []


def test_a_retired_key_with_a_flipped_bit_stops_nothing_but_says_so(agency, people):
    done = _rotate(agency, people)
    path = keyring.retired_path(agency.code, Vkey.parse(done.old).key_id)
    flip(path, 100)
    grow(agency, 305)
    publish.publish(agency)
    with pytest.raises(LiuhenError):
        load_key(path)


def test_a_rebuild_reads_the_change_back(agency, people):
    import json

    done = _rotate(agency, people)
    SigningKey.objects.all().delete()
    keys.REPLAYERS[publish.KEY_ROTATED](
        agency, json.loads(Entry.objects.get(agency=agency, position=300).entry)
    )
    row = SigningKey.objects.get()
    assert (row.vkey, row.replaces, row.after) == (done.new, done.old, 300)
