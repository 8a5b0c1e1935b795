"""What the ledger says of recordings: the digests that stores and rows are held against.

- The entry that stored a recording names its original; that entry and every later one that amended the
  recording name the SHA-256 of `record.json`, version by version.
- Read in groups by position, never with an open cursor: a check of terabytes blocks nobody, and memory does
  not grow with the number of recordings.
- The database's row is an index: where it says something else than the ledger, the row is wrong.
"""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import orjson

from liuhen.base.ledger.models import Entry
from liuhen.base.people.models import SYNTHETIC, Agency
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording

STORED = custody.STORE.kind
GROUP = 200
URN = "urn:uuid:"

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """What the row says instead of what the ledger says."""

    code: str
    column: str
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class Expected:
    """One recording as the ledger tells it; digests in lower-case hex."""

    agency: int
    position: int
    urn: str
    number: str
    sha256: str
    sm3: str
    bytes: int
    records: dict[str, str] = field(default_factory=dict)  # version -> SHA-256 of its record.json
    fault: Fault | None = None

    @property
    def head(self) -> str:
        """The newest version that the ledger knows."""
        return next(reversed(self.records), "v1")

    @property
    def pk(self) -> uuid.UUID:
        return uuid.UUID(self.urn.removeprefix(URN))


def all_expected() -> Iterator[Expected]:
    """Every recording of every agency, in the order it was stored."""
    for agency in Agency.objects.order_by("pk").values_list("pk", flat=True):
        last = -1
        while rows := _stored(agency, last):
            yield from _expected(agency, rows)
            last = rows[-1][0]


def sample_expected(count: int) -> Iterator[Expected]:
    """`count` recordings (or all, when there are fewer), each as likely as any other."""
    keys = Entry.objects.filter(kind=STORED).values_list("pk", flat=True).order_by("pk")
    for group in in_groups(sorted(_reservoir(keys.iterator(5000), count)), GROUP):
        rows = Entry.objects.filter(pk__in=group).order_by("agency_id", "position")
        found = list(rows.values_list("agency_id", "position", "entry"))
        for agency in dict.fromkeys(row[0] for row in found):
            yield from _expected(agency, [row[1:] for row in found if row[0] == agency])


def expected_of(agency: int, urns: Collection[str]) -> dict[str, Expected]:
    """Those of one agency's recordings that are named, by OCFL id, as the ledger tells them now."""
    rows = Entry.objects.filter(agency_id=agency, subject__in=urns, kind=STORED).order_by("position")
    return {one.urn: one for one in _expected(agency, list(rows.values_list("position", "entry")))}


def rows_unknown(group: int = 500) -> Iterator[Recording]:
    """Rows of recordings that no entry stored; generated ones are none."""
    last: uuid.UUID | None = None
    while True:
        rows = Recording.objects.exclude(agency__code=SYNTHETIC).order_by("pk")
        page = list((rows if last is None else rows.filter(pk__gt=last))[:group])
        if not page:
            return
        known = known_urns(row.urn for row in page)
        yield from (row for row in page if row.urn not in known)
        last = page[-1].pk


def synthetic_rows() -> int:
    """How many generated rows there are: nothing of them can be read or proved."""
    return Recording.objects.filter(agency__code=SYNTHETIC).count()


def known_urns(urns: Iterable[str]) -> set[str]:
    """Those that some agency's ledger stored."""
    agencies = Agency.objects.values_list("pk", flat=True)
    rows = Entry.objects.filter(agency_id__in=list(agencies), subject__in=list(urns), kind=STORED)
    return set(rows.values_list("subject", flat=True))


def in_groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def _stored(agency: int, after: int) -> list[tuple[int, str]]:
    rows = Entry.objects.filter(agency_id=agency, kind=STORED, position__gt=after).order_by("position")
    return list(rows.values_list("position", "entry")[:GROUP])


def _expected(agency: int, stored: Sequence[tuple[int, str]]) -> Iterator[Expected]:
    told = [(position, _data(text)) for position, text in stored]
    urns = [str(data.get("recording")) for _, data in told]
    records = _records(agency, urns)
    rows = {row.urn: row for row in Recording.objects.filter(pk__in=_uuids(urns))}
    for (position, data), urn in zip(told, urns, strict=True):
        one = Expected(
            agency=agency,
            position=position,
            urn=urn,
            number=str(data.get("number")),
            sha256=str(data.get("sha256")),
            sm3=str(data.get("sm3")),
            bytes=int(data.get("bytes") or 0),
            records={"v1": str(data.get("record_sha256")), **records.get(urn, {})},
        )
        yield _with_fault(one, rows.get(urn))


def _data(text: str) -> dict[str, Any]:
    """The entry's data; an entry that cannot be read expects what no object has (ledger verify names it)."""
    try:
        data = orjson.loads(text)["data"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _uuids(urns: Iterable[str]) -> list[uuid.UUID]:
    found = []
    for urn in urns:
        try:
            found.append(uuid.UUID(urn.removeprefix(URN)))
        except ValueError:
            continue
    return found


def _records(agency: int, urns: Sequence[str]) -> dict[str, dict[str, str]]:
    """What later entries say of later versions of the record."""
    records: dict[str, dict[str, str]] = {}
    rows = Entry.objects.filter(agency_id=agency, subject__in=urns).exclude(kind=STORED)
    for subject, text in rows.order_by("position").values_list("subject", "entry"):
        data = _data(text)
        if data.get("record_sha256") and data.get("version"):
            records.setdefault(subject, {})[data["version"]] = data["record_sha256"]
    return records


def _with_fault(one: Expected, row: Recording | None) -> Expected:
    if row is None:
        return _faulty(one, Fault("row_missing", "", one.sha256, None))
    wanted: dict[str, object] = {
        "sha256": one.sha256,
        "sm3": one.sm3,
        "bytes": one.bytes,
        "number": one.number,
        "position": one.position,
        "agency_id": one.agency,
        "head": one.head,
        "record_sha256": one.records[one.head],
    }
    for column, expected in wanted.items():
        found = getattr(row, column)
        if found != expected:
            return _faulty(one, Fault("row_differs", column, str(expected), str(found)))
    return one


def _faulty(one: Expected, fault: Fault) -> Expected:
    return Expected(**{**vars(one), "fault": fault})


def _reservoir(keys: Iterable[int], count: int) -> list[int]:
    """A fair sample from one pass, holding no more than the sample."""
    chance = random.Random(secrets.randbits(256))  # noqa: S311 (seeded from the system)
    kept: list[int] = []
    for seen, key in enumerate(keys):
        if seen < count:
            kept.append(key)
        elif (place := chance.randrange(seen + 1)) < count:
            kept[place] = key
    return kept
