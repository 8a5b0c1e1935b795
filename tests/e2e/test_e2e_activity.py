# ruff: noqa: F811 (fixtures are imported by name)
"""The page of an activity in a browser: by keyboard alone, two devices in step, on a phone, and on one sheet of paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from e2e.recording_pages import STARTED, demo_card, take_in  # noqa: F401
from fieldwork.fieldwork_office import AT, clock, inspection, officers, recording
from the_office import AT as FOUNDED

from liuhen.base.devices.models import Device
from liuhen.base.devices.services import register_device
from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording
from liuhen.demo.card import make_demo_card
from liuhen.stages.fieldwork.documents import Paperwork, list_document
from liuhen.stages.fieldwork.facts import pack_of
from liuhen.stages.fieldwork.marking import choices, mark_activity
from liuhen.stages.fieldwork.models import Activity
from liuhen.stages.fieldwork.pairing import confirm

pytestmark = pytest.mark.slow
DESK, PHONE = (1366, 768), (390, 844)
LATER = 3  # seconds by which the second device began later

# Where each picture on the screen stands by corrected time, seconds after the first; and how the player stands.
STATE = """() => {
  const step = document.getElementById('step'), films = [...document.querySelectorAll('.step-screen video')];
  const shown = films.filter((one) => !one.hidden);
  return {
    playing: step.dataset.playing || '', moment: Number(step.dataset.moment || 0),
    at: shown.map((one) => Number(one.dataset.start) + one.currentTime), rates: shown.map((one) => one.playbackRate),
    heard: films.filter((one) => !one.muted).length,
    black: [...document.querySelectorAll('.step-black')].map((one) => one.hidden ? '' : one.textContent),
  };
}"""


@pytest.fixture(scope="session")
def second_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = tmp_path_factory.mktemp("second") / "card"
    started = STARTED + timedelta(seconds=LATER)
    make_demo_card(card, serial="4701A02", officer="100002", started=started)
    return card


@pytest.fixture
def filmed(filled: Callable[..., Activity], demo_card: Path, second_card: Path) -> Activity:
    """Forty seconds, with two recorders that recorded most of it."""

    def with_two_cards(people: SimpleNamespace, _: Path) -> Activity:
        take_in(demo_card, people.custodian)
        return _an_activity_of_two(people, second_card)

    return filled(with_two_cards)


def _an_activity_of_two(people: SimpleNamespace, second_card: Path) -> Activity:
    custodian = people.custodian
    first, second = officers("100001", "100002")
    other = register_device(
        custodian.agency.units.get(),
        "4701A02",
        Device.Kind.BODY_RECORDER,
        model="试验记录仪",
        keeper=second,
        by=custodian,
        at=FOUNDED,
    )
    take_in(second_card, custodian)
    at = AT + timedelta(days=1)
    times = {"arrived_at": STARTED, "ended_at": STARTED + timedelta(seconds=30)}
    devices = {Device.objects.get(serial="4701A01"): first, other: second}
    activity = inspection(people, **times, left_at=STARTED + timedelta(seconds=40), at=at, devices=devices)
    for row in Recording.objects.all():
        confirm(row, activity, by=custodian, at=at)
    return activity


def open_page(page_of: Any, activity: Activity, size: tuple[int, int] = DESK, place: str = "") -> Any:
    page = page_of("legal", size)
    page.goto(f"/activities/{activity.pk}/{place}")
    return page


def block_of(device: str) -> str:
    """The first film of a device on the timeline."""
    return f"a.act-film[data-lane='{device}'] >> nth=0"


def tab_to(page: Any, selector: str) -> None:
    wanted = page.locator(selector)
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def wait_until(page: Any, playing: str) -> None:
    page.wait_for_function("(one) => document.getElementById('step').dataset.playing === one", arg=playing)


def test_two_devices_are_opened_by_keyboard_and_play_in_step(filmed: Activity, page_of: Any) -> None:
    page = open_page(page_of, filmed)
    for device in ("4701A01", "4701A02"):
        tab_to(page, block_of(device))
        page.keyboard.press("Enter")
        page.locator(f".step-tile:has-text('{device}')").wait_for()
        page.keyboard.press("Home")
        page.evaluate("document.activeElement.blur()")
    assert Entry.objects.filter(kind="recording.viewed").count() == 2, "what was opened, nothing else"
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    wait_until(page, "yes")
    apart = []
    for _ in range(8):
        page.wait_for_timeout(250)
        state = page.evaluate(STATE)
        if state["playing"] == "yes" and len(state["at"]) == 2:
            apart.append(abs(state["at"][0] - state["at"][1]))
    assert len(apart) >= 3
    assert max(apart) < 0.15, "by the corrected time of each picture"
    assert state["heard"] == 1, "one device is heard"
    page.keyboard.press("k")
    wait_until(page, "no")
    before = page.evaluate(STATE)["moment"]
    page.keyboard.press("j")
    page.wait_for_timeout(200)
    assert page.evaluate(STATE)["moment"] < before, "J goes back, to the beginning at the most"


def test_speed_sound_and_black_where_there_is_nothing(filmed: Activity, page_of: Any) -> None:
    page = open_page(page_of, filmed)
    page.get_by_role("button", name="打开并播放").click()
    wait_until(page, "yes")
    page.keyboard.press("k")
    page.keyboard.press("Home")
    page.wait_for_timeout(400)
    state = page.evaluate(STATE)
    assert state["black"] == ["", "此时没有录像"], "the second device began later"
    page.locator(".step-sound").nth(1).click()
    heard = "[...document.querySelectorAll('.step-sound')].map((one) => one.getAttribute('aria-pressed'))"
    assert page.evaluate(heard) == ["false", "true"]
    page.locator("#step-speed").select_option("2")
    page.locator("#step-seek").focus()
    page.keyboard.press("Space")
    wait_until(page, "yes")
    page.wait_for_timeout(600)
    assert all(abs(rate - 2) <= 0.11 for rate in page.evaluate(STATE)["rates"])


def test_a_device_whose_picture_does_not_come_is_waited_for(filmed: Activity, page_of: Any) -> None:
    page = open_page(page_of, filmed)
    asked: list[Any] = []  # and not answered
    page.route(re.compile(r"/content/"), lambda route: asked.append(route))
    page.get_by_role("button", name="打开并播放").click()
    wait_until(page, "held")
    assert "正在等待" in page.locator("#step-state").inner_text()
    page.wait_for_timeout(500)
    assert page.evaluate(STATE)["moment"] == pytest.approx(STARTED.timestamp(), abs=0.05)
    for one in asked:
        one.abort()
    page.wait_for_timeout(400)
    page_of.forgive("ERR_FAILED")


def test_it_is_enlarged_in_its_own_box(filmed: Activity, page_of: Any) -> None:
    page = open_page(page_of, filmed)
    box = page.locator(".act-scroll")
    wide = box.evaluate("one => one.scrollWidth")
    page.get_by_role("button", name="放大").click()
    assert box.evaluate("one => one.scrollWidth") > wide * 1.5
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK[0]
    page.get_by_role("button", name="全部").click()
    assert box.evaluate("one => one.scrollWidth") == wide


def test_without_a_script_the_blocks_lead_to_the_recordings(filmed: Activity, page_of: Any) -> None:
    page = page_of("legal", java_script_enabled=False)
    page.goto(f"/activities/{filmed.pk}/")
    assert page.locator("#step").is_hidden()
    page.locator(block_of("4701A01")).click()
    assert "/recordings/" in page.url


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_its_pages_are_accessible_and_fit(
    whole: Activity, page_of: Any, axe: Any, size: tuple[int, int]
) -> None:
    for place, name in (("", "activity"), ("times/", "activity-times"), ("print/", "activity-print")):
        page = open_page(page_of, whole, size, place)
        page_of.shoot(page, name)
        assert place == "print/" or page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert axe(page) == []


@pytest.fixture
def whole(people: SimpleNamespace) -> Activity:
    """An ordinary inspection: three films, a photo, two documents, six marks, a late start and a hole."""
    activity = inspection(people, returned_at=clock(14), at=AT)
    for start, seconds in ((clock(9, 3), 420), (clock(9, 10), 300), (clock(9, 18), 720)):
        recording(start, seconds, match=activity)
    recording(clock(9, 20), 0, kind="photo", match=activity, pieces=[])
    told = (("现场检查笔录", clock(9, 3), clock(9, 28)), ("责令改正通知书", clock(9, 20), clock(9, 38)))
    for number, (kind, start, end) in enumerate(told, start=17):
        list_document(activity, Paperwork(kind, f"〔2026〕{number}号", start, end), by=people.officer, at=AT)
    codes = [one.code for one in choices(pack_of(activity))][:6]
    for number, code in enumerate(codes):
        mark_activity(activity, code, moment=clock(9, 4 + 3 * number), by=people.officer, at=AT)
    return activity


def test_an_ordinary_inspection_prints_on_one_sheet_of_a4(whole: Activity, page_of: Any) -> None:
    page = open_page(page_of, whole, place="print/")
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 1
    wide, high = (float(one) for one in re.search(rb"MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper).groups())
    assert (round(wide), round(high)) == (842, 595), "A4, landscape"
    sheet = page.locator(".act-sheet").inner_text()
    for words in ("现场检查笔录", "晚开始", "告知", "时间一致性核对", "35058200001"):
        assert words in sheet
