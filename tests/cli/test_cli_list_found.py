# ruff: noqa: F811 (fixtures are imported by name)
"""list with conditions: what it finds, where it goes on, and how it refuses."""

from __future__ import annotations

import pytest
from cli.cli_terminal import Terminal, liuhen  # noqa: F401
from storage.storage_homes import stocked, stocked_homes  # noqa: F401
from storage.storage_office import CLIP, recording_of

ME = ("--by", "custodian", "--json")


def names(said) -> list[str]:
    return [row["name"] for row in said.document]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--search", "询问"], ["张三询问.txt"]),
        (["--search", "lym"], [CLIP]),
        (["--search", "待归属 询问"], ["张三询问.txt"]),
        (["--officer", "100001"], [CLIP]),
        (["--device", "4701A01", "--state", "stored"], [CLIP]),
        (["--unit", "350582000001", "--from", "2026-07-16", "--to", "2026-07-16"], [CLIP]),
        (["--from", "2026-07-17", "--to", "2026-07-18"], []),
        (["--search", "没有这样的文件"], []),
    ],
)
def test_conditions_narrow(stocked, liuhen: Terminal, words, found):
    said = liuhen("list", *words, *ME)
    assert (said.status, names(said)) == (0, found)


def test_a_long_list_goes_on_after_the_last_one(stocked, liuhen: Terminal):
    whole = liuhen("list", *ME).document
    first = liuhen("list", "--limit", "2", *ME).document
    rest = liuhen("list", "--after", first[-1]["number"], *ME).document
    assert first + rest == whole


def test_after_something_that_is_not_yours_is_not_found(stocked, liuhen: Terminal):
    said = liuhen("list", "--after", recording_of().number, "--by", "stranger", "--json")
    assert (said.status, said.document["error"]["code"]) == (1, "not_found")


@pytest.mark.parametrize(
    "words",
    [["--limit", "0"], ["--limit", "x"], ["--from", "2026-02-30"], ["--state", "lost"], ["--to", "昨天"]],
)
def test_a_wrong_condition_is_wrong_usage(stocked, liuhen: Terminal, words):
    assert liuhen("list", *words, *ME).status == 2


def test_an_unknown_officer_is_said(stocked, liuhen: Terminal):
    said = liuhen("list", "--officer", "999999", *ME)
    assert (said.status, said.document) == (0, [])
    assert "999999" in said.err


def test_lists_can_be_made_again_at_the_terminal(stocked, liuhen: Terminal):
    said = liuhen("rebuild", "--lists", "--json")
    assert (said.status, said.document) == (0, {"recordings": 6})
    assert names(liuhen("list", "--search", "询问", *ME)) == ["张三询问.txt"]
