"""Generated recordings for trying lists at size: rows only, in an agency that says so.

- Everything generated belongs to the agency `synthetic`; no real office can take that code. There are no bytes
  and no ledger entries: nothing here is a record of anything, and verifying says so instead of missing bytes.
- Refused beside a real office's recordings. The same seed gives the same rows.
- Rows are written in bulk, so they follow the rules of `lists.rows` by calling its parts; a test compares.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction

from liuhen.core.errors import RefusedError, UsageError

from .clock import SHANGHAI
from .devices.models import Device
from .devices.services import register_device
from .ledger import publish
from .people import services
from .people.models import SYNTHETIC, Account, Agency, Officer, Role
from .people.services import Person
from .recordings.lists import index
from .recordings.lists.cells import COLUMNS, Key, add_up, numbers_of
from .recordings.lists.models import Cell, Listed, Total, listed_id
from .recordings.lists.rows import taken_ms
from .recordings.lists.words import words_of
from .recordings.models import Finding, Recording, Series
from .recordings.numbers import RECORDING

UNITS = ("渔政中队", "农资监管中队", "畜牧兽医中队", "农机监理中队", "农产品质量中队", "综合协调科")
OFFICERS = 60
_DAYS = 3 * 365
_STORED = 18 * 3600  # second of the day at which a day's cards are taken in
_GROUP = 20_000
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
_GIVEN = "一鸣思远晓兰建国海峰静文萍立安志强丽华明亮春梅国庆小军雪松天佑"
_SUBJECTS = (
    "城东市场检查",
    "渔船证书核验",
    "农药抽样",
    "养殖场巡查",
    "兽药店检查",
    "种子经营检查",
    "询问笔录",
)
_KINDS = (("video", "mp4", 0.84), ("photo", "jpg", 0.96), ("audio", "wav", 0.995), ("other", "dat", 1.0))


class RealOfficeError(RefusedError):
    code = "real_office"


@dataclass
class Made:
    """What a run came to, and the accounts that can look at it."""

    recordings: int = 0
    accounts: tuple[str, ...] = ()


def refuse_beside_real() -> None:
    """Raises RealOfficeError where anybody's real recordings are."""
    if Recording.objects.exclude(agency__code=SYNTHETIC).exists():
        raise RealOfficeError(
            "这个数据目录里有真实的音像记录，不能生成合成数据。",
            remedy="请用环境变量 LIUHEN_HOME 指定一个专用的空目录，再生成。",
        )


def generate(
    count: int, *, seed: int, at: datetime, on_group: Callable[[int], None] = lambda _: None
) -> Made:
    """Add `count` rows, taken in the three years before `at`. Raises RealOfficeError, UsageError."""
    if not 0 < count <= 20_000_000:
        raise UsageError("生成的条数须在 1 与 20000000 之间。", remedy="请改正 --recordings 的值。")
    refuse_beside_real()
    agency = Agency.objects.filter(code=SYNTHETIC).first() or _found(seed, at)
    writer = _Writer(agency)
    rows = _rows(agency, count, random.Random(seed), at)  # noqa: S311 (no secret)
    with _in_bulk():
        while group := list(islice(rows, _GROUP)):
            with transaction.atomic():
                writer.write(group)
            on_group(writer.written)
    usernames = agency.accounts.order_by("username").values_list("username", flat=True)
    return Made(writer.written, tuple(usernames))


def remove() -> int:
    """Take every generated row out again; the agency and its ledger stay, because history is not deleted."""
    rows = Recording.objects.filter(agency__code=SYNTHETIC)
    count = rows.count()
    agency = Agency.objects.filter(code=SYNTHETIC).first()
    if agency is None:
        return 0
    with transaction.atomic():
        Finding.objects.filter(recording__agency=agency)._raw_delete("default")
        Listed.objects.filter(agency=agency.pk)._raw_delete("default")
        Cell.objects.filter(agency=agency.pk)._raw_delete("default")
        Total.objects.filter(agency=agency.pk)._raw_delete("default")
        rows._raw_delete("default")
        Series.objects.filter(agency=agency).delete()
        index.empty()
        left = Listed.objects.order_by("pk").iterator()
        index.put((row.id, index.document(row.words, row.holder, row.unit, row.device)) for row in left)
    return count


def _found(seed: int, at: datetime) -> Agency:
    """The agency with its people: a custodian, a head and one officer can sign in."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    system = Person(f"{SYNTHETIC}-sysadmin", "合成系统管理员")
    security = Person(f"{SYNTHETIC}-secadmin", "合成安全管理员")
    with publish.batched():
        agency = services.found_office(
            code=SYNTHETIC,
            name="合成数据（非真实记录）",
            pack="jinjiang-agri",
            unit=("900000000000", UNITS[0]),
            system=system,
            security=security,
            at=at,
            synthetic=True,
        )
        by = Account.objects.get(username=system.username)
        for number, name in enumerate(UNITS[1:], 1):
            services.open_unit(agency, f"{900000000000 + number}", name, by=by, at=at)
        officers = _officers(agency, chance, by, at)
        _accounts(agency, officers, by, at)
    return agency


def _officers(agency: Agency, chance: random.Random, by: Account, at: datetime) -> list[Officer]:
    units = list(agency.units.order_by("code"))
    found = []
    for number in range(OFFICERS):
        name = chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, chance.choice((1, 2, 2))))
        unit = units[min(number * number * len(units) // OFFICERS**2, len(units) - 1)]
        staff_no = f"{100001 + number}"
        officer = services.enter_officer(unit, name, f"9{staff_no:0>10}", staff_no, by=by, at=at)
        serial = f"{4701 + number // 26:04}{chr(65 + number % 26)}{number % 100:02}"
        kind = Device.Kind.BODY_RECORDER
        register_device(unit, serial, kind, model="合成记录仪", keeper=officer, by=by, at=at)
        found.append(officer)
    return found


def _accounts(agency: Agency, officers: list[Officer], by: Account, at: datetime) -> None:
    security = Account.objects.get(username=f"{SYNTHETIC}-secadmin")
    unit = agency.units.order_by("code")[0]
    for name, own, role in (
        ("custodian", None, Role.CUSTODIAN),
        ("head", officers[1], Role.UNIT_HEAD),
        ("officer", officers[0], Role.OFFICER),
    ):
        person = Person(f"{SYNTHETIC}-{name}", own.name if own else "合成保管员")
        account = services.open_account(unit, person, officer=own, by=by, at=at)
        services.confirm_role(services.propose_role(account, role, by=by, at=at), by=security, at=at)


class _Row(NamedTuple):
    """One generated recording, as the writer needs it; times in Shanghai's working hours, of one UTC day."""

    position: int
    holder: tuple[int, int, int, str, str] | None  # officer, unit, device, serial, staff number
    kind: str
    name: str
    path: str
    day: _Day
    second: int | None  # of the day in Shanghai; None: not known
    size: int
    duration_ms: int | None
    finding: bool
    digest: str


class _Day(NamedTuple):
    folder: str
    iso: str
    year: int
    month: int
    midnight: int  # ms


def _rows(agency: Agency, count: int, chance: random.Random, at: datetime) -> Iterator[_Row]:
    """Rows in the order they would have been stored."""
    last = Recording.objects.filter(agency=agency).order_by("-position").values_list("position", flat=True)
    first = next(iter(last[:1]), -1) + 1
    devices = Device.objects.filter(agency=agency, keeper__isnull=False).order_by("serial")
    holders = [
        (row[0], row[1], row[2], row[3], row[4])
        for row in devices.values_list("keeper", "unit", "pk", "serial", "keeper__staff_no")
    ]
    days = list(_working_days(at.astimezone(SHANGHAI).date()))
    for number in range(count):
        yield _one(first + number, days[number * len(days) // count], holders, chance)


def _working_days(today: date) -> Iterator[_Day]:
    for ago in range(_DAYS, 0, -1):
        day = today - timedelta(days=ago)
        if day.weekday() < 5:
            start = taken_ms(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))
            yield _Day(f"{day:%Y%m%d}", f"{day}", day.year, day.year * 100 + day.month, start)


def _one(position: int, day: _Day, holders: list[Any], chance: random.Random) -> _Row:
    dice, of_kind, odd = chance.random(), chance.random(), chance.random()
    holder = holders[int(len(holders) * dice * dice)]  # some record much more than others
    kind, ending = next((kind, ending) for kind, ending, limit in _KINDS if of_kind <= limit)
    second: int | None = 8 * 3600 + int(chance.random() * 10 * 3600)
    if odd < 0.03:
        name = f"{_SUBJECTS[position % len(_SUBJECTS)]}{position % 997}.{ending}"
    else:
        name = f"{holder[3]}_{holder[4]}_{day.folder}{_clock(second or 0)}_{position % 9999 + 1:04}.{ending}"
    return _Row(
        position,
        None if odd < 0.012 else holder,
        kind,
        name,
        f"DCIM/{day.folder}/{name}",
        day,
        None if odd < 0.004 else second,
        int(2_000_000 + dice * 400_000_000) if kind == "video" else 900_000,
        int(1000 + of_kind * 1_800_000) if kind in ("video", "audio") else None,
        chance.random() < 0.06,
        f"{position:012x}{chance.getrandbits(208):052x}",
    )


@cache
def _clock(second: int) -> str:
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"


@cache
def _in_utc(second: int) -> str:
    """8 to 18 o'clock in Shanghai is 0 to 10 in UTC, the same day; both databases read it so."""
    text = _clock(second - 8 * 3600)
    return f"{text[:2]}:{text[2:4]}:{text[4:]}"


_RECORDING = (
    "id", "agency_id", "number", "sameness", "sha256", "sm3", "bytes", "kind", "name", "card_path", "state",
    "key_file", "device_id", "holder_id", "unit_id", "taken_at", "duration_ms", "stored_at", "record_sha256",
    "head", "position",
)  # fmt: skip
_LISTED = ("id", "recording", *COLUMNS, "taken", "words", "cell")
_FINDING = ("recording_id", "code", "severity", "text", "params")
_FOUND = ("gap", "warning", "合成数据：第 0 路流在 61.200 秒处中断 2.400 秒。", "{}")


@dataclass
class _Writer:
    agency: Agency
    written: int = 0
    key: int = 0
    zone: str = ""
    last: dict[int, int] = field(default_factory=dict)  # number given out by year

    def __post_init__(self) -> None:
        self.key = self.agency.pk
        self.zone = "" if connection.vendor == "sqlite" else "+00"
        rows = Series.objects.filter(agency=self.agency, kind=RECORDING)
        self.last = dict(rows.values_list("year", "last"))

    def write(self, rows: list[_Row]) -> None:
        recordings, listed, findings, documents = [], [], [], []
        moves: Counter[Key] = Counter()
        for row in rows:
            key = f"00000000{self.key:04x}40008000{row.position:012x}"
            person, unit, device = row.holder[:3] if row.holder else (0, 0, 0)
            state = "stored" if row.holder else "to_assign"
            words = words_of(row.path, row.name)
            month = row.day.month if row.second is not None else 0
            cell: Key = (self.key, person, unit, device, row.kind, state, month, row.finding)
            place = listed_id(self.key, row.position)
            recordings.append(self._recording(row, key, state))
            taken = row.day.midnight + (_STORED if row.second is None else row.second) * 1000
            listed.append((cell, (place, key, *cell, taken, words)))
            documents.append((place, index.document(words, person, unit, device)))
            if row.finding:
                findings.append((key, *_FOUND))
            moves[cell] += 1
        _insert("recordings_recording", _RECORDING, recordings)
        add_up(moves)
        cells = numbers_of(moves)
        _insert("recordings_listed", _LISTED, [(*columns, cells[cell]) for cell, columns in listed])
        _insert("recordings_finding", _FINDING, findings)
        index.put(documents)
        for year, last in self.last.items():
            Series.objects.update_or_create(
                agency=self.agency, kind=RECORDING, year=year, defaults={"last": last}
            )
        self.written += len(rows)

    def _recording(self, row: _Row, key: str, state: str) -> tuple[Any, ...]:
        day, year = row.day, row.day.year
        self.last[year] = last = self.last.get(year, 0) + 1
        person, unit, device = row.holder[:3] if row.holder else (None, None, None)
        taken_at = None if row.second is None else f"{day.iso} {_in_utc(row.second)}{self.zone}"
        stored_at = f"{day.iso} {_in_utc(_STORED)}{self.zone}"
        return (
            key, self.key, f"{SYNTHETIC}-{RECORDING}-{year}-{last:06d}", row.digest, row.digest, row.digest[::-1],
            row.size, row.kind, row.name, row.path, state, False, device, person, unit, taken_at,
            row.duration_ms, stored_at, row.digest, "v1", row.position,
        )  # fmt: skip


_BULK = {"synchronous": "OFF", "cache_size": "-400000", "wal_autocheckpoint": "50000", "foreign_keys": "OFF"}


@contextmanager
def _in_bulk() -> Iterator[None]:
    """Room for pages instead of fsyncs, and indexes made once at the end: what is generated can be again."""
    if connection.vendor != "sqlite":
        yield
        return
    before: dict[str, object] = {}
    with connection.cursor() as cursor:
        for name, value in _BULK.items():
            before[name] = cursor.execute(f"PRAGMA {name}").fetchone()[0]
            cursor.execute(f"PRAGMA {name}={value}")
        indexes = cursor.execute(_INDEXES).fetchall()
        try:
            for name, _ in indexes:
                cursor.execute(f"DROP INDEX {name}")
            yield
        finally:
            for _, statement in indexes:
                cursor.execute(statement)
            cursor.execute("ANALYZE")
            for name, was in before.items():
                cursor.execute(f"PRAGMA {name}={was}")


_INDEXES = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'index' AND tbl_name IN ('recordings_recording', 'recordings_listed') AND sql IS NOT NULL
"""


def _insert(table: str, columns: tuple[str, ...], rows: list[Any]) -> None:
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608
