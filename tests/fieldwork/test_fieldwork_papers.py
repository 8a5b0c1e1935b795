"""The paper of a report under each regulation, as PDF and as Word file from one content; hostile words are words."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from fieldwork_office import AT, clock, inspection, run_by

from liuhen.prints.sheet import Fact, Passage, Sheet, Signature, printable, sheet_pdf
from liuhen.prints.word import sheet_docx
from liuhen.stages.fieldwork import papers, reporting
from liuhen.stages.fieldwork.models import Report
from liuhen.stages.fieldwork.reporting import Written

HOSTILE = r"#panic() $x^2$ \n *b* `c` <w:p/></w:t> & ]]> @ref #[#read('/etc/passwd')] {{ 7*7 }} "
JJ, SF, BF, AK, PY = "jinjiang-agri", "shifanqu-bianban", "baofeng-forestry", "ankang-agri", "pengyang"
NOTHING = "unrecorded_report"
AT_ONCE, STATEMENT, WORK = "interruption_report", "interruption_statement", "work_record"


def made(
    people: SimpleNamespace, pack: str, kind: str, reason: str = "电池耗尽", grounds: str = ""
) -> Report:
    run_by(people, pack)
    activity = inspection(people)
    stop = None
    if kind != NOTHING:
        stop = reporting.stop(activity, "battery", stopped_at=clock(9, 20), by=people.officer, at=AT)
    told = Written(kind, "urgent" if kind == NOTHING else "battery", reason, grounds, stop)
    return reporting.make_report(activity, told, by=people.officer, at=AT)


@pytest.mark.parametrize(
    ("pack", "kind", "title", "reviewer", "article"),
    [
        (JJ, NOTHING, "未进行现场执法音像记录工作记录", "科室负责人审核意见", "第九条"),
        (JJ, AT_ONCE, "执法音像记录中断情况报告", "分管领导审核意见", "第十条"),
        (JJ, STATEMENT, "执法音像记录中断情况书面说明", "分管领导审核意见", "第十条"),
        (SF, NOTHING, "未进行现场执法记录工作记录", "市编委办主管领导审核意见", "第五条"),
        (SF, AT_ONCE, "执法音像记录中断情况报告", "所属部门负责人审核意见", "第十一条"),
        (SF, STATEMENT, "执法音像记录中断情况书面说明", "所属部门负责人审核意见", "第十一条"),
        (BF, NOTHING, "未使用音像记录设备工作记录", "本单位主要领导审核意见", "第十二条"),
        (BF, WORK, "停止使用音像记录设备工作记录", "本单位主要领导审核意见", "第十二条"),
        (AK, NOTHING, "未进行音像记录工作记录", "全过程记录管理人员（音像保管岗位）备案意见", "第五条"),
        (PY, AT_ONCE, "执法音像记录中断情况报告", "所属机构负责人审核意见", "第九条"),
        (PY, STATEMENT, "执法音像记录中断情况书面说明", "所属机构负责人审核意见", "第九条"),
    ],
)
def test_each_paper_names_its_thing_its_reviewer_and_its_article(
    people: SimpleNamespace, pack: str, kind: str, title: str, reviewer: str, article: str
) -> None:
    sheet = papers.paper_of(made(people, pack, kind))
    assert sheet.title == title
    assert sheet.signatures[1] == Signature(reviewer)
    assert article in sheet.basis
    facts = {fact.label: fact.value for fact in sheet.facts}
    assert facts["执法人员"] == "林一鸣（执法证号 35058200001）、陈思远（执法证号 35058200002）"
    assert facts["当事人"] == "某某农资店"
    assert "4701A01" in facts["记录设备"]


@pytest.mark.parametrize(
    ("pack", "kind", "said"),
    [
        (AK, AT_ONCE, "没有要求这种报告"),
        (AK, STATEMENT, "没有要求这种报告"),
        (JJ, WORK, "没有要求这种报告"),
        (PY, WORK, "没有要求这种报告"),
        (PY, NOTHING, "不要求报告"),
    ],
)
def test_a_report_that_no_text_asks_for_says_so(
    people: SimpleNamespace, pack: str, kind: str, said: str
) -> None:
    assert said in papers.paper_of(made(people, pack, kind)).basis


@pytest.mark.parametrize(("pack", "kind"), [(SF, NOTHING), (BF, NOTHING), (BF, WORK), (AK, NOTHING)])
def test_where_the_text_asks_for_grounds_the_paper_has_a_place_for_them(
    people: SimpleNamespace, pack: str, kind: str
) -> None:
    report = made(people, pack, kind)
    assert papers.paper_of(report).passages[1].text == "（未写明；条文要求写明原因和依据）"
    report.grounds = "《办法》第五条第三项"
    assert papers.paper_of(report).passages[1] == Passage("依据", "《办法》第五条第三项")


@pytest.mark.parametrize(("pack", "kind"), [(JJ, NOTHING), (JJ, STATEMENT), (SF, STATEMENT), (PY, STATEMENT)])
def test_where_the_text_asks_for_none_the_paper_asks_for_none(
    people: SimpleNamespace, pack: str, kind: str
) -> None:
    assert len(papers.paper_of(made(people, pack, kind)).passages) == 1


def test_a_reviewed_paper_bears_the_opinion_and_who_gave_it(people: SimpleNamespace) -> None:
    report = made(people, BF, WORK)
    reporting.review(report, by=people.principal, at=AT, opinion="情况属实。")
    sheet = papers.paper_of(report)
    assert sheet.signatures[1] == Signature(
        "本单位主要领导审核意见", "情况属实。", "郑海峰", "2026-11-20 10:00:00"
    )
    assert re.fullmatch(r"demo-BG-2026-000001　账本第 \d+ 条　林一鸣 2026-11-20 10:00:00 提交", sheet.foot)


def test_a_returned_paper_says_that_it_counts_no_more(people: SimpleNamespace) -> None:
    report = made(people, JJ, NOTHING)
    reporting.send_back(report, reason="请写明", by=people.head, at=AT)
    sheet = papers.paper_of(report)
    assert sheet.note == "已退回补正，本件不作数"
    assert sheet.signatures[1].name == ""


def texts_of(raw: bytes) -> str:
    page = docx.Document(io.BytesIO(raw))
    cells = [cell.text for table in page.tables for row in table.rows for cell in row.cells]
    return "\n".join(
        [*(one.text for one in page.paragraphs), *cells, page.sections[0].footer.paragraphs[0].text]
    )


def pdf_text(raw: bytes, tmp_path: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext here (Debian: poppler-utils)")
    (tmp_path / "a.pdf").write_bytes(raw)
    done = subprocess.run(["pdftotext", "-layout", tmp_path / "a.pdf", "-"], capture_output=True, check=True)
    return re.sub(r"\s", "", done.stdout.decode())


def test_both_files_say_all_that_the_content_says(people: SimpleNamespace, tmp_path: Path) -> None:
    report = made(people, BF, WORK, "冷库内断电。\n换电池后恢复。", "第十二条第一项")
    sheet = papers.paper_of(report)
    word, paper = texts_of(sheet_docx(sheet)), pdf_text(sheet_pdf(sheet), tmp_path)
    said = [sheet.title, sheet.number, sheet.agency, sheet.foot, sheet.basis]
    said += [text for fact in sheet.facts for text in (fact.label, fact.value)]
    said += [line for one in sheet.passages for line in (one.heading, *one.text.split("\n"))]
    said += [one.label for one in sheet.signatures]
    for text in said:
        assert text in word, text
        assert re.sub(r"\s", "", text) in paper, text


def test_a_normal_report_takes_one_page_of_a4(people: SimpleNamespace, tmp_path: Path) -> None:
    if not shutil.which("pdfinfo"):
        pytest.skip("no pdfinfo here (Debian: poppler-utils)")
    report = made(people, BF, WORK, "冷库内断电，换电池后恢复。" * 15, "第十二条第一项。" * 10)
    (tmp_path / "a.pdf").write_bytes(sheet_pdf(papers.paper_of(report)))
    said = subprocess.run(["pdfinfo", tmp_path / "a.pdf"], capture_output=True, check=True).stdout.decode()
    assert re.search(r"Pages:\s+1\n", said)
    assert "(A4)" in said


def hostile(**more: Any) -> Sheet:
    told: dict[str, Any] = {
        "title": "标题" + HOSTILE,
        "number": "demo-BG-1",
        "agency": HOSTILE,
        "facts": (Fact(HOSTILE, HOSTILE), Fact("当事人", HOSTILE + "\x00\x07\ud800\u202e\tx\ny", wide=True)),
        "passages": (Passage("原因", HOSTILE + "\n" + "A" * 10_000 + "\n" + "汉" * 10_000),),
        "signatures": (Signature("审核", HOSTILE, HOSTILE, HOSTILE),),
        "basis": HOSTILE,
        "foot": HOSTILE,
        "at": AT,
    }
    return Sheet(**(told | more))


def test_signs_of_typesetters_and_of_word_files_stay_signs(tmp_path: Path) -> None:
    sheet = hostile()
    word, paper = texts_of(sheet_docx(sheet)), pdf_text(sheet_pdf(sheet), tmp_path)
    assert HOSTILE.strip() in word
    assert re.sub(r"\s", "", HOSTILE) in paper
    assert word.count("A" * 10_000) == 4  # one cell, merged out of four
    assert "汉" * 10_000 in word
    assert paper.count("汉") == 10_000
    for text in (word, paper):
        assert "〔U+0000〕〔U+0007〕" in text
        assert "\u202e" not in text


def test_a_word_file_of_hostile_words_is_still_one_table_of_the_same_rows() -> None:
    plain = hostile(passages=(Passage("原因", "好"),), facts=(Fact("a", "b"), Fact("当事人", "c", wide=True)))
    nasty = hostile(passages=(Passage("原因", HOSTILE),))
    shapes = []
    for sheet in (plain, nasty):
        page = docx.Document(io.BytesIO(sheet_docx(sheet)))
        shapes.append((len(page.tables), len(page.tables[0].rows), len(page.paragraphs)))
    assert shapes[0] == shapes[1]


def test_the_word_file_is_a4_and_has_a_chinese_font_for_chinese(people: SimpleNamespace) -> None:
    raw = sheet_docx(papers.paper_of(made(people, JJ, NOTHING)))
    page = docx.Document(io.BytesIO(raw))
    assert (round(page.sections[0].page_width.mm), round(page.sections[0].page_height.mm)) == (210, 297)
    runs = [run for one in page.paragraphs for run in one.runs]
    runs += [run for cell in page.tables[0]._cells for one in cell.paragraphs for run in one.runs]
    assert runs
    assert {run._element.rPr.rFonts.get(qn("w:eastAsia")) for run in runs} == {"宋体", "黑体"}
    assert all(
        not name.startswith("/") and ".." not in name for name in zipfile.ZipFile(io.BytesIO(raw)).namelist()
    )


@pytest.mark.slow
def test_an_office_program_opens_the_word_file(people: SimpleNamespace, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no LibreOffice here (Debian: libreoffice-writer)")
    (tmp_path / "a.docx").write_bytes(sheet_docx(papers.paper_of(made(people, BF, WORK, HOSTILE))))
    command = [office, f"-env:UserInstallation=file://{tmp_path}/lo", "--headless", "--convert-to", "pdf"]
    subprocess.run(
        [*command, "--outdir", tmp_path, tmp_path / "a.docx"], capture_output=True, check=True, timeout=180
    )
    assert "停止使用音像记录设备工作记录" in pdf_text((tmp_path / "a.pdf").read_bytes(), tmp_path)


def test_line_breaks_stay_in_passages_and_nowhere_else() -> None:
    sheet = printable(hostile(title="一\n二", passages=(Passage("三", "四\r\n\r\n五\u2028六"),)))
    assert sheet.title == "一 二"
    assert sheet.passages[0].text == "四\n五\n六"
