"""A whole inspection under each of the five regulations: on a phone with the network cut, and at a desk from card to sheet.

The phone under 晋江 and 宝丰 is told in test_e2e_field.py; here it is under the other three.
"""

# ruff: noqa: F811 (fixtures are imported by name)

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from e2e.field_story import CUT, PHONE, begin, mark, sent, step, tab, waits
from e2e.recording_pages import STARTED, demo_card, recording_like, take_in  # noqa: F401
from fieldwork.fieldwork_office import run_by

from liuhen.base.clock import SHANGHAI
from liuhen.stages.fieldwork import placing
from liuhen.stages.fieldwork.checks import judge
from liuhen.stages.fieldwork.models import Activity, Report, Sent

pytestmark = pytest.mark.slow
DESK = (1366, 768)
MADE = "#marks .marks:not(.marks-proposed) li"
# The demo card's one deliberate break: for half a second its sound goes on without a picture.
BREAK = "sound_without_picture"


def _stop(page: Any, cause: str) -> None:
    tab(page, "stops")
    page.select_option("#cause", cause)
    page.click("#stop")


def _resume_with_the_reason_spoken(page: Any) -> None:
    page.click("#stopped button:has-text('恢复记录')")
    page.click("#reason")


def _under_shifanqu(page: Any) -> int:
    page.click("text=已告知当事人")
    mark(page, "must_check_area")
    _stop(page, "storage")
    _resume_with_the_reason_spoken(page)
    return 5


def _under_ankang(page: Any) -> int:
    tab(page, "notice")
    assert page.is_visible("#nothing-said"), "no article asks for a notice"
    tab(page, "stops")
    page.click("#report-fold summary")
    page.select_option("#report-code", "privacy")
    page.fill("#report-reason", "涉及患者隐私，没有录音录像")
    page.fill("#report-grounds", "《民法典》第一千零三十二条")
    page.click("#report")
    return 1


def _under_pengyang(page: Any) -> int:
    page.click("text=已告知当事人")
    for number in range(2):
        page.check(f"#opening-speaks input >> nth={number}")
    page.click("text=已作开场说明")
    mark(page, "scene")
    _stop(page, "weather")
    _resume_with_the_reason_spoken(page)
    return 6


PHONES: dict[str, tuple[Callable[[Any], int], set[str]]] = {
    "shifanqu-bianban": (_under_shifanqu, {"notice", "must_check_area", "interruption_reason"}),
    "ankang-agri": (_under_ankang, set()),
    "pengyang": (_under_pengyang, {"notice", "opening", "scene", "interruption_reason"}),
}


@pytest.mark.parametrize("pack", PHONES)
def test_a_whole_inspection_on_a_phone_without_a_network(
    page_of: Any, people: SimpleNamespace, pack: str
) -> None:
    run_by(people, pack)
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    begin(page)
    sent(page)
    page.context.set_offline(True)
    waits(page, "没有网络")
    told, marks = PHONES[pack]
    kept = told(page)
    for words in ("结束执法活动", "离开现场", "返回单位"):
        step(page, words)
    waits(page, f"待发送 {kept + 3} 条")
    page_of.shoot(page, f"field-{pack}")
    page.context.set_offline(False)
    sent(page)
    row = Activity.objects.get()
    assert {one.code for one in row.marks.all()} == marks
    assert row.ended_at and row.left_at and row.returned_at
    assert set(Sent.objects.values_list("outcome", flat=True)) == {"done"}
    if pack == "ankang-agri":
        report = Report.objects.get()
        assert (report.article, report.to, report.listed) == ("1/5", "custodian", True)
    else:
        assert row.stops.get().resumed_at is not None
    page_of.forgive(CUT)


# pack → marks made at the player, and the findings that are left then
DESKS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "jinjiang-agri": (("notice", "landmark", "identity_shown", "signing"), set()),
    "shifanqu-bianban": (
        ("notice", "landmark", "purpose", "must_check_area", "exchange", "signing"),
        set(),
    ),
    "baofeng-forestry": (
        ("notice", "opening", "place_time", "people", "officers_acts", "party_acts"),
        {"photographs_missing"},
    ),
    "ankang-agri": ((), set()),
    "pengyang": (("notice", "opening", "scene", "people"), set()),
}


def _at(seconds: float) -> str:
    return f"{(STARTED + timedelta(seconds=seconds)).astimezone(SHANGHAI):%Y-%m-%dT%H:%M:%S}"


@pytest.mark.parametrize("pack", DESKS)
def test_a_whole_inspection_at_a_desk_from_the_card_to_what_is_left_to_do(
    page_of: Any, people: SimpleNamespace, demo_card: Path, pack: str
) -> None:
    run_by(people, pack)
    with TemporaryDirectory(prefix="card-") as folder:
        card = Path(folder) / "DEMO"
        shutil.copytree(demo_card, card)
        take_in(card, people.custodian)
    placing.place(people.custodian.agency)
    page = page_of("custodian", DESK)
    page.goto("/activities/new/")
    page.select_option("[name=matter]", "inspection")
    page.fill("[name=place]", "示范镇农资店")
    for name in ("林一鸣", "陈思远"):
        page.check(f"label:has-text('{name}') input")
    for name, seconds in (("arrived_at", 0), ("ended_at", 24), ("left_at", 24), ("returned_at", 3600)):
        page.fill(f"[name={name}]", _at(seconds))
    page.select_option("[name=device1]", label="4701A01")
    page.select_option("[name=carrier1]", label="林一鸣")
    page.click("button:has-text('登记')")
    page.wait_for_url("**/activities/*-*/")
    activity = Activity.objects.get()
    films = [recording_like(f"_000{number}") for number in (1, 2, 3)]
    page.goto("/activities/recordings/")
    for film in films:
        page.locator("li.card", has_text=film.number).get_by_role("button", name="归入", exact=True).click()
        page.wait_for_load_state()
    assert activity.matches.count() == 3
    codes, left = DESKS[pack]
    page.goto(f"/recordings/{films[0].number}/")
    page.locator("#player[data-frame]").wait_for(state="attached")
    for code in codes:
        before = page.locator(MADE).count()
        page.keyboard.press(page.get_attribute(f"#mark-form [value={code}]", "data-key"))
        page.wait_for_function(f"count => document.querySelectorAll('{MADE}').length > count", arg=before)
    page.goto(f"/activities/{activity.pk}/")
    page_of.shoot(page, f"activity-{pack}")
    assert {one.finding.code for one in judge(activity).open} == left | {BREAK}
    assert "100.0%" in page.text_content("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK[0]
