"""The wall in a real browser: a card watched to its receipt, uploads cut in every way, cancelling, two tabs, bad files."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from liuhen.base import site
from liuhen.base.jobs.models import Job
from liuhen.base.jobs.worker import Worker
from liuhen.base.recordings.models import Recording
from liuhen.demo.card import make_demo_card
from liuhen.stages.ingest.models import Receipt, UploadSet

pytestmark = pytest.mark.slow

DESK, PHONE = (1366, 768), (390, 844)
LONG_MS = 90_000


@pytest.fixture
def dock(home: Path, tmp_path: Path) -> Path:
    from the_office import AT

    folder = tmp_path / "dock"
    folder.mkdir()
    make_demo_card(folder / "4701A01", serial="4701A01", officer="100001", started=AT)
    site.save(site.SiteSettings(dock_paths=[str(folder)]))
    return folder


@pytest.fixture
def worker(home: Path) -> Iterator[Worker]:
    """The background worker, as in the server's own tree."""
    worker = Worker(patience=0.05)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join(timeout=60)


def _wall(page: Any) -> Any:
    page.goto("/ingest/")
    page.wait_for_selector("#tiles")
    return page


def _piece(page: Any, words: str) -> Any:
    return page.locator(".piece", has_text=words)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_demo_card_is_started_from_the_wall_and_watched_to_its_receipt(
    page_of: Any, axe: Any, dock: Path, worker: Worker, size: tuple[int, int]
) -> None:
    page = _wall(page_of("custodian", size))
    page.evaluate("document.addEventListener('liuhen:ring', (event) => { window.rang = event.detail; })")
    page.wait_for_selector(".dock-card")
    page_of.shoot(page, "ingest-start")
    assert axe(page) == []
    card = page.locator(".dock-card")
    assert "5 个文件" in card.inner_text()
    field = card.get_by_label("设备屏幕此刻的时间")
    field.focus()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:", field.input_value()), (
        "the present minute, to be completed"
    )
    field.fill("2026-11-20 10:00:05")
    card.get_by_role("button", name="开始采集").click()
    page.wait_for_selector(".piece")
    page.evaluate("document.addEventListener('liuhen:ring', (event) => { window.rang = event.detail; })")
    piece = _piece(page, "已完成，可以取卡")
    piece.wait_for(timeout=LONG_MS)
    assert "5/5 个文件" in piece.inner_text()
    assert "林一鸣" in piece.inner_text()
    page_of.shoot(page, "ingest-done")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    piece.get_by_role("link", name="回执").click()
    page.wait_for_url("**/receipts/**")
    number = Receipt.objects.get().number
    assert number in page.locator(".receipt-paper").inner_text()
    assert page.evaluate("document.querySelector('.receipt-proof img').naturalWidth") > 0
    page_of.shoot(page, "receipt")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    page.goto("/receipts/")
    page_of.shoot(page, "receipts")
    assert axe(page) == []


def test_the_end_of_a_card_that_was_seen_going_in_is_heard_once(page_of: Any, dock: Path, home: Path) -> None:
    page = _wall(page_of("custodian"))
    page.get_by_role("button", name="开始采集").click()
    _piece(page, "排队中").wait_for()
    page.evaluate(
        "window.rings = []; document.addEventListener('liuhen:ring', (event) => { window.rings.push(event.detail); })"
    )
    Worker(patience=0.05).run(once=True)
    _piece(page, "已完成，可以取卡").wait_for(timeout=LONG_MS)
    page.wait_for_timeout(2500)
    assert page.evaluate("window.rings") == [True]
    page.get_by_role("button", name="提示音：开").click()
    assert page.get_by_role("button", name="提示音：关").is_visible()
    page.reload()
    assert page.get_by_role("button", name="提示音：关").is_visible(), "the choice is kept"


def test_the_page_closed_meanwhile_loses_nothing(page_of: Any, dock: Path, worker: Worker) -> None:
    page = _wall(page_of("custodian"))
    page.get_by_role("button", name="开始采集").click()
    page.wait_for_selector(".piece")
    page.close()
    page = _wall(page_of("custodian"))
    _piece(page, "已完成，可以取卡").wait_for(timeout=LONG_MS)


def test_two_tabs_show_the_same_and_the_same_card_is_taken_in_once(
    page_of: Any, dock: Path, home: Path
) -> None:
    one, two = _wall(page_of("custodian")), _wall(page_of("custodian"))
    for page in (one, two):
        page.wait_for_selector(".dock-card form")
    one.get_by_role("button", name="开始采集").click()
    one.wait_for_selector(".piece")
    _piece(two, "排队中").wait_for()
    two.get_by_role("button", name="开始采集").click(timeout=20_000)
    two.wait_for_selector(".piece")
    assert Job.objects.filter(kind="ingest.card").count() == 1
    one.locator(".piece .confirm summary").click()
    one.get_by_role("button", name="停止采集").click()
    for page in (one, two):
        _piece(page, "已取消").wait_for()
    _piece(two, "已取消").get_by_role("button", name="再次采集").click()
    _piece(one, "排队中").wait_for()
    Worker(patience=0.05).run(once=True)
    for page in (one, two):
        _piece(page, "已完成，可以取卡").wait_for(timeout=LONG_MS)
    assert Receipt.objects.count() == 1


def test_an_open_list_and_an_open_form_stay_open_while_the_page_keeps_up(
    page_of: Any, dock: Path, home: Path
) -> None:
    (dock / "4701A01" / "link").symlink_to("/etc/passwd")
    page = _wall(page_of("custodian"))
    page.get_by_role("button", name="开始采集").click()
    _piece(page, "排队中").wait_for()
    page.locator(".piece .confirm summary").click()
    Worker(patience=0.05).run(once=True)
    page.wait_for_timeout(2500)
    assert page.get_by_role("button", name="停止采集").is_visible(), (
        "what one is about to press does not vanish"
    )
    page.keyboard.press("Escape")
    piece = _piece(page, "已结束，不放行")
    piece.wait_for(timeout=LONG_MS)
    piece.locator(".piece-troubles summary").click()
    page.wait_for_timeout(2500)
    assert "这是符号链接" in piece.inner_text()
    assert "怎么办" in piece.inner_text()
    page_of.shoot(page, "ingest-trouble")


def test_a_lost_connection_and_an_expired_session_are_said(page_of: Any, dock: Path, home: Path) -> None:
    page = _wall(page_of("custodian"))
    page.context.set_offline(True)
    page.get_by_text("与服务器的连接断了").wait_for()
    page.context.set_offline(False)
    page.get_by_text("与服务器的连接断了").wait_for(state="hidden", timeout=30_000)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "liuhen_session", "value": "gone", "url": page_of.live}])
    page.get_by_text("登录已过期").wait_for()
    assert page.get_by_role("link", name="重新登录").get_attribute("href") == "/sign-in/?next=%2Fingest%2F"
    for expected in ("ERR_INTERNET_DISCONNECTED", "401"):
        page_of.forgive(expected)


# -- uploads


def _files(tmp_path: Path, *sizes: int) -> list[Path]:
    folder = tmp_path / "send"
    folder.mkdir()
    made = []
    for number, size in enumerate(sizes):
        path = folder / f"现场{number}.mp4"
        path.write_bytes(os.urandom(size))
        made.append(path)
    return made


def _digests(paths: list[Path]) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _stored() -> set[str]:
    return set(Recording.objects.values_list("sha256", flat=True))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_files_sent_from_the_browser_become_recordings_with_a_receipt(
    page_of: Any, axe: Any, home: Path, worker: Worker, tmp_path: Path, size: tuple[int, int]
) -> None:
    site.save(site.SiteSettings(previews=False))
    sent = _files(tmp_path, 9_000_000, 300, 0)
    (tmp_path / "send" / "图片其实是文本.jpg").write_bytes(b"not a picture")
    sent.append(tmp_path / "send" / "图片其实是文本.jpg")
    page = _wall(page_of("custodian", size))
    page.locator("#upload-device").select_option("4701A01")
    page.set_input_files("#pick-files", [str(path) for path in sent])
    piece = _piece(page, "已完成，全部入库")
    piece.wait_for(timeout=LONG_MS)
    assert "4/4 个文件" in piece.inner_text()
    assert _stored() == _digests(sent)
    page_of.shoot(page, "upload-done")
    assert axe(page) == []


def test_a_folder_keeps_its_paths(page_of: Any, home: Path, worker: Worker, tmp_path: Path) -> None:
    site.save(site.SiteSettings(previews=False))
    folder = tmp_path / "外出"
    (folder / "DCIM").mkdir(parents=True)
    (folder / "DCIM" / "a.mp4").write_bytes(b"a")
    (folder / "b.mp4").write_bytes(b"b")
    page = _wall(page_of("custodian"))
    page.set_input_files("#pick-folder", str(folder))
    piece = _piece(page, "已完成，全部入库")
    piece.wait_for(timeout=LONG_MS)
    assert "外出" in piece.inner_text()
    assert set(Recording.objects.values_list("card_path", flat=True)) == {"外出/DCIM/a.mp4", "外出/b.mp4"}


def test_a_file_that_cannot_be_taken_says_why_and_can_be_left_out(
    page_of: Any, home: Path, worker: Worker, tmp_path: Path, monkeypatch: Any
) -> None:
    from liuhen.stages.ingest import arriving

    site.save(site.SiteSettings(previews=False))
    sent = _files(tmp_path, 2_000_000, 100)
    monkeypatch.setattr(arriving, "free_bytes", lambda: (256 << 20) + 3_000_000)
    page = _wall(page_of("custodian"))
    page.set_input_files("#pick-files", [str(path) for path in sent])
    failed = page.locator(".upload-failed")
    failed.wait_for()
    assert "放不下" in failed.inner_text()
    assert "怎么办" in failed.inner_text()
    page_of.shoot(page, "upload-refused")
    failed.get_by_role("button", name="移出").click()
    _piece(page, "已完成，全部入库").wait_for(timeout=LONG_MS)
    assert _stored() == _digests(sent[1:])
    page_of.forgive("413")


class Served:
    """Our server in a process of its own, that can be killed."""

    def __init__(self, home: Path, static: Path) -> None:
        self.home, self.static = home, static
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(sys.executable).parent / "granian"
        command = [program, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--blocking-threads", "4", "--workers", "1", "liuhen.config.wsgi:application"]
        environment = {**os.environ, "LIUHEN_HOME": str(self.home)}
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """kill -9 of the whole tree of it."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def served(home: Path, _assets: Path) -> Iterator[Served]:
    site.save(site.SiteSettings(previews=False))
    (home / "static").symlink_to(_assets)
    server = Served(home, _assets)
    server.start()
    yield server
    server.kill()


def test_three_files_with_the_line_cut_and_the_server_killed_in_between(
    page_of: Any, served: Served, home: Path, tmp_path: Path
) -> None:
    sent = _files(tmp_path, 60_000_000, 30_000_000, 5)
    page_of.live = served.url
    page = page_of("custodian")
    page.context.set_extra_http_headers({})
    page.goto(f"{served.url}/ingest/")
    page.wait_for_selector("#tiles")
    client = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 15_000_000}
    client.send("Network.emulateNetworkConditions", slow)
    page.set_input_files("#pick-files", [str(path) for path in sent])
    _until(lambda: _come(home) > 10_000_000)
    client.send("Network.emulateNetworkConditions", {**slow, "offline": True})
    page.get_by_text("与服务器的连接断了，正在重试").first.wait_for()
    page_of.shoot(page, "upload-broken")
    client.send("Network.emulateNetworkConditions", slow)
    had = _come(home)
    _until(lambda: _come(home) > had + 5_000_000)
    served.kill()
    time.sleep(1.5)
    served.start()
    had = _come(home)
    _until(lambda: _come(home) > had + 5_000_000)
    page.reload()  # the page forgets; the server does not
    piece = _piece(page, "上传中")
    piece.wait_for()
    page_of.shoot(page, "upload-after-reload")
    before = _come(home)
    with page.expect_file_chooser() as chooser:
        piece.get_by_role("button", name="继续上传").click()
    chooser.value.set_files([str(path) for path in sent])
    page.wait_for_timeout(300)
    assert _come(home) >= before, "nothing was begun anew"
    _until(lambda: Job.objects.filter(kind="ingest.card").exists())
    Worker(patience=0.05).run(once=True)
    _piece(page, "已完成，全部入库").wait_for(timeout=LONG_MS)
    assert _stored() == _digests(sent)
    assert Receipt.objects.count() == 1
    assert UploadSet.objects.get().state == UploadSet.State.TAKEN
    page_of.forgive("ERR_")
    page_of.forgive("Failed to load resource")


def _come(home: Path) -> int:
    return sum(path.stat().st_size for path in (home / "uploads").rglob("*") if path.is_file())


def _until(what: Any) -> None:
    for _ in range(1200):
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")
