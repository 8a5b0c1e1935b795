"""What goes wrong with a phone in the field: two tabs, a session gone, another account, a wrong clock, a full phone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from e2e.field_story import AHEAD, CUT, PASSWORD, PHONE, begin, mark, sent, step, tab, waits

from liuhen.base import clock
from liuhen.base.people import services
from liuhen.base.people.models import Account
from liuhen.stages.fieldwork.models import Activity, Mark, Sent

pytestmark = pytest.mark.slow


def test_two_tabs_that_both_send_do_nothing_twice(page_of: Any, people: SimpleNamespace) -> None:
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    begin(page)
    sent(page)
    other = page.context.new_page()
    other.goto(page.url)
    sent(other)
    page.context.set_offline(True)
    mark(page, "scene")
    mark(other, "landmark")
    waits(page, "待发送 2 条")
    waits(other, "待发送 2 条")
    page.context.set_offline(False)
    sent(page)
    sent(other)
    assert sorted(Mark.objects.values_list("code", flat=True)) == ["landmark", "scene"]
    assert set(Sent.objects.values_list("outcome", flat=True)) == {"done"}
    page_of.forgive(CUT)


def test_a_session_that_expired_keeps_everything_until_the_next_sign_in(
    page_of: Any, people: SimpleNamespace
) -> None:
    services.set_password(people.officer, PASSWORD, by=people.officer, at=clock.now())
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    begin(page)
    sent(page)
    Session.objects.all().delete()
    mark(page, "scene")
    waits(page, "登录已过期：记录仍在手机上。登录后自动发送")
    mark(page, "landmark")
    waits(page, "待发送 2 条")
    page_of.shoot(page, "field-expired")
    page.click("#warnings a:has-text('登录')")
    page.fill("input[name=login]", "officer")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/field/*/**")
    sent(page)
    assert sorted(Mark.objects.values_list("code", flat=True)) == ["landmark", "scene"]
    page_of.forgive("401")


def test_what_another_account_wrote_on_the_phone_is_shown_and_never_sent_as_mine(
    page_of: Any, people: SimpleNamespace
) -> None:
    from e2e.conftest import _session

    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    begin(page)
    sent(page)
    page.context.set_offline(True)
    mark(page, "scene")
    cookie = {"name": "liuhen_session", "value": _session("officer2"), "url": page_of.live}
    page.context.add_cookies([cookie])
    page.context.set_offline(False)
    waits(page, "本机现在登录的是另一账号")
    other = page.context.new_page()
    other.goto("/field/")
    sent(other)
    assert "另一账号（林一鸣）的 1 条待发送" in other.text_content("#others")
    assert not Mark.objects.exists()
    page.context.add_cookies([cookie | {"value": _session("officer")}])
    page.evaluate("window.dispatchEvent(new Event('online'))")
    sent(page)
    assert Mark.objects.get().made_by == people.officer
    page_of.forgive(CUT)


@pytest.mark.parametrize("minutes", [95, -95], ids=["fast", "slow"])
def test_a_wrong_clock_is_told_and_corrected(page_of: Any, people: SimpleNamespace, minutes: int) -> None:
    page = page_of("officer", PHONE)
    page.add_init_script(AHEAD % (minutes * 60_000))
    page.goto("/field/new/")
    before = clock.now()
    begin(page)
    sent(page)
    way = "快" if minutes > 0 else "慢"
    assert f"手机时钟比服务器{way} 95 分，登记的时间已按服务器时间校正" in page.text_content("#warnings")
    row = Activity.objects.get()
    assert row.arrived_at is not None
    assert -2 < (row.arrived_at - before).total_seconds() < 30
    assert abs(Sent.objects.get().phone_ahead - minutes * 60) < 5


def test_a_browser_that_keeps_nothing_says_so_loudly_and_offers_the_file(
    page_of: Any, people: SimpleNamespace
) -> None:
    page = page_of("officer", PHONE)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } });"
    )
    page.goto("/field/new/")
    begin(page)
    assert "不能保存记录" in page.text_content("#warnings .field-loud")
    sent(page)
    page.context.set_offline(True)
    mark(page, "scene")
    tab(page, "kept")
    with page.expect_download():
        page.click("#export")
    assert '"code": "scene"' in page.input_value("#file-text")
    page.context.set_offline(False)
    sent(page)
    assert Mark.objects.count() == 1
    page_of.forgive(CUT)


def test_a_full_phone_loses_nothing_that_the_open_page_still_holds(
    page_of: Any, people: SimpleNamespace
) -> None:
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    begin(page)
    sent(page)
    page.context.set_offline(True)
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    mark(page, "scene")
    assert "存储已满" in page.text_content("#warnings .field-loud")
    waits(page, "待发送 1 条")
    page.context.set_offline(False)
    sent(page)
    assert Mark.objects.count() == 1
    page_of.forgive(CUT)


def test_an_entry_that_could_not_be_registered_is_told_and_led_on(
    page_of: Any, people: SimpleNamespace
) -> None:
    page = page_of("officer", PHONE)
    page.goto("/field/new/")
    begin(page)
    sent(page)
    Activity.objects.update(state="void")
    step(page, "结束执法活动")
    tab(page, "kept")
    page.wait_for_selector(".field-entry[data-state=refused]")
    page_of.shoot(page, "field-refused-entry")
    page.click("text=到“未能登记”处理")
    assert "现在不能办理" in page.text_content("main")
    page_of.shoot(page, "field-refused")
    assert Account.objects.get(username="officer") == Sent.objects.get(outcome="refused").by
