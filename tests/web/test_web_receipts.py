"""Receipts: the register, one on the screen, the paper; who sees, who reads, and that an old one stays the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from liuhen.base import clock, site
from liuhen.base.jobs.worker import Worker
from liuhen.stages.ingest import jobs, receipts
from liuhen.stages.ingest.models import Receipt

pytestmark = pytest.mark.slow

ClientOf = Callable[..., Client]
NAME = "李四现场.mp4"
READERS = ("custodian", "head", "principal", "legal", "archivist", "officer")
NOBODY = ("officer2", "sysadmin", "secadmin", "stranger")


@pytest.fixture
def receipt(home: Path, people: Any, tmp_path: Path) -> Receipt:
    """Of a card of 4701A01, whose keeper is the officer."""
    site.save(site.SiteSettings(previews=False))
    card = tmp_path / "秘密卡"
    card.mkdir()
    (card / NAME).write_bytes(b"picture")
    jobs.ask_for_card(card, by=people.custodian, at=clock.now(), device="4701A01")
    Worker(patience=0.01).run(once=True)
    return Receipt.objects.get()


@pytest.mark.parametrize("name", READERS)
def test_who_sees_recordings_and_the_keeper_read_it(client_of: ClientOf, receipt: Receipt, name: str) -> None:
    client = client_of(name)
    assert receipt.number in client.get("/receipts/").content.decode()
    page = client.get(f"/receipts/{receipt.number}/").content.decode()
    for words in (NAME, "秘密卡", receipt.content_sha256, "林一鸣", "data:image/svg+xml;base64,", "下载 PDF"):
        assert words in page
    paper = client.get(f"/receipts/{receipt.number}/paper/")
    assert (paper.status_code, paper["Content-Type"]) == (200, "application/pdf")


def test_the_auditor_sees_that_it_was_issued_its_totals_and_its_proof_and_no_line_of_it(
    client_of: ClientOf, receipt: Receipt
) -> None:
    client = client_of("auditor")
    listed = client.get("/receipts/").content.decode()
    page = client.get(f"/receipts/{receipt.number}/").content.decode()
    assert receipt.number in listed
    assert receipt.content_sha256 in page
    assert "共 1 个文件" in page
    for words in (NAME, "秘密卡"):
        assert words not in listed
        assert words not in page
    assert client.get(f"/receipts/{receipt.number}/paper/").status_code == 404
    sheet = client.get("/receipts/?as=xlsx&cols=number,card,by")
    cells = [
        cell.value
        for row in load_workbook(io.BytesIO(b"".join(sheet.streaming_content))).active
        for cell in row
    ]
    assert receipt.number in cells
    assert "秘密卡" not in cells
    assert receipt.number not in client.get("/receipts/?q=秘密").content.decode(), "nor by guessing words"


@pytest.mark.parametrize("name", NOBODY)
def test_for_everybody_else_there_is_no_such_receipt(
    client_of: ClientOf, receipt: Receipt, name: str
) -> None:
    client = client_of(name)
    register = client.get("/receipts/")
    assert register.status_code == (404 if name.endswith("admin") else 200)
    assert receipt.number not in register.content.decode()
    for path in (f"/receipts/{receipt.number}/", f"/receipts/{receipt.number}/paper/"):
        assert client.get(path).status_code == 404
        assert client_of().get(path).status_code == 302


@pytest.mark.parametrize("number", ["demo-YJ-2026-999999", "..", "%2e%2e%2fkeys", "x" * 3000, "' OR 1=1 --"])
def test_a_guessed_number_is_not_there(client_of: ClientOf, receipt: Receipt, number: str) -> None:
    assert client_of("custodian").get(f"/receipts/{number}/").status_code == 404


def test_printed_again_later_it_has_the_bytes_that_were_issued(
    client_of: ClientOf, receipt: Receipt, people: Any, tmp_path: Path
) -> None:
    issued = receipts.receipt_path(receipt.number, ".pdf").read_bytes()
    other = tmp_path / "another"
    other.mkdir()
    (other / "b.mp4").write_bytes(b"b")
    jobs.ask_for_card(other, by=people.custodian, at=clock.now())
    Worker(patience=0.01).run(once=True)  # the ledger has grown
    receipts.receipt_path(receipt.number, ".pdf").write_bytes(b"%PDF forged")
    paper = client_of("custodian").get(f"/receipts/{receipt.number}/paper/?download")
    assert paper.content == issued
    assert paper["Content-Disposition"].startswith("attachment")


def test_a_receipt_whose_file_was_altered_is_refused_with_a_remedy(
    client_of: ClientOf, receipt: Receipt
) -> None:
    path = receipts.receipt_path(receipt.number)
    path.write_bytes(
        path.read_bytes().replace("已放行".encode(), "未放行".encode()).replace(b"picture", b"x") + b" "
    )
    for door in ("", "paper/"):
        response = client_of("custodian").get(f"/receipts/{receipt.number}/{door}")
        assert response.status_code == 500
        assert "已被改动" in response.content.decode()
        assert "怎么办" in response.content.decode()


def test_a_lost_or_foreign_proof_is_replaced_by_todays(client_of: ClientOf, receipt: Receipt) -> None:
    path = receipts.receipt_path(receipt.number, ".proof.json")
    for bad in (None, b"{", b"[]", path.read_bytes().replace(b'"tree_size": ', b'"tree_size": 9')):
        path.unlink() if bad is None else path.write_bytes(bad)
        page = client_of("custodian").get(f"/receipts/{receipt.number}/")
        assert page.status_code == 200
        assert receipts.as_issued(receipt)["tree_size"] < 900


def test_found_by_number_device_person_and_card(client_of: ClientOf, receipt: Receipt) -> None:
    client = client_of("custodian")
    for words in (receipt.number[-6:], "4701", "林一", "王晓兰", "秘密"):
        assert f"/receipts/{receipt.number}/" in client.get("/receipts/", {"q": words}).content.decode(), (
            words
        )
    for words in ("没有这样的", "%", "_" * 300, "'; DROP TABLE--"):
        assert f"/receipts/{receipt.number}/" not in client.get("/receipts/", {"q": words}).content.decode()
    assert receipt.number in client.get("/receipts/?state=released").content.decode()
    assert f"/receipts/{receipt.number}/" not in client.get("/receipts/?state=kept").content.decode()
    assert client.get("/receipts/?as=print").status_code == 200
