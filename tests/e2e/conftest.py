"""Stories in a real browser: our server in this process, Debian's Chromium in front of it.

`page_of("custodian")` is a signed-in page, `page_of(None)` nobody's. Whatever the browser asked of another
host, whatever the policy stopped, and whatever the console called an error fails the test that caused it;
`page_of.forgive("…")` before the end takes back what a story meant to provoke.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--lang=zh-CN",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = (1366, 768), (390, 844)
ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LONGEST_MS = 15_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(
            "NO BROWSER STORY WAS TESTED: no /usr/bin/chromium (apt-get install chromium fonts-noto-cjk)"
        )
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chinese = {**os.environ, "LANGUAGE": "zh_CN"}  # its own words: date fields, file choosers
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS, env=chinese)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def _assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files as they are served, collected once a worker."""
    from django.conf import settings

    from liuhen.base import assets

    folder = tmp_path_factory.mktemp("static")
    before, settings.STATIC_ROOT = settings.STATIC_ROOT, str(folder)
    try:
        assets.collect()
    except assets.AssetsMissingError:
        pytest.skip("NO BROWSER STORY WAS TESTED: the pages' files are missing (make setup)")
    finally:
        settings.STATIC_ROOT = before
    return folder


@pytest.fixture
def live(home: Path, _assets: Path, settings: Any) -> Iterator[str]:
    """The address of our server over this test's home."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    settings.STATIC_ROOT = str(_assets)
    application = get_wsgi_application()

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            """The browser's own record is what tests read."""

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = True
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


class Pages:
    """Opens pages for people, and keeps what their browsers complained of."""

    def __init__(self, browser: Any, live: str) -> None:
        self._browser, self.live = browser, live
        self._contexts: list[Any] = []
        self.complaints: list[str] = []

    def __call__(self, username: str | None, size: tuple[int, int] = DESK, **options: Any) -> Any:
        width, height = size
        context = self._browser.new_context(
            base_url=self.live, viewport={"width": width, "height": height}, locale="zh-CN", **options
        )
        context.set_default_timeout(LONGEST_MS)
        self._contexts.append(context)
        if username:
            context.add_cookies([{"name": "liuhen_session", "value": _session(username), "url": self.live}])
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("response", self._answered)
        return context.new_page()

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.live, "data:", "blob:", "file:")):
            self.complaints.append(f"another host: {request.url}")

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _answered(self, response: Any) -> None:
        if response.status >= 500:
            self.complaints.append(f"status {response.status}: {response.url}")

    def shoot(self, page: Any, name: str) -> None:
        """Keep a picture for whoever wants to look: LIUHEN_SHOTS names the folder."""
        folder = os.environ.get("LIUHEN_SHOTS")
        if folder:
            width = page.viewport_size["width"]
            picture = Path(folder) / f"{name}-{width}.png"
            page.screenshot(path=picture, full_page=True, caret="initial")
            _slim(picture)

    def forgive(self, part: str) -> None:
        self.complaints = [one for one in self.complaints if part not in one]

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def _slim(picture: Path) -> None:
    """A palette instead of full colour: the handbook is carried on sticks."""
    from PIL import Image

    with Image.open(picture) as full:
        full.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(picture, optimize=True)


def _session(username: str) -> str:
    """A session as signing in makes it."""
    from liuhen.base.people.models import Account

    client = Client()
    client.force_login(Account.objects.get(username=username), "liuhen.web.adapters.AccountBackend")
    return client.cookies["liuhen_session"].value


@pytest.fixture
def page_of(browser: Any, live: str) -> Iterator[Pages]:
    pages = Pages(browser, live)
    yield pages
    pages.close()
    assert pages.complaints == []


@pytest.fixture
def axe() -> Any:
    """`axe(page)`: what axe-core has against the page; each with its rule and the places."""
    if not AXE.exists():
        pytest.skip("NO PAGE WAS CHECKED FOR ACCESSIBILITY: no axe-core in node_modules (make setup-dev)")
    source = AXE.read_text(encoding="utf-8")

    def run(page: Any) -> list[tuple[str, list[str]]]:
        page.evaluate(source)  # the policy forbids a script element; the debugger's door is ours
        result = page.evaluate("async () => await axe.run(document, {resultTypes: ['violations']})")
        return [
            (found["id"], [node["html"][:160] for node in found["nodes"]]) for found in result["violations"]
        ]

    return run
