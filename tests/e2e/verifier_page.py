"""liuhen-verify.html in a real browser, opened from a file as a court opens it. Import the fixtures by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from liuhen.outside import VERIFIER_PAGE

DECIDED = "html[data-verdict]:not([data-verdict=''])"


class VerifierPage:
    """The page, and everything that it asked for."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text))
        self.open()

    def open(self, fragment: str = "") -> None:
        self.page.goto("about:blank")
        self.asked.clear()
        self.errors.clear()
        self.page.goto(self.address + fragment)

    def judge(self, folder: Path, **given: str) -> dict[str, Any]:
        """Type what is given, choose the folder; the report."""
        for field in ("vkey", "witness", "checkpoint", "consistency"):
            self.page.locator(f"#{field}").evaluate("(e, v) => { e.value = v; }", given.get(field, ""))
        self.choose(folder)
        return self.report()

    def choose(self, folder: Path) -> None:
        self.page.set_input_files("#folder", str(folder))

    def report(self) -> dict[str, Any]:
        self.page.locator(DECIDED).wait_for(state="attached")
        assert self.errors == []
        report: dict[str, Any] = self.page.evaluate("window.liuhenReport()")
        return report or {"code": self.page.locator("html").get_attribute("data-verdict"), "checks": []}

    def text(self, selector: str) -> str:
        words: str = self.page.inner_text(selector)
        return words

    def drop(self, *paths: Path) -> None:
        """Let files or folders fall into the frame, as the file manager does."""
        session = self.page.context.new_cdp_session(self.page)
        box = self.page.locator("#drop").bounding_box()
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            event = {"type": kind, "x": box["x"] + 40, "y": box["y"] + 40, "data": data}
            session.send("Input.dispatchDragEvent", event)


@pytest.fixture(scope="module")
def _verifier_page(browser: Any) -> Iterator[VerifierPage]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    context.set_default_timeout(60_000)
    yield VerifierPage(context.new_page(), VERIFIER_PAGE.as_uri())
    context.close()


@pytest.fixture
def verifier_page(_verifier_page: VerifierPage) -> VerifierPage:
    """The page as it is when just opened."""
    _verifier_page.open()
    return _verifier_page
