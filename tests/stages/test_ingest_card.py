"""A card goes in: every file becomes a record, once, and everything says the same of it."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from ingest_office import (
    AT,
    StubAnalyser,
    Watcher,
    assert_judged_valid,
    assert_sound,
    assert_told_alike,
    card_bytes,
    entry_of,
    everything_on_the_card_is_stored,
    fates,
    numbers,
    record_of,
    result_of,
    stored_bytes,
    take,
)
from simulators.cards import SimCard

from liuhen.base.devices.models import Device
from liuhen.base.ledger import publish
from liuhen.base.ledger.models import Entry
from liuhen.base.ledger.proofs import prove_entry
from liuhen.base.recordings.models import Copy, Finding, Recording
from liuhen.core.media.sandbox import Analyser
from liuhen.stages.ingest.models import Batch, Item, Receipt

NAME = "4701A01_100001_202607160930{0:02d}_{0:04d}.mp4"


@pytest.fixture
def card(tmp_path: Path) -> SimCard:
    """Three segments of the registered recorder, as it names them."""
    card = SimCard(tmp_path)
    for sequence in (1, 2, 3):
        card.file(f"DCIM/20260716/{NAME.format(sequence)}", f"segment {sequence}".encode() * sequence)
    return card


def test_every_file_of_a_card_becomes_a_record_and_the_card_is_released(home, people, card):
    outcome = take(people.custodian, card.root)
    assert set(fates(outcome).values()) == {"stored"}
    assert outcome.released
    assert outcome.receipt == "demo-YJ-2026-000001"
    assert (outcome.agency, outcome.batch) == ("demo", Batch.objects.get().key)
    assert Batch.objects.get().state == Batch.State.RELEASED
    assert everything_on_the_card_is_stored(people.custodian.agency, card.root)
    assert_sound(people.custodian.agency)
    assert_judged_valid(home)


def test_row_entry_and_record_agree_on_every_digest_and_the_digests_are_right(home, people, card):
    take(people.custodian, card.root)
    for recording in Recording.objects.all():
        data = card.path(recording.card_path).read_bytes()
        assert recording.sha256 == hashlib.sha256(data).hexdigest()
        assert recording.sm3 == hashlib.new("sm3", data).hexdigest()
        assert_told_alike(recording)


def test_the_result_of_a_file_carries_what_the_contract_promises(home, people, card):
    outcome = take(people.custodian, card.root)
    for result in outcome.results:
        row = Recording.objects.get(number=result.number)
        assert (result.recording, result.sha256, result.sm3, result.size) == (
            row.urn,
            row.sha256,
            row.sm3,
            row.bytes,
        )
        assert result.copies == ("主存储",)


def test_every_entry_of_an_ingest_can_be_proved_from_the_published_ledger(home, people, card):
    take(people.custodian, card.root)
    for recording in Recording.objects.all():
        assert prove_entry(recording.agency, recording.position)
    assert publish.published("demo").size == Entry.objects.filter(agency__code="demo").count()


def test_numbers_follow_the_time_in_the_names_and_not_the_order_of_finishing(home, people, tmp_path):
    card = SimCard(tmp_path)
    for sequence in range(40, 0, -1):
        size = 3_000_000 if sequence in (1, 2) else 10
        card.file(f"DCIM/{NAME.format(sequence)}", bytes([sequence]) * size)
    take(people.custodian, card.root)
    by_number = Recording.objects.order_by("number").values_list("name", flat=True)
    assert list(by_number) == [NAME.format(sequence) for sequence in range(1, 41)]


def test_the_same_card_again_stores_nothing_twice_and_says_so(home, people, card):
    first = take(people.custodian, card.root)
    objects = sorted(path for path in (home / "store").rglob("*"))
    again = take(people.custodian, card.root)
    assert set(fates(again).values()) == {"already"}
    assert again.released
    assert {r.path: r.number for r in again.results} == {r.path: r.number for r in first.results}
    assert all("此前已入库" in result.reason for result in again.results)
    assert sorted(path for path in (home / "store").rglob("*")) == objects
    assert Recording.objects.count() == 3
    assert_sound(people.custodian.agency)


def test_coming_again_reads_the_stored_bytes_and_not_a_memory_of_them(home, people, card):
    take(people.custodian, card.root)
    before = Copy.objects.order_by("pk").first().verified_at
    take(people.custodian, card.root)
    assert Copy.objects.order_by("pk").first().verified_at > before


def test_a_file_added_to_a_known_card_is_the_only_one_stored(home, people, card):
    take(people.custodian, card.root)
    card.file(f"DCIM/20260716/{NAME.format(4)}", b"the fourth")
    outcome = take(people.custodian, card.root)
    assert sorted(fates(outcome).values()) == ["already", "already", "already", "stored"]
    assert numbers(people.custodian.agency) == [1, 2, 3, 4]


def test_the_same_content_twice_on_one_card_is_stored_once_and_both_are_told(home, people, tmp_path):
    card = SimCard(tmp_path)
    for place in range(12):
        card.file(f"copy-{place:02d}.mp4", b"the same words")
    outcome = take(people.custodian, card.root)
    assert sorted(fates(outcome).values()) == ["already"] * 11 + ["stored"]
    assert len({result.recording for result in outcome.results}) == 1
    assert fates(outcome)["copy-00.mp4"] == "stored"
    assert Item.objects.count() == 12
    assert outcome.released
    assert_sound(people.custodian.agency)


def test_the_same_content_on_two_cards_is_one_record_of_the_agency(home, people, tmp_path, card):
    take(people.custodian, card.root)
    other = SimCard(tmp_path, "other").file("renamed.mp4", b"segment 1")
    outcome = take(people.custodian, other.root)
    assert fates(outcome) == {"renamed.mp4": "already"}
    assert Recording.objects.count() == 3


def test_files_of_one_size_and_different_content_are_different_records(home, people, tmp_path, card):
    take(people.custodian, card.root)
    other = SimCard(tmp_path, "other").file("a.mp4", b"segment 9")
    assert fates(take(people.custodian, other.root)) == {"a.mp4": "stored"}


def test_two_agencies_never_share_a_record(home, people, card):
    take(people.custodian, card.root)
    outcome = take(people.stranger, card.root)
    assert set(fates(outcome).values()) == {"stored"}
    assert Recording.objects.count() == 6
    assert numbers(people.stranger.agency) == numbers(people.custodian.agency) == [1, 2, 3]
    assert_sound(people.custodian.agency)
    assert_sound(people.stranger.agency)


def test_empty_files_keep_one_record_each_and_are_known_when_the_card_comes_again(home, people, tmp_path):
    card = SimCard(tmp_path).file("a.mp4", b"").file("b.mp4", b"").file("c/a.mp4", b"")
    first = take(people.custodian, card.root)
    assert set(fates(first).values()) == {"stored"}
    assert len({result.recording for result in first.results}) == 3
    again = take(people.custodian, card.root)
    assert set(fates(again).values()) == {"already"}
    assert {r.path: r.recording for r in again.results} == {r.path: r.recording for r in first.results}
    assert_sound(people.custodian.agency)


def test_what_no_profile_knows_goes_to_be_assigned_and_nothing_is_dropped(home, people, tmp_path):
    old = SimCard(tmp_path, "旧录像")
    for name in (
        "2019年/张三询问.avi",
        "新建文件夹 (2)/MVI_0001.AVI",
        "readme",
        "现场.final.v2.mp4",
        ".hidden",
    ):
        old.file(name, name.encode())
    outcome = take(people.custodian, old.root)
    assert set(fates(outcome).values()) == {"stored"}
    assert set(Recording.objects.values_list("state", flat=True)) == {"to_assign"}
    assert everything_on_the_card_is_stored(people.custodian.agency, old.root)
    assert outcome.released


def test_a_name_gives_recorder_officer_unit_and_time(home, people, card):
    take(people.custodian, card.root)
    row = Recording.objects.order_by("number").first()
    assert (row.device.serial, row.holder.name, row.unit.name) == ("4701A01", "林一鸣", "综合行政执法大队")
    assert row.state == Recording.State.STORED
    assert row.taken_at.isoformat() == "2026-07-16T01:30:01+00:00"
    assert Batch.objects.get().device.serial == "4701A01"


def test_a_name_of_another_recorder_than_the_one_docked_is_not_overruled(home, people, tmp_path):
    card = SimCard(tmp_path).file("9999999_100001_20260716093001_0001.mp4", b"whose?")
    outcome = take(people.custodian, card.root, device="4701A01")
    assert "不符" in outcome.results[0].reason
    assert Recording.objects.get().state == Recording.State.TO_ASSIGN
    assert list(Finding.objects.values_list("code", "severity")) == [("device_mismatch", "warning")]


def test_the_cards_own_settings_file_names_the_recorder_when_no_name_does(home, people, tmp_path):
    from liuhen.stages.ingest.docking import office_profiles

    rule = next(p.card.ini for p in office_profiles() if p.card is not None and p.card.ini is not None)
    ini = rule.files[0].replace("*", "x")
    card = SimCard(tmp_path).file(ini, f"[main]\n{rule.serial[0]}=4701A01\n".encode()).file("a.mp4", b"a")
    take(people.custodian, card.root)
    assert Batch.objects.get().device.serial == "4701A01"
    claim = record_of(Recording.objects.get(name="a.mp4"))["card"]["bearer"]
    assert (claim["serial"], claim["source"]) == ("4701A01", ini)


def test_the_clock_shown_by_the_recorder_is_kept_with_every_file(home, people, card):
    shown = AT + timedelta(seconds=95)
    take(people.custodian, card.root, device="4701A01", device_clock=shown)
    for row in Recording.objects.all():
        told = record_of(row)["clock"]
        assert (told["measured"], told["offset_seconds"]) == (True, 95.0)


def test_without_a_shown_clock_the_record_says_not_measured(home, people, card):
    take(people.custodian, card.root)
    assert record_of(Recording.objects.first())["clock"]["measured"] is False


def test_the_file_given_alone_is_a_card_of_one(home, people, card):
    path = card.path(f"DCIM/20260716/{NAME.format(1)}")
    outcome = take(people.custodian, path)
    assert fates(outcome) == {path.name: "stored"}


def test_the_ledger_holds_no_file_name_but_a_salted_digest_that_the_record_opens(home, people, tmp_path):
    card = SimCard(tmp_path).file("张三询问笔录.mp4", b"a party's name in a file name")
    take(people.custodian, card.root)
    assert not Entry.objects.filter(entry__contains="张三").exists()
    row = Recording.objects.get()
    original = record_of(row)["original"]
    told = hashlib.sha256(f"{original['name_salt']}\n{original['card_path']}".encode()).hexdigest()
    assert told == entry_of(row)["data"]["name_digest"] == original["name_digest"]


def test_the_cards_names_times_and_bytes_are_left_as_they_were(home, people, card):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in card.root.rglob("*.mp4")}
    take(people.custodian, card.root)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in card.root.rglob("*.mp4")} == before


def test_what_a_file_says_of_itself_stands_in_its_record(home, people, tmp_path):
    from liuhen.demo.card import make_demo_card

    make_demo_card(tmp_path / "card", serial="4701A01", officer="100001", started=AT)
    with Analyser() as analyser:
        outcome = take(people.custodian, tmp_path / "card", analyser=analyser)
    assert set(fates(outcome).values()) == {"stored"}
    kinds = sorted(Recording.objects.values_list("kind", flat=True))
    assert kinds == ["audio", "photo", "video", "video", "video"]
    video = Recording.objects.filter(kind="video").order_by("number").first()
    says = record_of(video)["says"]
    assert says["readable"] and says["stream_digest"] and says["analyser"]
    assert round(says["duration"] * 1000) == video.duration_ms
    assert entry_of(video)["data"]["stream_digest"] == says["stream_digest"]
    assert_judged_valid(home)


def test_every_file_from_the_field_is_taken_in_the_damaged_ones_included(home, people, shared_media):
    with Analyser() as analyser:
        outcome = take(people.custodian, shared_media, analyser=analyser)
    states = fates(outcome)
    assert set(states.values()) <= {"stored", "already"}
    assert len(states) == len(card_bytes(shared_media))
    assert "不完整" in result_of(outcome, "bad/truncated_jpeg.jpg").reason
    assert outcome.released
    assert_judged_valid(home)


def test_an_analyser_that_cannot_work_keeps_no_file_out(home, people, card):
    from liuhen.core.media.sandbox import AnalyserError

    class Broken(StubAnalyser):
        def probe(self, path, *, name=None):
            raise AnalyserError("文件分析进程无法工作。", remedy="重新运行 make setup 修复安装。")

    outcome = take(people.custodian, card.root, analyser=Broken())
    assert set(fates(outcome).values()) == {"stored"}
    assert "文件分析进程无法工作" in outcome.results[0].reason
    assert_sound(people.custodian.agency)


def test_a_probe_that_answers_with_nan_nul_or_half_a_character_keeps_no_file_out(home, people, card):
    class Odd(StubAnalyser):
        def probe(self, path, *, name=None):
            says = super().probe(path, name=name)
            says["duration"] = float("nan")
            says["encoder"] = "a\0b\ud800c"
            says["fps"] = float("inf")
            return says

    outcome = take(people.custodian, card.root, analyser=Odd())
    assert set(fates(outcome).values()) == {"stored"}
    says = record_of(Recording.objects.first())["says"]
    assert (says["duration"], says["fps"], says["encoder"]) == (None, None, "a\\x00b\\ud800c")


def test_a_note_stays_in_the_record_and_a_warning_is_said_once(home, people, card):
    from liuhen.core.media.findings import finding

    class Talking(StubAnalyser):
        def probe(self, path, *, name=None):
            gaps = [finding("gap", stream=0, start=float(place), length=1.0) for place in range(3)]
            edit = finding("edit_list", track=1)
            return super().probe(path, name=name) | {"findings": [edit, *gaps]}

    outcome = take(people.custodian, card.root, analyser=Talking())
    reason = outcome.results[0].reason
    assert reason.count("中断") == 1 and "同类共 3 处" in reason
    assert "编辑列表" not in reason
    codes = [finding["code"] for finding in record_of(Recording.objects.first())["findings"]]
    assert codes == ["edit_list", "gap", "gap", "gap"]


def test_progress_sees_every_byte_and_every_result_once(home, people, card):
    class Counting(Watcher):
        def __init__(self):
            super().__init__()
            self.bytes = 0
            self.listing = None

        def listed(self, listing):
            self.listing = listing

        def read(self, file, count):
            self.bytes += count

    watcher = Counting()
    outcome = take(people.custodian, card.root, progress=watcher)
    assert watcher.bytes == watcher.listing.total_bytes
    assert watcher.results == outcome.results
    assert watcher.said == []


def test_a_card_of_more_files_than_the_window_is_taken_in_whole(home, people, tmp_path, monkeypatch):
    monkeypatch.setattr("liuhen.stages.ingest.run.WINDOW", 3)
    monkeypatch.setattr("liuhen.stages.ingest.run.HELD", 5)
    card = SimCard(tmp_path)
    for place in range(40):
        card.file(f"{place % 7}/{place:03d}.bin", str(place % 20).encode())
    outcome = take(people.custodian, card.root)
    assert sorted(set(fates(outcome).values())) == ["already", "stored"]
    assert Recording.objects.count() == 20
    assert Item.objects.count() == 40
    assert outcome.released
    assert_sound(people.custodian.agency)


def test_the_receipts_paper_of_a_long_card_says_where_the_whole_list_is(home, people, tmp_path, monkeypatch):
    from liuhen.stages.ingest import printing, receipts

    monkeypatch.setattr(printing, "SHORT", 3)
    monkeypatch.setattr(receipts, "LISTED", 5)
    card = SimCard(tmp_path)
    for place in range(receipts.LISTED + 5):
        card.file(f"{place:03d}.bin", b"same")
    outcome = take(people.custodian, card.root)
    receipt = Receipt.objects.get()
    full = receipts.with_proof(receipt)
    paper = receipts.for_paper(full)
    assert len(full["files"]) == receipts.LISTED + 5
    assert len(paper["files"]) == receipts.LISTED
    assert receipt.content_sha256 in paper["release_note"]
    assert Path(outcome.paths["pdf"]).read_bytes().startswith(b"%PDF")


def test_a_person_without_an_agencys_recorder_can_still_take_an_old_folder_in(home, people, tmp_path):
    Device.objects.all().delete()
    card = SimCard(tmp_path).recording(1)
    assert set(fates(take(people.custodian, card.root)).values()) == {"stored"}
    assert stored_bytes(Recording.objects.get()) == b"recording 1"
    assert json.loads(json.dumps(record_of(Recording.objects.get())["device"])) is None
    assert os.listdir(home / "staging") == []
