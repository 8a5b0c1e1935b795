"""Scans of papers: judged by their first bytes, kept once an agency, read back whole or not at all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from the_office import AT

from liuhen.base.acts import NotAllowedError
from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import Paper
from liuhen.base.people.papers import (
    LIMIT,
    PaperGoneError,
    ScanError,
    keep_scan,
    path_of,
    plain_name,
    read_paper,
)

PDF = b"%PDF-1.4 signed"


def test_the_same_scan_twice_is_one_paper(people: SimpleNamespace) -> None:
    first = keep_scan("甲.pdf", PDF, by=people.officer, at=AT)
    assert keep_scan("乙.pdf", PDF, by=people.custodian, at=AT) == first
    assert Paper.objects.count() == Entry.objects.filter(kind="scan.kept").count() == 1
    assert read_paper(first) == PDF


def test_another_agency_has_its_own_paper_of_the_same_bytes(people: SimpleNamespace) -> None:
    keep_scan("甲.pdf", PDF, by=people.officer, at=AT)
    keep_scan("甲.pdf", PDF, by=people.stranger, at=AT)
    assert Paper.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("空.pdf", b"", "scan_empty"),
        ("大.pdf", PDF + b"\0" * LIMIT, "scan_too_large"),
        ("网页.pdf", b"<html><script>alert(1)</script>", "scan_kind"),
        ("网页.html", b"<html>", "scan_kind"),
        ("图.svg", b"<svg onload=alert(1)>", "scan_kind"),
        ("图.png", b"\xff\xd8\xff\xe0", "scan_kind"),
        ("程序.exe", b"MZ", "scan_kind"),
        ("无扩展名", PDF, "scan_kind"),
    ],
)
def test_what_is_no_scan_is_refused_and_nothing_is_kept(
    people: SimpleNamespace, name: str, raw: bytes, code: str
) -> None:
    with pytest.raises(ScanError) as refused:
        keep_scan(name, raw, by=people.officer, at=AT)
    assert refused.value.code == code
    assert not Paper.objects.exists()


def test_exactly_the_limit_is_taken(people: SimpleNamespace) -> None:
    assert keep_scan("大.pdf", PDF.ljust(LIMIT, b"\0"), by=people.officer, at=AT).size == LIMIT


@pytest.mark.parametrize("name", ["甲.docx", "甲.xlsx", "甲.ofd"])
def test_files_of_office_programs_are_taken(people: SimpleNamespace, name: str) -> None:
    assert keep_scan(name, b"PK\x03\x04 rest", by=people.officer, at=AT).name == name


@pytest.mark.parametrize("who", ["sysadmin", "secadmin", "auditor", "principal"])
def test_whoever_hands_in_no_papers_keeps_none(people: SimpleNamespace, who: str) -> None:
    with pytest.raises(NotAllowedError):
        keep_scan("甲.pdf", PDF, by=getattr(people, who), at=AT)
    assert not Paper.objects.exists()


@pytest.mark.parametrize("damage", ["altered", "gone"])
def test_bytes_that_are_not_the_ones_kept_are_not_given_out(people: SimpleNamespace, damage: str) -> None:
    paper = keep_scan("甲.pdf", PDF, by=people.officer, at=AT)
    path = path_of(paper.sha256)
    path.write_bytes(b"%PDF-other") if damage == "altered" else path.unlink()
    with pytest.raises(PaperGoneError):
        read_paper(paper)
    assert keep_scan("甲.pdf", PDF, by=people.officer, at=AT) == paper  # handed in again, it is whole again
    assert read_paper(paper) == PDF


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\扫描\\签字件.pdf", "签字件.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a__Set-Cookie_ x.pdf"),
        ("fdp.\u202eexe", "fdp._exe"),
        ("", "扫描件"),
        ("汉" * 300 + ".pdf", "汉" * 110 + ".pdf"),
    ],
)
def test_a_name_is_a_name_and_no_path(name: str, plain: str) -> None:
    assert plain_name(name) == plain
