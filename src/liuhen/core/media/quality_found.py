"""What the figures of quality.py and peaks.py say to a person: dark, blurred, covered, frozen, silent, low resolution.

- A false alarm costs more than a miss: every threshold lies well away from what ordinary scenes measure, and a finding
  prints its figure, so that whoever looks can disagree.
- A stretch counts when it is long enough, or is all there is; one picture alone counts only for a photograph.
- Key pictures may stand far apart: nothing is said of the time between that no picture speaks for.
- A picture is told by one word: what is dark is neither covered nor blurred, what is covered is not blurred; only where
  something can be seen can it stand still.
- Pure figures in, findings out: with other thresholds no film need be decoded again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .findings import Finding, finding

CODES = frozenset({"dark", "blurred", "covered", "frozen", "silent", "low_resolution"})

# 19 parts of 20 of the middle, and 9 of 10 of the whole, are darker than this (of 255), and so is the mean: a person
# sees nothing on an office screen. A street at night with lamps, a face by torch light reach far above.
DARK_BRIGHT, DARK_LUMA = 32, 24
# Nine patches of ten without texture and hardly any contrast. A wall, a hand, a cloth; fog at sea has more.
COVERED_FLAT, COVERED_RANGE = 0.9, 48
# Our real films and photographs, a thermal camera's and a 3GP of 176 pixels included, measure 0.35 to 0.8; the same ones
# softened by a Gauss of 1 % of the picture's width about 0.2, of 2 % about 0.15. Faces cannot be told apart then.
BLURRED_SHARP = 0.2
# Of the pixels, equal to the last digit. A scene at rest keeps its noise; a sensor that hangs gives the same again.
FROZEN_SAME, FROZEN_SECONDS = 0.98, 10.0
SECONDS = 5.0  # a hand before the lens, a turn of the body: shorter ones are part of the work
VOUCHES = (
    3.0  # seconds that one picture speaks for, or one and a half distances of those asked for if that is more
)
SILENT_PEAK = -66.0  # dBFS, as in peaks.py
SILENT_SECONDS = 30.0
LINES = 720  # of the shorter side: high definition begins there (AK annex 1, article 3 asks for 高清, without a figure)


@dataclass(frozen=True)
class Stretch:
    """Seconds after the start; `figure` is the middle one of its pictures."""

    start: float
    end: float
    pictures: int
    figure: float
    whole: bool

    @property
    def length(self) -> float:
        return self.end - self.start

    def counts(self, seconds: float, pictures: int) -> bool:
        return self.length >= seconds and self.pictures >= pictures


def quality_findings(
    quality: dict[str, Any] | None,
    seconds: float | None,
    *,
    size: tuple[int, int] | None = None,
    lines: int = LINES,
) -> list[Finding]:
    """Findings of one film, sound or photograph; `quality` as the preview tells it, None or empty for older ones.

    `size`: width and height of a film, where its resolution is to be judged by `lines`.
    """
    found = []
    pictures = (quality or {}).get("pictures")
    if pictures and pictures["at"]:
        found += _pictures(pictures, seconds)
    sound = (quality or {}).get("sound")
    if sound:
        found += _sound(sound)
    if quality and size and 0 < min(size) < lines:
        found.append(finding("low_resolution", width=size[0], height=size[1], lines=lines))
    return found


def _pictures(pictures: dict[str, Any], seconds: float | None) -> list[Finding]:
    names = [name for name, value in pictures.items() if isinstance(value, list)]
    columns = (pictures[name] for name in names)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    film = _Film(pictures["at"], max(pictures["every"], 1.0), seconds or 0.0)
    words = [_word(row) for row in rows]
    found = []
    for code, figure in (("dark", "luma"), ("covered", "range"), ("blurred", "sharp")):
        runs = film.runs([word == code for word in words], pictures[figure])
        found += _told(code, film, [run for run in runs if run.whole or run.counts(SECONDS, 2)])
    runs = film.runs(*_stands_still(rows))
    return found + _told("frozen", film, [run for run in runs if run.counts(FROZEN_SECONDS, 3)])


@dataclass(frozen=True)
class _Film:
    """When its pictures were seen, at which distance they were asked for, and how long it is (0 for a photograph)."""

    at: Sequence[float]
    every: float
    seconds: float

    def runs(self, hits: Sequence[bool], figures: Sequence[float | None]) -> list[Stretch]:
        """Hits one after the other with no time between them that no picture speaks for."""
        runs: list[list[int]] = []
        for number, hit in enumerate(hits):
            if hit and runs and runs[-1][-1] == number - 1 and self._meets(number - 1):
                runs[-1].append(number)
            elif hit:
                runs.append([number])
        return [self._stretch(run, [figures[one] for one in run]) for run in runs]

    def _meets(self, number: int) -> bool:
        """Does this picture speak for all the time until the next one, or the end?"""
        return self._next(number) - self.at[number] <= max(VOUCHES, 1.5 * self.every)

    def _next(self, number: int) -> float:
        return self.at[number + 1] if number + 1 < len(self.at) else max(self.seconds, self.at[number])

    def _stretch(self, run: list[int], figures: list[float | None]) -> Stretch:
        first, last = run[0], run[-1]
        known = sorted(figure for figure in figures if figure is not None)
        enough = len(run) > 1 or self.seconds == 0  # a film's first picture is often a black or a white one
        whole = len(run) == len(self.at) and enough and self._meets(last)
        end = self._next(last) if whole else min(self._next(last), self.at[last] + self.every)
        return Stretch(self.at[first], end, len(run), known[len(known) // 2] if known else 0.0, whole)


def _stands_still(rows: Sequence[dict[str, Any]]) -> tuple[list[bool], list[float | None]]:
    """A picture is held against the one before it: two that are equal stand still, the first as well as the second."""
    equal = [_is_still(row) for row in rows] + [False]
    hits = [equal[number] or equal[number + 1] for number in range(len(rows))]
    return hits, [row["same"] if _is_still(row) else None for row in rows]


def _word(row: dict[str, Any]) -> str | None:
    if row["bright"] < DARK_BRIGHT and row["luma"] < DARK_LUMA:
        return "dark"
    if row["flat"] >= COVERED_FLAT and row["range"] < COVERED_RANGE:
        return "covered"
    if row["sharp"] is not None and row["sharp"] < BLURRED_SHARP:
        return "blurred"
    return None


def _is_still(row: dict[str, Any]) -> bool:
    return row["same"] is not None and row["same"] >= FROZEN_SAME and _word(row) in (None, "blurred")


def _sound(sound: dict[str, Any]) -> list[Finding]:
    seconds, peak = sound["seconds"], sound["peak"]
    if peak is None or peak < SILENT_PEAK:
        said = "，没有任何信号" if peak is None else f"，最响处 {peak:g} dBFS"
        one = finding("silent", where="整段", figure=said, stretches=[[0.0, seconds]])
        return [one]
    long = [pair for pair in sound["silent"] if pair[1] - pair[0] >= SILENT_SECONDS]
    if not long:
        return []
    where = _places(long)
    return [finding("silent", where=where, figure=f"，低于 {SILENT_PEAK:g} dBFS", stretches=long)]


_FIGURES: dict[str, Callable[[float], str]] = {
    "dark": lambda value: f"平均亮度 {value:g}（满 255）",
    "covered": lambda value: f"明暗差 {value:g}（满 255），几乎没有纹理",
    "blurred": lambda value: f"清晰度 {value:.2f}（一般在 0.35 以上）",
    "frozen": lambda value: f"{value:.0%} 的像素完全相同",
}


def _told(code: str, film: _Film, stretches: list[Stretch]) -> list[Finding]:
    if not stretches:
        return []
    worst = max(stretches, key=lambda one: one.length)
    pairs = [[round(one.start, 3), round(one.end, 3)] for one in stretches]
    where = "整段" if worst.whole else _places(pairs)
    return [
        finding(
            code,
            where="整幅" if film.seconds == 0 else where,
            figure=_FIGURES[code](worst.figure),
            seen=len(film.at),
            stretches=pairs,
        )
    ]


_NAMED = 5


def _places(pairs: Sequence[Sequence[float]]) -> str:
    """约 0:12 至 0:40、1:05 至 1:30，"""
    said = "、".join(f"{_clock(start)} 至 {_clock(end)}" for start, end in pairs[:_NAMED])
    more = f"等 {len(pairs)} 处" if len(pairs) > _NAMED else ""
    return f"约 {said}{more}，"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}"
