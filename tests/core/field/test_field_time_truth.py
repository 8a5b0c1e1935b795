"""Time truth of a recording: every claim side by side, one corrected time with method and confidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from core.field.field_office import ARRIVED

from liuhen.core.cards.names import read_name
from liuhen.core.cards.profile import built_in_profiles
from liuhen.core.field.offsets import Fix
from liuhen.core.field.time_truth import Claim, claims_of, difference_as_written, fix_of, time_truth
from liuhen.core.media.contract import blank
from liuhen.core.media.times import read_text

NAME = "A000001_000012_20260313090000_0001.mp4"  # 09:00 in Shanghai
LENGTH = 300.0


def claims(container: str | None, **more) -> list[Claim]:
    probe = blank(NAME, 1, "test") | {"duration": LENGTH, "kind": "video"}
    if container:
        probe["times"] = [read_text(container, "mvhd.creation_time", standard_utc=True)]
    name = read_name(NAME, built_in_profiles()) if more.pop("named", True) else None
    return claims_of(probe, name, **more)


def _codes(truth) -> list[str]:
    return [one.code for one in truth.findings]


def test_every_claim_keeps_its_raw_text_its_field_and_its_step() -> None:
    told = claims(
        "2026-03-13 01:00:00",
        modified_at=ARRIVED + timedelta(seconds=302),
        taken_in_at=ARRIVED + timedelta(hours=9),
    )
    assert [(one.source, one.raw, one.anchor) for one in told] == [
        ("file_name", "20260313090000", "start"),
        ("container", "2026-03-13 01:00:00", "start"),
        ("file_system", "2026-03-13T09:05:02+08:00", "end"),
        ("dock", "2026-03-13T18:00:00+08:00", "taken_in"),
    ]
    assert [one.resolution.total_seconds() for one in told] == [1, 1, 2, 1]
    truth = time_truth(told, LENGTH)
    assert truth.claims == tuple(told)
    assert (truth.start, truth.end, truth.findings) == (ARRIVED, ARRIVED + timedelta(seconds=LENGTH), ())
    assert (truth.method, truth.confidence) == ("as_said", "low")


def test_local_time_in_the_headers_utc_is_told_against_the_name() -> None:
    truth = time_truth(claims("2026-03-13 09:00:02"), LENGTH)
    (finding,) = truth.findings
    assert (finding.code, finding.params["hours"], finding.params["residue_seconds"]) == ("zone_error", 8, 2)
    assert truth.start == ARRIVED


def test_local_time_in_the_headers_utc_is_corrected_by_the_file_system() -> None:
    ended = ARRIVED + timedelta(seconds=LENGTH + 3)
    truth = time_truth(claims("2026-03-13 09:00:00", named=False, modified_at=ended), LENGTH)
    assert (truth.start, truth.offset, truth.method, truth.confidence) == (
        ARRIVED,
        8 * 3600,
        "zone_shift",
        "medium",
    )
    assert truth.said == ARRIVED + timedelta(hours=8)
    (finding,) = truth.findings
    assert (finding.code, finding.params["reference"]) == ("zone_error", "文件系统时间")


def test_a_copied_file_is_no_clock_error() -> None:
    copied = ARRIVED + timedelta(days=3, minutes=17)
    truth = time_truth(claims("2026-03-13 01:00:00", modified_at=copied), LENGTH)
    assert (truth.start, truth.findings) == (ARRIVED, ())


@pytest.mark.parametrize("hours", [1, 8])
def test_a_file_copied_whole_hours_later_is_no_zone_error(hours: int) -> None:
    copied = ARRIVED + timedelta(hours=hours, seconds=LENGTH)
    truth = time_truth(claims("2026-03-13 01:00:00", named=False, modified_at=copied), LENGTH)
    assert (truth.start, truth.method, truth.findings) == (ARRIVED, "as_said", ())


def test_one_fix_eight_hours_off_is_a_zone_error_against_the_satellites() -> None:
    said = ARRIVED + timedelta(hours=8)
    told = [
        Claim("container", "mvhd.creation_time", "x", "utc-by-standard", said),
        Claim("gps", "GPS DateStamp/TimeStamp", "y", "utc-by-standard", ARRIVED - timedelta(seconds=70)),
    ]
    truth = time_truth(told, 0)
    assert (truth.start, truth.method, truth.confidence) == (ARRIVED, "zone_shift", "medium")
    (finding,) = truth.findings
    assert (finding.params["reference"], finding.params["residue_seconds"]) == ("卫星时间", 70)


def test_a_header_written_at_the_end_is_taken_for_the_end() -> None:
    told = claims("2026-03-13 01:05:01")
    assert told[1].anchor == "end"
    assert time_truth(told, LENGTH).findings == ()


def test_a_name_and_a_header_that_contradict_each_other() -> None:
    (finding,) = time_truth(claims("2026-03-13 01:02:00"), LENGTH).findings
    assert (finding.code, finding.params["seconds"]) == ("times_disagree", 120)
    assert "文件名（20260313090000）" in finding.text


def test_a_reading_at_the_dock_corrects_and_overwrites_nothing() -> None:
    reading = Fix(ARRIVED + timedelta(hours=9, seconds=125), ARRIVED + timedelta(hours=9), "", "dock")
    truth = time_truth(claims(None), LENGTH, readings=[reading])
    assert truth.start == ARRIVED - timedelta(seconds=125)
    assert truth.said == ARRIVED
    assert (truth.method, truth.confidence, truth.offset) == ("dock_reading", "high", 125)
    assert _codes(truth) == ["clock_wrong"]
    assert "比服务器时间（2026-03-13 18:00 测读）快 2 分 05 秒" in truth.findings[0].text
    assert truth.read_at == reading.reference


def test_readings_that_contradict_each_other_are_told_and_the_nearest_stands() -> None:
    later = ARRIVED + timedelta(days=11)
    readings = [
        Fix(later + timedelta(seconds=-1), later, "", "dock"),
        Fix(later + timedelta(minutes=11 - 20), later + timedelta(minutes=11), "", "dock"),
        Fix(later + timedelta(minutes=15, seconds=-1), later + timedelta(minutes=15), "", "dock"),
    ]
    truth = time_truth(claims(None), LENGTH, readings=readings)
    assert (truth.start, truth.confidence, truth.read_at) == (ARRIVED, "low", later)
    assert "clock_unsteady" in _codes(truth)


def test_between_two_readings_that_contradict_each_other_nobody_can_tell() -> None:
    day = timedelta(days=1)
    readings = [
        Fix(ARRIVED - day, ARRIVED - day, "", "dock"),
        Fix(ARRIVED + day - timedelta(minutes=20), ARRIVED + day, "", "dock"),
    ]
    truth = time_truth(claims(None), LENGTH, readings=readings)
    assert (truth.start, truth.method, truth.confidence) == (ARRIVED, "as_said", "low")
    assert _codes(truth) == ["clock_unsteady"]


def test_a_reading_beats_the_satellites() -> None:
    reading = Fix(ARRIVED, ARRIVED, "", "dock")
    fixes = [Fix(ARRIVED + timedelta(minutes=n, hours=2), ARRIVED + timedelta(minutes=n)) for n in range(4)]
    assert time_truth(claims(None), LENGTH, readings=[reading], series=fixes).start == ARRIVED


def test_a_time_after_the_file_was_taken_in_is_impossible() -> None:
    told = claims(None, taken_in_at=ARRIVED - timedelta(hours=1))
    (finding,) = time_truth(told, LENGTH).findings
    assert (finding.code, finding.params["seconds"]) == ("from_the_future", 3600)


def test_without_any_believable_time_nothing_is_made_up() -> None:
    truth = time_truth(claims("1970-01-01 00:00:12", named=False), LENGTH)
    assert (truth.start, truth.method, truth.confidence) == (None, "unknown", "low")
    assert truth.claims[0].raw == "1970-01-01 00:00:12"


def test_one_fix_ahead_is_left_uncorrected_and_said_to_be_unsure() -> None:
    told = [
        Claim("container", "EXIF DateTimeOriginal", "x", "stated", ARRIVED),
        Claim("gps", "GPS DateStamp/TimeStamp", "y", "utc-by-standard", ARRIVED - timedelta(seconds=55)),
    ]
    truth = time_truth(told, 0)
    assert (truth.start, truth.confidence, _codes(truth)) == (ARRIVED, "low", ["time_unsure"])


# -- real photos


@pytest.fixture
def photo(shared_media):
    """What a photo says, by the probe as the child runs it: these files are known to be harmless."""
    from liuhen.core.media.probe import probe_source

    def run(name: str) -> list[Claim]:
        path = shared_media / "jpeg" / name
        with path.open("rb") as source:
            return claims_of(probe_source(source, name, str(path)))

    return run


NIKON = ("DSCN0010.jpg", "DSCN0021.jpg", "DSCN0042.jpg")


@pytest.mark.slow
def test_the_nikon_series_is_a_clock_wrong_by_a_constant_with_one_stale_fix(photo) -> None:
    """21 h 58 m 28 s behind the satellites as written; the last photo carries a fix 54 s old."""
    told = {name: photo(name) for name in NIKON}
    written = [difference_as_written(one) for one in told.values()]
    assert written == [pytest.approx(-79108.24), pytest.approx(-79107.23), pytest.approx(-79054.37)]
    fixes = [one for name in NIKON if (one := fix_of(told[name], name))]
    truth = time_truth(told["DSCN0010.jpg"], 0, series=fixes)
    assert _codes(truth) == ["clock_wrong", "stale_fix"]
    clock, stale = truth.findings
    assert clock.params["offset"] == pytest.approx(-79107.735 - 8 * 3600)  # read as +08:00
    assert round(truth.offset + 8 * 3600) == -(21 * 3600 + 58 * 60 + 28)
    assert (stale.params["name"], stale.params["seconds"]) == ("DSCN0042.jpg", pytest.approx(53.365))
    assert (truth.method, truth.confidence) == ("gps_series", "medium")
    taken = datetime(2008, 10, 23, 14, 27, 7, 240000, tzinfo=UTC)
    assert truth.start == pytest.approx(taken, abs=timedelta(seconds=1))


@pytest.mark.slow
def test_the_stale_photo_itself_is_placed_by_its_series(photo) -> None:
    told = {name: photo(name) for name in NIKON}
    fixes = [one for name in NIKON if (one := fix_of(told[name], name))]
    truth = time_truth(told["DSCN0042.jpg"], 0, series=fixes)
    fix = datetime(2008, 10, 23, 14, 57, 41, 370000, tzinfo=UTC)
    assert truth.start is not None
    assert (truth.start - fix).total_seconds() == pytest.approx(53.365)


@pytest.mark.slow
def test_a_phone_film_tells_its_start_with_a_zone_and_its_finish_17_seconds_later(
    analyser, shared_media
) -> None:
    probe = analyser.probe(shared_media / "video" / "with-gps.mov")
    told = claims_of(probe)
    moments = {one.field: one.moment for one in told if one.moment}
    start, finish = moments["com.apple.quicktime.creationdate"], moments["mvhd.creation_time"]
    assert (finish - start).total_seconds() == 17
    truth = time_truth(told, probe["duration"])
    assert (truth.start, truth.findings, len(truth.claims)) == (start, (), len(probe["times"]))


@pytest.mark.slow
def test_a_camera_film_of_local_time_is_read_as_shanghais_and_says_so(analyser, shared_media) -> None:
    probe = analyser.probe(shared_media / "video" / "MVI_4823.AVI")
    told = claims_of(probe)
    assert ("IDIT", "local-assumed") in [(one.field, one.zone) for one in told]
    assert time_truth(told, probe["duration"]).start == datetime(2012, 9, 10, 12, 52, tzinfo=UTC)


@pytest.mark.slow
def test_a_phone_in_zhejiang_whose_only_fix_is_55_seconds_old_or_clock_fast(photo) -> None:
    truth = time_truth(photo("ultrahdr.jpg"), 0)
    (finding,) = truth.findings
    assert (finding.code, finding.params["seconds"]) == ("time_unsure", 55)
