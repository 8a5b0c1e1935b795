"""完整性校验: the bytes themselves, re-read from their devices, against the ledger's digest.

- Led by the ledger: every recording it stored is looked for in every store, whatever the rows say.
- Every object is validated whole (inventory, sidecars, every file); a cached "verified" is not a verification.
- Rows that disagree with the ledger, and objects that no ledger knows, are findings too.
- Reads only: a verification changes neither ledger nor store, so it can be run by anyone, at any time, on an
  office that is damaged or read-only. What was found and healed stands in the ledger's entry of the repair.
- Several objects at a time: hashing lets go of the interpreter, and one object is read while another is hashed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from liuhen.core.blobs.faults import StoreMissingError
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.ocfl.layout import object_path

from .examine import Damage, Examined, examine
from .expected import Expected, all_expected, expected_of, rows_unknown, sample_expected, synthetic_rows
from .stores import Stores
from .strays import Unfinished, strays

THREADS = 4
AHEAD = 4 * THREADS  # objects asked for before their turn; bounds memory
ROWS = "(数据库)"


@dataclass(frozen=True)
class Bad:
    """One object (or row, or stray) that is not as it should be, and everything found wrong with it."""

    recording: str | None
    number: str | None
    damages: tuple[Damage, ...]

    @property
    def text(self) -> str:
        """A sentence for the person."""
        first, more = self.damages[0], len(self.damages) - 1
        head = f"{self.number}：" if self.number else ""
        return f"{head}{first.text}" + (f"；另有 {more} 处" if more else "")

    def as_json(self) -> dict[str, Any]:
        first = self.damages[0]
        return {
            "recording": self.recording,
            "path": first.path,
            "expected": first.expected,
            "found": first.found,
            "store": first.store,
            "code": first.code,
            "text": self.text,
            "number": self.number,
            "all": [damage.as_json() for damage in self.damages],
        }


@dataclass
class FixityReport:
    """`bytes` counts content read, in every store; `unfinished`: objects of an ingest that was cut off."""

    objects: int = 0
    bytes: int = 0
    bad: list[Bad] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)
    synthetic: int = 0  # generated rows, which have no bytes

    @property
    def ok(self) -> bool:
        return not self.bad

    def as_json(self) -> dict[str, Any]:
        return {
            "objects": self.objects,
            "bytes": self.bytes,
            "ok": self.ok,
            "bad": [bad.as_json() for bad in self.bad],
            "unfinished": [vars(one) for one in self.unfinished],
            "synthetic": self.synthetic,
        }


OnObject = Callable[[int, int], None]


def verify_stores(
    stores: Stores, *, sample: int | None = None, on_object: OnObject | None = None
) -> FixityReport:
    """Re-read every object of every store (or those of a random sample of recordings). Reads only."""
    report = FixityReport()
    for name, error in stores.away.items():
        report.bad.append(Bad(None, None, (Damage(name, "", None, None, error.code, error.message),)))
    look = Look(stores.there)
    for expected, damages, size in look.over(all_expected() if sample is None else sample_expected(sample)):
        report.objects += bool(look.there())
        report.bytes += size
        if damages:
            report.bad.append(Bad(expected.urn, expected.number, damages))
        if on_object:
            on_object(report.objects, report.bytes)
    if sample is None:
        for row in rows_unknown():
            damage = Damage("", ROWS, None, row.sha256, "row_unknown", "数据库中有留痕账本没有登记的记录")
            report.bad.append(Bad(row.urn, row.number, (damage,)))
        told = _places(bad.recording for bad in report.bad)
        for store in look.there():
            _add_strays(report, look, store, told)
    report.bad += [Bad(None, None, (damage,)) for damage in look.lost.values()]
    report.synthetic = synthetic_rows()
    return report


def _places(urns: Iterable[str | None]) -> set[str]:
    """Where damaged objects stand, and the folders above: what is empty or broken there has been told."""
    paths = [object_path(urn).split("/") for urn in urns if urn]
    return {"/".join(parts[:depth]) for parts in paths for depth in range(1, len(parts) + 1)}


def _add_strays(report: FixityReport, look: Look, store: LocalBlobs, told: set[str]) -> None:
    try:
        for found in strays(store):
            if isinstance(found, Unfinished):
                report.unfinished.append(found)
            elif found.damage.path not in told:
                report.bad.append(Bad(found.recording, None, (found.damage,)))
    except StoreMissingError as error:
        look.lose(store, error)


class Look:
    """Examines recordings in several threads; a store that disappears meanwhile is said once, not per object."""

    def __init__(self, stores: list[LocalBlobs]) -> None:
        self._stores = stores
        self.lost: dict[str, Damage] = {}

    def there(self) -> list[LocalBlobs]:
        return [store for store in self._stores if store.name not in self.lost]

    def lose(self, store: LocalBlobs, error: StoreMissingError) -> None:
        self.lost[store.name] = Damage(store.name, "", None, None, error.code, error.message)

    def over(self, wanted: Iterable[Expected]) -> Iterator[tuple[Expected, tuple[Damage, ...], int]]:
        """Each recording with what is wrong with its row and its copies, and the bytes read."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="verify") as pool:
            try:
                for expected, future in _in_order(pool, self._copies, wanted):
                    yield self._settled(expected, *future.result())
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _settled(
        self, expected: Expected, damages: tuple[Damage, ...], size: int
    ) -> tuple[Expected, tuple[Damage, ...], int]:
        """What looks wrong is looked at again if an act has changed the recording meanwhile."""
        if damages or expected.fault:
            now = expected_of(expected.agency, [expected.urn]).get(expected.urn, expected)
            if now != expected:
                expected, (damages, _) = now, self._copies(now)
        return expected, (*_of_row(expected), *damages), size

    def _copies(self, expected: Expected) -> tuple[tuple[Damage, ...], int]:
        seen = [self._copy(store, expected) for store in self.there()]
        damages = tuple(damage for one in seen for damage in one.damages)
        return damages, sum(one.bytes for one in seen)

    def _copy(self, store: LocalBlobs, expected: Expected) -> Examined:
        try:
            return examine(store, expected)
        except StoreMissingError as error:
            self.lose(store, error)
            return Examined(())


_Copies = Callable[[Expected], tuple[tuple[Damage, ...], int]]


def _in_order(
    pool: ThreadPoolExecutor, work: _Copies, items: Iterable[Expected]
) -> Iterator[tuple[Expected, Future[tuple[tuple[Damage, ...], int]]]]:
    """Work on several at once; each comes out finished, in its turn."""
    waiting: deque[tuple[Expected, Future[tuple[tuple[Damage, ...], int]]]] = deque()
    for item in items:
        waiting.append((item, pool.submit(work, item)))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting


def _of_row(expected: Expected) -> Iterator[Damage]:
    fault = expected.fault
    if fault is not None:
        what = "没有这条记录" if fault.code == "row_missing" else f"的 {fault.column} 与留痕账本不符"
        yield Damage("", f"{ROWS}{fault.column}", fault.expected, fault.found, fault.code, f"数据库{what}")
