"""liuhen rules: one JSON document on standard output, statuses 0, 1, 2, and the coverage of the 103 articles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from liuhen.base.packs import pack_of, shipped
from liuhen.cli.main import main
from liuhen.doors.coverage import UnresolvedError, covered

END = "2026-03-13T17:00:00+08:00"
ROOT = Path(__file__).resolve().parents[2]
# Articles whose act comes with later work: this list may only shrink.
OPEN = {"jinjiang-agri": 14, "shifanqu-bianban": 20, "baofeng-forestry": 15, "ankang-agri": 17, "pengyang": 9}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    status = main(["rules", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_packs_are_listed_shown_and_compared(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["pack"] for row in run(capsys, "list")[1]] == shipped()
    assert run(capsys, "show", "jinjiang-agri", "11")[1]["rules"]["clocks"][0]["within"] == "PT24H"
    assert run(capsys, "show", "pengyang")[1]["id"] == "pengyang"
    assert run(capsys, "diff", "pengyang", "ankang-agri")[1]


def test_duties_and_retention_of_a_file_of_facts(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"activity": {"ended_at": END}, "recordings": [{"ended_at": END}]}))
    status, rows = run(
        capsys, "duties", "jinjiang-agri", "--facts", str(facts), "--at", "2026-03-20T00:00:00+08:00"
    )
    assert status == 0
    assert rows[0] == {
        "duty": "handover",
        "article": "11",
        "starts_at": "2026-03-13T17:00:00+08:00",
        "due_at": "2026-03-14T17:00:00+08:00",
        "state": "overdue",
        "who": "行政执法人员",
        "to": "科室管理员",
        "basis": "ended_at + PT24H",
    }
    assert run(capsys, "retention", "jinjiang-agri", "--facts", str(facts))[1]["until"] == "2028-03-13"


def test_what_is_wrong_ends_with_its_status(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text('{"activity": {"ended_at": "yesterday"}}')
    assert main(["rules", "duties", "jinjiang-agri", "--facts", str(facts)]) == 2
    assert "activity.ended_at" in capsys.readouterr().err
    assert main(["rules", "show", "nowhere"]) == 2
    assert main(["rules", "show", "pengyang", "99"]) == 2
    assert run(capsys, "new", str(tmp_path / "mine"))[0] == 0
    assert main(["rules", "new", str(tmp_path / "mine")]) == 1
    assert run(capsys, "check", str(tmp_path / "mine"))[1]["ok"] is True
    pack = tmp_path / "mine" / "pack.yaml"
    pack.write_text(pack.read_text().replace("PT24H", "PT0H"))
    capsys.readouterr()
    status, told = run(capsys, "check", str(tmp_path / "mine"))
    assert (status, told["ok"], {one["code"] for one in told["faults"]}) == (1, False, {"bad_period"})


def test_every_article_has_its_row_and_what_it_names_is_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run(capsys, "coverage")[1]
    assert len(rows) == 103
    assert {
        name: sum(row["pack"] == name and row["status"] == "open" for row in rows) for name in shipped()
    } == OPEN
    for row in rows:
        assert (row["status"] == "carried_out") is bool(row["carried_out_by"])
        for by in row["carried_out_by"]:
            path, _, name = by["test"].partition("::")
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), by


def test_a_name_that_is_not_there_is_found_out() -> None:
    pack = pack_of("jinjiang-agri")
    article = pack.articles["11"]
    wrong = article.model_copy(update={"by": (article.by[0].model_copy(update={"name": "dossier"}),)})
    with pytest.raises(UnresolvedError):
        covered(pack.model_copy(update={"articles": {"11": wrong}}))
