"""What names say: the shipped profiles, and any text at all."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liuhen.core.cards.names import kind_of, read_name
from liuhen.core.cards.profile import Profile, built_in_profiles

PROFILES = built_in_profiles()
NAME = "A000001_000012_20260716093000_0001.mp4"


def test_a_recorders_name_gives_device_officer_time_and_sequence():
    facts = read_name(PurePosixPath("DCIM/20260716") / NAME, PROFILES)
    assert facts.profile_id == "ga-t-947"
    assert (facts.serial, facts.officer, facts.sequence) == ("A000001", "000012", 1)
    assert facts.taken_at == datetime(2026, 7, 16, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    assert (facts.zone, facts.raw_ts, facts.kind) == ("+08:00", "20260716093000", "video")
    assert not facts.key_file
    assert facts.findings == ()


def test_the_key_file_mark_is_read_in_either_case():
    assert read_name(NAME.replace("_0001", "_0001_imp"), PROFILES).key_file


@pytest.mark.parametrize(
    "ts", ["20261340093000", "20260229000000", "20260716246000", "00000000000000", "99991231235959"]
)
def test_an_impossible_date_leaves_the_rest_of_the_name_standing(ts):
    facts = read_name(f"A000001_000012_{ts}_0001.mp4", PROFILES)
    assert facts.taken_at is None
    assert facts.raw_ts == ts
    assert facts.serial == "A000001"
    assert [finding.code for finding in facts.findings] == ["impossible_name_time"]
    assert ts in facts.findings[0].message


def test_a_name_nobody_knows_is_only_a_kind():
    facts = read_name("开会通知（最终版）.MP4", PROFILES)
    assert facts.profile_id is None
    assert facts.serial is None
    assert facts.kind == "video"


def test_the_folder_decides_between_two_profiles_that_both_fit():
    name = "SEG_1784165400123.mp4"
    assert read_name(f"FalconOne/buffer/{name}", PROFILES).profile_id == "falconone"
    assert read_name(f"falconone/BUFFER/{name}", PROFILES).profile_id == "falconone"
    assert read_name(name, PROFILES).profile_id == "rv1126"
    assert read_name("VID_20260101_120000.mp4", PROFILES).profile_id == "phone"


def test_of_two_profiles_that_fit_alike_the_first_asked_is_taken():
    one, other = (
        Profile.model_validate(
            {"id": name, "title": "t", "source": "s", "patterns": [{"regex": r"X(?P<seq>\d+)\.mp4"}]}
        )
        for name in ("one", "other")
    )
    assert read_name("X1.mp4", [one, other]).profile_id == "one"
    assert read_name("X1.mp4", [other, one]).profile_id == "other"


def test_an_incident_folder_makes_its_files_key_files():
    assert read_name("incidents/INC_20260716_093000/IMG_1784165400123.jpg", PROFILES).key_file
    assert not read_name("incidents/IMG_1784165400123.jpg", PROFILES).key_file


def test_full_width_digits_are_not_taken_for_digits():
    assert read_name(NAME.replace("0001.", "０００１."), PROFILES).profile_id is None


def test_a_name_past_the_limit_is_not_matched():
    loose = Profile.model_validate(
        {"id": "loose", "title": "t", "source": "s", "patterns": [{"regex": "(?P<serial>A+)"}]}
    )
    assert read_name("A" * 255, [loose]).serial == "A" * 255
    assert read_name("A" * 256, [loose]).profile_id is None


@pytest.mark.parametrize(
    ("name", "kind"), [("a.MP4", "video"), ("..mp4", "video"), ("a.wav", "audio"), ("a.JPEG", "photo")]
)
def test_the_kind_follows_the_extension(name, kind):
    assert kind_of(name) == kind


@pytest.mark.parametrize("name", ["", "a", ".mp4", "a.", "a.exe", "mp4"])
def test_without_a_known_extension_the_kind_is_other(name):
    assert kind_of(name) == "other"


@settings(max_examples=60)
@given(st.text(max_size=300))
@example("")
@example("/")
@example("..")
@example("a\0b")
@example("\ud800.mp4")
def test_no_text_makes_it_raise(text):
    facts = read_name(text, PROFILES)
    assert facts.taken_at is None or facts.taken_at.tzinfo is not None


@settings(max_examples=60)
@given(st.one_of(*(st.from_regex(p.regex, fullmatch=True) for profile in PROFILES for p in profile.patterns)))
def test_no_name_that_fits_a_shipped_pattern_makes_it_raise(name):
    facts = read_name(name, PROFILES)
    if len(name) <= 255 and name.isascii() and "/" not in name:
        assert facts.profile_id is not None
    if facts.taken_at is not None:
        facts.taken_at.astimezone(timezone.utc)  # noqa: UP017
        assert 1970 <= facts.taken_at.year < 2200
    else:
        assert bool(facts.findings) == bool(facts.raw_ts)
