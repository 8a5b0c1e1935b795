"""Two ingests at once, in two processes: nothing twice, no number twice, and a clear answer to whoever waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ingest_office import assert_sound, everything_on_the_card_is_stored, numbers
from simulators.cards import SimCard

from liuhen.base.recordings.models import Recording

pytestmark = pytest.mark.slow


def _start(home: Path, card: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "liuhen.cli.main", "ingest", str(card), "--by", "custodian", "--json"]
    environment = {**os.environ, "LIUHEN_HOME": str(home)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _together(home: Path, *cards: Path) -> list[tuple[int, dict]]:
    from django.db import connection

    connection.close()
    running = [_start(home, card) for card in cards]
    told = [process.communicate(timeout=300) for process in running]
    for out, err in told:
        assert out, err.decode()
    return [(process.returncode, json.loads(out)) for process, (out, _) in zip(running, told, strict=True)]


def test_two_different_cards_at_once_are_both_taken_in(home, people, tmp_path):
    cards = []
    for letter in "ab":
        card = SimCard(tmp_path, letter)
        for place in range(25):
            card.file(f"{letter}{place:02d}.bin", f"{letter}{place}".encode() * 50)
        cards.append(card.root)
    answers = _together(home, *cards)
    assert [status for status, _ in answers] == [0, 0]
    assert all(answer["released"] for _, answer in answers)
    assert len({answer["receipt"] for _, answer in answers}) == 2
    assert numbers(people.custodian.agency) == list(range(1, 51))
    assert_sound(people.custodian.agency)


def test_two_cards_with_the_same_content_at_once_store_it_once(home, people, tmp_path):
    cards = []
    for letter in "ab":
        card = SimCard(tmp_path, letter)
        for place in range(25):
            card.file(f"{letter}{place:02d}.bin", f"the same {place}".encode() * 50)
        cards.append(card)
    answers = _together(home, *(card.root for card in cards))
    for _, answer in answers:
        for file in answer["files"]:
            assert file["state"] in ("stored", "already") or "另一张卡" in file["reason"]
    states = [file["state"] for _, answer in answers for file in answer["files"]]
    assert states.count("stored") == 25
    assert Recording.objects.count() == 25
    assert_sound(people.custodian.agency)
    for status, answer in _together(home, cards[0].root) + _together(home, cards[1].root):
        assert (status, answer["released"]) == (0, True)
    for card in cards:
        assert everything_on_the_card_is_stored(people.custodian.agency, card.root)
    assert_sound(people.custodian.agency)


def test_one_card_in_two_processes_is_taken_in_by_one(home, people, tmp_path):
    card = SimCard(tmp_path)
    for place in range(40):
        card.file(f"{place:02d}.bin", os.urandom(1000))
    answers = _together(home, card.root, card.root)
    statuses = sorted(status for status, _ in answers)
    told = [answer.get("error", {}).get("code") for _, answer in answers]
    assert statuses in ([0, 0], [0, 1])  # the second may come after the first has ended
    assert statuses == [0, 0] or "card_busy" in told
    assert Recording.objects.count() == 40
    assert_sound(people.custodian.agency)
