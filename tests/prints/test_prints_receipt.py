import re
from collections.abc import Callable
from typing import Any

import pytest
from prints_samples import ROOT, a_receipt, refused_file, stored_file

from liuhen.prints.receipt import CHECK, receipt_pdf, receipt_text, receipt_view
from liuhen.prints.words import width


def note(receipt: dict[str, Any], label: str) -> str:
    view = receipt_view(receipt)
    return dict(view["heads"] + view["notes"])[label]


def pages(poppler: Callable[..., str], pdf: bytes, *options: str) -> list[str]:
    return poppler("pdftotext", pdf, "-layout", *options).split("\f")[:-1]


def test_the_text_begins_with_the_word_and_the_number() -> None:
    assert receipt_text(a_receipt()).startswith("移交回执 JJNY-YJ-2026-0001\n")


def test_an_unmeasured_clock_is_said_to_be_unmeasured() -> None:
    clock = {"measured": False, "shown": None, "server": None, "offset_seconds": None}
    assert note(a_receipt(clock=clock), "时钟偏差").startswith("未测")


def test_a_measured_clock_gives_offset_and_both_readings() -> None:
    shown = "设备快 31.0 秒（设备显示 2026-01-31 18:05:40，服务器 2026-01-31 18:05:09）"
    assert note(a_receipt(), "时钟偏差") == shown


def test_a_single_copy_is_named_as_one() -> None:
    assert note(a_receipt(), "保存副本") == "1 份：主存储（仅一份副本）"


def test_two_copies_name_both_stores() -> None:
    copies = {"count": 2, "stores": ["主存储", "备份盘"], "note": ""}
    assert note(a_receipt(copies=copies), "保存副本") == "2 份：主存储、备份盘"


def test_a_card_that_is_not_released_must_be_kept() -> None:
    receipt = a_receipt(released=False, release_note="有 1 个文件拒收。")
    assert note(receipt, "介质处理") == "未放行，请保留介质内全部文件。有 1 个文件拒收。"


def test_who_and_what_is_unknown_is_said_to_be_so() -> None:
    receipt = a_receipt(holder=None, device=None, unit=None)
    assert [note(receipt, label) for label in ("移交人", "采集设备", "所属科室")] == ["未认定", "未认定", "—"]


def test_an_unknown_state_or_kind_is_printed_as_it_is() -> None:
    (file,) = receipt_view(a_receipt([stored_file(kind="hologram", duration=None)]))["files"]
    assert (file["kind"], file["duration"]) == ("hologram", "—")


def test_totals_name_only_the_results_that_occurred() -> None:
    receipt = a_receipt([stored_file(1), stored_file(2), refused_file(3, "管道文件")])
    assert receipt_view(receipt)["totals"] == (
        "共 3 个文件，其中已入库 2 个、拒收 1 个；824,691,356 字节（约 824.7 MB）；总时长 00:10:00。"
    )


def test_the_terminal_shows_every_digest_reason_and_finding() -> None:
    files = [stored_file(1, findings=["时间相差 8 小时"]), refused_file(2, "是管道文件，不能读取。")]
    text = receipt_text(a_receipt(files))
    for wanted in (files[0]["sha256"], files[0]["sm3"], "时间相差 8 小时", "是管道文件，不能读取。", ROOT):
        assert wanted in text


def test_terminal_columns_line_up_over_chinese_text() -> None:
    files = [stored_file(1), stored_file(10, state="already", kind="audio", duration=4.2, bytes=7)]
    heads = [line for line in receipt_text(a_receipt(files)).splitlines() if line.endswith(".mp4")]
    assert len({width(line.split("DCIM")[0]) for line in heads}) == 1


def test_a_name_from_the_card_cannot_steer_the_terminal() -> None:
    text = receipt_text(a_receipt([stored_file(path="a\x1b]0;x\x07\r\n移交回执 FORGED")]))
    assert "\x1b" not in text
    assert "\r" not in text
    assert not any(line.startswith("移交回执 FORGED") for line in text.splitlines())


def test_nothing_typed_by_anyone_can_steer_the_terminal() -> None:
    bell = "\x1b[2J\x07"
    files = [stored_file(1, number=bell, findings=[bell]), refused_file(2, bell)]
    receipt = a_receipt(
        files,
        number=bell,
        agency={"code": "X", "name": bell},
        holder={"name": bell, "certificate_no": bell},
        copies={"count": 1, "stores": [bell], "note": bell},
        release_note=bell,
        basis=[bell],
        origin=bell,
    )
    assert not {"\x1b", "\x07"} & set(receipt_text(receipt))


@pytest.mark.usefixtures("font")
class TestOnPaper:
    def test_what_the_terminal_says_the_paper_says(self, poppler: Callable[..., str]) -> None:
        files = [stored_file(1, findings=["时间相差 8 小时"]), refused_file(2, "是管道文件，不能读取。")]
        receipt = a_receipt(files)
        page = poppler("pdftotext", receipt_pdf(receipt), "-raw").replace("\n", "")
        view = receipt_view(receipt)
        wanted = [value for _label, value in view["heads"] + view["notes"] + view["keys"]]
        wanted += [
            files[0]["path"],
            files[0]["sha256"],
            files[0]["sm3"],
            "时间相差 8 小时",
            "是管道文件，不能读取。",
        ]
        wanted += [*view["basis"], *view["checkpoint"], view["totals"], CHECK]
        squeezed = page.replace(" ", "")
        assert [value for value in wanted if value.replace(" ", "") not in squeezed] == []

    def test_the_same_receipt_prints_the_same_bytes(self) -> None:
        assert receipt_pdf(a_receipt()) == receipt_pdf(a_receipt())

    def test_the_page_is_dated_when_the_intake_ended(self, poppler: Callable[..., str]) -> None:
        assert "2026-01-31T10:09:41Z" in poppler("pdfinfo", receipt_pdf(a_receipt()), "-isodates")

    def test_a_card_of_five_files_fits_one_page(self, poppler: Callable[..., str]) -> None:
        assert len(pages(poppler, receipt_pdf(a_receipt([stored_file(no) for no in range(1, 6)])))) == 1

    def test_a_card_with_nothing_to_list_still_prints(self, poppler: Callable[..., str]) -> None:
        assert "共 0 个文件" in pages(poppler, receipt_pdf(a_receipt([])))[0]

    def test_a_file_of_which_nothing_is_known_still_prints(self, poppler: Callable[..., str]) -> None:
        assert "拒收" in pages(poppler, receipt_pdf(a_receipt([refused_file(1, "")])))[0]

    def test_a_number_is_printed_beside_the_digest_or_without_one(self, poppler: Callable[..., str]) -> None:
        files = [
            stored_file(1, number="AB-1"),
            stored_file(2, number="AB-2", sha256="", sm3="", state="failed"),
        ]
        (sheet,) = pages(poppler, receipt_pdf(a_receipt(files)))
        assert re.search(files[0]["sha256"] + r" +编号 +AB-1\n", sheet)
        assert re.search(r"编号 +AB-2\n", sheet)

    @pytest.mark.slow
    def test_1500_files_repeat_the_heads_and_number_the_pages(self, poppler: Callable[..., str]) -> None:
        files = [stored_file(no) for no in range(1, 1501)]
        sheets = pages(poppler, receipt_pdf(a_receipt(files)))
        assert len(sheets) > 50
        for number, sheet in enumerate(sheets, start=1):
            assert "回执编号 JJNY-YJ-2026-0001" in sheet
            assert f"第 {number} 页，共 {len(sheets)} 页" in sheet
        listed = [sheet for sheet in sheets if "SHA-256" in sheet]
        assert all("文件（介质上的路径）" in sheet for sheet in listed)
        assert all(any(file["sha256"] in sheet for sheet in listed) for file in files)

    def test_a_file_stays_on_one_page_with_its_digests(self, poppler: Callable[..., str]) -> None:
        files = [stored_file(no) for no in range(1, 41)]
        sheets = pages(poppler, receipt_pdf(a_receipt(files)))
        assert len(sheets) > 2
        for file in files:
            (sheet,) = [sheet for sheet in sheets if file["path"] in sheet]
            assert file["sha256"] in sheet
            assert file["sm3"] in sheet

    def test_ten_thousand_characters_flow_over_pages_and_none_is_lost(
        self, poppler: Callable[..., str]
    ) -> None:
        files = [stored_file(1, path="Q" * 10_000), stored_file(2, state="failed", reason="龘" * 10_000)]
        sheets = pages(poppler, receipt_pdf(a_receipt(files)))
        together = "".join(sheets)
        assert len(sheets) > 4
        assert together.count("Q") == 10_000
        assert together.count("龘") == 10_000

    def test_nothing_runs_off_the_paper(self, poppler: Callable[..., str]) -> None:
        receipt = a_receipt([stored_file(1, path="W" * 3000)], origin="o" * 300, vkey="v" * 300)
        receipt["checkpoint"] = f"{'o' * 300}\n1\n{ROOT}\n\n— {'o' * 300} {'s' * 100}\n"
        words = poppler("pdftotext", receipt_pdf(receipt), "-bbox").split("<word ")[1:]
        right_ends = [float(word.split('xMax="')[1].split('"')[0]) for word in words]
        assert max(right_ends) < 595.3 - 50
