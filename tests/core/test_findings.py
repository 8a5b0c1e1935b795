"""Findings as data: sentence, figures, and a code table in which nothing is dead."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from liuhen.core import findings
from liuhen.core.findings import MUST, found, length_in_words
from liuhen.core.findings_words import WORDS

CORE = Path(findings.__file__).parent


def test_a_finding_keeps_its_figures_and_tells_them_in_words() -> None:
    moment = datetime(2026, 3, 13, 1, 0, tzinfo=UTC)
    one = found(
        "late_start", MUST, article="5", start=moment, end=moment, seconds=65.0, lacking="未记录的说明"
    )
    assert "2026-03-13 09:00:00 到场" in one.text
    assert "晚 1 分 05 秒" in one.text
    told = json.loads(json.dumps(one.as_json()))
    assert told["params"]["start"] == "2026-03-13T01:00:00+00:00"
    assert (told["code"], told["severity"], told["article"]) == ("late_start", "MUST", "5")
    assert told["remedy"]


def test_a_code_without_words_and_a_missing_figure_are_mistakes_of_ours() -> None:
    with pytest.raises(KeyError):
        found("no_such_code", MUST)
    with pytest.raises(KeyError):
        found("late_start", MUST)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.325344, "0.33 秒"),
        (2.0, "2 秒"),
        (-59.994, "59.99 秒"),
        (60, "1 分 00 秒"),
        (-79108.24, "21 小时 58 分 28 秒"),
        (3599.7, "1 小时 00 分 00 秒"),
    ],
)
def test_lengths_in_words(seconds: float, words: str) -> None:
    assert length_in_words(seconds) == words


def test_every_code_is_found_by_somebody_and_every_one_found_has_words() -> None:
    files = [*CORE.glob("field/*.py"), CORE / "media" / "continuity.py", CORE / "media" / "junctions.py"]
    stages = CORE.parent / "stages"
    files += [stages / "equipment" / "selectors.py", stages / "fieldwork" / "checks.py"]
    quoted = {code for file in files for code in re.findall(r'"([a-z_]+)"', file.read_text("utf-8"))}
    named = {code for file in files for code in re.findall(r'found\(\s*"([a-z_]+)"', file.read_text("utf-8"))}
    assert set(WORDS) - quoted == set()
    assert named <= set(WORDS)
