# ruff: noqa: F811 (fixtures are imported by name)
"""report paper at the terminal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import docx
import pytest
from cli.cli_terminal import Terminal, liuhen  # noqa: F401

from liuhen.base import clock
from liuhen.base.people.models import Officer
from liuhen.stages.fieldwork import reporting
from liuhen.stages.fieldwork.telling import Told, open_activity


@pytest.fixture
def number(people: SimpleNamespace) -> str:
    at, by = clock.now(), people.officer
    officers = list(Officer.objects.filter(agency=by.agency, staff_no__in=["100001", "100002"]))
    told = Told(arrived_at=at - timedelta(hours=2), ended_at=at - timedelta(hours=1), officers=officers)
    activity = open_activity(by.unit, told, by=by, at=at)
    written = reporting.Written("unrecorded_report", "urgent", "情况紧急")
    return reporting.make_report(activity, written, by=by, at=at).number


def test_the_paper_is_written_as_pdf_and_as_word_file(number: str, tmp_path: Path, liuhen: Terminal) -> None:
    assert liuhen("report", "paper", number, str(tmp_path / "a.pdf"), "--by", "officer").status == 0
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    out = str(tmp_path / "a.docx")
    assert liuhen("report", "paper", number, out, "--as", "docx", "--by", "head").status == 0
    assert docx.Document(out).tables


@pytest.mark.parametrize("who", ["stranger", "auditor"])
def test_others_are_told_that_there_is_no_such_report(
    number: str, tmp_path: Path, liuhen: Terminal, who: str
) -> None:
    said = liuhen("report", "paper", number, str(tmp_path / "a.pdf"), "--by", who)
    assert said.status == 2
    assert not (tmp_path / "a.pdf").exists()


def test_a_place_that_cannot_be_written_is_said(number: str, tmp_path: Path, liuhen: Terminal) -> None:
    said = liuhen("report", "paper", number, str(tmp_path / "no" / "a.pdf"), "--by", "officer")
    assert said.status == 2
