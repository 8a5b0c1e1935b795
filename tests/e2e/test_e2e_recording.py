# ruff: noqa: F811 (fixtures are imported by name)
"""The recording page: what plays, keys, frames, loops, stills, and what nobody else gets."""

from __future__ import annotations

import hashlib
import itertools
import time
from pathlib import Path
from typing import Any

import pytest
from e2e.recording_pages import card_of, carded, demo_card, recording_like, take_in, wait_for_picture  # noqa: F401

from liuhen.base.ledger.models import Entry
from liuhen.base.recordings.models import Recording, Snapshot

pytestmark = pytest.mark.slow
DESK, PHONE = (1366, 768), (390, 844)


def open_page(page_of: Any, recording: Recording, who: str = "legal", size=DESK) -> Any:
    page = page_of(who, size)
    page.goto(f"/recordings/{recording.number}/")
    return page


def now(page: Any) -> float:
    return page.evaluate("document.querySelector('#player video').currentTime")


def frame(page: Any) -> float:
    return float(page.locator("#player").get_attribute("data-frame"))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("part", ["_0001", "_0002", "_0004", "_0005"])
def test_the_page_is_accessible_and_fits(carded: Path, page_of: Any, axe: Any, part: str, size: Any):
    page = open_page(page_of, recording_like(part), "custodian", size)
    if part in ("_0001", "_0002"):
        wait_for_picture(page)
    page.wait_for_timeout(600)
    page_of.shoot(page, f"recording{part}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert axe(page) == []
    page_of.forgive(
        "Applying inline style"
    )  # axe's own copy of the waveform's style; without axe there is none


PLAYED = [
    *("karma.mp4", "sample_fragmented.mp4", "video_1.mp4", "video_2.mp4", "video_3.mp4", "with-gps.mov"),
    *("MVI_4823.AVI", "sample.3gp", "hlg10-color-test.mp4", "sample_android_slow_motion.mp4"),
    *("FLIR Thermal.mp4", "Tiny Sample - NEW - Untouched.mp4"),
]


@pytest.mark.parametrize("name", PLAYED)
def test_every_film_of_the_field_shows_a_picture(
    home: Path, people: Any, page_of: Any, shared_media: Path, tmp_path: Path, name: str
):
    take_in(card_of(tmp_path / "field", shared_media / "video" / name), people.custodian)
    page = open_page(page_of, Recording.objects.get())
    wait_for_picture(page)
    page.keyboard.press("k")
    page.wait_for_timeout(700)
    assert now(page) > 0.2
    page.keyboard.press("k")
    assert not page.locator("#player-trouble").is_visible()


@pytest.mark.parametrize("name", ["test.wav", "sample_ima_adpcm.wav", "sample_nb.amr"])
def test_every_sound_of_the_field_is_heard(
    home: Path, people: Any, page_of: Any, shared_media: Path, tmp_path: Path, name: str
):
    take_in(card_of(tmp_path / "field", shared_media / "audio" / name), people.custodian)
    page = open_page(page_of, Recording.objects.get())
    page.locator("#wave.wave-there").wait_for()
    page.keyboard.press(" ")
    until = time.monotonic() + 15
    while now(page) <= 0.2 and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert now(page) > 0.2


def test_a_frame_forward_or_back_moves_exactly_one_frame(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"))
    wait_for_picture(page)
    seen = [frame(page)]
    for key in [".", ".", ".", ".", ",", ",", "."]:
        page.keyboard.press(key)
        page.wait_for_timeout(250)
        seen.append(frame(page))
    steps = [round((after - before) * 15, 3) for before, after in itertools.pairwise(seen)]
    assert steps == [1, 1, 1, 1, -1, -1, 1]


def test_a_frame_forward_goes_over_a_gap_in_one_step_and_back(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0002"))
    wait_for_picture(page)
    page.locator(".findings [data-seek]").first.click()
    page.wait_for_timeout(400)
    before = frame(page)
    page.keyboard.press(".")
    page.wait_for_timeout(400)
    assert frame(page) == pytest.approx(before + 3.0, abs=0.01)
    page.keyboard.press(",")
    page.wait_for_timeout(400)
    assert frame(page) == pytest.approx(before, abs=0.001)
    assert "中断 1 处" in page.inner_text("#lane-words")
    assert page.locator(".lane-gap").count() == 1 and page.locator(".lane-segment").count() == 2
    assert page.locator(".lane-neighbour").count() == 2


def test_keys_do_what_the_help_says(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"))
    wait_for_picture(page)
    video = "document.querySelector('#player video')"
    page.keyboard.press(" ")
    page.locator("#player[data-playing=yes]").wait_for()
    page.keyboard.press("k")
    page.locator("#player[data-playing=no]").wait_for()
    page.keyboard.press("Home")
    assert now(page) == 0
    page.keyboard.press("ArrowRight")
    assert now(page) == 5
    page.keyboard.press("Shift+ArrowLeft")
    assert now(page) == 4
    page.keyboard.press("j")
    assert now(page) == 0
    for key, rate in (("]", 1.25), ("]", 1.5), ("]", 2), ("]", 4), ("]", 8), ("]", 16), ("]", 16), ("[", 8)):
        page.keyboard.press(key)
        assert page.evaluate(f"{video}.playbackRate") == rate
    page.select_option("#speed", "0.25")
    assert page.evaluate(f"{video}.playbackRate") == 0.25
    page.keyboard.press("m")
    assert page.evaluate(f"{video}.muted")
    page.keyboard.press("r")
    page.keyboard.press("+")
    assert "rotate(90deg)" in page.evaluate(f"{video}.style.transform")
    page.keyboard.press("0")
    assert "rotate(0deg) scale(1)" in page.evaluate(f"{video}.style.transform")
    page.keyboard.press("?")
    assert page.get_by_text("键盘说明").is_visible()
    page_of.shoot(page, "recording-keys")
    page.keyboard.press("k")
    assert page.locator("#player").get_attribute("data-playing") == "no", "the help has the keys"
    page.get_by_role("button", name="关闭").click()


def test_both_clocks_stand_together_and_agree(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"))
    wait_for_picture(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert page.inner_text("#clock-absolute").startswith("2026-11-20 09:30:05.")
    assert page.inner_text("#clock-elapsed").startswith("00:00:05.")
    assert page.inner_text(".clock-words") == "设备时钟（文件名）；与卫星定位时间相符（仅供参考）"


def test_a_loop_plays_between_its_ends(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"))
    wait_for_picture(page)
    for key, seconds in (("a", 2.0), ("b", 2.6)):
        page.evaluate("(s) => window.recordingPlayer.goTo(s)", seconds)
        page.keyboard.press(key)
    page.evaluate("window.recordingPlayer.goTo(2.1)")
    page.keyboard.press("k")
    seen = []
    for _ in range(20):
        page.wait_for_timeout(100)
        seen.append(now(page))
    assert max(seen) < 3.2 and min(seen) >= 1.9
    assert any(after < before for before, after in itertools.pairwise(seen)), "it went back"
    page.keyboard.press("x")
    assert not page.locator("#seek-loop").is_visible()


def test_hovering_the_bar_shows_the_moment_and_its_picture(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"))
    wait_for_picture(page)
    box = page.locator("#seek").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    assert page.inner_text("#hover-time").splitlines()[0].startswith("00:00:0")
    assert "content/strip" in page.evaluate("document.getElementById('hover-picture').style.backgroundImage")
    page_of.shoot(page, "recording-hover")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)
    assert now(page) == pytest.approx(4.0, abs=0.05)


def test_a_still_is_the_stored_file_with_its_digest(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"))
    wait_for_picture(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    page.keyboard.press("s")
    page.locator(".stills li").wait_for()
    still = Snapshot.objects.get()
    assert still.time_us == pytest.approx(5_000_000, abs=70_000)
    page.locator(".stills summary").click()
    assert still.sha256 in page.inner_text("#stills") and still.number in page.inner_text("#stills")
    answer = page.request.get(page.locator(".stills a").get_attribute("href"))
    assert hashlib.sha256(answer.body()).hexdigest() == still.sha256
    assert page.locator(".lane-mark").count() == 1
    page_of.shoot(page, "recording-still")
    assert Entry.objects.filter(kind="recording.snapshot").count() == 1
    assert Entry.objects.filter(kind="recording.viewed").count() == 1, "all of it was one viewing"


def test_an_original_that_browsers_cannot_play_says_so_and_shows_its_copy_when_it_is_ready(
    home: Path, people: Any, page_of: Any, tmp_path: Path
):
    from corpus.media.media_makers import make_video

    from liuhen.base.jobs.models import Job
    from liuhen.base.storage import derived
    from liuhen.base.storage.stores import open_stores
    from liuhen.core.media.sandbox import Analyser

    card = tmp_path / "card"
    card.mkdir()
    make_video(card / "4701A01_100001_20261120093000_0001.mp4", codec="libx265", seconds=2, size=(320, 240))
    take_in(card, people.custodian, previews=False)
    page = open_page(page_of, Recording.objects.get())
    page.get_by_text("正在制作浏览副本").wait_for()
    page_of.shoot(page, "recording-making")
    assert page.locator("#player video").count() == 0
    job = Job.objects.get()
    with Analyser() as analyser:
        derived.make_previews(Recording.objects.all(), open_stores(), analyser, on_done=lambda made: None)
    Job.objects.filter(pk=job.pk).update(state="done")
    page.get_by_text("这里播放的是浏览副本").wait_for()
    wait_for_picture(page)
    page.keyboard.press("s")
    page.locator(".stills li").wait_for()
    assert Snapshot.objects.get().width == 320
    assert Entry.objects.filter(kind="recording.viewed").count() == 1


def test_the_bytes_of_a_page_open_in_no_other_session(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"))
    wait_for_picture(page)
    source = page.evaluate("window.recordingPlayer.facts.source")
    assert page.request.get(source, headers={"Range": "bytes=0-9"}).status == 206
    for who in ("legal", "custodian", "officer2", "sysadmin", "auditor", "stranger"):
        other = page_of(who)
        assert other.request.get(source, headers={"Range": "bytes=0-9"}).status == 404
    nobody = page_of(None)
    assert nobody.request.get(source).status in (200, 401), "the sign-in page, never the bytes"
    assert b"ftyp" not in nobody.request.get(source).body()[:4096]


def test_a_photo_is_enlarged_dragged_and_turned(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0004"))
    page.locator("#picture").wait_for()
    assert page.evaluate("document.getElementById('picture').naturalWidth") == 640
    page.get_by_role("button", name="放大").click()
    page.keyboard.press("r")
    assert "rotate(90deg) scale(" in page.evaluate("document.getElementById('picture').style.transform")
    page.keyboard.press("0")
    assert "scale(1)" in page.evaluate("document.getElementById('picture').style.transform")


def test_by_touch_everything_works(carded: Path, page_of: Any):
    page = page_of("legal", PHONE, has_touch=True)
    page.goto(f"/recordings/{recording_like('_0001').number}/")
    wait_for_picture(page)
    page.get_by_role("button", name="播放或暂停").tap()
    page.locator("#player[data-playing=yes]").wait_for()
    page.get_by_role("button", name="播放或暂停").tap()
    before = frame(page)
    page.get_by_role("button", name="下一帧").tap()
    page.wait_for_timeout(300)
    assert frame(page) > before
    box = page.locator("#seek").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + 8)
    assert now(page) == pytest.approx(2.0, abs=0.1)


def test_an_export_downloads_as_an_archive_that_proves_itself(carded: Path, page_of: Any, tmp_path: Path):
    import zipfile

    from outside.exported import load_verifier

    page = open_page(page_of, recording_like("_0001"), "custodian")
    with page.expect_download() as saving:
        page.get_by_role("button", name="导出复制件").click()
    saving.value.save_as(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        archive.extractall(tmp_path)
    (folder,) = [path for path in tmp_path.iterdir() if path.name.startswith("demo-YX")]
    assert load_verifier().main([str(folder)]) == 0
    with page.expect_download() as saving:
        page.get_by_role("button", name="下载原件").click()
    assert saving.value.suggested_filename == "4701A01_100001_20261120093000_0001.mp4"
    path = saving.value.path()
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == recording_like("_0001").sha256


def test_a_mark_made_by_key_is_told_where_one_looks(carded: Path, page_of: Any):
    page = open_page(page_of, recording_like("_0001"), "custodian")
    wait_for_picture(page)
    page.evaluate("window.scrollTo(0, 0)")
    page.keyboard.press("1")
    said = page.locator("#mark-said")
    said.get_by_text("已标记：").wait_for()
    assert said.get_attribute("aria-live") == "polite"
    box = said.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= DESK[1]
    page.keyboard.press("?")
    keys = page.locator("#keys").inner_text()
    shown = page.locator("#mark-form [data-key]").evaluate_all("all => all.map((one) => one.dataset.key)")
    assert len(shown) > 9
    assert all(key in keys for key in shown if key)
