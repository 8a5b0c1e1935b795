"""Stores and card profiles: what the system administrator looks after, for everybody to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from liuhen.base import site
from liuhen.base.people.models import Role
from liuhen.base.people.rules import HasRole
from liuhen.base.recordings.models import Copy
from liuhen.base.storage.stores import open_stores
from liuhen.core.cards.names import NameFacts, read_name
from liuhen.core.cards.profile import Profile
from liuhen.stages.ingest.docking import office_profiles

from . import registers
from .people_in import person_in
from .registers import Column, Nothing, Register

_NAMES = 3  # sample names at once
_PLACES = HasRole((Role.SYSTEM_ADMIN,))  # where a store lies concerns who mounts it


@dataclass(frozen=True)
class StoreRow:
    """A configured store, there or away, and how many of the agency's copies it holds."""

    name: str
    place: str
    state: str
    said: str
    free: int | None
    copies: int
    oldest: Any


STORES = Register(
    name="存储登记簿",
    title="存储登记簿",
    columns=(
        Column("name", "名称", lambda row: row.name, width=8),
        Column("state", "状态", lambda row: row.said, width=16, state=lambda row: row.state),
        Column("free", "剩余空间（GB）", lambda row: _gigabytes(row.free), width=7, align="end"),
        Column("copies", "本单位副本数", lambda row: row.copies, width=7, align="end"),
        Column("oldest", "最早一次核对", lambda row: row.oldest, width=9),
        Column("place", "位置", lambda row: row.place, width=20, who=_PLACES),
    ),
    nothing=Nothing("没有存储", "请系统管理员在服务器上运行 liuhen store add 名称 文件夹。"),
)


def _gigabytes(size: int | None) -> float | None:
    return None if size is None else round(size / 10**9, 1)


@require_safe
def stores(request: HttpRequest) -> HttpResponseBase:
    context = {
        "title": "存储",
        "note": "每条记录在每个存储各存一份；有两个存储时，两份都核对无误才放行存储卡",
        "help": "增加存储：另接一块磁盘，在服务器上运行 liuhen store add 名称 文件夹，再运行 liuhen repair 补齐副本。"
        "磁盘换新：liuhen store renew 名称。",
    }
    rows = list(_rows(person_in(request).agency_id))
    return registers.respond(request, STORES, rows, "register_page.html", context)


def _rows(agency: int) -> Any:
    opened = open_stores()
    there = {store.name: store for store in opened.there}
    copies = Copy.objects.filter(recording__agency=agency).values("store")
    counted: dict[str, dict[str, Any]] = {
        row["store"]: dict(row) for row in copies.annotate(count=Count("pk"), oldest=Min("verified_at"))
    }
    for store in site.load().stores:
        held = counted.get(store.name, {"count": 0, "oldest": None})
        trouble = opened.away.get(store.name)
        yield StoreRow(
            store.name,
            store.path,
            "bad" if trouble else "ok",
            f"{trouble.message}怎么办：{trouble.remedy}" if trouble else "在线",
            None if trouble else there[store.name].free_bytes(),
            held["count"],
            held["oldest"],
        )


PROFILES = Register(
    name="存储卡方案",
    title="存储卡方案",
    columns=(
        Column("id", "编号", lambda row: row.id, width=8),
        Column("title", "适用设备", lambda row: row.title, width=16),
        Column("zone", "时区", lambda row: row.zone, width=5),
        Column("patterns", "命名样式数", lambda row: len(row.patterns), width=5, align="end"),
        Column("example", "例子", lambda row: row.examples[0].name if row.examples else None, width=24),
        Column("source", "依据", lambda row: row.source, width=30, shown=False),
    ),
    nothing=Nothing("没有方案", "内置方案随程序安装，请重新运行 make setup。"),
)


class NamesForm(forms.Form):
    """Up to three names as they stand on a card."""

    names = forms.CharField(
        label="文件名，每行一个，至多三个",
        max_length=1200,
        required=False,
        strip=True,
        widget=forms.Textarea({"rows": 3, "placeholder": "A000001_000012_20260716093000_0001.mp4"}),
    )


@require_safe
def profiles(request: HttpRequest) -> HttpResponseBase:
    rows = office_profiles()
    form = NamesForm(request.GET if "names" in request.GET else None)
    said = form.cleaned_data["names"] if form.is_bound and form.is_valid() else ""
    names = [line.strip() for line in said.splitlines() if line.strip()][:_NAMES]
    context = {"form": form, "tried": [tried(name, rows) for name in names]}
    return registers.respond(request, PROFILES, rows, "profiles.html", context)


def tried(name: str, known: list[Profile]) -> dict[str, Any]:
    """What the profiles read from a name, in the words of the register."""
    facts: NameFacts = read_name(name, known)
    title = next((one.title for one in known if one.id == facts.profile_id), None)
    return {"name": name, "profile": title, "facts": facts}
