"""The field page on a phone: a whole inspection with the network cut, tabs closed, sessions gone, clocks wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from e2e.field_story import CUT, PASSWORD, PHONE, begin, fits_a_thumb, mark, sent, step, tab, waits

from liuhen.base import clock, site
from liuhen.base.devices.models import ClockReading
from liuhen.base.people import services
from liuhen.stages.equipment.models import Check
from liuhen.stages.fieldwork.models import Activity, Document, Mark, Report, Sent, Stop

pytestmark = pytest.mark.slow


def test_a_whole_inspection_with_the_network_cut_in_the_middle_and_the_tab_closed(
    page_of: Any, axe: Any, people: SimpleNamespace
) -> None:
    page = page_of("officer", PHONE)
    page.goto("/field/")
    fits_a_thumb(page)
    page_of.shoot(page, "field-home")
    page.click("text=开始执法活动")
    fits_a_thumb(page)
    assert axe(page) == []
    page.click("#begin-now")
    assert "《中华人民共和国行政处罚法》第四十二条" in page.text_content("#begin-wrong")
    begin(page)
    script = page.text_content(".field-script")
    assert "执法人员林一鸣、陈思远" in script
    assert (
        float(page.evaluate("parseFloat(getComputedStyle(document.querySelector('.field-script')).fontSize)"))
        >= 24
    )
    page_of.shoot(page, "field-notice")
    sent(page)
    address = page.url
    assert "new=1" not in address, "once registered, the address leads to it"

    page.context.set_offline(True)
    waits(page, "没有网络")
    page.click("text=已告知当事人")
    mark(page, "identity_shown")
    page.fill("#mark-note", "货架第三排")
    mark(page, "scene")
    tab(page, "stops")
    page.select_option("#cause", "battery")
    assert page.is_visible("#cause-unlisted"), "JJ 10 does not list it: kept, and marked"
    page.click("#stop")
    page_of.shoot(page, "field-stopped")
    page.click("#stopped button:has-text('恢复记录')")
    page.click("#reason")
    waits(page, "待发送 6 条")
    assert (Mark.objects.count(), Stop.objects.count()) == (0, 0)
    page.close()

    page = page.context.new_page()
    page.context.set_offline(False)
    page.goto(address)
    sent(page)
    row = Activity.objects.get()
    assert {one.code for one in row.marks.all()} == {
        "notice",
        "identity_shown",
        "scene",
        "interruption_reason",
    }
    assert row.marks.get(code="scene").note == "货架第三排"
    assert row.stops.get().resumed_at is not None
    tab(page, "papers")
    page.fill("#paper-kind", "现场检查笔录")
    page.click("#paper-start")
    page.wait_for_selector("#drafts button:has-text('结束')")
    page.reload()
    tab(page, "papers")
    page.click("#drafts button:has-text('结束') >> nth=0")
    for tab_name in ("run", "notice", "marks", "stops", "papers", "kept"):
        tab(page, tab_name)
        fits_a_thumb(page)
        page.wait_for_timeout(100)
        assert axe(page) == [], tab_name
    for words in ("结束执法活动", "离开现场", "返回单位"):
        step(page, words)
    sent(page)
    left = page.text_content("#left")
    assert "还剩 23:5" in left and "第十一条" in left
    page_of.shoot(page, "field-run")
    row.refresh_from_db()
    assert row.ended_at and row.left_at and row.returned_at and row.arrived_at
    assert Document.objects.get().ended_at is not None
    assert set(Sent.objects.values_list("outcome", flat=True)) == {"done"}
    assert Sent.objects.count() == 11
    page_of.forgive(CUT)


def test_under_baofeng_what_the_office_fills_in_is_read_out_and_a_work_record_follows_a_stop(
    page_of: Any, people: SimpleNamespace
) -> None:
    agency = people.officer.agency
    agency.founded_pack = agency.pack = "baofeng-forestry"
    agency.save()
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    page.context.set_offline(True)
    begin(page, place="某某林场", online=False)
    assert "省级行政执法部门" in page.text_content("#notice-text")
    page.check("#opening-speaks input >> nth=0")
    page.check("#opening-speaks input >> nth=1")
    page.click("text=已作开场说明")
    tab(page, "marks")
    assert "另行拍照" in page.text_content("[data-tab=marks]")
    mark(page, "evidence")
    mark(page, "photographs")
    page_of.shoot(page, "field-marks")
    tab(page, "stops")
    page.select_option("#cause", "weather")
    page.click("#stop")
    page.click("#stopped button:has-text('写工作记录')")
    page.select_option("#report-code", "weather")
    page.fill("#report-reason", "暴雨，设备不防水")
    page.click("#report")
    page.click("#stopped button:has-text('恢复记录')")
    assert page.is_hidden("#reason-box"), "BF 12 asks for no spoken reason"
    for words in ("结束执法活动", "离开现场"):
        step(page, words)
    assert "条文未写明时限" in page.text_content("#left")
    page.context.set_offline(False)
    sent(page)
    row = Activity.objects.get()
    assert row.marks.get(code="opening").note == "执法行动目的、任务"
    report = Report.objects.get()
    assert (report.kind, report.article, report.to, report.stop) == (
        "work_record",
        "12",
        "principal",
        row.stops.get(),
    )
    assert row.left_at is not None and row.stops.get().resumed_at is not None
    assert set(Sent.objects.values_list("outcome", flat=True)) == {"done"}
    page_of.forgive(CUT)


def test_what_was_exported_is_handed_in_at_the_office_and_once_only(
    page_of: Any, people: SimpleNamespace, tmp_path: Path
) -> None:
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    page.context.set_offline(True)
    begin(page, online=False)
    mark(page, "scene")
    tab(page, "kept")
    with page.expect_download() as coming:
        page.click("#export")
    file = tmp_path / "现场记录.json"
    coming.value.save_as(file)
    told = json.loads(file.read_text(encoding="utf-8"))
    assert (len(told["entries"]), told["sent_at"], told["who"]) == (2, None, "林一鸣")

    desk = page_of("custodian")
    desk.goto("/field/handed/")
    desk.set_input_files("input[type=file]", file)
    desk.click("button:has-text('登记')")
    assert "林一鸣的记录：共 2 条，都已登记" in desk.text_content(".alert")
    page_of.shoot(desk, "field-handed")
    page.context.set_offline(False)
    sent(page)
    assert (Activity.objects.count(), Mark.objects.count(), Sent.objects.count()) == (1, 1, 2)
    page_of.forgive(CUT)


def test_the_qr_code_leads_to_the_check_and_on_to_the_activity(
    page_of: Any, axe: Any, people: SimpleNamespace
) -> None:
    page = page_of("officer", PHONE)
    page.goto("/d/1/")
    sent(page)
    fits_a_thumb(page)
    assert axe(page) == []
    page_of.shoot(page, "field-device")
    page.check("input[name=fault][value=no]")
    page.click("#check-keep")  # nothing else was looked at
    page.wait_for_selector("#check-result.field-bad")
    assert "没有填写电量" in page.text_content("#check-result") and "怎么办：" in page.text_content(
        "#check-result"
    )
    assert "未通过" in page.text_content("#check-now") and page.is_visible("#check-trouble")
    page.wait_for_selector("#entries .state-bad:has-text('未通过')")
    page.wait_for_timeout(1300)  # a second press within it is a finger that trembled
    page.context.set_offline(True)
    page.check("input[name=fault][value=no]")
    page.fill("#check-battery", "90")
    page.fill("#check-minutes", "300")
    page.click("#check-read")
    shown = page.input_value("#check-shown")
    ahead = re.sub(r":\d\d$", "", shown)
    page.fill("#check-shown", shown)
    assert "设备" in page.text_content("#check-offset") and ahead
    page.click("#check-keep")
    waits(page, "待发送 1 条")
    assert "送达单位后判定" in page.text_content("#check-result")
    page.context.set_offline(False)
    sent(page)
    page.wait_for_selector("#check-result.field-good")
    assert "通过" in page.text_content("#check-now") and page.is_hidden("#check-trouble")
    check = Check.objects.latest("at")
    assert (check.passed, check.failed, check.by) == (True, [], people.officer)
    assert abs(ClockReading.objects.get().offset_seconds) < 3
    page.click("text=用这台设备开始执法活动")
    begin(page)
    sent(page)
    assert Activity.objects.get().carried.get().officer == people.officer.officer
    page.goto("/d/1/")
    page.click("text=回到进行中的")
    page.wait_for_selector("#running:not([hidden])")
    page_of.forgive(CUT)


def test_two_activities_one_after_the_other_without_a_network(page_of: Any, people: SimpleNamespace) -> None:
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    page.context.set_offline(True)
    begin(page, place="甲店", online=False)
    step(page, "结束执法活动")
    page.click("#another")
    begin(page, place="乙店", online=False)
    mark(page, "scene")
    page.context.set_offline(False)
    sent(page)
    assert sorted(Activity.objects.values_list("place", flat=True)) == ["乙店", "甲店"]
    assert Mark.objects.get().activity == Activity.objects.get(place="乙店")
    page_of.forgive(CUT)


def test_it_works_under_a_name_that_is_not_loopback_on_plain_http(
    browser: Any, live: str, people: SimpleNamespace
) -> None:
    """No secure context there: no randomUUID, no service worker, no place; everything else."""
    from e2e.conftest import ARGUMENTS, CHROMIUM

    services.set_password(people.officer, PASSWORD, by=people.officer, at=clock.now())
    site.save(site.SiteSettings(hosts=["office.lan"]))
    port = live.rpartition(":")[2]
    mine = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=[*ARGUMENTS, "--host-resolver-rules=MAP office.lan 127.0.0.1"]
    )
    try:
        width, height = PHONE
        context = mine.new_context(
            base_url=f"http://office.lan:{port}", viewport={"width": width, "height": height}, locale="zh-CN"
        )
        page = context.new_page()
        page.goto("/d/1/")
        page.fill("input[name=login]", "officer")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/d/1/")
        assert page.evaluate("window.isSecureContext") is False
        assert page.evaluate("typeof crypto.randomUUID") == "undefined"
        page.click("text=用这台设备开始执法活动")
        assert page.is_visible("#locate-not") and page.is_hidden("#locate")
        begin(page)
        sent(page)
        context.set_offline(True)
        mark(page, "scene")
        address = page.url
        page.close()
        context.set_offline(False)
        page = context.new_page()
        page.goto(address)
        sent(page)
        assert Mark.objects.get().code == "scene"
    finally:
        mine.close()


def test_the_place_is_the_phones_where_the_browser_lets_it_tell(
    page_of: Any, people: SimpleNamespace
) -> None:
    here = {"latitude": 24.807321, "longitude": 118.589421}
    page = page_of("officer", PHONE, geolocation=here, permissions=["geolocation"])
    page.goto("/field/new/")
    page.click("#locate")
    page.wait_for_selector("#located:has-text('北纬 24.807321')")
    begin(page)
    sent(page)
    row = Activity.objects.get()
    assert (float(row.latitude or 0), float(row.longitude or 0)) == (24.807321, 118.589421)
