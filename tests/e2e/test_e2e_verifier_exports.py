# ruff: noqa: F811 (fixtures are imported by name)
"""What the office really exports, judged by the page that lies in the folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from e2e.verifier_page import VerifierPage, _verifier_page, verifier_page  # noqa: F401
from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import AT, CLIP, FILES, flip, in_the_middle, recording_of
from storage.test_export import FLIPPED

from liuhen.base.storage.export import export_recording
from liuhen.base.storage.stores import open_stores

pytestmark = pytest.mark.slow


def _export(folder: Path, people: SimpleNamespace, name: str = CLIP) -> Path:
    export_recording(recording_of(name), folder, open_stores(), by=people.custodian, at=AT)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_original_proves_itself_in_a_browser(
    stocked: Path, people: SimpleNamespace, tmp_path: Path, verifier_page: VerifierPage, name: str
):
    folder = _export(tmp_path / "给法院", people, name)
    verifier_page.page.goto((folder / "liuhen-verify.html").as_uri())
    assert verifier_page.judge(folder)["code"] == "ok"
    paper = (stocked / "ledger/demo/checkpoint").read_text(encoding="utf-8")
    assert verifier_page.judge(folder, checkpoint=paper)["code"] == "ok"


@pytest.mark.parametrize("name", FLIPPED)
def test_one_flipped_bit_anywhere_is_refused_and_told_apart_in_a_browser(
    stocked: Path, people: SimpleNamespace, tmp_path: Path, verifier_page: VerifierPage, name: str
):
    folder = _export(tmp_path / "给法院", people)
    path = folder / name if name != "tlog-proof" else next(folder.glob("*.tlog-proof"))
    whole = path.read_bytes()
    flip(path, in_the_middle(name, whole))
    assert verifier_page.judge(folder)["code"] == FLIPPED[name]
