"""The register of devices from a table: what each row would do, said before anything is done; then the same, done.

- A row makes a device, names one that is there already, or is wrong; nothing that is there is changed by a table.
- The columns are those of the register's own Excel export; what a table has beside them is left alone.
- Whoever could not register a device one by one cannot do it by the hundred: each row goes through the act.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from liuhen.base.ledger import publish
from liuhen.base.people.models import Account, Officer, Unit
from liuhen.base.people.selectors import officers_of, units_of
from liuhen.core.errors import UsageError
from liuhen.core.tables import Formula, as_date

from .models import Device
from .norm import Norm, written_resolution
from .selectors import visible_to
from .services import check_words, looks_alike, register_device, require_bought

NEW, SAME, OTHER, WRONG = "new", "same", "other", "wrong"
SERIAL, KIND, MODEL, UNIT = "序列号", "种类", "型号", "所属科室"
KEEPER, KEEPER_NO = "保管人", "保管人编号"
RESOLUTION, HOURS, STORAGE = "分辨率", "电池时长（小时）", "存储容量（GB）"
NO_DELETE, PROOF, BOUGHT = "设备上不能删除", "防爆", "购置日期"
COLUMNS: Final = (
    *(SERIAL, KIND, MODEL, UNIT, KEEPER, KEEPER_NO),
    *(RESOLUTION, HOURS, STORAGE, NO_DELETE, PROOF, BOUGHT),
)
_HEAD_WITHIN = 10  # rows: a title and a note may stand above the heads
_YES, _NO = (
    {"是", "有", "能", "√", "1", "y", "yes", "true"},
    {"否", "无", "没有", "×", "0", "n", "no", "false"},
)


@dataclass(frozen=True)
class Line:
    """One row of the table: its number there, its serial, the verdict, and a sentence for the person."""

    number: int
    serial: str
    verdict: str
    sentence: str
    told: dict[str, Any] = field(default_factory=dict)


class _Wrong(Exception):
    """What is wrong with a row, as a sentence that says what to do."""


def plan(rows: Sequence[Sequence[str]], person: Account, at: datetime) -> list[Line]:
    """What each row would do. Raises UsageError where no row of heads is found."""
    head, columns = _heads(rows)
    registers = _Registers(person, at)
    seen: dict[str, int] = {}
    lines = []
    for number, row in enumerate(rows[head + 1 :], start=head + 2):
        cells = {name: row[place] if place < len(row) else "" for name, place in columns.items()}
        if any(cells.values()):
            lines.append(_line(number, cells, registers, seen))
    return lines


def carry_out(lines: Sequence[Line], *, by: Account, at: datetime) -> list[Device]:
    """Register what is new; all of it or nothing. Raises what register_device raises."""
    with publish.batched(), transaction.atomic():
        return [
            register_device(**line.told, compared=True, by=by, at=at) for line in lines if line.verdict == NEW
        ]


def _heads(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    for number, row in enumerate(rows[:_HEAD_WITHIN]):
        places = {text.strip(): place for place, text in reversed(list(enumerate(row)))}
        if SERIAL in places and KIND in places:
            return number, {name: places[name] for name in COLUMNS if name in places}
    raise UsageError(
        f"前 {_HEAD_WITHIN} 行里没有找到列名“{SERIAL}”和“{KIND}”。",
        remedy="请下载模板，按模板的列名填写；也可以用导出的设备登记簿修改后再导入。",
        code="no_heads",
    )


class _Registers:
    """What the office has, read once a table."""

    def __init__(self, person: Account, at: datetime) -> None:
        units = list(units_of(person, at).order_by("code"))
        self.units = {one.name: one for one in reversed(units)} | {one.code: one for one in units}
        self.first_unit = person.unit or (units[0] if len(units) == 1 else None)
        officers = list(officers_of(person, at).filter(left_on__isnull=True))
        self.by_number = {one.staff_no: one for one in officers}
        self.by_name: dict[str, list[Officer]] = {}
        for one in officers:
            self.by_name.setdefault(one.name, []).append(one)
        self.devices = {one.serial: one for one in visible_to(person, at)}
        self.alike = {looks_alike(serial): serial for serial in self.devices}
        self.at = at
        self.kinds = {label: value for value, label in Device.Kind.choices}
        self.kinds |= {value: value for value in Device.Kind.values}


def _line(number: int, cells: dict[str, str], registers: _Registers, seen: dict[str, int]) -> Line:
    serial = cells[SERIAL]
    shown = serial[:40] + ("…" if len(serial) > 40 else "")
    told, wrongs = _told(cells, registers)
    like = looks_alike(serial)
    if serial and like in seen:
        wrongs.append(f"序列号与第 {seen[like]} 行重复。请只留一行。")
    elif serial and serial not in registers.devices and like in registers.alike:
        wrongs.append(f"序列号与已登记的 {registers.alike[like]} 只是大小写或全角半角不同。请核对机身标签。")
    if wrongs:
        return Line(number, shown, WRONG, "".join(wrongs))
    seen[like] = number
    there = registers.devices.get(serial)
    if there is None:
        return Line(number, shown, NEW, "将登记。", told)
    differs = _differences(there, told, cells)
    if differs:
        said = f"已登记，{'、'.join(differs)}与登记不同；导入不改已有的登记，请用“更正登记”写明理由。"
        return Line(number, shown, OTHER, said)
    return Line(number, shown, SAME, "已登记，内容相同，不再登记。")


def _told(cells: dict[str, str], registers: _Registers) -> tuple[dict[str, Any], list[str]]:
    """What register_device is given, and a sentence for each thing that is wrong; all of them, not the first alone."""
    formulas = [name for name, text in cells.items() if isinstance(text, Formula)]
    if formulas:
        columns = "”“".join(formulas)
        return {}, [f"“{columns}”是公式。请改成文字或数字（复制后选择性粘贴为数值）。"]
    wrongs: list[str] = []

    def take(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except _Wrong as wrong:
            wrongs.append(str(wrong))
        except UsageError as error:
            wrongs.append(f"{error.message}{error.remedy}")
        return None

    model = cells.get(MODEL, "")
    take(lambda: check_words(cells[SERIAL], model))
    told = {
        "kind": take(lambda: _kind(cells, registers)),
        "unit": take(lambda: _unit(cells.get(UNIT, ""), registers)),
        "serial": cells[SERIAL],
        "model": model,
        "keeper": take(lambda: _keeper(cells, registers)),
    }
    norm = Norm(
        resolution=written_resolution(cells.get(RESOLUTION, "")),
        battery_hours=take(lambda: _whole(cells, HOURS)),
        storage_gb=take(lambda: _whole(cells, STORAGE)),
        no_delete=take(lambda: _yes_or_no(cells, NO_DELETE)),
        explosion_proof=take(lambda: _yes_or_no(cells, PROOF)),
        bought_on=take(lambda: _day(cells)),
    )
    take(norm.checked)
    take(lambda: require_bought(norm, registers.at))
    return {**told, "norm": norm}, wrongs


def _kind(cells: dict[str, str], registers: _Registers) -> Device.Kind:
    kind = registers.kinds.get(cells[KIND])
    if kind is None:
        known = "、".join(Device.Kind.labels)
        raise _Wrong(f"没有种类“{_short(cells[KIND])}”。可用：{known}。")
    return Device.Kind(kind)


def _unit(text: str, registers: _Registers) -> Unit:
    if not text and registers.first_unit:
        return registers.first_unit
    found = registers.units.get(text)
    if found is None:
        raise _Wrong(f"没有科室“{_short(text)}”。请填写科室名称或代码，与“科室”登记一致。")
    return found


def _keeper(cells: dict[str, str], registers: _Registers) -> Officer | None:
    name, number = cells.get(KEEPER, ""), cells.get(KEEPER_NO, "")
    if number:
        found = registers.by_number.get(number)
        if found is None or (name and found.name != name):
            raise _Wrong(f"没有人员编号 {_short(number)}，或与姓名不符。请核对“执法人员”登记。")
        return found
    if not name:
        return None
    named = registers.by_name.get(name) or (
        [registers.by_number[name]] if name in registers.by_number else []
    )
    if not named:
        raise _Wrong(f"没有在职的执法人员“{_short(name)}”。请先登记该人员，或留空。")
    if len(named) > 1:
        raise _Wrong(f"有 {len(named)} 位“{_short(name)}”。请在“{KEEPER_NO}”列填写人员编号。")
    return named[0]


def _whole(cells: dict[str, str], name: str) -> int | None:
    text = cells.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise _Wrong(f"“{name}”应为整数，现为“{_short(text)}”。不清楚的留空。")
    return int(text)


def _yes_or_no(cells: dict[str, str], name: str) -> bool | None:
    text = cells.get(name, "").lower()
    if text in _YES or text in _NO:
        return text in _YES
    if text:
        raise _Wrong(f"“{name}”应填“是”或“否”，现为“{_short(text)}”。不清楚的留空。")
    return None


def _day(cells: dict[str, str]) -> Any:
    try:
        return as_date(cells.get(BOUGHT, ""))
    except (ValueError, OverflowError):
        raise _Wrong(
            f"“{BOUGHT}”不是日期：“{_short(cells[BOUGHT])}”。请写成 2026-11-20；不清楚的留空。"
        ) from None


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"


_COMPARED: tuple[tuple[str, Callable[[Device], Any], Callable[[dict[str, Any]], Any]], ...] = (
    (KIND, lambda row: row.kind, lambda told: str(told["kind"])),
    (MODEL, lambda row: row.model, lambda told: told["model"]),
    (UNIT, lambda row: row.unit_id, lambda told: told["unit"].pk),
    (KEEPER, lambda row: row.keeper_id, lambda told: told["keeper"].pk if told["keeper"] else None),
    (RESOLUTION, lambda row: row.resolution, lambda told: told["norm"].resolution),
    (HOURS, lambda row: row.battery_hours, lambda told: told["norm"].battery_hours),
    (STORAGE, lambda row: row.storage_gb, lambda told: told["norm"].storage_gb),
    (NO_DELETE, lambda row: row.no_delete, lambda told: told["norm"].no_delete),
    (PROOF, lambda row: row.explosion_proof, lambda told: told["norm"].explosion_proof),
    (BOUGHT, lambda row: row.bought_on, lambda told: told["norm"].bought_on),
)


def _differences(there: Device, told: dict[str, Any], cells: dict[str, str]) -> list[str]:
    """Names of the columns in which the row says something else than the register; an absent column says nothing."""
    return [name for name, ours, theirs in _COMPARED if name in cells and ours(there) != theirs(told)]
