"""What the recordings of one device and one day admit: between which files recording stopped, and what time it was.

- Read from record.json of each recording and from the readings of the device's clock; nothing is written, and nothing that
  was said is changed: the corrected time stands beside it.
- Judged by core.media.continuity, core.media.junctions and core.field.time_truth, the same code that anybody can run again.
- A person sees the recordings they may see; `partial` says that others of that device may lie between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from liuhen.base import site
from liuhen.base.clock import SHANGHAI, parse_stamp
from liuhen.base.devices.models import Device
from liuhen.base.people.models import Account
from liuhen.base.recordings.acts import reach_of
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import visible_to
from liuhen.base.storage.reading import NoGoodCopyError, record_of
from liuhen.core.cards.names import NameFacts
from liuhen.core.field.offsets import Fix
from liuhen.core.field.time_truth import Claim, TimeTruth, claims_of, fix_of, time_truth
from liuhen.core.findings import Finding
from liuhen.core.media.continuity import FileContinuity, edited_twins, within_file
from liuhen.core.media.contract import blank
from liuhen.core.media.junctions import DeviceFile, Junction, Rules, device_file, junctions
from liuhen.core.rules.facts import FIRST_YEAR, LAST_YEAR

MOST = 2000  # recordings of a device and a day; more are a copied disk, and are said to be cut
_READINGS = 50  # of the device's clock, the nearest to the day


@dataclass(frozen=True)
class Admitted:
    """One recording: its times, its own continuity, and as a file in the device's row."""

    recording: Recording
    truth: TimeTruth
    within: FileContinuity
    file: DeviceFile
    stream_digest: str | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.truth.findings, *self.within.findings)


@dataclass(frozen=True)
class DeviceDay:
    """`lost`: numbers of recordings whose record cannot be read; `cut`: there are more than are judged here."""

    device: Device
    day: date
    files: tuple[Admitted, ...]
    junctions: tuple[Junction, ...]
    twins: tuple[Finding, ...]
    lost: tuple[str, ...]
    partial: bool
    cut: bool

    @property
    def to_look_at(self) -> int:
        """Findings that are more than notes."""
        every = [one.finding for one in self.junctions if one.finding] + list(self.twins)
        every += [finding for one in self.files for finding in one.findings]
        return sum(one.severity != "NOTE" for one in every)


def day_named(text: str) -> date:
    """A day as people write it, 2026-11-20. Raises ValueError, also for a year in which nothing was recorded."""
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day


def days_of(device: Device, *, by: Account, at: datetime) -> list[date]:
    """Days in Shanghai on which the device recorded something that `by` may see, the latest first; at most a hundred."""
    rows = visible_to(by, at).filter(device=device, taken_at__isnull=False)
    found = rows.datetimes("taken_at", "day", order="DESC", tzinfo=SHANGHAI)
    return [moment.date() for moment in found[:100]]


def day_of(device: Device, day: date, *, by: Account, at: datetime) -> DeviceDay:
    """Everything of one day by the device's own clock, in its order."""
    start = datetime.combine(day, time(), SHANGHAI)
    rows = visible_to(by, at).filter(
        device=device, taken_at__gte=start, taken_at__lt=start + timedelta(days=1)
    )
    found = list(rows.order_by("taken_at", "position")[: MOST + 1])
    files, lost = judged(found[:MOST], device, start)
    reach = reach_of(by, at)
    return DeviceDay(
        device,
        day,
        tuple(files),
        tuple(junctions([one.file for one in files], serial=device.serial, rules=rules())),
        tuple(edited_twins((one.recording.number, one.recording.sha256, one.stream_digest) for one in files)),
        lost,
        partial=reach is None or reach.holder is not None,
        cut=len(found) > MOST,
    )


def judged(
    rows: Iterable[Recording], device: Device | None, day: datetime
) -> tuple[list[Admitted], tuple[str, ...]]:
    """Recordings of one device about one day, each with its times; and the numbers of those whose record is lost.

    Fixes of one device correct each other; without a device each recording stands alone.
    """
    read, lost = _records(rows)
    told = [(row, record, _claims(record)) for row, record in read]
    series = [fix for row, _, claims in told if (fix := fix_of(claims, row.number))] if device else []
    readings = _readings(device, day) if device else []
    return [_admitted(*one, series, readings) for one in told], lost


def rules() -> Rules:
    """What is a normal split: the site's setting."""
    return Rules(split=site.current().split_seconds)


def _records(rows: Iterable[Recording]) -> tuple[list[tuple[Recording, dict[str, Any]]], tuple[str, ...]]:
    read, lost = [], []
    for row in rows:
        try:
            read.append((row, record_of(row)))
        except NoGoodCopyError:
            lost.append(row.number)
    return read, tuple(lost)


def _claims(record: dict[str, Any]) -> list[Claim]:
    original = record["original"]
    changed = original.get("modified_ns")
    return claims_of(
        _says(record),
        _name_facts(record["name_facts"]),
        modified_at=datetime.fromtimestamp(changed / 1e9, UTC) if changed else None,
        taken_in_at=parse_stamp(record["ingested"]["at"]),
    )


def _says(record: dict[str, Any]) -> dict[str, Any]:
    """The probe's result with every key, also where an older analyser knew fewer."""
    said = record["says"]
    return {**blank(record["original"]["name"], record["original"]["bytes"], ""), **said}


def _name_facts(told: dict[str, Any]) -> NameFacts:
    taken = told.get("taken_at")
    known = {**told, "taken_at": parse_stamp(taken) if taken else None, "findings": ()}
    return NameFacts(**{name: known.get(name) for name in NameFacts.__dataclass_fields__})  # type: ignore[arg-type]


def _admitted(
    row: Recording,
    record: dict[str, Any],
    claims: Sequence[Claim],
    series: Sequence[Fix],
    readings: Sequence[Fix],
) -> Admitted:
    says, facts = _says(record), record["name_facts"]
    truth = time_truth(claims, says["duration"] or 0.0, series=series, readings=readings)
    step = next((one.resolution for one in truth.claims if one.moment == truth.said), timedelta(0))
    file = device_file(
        row.number,
        says,
        truth.start,
        sequence=facts.get("sequence"),
        serial=facts.get("serial"),
        stream=facts.get("stream"),
        resolution=step,
    )
    return Admitted(row, truth, within_file(says), file, says.get("stream_digest"))


def _readings(device: Device, day: datetime) -> list[Fix]:
    """How the device's clock stood beside the server's, read within a month of the day."""
    near = device.clock_readings.filter(
        server_at__gte=day - timedelta(days=31), server_at__lte=day + timedelta(days=32)
    )
    return [
        Fix(one.shown_at, one.server_at, device.serial, "dock")
        for one in near.order_by("-server_at")[:_READINGS]
    ]
