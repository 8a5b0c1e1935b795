"""Profiles are data: what is accepted, what is refused, and that the shipped ones keep their promises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liuhen.core.cards.check import check_profile, example_differences
from liuhen.core.cards.errors import ProfileError
from liuhen.core.cards.names import read_name
from liuhen.core.cards.patterns import compile_pattern
from liuhen.core.cards.profile import BUILT_IN, load_profiles, zone_of

OURS = r"""
id: ours
title: 本局新设备
source: 2026 年采购，实物核对
patterns:
  - regex: 'N(?P<serial>\d{5})-(?P<ts>\d{14})\.(?P<ext>mp4)'
examples:
  - name: N00042-20260716093000.mp4
    expect: {serial: "00042", taken_at: "2026-07-16T09:30:00+08:00", kind: video}
"""


def _write(folder, text, name="50-ours.yaml"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_profiles_have_no_finding():
    assert check_profile(BUILT_IN) == []


def test_the_shipped_examples_hold_when_all_profiles_are_asked_at_once():
    profiles = load_profiles()
    for profile in profiles:
        for sample in profile.examples:
            if sample.expect.matches:
                assert read_name(sample.name, profiles).profile_id == profile.id, sample.name
                assert example_differences(sample, profiles) == []


def test_every_profile_that_is_not_established_says_so():
    assert "[K?]" in next(p for p in load_profiles() if p.id == "ga-t-947").source


def test_the_offices_own_profile_is_asked_first_and_replaces_a_built_in_one_of_the_same_id(tmp_path):
    _write(tmp_path, OURS)
    profiles = load_profiles([BUILT_IN, tmp_path])
    assert profiles[0].id == "ours"
    assert len(profiles) == len(load_profiles()) + 1
    _write(tmp_path, OURS.replace("id: ours", "id: ga-t-947"))
    replaced = load_profiles([BUILT_IN, tmp_path])
    assert [p.title for p in replaced if p.id == "ga-t-947"] == ["本局新设备"]


def test_a_folder_that_is_not_there_holds_no_profiles(tmp_path):
    assert len(load_profiles([BUILT_IN, tmp_path / "profiles"])) == len(load_profiles())


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("profile_invalid", ("title:", "titel:")),
        ("profile_invalid", ("id: ours", "id: Our's")),
        ("profile_invalid", ("(?P<serial>", "(?P<colour>")),
        ("profile_invalid", (r"\d{5}", "(a+)+")),
        ("profile_invalid", (r"\d{5}", "(")),
        ("profile_invalid", ("source:", "zone: Shanghai\nsource:")),
        ("profile_unreadable", ("id: ours", "id: [")),
        ("profile_unreadable", ("id: ours", "id: ours\nid: twice")),
        ("example_failed", ('serial: "00042"', 'serial: "00043"')),
        ("example_failed", ("N00042-", "M00042-")),
        ("no_example", (OURS[OURS.index("examples:") :], "")),
    ],
)
def test_a_faulty_profile_is_named_with_its_fault(tmp_path, code, change):
    path = _write(tmp_path, OURS.replace(*change))
    findings = check_profile(path)
    assert {finding.code for finding in findings} == {code}
    assert all(path.name in finding.message for finding in findings)


def test_a_card_is_not_read_by_faulty_profiles(tmp_path):
    _write(tmp_path, OURS.replace("title:", "titel:"))
    with pytest.raises(ProfileError, match=r"50-ours\.yaml.*怎么办"):
        load_profiles([BUILT_IN, tmp_path])


def test_bytes_that_are_not_utf_8_are_a_finding(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"id: \xff\xfe")
    assert [finding.code for finding in check_profile(path)] == ["profile_unreadable"]
    path.write_bytes(b"#" * 300_000)
    assert [finding.code for finding in check_profile(path)] == ["profile_unreadable"]


def test_one_id_twice_in_a_folder_is_refused_and_found(tmp_path):
    _write(tmp_path, OURS)
    _write(tmp_path, OURS, "60-again.yaml")
    assert [finding.code for finding in check_profile(tmp_path)] == ["profile_duplicate"]
    with pytest.raises(ProfileError, match="ours"):
        load_profiles([tmp_path])


def test_files_that_a_computer_left_beside_a_profile_are_not_profiles(tmp_path):
    _write(tmp_path, OURS)
    _write(tmp_path, "\0\5\x16\7", "._50-ours.yaml")
    assert [profile.id for profile in load_profiles([tmp_path])] == ["ours"]
    assert check_profile(tmp_path) == []


def test_a_path_that_does_not_exist_is_a_finding(tmp_path):
    assert [finding.code for finding in check_profile(tmp_path / "x")] == ["profile_missing"]


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+b",
        "(a|aa)+b",
        "(a|b|ab)*c",
        "a*a*a*b",
        "[a-z]+[a-z]+x",
        r"(?P<serial>.+)_(?P<officer>.+)",
        r"(\d{1,3}){12}",
        "(a?){25}a{25}",
        r"(a)\1",
        "(?=a)b",
        "(?i)a",
        "(?!a)b",
        "a+?",
        "a++",
        r"\bword",
        "[a",
        "[]a]+",
        "[^]a]+",
        "[[a]]",
        "[a--b]",
        "(?P<nobody>a)",
        r"(?P<ts>\d{14})(?P<ms>\d{13})",
        r"(?P<date>\d{8})",
    ],
)
def test_a_pattern_that_could_be_slow_or_strange_is_refused(text):
    with pytest.raises(ValueError):
        compile_pattern(text)


@pytest.mark.parametrize(
    "text", ["a+b", "(?:a|b)_?c", "[^_]{1,32}_[^_]{1,32}", r"\.[)(]\(", "(ab)*c", "", "a|"]
)
def test_plain_patterns_are_accepted(text):
    assert compile_pattern(text).pattern == text


@settings(max_examples=60)
@given(st.text(alphabet="ab(|)*+?{}1,2[]\\d", max_size=14), st.text(alphabet="ab1", max_size=255))
def test_whatever_is_accepted_answers(text, name):
    try:
        pattern = compile_pattern(text)
    except ValueError:
        return
    pattern.fullmatch(name + "!")


def test_zones_are_fixed_offsets():
    assert zone_of("UTC").utcoffset(None).total_seconds() == 0
    assert zone_of("-03:30").utcoffset(None).total_seconds() == -3.5 * 3600
