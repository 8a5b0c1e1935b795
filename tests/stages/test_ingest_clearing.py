"""Clearing: off by default, by the custodian alone, and never a byte that is not proven."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ingest_office import AT, assert_sound, card_bytes, result_of, take
from simulators.cards import SimCard

from liuhen.base import site
from liuhen.base.acts import NotAllowedError, ReasonMissingError, WrongStateError
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.stores import content_path, open_stores
from liuhen.core.cards.errors import CardMissingError
from liuhen.stages.ingest.clearing import Cleared, ClearingOffError, clear_card
from liuhen.stages.ingest.docking import CardBusyError, hold_card
from liuhen.stages.ingest.models import Batch, Receipt


@pytest.fixture
def card(tmp_path) -> SimCard:
    return SimCard(tmp_path).file("DCIM/a.mp4", b"alpha").file("DCIM/b.mp4", b"beta").gbk("现场.mp4")


@pytest.fixture
def released(home, people, card) -> Receipt:
    """A card taken in and released, in an office that has allowed clearing."""
    take(people.custodian, card.root)
    site.save(site.load().model_copy(update={"allow_card_clearing": True}))
    return Receipt.objects.get()


def _clear(card, receipt, by, reason="卡已移交") -> Cleared:
    return clear_card(card.root, receipt, reason=reason, by=by, at=AT)


def test_clearing_is_off_until_the_office_decides(home, people, card):
    take(people.custodian, card.root)
    before = card_bytes(card.root)
    with pytest.raises(ClearingOffError, match="依据"):
        _clear(card, Receipt.objects.get(), people.custodian)
    assert card_bytes(card.root) == before
    assert Batch.objects.get().state == Batch.State.RELEASED


def test_a_released_card_is_cleared_of_exactly_what_is_stored(people, card, released):
    report = _clear(card, released, people.custodian)
    assert (report.cleared, report.kept) == (3, [])
    assert card_bytes(card.root) == {}
    assert Batch.objects.get().state == Batch.State.CLEARED
    entry = Entry.objects.get(kind="card.cleared").entry
    assert released.number in entry and "卡已移交" not in entry
    assert_sound(people.custodian.agency)


def test_a_file_changed_since_or_added_since_is_kept_and_named(people, card, released):
    card.file("DCIM/a.mp4", b"ALPHA").file("new.mp4", b"not yet taken in")
    report = _clear(card, released, people.custodian)
    assert report.cleared == 2
    assert set(card_bytes(card.root)) == {b"DCIM/a.mp4", b"new.mp4"}
    assert len(report.kept) == 2 and all("怎么办" in sentence for sentence in report.kept)


def test_a_file_whose_stored_copy_has_rotted_since_is_kept(people, card, released):
    row = Recording.objects.get(name="a.mp4")
    path = open_stores().first().root / content_path(row.urn, "v1", "original/a.mp4")
    path.chmod(0o600)
    path.write_bytes(b"alphA")
    report = _clear(card, released, people.custodian)
    assert card_bytes(card.root) == {b"DCIM/a.mp4": b"alpha"}
    assert "liuhen repair" in report.kept[0]


def test_nothing_is_cleared_while_the_store_is_away(people, card, released, home):
    (home / "store").rename(home / "unplugged")
    report = _clear(card, released, people.custodian)
    assert report.cleared == 0 and len(card_bytes(card.root)) == 3
    (home / "unplugged").rename(home / "store")


def test_links_and_what_they_point_to_stay(people, card, released, tmp_path):
    target = tmp_path / "elsewhere.mp4"
    target.write_bytes(b"alpha")
    card.symlink("link.mp4", target)
    report = _clear(card, released, people.custodian)
    assert report.cleared == 3
    assert card.path("link.mp4").is_symlink() and target.exists()


def test_a_folder_swapped_for_a_link_does_not_lead_out_of_the_card(people, card, released, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.mp4").write_bytes(b"alpha")
    card.swap_folder_for_symlink("DCIM", outside)
    _clear(card, released, people.custodian)
    assert (outside / "a.mp4").exists()


def test_a_file_that_cannot_be_removed_is_named(people, card, released, monkeypatch):
    def read_only(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "unlink", read_only)
    report = _clear(card, released, people.custodian)
    monkeypatch.undo()
    assert report.cleared == 0 and len(report.kept) == 3
    assert all("删不掉" in sentence for sentence in report.kept)


@pytest.mark.parametrize("name", ["officer", "sysadmin", "auditor", "head", "stranger"])
def test_only_the_custodian_of_the_agency_clears(people, card, released, name):
    with pytest.raises(NotAllowedError):
        _clear(card, released, getattr(people, name))
    assert len(card_bytes(card.root)) == 3


def test_clearing_needs_a_reason(people, card, released):
    with pytest.raises(ReasonMissingError):
        _clear(card, released, people.custodian, reason="  ")
    assert len(card_bytes(card.root)) == 3


def test_a_card_that_was_kept_is_never_cleared(home, people, card):
    site.save(site.load().model_copy(update={"allow_card_clearing": True}))
    card.symlink("link")
    outcome = take(people.custodian, card.root)
    assert result_of(outcome, "link").state == "refused"
    with pytest.raises(WrongStateError):
        _clear(card, Receipt.objects.get(), people.custodian)
    assert len(card_bytes(card.root)) == 3


def test_a_receipt_clears_once(people, card, released):
    _clear(card, released, people.custodian)
    with pytest.raises(WrongStateError):
        _clear(card, released, people.custodian)


def test_a_card_being_read_is_not_cleared(people, card, released):
    with hold_card(card.root), pytest.raises(CardBusyError):
        _clear(card, released, people.custodian)


def test_a_card_that_is_not_there_leaves_the_batch_released(people, card, released, tmp_path):
    with pytest.raises(CardMissingError):
        clear_card(Path(tmp_path / "gone"), released, reason="r", by=people.custodian, at=AT)
    assert Batch.objects.get().state == Batch.State.RELEASED


def test_a_foreign_card_with_the_same_names_keeps_its_own_content(people, card, released, tmp_path):
    other = SimCard(tmp_path, "other").file("DCIM/a.mp4", b"quite another")
    report = _clear(other, released, people.custodian)
    assert report.cleared == 0
    assert card_bytes(other.root) == {b"DCIM/a.mp4": b"quite another"}
