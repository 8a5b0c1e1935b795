"""Whoever reaches into the published files is told apart from whoever reaches into the database."""

from __future__ import annotations

import shutil

import pytest
from ledger_sim import alter, flip, folder, grow, published_ledger, sql, tile

from liuhen.base.ledger import proofs, publish
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.verify import verify_ledger
from liuhen.core.tlog.checkpoint import Checkpoint, Signer
from liuhen.core.tlog.merkle import root_of
from liuhen.core.tlog.tile_files import TileConflictError
from liuhen.core.tlog.tiles import TileFolder


@pytest.fixture
def agency(people):
    return published_ledger(people.custodian.agency)


def _found(agency):
    return [(finding.position, finding.code) for finding in verify_ledger(agency).findings]


@pytest.mark.parametrize("number, width, index", [(0, 256, 0), (1, 256, 44), (2, 188, 187)])
def test_an_altered_hash_tile_is_named_and_the_row_is_not_blamed(agency, number, width, index):
    flip(tile(agency, 0, number, width), index * 32)
    position = number * 256 + index
    assert _found(agency)[0] == (position, "tile_altered")
    assert all(code in ("tile_altered", "tile_root_differs") for _, code in _found(agency))


@pytest.mark.parametrize("index", [0, 1])
def test_an_altered_inner_tile_is_named_by_the_first_position_under_it(agency, index):
    flip(tile(agency, 1, 0, 2), index * 32 + 5)
    assert _found(agency) == [(index * 256, "tile_root_differs")]


def test_an_inner_tile_that_only_proofs_use_is_checked_too(people):
    """With 65,536 entries the root no longer touches the lower inner tiles."""
    agency = published_ledger(people.custodian.agency, 65_536 + 300)
    flip(tile(agency, 1, 0), 7 * 32)
    assert TileFolder(folder(agency)).root(65_836) == publish.published(agency.code).root
    assert _found(agency) == [(7 * 256, "tile_root_differs")]


@pytest.mark.parametrize("number, width, index", [(0, 256, 3), (2, 188, 100)])
def test_an_altered_published_entry_is_named(agency, number, width, index):
    path = tile(agency, "entries", number, width)
    entry = Entry.objects.get(agency=agency, position=number * 256 + index).entry.encode()
    flip(path, path.read_bytes().index(entry) + 20)
    assert _found(agency) == [(number * 256 + index, "tile_entry_altered")]


def test_entries_that_cannot_be_taken_apart_are_damage(agency):
    flip(tile(agency, "entries", 1), 0)
    assert _found(agency) == [(256, "tile_damaged")]


@pytest.mark.parametrize(
    "level, number, width, position",
    [(0, 0, 256, 0), (0, 2, 188, 512), (1, 0, 2, 0), ("entries", 1, 256, 256)],
)
def test_a_file_that_is_gone_is_named(agency, level, number, width, position):
    tile(agency, level, number, width).unlink()
    assert _found(agency) == [(position, "tile_damaged")]


@pytest.mark.parametrize("level, number, width", [(0, 1, 256), (1, 0, 2), ("entries", 2, 188)])
def test_a_file_cut_short_is_damage(agency, level, number, width):
    path = tile(agency, level, number, width)
    path.write_bytes(path.read_bytes()[:-3])
    assert [code for _, code in _found(agency)] == ["tile_damaged"]


def test_a_tile_that_leads_out_of_the_folder_is_damage(agency, tmp_path):
    path = tile(agency, 0, 1)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert [code for _, code in _found(agency)] == ["tile_damaged"]


def test_an_older_partial_tile_is_held_against_the_newer_one(agency):
    grow(agency, 740)
    publish.publish(agency)
    assert _found(agency) == []
    flip(tile(agency, 0, 2, 188), 0)
    flip(tile(agency, "entries", 2, 188), 50)
    assert _found(agency) == [(512, "tile_altered")] * 2


def test_a_row_and_a_tile_altered_apart_are_each_named_for_what_they_are(agency):
    alter(agency, 10)
    flip(tile(agency, 0, 1), 0)
    assert [one for one in _found(agency) if one[1] != "tile_root_differs"] == [
        (10, "row_altered"),
        (256, "tile_altered"),
    ]


def test_row_entry_and_hash_altered_alike_are_found_by_the_signed_root(agency):
    """The hand that knows everything but the key: the row's page still differs from the tile above it."""
    alter(agency, 300)
    _publish_again(agency)
    assert _found(agency) == [(256, "tile_root_differs"), (None, "root_differs")]


def _publish_again(agency, signer=None):
    """Tiles made anew from the rows; the inner one and the checkpoint as they were, or signed by `signer`."""
    inner = tile(agency, 1, 0, 2)
    kept = inner.read_bytes()
    shutil.rmtree(folder(agency) / "tile")
    rows = Entry.objects.filter(agency=agency).order_by("position").values_list("entry", flat=True)
    tiles = TileFolder(folder(agency))
    tiles.publish(0, [text.encode() for text in rows])
    if signer is None:
        inner.write_bytes(kept)
    else:
        root = root_of(list(tiles.leaf_hashes(700)))
        checkpoint = Checkpoint(publish.origin_of(agency.code), 700, root)
        (folder(agency) / "checkpoint").write_text(signer.sign(checkpoint))


def test_a_history_rewritten_whole_and_signed_by_another_key_is_refused(agency):
    alter(agency, 300)
    forger = Signer.generate(publish.origin_of(agency.code))
    _publish_again(agency, forger)
    assert (None, "checkpoint_invalid") in _found(agency)


def test_a_forger_who_replaces_the_public_key_too_is_betrayed_by_our_own(agency):
    alter(agency, 300)
    forger = Signer.generate(publish.origin_of(agency.code))
    _publish_again(agency, forger)
    (folder(agency) / "vkey").write_text(f"{forger.vkey}\n")
    assert _found(agency) == [(None, "vkey_differs")]


def test_a_forger_who_adds_a_public_key_is_betrayed_by_the_ledger(agency):
    alter(agency, 300)
    forger = Signer.generate(publish.origin_of(agency.code))
    _publish_again(agency, forger)
    with (folder(agency) / "vkey").open("a") as file:
        file.write(f"{forger.vkey}\n")
    assert (None, "vkey_differs") in _found(agency)
    assert (None, "checkpoint_foreign") in _found(agency)


@pytest.mark.parametrize("line", [1, 2, 4])
def test_an_altered_checkpoint_is_refused(agency, line):
    path = folder(agency) / "checkpoint"
    lines = path.read_text().split("\n")
    lines[line] = (
        lines[line].replace("7", "8", 1) if line == 1 else lines[line][:-6] + "AAAA" + lines[line][-2:]
    )
    path.write_text("\n".join(lines))
    assert _found(agency) == [(None, "checkpoint_invalid")]


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"no note at all\n"])
def test_a_checkpoint_that_is_none_is_refused(agency, raw):
    (folder(agency) / "checkpoint").write_bytes(raw)
    assert _found(agency) == [(None, "checkpoint_invalid")]


def test_without_a_checkpoint_rows_are_still_held_against_the_tiles(agency):
    (folder(agency) / "checkpoint").unlink()
    assert _found(agency) == [(None, "checkpoint_missing")]
    alter(agency, 20)
    assert _found(agency) == [(20, "row_altered"), (None, "checkpoint_missing")]


def test_another_logs_checkpoint_and_key_are_foreign(agency, people):
    other = people.stranger.agency
    for name in ("checkpoint", "vkey"):
        shutil.copy(folder(other) / name, folder(agency) / name)
    assert (None, "checkpoint_foreign") in _found(agency)


def test_published_files_set_back_are_caught_up_because_the_rows_extend_them(agency, tmp_path):
    shutil.copytree(folder(agency), tmp_path / "old")
    grow(agency, 900)
    publish.publish(agency)
    shutil.rmtree(folder(agency))
    shutil.copytree(tmp_path / "old", folder(agency))
    assert _found(agency) == []
    publish.publish(agency)
    assert publish.published(agency.code).size == 900
    assert _found(agency) == []


def test_a_checkpoint_set_back_alone_betrays_itself_when_the_rows_were_cut_too(agency):
    old = (folder(agency) / "checkpoint").read_text()
    grow(agency, 900)
    publish.publish(agency)
    (folder(agency) / "checkpoint").write_text(old)
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position >= 700", agency.pk)
    sql("UPDATE ledger_head SET size = 700 WHERE agency_id = %s", agency.pk)
    assert _found(agency) == [(700, "tail_cut")]


def test_all_cut_back_together_is_seen_by_an_old_checkpoint_alone(agency, tmp_path):
    shutil.copytree(folder(agency), tmp_path / "old")
    grow(agency, 900)
    printed = publish.publish(agency)
    shutil.rmtree(folder(agency))
    shutil.copytree(tmp_path / "old", folder(agency))
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position >= 700", agency.pk)
    sql("UPDATE ledger_head SET size = 700 WHERE agency_id = %s", agency.pk)
    assert _found(agency) == []
    with pytest.raises(proofs.CheckpointForeignError) as refused:
        proofs.prove_consistency(agency, printed)
    assert refused.value.code == "ledger_cut_back"


@pytest.mark.parametrize("position", [0, 699])
def test_rows_that_do_not_continue_what_was_published_are_never_signed(agency, position):
    before = (folder(agency) / "checkpoint").read_bytes()
    alter(agency, position)
    grow(agency, 800)
    if position == 699:
        with pytest.raises(publish.ForkError):
            publish.publish(agency)
        assert (folder(agency) / "checkpoint").read_bytes() == before
    else:
        # An old row is not looked at when a new one is published: the tiles already hold what it was.
        publish.publish(agency)
        assert _found(agency) == [(0, "row_altered")]


def test_a_database_set_back_gets_no_new_signature(agency):
    before = (folder(agency) / "checkpoint").read_bytes()
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position >= 650", agency.pk)
    sql("UPDATE ledger_head SET size = 650 WHERE agency_id = %s", agency.pk)
    with pytest.raises(publish.ForkError):
        publish.publish(agency)
    grow(agency, 710)  # and it grows again, another history
    sql("UPDATE ledger_entry SET entry = entry || ' ' WHERE agency_id = %s AND position >= 650", agency.pk)
    with pytest.raises(publish.ForkError):
        publish.publish(agency)
    assert (folder(agency) / "checkpoint").read_bytes() == before


def test_rows_missing_below_the_head_get_no_signature(agency):
    grow(agency, 720)
    sql("DELETE FROM ledger_entry WHERE agency_id = %s AND position = 710", agency.pk)
    before = (folder(agency) / "checkpoint").read_bytes()
    with pytest.raises(publish.ForkError):
        publish.publish(agency)
    assert (folder(agency) / "checkpoint").read_bytes() == before


def test_a_tile_that_was_altered_beyond_the_checkpoint_stops_publishing(agency):
    grow(agency, 720)
    note = (folder(agency) / "checkpoint").read_text()
    publish.publish(agency)
    (folder(agency) / "checkpoint").write_text(note)  # as after a crash between tiles and checkpoint
    flip(tile(agency, 0, 2, 208), 200 * 32)
    assert _found(agency) == [(712, "tile_altered")]
    with pytest.raises(TileConflictError):
        publish.publish(agency)
