"""liuhen rules: one JSON document on standard output, statuses 0, 1, 2, and the coverage of the 103 articles."""

from __future__ import annotations

import importlib
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
OPEN = {
    "ankang-agri": "1/7 1/8 1/9 1/10 2/2 2/3 2/4 2/5 2/6 2/7 2/8 2/9 2/10",
    "baofeng-forestry": "14 15 16 17 18",
    "jinjiang-agri": "13 14 15 16 17 18",
    "pengyang": "7 8 11 13 14 15",
    "shifanqu-bianban": "6 14 17 18 19 20 21 22 23 24",
}


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
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (
        "stages",
        "cli",
        "core",
        "web",
        "fieldwork",
    ):  # some import what stands beside them by its bare name
        monkeypatch.syspath_prepend(ROOT / "tests" / folder)
    rows = run(capsys, "coverage")[1]
    assert len(rows) == 103
    assert {
        name: " ".join(row["article"] for row in rows if row["pack"] == name and row["status"] == "open")
        for name in shipped()
    } == OPEN
    for row in rows:
        assert (row["status"] == "carried_out") is bool(row["carried_out_by"])
        for by in row["carried_out_by"]:
            assert callable(_test_named(by["test"])), by


def _test_named(said: str) -> Any:
    """The test itself, imported from where it is said to be."""
    path, _, name = said.partition("::")
    module = ".".join(Path(path).with_suffix("").parts[1:])
    assert name.startswith("test_")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", ["river-harbour", "county-constables", "city-market"])
def test_a_regulation_nobody_wrote_code_for_runs_and_is_judged(
    home: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """One in hours and months, one police-style with six months and four permanent cases."""
    status, told = run(capsys, "check", str(ROOT / "tests/corpus/packs" / name))
    assert (status, told["ok"], told["faults"], told["without_example"]) == (0, True, [], [])
    assert len(told["examples"]) >= 10


def test_a_name_that_is_not_there_is_found_out() -> None:
    pack = pack_of("jinjiang-agri")
    article = pack.articles["11"]
    wrong = article.model_copy(update={"by": (article.by[0].model_copy(update={"name": "dossier"}),)})
    with pytest.raises(UnresolvedError):
        covered(pack.model_copy(update={"articles": {"11": wrong}}))


def test_a_regulation_is_adopted_for_an_agency_from_a_day(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    main(["rules", "new", str(folder)])
    capsys.readouterr()
    how = ("adopt", str(folder), "--agency", "demo", "--from", "2099-01-01")
    status, said = run(capsys, *how)
    assert (status, said["ok"], said["pack"], said["from"]) == (0, True, "my-regulation", "2099-01-01")
    assert {row["area"] for row in said["changes"]} >= {"deadlines", "retention"}
    assert "my-regulation" in {row["pack"] for row in run(capsys, "list")[1]}
    assert main(["rules", *how]) == 2  # the same days again
    assert main(["rules", *how[:3], "nobody", *how[4:]]) == 2
    with pytest.raises(SystemExit) as stopped:
        main(["rules", *how[:-1], "2099-01"])
    assert stopped.value.code == 2


def test_a_faulty_regulation_is_not_adopted_and_every_fault_is_one_line(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    main(["rules", "new", str(folder)])
    path = folder / "pack.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: handover}", "name: nowhere}"), encoding="utf-8")
    capsys.readouterr()
    status, said = run(capsys, "adopt", str(folder), "--agency", "demo", "--from", "2099-01-01")
    assert (status, [fault["code"] for fault in said["faults"]]) == (1, ["not_there"])
    status, said = run(capsys, "check", str(folder))
    assert (status, said["ok"], said["faults"][0]["code"]) == (1, False, "not_there")
    assert "my-regulation" not in {row["pack"] for row in run(capsys, "list")[1]}


def test_a_name_that_carries_nothing_out_is_told_with_its_line_and_what_could(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    main(["rules", "new", str(folder)])
    path = folder / "pack.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("name: handover}", "name: store}")
    text = text.replace(
        '"7": {gist: 保管期限, needs: [preservation]}', '"7": {gist: 保管, by: [{kind: rule, name: kept}]}'
    )
    path.write_text(text, encoding="utf-8")
    capsys.readouterr()
    status, told = run(capsys, "check", str(folder))
    lines = {
        word: number
        for number, one in enumerate(text.splitlines(), 1)
        for word in ("store", "kept")
        if word in one
    }
    assert (status, [one["place"] for one in told["faults"]]) == (
        1,
        [f"pack.yaml:{lines['store']} articles.6.by.0", f"pack.yaml:{lines['kept']} articles.7.by.0"],
    )
    assert ["handover" in told["faults"][0]["remedy"], "retention" in told["faults"][1]["remedy"]] == [
        True
    ] * 2
