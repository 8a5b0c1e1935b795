"""Figures as text for the terminal and as the reference page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Shape = dict[str, Any]

_HEAD = """# Performance, measured

<!-- Written by tests/bench/run.py (`make bench`); edit the bench, not this page. -->

What counts is the ratio to a yardstick of the same run: contestants take turns, the median stands, and the
machine is named. Absolute times say what this machine did on that day, no more. A load well above the number
of cores means that others worked on the machine meanwhile: what uses both cores then falls behind what uses
one. The goals are those of the project's speed page: "first step / goal".

"""


def as_text(figure: Shape) -> str:
    lines = [f"{figure['line']} · {figure['size']}"]
    lines += [f"    {_value(value, figure['unit']):>12}  {name}" for name, value in figure["rows"].items()]
    lines.append(f"    => {figure['ratio']}   [{figure['target']}]")
    if figure["memory"]:
        lines.append(f"    peak memory: {figure['memory']}")
    return "\n".join(lines)


def _value(value: float, unit: str) -> str:
    if unit == "s" and value < 0.1:
        return f"{value * 1000:.1f} ms"
    return f"{value:.2f} {unit}" if unit != "MB" else f"{value:.0f}"


def as_markdown(figures: list[Shape], facts: dict[str, str], scale: float, minutes: float) -> str:
    parts = [_HEAD, _run(facts, scale, minutes), _summary(figures)]
    for line in dict.fromkeys(figure["line"] for figure in figures):
        parts.append(_section(line, [figure for figure in figures if figure["line"] == line]))
    return "\n".join(parts)


def _run(facts: dict[str, str], scale: float, minutes: float) -> str:
    told = [f"- {name}: {value}" for name, value in facts.items()]
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    size = "the goals' own sizes" if scale == 1 else f"scale {scale:g} of the goals' sizes"
    return "\n".join(["## The run", "", f"- date: {when}, {minutes:.0f} minutes, {size}", *told, ""])


def _summary(figures: list[Shape]) -> str:
    rows = [
        "## In one table",
        "",
        "| work | size | result | first step / goal |",
        "| --- | --- | --- | --- |",
    ]
    rows += [f"| {one['line']} | {one['size']} | {one['ratio']} | {one['target']} |" for one in figures]
    return "\n".join([*rows, ""])


def _section(line: str, figures: list[Shape]) -> str:
    names = list(dict.fromkeys(name for figure in figures for name in figure["rows"]))
    sizes = [f"{figure['size']} (median of {figure['rounds']})" for figure in figures]
    rows = [
        f"## {line[0].upper()}{line[1:]}",
        "",
        f"| | {' | '.join(sizes)} |",
        "| --- |" + " --- |" * len(sizes),
    ]
    for name in names:
        values = [
            _value(figure["rows"][name], _unit(name, figure["unit"])) if name in figure["rows"] else ""
            for figure in figures
        ]
        rows.append(f"| {name} | {' | '.join(values)} |")
    if any(figure["memory"] for figure in figures):
        rows.append(f"| peak memory | {' | '.join(figure['memory'] for figure in figures)} |")
    notes = dict.fromkeys(note for figure in figures for note in figure["notes"])
    return "\n".join([*rows, "", *(f"- {note}" for note in notes), ""])


def _unit(name: str, unit: str) -> str:
    return "s" if name == "seconds" else unit
