"""What the browser stories of the field page share: filling in, pressing, and waiting for the office."""

from __future__ import annotations

from typing import Any

PHONE = (390, 844)
CUT = "ERR_INTERNET_DISCONNECTED"
PASSWORD = "Hao-Jiu-Bu-Jian-7788"
AHEAD = """
const Real = Date, ahead = %d;
window.Date = class extends Real {
  constructor(...said) { if (said.length) super(...said); else super(Real.now() + ahead); }
  static now() { return Real.now() + ahead; }
};
"""


def begin(page: Any, *, place: str = "示范镇农资店", online: bool = True) -> None:
    """Fill in the new activity and press that one has arrived."""
    page.wait_for_selector("#begin:not([hidden])")
    if online:
        page.wait_for_selector(".field-strip.field-good")
    page.select_option("#matter", "inspection")
    page.fill("#place", place)
    page.fill("#party", "某某农资店")
    page.check("input[name=officers][value='100002']")
    page.click("#begin-now")
    page.wait_for_selector("#running:not([hidden])")


def tab(page: Any, name: str) -> None:
    page.click(f"[data-show={name}]")


def mark(page: Any, code: str) -> None:
    tab(page, "marks")
    page.click(f"[data-code={code}]")


def step(page: Any, words: str) -> None:
    """A moment that asks once more."""
    tab(page, "run")
    page.click(f"#steps button:has-text('{words}')")
    page.click("#steps button:has-text('再按一次')")


def waits(page: Any, words: str) -> None:
    page.wait_for_function(
        "(words) => document.getElementById('strip').textContent.includes(words)", arg=words
    )


def sent(page: Any) -> None:
    waits(page, "已连接单位")
    waits(page, "没有待发送的记录")


def fits_a_thumb(page: Any) -> None:
    """Nothing to press is smaller than 44 px, and nothing lies beside the screen."""
    small = page.evaluate(
        """() => [...document.querySelectorAll([
            '.field button', '.field a.btn', '.field summary', '.field select', '.field input', '.field-tick-row'].join())]
            .filter((one) => one.offsetParent && !one.matches('.form-check-input'))
            .map((one) => [one.textContent.trim().slice(0, 20) || one.id, Math.round(one.getBoundingClientRect().height)])
            .filter(([, height]) => height < 44)"""
    )
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
