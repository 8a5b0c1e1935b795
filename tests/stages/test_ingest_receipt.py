"""The receipt: due when every file is safe, covered by the checkpoint it prints, true in every figure."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from ingest_office import AT, StubAnalyser, fates, take
from simulators.cards import SimCard

from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.proofs import prove_entry
from liuhen.base.recordings.models import Recording
from liuhen.base.storage.stores import add_store
from liuhen.core.media.findings import finding
from liuhen.stages.ingest import printing, receipts
from liuhen.stages.ingest.models import Batch, Receipt
from liuhen.stages.ingest.services import Request, ingest_card


@pytest.fixture
def card(tmp_path) -> SimCard:
    return SimCard(tmp_path).recording(1).recording(2).zero()


def _content(outcome) -> dict:
    return json.loads(Path(outcome.paths["json"]).read_bytes())


def test_the_receipts_bytes_have_the_digest_the_ledger_holds(home, people, card):
    outcome = take(people.custodian, card.root)
    receipt = Receipt.objects.get()
    digest = hashlib.sha256(receipts.receipt_path(receipt.number).read_bytes()).hexdigest()
    closing = json.loads(Entry.objects.get(kind="batch.released").entry)["data"]
    assert digest == receipt.content_sha256 == closing["content_sha256"]
    assert closing["receipt"] == receipt.number == outcome.receipt
    assert closing["counts"] == {"stored": 3, "already": 0, "refused": 0, "failed": 0}


def test_the_checkpoint_printed_covers_the_receipt_itself(home, people, card):
    take(people.custodian, card.root)
    full = receipts.with_proof(Receipt.objects.get())
    closing = Entry.objects.get(kind="batch.released")
    assert full["tree_size"] > closing.position
    assert prove_entry(people.custodian.agency, closing.position)
    assert full["checkpoint"] in full["qr"] and full["vkey"] in full["qr"]


def test_a_receipt_seen_later_is_covered_also_when_publishing_had_failed(home, people, card):
    take(people.custodian, card.root)
    checkpoint = home / "ledger" / "demo" / "checkpoint"
    behind = checkpoint.read_bytes()
    take(people.custodian, SimCard(card.root.parent, "next").file("n.mp4", b"n").root)
    checkpoint.write_bytes(behind)
    newest = Receipt.objects.order_by("-issued_at", "-number").first()
    closing = Entry.objects.filter(kind="batch.released").order_by("-position").first()
    assert receipts.with_proof(newest)["tree_size"] > closing.position


def test_the_receipt_tells_every_file_with_both_digests_and_what_it_admits(home, people, card):
    class Talking(StubAnalyser):
        def probe(self, path, *, name=None):
            return super().probe(path, name=name) | {
                "kind": "video",
                "duration": 60.04,
                "findings": [finding("edit_list", track=1)],
            }

    told = _content(take(people.custodian, card.root, analyser=Talking()))
    assert [file["no"] for file in told["files"]] == [1, 2, 3]
    for file in told["files"]:
        row = Recording.objects.get(number=file["number"])
        assert (file["sha256"], file["sm3"], file["bytes"]) == (row.sha256, row.sm3, row.bytes)
        assert (file["kind"], file["duration"], file["recording"]) == ("video", 60.04, row.urn)
        assert file["findings"] == list(row.findings.order_by("pk").values_list("text", flat=True))
        assert "编辑列表" in file["findings"][0]
    assert told["totals"]["files"] == 3
    assert told["totals"]["bytes"] == sum(file["bytes"] for file in told["files"])
    assert told["totals"]["duration"] == 180.12
    assert told["clock"]["measured"] is False
    assert told["copies"] == {"count": 1, "stores": ["主存储"], "note": "仅一份副本"}
    assert told["received_by"]["account"] == "custodian"


def test_the_receipt_of_two_stores_says_two_copies(home, people, card, tmp_path):
    add_store("第二存储", str(tmp_path / "second"))
    told = _content(take(people.custodian, card.root))
    assert told["copies"] == {"count": 2, "stores": ["主存储", "第二存储"], "note": ""}


def test_the_measured_clock_stands_on_the_receipt(home, people, card):
    told = _content(take(people.custodian, card.root, device="4701A01", device_clock=AT))
    assert told["clock"]["measured"] and told["clock"]["offset_seconds"] == 0
    assert told["device"]["serial"] == "4701A01"
    assert told["holder"]["name"] == "林一鸣"


def test_the_pdf_is_made_and_names_the_receipt(home, people, card):
    outcome = take(people.custodian, card.root)
    assert Path(outcome.paths["pdf"]).read_bytes().startswith(b"%PDF")
    assert Path(outcome.paths["pdf"]).stem == outcome.receipt


def test_a_receipt_that_cannot_be_printed_stands_all_the_same(home, people, card, monkeypatch):
    def broken(*_):
        raise printing.NotPrintedError("回执没有打印成功。", remedy="稍后重新打印。")

    monkeypatch.setattr(receipts, "print_apart", broken)
    outcome = take(people.custodian, card.root)
    assert outcome.released and outcome.receipt
    assert "pdf" not in outcome.paths and "没有打印成功" in outcome.paths["pdf_error"]


def test_printing_in_its_own_process_says_why_it_failed(home, people, card, tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "SHORT", 0)
    take(people.custodian, card.root)
    full = receipts.with_proof(Receipt.objects.get())
    printing.print_apart(full, tmp_path / "good.pdf")
    assert (tmp_path / "good.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(printing.NotPrintedError, match="怎么办"):
        printing.print_apart(full, tmp_path / "no such folder" / "bad.pdf")


def test_a_receipt_is_due_when_only_links_were_refused_but_the_card_is_kept(home, people, card):
    card.symlink("link.mp4")
    outcome = take(people.custodian, card.root)
    assert outcome.receipt and not outcome.released
    told = _content(outcome)
    assert (told["released"], told["totals"]["refused"], told["totals"]["stored"]) == (False, 1, 3)
    assert "不放行" in told["release_note"]
    assert Batch.objects.get().state == Batch.State.KEPT


def test_no_receipt_is_due_while_a_file_is_not_safe(home, people, card, tmp_path):
    shutil.copy(card.path("DCIM/20260716/A000001_000012_20260716093001_0001.mp4"), card.path("x.mp4"))
    inode = card.path("x.mp4").stat().st_ino

    def read(fd, size):
        import os

        if os.fstat(fd).st_ino == inode:
            raise OSError(5, "EIO")
        return os.read(fd, size)

    outcome = take(people.custodian, card.root, read=read)
    assert sorted(fates(outcome).values()) == ["failed", "stored", "stored", "stored"]
    assert outcome.receipt is None and not outcome.released
    assert not Receipt.objects.exists()
    assert json.loads(Entry.objects.get(kind="batch.kept").entry)["data"]["receipt"] is None


def test_receipt_numbers_are_gapless_over_kept_and_released_cards(home, people, tmp_path):
    for place in range(3):
        card = SimCard(tmp_path, f"card-{place}").file("a.mp4", str(place).encode())
        if place == 1:
            card.fifo("pipe")
        take(people.custodian, card.root)
    numbers = Receipt.objects.order_by("number").values_list("number", flat=True)
    assert [number.rpartition("-")[2] for number in numbers] == ["000001", "000002", "000003"]


@pytest.mark.parametrize("harm", ["gone", "altered"])
def test_a_receipt_whose_file_is_gone_or_altered_is_not_printed_again(people, tmp_path, harm):
    card = tmp_path / "again"
    card.mkdir()
    (card / "a.txt").write_bytes(b"words")
    ingest_card(Request(card, people.custodian), at=AT)
    receipt = Receipt.objects.latest("issued_at")
    path = receipts.receipt_path(receipt.number)
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"a.txt", b"b.txt"))
    with pytest.raises(receipts.ReceiptGoneError, match="怎么办"):
        receipts.with_proof(receipt)
