"""A signature that was drawn once stays through every refusal that is not about the signature."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

_INK = """() => {
  const pad = document.querySelector("canvas");
  return pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data.filter((one) => one).length;
}"""


def test_a_drawn_signature_outlives_a_missing_reason(page_of: Any, people: SimpleNamespace) -> None:
    page = page_of("custodian")
    page.goto("/devices/1/issue/")
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 70, steps=8)
    page.mouse.up()
    page.select_option("select[name=officer]", index=1)
    assert page.evaluate(_INK) == 0  # another officer's signature goes
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 70, steps=8)
    page.mouse.up()
    before = page.evaluate(_INK)
    page.click("button[type=submit]:has-text('领用')")  # there was no check, and no reason is given
    page.wait_for_selector(".alert-danger")
    page.wait_for_function(
        "document.querySelector('input[name=signature]').value.startsWith('data:image/png')"
    )
    page.wait_for_function(f"({_INK})() > 0")
    assert before > 0 and page.evaluate(_INK) == before
    page.click("[data-sign-clear]")
    assert page.evaluate(_INK) == 0 and page.input_value("input[name=signature]") == ""
    page_of.forgive("422")
