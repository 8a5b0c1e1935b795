"""The frame of every page: who is here, and the doors that are theirs.

- A door is shown to whom its rule might ever allow; the page behind it asks again.
- To add a page to the menu: one line in MENU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from liuhen.base.devices import acts as devices
from liuhen.base.ledger.selectors import READ_LEDGER
from liuhen.base.people import acts as people
from liuhen.base.people.models import Account
from liuhen.base.people.rules import ANYONE, Rule
from liuhen.base.recordings import acts as recordings
from liuhen.stages.equipment import acts as equipment
from liuhen.stages.fieldwork import acts as fieldwork
from liuhen.stages.ingest.selectors import SEE_RECEIPTS

from .people_in import could, role_words, roles_in


@dataclass(frozen=True)
class Door:
    """Label, URL name, icon, and who might ever go through."""

    label: str
    url: str
    icon: str
    who: Rule = ANYONE


@dataclass(frozen=True)
class Section:
    label: str
    doors: tuple[Door, ...]


MENU: tuple[Section, ...] = (
    Section(
        "工作",
        (
            Door("首页", "home", "house"),
            Door("现场", "field", "broadcast", fieldwork.OPEN.who or ANYONE),
            Door("执法活动", "activities", "geo-alt", fieldwork.BROWSE),
            Door("中断和未记录报告", "reports", "file-earmark-text", fieldwork.BROWSE),
            Door("音像记录", "recordings", "collection-play", recordings.BROWSE),
            Door("待归属", "recordings_to_assign", "person-plus", recordings.ASSIGN.who or ANYONE),
            Door("无关内容", "recordings_unrelated", "flag", recordings.SEE_FLAGS),
            Door("领用归还", "equipment", "clipboard-check", equipment.SEE_PAGES),
            Door("采集", "ingest", "sd-card"),
            Door("移交回执", "receipts", "receipt", SEE_RECEIPTS),
            Door("留痕账本", "ledger", "journal-check", READ_LEDGER),
            Door("期限", "deadlines", "stopwatch", recordings.BROWSE),
            Door("规定", "rules", "journal-text"),
        ),
    ),
    Section(
        "登记",
        (
            Door("设备", "devices", "camera-video", devices.SEE),
            Door("使用台账", "use_register", "list-check", equipment.SEE_PAGES),
            Door("科室", "units", "building"),
            Door("执法人员", "officers", "person-badge"),
            Door("代理", "deputies", "person-check"),
        ),
    ),
    Section(
        "系统",
        (
            Door("账号", "accounts", "people", people.SEE_ACCOUNTS),
            Door("角色授权", "grants", "shield-check", people.SEE_ACCOUNTS),
            Door("登录失败", "failures", "shield-exclamation", people.SEE_ACCOUNTS),
            Door("存储", "stores", "hdd-stack"),
            Door("存储卡方案", "profiles", "sd-card"),
            Door("系统状况", "health", "heart-pulse"),
        ),
    ),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the layout. Without anybody signed in, nothing is asked of the database."""
    person = getattr(request, "user", None)
    if not isinstance(person, Account):
        return {}
    return {
        "person": person,
        "person_roles": role_words(roles_in(request)),
        "menu": [section for section in (_shown(request, one) for one in MENU) if section["doors"]],
    }


def _shown(request: HttpRequest, section: Section) -> dict[str, Any]:
    here = _here(request.path)
    doors = [
        {"label": door.label, "href": reverse(door.url), "icon": door.icon, "here": door.url == here}
        for door in section.doors
        if could(request, door.who)
    ]
    return {"label": section.label, "doors": doors}


def _here(path: str) -> str:
    """The one door that the page lies behind: of 音像记录 and 无关内容 below it, the nearer one; "" for none."""
    hrefs = {door.url: reverse(door.url) for section in MENU for door in section.doors}
    near = [url for url, href in hrefs.items() if path == href or (href != "/" and path.startswith(href))]
    return max(near, key=lambda url: len(hrefs[url]), default="")
