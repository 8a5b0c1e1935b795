# ruff: noqa: F811 (fixtures are imported by name)
"""liuhen-verify.html: from a file, in a real browser, with the same verdicts as liuhen-verify.py."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from e2e.verifier_page import DECIDED, VerifierPage, _verifier_page, verifier_page  # noqa: F401
from outside.exported import RECORDING, Export, load_verifier, make_export, signer_of
from outside.tamperings import ALL

from liuhen.outside import VERIFIER_PAGE

pytestmark = pytest.mark.slow
verifier = load_verifier()
REFUSED = {
    *("malformed", "incomplete", "record_changed", "proof_invalid", "entry_changed"),
    *("checkpoint_too_old", "signature_invalid"),
}


@pytest.fixture
def export(tmp_path: Path) -> Export:
    folder = tmp_path / "copy"
    folder.mkdir()
    return make_export(folder)


def ask_python(folder: Path, given: dict[str, str], beside: Path) -> dict[str, Any]:
    """What liuhen-verify.py says of the same folder."""
    options = []
    for name, text in given.items():
        (beside / name).write_text(text, encoding="utf-8", newline="")
        options += [f"--{name}", str(beside / name)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        verifier.main([str(folder), "--json", *options])
    return json.loads(out.getvalue())


def told(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(check["check"], check["state"], check["code"]) for check in report["checks"]]


@pytest.mark.parametrize("name", ALL)
def test_both_verifiers_say_the_same(export: Export, tmp_path: Path, verifier_page: VerifierPage, name: str):
    tamper, expected = ALL[name]
    given = tamper(export) or {}
    python = ask_python(export.folder, given, tmp_path)
    page = verifier_page.judge(export.folder, **given)
    assert page["code"] == python["code"]
    assert told(page) == told(python)
    if expected:
        assert page["code"] == expected
    else:
        assert page["code"] in REFUSED
    for key in ("index", "size", "recorded_at", "key", "vkey", "fingerprint", "key_source"):
        assert str(page.get(key)) == str(python.get(key)), "JavaScript writes 2**63 as text"
    assert len(page.get("not_proved", [])) == len(python.get("not_proved", []))


def test_the_sentences_are_the_same_where_the_command_line_is_not_meant(
    export: Export, tmp_path: Path, verifier_page: VerifierPage
):
    for name in ("untouched", "one bit of the original", "altered entry", "one witness given"):
        given = ALL[name][0](export) or {}
        python = ask_python(export.folder, given, tmp_path)
        page = verifier_page.judge(export.folder, **given)
        for key in ("checks", "not_proved"):
            assert page[key] == python[key]
        make_export(export.folder)


def test_nothing_is_asked_of_any_network(export: Export, verifier_page: VerifierPage):
    verifier_page.judge(export.folder)
    assert verifier_page.asked[0] == VERIFIER_PAGE.as_uri()
    assert all(address.startswith("blob:") for address in verifier_page.asked[1:])
    assert len(verifier_page.asked) == 2, "the page and its own worker"


def test_the_policy_names_the_pages_own_scripts_and_nothing_else():
    text = VERIFIER_PAGE.read_text(encoding="utf-8")
    assert "default-src 'none'" in text and "unsafe" not in text
    for outside in ("http://", "https://", "//cdn", "@import", "url("):
        assert outside not in text.replace("https://www.apache.org", "")
    script = Path(__file__).resolve().parents[2] / "scripts" / "seal_verifier_page.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_script_that_is_not_ours_does_not_run(export: Export, verifier_page: VerifierPage):
    hostile = export.folder / "altered.html"
    text = VERIFIER_PAGE.read_text(encoding="utf-8")
    hostile.write_text(
        text.replace("</body>", "<script>document.title = 'ran'</script></body>"), encoding="utf-8"
    )
    verifier_page.page.goto(hostile.as_uri())
    assert verifier_page.page.title() == "留痕离线核验"


def test_a_folder_dropped_into_the_frame_is_verified(export: Export, verifier_page: VerifierPage):
    verifier_page.drop(export.folder)
    assert verifier_page.report()["code"] == "ok"
    assert "未被改动" in verifier_page.text("#verdict .headline")


def test_files_dropped_or_chosen_one_by_one_are_verified(export: Export, verifier_page: VerifierPage):
    verifier_page.drop(*export.folder.iterdir())
    assert verifier_page.report()["code"] == "ok"
    verifier_page.open()
    for path in sorted(export.folder.iterdir()):
        verifier_page.page.set_input_files("#files", str(path))
    verifier_page.page.locator("html[data-verdict='ok']").wait_for(state="attached")
    assert verifier_page.text("#chosen").startswith("已选 7 个文件")


def test_a_folder_above_is_refused_with_the_name_of_the_right_one(
    export: Export, tmp_path: Path, verifier_page: VerifierPage
):
    (tmp_path / "说明.txt").write_text("…")
    for way in (verifier_page.choose, verifier_page.drop):
        way(tmp_path)
        assert verifier_page.report()["code"] == "incomplete"
        assert "copy" in verifier_page.text("#trouble") and "子文件夹" in verifier_page.text("#trouble")
        verifier_page.open()


def test_an_archive_that_was_not_unpacked_is_told(tmp_path: Path, verifier_page: VerifierPage):
    (tmp_path / "导出.zip").write_bytes(b"PK")
    verifier_page.page.set_input_files("#files", str(tmp_path / "导出.zip"))
    assert verifier_page.report()["code"] == "incomplete"
    assert "解压" in verifier_page.text("#trouble")


def test_without_workers_the_page_does_the_work_itself(export: Export, verifier_page: VerifierPage):
    verifier_page.open("#slices")
    assert verifier_page.judge(export.folder)["code"] == "ok"
    assert len(verifier_page.asked) == 1
    (export.folder / export.original).write_bytes(RECORDING[::-1])
    assert verifier_page.judge(export.folder)["code"] == "content_changed"


@pytest.mark.parametrize("fragment", ["", "#slices"])
def test_a_large_original_is_read_in_pieces_with_progress_and_can_be_stopped(
    tmp_path: Path, verifier_page: VerifierPage, fragment: str
):
    export = make_export(tmp_path, data={"bytes": 3 << 30})
    with (tmp_path / export.original).open("wb") as file:
        file.truncate(3 << 30)  # sparse: nothing to write, three gigabytes to read
    verifier_page.open(fragment)
    verifier_page.choose(tmp_path)
    verifier_page.page.wait_for_selector("#doing:has-text('MB')")
    assert "3072 MB" in verifier_page.text("#doing")
    verifier_page.page.click("#stop")
    assert "已停止，未得出结论" in verifier_page.text("#trouble")
    assert not verifier_page.page.locator("#verdict").is_visible()
    assert verifier_page.page.locator(DECIDED).count() == 0


def test_the_fingerprint_from_the_paper_is_compared_group_by_group(
    export: Export, verifier_page: VerifierPage
):
    report = verifier_page.judge(export.folder)
    box = verifier_page.page.locator("#verdict")
    assert "wait" in box.get_attribute("class"), "until the paper agrees, it holds for that key only"
    groups = report["fingerprint"].split()
    verifier_page.page.fill("#paper", " ".join(groups[:5]).upper())
    assert "已抄 20 位" in verifier_page.text("#compared")
    verifier_page.page.fill("#paper", " ".join([*groups[:5], "0000" if groups[5] != "0000" else "1111"]))
    assert "第 6 组不符" in verifier_page.text("#compared") and "bad" in box.get_attribute("class")
    verifier_page.page.fill("#paper", "".join(groups))
    assert "相符" in verifier_page.text("#compared") and "good" in box.get_attribute("class")


def test_a_given_key_needs_no_paper(export: Export, verifier_page: VerifierPage):
    verifier_page.judge(export.folder, vkey=str(export.signer.vkey))
    assert verifier_page.page.locator("#verdict").get_attribute("class") == "good"
    verifier_page.page.evaluate("document.getElementById('given').open = true")
    verifier_page.page.fill("#vkey", str(signer_of(2).vkey))
    verifier_page.page.click("#again")
    verifier_page.page.locator("html[data-verdict='foreign_key']").wait_for(state="attached")


def test_what_is_typed_wrongly_is_said_beside_it(export: Export, verifier_page: VerifierPage):
    verifier_page.judge(export.folder, vkey="name+00000000+AAAA")
    assert "公钥 vkey" in verifier_page.text("[data-for=vkey]")
    assert not verifier_page.page.locator("#verdict").is_visible()


def test_the_verdict_is_spoken_with_what_to_do(export: Export, verifier_page: VerifierPage):
    verifier_page.judge(export.folder)
    said = verifier_page.text("main")
    for part in (
        *("未被改动", "JJ-2026-000006", "2026-03-02 16:31:05（北京时间；2026-03-02T08:31:05Z）"),
        *("第 5 条（从 0 数起），检查点共 9 条", verifier.Vkey(str(export.signer.vkey)).fingerprint),
        *("密钥取自本文件夹", "录制的内容是否真实发生", "What this does NOT prove"),
    ):
        assert part in said
    (export.folder / export.original).write_bytes(b"another film")
    verifier_page.judge(export.folder)
    said = verifier_page.text("main")
    assert "原始文件已被改动" in said and "怎么办" in said and "[content_changed]" in said


def test_every_code_has_its_words(verifier_page: VerifierPage):
    text = VERIFIER_PAGE.read_text(encoding="utf-8")
    codes = {code for _, code in ALL.values()} - {"", "usage"}
    assert all(f"    {code}: [" in text for code in codes)


def test_foreign_text_is_never_markup(export: Export, verifier_page: VerifierPage):
    ALL["text that would turn the screen around"][0](export)
    verifier_page.judge(export.folder)
    said = verifier_page.text("main")
    assert "<img src=x" in said and "\u202e" not in said and "长" * 201 not in said
    assert verifier_page.page.locator("img").count() == 0


def test_the_result_can_be_saved(export: Export, tmp_path: Path, verifier_page: VerifierPage):
    report = verifier_page.judge(export.folder)
    with verifier_page.page.expect_download() as saving:
        verifier_page.page.click("#save")
    saving.value.save_as(tmp_path / "saved.json")
    assert saving.value.suggested_filename == "核验结果.json"
    assert json.loads((tmp_path / "saved.json").read_text(encoding="utf-8")) == report


def test_a_second_export_replaces_the_first(export: Export, tmp_path: Path, verifier_page: VerifierPage):
    (tmp_path / "other").mkdir()
    make_export(tmp_path / "other", data={"number": "JJ-2026-000007"})
    verifier_page.judge(export.folder)
    assert verifier_page.judge(tmp_path / "other")["number"] == "JJ-2026-000007"
    verifier_page.page.click("#reset")
    assert not verifier_page.page.locator("#verdict").is_visible()
