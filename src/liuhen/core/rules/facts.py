"""FACTS.json: what is known of an activity, its recordings, their hand-over and the case; any part may be absent.

- Times are ISO 8601 with an offset; a fraction of a second is kept.
- A matter that nobody lists is a note, never an error; every other code is of the closed vocabulary.
- Times that stand in the wrong order are refused, one line each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StrictBool, ValidationError

from .calendar import Period
from .errors import FactsError, Fault
from .terms import NAMES, Cause, Circumstance, Event, Ground

FIRST_YEAR, LAST_YEAR = 1950, 2200
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)


def _time(value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("time")
    return value


def _retention(value: object) -> object:
    if value is None or value in ("permanent", "null"):
        return None if value == "null" else value
    if not isinstance(value, str):
        raise ValueError("retention")
    period = Period.parse(value)
    if period.hours or period.working:
        raise ValueError("retention")
    return value


def _without_nulls(value: object) -> object:
    """An item of a list that is null is not known: any part may be absent."""
    return [one for one in value if one is not None] if isinstance(value, list) else value


Moment = Annotated[AwareDatetime | None, BeforeValidator(_time)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_P = TypeVar("_P", bound=_Part)
NULLS = BeforeValidator(_without_nulls)


class NotRecorded(_Part):
    ground: Ground | None = None
    text: str | None = None


class Interruption(_Part):
    cause: Cause | None = None
    at: Moment = None
    resumed_at: Moment = None
    text: str | None = None


class Activity(_Part):
    matter: str | None = None
    arrived_at: Moment = None
    ended_at: Moment = None
    left_at: Moment = None
    returned_at: Moment = None
    circumstances: Annotated[list[Circumstance] | None, NULLS] = None
    not_recorded: NotRecorded | None = None
    interruptions: Annotated[list[Interruption] | None, NULLS] = None
    events: Annotated[list[Event] | None, NULLS] = None


_NOTHING = Activity()  # of which nothing is known


class Recorded(_Part):
    ended_at: Moment = None
    evidence: StrictBool | None = None


class HandedOver(_Part):
    at: Moment = None


class Case(_Part):
    filed_at: Moment = None
    concluded_at: Moment = None
    retention: Annotated[str | None, BeforeValidator(_retention)] = None


def _unchecked(kind: type[_P], values: dict[str, Any]) -> _P:
    """What `model_construct` makes of all of a part's fields, in a tenth of the time."""
    made = kind.__new__(kind)
    _set(made, "__dict__", values)
    _set(made, "__pydantic_fields_set__", _TOLD[kind])
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


_set = object.__setattr__


class Facts(_Part):
    """All that is known. What is absent or null is not known."""

    activity: Activity | None = None
    recordings: Annotated[list[Recorded] | None, NULLS] = None
    handover: HandedOver | None = None
    case: Case | None = None

    @classmethod
    def of_recording(cls, ended_at: datetime | None, handed_over_at: datetime | None) -> Facts:
        """One recording of which nothing else is known, its end taken for the activity's; nothing is checked.

        Replaying a ledger makes millions.
        """
        recorded = _unchecked(Recorded, {"ended_at": ended_at, "evidence": None})
        handed = _unchecked(HandedOver, {"at": handed_over_at})
        act = _unchecked(Activity, {**_NOTHING.__dict__, "ended_at": ended_at}) if ended_at else None
        return _unchecked(
            Facts, {"activity": act, "recordings": [recorded], "handover": handed, "case": None}
        )

    def with_end(self, moment: datetime | None) -> Facts:
        """These facts, with an activity that ended then."""
        activity = _unchecked(Activity, {**self.act.__dict__, "ended_at": moment})
        return _unchecked(Facts, {**self.__dict__, "activity": activity})

    @property
    def plain(self) -> bool:
        """Is nothing known that a rule of retention asks for, but when the recordings ended?"""
        return self.activity is None and self.case is None and not self.evidence

    @property
    def act(self) -> Activity:
        return self.activity or _NOTHING

    @property
    def ends(self) -> list[datetime]:
        """When each recording ended, where that is known."""
        return [one.ended_at for one in self.recordings or [] if one.ended_at]

    @property
    def evidence(self) -> bool:
        return True in [one.evidence for one in self.recordings or ()]

    @property
    def handed_over_at(self) -> datetime | None:
        return self.handover.at if self.handover else None

    def at(self, name: str) -> datetime | None:
        """A moment by its name in the vocabulary of starts; of several recordings the latest end."""
        if name == "handover_at":
            return self.handed_over_at
        if name == "recorded_at":
            return max(self.ends, default=None)
        if name in ("filed_at", "concluded_at"):
            found: datetime | None = getattr(self.case, name) if self.case else None
            return found
        moment: datetime | None = getattr(self.act, name)
        return moment

    def moments(self) -> Iterator[datetime]:
        """Every moment that is told."""
        act = self.act
        yield from (
            moment for moment in (act.arrived_at, act.ended_at, act.left_at, act.returned_at) if moment
        )
        for one in act.interruptions or []:
            yield from (moment for moment in (one.at, one.resumed_at) if moment)
        yield from self.ends
        if self.handed_over_at:
            yield self.handed_over_at
        if self.case:
            yield from (moment for moment in (self.case.filed_at, self.case.concluded_at) if moment)


_TOLD: dict[type[_Part], set[str]] = {
    kind: set(kind.model_fields) for kind in (Recorded, HandedOver, Activity, Facts)
}


def read_facts(path: Path) -> Facts:
    """Raises FactsError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FactsError(
            "事实文件读不出",
            [Fault(str(path), "读不出。", "请核对文件路径，文件应为 UTF-8 文本。", "unreadable")],
        ) from error
    return facts_from(text, path.name)


def facts_from(text: str, name: str = "facts") -> Facts:
    """Raises FactsError: one line for each thing that is wrong."""
    try:
        said = json.loads(text, object_pairs_hook=_once)
    except TwiceError as error:
        fault = Fault(f"{name} {error.args[0]}", "同一个字段写了两次。", "请只留一个。", "written_twice")
        raise FactsError("事实不能使用", [fault]) from error
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        fault = Fault(f"{name}:{line}", "不是 JSON。", "请核对括号、引号和逗号。", "not_json")
        raise FactsError("事实不能使用", [fault]) from error
    try:
        facts = Facts.model_validate(said)
    except ValidationError as error:
        raise FactsError("事实不能使用", [_fault(name, one) for one in error.errors()]) from error
    faults = faults_of(facts, name)
    if faults:
        raise FactsError("事实不能使用", faults)
    return facts


def faults_of(facts: Facts, name: str = "facts") -> list[Fault]:
    """What cannot be in facts that are well formed: years out of reach, moments in the wrong order."""
    return [*_beyond(name, facts), *_order(name, facts)]


class TwiceError(ValueError):
    """One key stands twice in an object: which of the two is meant is not ours to guess."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, value in pairs:
        if key in said:
            raise TwiceError(key)
        said[key] = value
    return said


def _fault(name: str, error: Any) -> Fault:
    place = f"{name} {'.'.join(str(part) for part in error['loc']) or '（整体）'}"
    said, kind = error.get("input"), error["type"]
    if kind == "extra_forbidden":
        return Fault(place, "没有这个字段。", "请删去，或核对拼写。", "unknown_field")
    if kind == "literal_error":
        return Fault(place, f"没有代码“{said}”。", f"可用：{error['ctx']['expected']}。", "unknown_code")
    if kind == "value_error" and str(error["loc"][-1]).endswith(("at", "_at")):
        return Fault(
            place, f"时间“{said}”读不懂或没有时区。", "请写成 2026-11-25T09:30:00+08:00。", "bad_time"
        )
    if kind == "value_error":
        return Fault(place, f"期限“{said}”读不懂。", "请写成 P10Y、P30Y、permanent 或 null。", "bad_period")
    if "datetime" in kind or "timezone" in kind:
        return Fault(place, f"时间“{said}”无效。", "请写成 2026-11-25T09:30:00+08:00。", "bad_time")
    return Fault(place, "内容的类型不对。", "请对照说明中的例子改正。", "bad_type")


def _beyond(name: str, facts: Facts) -> Iterator[Fault]:
    for moment in facts.moments():
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            text = f"时间“{moment.isoformat()}”不在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间。"
            yield Fault(name, text, "请核对年份。", "bad_time")


def _order(name: str, facts: Facts) -> Iterator[Fault]:
    act = facts.act
    chain = [(key, getattr(act, key)) for key in ("arrived_at", "ended_at", "left_at", "returned_at")]
    known = [(key, moment) for key, moment in chain if moment]
    for (early, first), (late, second) in pairwise(known):
        if second < first:
            yield _late(f"{name} activity.{late}", early, late)
    for number, one in enumerate(act.interruptions or []):
        if one.at and one.resumed_at and one.resumed_at < one.at:
            yield _late(f"{name} activity.interruptions.{number}.resumed_at", "at", "resumed_at")
        if one.at and act.arrived_at and one.at < act.arrived_at:
            yield _late(f"{name} activity.interruptions.{number}.at", "arrived_at", "at")
    case = facts.case
    if case and case.filed_at and case.concluded_at and case.concluded_at < case.filed_at:
        yield _late(f"{name} case.concluded_at", "filed_at", "concluded_at")


def _late(place: str, early: str, late: str) -> Fault:
    words = {"at": "中断", "resumed_at": "恢复", **NAMES}
    return Fault(
        place,
        f"{words[late]}时间早于{words[early]}时间。",
        "请核对两个时间，填错的改正。",
        "out_of_order",
    )


RetentionRule = Literal["period", "follows_dossier", "permanent", "silent"]
