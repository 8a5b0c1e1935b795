"""AK 1/6: the written records are handed over in the same receipt as the recordings."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ingest_office import AT, take
from simulators.cards import SimCard

from liuhen.base.clock import SHANGHAI
from liuhen.base.devices.models import Device
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Officer
from liuhen.base.people.papers import keep_scan
from liuhen.base.recordings.models import Recording
from liuhen.prints.receipt import receipt_text, receipt_view
from liuhen.stages.fieldwork import documents, reporting
from liuhen.stages.fieldwork.models import Activity
from liuhen.stages.fieldwork.pairing import confirm
from liuhen.stages.fieldwork.reporting import Written
from liuhen.stages.fieldwork.selectors import documents_for_recordings
from liuhen.stages.fieldwork.telling import Told, open_activity
from liuhen.stages.ingest import receipts
from liuhen.stages.ingest.models import Receipt

DAY = datetime(2026, 7, 16, 9, 30, tzinfo=SHANGHAI)


def moment(hour: int, minute: int = 0) -> datetime:
    return DAY.replace(hour=hour, minute=minute)


def activity(people: SimpleNamespace, first: datetime, last: datetime, *, carried: bool = True) -> Activity:
    by = people.officer
    officers = list(Officer.objects.filter(agency=by.agency, staff_no__in=["100001", "100002"]))
    device = Device.objects.get(serial="4701A01")
    told = Told(
        arrived_at=first,
        ended_at=last,
        officers=officers,
        devices={device: officers[0]} if carried else {},
    )
    return open_activity(by.unit, told, by=by, at=AT)


def listed(people: SimpleNamespace, about: Activity, kind: str = "现场检查笔录", **more: Any) -> None:
    told = documents.Paperwork(kind, "示农检〔2026〕12号", **more)
    documents.list_document(about, told, by=people.officer, at=AT)


@pytest.fixture
def card(tmp_path: Path) -> SimCard:
    return SimCard(tmp_path).file("DCIM/20260716/4701A01_100001_20260716093001_0001.mp4", b"film")


def told_by(card: SimCard, people: SimpleNamespace) -> dict[str, Any]:
    outcome = take(people.custodian, card.root, device="4701A01", device_clock=AT)
    told: dict[str, Any] = json.loads(Path(outcome.paths["json"]).read_bytes())
    return told


def test_the_receipt_lists_the_written_records_of_the_activity(
    home: Path, people: SimpleNamespace, card: SimCard
) -> None:
    about = activity(people, moment(9), moment(11))
    scan = keep_scan("笔录.pdf", b"%PDF-1.4 signed", by=people.officer, at=AT)
    listed(people, about, started_at=moment(9, 5), ended_at=moment(10, 50), scan=scan)
    row = reporting.stop(about, "weather", stopped_at=moment(10), by=people.officer, at=AT)
    written = Written("interruption_report", "weather", "暴雨", stop=row)
    report = reporting.make_report(about, written, by=people.officer, at=AT)
    first, second = told_by(card, people)["documents"]
    assert first == {
        "activity": about.number,
        "kind": "现场检查笔录",
        "number": "示农检〔2026〕12号",
        "started_at": "2026-07-16T01:05:00.000000Z",
        "ended_at": "2026-07-16T02:50:00.000000Z",
        "scan_sha256": scan.sha256,
    }
    assert (second["kind"], second["number"], second["scan_sha256"]) == ("中断报告", report.number, None)


def test_paper_screen_and_terminal_name_them_and_the_ledger_does_not(
    home: Path, people: SimpleNamespace, card: SimCard, client_of: Any
) -> None:
    listed(people, activity(people, moment(9), moment(11)))
    told_by(card, people)
    receipt = Receipt.objects.get()
    full = receipts.as_issued(receipt)
    assert receipt_view(full)["documents"][0]["kind"] == "现场检查笔录"
    assert "随同移交的文书" in receipt_text(full)
    assert receipts.as_paper(receipt).startswith(b"%PDF")
    page = client_of("custodian").get(f"/receipts/{receipt.number}/").content.decode()
    assert "随同移交的文书" in page
    assert "示农检〔2026〕12号" in page
    assert "示农检" not in client_of("auditor").get(f"/receipts/{receipt.number}/").content.decode()
    assert not Entry.objects.filter(entry__contains="示农检").exists()


def test_a_receipt_without_written_records_is_as_it_was(
    home: Path, people: SimpleNamespace, card: SimCard
) -> None:
    told = told_by(card, people)
    assert "documents" not in told
    assert receipt_view(receipts.as_issued(Receipt.objects.get()))["documents"] == []


@pytest.mark.parametrize(
    ("first", "last", "carried"),
    [((7, 0), (8, 0), True), ((14, 0), (15, 0), True), ((9, 0), (11, 0), False)],
)
def test_an_activity_of_another_time_or_another_device_hands_nothing_over(
    home: Path, people: SimpleNamespace, card: SimCard, first: Any, last: Any, carried: bool
) -> None:
    listed(people, activity(people, moment(*first), moment(*last), carried=carried))
    assert "documents" not in told_by(card, people)


def test_a_recording_that_was_matched_hands_over_what_its_own_activity_lists(
    home: Path, people: SimpleNamespace, card: SimCard
) -> None:
    here = activity(people, moment(9), moment(11))
    elsewhere = activity(people, moment(14), moment(15))
    listed(people, here, "现场检查笔录")
    listed(people, elsewhere, "询问笔录")
    told_by(card, people)
    row = Recording.objects.get()
    agency = people.custodian.agency
    assert [one["kind"] for one in documents_for_recordings(agency, [row.pk])] == ["现场检查笔录"]
    confirm(row, elsewhere, by=people.custodian, at=AT)
    assert [one["kind"] for one in documents_for_recordings(agency, [row.pk])] == ["询问笔录"]


def test_what_was_withdrawn_or_returned_and_a_void_activity_hand_nothing_over(
    home: Path, people: SimpleNamespace, card: SimCard
) -> None:
    about = activity(people, moment(9), moment(11))
    listed(people, about)
    documents.withdraw_document(about.documents.get(), reason="错登", by=people.officer, at=AT)
    written = Written("unrecorded_report", "urgent", "紧急")
    report = reporting.make_report(about, written, by=people.officer, at=AT)
    reporting.send_back(report, reason="请补", by=people.head, at=AT)
    assert "documents" not in told_by(card, people)
