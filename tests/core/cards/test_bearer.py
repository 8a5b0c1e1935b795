"""Whose card it is: the volume label, or a settings file in the card's root."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulators.cards import SimCard

from liuhen.core.cards.bearer import CardFacts, card_facts
from liuhen.core.cards.listing import list_card
from liuhen.core.cards.profile import built_in_profiles

PROFILES = built_in_profiles()
SETTINGS = "﻿; 设置\r\n[recorder]\r\n记录仪编号 = A000001\r\nUserNo: '000012'\r\n部门=执法一科\r\nempty=\r\n"


def _facts(card):
    return card_facts(card.root, list_card(card.root), PROFILES)


def test_a_card_that_says_nothing_gives_no_facts(tmp_path):
    assert _facts(SimCard(tmp_path).recording(1)) == CardFacts()


def test_the_volume_label_names_the_recorder(tmp_path):
    card = SimCard(tmp_path).file("files/data/1.mp4")
    listing = replace(list_card(card.root), volume_label="CAM01")
    assert card_facts(card.root, listing, PROFILES) == CardFacts(
        "tecsar", "CAM01", None, None, "volume_label"
    )
    assert card_facts(card.root, replace(listing, volume_label="USB"), PROFILES) == CardFacts()


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_settings_file_names_recorder_officer_and_unit(tmp_path, encoding):
    text = SETTINGS if encoding == "utf-8" else SETTINGS.removeprefix("﻿")
    facts = _facts(SimCard(tmp_path).file("Config.INI", text.encode(encoding)))
    assert facts == CardFacts("ini-card", "A000001", "000012", "执法一科", "Config.INI")


def test_a_setting_written_twice_counts_as_first_written(tmp_path):
    assert _facts(SimCard(tmp_path).file("a.ini", b"UserNo=000012\nUserNo=999999")).officer == "000012"


def test_a_settings_file_below_the_root_or_too_large_is_not_asked(tmp_path):
    card = (
        SimCard(tmp_path)
        .file("DCIM/a.ini", SETTINGS.encode())
        .file("b.ini", SETTINGS.encode() + b"\n" * 70_000)
    )
    assert _facts(card) == CardFacts()


def test_a_settings_file_that_cannot_be_read_says_nothing(tmp_path):
    card = SimCard(tmp_path).file("a.ini", SETTINGS.encode())
    listing = list_card(card.root)
    card.path("a.ini").unlink()
    assert card_facts(card.root, listing, PROFILES) == CardFacts()


def test_what_a_settings_file_says_cannot_disturb_a_terminal_or_grow(tmp_path):
    card = SimCard(tmp_path).file("a.ini", b"UserNo=\x1b[2J" + b"9" * 500)
    assert _facts(card).officer == "\\x1b[2J" + "9" * 60
