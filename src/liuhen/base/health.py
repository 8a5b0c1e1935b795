"""Is the installation well? Each question answered with a state, a sentence and, where it is not well, 怎么办.

- Nothing here names what was recorded: everybody may ask.
- A question that cannot be answered is itself bad, never silently left out.
- Counting copies takes seconds with a million recordings: it is remembered for ten minutes, unless asked anew.
- `alive()` is for machines: can pages and acts work at this moment?
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, Sum

from liuhen.core.errors import LiuhenError
from liuhen.prints import words
from liuhen.prints.fonts import BUNDLED, find_font

from . import clock, home, packs, site
from .deadlines import follow
from .jobs.models import Job
from .ledger import publish
from .ledger.models import Head
from .people.models import Agency
from .recordings.models import Copy, Recording
from .rulebook.selectors import book_of
from .storage.stores import open_stores

OK, WARNING, BAD = "ok", "warning", "bad"
INTAKE_DAYS = 30
FEW_DAYS, SHORT_DAYS = 30, 7  # of room left: amber, red
FAR_DAYS = 3650  # beyond it an estimate of days means nothing
_VERIFY_DAYS = 90
_LATE_JOB = timedelta(minutes=10)
_GIGABYTE = 10**9
_REMEMBERED_SECONDS = 600


@dataclass(frozen=True)
class Check:
    """One question and its answer; `remedy` where it is not well."""

    name: str
    state: str
    said: str
    remedy: str = ""


def examine(agency: Agency, at: datetime, *, anew: bool = True) -> list[Check]:
    """Every question, the worst first. Not `anew`: what was counted less than ten minutes ago may stand."""
    if anew:
        cache.delete(_counted(agency))
    questions: list[Callable[[Agency, datetime], list[Check]]] = [
        _database,
        _stores,
        _room,
        _copies,
        _verified,
        _ledger,
        _regulation,
        _deadlines,
        _background,
        _prints,
    ]
    found = [check for question in questions for check in _asked(question, agency, at)]
    return sorted(found, key=lambda check: (BAD, WARNING, OK).index(check.state))


def worst(checks: list[Check]) -> str:
    return next((state for state in (BAD, WARNING) if any(check.state == state for check in checks)), OK)


def alive() -> bool:
    """Raises whatever keeps the database or every store from working."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    open_stores().first()
    return True


def _asked(question: Callable[[Agency, datetime], list[Check]], agency: Agency, at: datetime) -> list[Check]:
    try:
        return question(agency, at)
    except LiuhenError as error:
        name = NAMES.get(question.__name__, "检查")
        return [Check(name, BAD, error.message, error.remedy)]
    except OSError as error:
        name = NAMES.get(question.__name__, "检查")
        return [Check(name, BAD, f"读不出（{error.strerror}）。", "请检查数据目录所在磁盘及其权限。")]


NAMES = {
    "_database": "数据库",
    "_stores": "存储",
    "_room": "剩余空间",
    "_copies": "副本",
    "_verified": "回读核对",
    "_ledger": "账本",
    "_regulation": "施行的规定",
    "_deadlines": "期限",
    "_background": "后台任务",
    "_prints": "打印字体",
}


def _database(agency: Agency, at: datetime) -> list[Check]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    kind = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    return [Check("数据库", OK, f"正常（{kind}）。")]


def _stores(agency: Agency, at: datetime) -> list[Check]:
    stores = open_stores()
    found = [
        Check(f"存储“{store.name}”", OK, f"在线，剩余 {in_gigabytes(store.free_bytes() or 0)}。")
        for store in stores.there
    ]
    found += [Check(f"存储“{name}”", BAD, error.message, error.remedy) for name, error in stores.away.items()]
    if len(stores.there) + len(stores.away) == 1:
        found.append(
            Check(
                "第二份副本",
                WARNING,
                "只有一个存储，磁盘坏了无从恢复。",
                "请在另一块磁盘上增加存储：liuhen store add 名称 文件夹；并定期运行 liuhen backup。",
            )
        )
    return found


def in_gigabytes(size: int) -> str:
    return f"{size / _GIGABYTE:,.1f} GB"


@dataclass(frozen=True)
class Room:
    """Bytes free where recordings go, bytes taken in a day lately, and whole days left (None: nothing came in)."""

    free: int
    a_day: int
    days: int | None

    @property
    def in_words(self) -> str:
        """How long it will do: an estimate of many years says no more than that."""
        if self.days is None:
            return ""
        return f"{self.days} 天" if self.days < FAR_DAYS else f"{FAR_DAYS // 365} 年以上"


def room(at: datetime) -> Room:
    """From what all agencies of this installation took in during the last 30 days. Raises store errors."""
    stores = open_stores()
    stores.first()
    free = min(store.free_bytes() or 0 for store in stores.there)
    lately = Recording.objects.filter(stored_at__gt=at - timedelta(days=INTAKE_DAYS), stored_at__lte=at)
    seen = lately.aggregate(bytes=Sum("bytes"), first=Min("stored_at"))
    since = seen["first"] or at
    span = min(INTAKE_DAYS, max(1, (at - since).days + 1))  # a young office has no thirty days yet
    a_day = (seen["bytes"] or 0) // span
    return Room(free, a_day, free // a_day if a_day else None)


def _room(agency: Agency, at: datetime) -> list[Check]:
    now = room(at)
    if now.days is None:
        return [Check("剩余空间", OK, f"{in_gigabytes(now.free)}；近 30 天没有入库，无从估计天数。")]
    said = f"{in_gigabytes(now.free)}，按近 30 天每天 {words.size(now.a_day)} 估计还够 {now.in_words}。"
    if now.days >= FEW_DAYS:
        return [Check("剩余空间", OK, said)]
    remedy = "请尽快扩充磁盘，或按规定办理到期记录的鉴定清除；不要自行删除文件。"
    return [Check("剩余空间", BAD if now.days < SHORT_DAYS else WARNING, said, remedy)]


def _copies(agency: Agency, at: datetime) -> list[Check]:
    needed = site.load().copies_needed()
    lacking = cache.get_or_set(_counted(agency), lambda: _lacking(agency, needed), _REMEMBERED_SECONDS)
    if not lacking:
        return [Check("副本", OK, f"每条记录都有 {needed} 份核对过的副本。")]
    return [
        Check(
            "副本",
            WARNING,
            f"{lacking} 条记录不足 {needed} 份副本。",
            "请确认各存储都在线，再运行 liuhen repair 补齐；补齐之前不要清卡。",
        )
    ]


def _counted(agency: Agency) -> str:
    return f"health-copies-{agency.pk}-{hash(str(home.home()))}"  # a memory of this process alone


def _lacking(agency: Agency, needed: int) -> int:
    rows = Recording.objects.filter(agency=agency)
    if needed == 1:
        return rows.exclude(Exists(Copy.objects.filter(recording=OuterRef("pk")))).count()
    return rows.annotate(count=Count("copies")).filter(count__lt=needed).count()


def _verified(agency: Agency, at: datetime) -> list[Check]:
    oldest = Copy.objects.filter(recording__agency=agency).aggregate(at=Min("verified_at"))["at"]
    if oldest is None:
        return [Check("回读核对", OK, "还没有入库的记录。")]
    said = f"最早一次核对在 {clock.local(oldest)}。"
    if at - oldest < timedelta(days=_VERIFY_DAYS):
        return [Check("回读核对", OK, said)]
    return [
        Check(
            "回读核对",
            WARNING,
            f"{said}已超过 {_VERIFY_DAYS} 天。",
            "请运行 liuhen verify，回读并核对全部副本。",
        )
    ]


@dataclass(frozen=True)
class LedgerNow:
    """Entries in the database, entries under the last signed checkpoint (None: none), and when it was signed."""

    size: int
    signed: int | None
    signed_at: datetime | None


def ledger_now(agency: Agency) -> LedgerNow:
    """Raises CheckpointError, KeyFileError."""
    size = Head.objects.values_list("size", flat=True).get(agency=agency)
    publish.signing_key(agency.code)
    checkpoint = publish.published(agency.code)
    if checkpoint is None:
        return LedgerNow(size, None, None)
    changed = (home.ledger_folder(agency.code) / "checkpoint").stat().st_mtime
    return LedgerNow(size, checkpoint.size, datetime.fromtimestamp(changed, UTC))


def _ledger(agency: Agency, at: datetime) -> list[Check]:
    now = ledger_now(agency)
    if now.signed == now.size and now.signed_at:
        return [
            Check("账本", OK, f"{now.size:,} 条，检查点签于 {clock.local(now.signed_at)}，已公布到最后一条。")
        ]
    return [
        Check(
            "账本",
            WARNING,
            f"数据库中 {now.size:,} 条，已公布 {now.signed or 0:,} 条。",
            "下一次办理事项时会自动补公布；仍不一致的，请运行 liuhen ledger verify 查看原因。",
        )
    ]


def workers_here() -> int:
    """Background workers running on this computer, by the locks that the kernel keeps for them."""
    count = 0
    for path in home.run_folder().glob("worker-*.lock"):
        lock = home.try_lock(path.stem)
        if lock is None:
            count += 1
        else:
            os.close(lock)  # the file stays: it tells the next worker that its owner died
    return count


def _background(agency: Agency, at: datetime) -> list[Check]:
    late = Job.objects.filter(state__in=Job.WAITING, due_at__lt=at - _LATE_JOB).count()
    running = workers_here()
    if running and not late:
        return [Check("后台任务", OK, f"{running} 个后台程序在运行，没有积压。")]
    if running:
        said = f"有 {late} 项任务等了 10 分钟以上。"
        return [
            Check("后台任务", WARNING, said, "任务会依次办理；长期积压的，请检查磁盘和 logs/liuhen.log。")
        ]
    remedy = "请用 liuhen serve 启动（网页和后台任务一同启动），或另行运行 liuhen worker。"
    return [Check("后台任务", WARNING, "本机没有后台程序在运行。", remedy)]


def _regulation(agency: Agency, at: datetime) -> list[Check]:
    """The one of today, and every one that ever decided: their bytes must be those that the ledger names."""
    book, today = book_of(agency), at.astimezone(clock.SHANGHAI).date()
    found = [check for named in book.history if (check := _damaged(*named))]
    pack = book.on(today) if not found else None
    if pack is not None:
        return [Check("施行的规定", OK, f"{pack.title}，第 {pack.version} 版。")]
    return found or [
        Check(
            "施行的规定",
            WARNING,
            "今天没有施行的规定：不推算期限，所有记录一直保存。",
            "请法制人员在“采用与施行”页采用一部规定。",
        )
    ]


def _damaged(since: date, name: str, version: str, digest: str) -> Check | None:
    try:
        packs.adopted(name, version, digest)
    except LiuhenError as error:
        said = f"{error.message.rstrip('。')}（{since} 起施行）。期间的期限不推算，记录一直保存。"
        return Check("施行的规定", BAD, said, "请从备份取回该文件夹，再运行 liuhen deadlines rebuild。")
    return None


def _deadlines(agency: Agency, at: datetime) -> list[Check]:
    left = follow.behind(agency)
    if left <= follow.SLICE:
        return [Check("期限", OK, "已按账本推算到最新。" if not left else f"还有 {left} 条账本条目待推算。")]
    said = f"还有 {left} 条账本条目没有推算成期限，期限登记簿不全。"
    return [Check("期限", WARNING, said, "请确认后台任务在运行；急用时运行 liuhen deadlines rebuild。")]


def _prints(agency: Agency, at: datetime) -> list[Check]:
    return [Check("打印字体", OK, f"{_font()}。")]


@lru_cache(maxsize=1)
def _font() -> str:
    """Its family; read once, a font is half a second of reading. Raises NoPrintFontError each time."""
    return find_font(BUNDLED).family
