"""A ruling is executed: where the legal office fills a gap with a value, the engine counts with it from then on.

- What can be filled is the closed list here: hours of a clock, who gets a report, who approves, the day of force.
- Every other ruling is its text: cited with the question, and changes no computation.
- A ruling never touches what the text itself says; it only fills what is null there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from .calendar import Period
from .pack import Pack, Slot
from .terms import Role, words_of

Value = Literal["period", "role", "date"]


@dataclass(frozen=True)
class Answer:
    """What the legal office ruled of one question, or filled into one slot; `value` None: text alone."""

    code: str
    text: str
    value: str | None = None


def value_asked(pack: Pack, code: str) -> Value | None:
    """Of which kind is the value that a ruling of this question can set; None for text alone."""
    if any(clock.within is None and not clock.same_day for clock in _clocks(pack, code)):
        return "period"
    if code == "unrecorded_recipient" and pack.unrecorded and pack.unrecorded.to is None:
        return "role"
    if code == "interruption_recipient" and pack.interruption and pack.interruption.to is None:
        return "role"
    if any(access.approver is None for access in pack.access if code == f"{access.purpose}_approver"):
        return "role"
    return "date" if code == "in_force_blank" and pack.in_force is None else None


def _clocks(pack: Pack, code: str) -> list[Any]:
    return [clock for clock in pack.clocks if code == f"{clock.duty}_no_hours"]


def choices(pack: Pack) -> list[tuple[str, str]]:
    """The roles that a ruling can name: those the regulation itself has a word for."""
    return [(role, pack.roles[role]) for role in words_of(Role) if role in pack.roles]


def fits(pack: Pack, code: str, value: str) -> bool:
    """Is this a value that a ruling of this question can set?"""
    kind = value_asked(pack, code)
    try:
        if kind == "period":
            return bool(Period.parse(value))
        if kind == "date":
            return bool(date.fromisoformat(value))
    except ValueError:
        return False
    return kind == "role" and value in pack.roles


def ruled(pack: Pack, answers: Iterable[Answer]) -> Pack:
    """The pack as the office reads it: gaps filled by its rulings, and each ruling told with its question."""
    known = {one.code: one for one in answers}
    if not known:
        return pack
    changes: dict[str, Any] = {
        "clocks": tuple(_clock(pack, clock, known) for clock in pack.clocks),
        "access": tuple(_access(pack, access, known) for access in pack.access),
        "questions": tuple(_question(one, known) for one in pack.questions),
        "slots": tuple(one for one in pack.slots if one.code not in known),
    }
    if recipient := _value(pack, known, "unrecorded_recipient"):
        changes["unrecorded"] = pack.unrecorded and pack.unrecorded.model_copy(update={"to": recipient})
    if recipient := _value(pack, known, "interruption_recipient"):
        changes["interruption"] = pack.interruption and pack.interruption.model_copy(update={"to": recipient})
    if day := _value(pack, known, "in_force_blank"):
        changes["in_force"] = date.fromisoformat(day)
    return pack.model_copy(update=changes)


def filled(pack: Pack, answers: Iterable[Answer]) -> dict[str, str]:
    """What the office wrote into the slots of the pack, by slot."""
    slots = {slot.code for slot in pack.slots}
    return {one.code: one.text for one in answers if one.code in slots}


def slot_named(pack: Pack, code: str) -> Slot | None:
    return next((slot for slot in pack.slots if slot.code == code), None)


def _value(pack: Pack, known: Mapping[str, Answer], code: str) -> str | None:
    answer = known.get(code)
    return answer.value if answer and answer.value and fits(pack, code, answer.value) else None


def _clock(pack: Pack, clock: Any, known: Mapping[str, Answer]) -> Any:
    code = f"{clock.duty}_no_hours"
    value = _value(pack, known, code)
    return clock.model_copy(update={"within": value, "ruling": code}) if value else clock


def _access(pack: Pack, access: Any, known: Mapping[str, Answer]) -> Any:
    value = _value(pack, known, f"{access.purpose}_approver") if access.approver is None else None
    return access.model_copy(update={"approver": value}) if value else access


def _question(question: Any, known: Mapping[str, Answer]) -> Any:
    answer = known.get(question.code)
    return question.model_copy(update={"ruling": answer.text}) if answer else question
